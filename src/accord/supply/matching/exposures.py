"""Hits joined into exposures: who runs what that is affected by which vulnerability, and how bad.

Law (explains itself): an exposure carries the hits, statements and inputs that made it.
Law (order): the list depends on the facts alone.

An exposure is one operator's one release of one product, one component of it, and one
vulnerability by whatever name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from accord.supply.matching import ssvc
from accord.supply.matching.aliases import Names, preference
from accord.supply.matching.confidence import BY_IDENTIFIER
from accord.supply.matching.signals import Signals, Threat
from accord.supply.matching.vex import Judged, Statements, Subject, Thing

STATUSES = ("exposed", "under_investigation", "candidate", "fixed", "not_affected")
"""In the order in which they are listed."""
OPEN = frozenset({"exposed", "under_investigation"})

_VEX_STATUS = {
    "not_affected": "not_affected",
    "fixed": "fixed",
    "under_investigation": "under_investigation",
    "affected": "exposed",
}


class Hit(msgspec.Struct, frozen=True, array_like=True):
    """A version of a component within an affected interval."""

    component: int
    how: int
    """See `accord.supply.matching.confidence`."""
    version: int
    affected: int
    vulnerability: str
    document: int
    """The advisory's document."""
    fixed: str
    current: bool
    """Whether the advisory's document still counts; older editions only tell since when."""


class Part(msgspec.Struct, frozen=True):
    """A component of a bill, or a product that an estate names without a bill."""

    id: int
    document: int
    ref: str
    name: str
    version: str
    purl: str
    cpe: str
    supplier: str
    kind: str


class Running(msgspec.Struct, frozen=True):
    """A product in use, or one that only a bill knows."""

    operator: str
    country: str
    sector: str
    site: str
    supplier: str
    product: str
    release: str
    exposure: str
    mission: str
    purl: str = ""
    cpe: str = ""
    ref: str = ""
    """What the bill calls the product itself."""
    bill: str = ""
    """Serial number or namespace of the bill."""
    digest: str = ""
    """Digest of the bill."""
    operating_system: str = ""
    """The distribution that the bill names."""
    document: int = 0
    """The estate's or claim's document; 0 where nobody has claimed the bill."""
    place: str = ""
    """Where in it."""


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the ranked list."""

    id: str
    operator: str
    country: str
    sector: str
    site: str
    supplier: str
    product: str
    release: str
    component: str
    version: str
    purl: str
    cpe: str
    advisory: str
    """The vulnerability's preferred name: its CVE identifier where it has one."""
    aliases: tuple[str, ...]
    """Its other names."""
    advisories: tuple[str, ...]
    """Identifiers of the advisories that matched."""
    title: str
    fixed: tuple[str, ...]
    """Versions that repair it."""
    status: str
    decision: str
    urgency: str
    known_exploited: bool
    known_exploited_since: str
    """YYYY-MM-DD, or empty."""
    ransomware: bool
    exploited_by: tuple[str, ...]
    sightings: int
    severity: str
    """`critical`, `high`, `medium`, `low`, `none`, or empty."""
    score: float | None
    """CVSS base score."""
    epss: float | None
    """Probability of exploitation within 30 days."""
    assumed: tuple[str, ...]
    """Inputs that were unknown, each with the value taken."""
    first_seen: str
    """YYYY-MM-DD on which this node first knew both the bill and the advisory."""
    candidate: str
    """What suggests it, where only a name or a CPE beside a package URL does."""
    parts: tuple[int, ...] = ()
    hits: tuple[tuple[int, int], ...] = ()
    """Pairs of version and affected interval."""
    statements: tuple[Judged, ...] = ()
    inputs: ssvc.Inputs = ssvc.Inputs()
    threat: Threat = Threat()
    claimed: tuple[int, str] = (0, "")
    """The document that says who runs it, and the place in it; 0 where none does."""


class Known(msgspec.Struct):
    """Everything that exposures are made of, as of one moment."""

    hits: Sequence[Hit]
    parts: Mapping[int, Part]
    running: Mapping[int, Sequence[Running]]
    """By the document of the bill (or of the estate, for a product without one)."""
    products: Mapping[int, Running]
    """By component: a product that an estate names."""
    names: Names
    learned: Mapping[int, str]
    """When the node learned each document."""
    advisories: Mapping[tuple[int, str], str]
    """Identifier of the advisory, by document and vulnerability."""
    titles: Mapping[tuple[int, str], str]
    withdrawn: frozenset[tuple[int, str]]
    statements: Statements
    signals: Signals
    judgements: Mapping[str, str]
    """A person's verdict by exposure."""
    spoken_for: frozenset[tuple[int, str]] = frozenset()
    """Component and vulnerability, where an advisory speaks of the component by its own package
    URL: what it leaves out is not a candidate by a lesser name."""


class _Group(msgspec.Struct):
    """Hits of one component by one vulnerability."""

    hits: list[Hit]
    how: int = 0
    first: str = ""


def assemble(known: Known) -> list[Exposure]:
    """Every exposure, in the order in which to act."""
    found: dict[str, Exposure] = {}
    for (component, vulnerability), group in _groups(known).items():
        part = known.parts[component]
        for running in _who(known, part):
            exposure = _exposure(known, part, running, vulnerability, group)
            same = found.get(exposure.id)
            found[exposure.id] = _merged(same, exposure) if same else exposure
    return sorted(found.values(), key=rank)


def rank(exposure: Exposure) -> tuple[object, ...]:
    """Sort key: open before closed, then decision, KEV date, EPSS, severity, and names."""
    return (
        STATUSES.index(exposure.status) if exposure.status not in OPEN else 0,
        ssvc.DECISIONS.index(exposure.decision),
        not exposure.known_exploited,
        _descending(exposure.known_exploited_since),
        -(exposure.epss or 0.0),
        ssvc.URGENCIES.index(exposure.urgency),
        -(exposure.score or 0.0),
        exposure.advisory,
        exposure.operator,
        exposure.product,
        exposure.component,
        exposure.id,
    )


def _descending(day: str) -> int:
    """The newest day first."""
    return -int(day.replace("-", "") or 0)


def _groups(known: Known) -> dict[tuple[int, str], _Group]:
    """Hits that stand, by component and vulnerability."""
    groups: dict[tuple[int, str], _Group] = {}
    main, learned = known.names.main, known.learned
    for hit in known.hits:
        if (hit.document, hit.vulnerability) in known.withdrawn:
            continue
        place = (hit.component, main(hit.vulnerability))
        group = groups.get(place)
        if group is None:
            group = groups[place] = _Group([])
        day = learned[hit.document]
        if not group.first or day < group.first:
            group.first = day
        if hit.current:
            group.hits.append(hit)
            group.how = max(group.how, hit.how)
    spoken_for = {(component, main(name)) for component, name in known.spoken_for}
    return {
        place: group
        for place, group in groups.items()
        if group.hits and (group.how == BY_IDENTIFIER or place not in spoken_for)
    }


def _who(known: Known, part: Part) -> Sequence[Running]:
    if part.id in known.products:
        return (known.products[part.id],)
    return known.running.get(part.document, ())


def _exposure(
    known: Known, part: Part, running: Running, vulnerability: str, group: _Group
) -> Exposure:
    aliases = known.names.of(vulnerability)
    judged = tuple(known.statements.judge(aliases, _subject(part, running)))
    id_ = identifier(running, part, vulnerability)
    threat = known.signals.of(aliases)
    inputs = threat.inputs(running.mission, running.exposure)
    status = _status(known, id_, group, judged)
    outcome = ssvc.decide(inputs, known.signals.cisa, known.signals.deployer)
    closed = status in ("fixed", "not_affected")
    hits = sorted({(hit.version, hit.affected) for hit in group.hits})
    documents = sorted({(hit.document, hit.vulnerability) for hit in group.hits})
    return Exposure(
        id=id_,
        operator=running.operator,
        country=running.country,
        sector=running.sector,
        site=running.site,
        supplier=running.supplier,
        product=running.product,
        release=running.release,
        component=part.name,
        version=part.version,
        purl=part.purl,
        cpe=part.cpe,
        advisory=vulnerability,
        aliases=tuple(name for name in aliases if name != vulnerability),
        advisories=tuple(sorted({known.advisories.get(d, d[1]) for d in documents})),
        title=_title(known, documents),
        fixed=tuple(sorted({hit.fixed for hit in group.hits if hit.fixed})),
        status=status,
        decision="track" if closed else outcome.decision,
        urgency="defer" if closed else outcome.urgency,
        known_exploited=bool(threat.exploited_since),
        known_exploited_since=threat.exploited_since[:10],
        ransomware=threat.ransomware,
        exploited_by=threat.actors,
        sightings=threat.sightings,
        severity=threat.severity,
        score=threat.score,
        epss=threat.epss,
        assumed=outcome.assumed,
        first_seen=max(known.learned[part.document], group.first)[:10],
        candidate=_suggestion(group) if status == "candidate" else "",
        parts=(part.id,),
        hits=tuple(hits),
        statements=judged,
        inputs=inputs,
        threat=threat,
        claimed=(running.document, running.place),
    )


def _title(known: Known, documents: Sequence[tuple[int, str]]) -> str:
    """The title that the advisory of the preferred name gives; numbers of documents say nothing."""
    titles = [(known.advisories.get(d, d[1]), known.titles.get(d, "")) for d in documents]
    held = [(preference(advisory), title) for advisory, title in titles if title]
    return min(held)[1] if held else ""


def _status(known: Known, id_: str, group: _Group, judged: Sequence[Judged]) -> str:
    """A person's verdict first, then the statement that counts, then how sure the match is."""
    if id_ in known.judgements:
        return known.judgements[id_]
    if judged and judged[0].counts:
        stated = _VEX_STATUS[judged[0].statement.status]
        if stated != "exposed" or not judged[0].by_name:
            return stated
    return "exposed" if group.how == BY_IDENTIFIER else "candidate"


def _suggestion(group: _Group) -> str:
    return "a CPE beside a package URL" if group.how else "supplier and product name"


def _subject(part: Part, running: Running) -> Subject:
    component = Thing(
        name=part.name,
        version=part.version,
        supplier=part.supplier,
        purl=part.purl,
        cpe=part.cpe,
        operating_system=running.operating_system,
        ref=bom_link(running.bill, part.ref),
    )
    product = Thing(
        name=running.product,
        version=running.release,
        supplier=running.supplier,
        purl=running.purl,
        cpe=running.cpe,
        ref=bom_link(running.bill, running.ref),
        others=_names_of_bill(running),
    )
    return Subject(component, product, part.document)


def _names_of_bill(running: Running) -> frozenset[str]:
    """What names the bill as a whole names its product."""
    digest = f"sha256:{running.digest}" if running.digest else ""
    names = (running.bill, digest, bom_link(running.bill, ""))
    return frozenset(name for name in names if name)


def bom_link(bill: str, ref: str) -> str:
    """BOM-Link without a version to a part of a bill; empty where the bill has no serial number."""
    if not bill.startswith("urn:uuid:"):
        return ""
    return f"urn:cdx:{bill[9:].lower()}" + (f"#{ref}" if ref else "")


def identifier(running: Running, part: Part, vulnerability: str) -> str:
    """Twelve hexadecimal digits that follow from what the exposure is, whenever it was found."""
    what = (
        running.operator,
        running.site,
        running.product,
        running.release,
        part.purl or part.cpe or part.name,
        part.version,
        vulnerability,
    )
    return hashlib.sha256("\x1f".join(what).encode()).hexdigest()[:12]


def _merged(one: Exposure, other: Exposure) -> Exposure:
    """The same component twice in one product's bills: one row, with the evidence of both."""
    graver, milder = sorted((one, other), key=_gravity)
    return msgspec.structs.replace(
        graver,
        parts=tuple(sorted({*one.parts, *other.parts})),
        hits=tuple(sorted({*one.hits, *other.hits})),
        advisories=tuple(sorted({*one.advisories, *other.advisories})),
        fixed=tuple(sorted({*one.fixed, *other.fixed})),
        first_seen=min(graver.first_seen, milder.first_seen),
    )


def _gravity(exposure: Exposure) -> tuple[object, ...]:
    """The gravest first; among equally grave ones what they are decides, not how they came."""
    where = (exposure.supplier, exposure.country, exposure.sector)
    return (
        STATUSES.index(exposure.status), rank(exposure), where, exposure.cpe, exposure.title,
        exposure.assumed,
    )  # fmt: skip
