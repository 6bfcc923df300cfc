"""Bounds on the nesting of JSON, counted without decoding it."""

from __future__ import annotations

import itertools
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core import json
from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.limits import Limits

TEXTS = st.text(alphabet='[]{}"\\a\n\u00e9', max_size=6)
VALUES = st.recursive(
    st.none() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=40,
)


def depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


def refused(data: bytes, limit: int) -> bool:
    try:
        json.check(data, Limits(depth=limit))
    except TooLarge:
        return True
    return False


@given(VALUES, st.integers(0, 20))
def test_a_document_is_refused_exactly_when_it_nests_past_the_limit(value: object, n: int) -> None:
    wrapped = value
    for turn in range(n):
        wrapped = [wrapped] if turn % 2 else {"[": wrapped, "]": "}"}
    data = msgspec.json.encode(wrapped)
    deep = depth(wrapped)
    assert not refused(data, deep)
    assert deep == 0 or refused(data, deep - 1)


@given(VALUES, st.integers(1, 7))
def test_where_the_text_is_cut_into_chunks_does_not_matter(value: object, size: int) -> None:
    data = msgspec.json.encode(value)
    whole = b"".join(json._structure(data))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json, "_CHUNK", size)
        assert b"".join(json._structure(data)) == whole
        assert not refused(data, depth(value))
        assert depth(value) == 0 or refused(data, depth(value) - 1)


def test_every_short_text_with_escapes_keeps_its_brackets() -> None:
    tokens = re.compile(rb'[\[\]]|"(?:[^"\\]|\\.)*"', re.DOTALL)
    for letters in itertools.product(b'[]"\\', repeat=6):
        data = b'["' + bytes(letters) + b'"]'
        try:
            json.decode(data)
        except Invalid:
            continue
        expected = b"".join(t for t in tokens.findall(data) if t in b"[]")
        assert b"".join(json._structure(data)) == expected, data


def test_the_place_is_where_the_limit_is_passed() -> None:
    with pytest.raises(TooLarge, match="byte 7: nested more than 2 deep"):
        json.check(b'[["[", [1]]]', Limits(depth=2))


@pytest.mark.parametrize("unit", [b"[" * 199 + b"]" * 199 + b",", b'["[",{}],', b"\\", b'"', b"["])
def test_what_is_made_to_be_slow_gets_the_answer_of_the_oracle(unit: bytes) -> None:
    data = b"[" + unit * (4_000_000 // len(unit)) + b"1]"
    refused(data, 200)


def test_a_wide_document_of_allowed_depth_is_taken() -> None:
    data = b"[" + b"[" * 199 + (b'"]"' + b"]" * 199 + b"," + b"[" * 199) * 500 + b"1" + b"]" * 200
    json.check(data)
    with pytest.raises(TooLarge):
        json.check(b"[" + data + b"]")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (rb'{"a":"x\ud800y"}', r"half of a surrogate pair, \ud800, at byte 7"),
        (rb'{"a":"\udc00"}', r"half of a surrogate pair, \udc00, at byte 6"),
        (rb'{"a":"\\\\\ud83d\ude00","b":"\uD83D\uD83D\uDE00"}', r"\uD83D, at byte 29"),
        (b'{"a":"\xed\xa0\x80"}', "byte 6 (0xed) is not UTF-8"),
        (b'["\xff"]', "byte 2 (0xff) is not UTF-8"),
    ],
)
def test_what_is_no_text_is_told_with_its_place(data: bytes, told: str) -> None:
    for read in (json.decode, json.decode_strict, lambda one: json.decode_as(object, one)):
        with pytest.raises(Unreadable) as wrong:
            read(data)
        assert told in str(wrong.value)


@pytest.mark.parametrize("data", [rb'["\ud83d\ude00"]', rb'["\\ud800"]', rb'["\\\\ud800"]'])
def test_pairs_and_what_only_looks_like_an_escape_are_text(data: bytes) -> None:
    assert json.decode_strict(data)
    assert json._no_text(data) == ""
