"""What sightings and observed data were made of: the sources of what was seen.

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


def made(object_: str) -> bool:
    """Whether an identifier is one of what may be made of something that was sighted."""
    return object_.startswith("sighting--") or observable(object_)


def sources(bundle: bytes) -> dict[str, dict[str, set[str]]]:
    """By identifier of a sighting and of what it observed: what was sighted, and in which values.

    Values are the identifiers of the observables that say what was seen.

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


def _sources(objects: Sequence[_Object]) -> dict[str, dict[str, set[str]]]:
    observed: dict[str, set[str]] = {}
    for one in objects:
        if one.type == "observed-data":
            observed.setdefault(one.id, set()).update(one.object_refs)
    found: dict[str, dict[str, set[str]]] = {}
    for one in objects:
        sighted = one.sighting_of_ref
        if one.type != "sighting" or not sighted or observable(sighted):
            continue
        every: set[str] = set()
        for name in one.observed_data_refs:
            values = {value for value in observed.get(name, ()) if observable(value)}
            every |= values
            for value in values:
                found.setdefault(value, {}).setdefault(sighted, set()).add(value)
            if observable(name):
                found.setdefault(name, {}).setdefault(sighted, set()).update(values)
        if not made(sighted):
            # What is made of something is the source of nothing that has sources itself.
            found.setdefault(one.id, {}).setdefault(sighted, set()).update(every)
    return found
