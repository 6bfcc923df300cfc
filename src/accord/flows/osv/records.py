"""Records of the OSV schema, made from what documents of other kinds say of a vulnerability.

Law (no less): a version that the documents name as affected is affected by the record. Where OSV
has no word for *after this version*, the record begins with the version itself.

Source: Open Source Vulnerability format 1.7.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from accord.core.errors import AccordError
from accord.core.json import decode
from accord.flows.osv.port import Facts, Found
from accord.flows.ports import AffectedRow
from accord.supply.products import ecosystems

SCHEMA = "1.7.0"
_URL = re.compile(r"https?://[!-;=?-\[\]_a-z~]{1,2000}", re.ASCII | re.IGNORECASE)
LINKS = 100
"""References of one record."""
_CVSS = (("CVSS:4.", "CVSS_V4"), ("CVSS:3.", "CVSS_V3"), ("AV:", "CVSS_V2"))


def make(of: Sequence[Found], facts: Facts, links: Iterable[str]) -> bytes:
    """A record of one vulnerability, from the documents that are told of."""
    first = of[0]
    withdrawn = max(one.withdrawn for one in of) if all(one.withdrawn for one in of) else ""
    record: dict[str, Any] = {
        "schema_version": SCHEMA,
        "id": first.id,
        "modified": max(one.modified for one in of),
    }
    published = min((one.published for one in of if one.published), default="")
    given = (
        ("published", published),
        ("withdrawn", withdrawn),
        ("summary", next((one.title for one in of if one.title), "")),
        ("aliases", _names(facts, "alias", first.id)),
        ("related", _names(facts, "related", first.id)),
        ("severity", _severity(facts.vectors)),
    )
    record |= {name: value for name, value in given if value}
    record["affected"] = _affected(facts.affected)
    urls = sorted({link for link in links if _URL.fullmatch(link)})[:LINKS]
    if urls:
        record["references"] = [{"type": "WEB", "url": url} for url in urls]
    advisories = sorted({one.advisory for one in of if one.advisory})
    about: dict[str, Any] = {"made_from": advisories}
    if facts.more:
        about["more_ranges"] = True
    record["database_specific"] = {"accord": about}
    return msgspec.json.encode(record)


def links(body: bytes) -> list[str]:
    """The references of a CVE record or a CSAF document; none of what is neither."""
    try:
        found = decode(body)
    except AccordError:
        return []
    holders = [_at(found, "document"), _at(found, "containers", "cna")]
    for many in (_at(found, "vulnerabilities"), _at(found, "containers", "adp")):
        holders += many if isinstance(many, list) else []
    urls = []
    for holder in holders:
        listed = _at(holder, "references")
        for one in listed if isinstance(listed, list) else []:
            url = _at(one, "url")
            if isinstance(url, str):
                urls.append(url)
    return urls


def _at(value: Any, *names: str) -> Any:  # noqa: ANN401 - JSON
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _names(facts: Facts, relation: str, own: str) -> list[str]:
    return sorted({name for name, kind in facts.names if kind == relation and name != own})


def _severity(vectors: Iterable[str]) -> list[dict[str, str]]:
    found: dict[str, str] = {}
    for vector in sorted(set(vectors)):
        kind = next((kind for start, kind in _CVSS if vector.startswith(start)), "")
        if kind:
            found.setdefault(kind, vector)
    return [{"type": kind, "score": vector} for kind, vector in found.items()]


def _affected(rows: Iterable[AffectedRow]) -> list[dict[str, Any]]:
    """What OSV has words for, each package once."""
    packages: dict[tuple[str, str], list[AffectedRow]] = {}
    for row in rows:
        packages.setdefault((row.package, row.stream), []).append(row)
    found = []
    for (package, stream), of in sorted(packages.items()):
        named = ecosystems.named(package, stream)
        if named is None:
            continue
        entry: dict[str, Any] = {"package": {"ecosystem": named[0], "name": named[1]}}
        if not stream:
            entry["package"]["purl"] = package
        ranges = {_events(row) for row in of if not _single(row)}
        if ranges:
            entry["ranges"] = [
                {"type": "ECOSYSTEM", "events": [{kind: version} for kind, version in events]}
                for events in sorted(ranges)
            ]
        versions = sorted({row.since for row in of if _single(row)})
        if versions:
            entry["versions"] = versions
        found.append(entry)
    return found


def _single(row: AffectedRow) -> bool:
    return row.since == row.until and row.until_included and row.since_included


def _events(row: AffectedRow) -> tuple[tuple[str, str], ...]:
    begins = ("introduced", row.since or "0")
    if not row.until:
        return (begins,)
    if row.until_included:
        return begins, ("last_affected", row.until)
    return begins, ("fixed" if row.fixed == row.until else "limit", row.until)
