"""What a node knows of a release by itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from accord.assurance.assessing.findings import OpenVulnerability, Shipped
from accord.assurance.model import Level
from accord.core.moment import Moment
from accord.flows.assessing.port import Key, Listed
from accord.store.assurance.answers import Answers
from accord.store.assurance.artefacts import named_artefacts
from accord.store.assurance.life_cycles import LifeCycles
from accord.store.assurance.sources import source_of, spoken_of
from accord.store.view import SqlView
from accord.supply.matching.exposures import OPEN, assemble

_CATALOGUE = (
    "SELECT DISTINCT k.document_id FROM known_exploited k"
    " JOIN document d ON d.id = k.document_id WHERE d.subject = 'kev'"
)
"""A catalogue of what is exploited, of this node's own people or a feed of theirs."""


def shipped(
    view: SqlView, wanted: Sequence[Listed], moments: Mapping[Key, Moment]
) -> dict[Key, Shipped]:
    """What the node knows of some releases by itself, each at its moment."""
    bills = sorted({bill for one in wanted for bill in one.bills})
    components = _components(view, bills)
    unknown = _unknown(view, components)
    vulnerable = _vulnerable(view, bills)
    cycles = LifeCycles(view)
    # Releases may share a bill: what ends in it is noted for each of them.
    looked_up = {bill: moments[one.key].apart() for one in wanted for bill in one.bills}
    ended = cycles.ended({bill: moment[:10] for bill, moment in looked_up.items()})
    artefacts = named_artefacts(view, wanted, moments)
    found: dict[Key, Shipped] = {}
    catalogued = any(True for _ in view.ours(_CATALOGUE))
    for one in wanted:
        listed = [row for bill in one.bills for row in components.get(bill, ())]
        named = artefacts[one.key]
        moment = moments[one.key]
        for bill in one.bills:
            moment.note(looked_up[bill].next)
        found[one.key] = Shipped(
            bills=tuple(_digests(view, one.bills)),
            components=tuple(row.purl for row in listed if row.purl),
            counted=len(listed),
            catalogued=catalogued,
            unknown=sum(unknown.get(bill, 0) for bill in one.bills),
            vulnerabilities=tuple(v for bill in one.bills for v in vulnerable.get(bill, ())),
            ended=tuple(dict.fromkeys(e for bill in one.bills for e in ended.get(bill, ()))),
            supported=cycles.goes_on(one.product, one.release, moment[:10]),
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
    """What could have vulnerabilities of its own: no file, for it is a part; not the product."""
    query = (
        "SELECT c.id, c.document_id, c.name, c.version, c.purl, c.place FROM component c"
        " JOIN bill b ON b.document_id = c.document_id"
        " WHERE c.kind <> 'file' AND (b.ref = '' OR c.ref <> b.ref) AND c.document_id IN ({})"
        " ORDER BY c.id"
    )
    found: dict[int, list[Any]] = {}
    for row in view.among(query, bills):
        found.setdefault(row.document_id, []).append(row)
    return found


def _unknown(view: SqlView, components: dict[int, list[Any]]) -> dict[int, int]:
    """Components that could not be looked up, by bill.

    They have no name whose versions have an order, no advisory here speaks of anything where such
    names are from, or their bill's reading says that they could not be evaluated: without a
    release, with a version that has no place in the order, ...
    """
    query = (
        "SELECT DISTINCT i.component_id, p.name FROM identity i"
        " JOIN version v ON v.id = i.version_id JOIN package p ON p.id = v.package_id"
        # A generic package URL is nobody's: no advisory speaks of it.
        " WHERE substr(p.name, 1, 12) <> 'pkg:generic/' AND i.how = 2"
        " AND v.scheme > 0 AND v.text <> '' AND i.component_id IN ({})"
    )
    every = sorted(row.id for rows in components.values() for row in rows)
    named = [(row.component_id, source_of(row.name)) for row in view.among(query, every)]
    spoken = {source for source in {source for _, source in named} if spoken_of(view, source)}
    known = {component for component, source in named if source in spoken}
    query = "SELECT document_id, place FROM not_evaluated WHERE document_id IN ({})"
    told = {(row.document_id, row.place) for row in view.among(query, sorted(components))}
    return {
        bill: sum(row.id not in known or (bill, row.place) in told for row in rows)
        for bill, rows in components.items()
    }


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
    answers = Answers(view, exposures, known.judgements)
    told = {(hit.version, hit.affected): digests[hit.document] for hit in known.hits}
    found: dict[int, list[OpenVulnerability]] = {}
    for one in exposures:
        if one.status == "candidate":
            continue
        open_ = OpenVulnerability(
            vulnerability=one.advisory,
            component=f"{one.component} {one.version}".strip(),
            exploited=one.known_exploited_since,
            open=one.status in OPEN or answers.closed(one) is Level.UNKNOWN,
            closed=answers.closed(one),
            published=published((one.advisory, *one.aliases)),
            answered=answers.said(one),
            arrived=answers.arrived(one),
            document=min((told[hit] for hit in one.hits if hit in told), default=""),
        )
        for bill in {known.parts[part].document for part in one.parts}:
            kept = found.setdefault(bill, [])
            if open_ not in kept:
                kept.append(open_)
    return found


def _published(view: SqlView, names: Collection[str]) -> Callable[[Iterable[str]], str]:
    """When what has some names was published first; empty: nobody says.

    By what this node's own people gave, before others' word.
    """
    query = (
        "SELECT vulnerability, published, document_id FROM advisory"
        " WHERE published <> '' AND vulnerability IN ({})"
    )
    ours: dict[str, str] = {}
    others: dict[str, str] = {}
    for row in view.among(query, sorted(names)):
        if view.counts(row.document_id):
            found = others if view.origin(row.document_id) else ours
            found[row.vulnerability] = min(found.get(row.vulnerability, "~"), row.published)

    def first(some: Iterable[str]) -> str:
        named = tuple(some)
        dates = [[known[name] for name in named if name in known] for known in (ours, others)]
        return min(dates[0] or dates[1], default="")

    return first
