"""Hits as STIX: a sighting, what was observed as little as it takes, and how both are marked.

Law (derived data): a sighting bears the strictest marking of the indicators that it is made of.
Law (loading twice changes nothing): the same records of the same log give the same identifiers.
Law (least data): only the value that the indicator names is told, nothing else of any record: not
who asked, and not the name under a name, or the address in a network, that was asked for.

Source: STIX 2.1, sections 2.9 (deterministic identifiers), 4.14 (observed data), 5.2 (sighting).
"""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from accord.exchange.hunting.known_good import Strength
from accord.identity.markings import STIX_TLP, Marking, Pap, Tlp, marking_id

_SCO: Final = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""Under which STIX 2.1 makes the identifiers of observables."""
_OURS: Final = uuid.UUID("8d2c2f43-3fb1-5c5a-9c0e-6a6a36f1c0de")
MOST_SEEN: Final = 999_999_999
MOST_VALUES: Final = 50
"""Values that one sighting names."""
_ALGORITHMS: Final = {32: "MD5", 40: "SHA-1", 64: "SHA-256", 128: "SHA-512"}


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What one log says of one indicator."""

    indicator: str
    log: str
    """Digest of the log."""
    count: int
    first: str
    """`when()`, or empty."""
    last: str
    values: tuple[tuple[str, str], ...]
    """Kind and normal form of each value that the indicator names and that was seen."""
    marking: Marking
    kinds: tuple[str, ...] = ()
    """Of what was seen, whole patterns among them."""
    origins: tuple[str, ...] = ()
    """Whose indicators these are; empty words are this node's own."""
    strength: Strength = "suppressed"
    """Of the weakest hit in it."""


def objects(seen: Seen, identity: str, now: str) -> list[dict[str, Any]]:
    """The sighting and what it needs; `identity` is this node's, or empty."""
    things = [one for kind, value in seen.values[:MOST_VALUES] for one in observables(kind, value)]
    things = list({one["id"]: one for one in things}.values())
    said = msgspec.json.encode([
        seen.indicator, seen.log, identity, [one["id"] for one in things],
    ])  # fmt: skip
    # What may not be told finer than its marking is in the identifier's source, never in itself.
    name = uuid.uuid5(_OURS, said.hex())
    common = _common(seen, identity, now)
    first, last = _milli(seen.first or now), _milli(seen.last or seen.first or now)
    made: list[dict[str, Any]] = []
    sighting: dict[str, Any] = {
        "type": "sighting", "spec_version": "2.1", "id": f"sighting--{name}", **common,
        "first_seen": first, "last_seen": last, "count": min(seen.count, MOST_SEEN),
        "sighting_of_ref": seen.indicator,
    }  # fmt: skip
    if identity:
        sighting["where_sighted_refs"] = [identity]
    if things:
        observed = {
            "type": "observed-data", "spec_version": "2.1", "id": f"observed-data--{name}",
            **common, "first_observed": first, "last_observed": last,
            "number_observed": min(max(seen.count, 1), MOST_SEEN),
            "object_refs": [one["id"] for one in things],
        }  # fmt: skip
        sighting["observed_data_refs"] = [observed["id"]]
        marks = {name: common[name] for name in ("object_marking_refs",) if name in common}
        made += [{**one, **marks} for one in things]
        made.append(observed)
    return [*made, sighting]


def sighting_id(made: Sequence[dict[str, Any]]) -> str:
    """The identifier of the sighting among the objects of one."""
    return str(made[-1]["id"])


def bundle(made: Sequence[dict[str, Any]]) -> bytes:
    """The objects as one document.

    An observable has one identifier however often it was seen: it stands there once, under the
    strictest of the markings that it was seen under.
    """
    known: dict[str | bytes, dict[str, Any]] = {}
    for one in made:
        key = msgspec.json.encode(one) if "modified" in one else str(one["id"])
        known[key] = max(known.get(key, one), one, key=_tlp)
    unique = list(known.values())
    name = uuid.uuid5(_OURS, msgspec.json.encode(unique).hex())
    return msgspec.json.encode({"type": "bundle", "id": f"bundle--{name}", "objects": unique})


def _tlp(made: dict[str, Any]) -> Tlp:
    return max(STIX_TLP[one] for one in made["object_marking_refs"])


def _common(seen: Seen, identity: str, now: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if identity:
        found["created_by_ref"] = identity
    found |= {"created": _milli(now), "modified": _milli(now)}
    found["object_marking_refs"] = [marking_id(seen.marking.tlp)]
    if seen.marking.pap is not Pap.CLEAR:
        found["labels"] = [seen.marking.pap.label]
    return found


def _milli(moment: str) -> str:
    return f"{moment[:23]}Z"


def observables(kind: str, value: str) -> list[dict[str, Any]]:
    """The STIX observable of a value; nothing for what has none."""
    if kind == "ip":
        version = ipaddress.ip_network(value, strict=False).version
        return [_observable(f"ipv{version}-addr", {"value": value})]
    if kind == "domain":
        return [_observable("domain-name", {"value": value})]
    if kind == "url":
        return [_observable("url", {"value": f"http://{value}"})]
    if kind == "mail":
        return [_observable("email-addr", {"value": value})]
    if kind == "file":
        return [_observable("file", {"name": value})]
    if kind == "hash" and len(value) in _ALGORITHMS:
        return [_observable("file", {"hashes": {_ALGORITHMS[len(value)]: value}})]
    return []


def _observable(type_: str, said: dict[str, Any]) -> dict[str, Any]:
    name = uuid.uuid5(_SCO, msgspec.json.encode(said, order="sorted").decode())
    return {"type": type_, "spec_version": "2.1", "id": f"{type_}--{name}", **said}
