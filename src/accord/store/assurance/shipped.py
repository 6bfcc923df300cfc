"""What a node knows of a release by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from accord.assurance.assessing.findings import OpenVulnerability, Shipped
from accord.flows.assessing.port import Key, Listed
from accord.store.assurance.artefacts import named_artefacts
from accord.store.assurance.life_cycles import LifeCycles
from accord.store.view import SqlView
from accord.supply.matching.exposures import OPEN, Exposure, assemble


def shipped(view: SqlView, wanted: Sequence[Listed], now: str) -> dict[Key, Shipped]:
    """What the node knows of some releases by itself."""
    bills = sorted({bill for one in wanted for bill in one.bills})
    components = _components(view, bills)
    unknown = _unknown(view, bills)
    vulnerable = _vulnerable(view, bills)
    cycles = LifeCycles(view, now[:10])
    ended = cycles.ended(bills)
    artefacts = named_artefacts(view, wanted)
    found: dict[Key, Shipped] = {}
    for one in wanted:
        listed = [row for bill in one.bills for row in components.get(bill, ())]
        named = artefacts[one.key]
        found[one.key] = Shipped(
            bills=tuple(_digests(view, one.bills)),
            components=tuple(row.purl for row in listed if row.purl),
            counted=len(listed),
            unknown=sum(unknown.get(bill, 0) for bill in one.bills),
            vulnerabilities=tuple(v for bill in one.bills for v in vulnerable.get(bill, ())),
            ended=tuple(dict.fromkeys(e for bill in one.bills for e in ended.get(bill, ()))),
            supported=cycles.goes_on(one.product, one.release),
            billed=tuple(named.billed),
            built=tuple(named.built),
            made_from=tuple(named.made_from),
            contacts=tuple(named.contacts),
        )
    return found


def _digests(view: SqlView, bills: Iterable[int]) -> list[str]:
    rows = view.among("SELECT id, digest FROM document WHERE id IN ({})", sorted(bills))
    return [row.digest for row in rows]


def _components(view: SqlView, bills: Sequence[int]) -> dict[int, list[Any]]:
    """What could have vulnerabilities of its own; a file is a part of something that does."""
    query = (
        "SELECT document_id, name, version, purl, place FROM component"
        " WHERE kind <> 'file' AND document_id IN ({}) ORDER BY id"
    )
    found: dict[int, list[Any]] = {}
    for row in view.among(query, bills):
        found.setdefault(row.document_id, []).append(row)
    return found


def _unknown(view: SqlView, bills: Sequence[int]) -> dict[int, int]:
    """Components that could not be looked up, by bill."""
    query = (
        "SELECT n.document_id, count(DISTINCT c.id) AS count FROM not_evaluated n JOIN component c"
        " ON c.document_id = n.document_id AND c.place = n.place"
        " WHERE c.kind <> 'file' AND n.document_id IN ({}) GROUP BY n.document_id"
    )
    return {row.document_id: row.count for row in view.among(query, bills)}


def _vulnerable(view: SqlView, bills: Sequence[int]) -> dict[int, list[OpenVulnerability]]:
    """Vulnerabilities of components, by bill."""
    known = view.known(bills)
    exposures = assemble(known)
    names = {name for one in exposures for name in (one.advisory, *one.aliases)}
    published = _published(view, names)
    digests = {
        row.id: row.digest
        for row in view.among(
            "SELECT id, digest FROM document WHERE id IN ({})",
            sorted({hit.document for hit in known.hits}),
        )
    }
    told = {(hit.version, hit.affected): digests[hit.document] for hit in known.hits}
    found: dict[int, list[OpenVulnerability]] = {}
    for one in exposures:
        if one.status == "candidate":
            continue
        first = [published[name] for name in (one.advisory, *one.aliases) if name in published]
        open_ = OpenVulnerability(
            vulnerability=one.advisory,
            component=f"{one.component} {one.version}".strip(),
            exploited=one.known_exploited_since,
            open=one.status in OPEN,
            published=min(first, default=""),
            answered=_answered(one),
            document=min((told[hit] for hit in one.hits if hit in told), default=""),
        )
        for bill in {known.parts[part].document for part in one.parts}:
            kept = found.setdefault(bill, [])
            if open_ not in kept:
                kept.append(open_)
    return found


def _answered(exposure: Exposure) -> str:
    """When the supplier of the product first said something that counts."""
    dates = [judged.statement.at for judged in exposure.statements if judged.statement.at]
    return min(dates, default="")


def _published(view: SqlView, names: Collection[str]) -> dict[str, str]:
    query = (
        "SELECT vulnerability, published, document_id FROM advisory"
        " WHERE published <> '' AND vulnerability IN ({})"
    )
    found: dict[str, str] = {}
    for row in view.among(query, sorted(names)):
        if view.counts(row.document_id):
            found[row.vulnerability] = min(found.get(row.vulnerability, "~"), row.published)
    return found
