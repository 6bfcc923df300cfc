"""Addresses carry any name, and give it back."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st

from accord.web.asked import read
from accord.web.links import Links, parted, segment


@given(st.text(max_size=40))
def test_round_trip(name: str) -> None:
    """The name that a page reads from its address is the name that the link was made of."""
    address = Links("2026-03-14").operator(name)
    if not address:
        assert not name or re.search(r"[\x00-\x1f\x7f-\x9f]", name)
        return
    path, _, query = address.partition("?")
    asked = read(path, query, ())
    assert (asked.stem, asked.name, asked.form) == ("/operators", name, "html")
    path, _, query = asked.here("json").partition("?")
    data = read(path, query, ())
    assert (data.stem, data.name, data.form) == ("/operators", name, "json")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_no_segment_is_shortened_by_a_browser(name: str) -> None:
    quoted = segment(name)
    assert "/" not in quoted
    assert quoted.lower().replace("%2e", ".") not in (".", "..")
    assert parted(quoted)[1] == "html" if name else True


@given(st.text(max_size=30), st.text(max_size=30))
def test_queries_round_trip(name: str, release: str) -> None:
    address = Links().product(name, release)
    if address:
        found = dict(parse_qsl(address.partition("?")[2]))
        assert found.get("name") == name
        assert found.get("release", "") == release
