"""Logs and indicators for tests of hunting."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from shared import real_members
from stix_objects import bundle, ref, thing

from accord.exchange.hunting.plan import Indicator
from accord.flows.hunting.hunt import Asked, Hunted, hunt
from accord.identity.markings import Marking, Tlp
from accord.wiring import Node

ZEEK = "#separator \\x09\n#fields\tts\tuid\tid.orig_h\tid.resp_h\tproto\tquery\thost\turi\tmd5\n"
_TYPES = {
    "domain": "domain-name:value", "hostname": "domain-name:value", "url": "url:value",
    "md5": "file:hashes.MD5", "sha1": "file:hashes.'SHA-1'", "sha256": "file:hashes.'SHA-256'",
    "email-src": "email-addr:value", "email-dst": "email-addr:value",
}  # fmt: skip


def indicator(number: int, pattern: str, **fields: Any) -> dict[str, Any]:
    said = {"pattern": pattern, "pattern_type": "stix", "valid_from": "2029-12-01T00:00:00Z"}
    return thing("indicator", number, **(said | fields))


def of_pattern(number: int, pattern: str) -> Indicator:
    """An indicator as plans are made of."""
    at, mark = "2030-01-01T00:00:00.000000Z", Marking(Tlp.GREEN)
    return Indicator(
        f"indicator--{number}", "", "", pattern, "stix", at, "", None, False, mark, "", at,  # noqa: FBT003 - is it revoked
    )  # fmt: skip


def zeek(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows of `ts`, `id.orig_h`, `id.resp_h`, `query`, `host`, `uri`, `md5`."""
    lines = [
        f"{ts}\tC1\t{src}\t{dst}\tudp\t{query}\t{host}\t{uri}\t{md5}"
        for ts, src, dst, query, host, uri, md5 in rows
    ]
    return (ZEEK + "".join(f"{line}\n" for line in lines)).encode()


def looked(node: Node, *paths: Path, **more: Any) -> Hunted:
    return hunt(Asked(paths=paths, **more), node)


def found(done: Hunted) -> set[tuple[str, str, str]]:
    return {(one.indicator, one.kind, one.value) for one in done.findings}


def of_misp() -> Iterator[tuple[str, str, str]]:
    """Type, value and pattern of every indicator of the real MISP events that logs may hold."""
    seen = set()
    for _, data in real_members("data/threat/misp-events-eset.zip", ".json"):
        try:
            value = json.loads(data)
        except ValueError:
            continue
        value = value.get("response", value)
        for event in value if isinstance(value, list) else [value]:
            inner = event.get("Event", event)
            attributes = inner.get("Attribute", [])
            attributes += [a for one in inner.get("Object", []) for a in one.get("Attribute", [])]
            for one in attributes:
                kind, text = one["type"], one["value"]
                if (kind, text) in seen or not one.get("to_ids"):
                    continue
                seen.add((kind, text))
                quoted = text.replace("\\", "\\\\").replace("'", "\\'")
                if kind in _TYPES:
                    yield kind, text, f"[{_TYPES[kind]} = '{quoted}']"
                elif kind in {"ip-dst", "ip-src"}:
                    end = f"network-traffic:{kind[3:]}_ref"
                    sort = "ipv6-addr" if ":" in text else "ipv4-addr"
                    yield kind, text, f"[{end}.type = '{sort}' AND {end}.value = '{quoted}']"


def given(*indicators: dict[str, Any]) -> list[tuple[str, bytes]]:
    return [("indicators", bundle(*indicators))]


__all__ = ["bundle", "ref", "thing"]
