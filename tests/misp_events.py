"""Events of MISP for tests, written here, and the real ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from shared import real_members

from accord.exchange.misp.convert import Made, convert
from accord.exchange.misp.events import read

AT = 1893456000
"""2030-01-01T00:00:00Z."""
REAL = "data/threat/misp-events-eset.zip"
MALFORMED = "pypi_backdoor/malicious_pypi_packages.misp-event.json"


def name(number: int) -> str:
    return str(UUID(int=number, version=4))


def attribute(number: int, kind: str, value: str, **more: Any) -> dict[str, Any]:
    said = {
        "uuid": name(number), "type": kind, "value": value, "category": "Network activity",
        "to_ids": True, "timestamp": str(AT), "distribution": "5", "comment": "", "deleted": False,
    }  # fmt: skip
    return said | more


def item(number: int, *attributes: Any, **more: Any) -> dict[str, Any]:
    said = {"uuid": name(number), "name": "file", "meta-category": "file", "distribution": "5"}
    return said | {"Attribute": list(attributes)} | more


def cluster(number: int, kind: str, value: str, **meta: Any) -> dict[str, Any]:
    inside = {"type": kind, "uuid": name(number), "value": value, "meta": meta, "version": "3"}
    return {"type": kind, "GalaxyCluster": [inside]}


def event(*attributes: Any, **more: Any) -> dict[str, Any]:
    said = {
        "uuid": name(1), "info": "An event", "date": "2030-01-01", "timestamp": str(AT),
        "published": True, "distribution": "3",
        "Orgc": {"uuid": name(2), "name": "A computer emergency team"},
    }  # fmt: skip
    return said | {"Attribute": list(attributes)} | more


def data(value: Any) -> bytes:
    return json.dumps({"Event": value}).encode()


def made(value: Any) -> Made:
    (one,) = read(data(value))
    return convert(one)


def things(value: Any, kind: str) -> list[dict[str, Any]]:
    return [thing for thing, _ in made(value).things if thing["type"] == kind]


def real() -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every real event that is well-formed."""
    return ((name, body) for name, body in real_members(REAL, ".json") if name != MALFORMED)
