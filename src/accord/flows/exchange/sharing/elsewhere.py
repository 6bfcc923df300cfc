"""One version of an object under several markings, in several audiences of this node.

Law (one version, one marking): whatever audiences a version went to, in whatever order and under
whatever markings, they all have it under the strictest of these, unless its originator's people
said that a milder one takes the place of all. A date of release is each audience's own.
Law (forms): what is made of a version, by redaction or without its source, never goes out under a
milder marking than that has without a word to this node's people.
Law (history): nobody is given by it what its audience's owner had not granted: where a member could
not fetch it, it is taken back and not given again.

Source: FIRST, Traffic Light Protocol 2.0: whoever goes by one of two markings goes by the stricter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import msgspec

from accord.flows.exchange.sharing.plan import No, Options
from accord.flows.exchange.sharing.port import Copy
from accord.identity.markings import Marking, Pap, Tlp, strictest

Source = tuple[str, Marking]
"""Who has an object, in words for a person, and under which marking."""


class Place(msgspec.Struct, frozen=True):
    """An envelope in another audience than the one that is shared with."""

    audience: str
    copy: Copy

    @property
    def marking(self) -> Marking:
        """Under which that audience has it."""
        return marking_of(self.copy)


class Joined(msgspec.Struct, frozen=True):
    """The one marking of a version, and where it takes the place of another."""

    marking: Marking
    """With the date of release of the audience that is shared with."""
    moved: tuple[Place, ...] = ()
    """Where another audience has it otherwise."""
    warnings: tuple[str, ...] = ()
    """For a person: whose marking counts more than what was asked."""


def marking_of(copy: Copy) -> Marking:
    """The marking under which an envelope was sealed."""
    return Marking(Tlp(copy.tlp), Pap(copy.pap), copy.release_at, copy.expires)


def places(copies: Sequence[Copy], audience: str, now: str) -> Iterator[Place]:
    """Where else envelopes stand or wait; what has expired is nowhere."""
    for copy in copies:
        if copy.expires and copy.expires <= now:
            continue
        for name in (*copy.audiences, *copy.waiting):
            if name != audience:
                yield Place(name, copy)


def sources(copies: Sequence[Copy], version: str, me: str, now: str) -> list[Source]:
    """Who has an object of which something is made; with an empty version, any version of it.

    What a partner sealed under its name counts as well; what has expired is nowhere.
    """
    found: list[Source] = []
    for copy in copies:
        if (version and copy.version != version) or (copy.expires and copy.expires <= now):
            continue
        names = [f"audience {name}" for name in (*copy.audiences, *copy.waiting)]
        if copy.origin != me:
            names = [copy.origin]
        found += [(name, marking_of(copy)) for name in names]
    return found


def inherited(
    marking: Marking, options: Options, of: str, known: Sequence[Source]
) -> tuple[Marking, str]:
    """The marking of what is made of an object: what the command does not say, its source says.

    The second is what a person is told of it; empty where it changes nothing.
    """
    both = strictest((marking, *(_dated(one, marking.release_at) for _, one in known)))
    found = msgspec.structs.replace(
        marking,
        tlp=both.tlp if options.tlp is None else marking.tlp,
        pap=both.pap if options.pap is None else marking.pap,
        expires=marking.expires if options.expires else both.expires,
    )
    if found == marking:
        return marking, ""
    had = " and ".join(
        dict.fromkeys(
            f"{name} has {of} as {_said(one)}" for name, one in known if _adds(one, marking)
        )
    )
    return found, f"{had}: what is made of it is so too, where the command says nothing else"


def milder(of: str, marking: Marking, known: Sequence[Source]) -> tuple[str, ...]:
    """What a person is told of something that goes out under less than what it was made of has."""
    words = (f"{name} has as {_said(one)}" for name, one in known if _adds(one, marking))
    had = " and ".join(dict.fromkeys(words))
    if not had:
        return ()
    less = f"it was made of {of}, which {had}; this is {_said(marking)}"
    return (f"{less}: see that nothing which made that stricter is left in it, or recall it",)


def join(
    asked: Marking,
    digest: str,
    others: Sequence[Place],
    *,
    everywhere: bool,
    open_: Collection[str],
) -> Joined:
    """One marking for all: the strictest, or with `everywhere` what was asked.

    `digest` is that of the content, `open_` the audiences of everyone, this one under the name "".

    Raises:
        No: RED would have to go to an audience of everyone.
    """
    marking = asked
    if not everywhere:
        known = (_dated(one.marking, asked.release_at) for one in others)
        marking = strictest((asked, *known))
    if marking.expires and marking.release_at >= marking.expires:
        raise No("never-out", reason=_too_late(marking, others))
    moved = tuple(
        one
        for one in others
        if one.copy.content == digest and _dated(one.marking, marking.release_at) != marking
    )
    _refuse_red(marking, asked, others, moved, open_)
    return Joined(marking, moved, tuple(_warnings(asked, marking, others)))


def _dated(marking: Marking, release_at: str) -> Marking:
    return msgspec.structs.replace(marking, release_at=release_at)


def _too_late(marking: Marking, others: Sequence[Place]) -> str:
    names = _names(one for one in others if one.copy.expires == marking.expires)
    where = f"audience {names} has it until" if names else "it is given out until"
    return f"{where} {marking.expires[:19]}, and its date of release is {marking.release_at[:19]}"


def _refuse_red(
    marking: Marking,
    asked: Marking,
    others: Sequence[Place],
    moved: Sequence[Place],
    open_: Collection[str],
) -> None:
    """RED is for named partners (TLP 2.0): an audience of everyone can neither get nor keep it."""
    if marking.tlp is not Tlp.RED:
        return
    if "" in open_ and asked.tlp is not Tlp.RED:
        red = _names(one for one in others if one.copy.tlp == Tlp.RED)
        raise No(
            "tlp-red-named-only",
            reason=f"audience {red} has it as RED, which goes to named partners only, never to"
            " all; --everywhere marks it anew for both",
        )
    held = [one for one in moved if one.audience in open_]
    if held:
        raise No(
            "tlp-red-named-only",
            reason=f"audience {_names(held)} has it as {_said(held[0].marking)} and is everyone,"
            " who may not have RED; recall it first, or share a later version",
        )


def moved_to(place: Place, marking: Marking) -> str:
    """What a person is told of an audience that gets it under another marking."""
    return f"{place.audience} had it as {_said(place.marking)}, and has it as {_said(marking)} now"


def taken_from(place: Place, marking: Marking) -> str:
    """What a person is told of an audience that loses it, for the sake of who joined later."""
    return (
        f"{place.audience} had it as {_said(place.marking)}, and has it no more: some of its"
        f" members were not granted what was shared before; share it as {_said(marking)} with"
        f" {place.audience} again if all of them may have it"
    )


def _warnings(asked: Marking, marking: Marking, others: Sequence[Place]) -> Iterator[str]:
    if marking != asked:
        stricter = (one for one in others if _adds(one.marking, asked))
        had = "; ".join(
            dict.fromkeys(f"{one.audience} has {_said(one.marking)}" for one in stricter)
        )
        yield (
            f"{had}: the stricter counts, so it is {_said(marking)} here too, not {_said(asked)}"
            " (--everywhere puts yours in its place)"
        )


def _adds(one: Marking, asked: Marking) -> bool:
    """Whether a marking is stricter than another in some part."""
    one = _dated(one, asked.release_at)
    return strictest((one, asked)) != asked


def _names(found: Iterator[Place] | Sequence[Place]) -> str:
    return ", ".join(sorted({one.audience for one in found}))


def _said(marking: Marking) -> str:
    use = "" if marking.pap is Pap.CLEAR else f" {marking.pap.label}"
    until = f" until {marking.expires[:19]}" if marking.expires else ""
    return f"{marking.tlp.word}{use}{until}"
