"""Which questions are refused, since an earlier answer and theirs together would tell too much.

Law (subtraction): of two questions that both count within a period and share a partner, kind and
items, the second is refused: whatever differs between them, the difference of the answers tells of
few partners, or of one.
Law (both sides): it does not matter which of the two came first.
Law (budget): what the questions of a period cost is never more than the budget.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from accord.core.times import when
from accord.demand.private.asking.question import COST, Question
from accord.demand.private.errors import NotAsked

PERIOD: Final = timedelta(days=365)
BUDGET: Final = 12
"""Questions of a period, unless a node says otherwise."""
LEAST: Final = 3
"""Of so many partners one is the asker, and two are left: of two, the other one would be known."""


class Earlier(msgspec.Struct, frozen=True):
    """A question that was answered, or may yet be."""

    question: Question
    at: str
    """`when()` it was asked or came to be known here, whichever is later."""


def begins(now: str) -> str:
    """`when()` the period began that ends now."""
    return when((datetime.fromisoformat(now) - PERIOD).isoformat())


def refuse(question: Question, earlier: Iterable[Earlier], now: str) -> None:
    """Return only if the answer tells no more than it says.

    Raises:
        NotAsked: it would; the text names the earlier question, and why.
    """
    if question.least < LEAST:
        raise NotAsked(
            "threshold",
            f"with k = {question.least}, whoever holds an item would learn of a single other"
            f" partner: take at least {LEAST}",
        )
    start = begins(now)
    for one in earlier:
        if one.at > start and one.question.id != question.id:
            _refuse_beside(question, one)


def refuse_over(budget: int, spent: Iterable[Earlier], question: Question, now: str) -> None:
    """Return only if a node's budget has room for one more question.

    Raises:
        NotAsked: it is spent.
    """
    start = begins(now)
    counted = [one for one in spent if one.at > start and one.question.id != question.id]
    if (len(counted) + 1) * COST > budget:
        first = min(counted, key=lambda one: one.at, default=None)
        until = f", the first of them {first.question.id} on {first.at[:10]}" if first else ""
        raise NotAsked(
            "budget",
            f"the budget of this node is {budget} questions in {PERIOD.days} days, and"
            f" {len(counted)} are spent{until}. Wait until one of them is that old",
            first.question.id if first else "",
        )


def _refuse_beside(question: Question, one: Earlier) -> None:
    """Refuse what can be subtracted from an earlier question, or the other way round."""
    before = one.question
    mine, theirs = set(question.partners), set(before.partners)
    alike = (question.kind, question.items) == (before.kind, before.items)
    if not alike or not mine & theirs:
        return
    about = f"{before.id} of {one.at[:10]} asked the same"
    if mine != theirs:
        differ = " and ".join(sorted(mine ^ theirs))
        raise NotAsked(
            "others",
            f"{about} of other partners: the two answers, one subtracted from the other, tell what"
            f" {differ} alone holds or does not. Ask the same partners again after the period",
            before.id,
        )
    if (question.least, question.agencies) != (before.least, before.agencies):
        raise NotAsked(
            "other-threshold",
            f"{about} with k = {before.least} and q = {before.agencies}: the two answers, one"
            " subtracted from the other, tell how many exactly hold an item, and so nearly who",
            before.id,
        )
    raise NotAsked(
        "repeat",
        f"{about} of the same partners: the difference tells what one of them began or ceased to"
        f" hold in between. Ask again {PERIOD.days} days after it",
        before.id,
    )
