"""Whose word made what was seen: the law over made-up indicators of several givers."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from accord.exchange.hunting.sightings import observables
from accord.exchange.hunting.words import Word, makers, word

ME, OTHERS = "australia", ("india", "japan")
NAMES = tuple(f"{letter}.example" for letter in "abcd")
LIKE = "[domain-name:value LIKE '%.example']"
SEEN = {name: str(observables("domain", name)[0]["id"]) for name in NAMES}

patterns = st.one_of(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True).map(
        lambda names: " OR ".join(f"[domain-name:value = '{one}']" for one in names)
    ),
    st.just(LIKE),
)
words = st.lists(st.tuples(st.sampled_from((ME, *OTHERS)), patterns), min_size=1, max_size=5).map(
    lambda said: [_word(n, *one) for n, one in enumerate(said)]
)
values = st.sets(st.sampled_from(NAMES), max_size=3)


def _word(number: int, origin: str, pattern: str) -> Word:
    body = {"type": "indicator", "pattern": pattern, "pattern_type": "stix"}
    return word(f"{number}", origin, json.dumps(body).encode())


def names(one: Word) -> set[str]:
    """What a pattern names, read by this test."""
    return {name for name in NAMES if f"'{name}'" in one.pattern}


def newest(every: list[Word], origin: str, seen: set[str]) -> set[str]:
    """The names of a giver's versions that may have made it, by the law in plain words."""
    own = [one for one in every if one.origin == origin]
    whole = [one for one in own if seen and seen <= names(one)]
    made = whole[:1] or [one for one in own if names(one) & seen or one.pattern == LIKE]
    return {one.name for one in made}


@settings(max_examples=300)
@given(words, values, st.booleans())
def test_makers(every: list[Word], seen: set[str], told: bool) -> None:  # noqa: FBT001 - drawn
    """As strict as every giver who may have made it; our own word covers what it names alone."""
    found = {one.name for one in makers(every, {SEEN[one] for one in seen}, ME, told=told)}
    by_name = {one.name: one for one in every}
    assert found
    assert found <= by_name.keys()
    own = [one for one in every if one.origin == ME]
    covering = next((one for one in own if seen and seen <= names(one)), None)
    if covering is None and not seen and own:
        covering = own[0]
    for origin in OTHERS:
        theirs = {one for one in found if by_name[one].origin == origin}
        if covering is None:
            assert theirs >= newest(every, origin, seen)
        elif not told:
            assert not theirs
        else:
            # How often and when may be more than what our own looks for.
            more = {
                one.name
                for one in every
                if one.origin == origin
                and one.pattern != covering.pattern
                and (one.pattern == LIKE or not seen)
            }
            assert theirs == more
    if covering is not None:
        assert covering.name in found


def test_what_nobody_is_known_to_name_counts_for_everybody() -> None:
    every = [_word(n, who, "[domain-name:value = 'a.example']") for n, who in enumerate(OTHERS)]
    assert makers(every, {SEEN["b.example"]}, ME, told=False) == every


def test_what_cannot_be_read_may_have_made_it() -> None:
    broken = word("x", "india", b"{")
    plain = _word(1, "japan", "[domain-name:value = 'a.example']")
    assert broken in makers([broken, plain], {SEEN["a.example"]}, ME, told=False)
