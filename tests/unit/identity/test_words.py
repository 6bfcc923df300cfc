"""Digests as words."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.errors import Invalid
from accord.identity.words import COUNT, WORDS, same, unknown, words

digests = st.binary(min_size=32, max_size=32)


@given(digest=digests, other=digests, place=st.integers(0, COUNT - 1))
def test_words(digest: bytes, other: bytes, place: int) -> None:
    """`same(words(d), e)` exactly where the first 128 bits of d and e are equal."""
    said = words(digest)
    assert same(said, digest)
    assert same(said, digest.hex())
    assert same(said, other) == (digest[:COUNT] == other[:COUNT])
    changed = bytearray(digest)
    changed[place] ^= 1
    assert not same(said, bytes(changed))
    assert not same(" ".join(said.split("-")[:-1]), digest)
    assert not same(f"{said} acorn", digest)


@given(digest=digests)
def test_case_and_what_stands_between_do_not_matter(digest: bytes) -> None:
    said = words(digest).upper().replace("-", ", ")
    assert same(f"\n {said.replace('  ', ' ; ')} .", digest)


def test_the_words_are_easily_told_apart() -> None:
    assert len(set(WORDS)) == 256
    assert all(word.isascii() and word.islower() and 3 < len(word) < 9 for word in WORDS)
    assert min(_distance(one, other) for one, other in combinations(WORDS, 2)) == 3


def _distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row = row, [i]
        for j, b in enumerate(other, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
    return row[-1]


def test_a_slip_is_named() -> None:
    assert unknown("acorn-Album almund") == ("almund",)


def test_too_short_for_a_digest() -> None:
    for short in (b"x" * 15, "00" * 15, "no digits"):
        with pytest.raises(Invalid):
            words(short)
