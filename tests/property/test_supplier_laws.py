"""Suppliers are one through an identifier or a reviewed name, and through nothing else."""

from __future__ import annotations

import demand_lists as lists
from hypothesis import given
from hypothesis import strategies as st

from accord.demand.contracts.facts import SupplierName
from accord.demand.suppliers import items, names
from accord.demand.suppliers.proposals import proposals
from accord.demand.suppliers.resolving import Said, resolve

_LEIS = [lists.lei(stem) for stem in ("ONE", "TWO")]
_NUMBERS = ["AU-ABN:1", "AU-ABN:2", "JP-CN:1"]
_DOMAINS = ["a.example", "b.example", "c.example"]
_NAMES = ["Grid View", "Gridview Ltd", "Indus", "Indus Works", "INDUS PVT LTD"]
_maybe = {
    "lei": st.sampled_from(["", "", *_LEIS]),
    "registry": st.sampled_from(["", "", *_NUMBERS]),
    "domain": st.sampled_from(["", *_DOMAINS]),
    "cpe": st.sampled_from(["", "", "v", "w"]),
}
_said = st.builds(Said, name=st.sampled_from(_NAMES), **_maybe)
_entities = st.sampled_from(["Grid View", "Indus", "Third", f"lei:{_LEIS[0]}", "domain:a.example"])
_facts = st.one_of(
    st.builds(SupplierName, entity=_entities, kind=st.just("name"), value=st.sampled_from(_NAMES)),
    st.builds(SupplierName, entity=_entities, kind=st.just("lei"), value=st.sampled_from(_LEIS)),
    st.builds(
        SupplierName, entity=_entities, kind=st.just("domain"), value=st.sampled_from(_DOMAINS)
    ),
)
_rows = st.lists(_said, max_size=8)
_table = st.lists(_facts, max_size=6)


@given(_rows, _table, st.randoms(use_true_random=False))
def test_order(rows: list[Said], table: list[SupplierName], chance: object) -> None:
    first = resolve(rows, table)
    mixed, other = list(rows), list(table)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    chance.shuffle(other)  # type: ignore[attr-defined]
    assert resolve(mixed, other) == first


@given(_rows, _table)
def test_again(rows: list[Said], table: list[SupplierName]) -> None:
    first = resolve(rows, table)
    assert resolve([*rows, *rows], [*table, *table]) == first


@given(_rows, _table)
def test_nothing_is_lost(rows: list[Said], table: list[SupplierName]) -> None:
    found = resolve(rows, table)
    assert set(found.said) == set(rows)
    for row, (key, _) in found.said.items():
        entity = found.entities[key]
        assert set(row.identifiers) <= set(entity.identifiers)
        assert row.name in entity.names


@given(_rows, _table)
def test_apart(rows: list[Said], table: list[SupplierName]) -> None:
    """An alias or a weaker identifier never joins what identifiers keep apart."""
    found = resolve(rows, table)
    for entity in found.entities.values():
        leis = [one for one in entity.identifiers if one.startswith("lei:")]
        numbers = [one for one in entity.identifiers if one.startswith("registry:AU-ABN:")]
        assert len(leis) <= 1
        # Under one LEI two numbers are told, and stay one.
        assert len(numbers) <= 1 or leis
        for number in numbers if len(numbers) > 1 else ():
            assert any(number in one.by for one in found.contradictions)


@given(_rows)
def test_one_lei_is_one_supplier(rows: list[Said]) -> None:
    found = resolve(rows, ())
    for value in _LEIS:
        assert len({found.said[row][0] for row in rows if row.lei == value}) <= 1


@given(_rows)
def test_without_a_table_names_alone_join_only_what_has_nothing_else(rows: list[Said]) -> None:
    found = resolve(rows, ())
    for row in rows:
        if not row.identifiers:
            assert found.said[row] == (f"name:{names.canonical(row.name)}", "name")


@given(_rows, _table)
def test_proposals(rows: list[Said], table: list[SupplierName]) -> None:
    found = resolve(rows, table)
    before = dict(found.entities)
    made = proposals(found.entities.values())
    assert found.entities == before
    assert made == proposals(reversed(list(found.entities.values())))
    for one in made:
        assert {one.one, one.other} <= set(found.entities)
        assert one.one < one.other


@given(_said, _said)
def test_meeting(one: Said, other: Said) -> None:
    """Two nodes that know an identifier in common have an item in common."""
    (mine,) = resolve([one], ()).entities.values()
    (theirs,) = resolve([other], ()).entities.values()
    if set(one.identifiers) & set(other.identifiers):
        assert set(items.of_supplier(mine)) & set(items.of_supplier(theirs))


@given(st.text(max_size=40))
def test_spelling(text: str) -> None:
    canonical = names.canonical(text)
    assert names.canonical(canonical) == canonical
    assert names.canonical(f"  {text}  ") == canonical


def test_numbers_of_one_register_that_one_lei_has_both_bring_their_rows_together() -> None:
    rows = [
        Said("A", lei=_LEIS[0], registry=_NUMBERS[0]),
        Said("A", lei=_LEIS[0], registry=_NUMBERS[1]),
        Said("A", registry=_NUMBERS[0], cpe="v"), Said("A", registry=_NUMBERS[0]),
        Said("A", registry=_NUMBERS[1]),
    ]  # fmt: skip
    found = resolve(rows, ())
    assert {key for key, _ in found.said.values()} == {f"lei:{_LEIS[0]}"}
    (told,) = found.contradictions
    assert told.by == ("registry:AU-ABN:1", "registry:AU-ABN:2")
