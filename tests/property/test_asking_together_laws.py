"""The laws of how a question stands: all must agree, and what is ended stays ended."""

from __future__ import annotations

from asking_made import AFTER, AT, DEADLINE, NAMES, question, said
from hypothesis import given
from hypothesis import strategies as st

from accord.demand.private.asking.facts import PoolWord
from accord.demand.private.asking.standing import (
    APPROVED,
    DECLINED,
    ENDED,
    PROPOSED,
    RELEASED,
    RELEASING,
    Standing,
    standing,
)
from accord.demand.private.asking.word import APPROVE, DECLINE, END, RELEASE, WORDS, commitment

ASKED = question()
APPROVALS = [said(ASKED, name, APPROVE) for name in NAMES]
RELEASES = [said(ASKED, name, RELEASE) for name in NAMES]
some_words = st.lists(
    st.builds(
        lambda who, what, at: said(ASKED, who, what, at=at),
        st.sampled_from((*NAMES, "stranger")),
        st.sampled_from(WORDS),
        st.sampled_from((AT, DEADLINE, AFTER)),
    ),
    max_size=12,
)


def stands(words: list[PoolWord], now: str = AT) -> Standing:
    return standing(ASKED, words, NAMES, now)


@given(some_words, st.randoms(use_true_random=False))
def test_the_order_of_words_does_not_count(words: list[PoolWord], chance: st.DataObject) -> None:
    shuffled = words[:]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert stands(words) == stands(shuffled) == stands(words + words)


@given(some_words)
def test_all(words: list[PoolWord]) -> None:
    """Whoever is missing among those that approved keeps it from being computed or opened."""
    found = stands(words)
    for needed, states in ((APPROVE, {APPROVED, RELEASING, RELEASED}), (RELEASE, {RELEASED})):
        there = {one.partner for one in words if one.word == needed and one.at <= DEADLINE}
        if not there >= set(NAMES):
            assert found.state not in states
            assert not found.opened


@given(some_words, some_words)
def test_final(words: list[PoolWord], later: list[PoolWord]) -> None:
    if any(one.word in {DECLINE, END} and one.partner in NAMES for one in words):
        assert stands(words).state in {DECLINED, ENDED}
        assert stands(words + later).state in {DECLINED, ENDED}
    if stands(words).opened:
        assert stands(words + later).counts


def test_from_proposed_to_released() -> None:
    assert stands([]) == Standing(PROPOSED, waits_for=NAMES)
    assert stands(APPROVALS[:3]).waits_for == ("united-states",)
    assert stands(APPROVALS).state == APPROVED
    assert stands(APPROVALS + RELEASES[:2]).state == RELEASING
    assert stands(APPROVALS + RELEASES).state == RELEASED
    assert stands(RELEASES).state == PROPOSED
    assert stands(APPROVALS + RELEASES, AFTER).state == RELEASED


def test_a_passed_deadline_ends_it_with_its_reason() -> None:
    for words in ([], APPROVALS, APPROVALS + RELEASES[:3]):
        found = stands(words, AFTER)
        assert (found.state, found.why) == (ENDED, "the deadline passed on 2026-04-01T00:00Z")
        assert not found.counts


def test_a_partner_that_left_or_that_approved_twice_ends_it() -> None:
    found = standing(ASKED, APPROVALS, NAMES[:3], AT)
    assert (found.state, found.why) == (ENDED, "united-states left the partnership")
    other = commitment(ASKED.id, "japan", bytes(31) + b"\x01")
    found = stands([*APPROVALS, said(ASKED, "japan", APPROVE, commitment=other)])
    assert (found.state, found.counts) == (ENDED, False)


def test_what_was_opened_counts_whatever_is_said_afterwards() -> None:
    found = stands([*APPROVALS, *RELEASES, said(ASKED, "japan", DECLINE)])
    assert (found.state, found.counts) == (DECLINED, True)
    assert not stands([*APPROVALS, said(ASKED, "japan", DECLINE)]).counts
