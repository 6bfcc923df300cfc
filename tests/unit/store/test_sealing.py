"""Addresses at rest: sealed, found by a keyed hash, opened in their place alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.store.outreach.sealing import Locked, Vault, vault

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
PLACES = st.sampled_from(["mail", "telegram", "webhook", "report"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)


@given(PLACES, TEXTS)
def test_what_is_sealed_opens_with_its_key_and_in_its_place_alone(place: str, text: str) -> None:
    mine, other = Vault(KEY, os.urandom), Vault(OTHER, os.urandom)
    sealed = mine.seal(place, text)
    assert mine.open(place, sealed) == text
    assert mine.seal(place, text) != sealed
    with pytest.raises(Locked):
        other.open(place, sealed)
    with pytest.raises(Locked):
        mine.open(f"{place}x", sealed)


@given(TEXTS, st.integers(0, 10_000), st.sampled_from("ABCxyz_-0"))
def test_what_was_changed_does_not_open(text: str, at: int, by: str) -> None:
    mine = Vault(KEY, os.urandom)
    sealed = mine.seal("mail", text)
    place = len("sealed:") + at % 16
    changed = sealed[:place] + by + sealed[place + 1 :]
    if changed != sealed:
        with pytest.raises(Locked):
            mine.open("mail", changed)


@given(PLACES, PLACES, TEXTS, TEXTS)
def test_names_are_equal_where_place_and_address_are(
    one: str, other: str, first: str, second: str
) -> None:
    mine = Vault(KEY, os.urandom)
    same = (one, first) == (other, second)
    assert (mine.name(one, first) == mine.name(other, second)) == same
    assert mine.name(one, first) != Vault(OTHER, os.urandom).name(one, first)


@pytest.mark.parametrize("text", ["sealed:", "sealed:AAAA", "ana@example.org", "sealed:\u00fc"])
def test_what_was_never_sealed_does_not_open(text: str) -> None:
    with pytest.raises(Locked):
        Vault(KEY, os.urandom).open("mail", text)


def test_nothing_stays_nothing() -> None:
    mine = Vault(KEY, os.urandom)
    assert mine.seal("mail", "") == mine.open("mail", "") == ""


def test_the_key_is_made_once_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "addresses.key"
    sealed = vault(file, os.urandom).seal("mail", "ana@example.org")
    assert vault(file, os.urandom).open("mail", sealed) == "ana@example.org"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [one.name for one in file.parent.iterdir()] == ["addresses.key"]


def test_a_broken_key_is_told(tmp_path: Path) -> None:
    file = tmp_path / "addresses.key"
    file.write_bytes(b"short")
    with pytest.raises(Locked, match="5 bytes"):
        vault(file, os.urandom)
    with pytest.raises(Locked, match="cannot use"):
        vault(tmp_path / "addresses.key" / "x", os.urandom)
