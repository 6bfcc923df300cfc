"""Facts about vulnerabilities: their names, what they affect, how grave and how used they are."""

from __future__ import annotations

from accord.core.reading import Fact


class Advisory(Fact, frozen=True):
    """One vulnerability as one document describes it. A CSAF document holds several."""

    advisory: str
    """Identifier of the document among its publisher's: `PYSEC-2021-335`, `ICSA-17-010-01A`."""
    vulnerability: str
    """Name of the vulnerability that the other facts of the document refer to: the CVE identifier
    where the document gives one, else the advisory's own identifier (with `#N` for the Nth)."""
    aliases: tuple[str, ...] = ()
    """Other names that the document declares for the same vulnerability. Never `related` ones."""
    related: tuple[str, ...] = ()
    publisher: str = ""
    title: str = ""
    published: str = ""
    """`when()` the publisher made it known."""
    modified: str = ""
    withdrawn: str = ""
    """`when()` it was withdrawn or rejected; empty: it stands."""
    place: str = ""


class Event(Fact, frozen=True):
    """One point of a range of versions, in the terms of OSV's `events`."""

    kind: str
    """`introduced` (affected from here on), `after` (affected above this one), `fixed` (no longer
    affected from here on), `last_affected` (affected up to and including), `limit`."""
    version: str
    """As written; `0` with `introduced` is the beginning of all versions."""


class Affected(Fact, frozen=True):
    """What a vulnerability affects: one package, in one stream."""

    vulnerability: str
    package: str
    """As `Identity.package`."""
    stream: str = ""
    ranges: tuple[tuple[Event, ...], ...] = ()
    """Each range by its events, in any order; a version is affected if any range holds it."""
    versions: tuple[str, ...] = ()
    """Versions affected by enumeration: equal by the ecosystem's order, else by text."""
    fixed_in: tuple[str, ...] = ()
    """Versions that repair it, for a person, where the ranges do not say."""
    place: str = ""


class Score(Fact, frozen=True):
    """A severity by CVSS, or in words."""

    vulnerability: str
    vector: str = ""
    """`CVSS:3.1/AV:N/...`, or a CVSS 2 vector; empty where only words are given."""
    score: float | None = None
    """Base score, 0.0 to 10.0, as the source gives it."""
    word: str = ""
    """`none`, `low`, `medium`, `high`, `critical`."""
    source: str = ""
    place: str = ""


class Ssvc(Fact, frozen=True):
    """SSVC inputs as an analyst published them (CISA's container in a CVE record)."""

    vulnerability: str
    exploitation: str = ""
    """`none`, `public poc`, `active`."""
    automatable: str = ""
    """`yes`, `no`."""
    technical_impact: str = ""
    """`partial`, `total`."""
    at: str = ""
    """`when()` the judgement was made."""
    role: str = ""
    place: str = ""


class KnownExploited(Fact, frozen=True):
    """An entry of a catalogue of known exploited vulnerabilities."""

    vulnerability: str
    vendor: str
    product: str
    title: str
    added: str
    """`when()` the entry was added."""
    due: str = ""
    ransomware: bool = False
    """Known use in ransomware campaigns."""
    place: str = ""


class Epss(Fact, frozen=True):
    """Probability of exploitation within 30 days, on one day."""

    vulnerability: str
    day: str
    """YYYY-MM-DD."""
    score: float
    """0.0 to 1.0."""
    percentile: float


class LifeCycle(Fact, frozen=True):
    """One release cycle of a product, with the end of its support."""

    product: str
    """endoflife name: `centos`."""
    cycle: str
    """`7`, `3.11`."""
    released: str = ""
    end: str = ""
    """YYYY-MM-DD of the end of life; empty: not announced, unless `ended`."""
    ended: bool = False
    """Already ended, on a day that the source does not give."""
    latest: str = ""
    packages: tuple[str, ...] = ()
    """Identities of the product as `Identity.package`."""
    place: str = ""


class DecisionTable(Fact, frozen=True):
    """An SSVC decision table."""

    name: str
    """Name of the outcome: `CISA Levels`, `Defer, Scheduled, Out-of-Cycle, Immediate`."""
    version: str
    """Version of the table, from its last column's heading."""
    inputs: tuple[str, ...]
    """Names of the decision points, without their versions, lower case."""
    rows: tuple[tuple[str, ...], ...]
    """One row for each combination: the values of the inputs, then the outcome; lower case."""


class Vex(Fact, frozen=True):
    """A statement about whether a product is affected by a vulnerability."""

    vulnerability: str
    status: str
    """`not_affected`, `affected`, `fixed`, `under_investigation`."""
    products: tuple[str, ...]
    """What it speaks of: package URLs, CPE names, BOM-Links (`urn:cdx:serial/version#ref`),
    `sha256:...`, a bill's identifier, `name:supplier/product@version`; empty: matches nothing.
    Any of them may end in a range, without a version before it: `pkg:npm/a#vers:npm/<2`."""
    subcomponents: tuple[str, ...] = ()
    """Components of the products to which it is limited, in the same forms; empty: the whole."""
    aliases: tuple[str, ...] = ()
    """Other names of the vulnerability that the statement declares."""
    justification: str = ""
    """OpenVEX or CSAF word (`vulnerable_code_not_present`, ...), lower case."""
    impact: str = ""
    """Free text: why it is not affected."""
    action: str = ""
    """Free text: what to do."""
    author: str = ""
    """Who makes the statement."""
    supplier: str = ""
    """Supplier of the products, where the document names it."""
    at: str = ""
    """`when()` the statement was last made."""
    id: str = ""
    """Identifier of the statement within its document."""
    place: str = ""
