"""Small STIX objects for tests, and what follows from them when they are joined."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from accord.core.reading import Reading
from accord.exchange.threats.facts import StixName, StixObject, StixSighting
from accord.exchange.threats.joins import Held, Joins, Place, Seen

WHEN = "2030-01-02T03:04:05.000Z"
MODIFIED = "2030-01-02T03:04:05.000000Z"


def ref(kind: str, number: int) -> str:
    return f"{kind}--{UUID(int=number)}"


def thing(kind: str, number: int, **fields: Any) -> dict[str, Any]:
    common = {"type": kind, "id": ref(kind, number), "created": WHEN, "modified": WHEN}
    return common | {"spec_version": "2.1", "name": f"{kind} {number}"} | fields


def link(number: int, source: Any, kind: str, target: Any, **fields: Any) -> dict[str, Any]:
    ends = {"source_ref": source["id"], "relationship_type": kind, "target_ref": target["id"]}
    return thing("relationship", number, **(ends | fields))


def sighting(number: int, of: Any, **fields: Any) -> dict[str, Any]:
    return thing("sighting", number, **({"sighting_of_ref": of["id"]} | fields))


def bundle(*objects: Any, **fields: Any) -> bytes:
    whole = {"type": "bundle", "id": ref("bundle", 1), "objects": objects}
    return json.dumps(whole | fields).encode()


def bare(value: Any) -> bytes:
    return json.dumps(value).encode()


def joins(readings: Iterable[tuple[str, Reading]], most: int = 10_000) -> Joins:
    """What several readings come to, each with the partner that it came from."""
    held: list[Held] = []
    names: dict[Place, tuple[str, ...]] = {}
    seen: dict[Place, Seen] = {}
    for document, (origin, reading) in enumerate(readings, 1):
        for fact in reading.facts:
            place = Place(document, getattr(fact, "place", ""))
            if isinstance(fact, StixObject):
                held.append(
                    Held(
                        fact.object, fact.version, fact.name, fact.revoked, fact.relation,
                        fact.source, fact.target, origin, f"{document:064}", place,
                    )
                )  # fmt: skip
            elif isinstance(fact, StixName):
                names[place] = (*names.get(place, ()), fact.vulnerability)
            elif isinstance(fact, StixSighting):
                seen[place] = Seen(
                    fact.sighted, fact.seen_by, fact.first_seen, fact.last_seen, fact.count
                )
    return Joins(held, names, seen, most)


HOLE = thing(
    "vulnerability",
    10,
    name="Gate",
    external_references=[{"source_name": "cve", "external_id": "cve-2030-0001"}],
)
GROUP = thing("intrusion-set", 20, name="Night Owl", aliases=["Night Owl", "G1"])
WORM = thing("malware", 21, name="Worm", x_mitre_aliases=["Worm", "W"])
RAID = thing("campaign", 22, name="Raid")
SIGN = thing("indicator", 23)
WATCH = thing("identity", 30, name="CERT-X")
