"""What is to be shared, made ready: read, marked, and decided on for every member of an audience.

Law (every member): what one member of an audience may not have goes into no log of that audience.
Law (marking): an object is marked at least as restrictively as it says itself; one that says
nothing gets what the feed that brought it says, else the node's default, which is never CLEAR.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from accord.core.errors import Invalid
from accord.exchange import granular, release, rules
from accord.exchange.objects import Content
from accord.exchange.release import Circle, Decision, Subject, Way
from accord.flows.exchange.sharing.port import Copy
from accord.identity.markings import Marking, Pap, Tlp, strictest
from accord.identity.recipients import Recipient

DEFAULT = Tlp.AMBER
"""Marking of what bears none, where the node has set no other."""
RULES = {
    "unreadable": "it breaks the rules of its format",
    "quarantined": "it is quarantined here",
    "ours-to-say": "what this node's operators run, and how it is judged, is nobody else's",
    "empty-audience": "nobody is in the audience, and an empty audience is nobody",
    "originator-only": "only the partner that it comes from versions or marks it",
    "not-kept": "its originator's envelope is not kept here any more",
    "recalled-for-good": "its originator recalled it, for good",
    "stix-only": "the source can be cut out of STIX objects only, not out of whole documents",
    "never-out": "it would expire before its date of release",
    "immutable": "this version was shared with other content, and versions never change",
    "too-large": "it is larger than an envelope may be",
    "withdrawn": "a person withdrew it in review",
    "rests-on": "it rests on a verdict that may not go there",
    "personal": "it holds personal data, which cannot be cut from what another partner signed",
}
"""Why something is refused before release is asked; its rules are in `rules.RULES`."""


class Options(msgspec.Struct, frozen=True, omit_defaults=True):
    """The words of a share command."""

    tlp: Tlp | None = None
    pap: Pap | None = None
    release_at: str = ""
    """`when()` before which it goes to nobody."""
    expires: str = ""
    """`when()` from which it is given out no more."""
    anonymous: bool = False
    """Without its source: who made it and who saw it are cut out."""
    everywhere: bool = False
    """The marking takes the place of those under which other audiences have the same version."""

    def refuse_contradictions(self) -> None:
        """Dates between which it could go out must leave some time.

        Raises:
            Invalid: it would expire before its embargo ends.
        """
        if self.expires and self.release_at >= self.expires:
            raise Invalid(
                f"it would expire ({self.expires[:19]}) before its date of release"
                f" ({self.release_at[:19]}) and never go out; give an earlier date of release or a"
                " later expiry"
            )

    @property
    def marks(self) -> bool:
        """Whether they say anything of the marking, which is for the originator alone to say."""
        said = (self.tlp, self.pap, self.release_at, self.expires) != (None, None, "", "")
        return said or self.everywhere


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one object."""

    object: str
    version: str
    title: str
    what: Literal["shared", "already shared", "held for review", "waits", "refused"]
    tlp: str = ""
    rule: str = ""
    """Why it was refused: a name in `RULES` or `rules.RULES`."""
    partner: str = ""
    """The member who may not have it, where it is one."""
    reason: str = ""
    """For a person: why it was refused, or until when it waits."""
    review: int = 0
    """Number under which it waits for a person's decision."""
    redacted: bool = False
    """A new object without what may not be seen was shared in its place."""
    warnings: tuple[str, ...] = ()
    """For this node's own people: which other audience has it under which marking, and what that
    changed."""


class Ready(msgspec.Struct, frozen=True):
    """Bytes that every member of the audience may have."""

    content: Content
    """With the identifier, version and type under which it is sealed."""
    body: bytes
    digest: str
    """SHA-256 of the body, hexadecimal."""
    media: str
    origin: str
    marking: Marking
    made_of: str = ""
    """The object that was redacted into this one; empty: it is as it was."""
    relayed: Copy | None = None
    """The envelope of the partner that it comes from, which goes on as it is."""
    warnings: tuple[str, ...] = ()
    """As `Outcome.warnings`."""

    def outcome(self, what: str, **more: str | int | tuple[str, ...]) -> Outcome:
        """What became of it."""
        return Outcome(
            self.content.object,
            self.content.version,
            self.content.title,
            what,  # type: ignore[arg-type]
            tlp=self.marking.tlp.word,
            redacted=bool(self.made_of),
            **({"warnings": self.warnings} | more),  # type: ignore[arg-type]
        )


class Hold(msgspec.Struct, frozen=True):
    """Bytes in which personal data was found, and nobody has decided on it yet."""

    ready: Ready
    digest: str
    """SHA-256 of the bytes as they were looked through, hexadecimal."""
    body: bytes


class No(Exception):
    """It stays here, by a rule."""

    def __init__(self, rule: str, partner: str = "", reason: str = "") -> None:
        super().__init__(rule)
        self.rule, self.partner = rule, partner
        self.reason = reason or RULES.get(rule) or rules.RULES.get(rule, "")


def marking_of(content: Content, options: Options, default: Tlp) -> Marking:
    """The strictest of what an object says and what was asked; where neither says, the default."""
    known = [] if content.marking is None else [content.marking]
    if content.marking is None and options.tlp is None:
        known.append(Marking(default))
    asked = Marking(
        Tlp.CLEAR if options.tlp is None else options.tlp,
        Pap.CLEAR if options.pap is None else options.pap,
        options.release_at,
        options.expires,
    )
    return strictest([*known, asked])


def unnamed(body: bytes, content: Content, marking: Marking, identity: str) -> bytes:
    """An object without its source: who made it, and who saw it, unless that is this node itself.

    The same bytes where it names nobody else.

    Raises:
        No: what would be left is not an object of its type.
    """
    members = []
    if content.created_by and content.created_by != identity:
        members.append("created_by_ref")
    if content.type == "sighting":
        members.append("where_sighted_refs")
    try:
        return granular.cut(body, members, marking, named=False)
    except granular.Unredactable as wrong:
        raise No("granular-required", reason=str(wrong)) from wrong


class Panel:
    """Every member of an audience, asked one by one."""

    def __init__(self, circle: Circle, members: Sequence[str], owner: str, now: str) -> None:
        self._circle = circle
        self._members = [Recipient("partner", name) for name in members]
        self._owner = owner
        self._now = now

    def ask(self, subject: Subject) -> Decision | None:
        """None where every member may have it whole; else how it has to be redacted first.

        An embargoed object is decided on as of the day on which it goes out.

        Raises:
            No: a member may not have it.
        """
        if not self._members:
            raise No("empty-audience")
        at = max(self._now, subject.marking.release_at)
        for member in self._members:
            found = release.decide(subject, member, Way.SYNC, self._circle, self._owner, at)
            if found.outcome == "no":
                raise No(found.rule, member.name)
            if found.outcome == "redacted":
                return found
        return None
