"""Exposures are chosen by facets that say what they would leave."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from work import calls

from accord.core.errors import Invalid
from accord.flows.exposures import Filters
from accord.flows.listing import FACETS, Choice, choose
from accord.supply.matching.exposures import OPEN, Exposure


def _one(number: int, **changes: object) -> Exposure:
    values: dict[str, Any] = {
        "id": f"{number:012x}", "operator": f"Operator {number % 300}", "country": "IN",
        "sector": ("energy", "water")[number % 2], "site": "", "supplier": f"Maker {number % 999}",
        "product": "P", "release": "1", "component": "c", "version": "1", "purl": "", "cpe": "",
        "advisory": f"CVE-2026-{number % 5000:04}", "aliases": (), "advisories": (), "title": "",
        "fixed": (), "status": ("exposed", "candidate", "fixed")[number % 3],
        "decision": ("act", "track*")[number % 2], "urgency": "defer",
        "known_exploited": number % 5 == 0, "known_exploited_since": "", "ransomware": False,
        "exploited_by": (), "sightings": 0, "severity": "", "score": None, "epss": None,
        "assumed": (), "first_seen": "2026-01-01", "candidate": "",
    }  # fmt: skip
    return Exposure(**(values | changes))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Grid", "grid", "Grid North", "", "Water"]),
            st.sampled_from(["exposed", "under_investigation", "candidate", "fixed"]),
            st.booleans(),
        ),
        max_size=30,
    ),
    st.sampled_from(["", "grid", "Grid North"]),
    st.sampled_from(["", "exposed", "candidate"]),
    st.sampled_from(["", "yes", "no"]),
)
def test_counts(made: list[tuple[str, str, bool]], operator: str, status: str, known: str) -> None:
    """Choosing a value leaves exactly the number of rows that stands beside it."""
    everything = [
        _one(n, operator=o, status=s, known_exploited=k) for n, (o, s, k) in enumerate(made)
    ]
    choice = Choice(operator=operator, status=status, known_exploited=known)
    found = choose(everything, choice)
    kept = [one for one in everything if choice.keep(one)]
    assert found.rows == [one for one in kept if status or one.status in OPEN]
    assert [f.name for f in found.facets] == list(FACETS)
    for facet in found.facets:
        for value in facet.values:
            after = msgspec.structs.replace(choice, **{facet.name: value.value})
            assert len(choose(everything, after).rows) == value.count
        without = msgspec.structs.replace(choice, **{facet.name: ""})
        assert len(choose(everything, without).rows) == facet.any
    if not status:
        assert len(found.rows) + len(found.candidates) + found.closed == len(kept)


def test_filters_of_the_command_are_those_of_the_page() -> None:
    assert set(Filters.__struct_fields__) < set(Choice.__struct_fields__)
    with pytest.raises(Invalid, match="act, attend"):
        choose([], Choice(decision="now"))


def test_to_choose_from_a_long_list_costs_no_more_than_its_length() -> None:
    choice = Choice(operator="operator 2", decision="track*", supplier="maker")

    def work(many: int) -> int:
        everything = [_one(number) for number in range(many)]
        return calls(lambda: choose(everything, choice))

    assert work(4_000) < 5 * work(1_000)
