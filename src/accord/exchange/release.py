"""The one egress: what may go to whom, decided at send time, for every way out.

Law (one egress): every byte that leaves a node for somebody else is the `body` of a `Decision`.
Law (fail closed): what is unknown, unread, without an audience or without an end goes to nobody.
Law (strictness): a stricter marking never releases more; a wider entitlement never sees less.
Law (derived data): counts, names, errors and whatever else is made of an object go only where the
object itself may go; every way out is decided alike.

Source: FIRST, Traffic Light Protocol 2.0; STIX 2.1, section 7.2; MISP, Permissible Actions
Protocol. Each rule with its sentence stands in `accord.exchange.rules`.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final, Literal

import msgspec

from accord.core.errors import Invalid
from accord.exchange.granular import Unredactable, redact
from accord.exchange.objects import ENDS
from accord.exchange.rules import DENIES
from accord.identity.markings import Marking, Pap, Tlp, strictest
from accord.identity.recipients import Recipient


class Way(StrEnum):
    """How something leaves."""

    SYNC = "sync"
    """As a blob of an audience log: to partners only."""
    OBJECT = "object"
    LIST = "list"
    VERSIONS = "versions"
    STATUS = "status"
    FEED = "feed"
    EXPORT = "export"
    PAGE = "page"
    ALERT = "alert"
    NAME = "name"
    COUNT = "count"
    ERROR = "error"
    POOL = "pool"
    """As parts of what a computation of several partners compares: one part tells nothing."""


State = Literal["live", "held", "recalled", "replaced", "expired"]


class Subject(msgspec.Struct, frozen=True):
    """An object as release sees it, with what it hangs on."""

    object: str
    version: str
    type: str
    origin: str
    """Short name of the partner that sealed it."""
    marking: Marking
    """Of the object as a whole."""
    state: str = "live"
    """A `State`; any other is let through by no rule."""
    granular: bool = False
    unknown: bool = False
    """It bears a marking that is not understood."""
    ends: tuple[Subject | None, ...] = ()
    """What a relationship, sighting or translation connects; None: not known here."""
    sources: tuple[Subject | None, ...] = ()
    """What it was derived from; None: not known here."""
    body: bytes = b""
    refs: tuple[tuple[str, Subject], ...] = ()
    """Its other references, as far as what they name is known here."""


class Circle(msgspec.Struct, frozen=True):
    """An audience as release sees it."""

    name: str
    owner: str
    """The partner whose audience it is: this node."""
    members: frozenset[str] = frozenset()
    everyone: bool = False
    """Every partner of the directory; who asks is known to be one by its key."""


class Decision(msgspec.Struct, frozen=True):
    """Whether something may leave, by which rule, and as which bytes."""

    outcome: Literal["yes", "redacted", "no"]
    rule: str
    """A name in `accord.exchange.rules.RULES`."""
    body: bytes = b""
    """What may be sent; empty where nothing may."""
    marking: Marking | None = None
    """Of the body; None where nothing may be sent."""


_BY_TLP: Final = ("clear", "green", "amber", "amber-strict", "red-named")
_STATES: Final = ("held", "recalled", "replaced", "expired")
_GREEN: Final = int(Tlp.GREEN)
_AMBER: Final = int(Tlp.AMBER)
_RED: Final = int(Tlp.RED)
_SYNC: Final = Way.SYNC
_NO: Final = {rule: Decision("no", rule) for rule in DENIES}
_DEPTH: Final = 8
"""Ends of ends, sources of sources."""
_MARKS: Final = b"granular_markings"


def decide(  # noqa: PLR0913, PLR0917 - the question as the design states it
    subject: Subject,
    recipient: Recipient,
    way: Way,
    circle: Circle | None,
    owner: str,
    now: str,
) -> Decision:
    """Whether a recipient may have an object by a way out, and the bytes that it may have.

    `circle` is the audience through which a partner asks; clients and the public ask through none.
    `owner` is this node's partner name, `now` a `when()`. It is total: it raises nothing.
    """
    rule = _rule(subject, recipient, way, circle, owner, now)
    denied = _NO.get(rule)
    if denied is not None:
        return denied
    if (
        rule == "own-people"
        or _alone(subject)
        or (_open(subject) and _all_go(subject, recipient, way, circle, owner, now))
    ):
        return Decision("yes", rule, subject.body, subject.marking)
    return _Asked(recipient, way, circle, owner, now).decide(subject, rule, _DEPTH)


def _alone(subject: Subject) -> bool:
    """Whether an object is decided on by its own marking alone."""
    return (
        not (subject.ends or subject.sources or subject.refs or subject.granular)
        and subject.type not in ENDS
        and _MARKS not in subject.body
    )


def _open(subject: Subject) -> bool:
    """Whether an object is whole where everything goes that it connects or names."""
    return (
        not (subject.sources or subject.granular)
        and (bool(subject.ends) or subject.type not in ENDS)
        and _MARKS not in subject.body
    )


def _all_go(  # noqa: PLR0913, PLR0917 - as `decide`
    subject: Subject, recipient: Recipient, way: Way, circle: Circle | None, owner: str, now: str
) -> bool:
    """Whether all of that goes by its own marking alone: so it nearly always is.

    Anything else is looked at by `_Asked`, which would say the same of these, at more cost.
    """
    for one in subject.ends:
        if one is None or not _alone(one):
            return False
        if _rule(one, recipient, way, circle, owner, now) in _NO:
            return False
    for _, one in subject.refs:
        if not _alone(one) or _rule(one, recipient, way, circle, owner, now) in _NO:
            return False
    return True


def _rule(  # noqa: C901, PLR0912, PLR0913, PLR0917 - one table of decisions, most likely first
    subject: Subject, recipient: Recipient, way: Way, circle: Circle | None, owner: str, now: str
) -> str:
    """The rule that decides by marking, state, audience and time alone."""
    kind: str = recipient.kind
    if kind == "self":
        return "own-people"
    if type(way) is not Way:
        return "unknown-way"
    if subject.state != "live":
        return subject.state if subject.state in _STATES else "unknown-state"
    marking = subject.marking
    tlp = marking.tlp
    if marking.expires and not "" < now < marking.expires:
        return "expired"
    if kind == "partner":
        name = recipient.name
        if circle is not None and (
            not name or circle.owner != owner or not (circle.everyone or name in circle.members)
        ):
            return "not-a-member"
        if name and name == subject.origin:
            return "originator"
        if circle is None:
            return "not-a-member"
        if subject.unknown:
            return "unknown-marking"
        if tlp > _GREEN:
            if subject.origin != owner:
                return "relay"
            if tlp == _RED and circle.everyone:
                return "tlp-red-named-only"
    elif way is _SYNC:
        return "sync-partners-only"
    elif subject.unknown:
        return "unknown-marking"
    elif kind == "client":
        if tlp > _AMBER:
            return "tlp-red-named-only" if tlp == _RED else "tlp-amber-strict"
        if tlp > recipient.tlp:
            return "client-entitlement"
        if tlp == _AMBER and recipient.sort != "operator":
            return "tlp-amber-operators"
    elif kind != "public":
        return "unknown-recipient"
    elif tlp:
        return "public-only-clear"
    if marking.release_at and now < marking.release_at:
        return "embargo"
    return _BY_TLP[tlp]


class _Asked:
    """One question, with what was found out about everything that the object hangs on."""

    def __init__(
        self, recipient: Recipient, way: Way, circle: Circle | None, owner: str, now: str
    ) -> None:
        self._recipient, self._way, self._circle = recipient, way, circle
        self._owner, self._now = owner, now
        self._known: dict[int, Decision] = {}
        """By the identity of the subject: a graph is followed once, however many ways lead in."""

    def about(self, subject: Subject, depth: int) -> Decision:
        """The decision on something that the object hangs on."""
        found = self._known.get(id(subject))
        if found is None:
            rule = self._plain(subject)
            found = _NO[rule] if rule in _NO else self.decide(subject, rule, depth)
            self._known[id(subject)] = found
        return found

    def decide(self, subject: Subject, rule: str, depth: int) -> Decision:
        """Past the rules on the object alone: sources, ends, references, fields."""
        whole = Decision("yes", rule, subject.body, subject.marking)
        if rule == "originator":
            return whole
        if depth <= 0 and (subject.ends or subject.sources or subject.refs):
            return _NO["too-deep"]
        if not self._whole(subject.sources, depth):
            return _NO["derived"]
        if (subject.type in ENDS and not subject.ends) or not self._whole(subject.ends, depth):
            return _NO["ends-hidden"]
        hidden = [name for name, one in subject.refs if self.about(one, depth - 1).outcome == "no"]
        found = self._redacted(subject, rule, hidden) if hidden or _marked(subject) else None
        return self._derived(found or whole, subject, depth)

    def _whole(self, others: tuple[Subject | None, ...], depth: int) -> bool:
        """Whether all of them are known and go there, none of them redacted."""
        return all(
            one is not None and self.about(one, depth - 1).outcome == "yes" for one in others
        )

    def _derived(self, decision: Decision, subject: Subject, depth: int) -> Decision:
        """What is made of other things bears the strictest of all their markings.

        It goes only where it might by that one; what a recipient itself gave does not keep it back.
        """
        if decision.outcome == "no" or not subject.sources:
            return decision
        about = [(one, self.about(one, depth - 1).marking) for one in subject.sources if one]
        own = (decision.marking,) if decision.marking else ()
        others = [m for one, m in about if m and one.origin != self._recipient.name]
        if not self._shows(subject, strictest((*own, *others)).tlp):
            return _NO["derived"]
        markings = (*own, *(marking for _, marking in about if marking))
        return msgspec.structs.replace(decision, marking=strictest(markings))

    def _plain(self, subject: Subject) -> str:
        return _rule(subject, self._recipient, self._way, self._circle, self._owner, self._now)

    def _redacted(self, subject: Subject, rule: str, hidden: list[str]) -> Decision | None:
        """Without fields and references that may not be seen; None where there are none."""
        foreign = subject.origin != self._owner
        try:
            found = redact(
                subject.body,
                subject.marking,
                lambda tlp: self._shows(subject, tlp),
                hidden,
                foreign=foreign,
            )
        except Unredactable:
            return _NO["granular-required"]
        except Invalid:
            return _NO["granular-unreadable"]
        if found is None:
            return None
        if foreign and self._recipient.kind == "partner":
            return _NO["relay-whole"]
        return Decision("redacted", rule, found.body, found.marking)

    def _shows(self, subject: Subject, tlp: Tlp) -> bool:
        """Whether the recipient might have the object if all of it had a field's marking."""
        marking = msgspec.structs.replace(subject.marking, tlp=max(subject.marking.tlp, tlp))
        return self._plain(msgspec.structs.replace(subject, marking=marking)) not in _NO


def _marked(subject: Subject) -> bool:
    """Whether fields have markings, even where whoever made the subject did not look."""
    named = subject.object.startswith(f"{subject.type}--")
    return subject.granular or (named and _MARKS in subject.body)


class Use(IntEnum):
    """What somebody is about to do with information; a higher number is seen by more."""

    OWN_LOGS = 0
    """Look through records that are held already."""
    LOOK_UP = 1
    """Ask others, passively: registries, reputation and enrichment services."""
    ACTIVE = 2
    """Touch what it is about: block it, connect to it, scan it."""


_MOST: Final = {
    Pap.CLEAR: Use.ACTIVE,
    Pap.GREEN: Use.ACTIVE,
    Pap.AMBER: Use.LOOK_UP,
    Pap.RED: Use.OWN_LOGS,
}


def permits(marking: Marking, use: Use) -> bool:
    """Whether information may be used so: hunting, enrichment and block lists ask.

    Source: MISP, Permissible Actions Protocol: RED for own logs only, AMBER for passive look-ups,
    GREEN for active measures.
    """
    return use <= _MOST[marking.pap]
