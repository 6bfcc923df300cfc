"""Which file somebody holds, where another was expected: three kinds travel between partners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from accord.core import json
from accord.core.errors import Invalid, Unreadable
from accord.core.limits import Limits

Kind = Literal["invitation", "enrolment", "proposal"]

ENROLMENT = "application/vnd.accord.enrolment+json"
"""Type of an enrolment: what is signed for this is valid for nothing else."""
_LIMITS = Limits(bytes=16 * 1024 * 1024, depth=12)
_NEXT: dict[Kind, str] = {
    "invitation": "the newcomer runs `accord partners accept` with it",
    "enrolment": "a member runs `accord partners sign` with it",
    "proposal": "members run `accord partners sign` with it",
}


def expect(data: bytes, *kinds: Kind) -> Kind:
    """The kind of a file by its own word, which is one of those that are expected.

    Raises:
        Invalid: it is another, or none at all; what is expected is named.
        TooLarge: past the bound of any of them.
    """
    wanted = " or ".join(map(_a, kinds))
    try:
        found = _kind(json.decode(data, _LIMITS))
    except Unreadable as wrong:
        raise Unreadable(f"{wanted} is expected here, and this is not one: {wrong}") from wrong
    if found in kinds:
        return found
    if found is None:
        raise Invalid(f"this is no file of a partnership: {wanted} is expected here")
    raise Invalid(f"this is {_a(found)}, and {wanted} is expected here: {_NEXT[found]}")


def _kind(value: object) -> Kind | None:
    if not isinstance(value, Mapping):
        return None
    if value.get("payloadType") == ENROLMENT:
        return "enrolment"
    said = value.get("accord")
    if said == "invitation":
        return "invitation"
    return "proposal" if said == "proposal" else None


def _a(kind: Kind) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
