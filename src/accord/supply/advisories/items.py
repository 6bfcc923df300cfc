"""The items of one list in a document, decoded one by one.

Law (nothing is dropped in silence): an item that breaks its format is refused with its place,
and its neighbours are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypeVar

import msgspec

from accord.core.errors import Invalid, TooLarge
from accord.core.json import decode_as
from accord.core.limits import LIMITS
from accord.core.reading import Refused

T = TypeVar("T")

_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}")


def each(
    decoder: msgspec.json.Decoder[T],
    items: Sequence[msgspec.Raw] | None,
    place: str,
    refused: list[Refused],
) -> Iterator[tuple[str, T]]:
    """Each item with its place (`/affected/3`); those that break the type go to `refused`.

    Raises:
        TooLarge: more items than the limit allows.

    """
    if items is None:
        return
    if len(items) > LIMITS.items:
        raise TooLarge(f"{len(items):,} items; the limit is {LIMITS.items:,}", place)
    for index, raw in enumerate(items):
        here = f"{place}/{index}"
        try:
            yield here, decoder.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            refused.append(_why(decoder.type, bytes(raw), here))


def _why(kind: type[T], raw: bytes, place: str) -> Refused:
    """The slow way to the same failure, which says where in the item it lies."""
    try:
        decode_as(kind, raw)
    except Invalid as wrong:
        return Refused(place + wrong.place, wrong.reason)
    raise AssertionError(place)


def refuse(wrong: Invalid, place: str) -> Refused:
    """An error inside an item as a refusal; the error's own place, if any, is the nearer one."""
    return Refused(wrong.place or place, wrong.reason)


def is_cve(name: str) -> bool:
    """Whether this is a CVE identifier, in upper case (CVE record format, `cveId`)."""
    return _CVE.fullmatch(name) is not None


def cve_name(text: str, place: str) -> str:
    """A CVE identifier in upper case.

    Raises:
        Invalid: it is not one.

    """
    name = text.strip().upper()
    if not is_cve(name):
        raise Invalid(f"{text[:60]!r} is not a CVE identifier (CVE-YYYY-NNNN is expected)", place)
    return name
