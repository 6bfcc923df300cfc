"""How a question stands, from what its partners said.

Law (all): nothing is computed before every partner approved, and nothing is opened before every
partner released.
Law (final): what one partner declined or ended stays so, whatever is said later, in any order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

import msgspec

from accord.demand.private.asking.facts import PoolWord
from accord.demand.private.asking.question import Question
from accord.demand.private.asking.word import APPROVE, DECLINE, END, RELEASE

PROPOSED: Final = "proposed"
APPROVED: Final = "approved"
RELEASING: Final = "releasing"
RELEASED: Final = "released"
DECLINED: Final = "declined"
ENDED: Final = "ended"


class Standing(msgspec.Struct, frozen=True):
    """How a question stands."""

    state: str
    """`proposed`, `approved`, `releasing`, `released`, `declined` or `ended`."""
    why: str = ""
    """Of what was declined or ended."""
    waits_for: tuple[str, ...] = ()
    """The partners whose word is missing for the next state."""
    opened: bool = False
    """Whether every partner released: the answer may be known, whatever was said besides."""

    @property
    def counts(self) -> bool:
        """Whether it was answered, or may yet be: what is asked next is compared with it."""
        return self.opened or self.state not in {DECLINED, ENDED}


def standing(
    question: Question, words: Iterable[PoolWord], members: Collection[str], now: str
) -> Standing:
    """How a question stands; `words` are those that count as their partners' own.

    `members` are the partners of the directory today. What a partner said after the deadline
    neither approves nor releases.
    """
    said = [
        one for one in words if one.question == question.id and one.partner in question.partners
    ]
    ready = _who(said, APPROVE, question.deadline)
    open_ = _who(said, RELEASE, question.deadline) if ready >= set(question.partners) else set()
    opened = open_ >= set(question.partners)
    ended = _ended(question, said, members, now, opened=opened)
    if ended:
        return ended
    if opened:
        return Standing(RELEASED, opened=True)
    if ready < set(question.partners):
        return Standing(PROPOSED, waits_for=_missing(question, ready))
    return Standing(RELEASING if open_ else APPROVED, waits_for=_missing(question, open_))


def _who(said: Sequence[PoolWord], word: str, deadline: str) -> set[str]:
    return {one.partner for one in said if one.word == word and one.at <= deadline}


def _missing(question: Question, there: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in question.partners if name not in there)


def _ended(
    question: Question, said: Sequence[PoolWord], members: Collection[str], now: str, *,
    opened: bool,
) -> Standing | None:  # fmt: skip
    """Why nothing comes of it any more, if so."""
    for word, state in ((DECLINE, DECLINED), (END, ENDED)):
        ends = [one for one in said if one.word == word]
        if ends:
            first = min(ends, key=lambda one: (one.at, one.partner))
            return Standing(state, f"{first.partner}: {first.why}", opened=opened)
    commitments: dict[str, str] = {}
    for one in said:
        if one.word == APPROVE and commitments.setdefault(one.partner, one.commitment) != (
            one.commitment
        ):
            why = f"{one.partner} approved it twice, with different chance"
            return Standing(ENDED, why, opened=opened)
    if opened:
        return None
    gone = _gone(question, members)
    if gone:
        return Standing(ENDED, f"{' and '.join(gone)} left the partnership")
    if now > question.deadline:
        return Standing(ENDED, f"the deadline passed on {question.deadline[:16]}Z")
    return None


def _gone(question: Question, members: Collection[str]) -> list[str]:
    return [name for name in question.partners if name not in members]
