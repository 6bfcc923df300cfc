"""Score a bill by profiles of SBOM fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files

import msgspec

from accord.assurance.profiles import cyclonedx_json, cyclonedx_xml, spdx, spdx3
from accord.assurance.profiles.bill import Bill
from accord.assurance.profiles.profile import Profile, read
from accord.assurance.profiles.scoring import Score, score
from accord.core.errors import Invalid, NotFound
from accord.flows.recognise import recognise

VIEWERS: dict[str, Callable[[bytes], Bill]] = {
    "CycloneDX JSON": cyclonedx_json.read,
    "CycloneDX XML": cyclonedx_xml.read,
    "SPDX JSON": spdx.read_json,
    "SPDX JSON-LD": spdx3.read,
    "SPDX tag-value": spdx.read_tag_value,
    "SPDX YAML": spdx.read_yaml,
}
"""How each kind of bill is read for its score; the names are those that `recognise` gives."""


class Scored(msgspec.Struct, frozen=True):
    """A bill and what came of it."""

    format: str
    product: str
    release: str
    timestamp: str
    """As the bill writes it."""
    scores: tuple[Score, ...]

    @property
    def passes(self) -> bool:
        """By every profile that was asked for."""
        return all(one.passes for one in self.scores)


@cache
def shipped() -> dict[str, Profile]:
    """The profiles that come with accord, by name."""
    folder = files("accord.assurance") / "data" / "profiles"
    found = [read(one.read_bytes()) for one in folder.iterdir() if one.name.endswith(".yaml")]
    return {profile.name: profile for profile in sorted(found, key=lambda one: one.name)}


def named(name: str) -> Profile:
    """A profile that comes with accord.

    Raises:
        NotFound: there is none of that name.
    """
    if name not in shipped():
        known = ", ".join(shipped())
        raise NotFound(f"no profile {name[:60]!r}; there are {known}, or name a file of your own")
    return shipped()[name]


def score_bill(data: bytes, profiles: Sequence[Profile] = ()) -> Scored:
    """A bill by some profiles; by all that come with accord where none is named.

    Raises:
        Invalid: not a bill, or not by the rules of its format.
    """
    kind = recognise(data)
    viewer = VIEWERS.get(kind or "")
    if viewer is None:
        what = kind or "not a kind of document that is known"
        raise Invalid(f"this is {what}; a bill in CycloneDX or SPDX is expected")
    bill = viewer(data)
    scores = score(bill, profiles or tuple(shipped().values()))
    form = f"{bill.format} {bill.spec} {bill.syntax}"
    return Scored(form, bill.product, bill.release, bill.timestamp, scores)
