"""Facts as rows for the store, with version keys and intervals beside them.

Law (deterministic): the rows of a document follow from its facts alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec

from accord.assurance.evidence.facts import (
    Artefact,
    Assertion,
    ProductType,
    Standing,
    Statement,
    Tie,
)
from accord.assurance.facts import Baseline, Catalogue, CatalogueItem, Mapping, Requirement
from accord.assurance.statements.facts import Recognition, Verdict
from accord.core.reading import Fact, NotEvaluated, Reading
from accord.demand.asks.facts import Consent, Step
from accord.demand.contracts.facts import Contract, Rate, Revenue, SupplierName
from accord.demand.private.asking.facts import PoolQuestion, PoolShare, PoolWord
from accord.exchange.threats.facts import (
    Actor,
    Note,
    StixIndicator,
    StixName,
    StixObject,
    StixSighting,
    Technique,
)
from accord.flows.prepared import Rows
from accord.supply.advisories.facts import (
    Advisory,
    Affected,
    DecisionTable,
    Epss,
    Event,
    KnownExploited,
    LifeCycle,
    Score,
    Ssvc,
    Vex,
)
from accord.supply.inventory.facts import Bill, Component, Deployment, Judgement
from accord.supply.matching import interval, schemes
from accord.supply.matching.confidence import identities_that_count
from accord.supply.products.identity import Identity

_LINE = 1000
"""Characters of a title that become a fact; the document has it all."""


def rows_of(reading: Reading) -> Rows:
    """Everything that the store needs of one document. The reading's facts are used up."""
    rows = Rows({}, [], [], [], [])
    problems: dict[NotEvaluated, None] = dict.fromkeys(reading.not_evaluated)
    facts = reading.facts
    facts.reverse()
    while facts:
        _add(rows, facts.pop(), problems)
    if problems:
        rows.tables["not_evaluated"] = [(p.place, p.reason, p.subject, p.name) for p in problems]
    for name, kept in rows.tables.items():
        rows.tables[name] = list(dict.fromkeys(kept))
    rows.affected = list(dict.fromkeys(rows.affected))
    return rows


def _add(rows: Rows, fact: Fact, problems: dict[NotEvaluated, None]) -> None:
    if isinstance(fact, Component):
        _component(rows, fact, problems)
    elif isinstance(fact, Affected):
        _affected(rows, fact, problems)
    elif isinstance(fact, Advisory):
        _advisory(rows, fact)
    elif isinstance(fact, Deployment):
        _deployment(rows, fact, problems)
    else:
        table, row = _PLAIN[type(fact)](fact)
        rows.tables.setdefault(table, []).append(row)


def _component(rows: Rows, fact: Component, problems: dict[NotEvaluated, None]) -> None:
    number = len(rows.components)
    rows.components.append(
        (fact.ref, fact.name, fact.version, fact.purl, fact.cpe, fact.supplier, fact.kind,
         fact.place)
    )  # fmt: skip
    _identify(rows, number, fact.identities, fact.place, problems)


def _identify(
    rows: Rows,
    number: int,
    identities: Iterable[Identity],
    place: str,
    problems: dict[NotEvaluated, None],
) -> None:
    """Keys for what a component is called.

    A component of which no name has a place in its order is reported once, by its best name.
    """
    unordered: list[NotEvaluated] = []
    comparable = False
    for identity, how in identities_that_count(identities):
        scheme = schemes.of_package(identity.package)
        key, ordered = interval.version_key(scheme, identity.version)
        comparable = comparable or ordered
        if not ordered and identity.version:
            reason = "unorderable version" if scheme else "no version order"
            subject = f"{identity.package} {identity.version}"
            unordered.append(NotEvaluated(place, reason, subject))
        number_of_scheme = scheme.number if scheme else 0
        rows.identities.append(
            (number, identity.package, identity.stream, identity.version, key, number_of_scheme,
             how)
        )  # fmt: skip
    if unordered and not comparable:
        problems[unordered[0]] = None


def _affected(rows: Rows, fact: Affected, problems: dict[NotEvaluated, None]) -> None:
    scheme = schemes.of_package(fact.package)
    number = scheme.number if scheme else 0
    found, wrong = _intervals(number, fact.ranges, fact.versions)
    repaired = ", ".join(fact.fixed_in)
    for span in found:
        rows.affected.append(
            (fact.package, fact.stream, span.lo, span.hi, number, fact.vulnerability, span.since,
             span.until, span.fixed or repaired, fact.place, span.since_included,
             span.until_included)
        )  # fmt: skip
    for text in wrong:
        problems[NotEvaluated(fact.place, "unorderable range", text, fact.vulnerability)] = None


@lru_cache(1 << 12)
def _intervals(
    scheme: int, ranges: tuple[tuple[Event, ...], ...], versions: tuple[str, ...]
) -> tuple[tuple[interval.Interval, ...], tuple[str, ...]]:
    """A record gives the same ranges for each of a product's names."""
    found, wrong = interval.intervals(schemes.by_number(scheme), ranges, versions)
    return tuple(found), tuple(wrong)


def _advisory(rows: Rows, fact: Advisory) -> None:
    rows.tables.setdefault("advisory", []).append(
        (fact.advisory, fact.vulnerability, fact.publisher, fact.title[:_LINE], fact.published,
         fact.modified, fact.withdrawn, fact.place)
    )  # fmt: skip
    names = [(fact.vulnerability, name, "alias") for name in fact.aliases]
    names += [(fact.vulnerability, name, "related") for name in fact.related]
    if names:
        rows.tables.setdefault("alias", []).extend(names)


def _deployment(rows: Rows, fact: Deployment, problems: dict[NotEvaluated, None]) -> None:
    number = -1
    if fact.identities:
        number = len(rows.components)
        rows.components.append(
            (fact.place, fact.product, fact.release, fact.purl, fact.cpe, fact.supplier,
             "product", fact.place)
        )  # fmt: skip
        _identify(rows, number, fact.identities, fact.place, problems)
    rows.deployments.append(
        (number, fact.operator, fact.product, fact.release, fact.country, fact.sector, fact.site,
         fact.supplier, fact.bill, fact.exposure, fact.mission, fact.spend, fact.place)
    )  # fmt: skip


def _texts(items: Iterable[str]) -> str:
    return msgspec.json.encode(tuple(items)).decode()


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


_PLAIN: dict[type[Fact], Any] = {
    Bill: lambda f: (
        "bill",
        (f.format, f.id, f.product, f.release, f.supplier, f.purl, f.cpe, f.ref,
         f.created, f.operating_system),
    ),
    Score: lambda f: ("score", (f.vulnerability, f.vector, f.score, f.word, f.source, f.place)),
    Ssvc: lambda f: (
        "ssvc",
        (f.vulnerability, f.exploitation, f.automatable, f.technical_impact, f.at, f.role, f.place),
    ),
    KnownExploited: lambda f: (
        "known_exploited",
        (f.vulnerability, f.vendor, f.product, f.title, f.added, f.due, f.ransomware, f.place),
    ),
    Epss: lambda f: ("epss", (f.vulnerability, f.day, f.score, f.percentile)),
    LifeCycle: lambda f: (
        "life_cycle",
        (f.product, f.cycle, f.released, f.end, f.ended, f.latest, _texts(f.packages), f.place),
    ),
    DecisionTable: lambda f: (
        "decision_table",
        (f.name, f.version, _texts(f.inputs), msgspec.json.encode(f.rows).decode()),
    ),
    Vex: lambda f: (
        "vex",
        (f.vulnerability, f.status, _texts(f.products), _texts(f.subcomponents),
         _texts(f.aliases), f.justification, f.impact, f.action, f.author, f.supplier, f.at,
         f.id, f.place),
    ),
    Actor: lambda f: (
        "actor", (f.id, f.name, f.kind, _texts(f.aliases), f.modified, f.revoked)
    ),
    StixObject: lambda f: (
        "stix_object",
        (f.object, f.version, f.name, f.revoked, f.place, f.relation, f.source, f.target),
    ),
    StixName: lambda f: ("stix_name", (f.object, f.vulnerability, f.place)),
    StixIndicator: lambda f: (
        "stix_indicator",
        (f.object, f.pattern, f.language, f.valid_from, f.valid_until, f.confidence, f.tlp,
         f.pap, _texts(f.unknown), f.place),
    ),
    StixSighting: lambda f: (
        "stix_sighting",
        (f.object, f.sighted, _texts(f.seen_by), f.first_seen, f.last_seen, f.count, f.place),
    ),
    Note: lambda f: (
        "note",
        (f.object, f.kind, f.title, f.created, f.answers, f.maker, f.tlp, f.place),
    ),
    Technique: lambda f: (
        "technique", (f.vulnerability, f.technique, f.name, f.role, f.place)
    ),
    Judgement: lambda f: (
        "judgement", (f.kind, f.subject, f.verdict, f.person, f.why, f.at, f.place)
    ),
    Catalogue: lambda f: (
        "catalogue",
        (f.catalogue, f.title[:_LINE], f.version, f.publisher, f.published, f.format, f.source,
         f.place),
    ),
    CatalogueItem: lambda f: (
        "catalogue_item",
        (f.catalogue, f.item, f.parent, f.kind, f.title[:_LINE], _texts(f.levels), f.place),
    ),
    Mapping: lambda f: (
        "mapping",
        (f.crosswalk, f.source, f.target, f.relationship, f.rationale, f.confidence, f.place),
    ),
    Baseline: lambda f: (
        "baseline",
        (f.baseline, f.owner, f.version, f.since, f.until, f.title, _texts(f.scope), f.place),
    ),
    Requirement: lambda f: (
        "requirement",
        (f.baseline, f.version, f.requirement, f.group, f.title, f.must,
         msgspec.json.encode(f.items).decode(), _texts(f.accepts), int(f.level), f.days, f.grace,
         f.source, f.place),
    ),
    Statement: lambda f: (
        "statement",
        (f.kind, f.type, f.issuer, f.issued, f.expires, f.title[:_LINE], f.product,
         _texts(f.releases), f.builder, f.build_type, f.attached, f.place),
    ),
    Artefact: lambda f: ("artefact", (f.part, f.name, f.algorithm, f.digest, f.place)),
    Assertion: lambda f: (
        "assertion", (f.item, f.answer, f.due, f.why[:_LINE], f.expires, f.place)
    ),
    Tie: lambda f: (
        "tie",
        (f.document, f.product, f.release, f.kind, f.issuer, f.how, f.key, f.builder,
         _texts(f.matched), _texts(f.artefacts), f.issued, f.expires, f.removed, f.person, f.why,
         f.at, f.place),
    ),
    Standing: lambda f: (
        "standing",
        (f.name, f.role, _json(f.keys), _json(f.identities), _texts(f.certificates),
         f.trust_root, _texts(f.kinds), _texts(f.items), _texts(f.products), f.until, f.removed,
         f.person, f.why, f.at, f.place),
    ),
    ProductType: lambda f: (
        "product_type", (f.product, f.release, f.type, f.person, f.why, f.at, f.place)
    ),
    Verdict: lambda f: (
        "verdict",
        (f.authority, f.product, f.release, f.type, _texts(f.digests), f.baseline, f.verdict,
         f.at, f.until, f.person, f.found),
    ),
    Contract: lambda f: (
        "contract",
        (f.contract, f.supplier, f.lei, f.registry, f.domain, f.cpe_vendor, f.product, f.release,
         f.agency, f.function, f.spend, f.currency, f.volume, f.unit, f.starts, f.ends, f.notice,
         f.impact, f.place),
    ),
    Rate: lambda f: ("rate", (f.currency, f.base, f.day, f.rate, f.place)),
    SupplierName: lambda f: ("supplier_name", (f.entity, f.kind, f.value, f.place)),
    Revenue: lambda f: (
        "revenue", (f.entity, f.low, f.high, f.currency, f.year, f.source, f.place)
    ),
    PoolQuestion: lambda f: ("pool_question", (f.question, f.asker, f.at, f.said)),
    PoolWord: lambda f: (
        "pool_word",
        (f.question, f.partner, f.word, f.commitment, f.address, f.certificate, f.person, f.why,
         f.at),
    ),
    PoolShare: lambda f: ("pool_share", (f.question, f.partner, f.other, f.at)),
    Recognition: lambda f: (
        "recognition",
        (f.rule, f.by, f.of, f.level, _texts(f.items), _texts(f.types), _texts(f.without),
         f.onward, f.since, f.until, f.revoked, f.person, f.why),
    ),
    Consent: lambda f: (
        "ask_consent",
        (f.ask, f.supplier, f.requirement, _texts(f.products), f.text, f.due, _texts(f.partners),
         f.partner, f.agreed, f.person, f.why, f.at),
    ),
    Step: lambda f: (
        "ask_step",
        (f.ask, f.step, f.recipient, f.answer, f.text, f.promised, _texts(f.documents), f.release,
         f.found, f.effect, f.person, f.why, f.at),
    ),
}  # fmt: skip
"""Each remaining fact as its table and its row, in the columns' order."""
