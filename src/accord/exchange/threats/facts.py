"""Facts about threats: which objects a document holds, and what ties them to vulnerabilities.

They stay as the document has them. Who exploits what, and which vulnerability a sighting speaks
of, follows from the objects of all documents together: see `accord.exchange.threats.joins`.
"""

from __future__ import annotations

from accord.core.reading import Fact


class StixObject(Fact, frozen=True):
    """One version of one STIX object, and where it stands."""

    object: str
    """STIX identifier."""
    version: str
    """`when()` it was modified; empty where its type has no versions."""
    name: str = ""
    revoked: bool = False
    place: str = ""
    """JSON pointer; empty where the object is the whole document."""
    relation: str | None = None
    """Type of a relationship that may tie a vulnerability; None for everything else."""
    source: str | None = None
    """Identifier of what a relationship, of any type, starts from; None for everything else."""
    target: str | None = None
    """Identifier of what a relationship leads to."""


class StixName(Fact, frozen=True):
    """One name of the vulnerability that a vulnerability object stands for."""

    object: str
    vulnerability: str
    """Name, normally a CVE identifier, upper case."""
    place: str = ""


class StixSighting(Fact, frozen=True):
    """Somebody saw an object: a vulnerability exploited, or what indicates that."""

    object: str
    """Identifier of the sighting."""
    sighted: str
    """Identifier of what was seen."""
    seen_by: tuple[str, ...] = ()
    """Identifiers of the identities that saw it."""
    first_seen: str = ""
    last_seen: str = ""
    count: int = 1
    place: str = ""


class StixIndicator(Fact, frozen=True):
    """A sign of something bad: a pattern, and when and how surely it counts."""

    object: str
    """STIX identifier."""
    pattern: str
    language: str
    """`stix`, or another language of patterns."""
    valid_from: str
    valid_until: str = ""
    confidence: int | None = None
    tlp: int | None = None
    """A `Tlp` that it bears, by number; None: it bears no marking."""
    pap: int = 0
    unknown: tuple[str, ...] = ()
    """Markings that it bears and that say nothing by themselves."""
    place: str = ""


class Actor(Fact, frozen=True):
    """A named group, campaign or piece of malware."""

    id: str
    """STIX identifier, or another identifier that the document gives it."""
    name: str
    """Name as the document prefers it."""
    kind: str
    """`intrusion-set`, `threat-actor`, `campaign`, `malware` or `tool`."""
    aliases: tuple[str, ...] = ()
    """Other names; never used to merge two actors."""
    modified: str = ""
    """`when()` of this version of the object; the newest version of an id counts."""
    revoked: bool = False


class Note(Fact, frozen=True):
    """A note between partners: an incident, a request, an answer, a lesson or a breach."""

    object: str
    """STIX identifier."""
    kind: str
    """`incident`, `assistance`, `answer`, `lesson` or `breach`."""
    title: str
    created: str
    """`when()` its first version was made."""
    answers: str = ""
    """Identifier of the request or incident that it belongs to."""
    maker: str = ""
    """Identifier of the identity that made it."""
    tlp: str = ""
    """Colour that the object bears, such as `AMBER+STRICT`; empty where it bears none."""
    place: str = ""


class Technique(Fact, frozen=True):
    """An ATT&CK technique by which a vulnerability is exploited, or which follows from it."""

    vulnerability: str
    technique: str
    """ATT&CK identifier, such as `T1190`."""
    name: str
    role: str = ""
    """`exploitation_technique`, `primary_impact`, `secondary_impact`."""
    place: str = ""
