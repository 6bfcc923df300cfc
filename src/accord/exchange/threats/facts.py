"""Facts about threats: who exploits which vulnerability, and where that was seen."""

from __future__ import annotations

from accord.core.reading import Fact


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


class Exploits(Fact, frozen=True):
    """A source says that an actor exploits, or targets, a vulnerability."""

    vulnerability: str
    """Name, normally a CVE identifier, upper case."""
    actor: str
    """Name of the actor."""
    actor_id: str = ""
    relation: str = ""
    """The relationship's type as the source has it: `exploits`, `targets`, `uses`, or the chain."""
    modified: str = ""
    place: str = ""


class Sighting(Fact, frozen=True):
    """Somebody saw exploitation of a vulnerability, or of what indicates it."""

    vulnerability: str
    id: str
    """Identifier of the sighting; a later version of it replaces an earlier one."""
    seen_by: str = ""
    """Who saw it, as the document names the identity."""
    first_seen: str = ""
    last_seen: str = ""
    count: int = 1
    modified: str = ""
    revoked: bool = False
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
