"""What observed data was made of: the sources of what was seen.

Law (derived data): what a sighting observed goes only where that which was sighted may go.

Source: STIX 2.1, sections 4.14 (observed data), 5.2 (sighting), 6 (observables).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from accord.core.errors import Invalid
from accord.exchange.threats.objects import VERSIONED

_SAYS: Final = VERSIONED - {"observed-data"} | {
    "marking-definition", "extension-definition", "language-content",
}  # fmt: skip
_SIGHTING: Final = b"sighting--"
_ESCAPED: Final = b"\\u"


class _Object(msgspec.Struct):
    id: str = ""
    type: str = ""
    sighting_of_ref: str = ""
    observed_data_refs: list[str] = []
    object_refs: list[str] = []


class _Bundle(msgspec.Struct):
    objects: list[_Object] = []


_bundle: Final = msgspec.json.Decoder(_Bundle).decode


def observable(object_: str) -> bool:
    """Whether an identifier is one of observed data or of an observable."""
    return object_.partition("--")[0] not in _SAYS


def sources(bundle: bytes) -> dict[str, set[str]]:
    """By identifier of what sightings in a bundle observed, what was sighted.

    Raises:
        Invalid: it speaks of sightings and cannot be read.
    """
    if _SIGHTING not in bundle and _ESCAPED not in bundle:
        return {}
    try:
        objects = _bundle(bundle).objects
    except (msgspec.MsgspecError, UnicodeDecodeError) as wrong:
        raise Invalid(f"what its sightings observed cannot be read: {wrong}") from wrong
    return _sources(objects)


def _sources(objects: Sequence[_Object]) -> dict[str, set[str]]:
    observed: dict[str, set[str]] = {}
    for one in objects:
        if one.type == "observed-data":
            observed.setdefault(one.id, set()).update(one.object_refs)
    found: dict[str, set[str]] = {}
    for one in objects:
        if one.type != "sighting" or observable(one.sighting_of_ref):
            continue
        for name in one.observed_data_refs:
            for made in (name, *observed.get(name, ())):
                if observable(made):
                    found.setdefault(made, set()).add(one.sighting_of_ref)
    return found
