"""A person's decision on personal data that was found before something could leave.

A decision is on bytes: everything that waits with the same bytes is decided with it, and each
share that was interrupted goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Literal, Protocol

import msgspec

from accord.core.errors import AccordError, Invalid, NotFound
from accord.exchange.personal import detector
from accord.exchange.personal.finds import SAID, Find
from accord.exchange.personal.redact import redact as cut
from accord.exchange.personal.redact import text_at
from accord.exchange.receipts import Line
from accord.flows.exchange.sharing.plan import Options
from accord.flows.exchange.sharing.share import Shared, Sharer, share
from accord.flows.exchange.sharing.wanted import Holdings, Wanted

WAY = "review"
"""As the disclosure log names it."""
AROUND = 40
"""Characters shown before and behind what was found."""
_LONGEST = 2_000

Outcome = Literal["released", "redacted", "withdrawn"]


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """Something that waits for a person, or what one decided."""

    number: int
    object: str
    version: str
    digest: str
    """SHA-256 of what was looked through, hexadecimal."""
    audience: str
    """To whom it was about to go."""
    options: str
    """Words of the share command, as JSON."""
    at: str
    """`when()` it was held."""
    outcome: str = ""
    """`released`, `redacted`, `withdrawn`, or empty while it waits."""
    person: str = ""
    why: str = ""
    decided: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says."""

    outcome: Outcome
    person: str
    why: str
    at: str
    detector: str
    """Version whose finds the person saw."""
    body: bytes = b""
    """What is left, where it was redacted."""


class Reviews(Protocol):
    """What waits, and what was decided. Adapters raise only accord's own errors."""

    def reviews(self, *, waiting: bool) -> list[Review]:
        """By number; `waiting`: only what nobody has decided."""

    def body(self, number: int) -> bytes:
        """What was looked through; empty where a recall erased it or it was released."""

    def decide(self, number: int, verdict: Verdict, line: Callable[[Review], Line]) -> list[Review]:
        """Keep a decision with a receipt for each, on all that waits with the same bytes.

        What was withdrawn may be decided anew, under a number of its own.

        Raises:
            Invalid: somebody decided meanwhile.
        """


class Shown(msgspec.Struct, frozen=True):
    """Something found, with the text around it."""

    kind: str
    """In words."""
    place: str
    before: str
    text: str
    """What was found; masked but for its first character and its length where that was asked."""
    after: str


class Decided(msgspec.Struct, frozen=True):
    """A decision, and how the shares that it had interrupted went on."""

    reviews: tuple[Review, ...]
    shared: tuple[Shared, ...] = ()
    failed: tuple[str, ...] = ()
    """Why a share could not go on, with its audience; the decision stands."""


def get(kept: Reviews, number: int) -> Review:
    """One of them.

    Raises:
        NotFound: none has this number.
    """
    for one in kept.reviews(waiting=False):
        if one.number == number:
            return one
    raise NotFound(f"no review {number}; `accord review list --all` shows them")


def show(kept: Reviews, number: int, *, plain: bool = False) -> list[Shown]:
    """What was found, each with the text around it, in which other finds are masked too.

    Raises:
        NotFound: no such review.
        Invalid: its text is not kept here any more.
    """
    body = _body(kept, get(kept, number))
    finds = detector.find(body)
    return [_shown(body, one, finds, plain=plain) for one in finds]


def release(sharer: Sharer, kept: Reviews, number: int, person: str, why: str) -> Decided:
    """Let it leave as it is, and go on sharing it.

    Raises:
        NotFound: no such review.
        Invalid: it is decided already, or nobody or no reason is named.
    """
    one = _open(kept, number)
    return _decide(sharer, kept, one, _verdict(sharer.now, "released", person, why))


def redact(sharer: Sharer, kept: Reviews, number: int, person: str, why: str) -> Decided:
    """Cut out what was found, and go on sharing what is left.

    Raises:
        NotFound: no such review.
        Invalid: it is decided already, or nobody or no reason is named.
        Uncut: it cannot be cut out.
    """
    one = _open(kept, number)
    body = _body(kept, one)
    verdict = _verdict(sharer.now, "redacted", person, why, cut(body, detector.find(body)))
    return _decide(sharer, kept, one, verdict)


def withdraw(kept: Reviews, number: int, person: str, why: str, now: str) -> Decided:
    """Keep it here: sharing it is refused from now on.

    Raises:
        NotFound: no such review.
        Invalid: it is decided already, or nobody or no reason is named.
    """
    one = _open(kept, number)
    verdict = _verdict(now, "withdrawn", person, why)
    return Decided(tuple(kept.decide(one.number, verdict, _line(verdict))))


def _open(kept: Reviews, number: int) -> Review:
    one = get(kept, number)
    if one.outcome in ("", "withdrawn"):
        return one
    raise Invalid(
        f"{one.person} decided it on {one.decided[:10]}: {one.outcome};"
        f" `accord recall {one.object}` takes back what was shared",
        f"review {number}",
    )


def _verdict(now: str, outcome: Outcome, person: str, why: str, body: bytes = b"") -> Verdict:
    person, why = person.strip(), why.strip()
    if not person or not why:
        raise Invalid("a decision takes the name of the person who decides, and a reason")
    if len(person) > _LONGEST or len(why) > _LONGEST:
        raise Invalid(f"a name or a reason takes {_LONGEST:,} characters at most")
    return Verdict(
        outcome=outcome, person=person, why=why, at=now, detector=detector.VERSION, body=body
    )


def _line(verdict: Verdict) -> Callable[[Review], Line]:
    """A decision as a line of the disclosure log; who decided and why stand in the review."""

    def line(one: Review) -> Line:
        return Line(
            number=0,
            at=verdict.at,
            object=one.object,
            version=one.version,
            tlp="",
            way=WAY,
            recipient=f"audience:{one.audience}",
            decision=verdict.outcome,
            rule=f"review {one.number}",
            digest=one.digest,
        )

    return line


def _decide(sharer: Sharer, kept: Reviews, one: Review, verdict: Verdict) -> Decided:
    """The decision is kept first: whatever becomes of the sharing, it stands."""
    decided = kept.decide(one.number, verdict, _line(verdict))
    shared: list[Shared] = []
    failed: list[str] = []
    for review in decided:
        try:
            shared.append(_go_on(sharer, review))
        except AccordError as wrong:
            failed.append(f"{review.audience}: {wrong}")
    return Decided(tuple(decided), tuple(shared), tuple(failed))


def _go_on(sharer: Sharer, one: Review) -> Shared:
    options = msgspec.json.decode(one.options, type=Options)
    return share(sharer, [_wanted(sharer.holdings, one)], one.audience, options)


def _wanted(holdings: Holdings, one: Review) -> Wanted:
    """The very bytes that were looked through, wherever they stand now."""
    for place in holdings.places([one.object]):
        if place.version == one.version:
            body = holdings.objects([place]).get(one.object, b"")
            if sha256(body).hexdigest() == one.digest:
                return Wanted(place.document, {(one.object, one.version)})
    try:
        return Wanted(holdings.held([one.digest])[0], None)
    except NotFound as wrong:
        raise NotFound(
            f"{one.object} as it was looked through is not kept here any more"
        ) from wrong


def _body(kept: Reviews, one: Review) -> bytes:
    body = kept.body(one.number)
    if not body:
        raise Invalid("its text is not kept with the review any more", f"review {one.number}")
    return body


def _shown(body: bytes, one: Find, finds: Sequence[Find], *, plain: bool) -> Shown:
    if one.kind == "unsearched" or one.end <= one.start:
        return Shown(SAID[one.kind], one.place, "", "", "")
    text = text_at(body, "", one.place)
    if not plain:
        text = _masked(text, [find for find in finds if find.place == one.place])
    before, after = text[: one.start][-AROUND:], text[one.end :][:AROUND]
    return Shown(SAID[one.kind], one.place, before, text[one.start : one.end], after)


def _masked(text: str, finds: Sequence[Find]) -> str:
    """Each find as its first character and dots, as long as before."""
    signs = list(text)
    for one in finds:
        for at in range(one.start + 1, min(one.end, len(signs))):
            signs[at] = "\u00b7"
    return "".join(signs)
