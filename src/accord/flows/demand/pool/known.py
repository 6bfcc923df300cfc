"""Questions as this node knows them: each with the words that count, and how it stands.

Law (own word): what a partner says on a question counts if that partner sealed it, and for nobody
else. Who is a partner is the directory's to say.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from accord.core.errors import NotFound
from accord.demand.private.asking.facts import PoolWord
from accord.demand.private.asking.question import Question
from accord.demand.private.asking.refusals import Earlier
from accord.demand.private.asking.standing import Standing, standing
from accord.demand.private.asking.word import APPROVE
from accord.flows.demand.pool.port import Desk, StatedQuestion


class Known(msgspec.Struct, frozen=True):
    """A question, as this node knows it."""

    question: Question
    standing: Standing
    words: tuple[PoolWord, ...]
    """Those that count, in the order of their dates."""
    learned: str
    document: str
    """Digest."""

    def by(self, partner: str, word: str) -> PoolWord | None:
        """What a partner said, if it did."""
        return next((one for one in self.words if (one.partner, one.word) == (partner, word)), None)


def questions(desk: Desk) -> list[Known]:
    """Every question that counts, the newest first."""
    owner, now = desk.owner, desk.clock.now()
    members = [partner.name for partner in owner.directory.members()]
    stated = {one.question.id: one for one in desk.pool.questions() if _asked(one, owner.me)}
    words = sorted(
        (one.fact for one in desk.pool.words() if speaks(one.fact.partner, one.origins, owner.me)),
        key=lambda fact: (fact.at, fact.partner, fact.word, fact.commitment),
    )
    found = []
    for one in stated.values():
        said = tuple(
            fact for fact in words
            if fact.question == one.question.id and fact.partner in one.question.partners
        )  # fmt: skip
        how = standing(one.question, said, members, now)
        found.append(Known(one.question, how, said, one.learned, one.document))
    return sorted(found, key=lambda known: (known.question.at, known.question.id), reverse=True)


def one(desk: Desk, name: str) -> Known:
    """A question by its name or the beginning of one.

    Raises:
        NotFound: none, or several, begin so.
    """
    found = [known for known in questions(desk) if known.question.id.startswith(name)]
    if not name or not found:
        raise NotFound(f"no question {name[:80]!r}; `accord pool list` lists them")
    if len(found) > 1:
        raise NotFound(f"{len(found)} questions begin with {name[:80]!r}; give more of its name")
    return found[0]


def earlier(desk: Desk) -> Iterator[Earlier]:
    """The questions that this node knows of and that were answered, or may yet be.

    One that this node approved counts even where its asker took the statement back.
    """
    stated = {known.question.id: known for known in questions(desk)}
    for known in stated.values():
        if known.standing.counts:
            yield Earlier(known.question, max(known.question.at, known.learned))
    for part in desk.pool.parts():
        if part.question.id not in stated:
            yield Earlier(part.question, part.at)


def spent(desk: Desk) -> list[Earlier]:
    """Those that this node asked or approved: what they cost is its own."""
    me = desk.owner.me
    approved = {part.question.id for part in desk.pool.parts()}
    approved |= {known.question.id for known in questions(desk) if known.by(me, APPROVE)}
    return [
        each for each in earlier(desk) if each.question.asker == me or each.question.id in approved
    ]


def _asked(one: StatedQuestion, me: str) -> bool:
    return speaks(one.question.asker, one.origins, me)


def speaks(partner: str, origins: tuple[str, ...], me: str) -> bool:
    """Whether a partner itself is among those who sealed something."""
    return ("" if partner == me else partner) in origins
