"""What everybody released, opened on this node: from the shares that their own partners stated.

Law (own share): a share counts from the partner that it names, and from nobody else; two different
ones of one partner open nothing.
"""

from __future__ import annotations

from hashlib import sha256

from accord.core.errors import Invalid
from accord.demand.private.asking import share as shares
from accord.demand.private.asking.facts import PoolShare
from accord.demand.private.asking.question import COMMON, Question
from accord.demand.private.errors import Inconsistent
from accord.demand.private.shape import COMPUTING
from accord.flows.demand.pool import known
from accord.flows.demand.pool.port import Compute, Desk, Part


def part(desk: Desk, question: Question) -> Part:
    """The own part of this node in a question.

    Raises:
        Invalid: it has none.
    """
    found = next((one for one in desk.pool.parts() if one.question.id == question.id), None)
    if found is None:
        raise Invalid(f"{desk.owner.me} has no part in {question.id}")
    return found


def givers(question: Question) -> tuple[str, ...]:
    """The partners whose shares open the answer together."""
    return question.partners[:COMPUTING] if question.kind == COMMON else question.partners


def missing(desk: Desk, question: Question) -> tuple[str, ...]:
    """Those of them whose share has not arrived."""
    found = stated(desk, question)
    return tuple(partner for partner in givers(question) if partner not in found)


def stated(desk: Desk, question: Question) -> dict[str, tuple[PoolShare, str]]:
    """The shares that their own partners stated, with their documents; two of one are none."""
    found: dict[str, set[tuple[PoolShare, str]]] = {}
    for one in desk.pool.shares(question.id):
        if known.speaks(one.fact.partner, one.origins, desk.owner.me):
            found.setdefault(one.fact.partner, set()).add((one.fact, one.document))
    for partner, several in found.items():
        if len(several) > 1:
            raise Inconsistent(
                f"{partner} stated {len(several)} different shares of {question.id}; nothing was"
                " opened. Ask the question again"
            )
    return {partner: next(iter(several)) for partner, several in found.items()}


def shown(desk: Desk, question: Question) -> list[tuple[PoolShare, bytes]]:
    """Every share with what it shows, in the order of the partners; all have arrived."""
    found = stated(desk, question)
    every = [found[partner] for partner in givers(question)]
    return [(fact, shares.part(desk.holdings.body(document))) for fact, document in every]


def digests(desk: Desk, question: Question, compute: Compute) -> list[tuple[bytes, str]]:
    """What came out of a `common` question, in one order for all, with the names of own items.

    Raises:
        Invalid: it was not computed here, or a share has not arrived.
        Inconsistent: the shares give no possible answer.
    """
    own = part(desk, question)
    if own.sealed is None:
        raise Invalid(f"{question.id} was not computed here: its own items cannot be known again")
    if waits := missing(desk, question):
        raise Invalid(f"{question.id} waits for the share of {', '.join(waits)}")
    stated_ = shown(desk, question)
    parts = [shown_ for _, shown_ in stated_]
    for place, (fact, _) in enumerate(stated_):
        after, follows = stated_[(place + 1) % len(stated_)]
        if sha256(follows).hexdigest() != fact.other:
            raise Inconsistent(
                f"{fact.partner} and {after.partner} hold different copies of one share: one of"
                " them changed it. Nothing was opened; ask the question again"
            )
    found = sorted(compute.opened(question, parts))
    names = compute.named(own.sealed, found)
    return [(digest, names.get(digest, "")) for digest in found]
