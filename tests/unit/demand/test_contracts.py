"""Lists that people keep become facts; what is wrong is refused with its place."""

from __future__ import annotations

import demand_lists as lists
import pytest

from accord.core.errors import Invalid, Unreadable
from accord.core.reading import NotEvaluated
from accord.demand.contracts import contracts, rates, records, suppliers
from accord.demand.contracts.facts import Contract, Rate, Revenue, SupplierName
from accord.demand.contracts.templates import TEMPLATES
from accord.flows.read import READERS
from accord.flows.recognise import recognise

_LEI = lists.lei("GRID")
_ROW = f"A-1,Grid Ltd,{_LEI},,grid.example,grid,SCADA,Ministry,1200.50,AUD"


def _csv(*rows: str, head: str = lists.HEAD) -> bytes:
    return "\n".join((head, *rows, "")).encode()


def test_a_row_becomes_a_contract() -> None:
    (fact,) = contracts.read_csv(_csv(_ROW)).facts
    assert fact == Contract(
        contract="A-1", supplier="Grid Ltd", lei=_LEI, domain="grid.example", cpe_vendor="grid",
        product="SCADA", agency="Ministry", spend="1200.5", currency="AUD", place="line 2",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("spend", "1,200", "digits and a point"),
        ("spend", "-5", "digits and a point"),
        ("spend", "1e9", "digits and a point"),
        ("spend", "1200 AUD", "digits and a point"),
        ("spend", "0.005", "AUD has 2"),
        ("currency", "XYZ", "ISO 4217"),
        ("currency", "", "without a currency"),
        ("lei", _LEI[:-1] + str((int(_LEI[-1]) + 1) % 10), "check digit"),
        ("lei", "12", "18 letters"),
        ("lei", "1", "18 letters"),
        ("registry", "AU-ABN:51824753557", "check digit"),
        ("registry", "51824753556", "the register and the number"),
        ("domain", "localhost", "no domain"),
        ("cpe vendor", "*", "no vendor"),
        ("starts", "31.01.2026", "not a date"),
        ("ends", "2026-02-30", "not a date"),
        ("ends", "2019-12-31", "before it starts"),
        ("notice", "2029-01-01", "after its end"),
        ("impact", "severe", "mission impact"),
        ("supplier", "", "no supplier"),
        ("supplier", "N/A", "names nobody"),
        ("agency", "", "no agency"),
    ],
)
def test_a_bad_cell_is_refused_with_line_and_column(column: str, value: str, told: str) -> None:
    good = lists.contract(
        "A-1", "Grid", spend="1", currency="AUD", starts="2020-01-01", ends="2028-01-01",
        **{"lei": "", "registry": "", "domain": "", "cpe vendor": "", "notice": "", "impact": ""},
    )  # fmt: skip
    bad = {**good, "contract": "A-2", column: value}
    names = list(good)
    rows = (",".join(f'"{row[name]}"' for name in names) for row in (good, bad))
    made = contracts.read_csv(_csv(*rows, head=",".join(names)))
    assert [fact.contract for fact in made.facts if isinstance(fact, Contract)] == ["A-1"]
    (refused,) = made.refused
    assert told in refused.reason
    at = "spend" if told == "without a currency" else column
    assert refused.place == f"line 3, column {names.index(at) + 1}"


def test_every_bad_cell_of_a_row_is_told() -> None:
    made = contracts.read_csv(_csv("A-1,Grid,1,,x,,,Ministry,many,AUD"))
    assert [one.place for one in made.refused] == [
        "line 2, column 3", "line 2, column 5", "line 2, column 9",
    ]  # fmt: skip
    assert not made.facts


def test_unknown_columns_are_told_and_cost_nothing() -> None:
    made = contracts.read_csv(_csv(_ROW + ",red", head=lists.HEAD + ",colour"))
    assert len(made.facts) == 1
    assert made.not_evaluated == [NotEvaluated("line 1, column 11", "unknown column", "colour")]
    row = lists.contract("A-1", "Grid", spend="1", currency="AUD", colour="red")
    made = contracts.read_json(lists.written({"contracts": [row], "author": "me"}))
    assert [(one.place, one.subject) for one in made.not_evaluated] == [
        ("/author", "author"), ("/contracts/0/colour", "colour"),
    ]  # fmt: skip


def test_a_contract_stands_once() -> None:
    made = contracts.read_csv(_csv(_ROW, _ROW.replace("1200.50", "7")))
    assert [fact.spend for fact in made.facts if isinstance(fact, Contract)] == ["1200.5"]
    assert "line 2 already" in made.refused[0].reason


def test_the_three_forms_say_the_same() -> None:
    table = (
        b"#contracts: ours\n#date: 2026-01-31\n#agency: Ministry\n"
        b"contract;vendor;spend;currency\n1;Grid;10.10;AUD\n"
    )
    yaml = (
        b"contracts: ours\ndate: 2026-01-31\nagency: Ministry\n"
        b"rows:\n- {contract: 1, vendor: Grid, spend: 10.10, currency: aud}\n"
    )
    json = (
        b'{"contracts": "ours", "date": "2026-01-31", "agency": "Ministry", "rows": '
        b'[{"contract": 1, "vendor": "Grid", "spend": 10.10, "currency": "AUD"}]}'
    )
    made = [READERS[str(recognise(data))](data) for data in (table, yaml, json)]
    assert {(one.subject, one.edition[:10]) for one in made} == {("contracts:ours", "2026-01-31")}
    facts = [fact for one in made for fact in one.facts if isinstance(fact, Contract)]
    assert [(one.contract, one.supplier, one.agency, one.spend) for one in facts] == [
        ("1", "Grid", "Ministry", "10.1")
    ] * 3


def test_no_number_becomes_a_binary_fraction() -> None:
    row = b'{"currency": "AUD", "base": "USD", "day": "2026-01-30", "rate": 1234567.123456789012}'
    (fact,) = rates.read_json(b'{"rates": [' + row + b"]}").facts
    assert isinstance(fact, Rate)
    assert fact.rate == "1234567.123456789012"


@pytest.mark.parametrize(
    "data",
    [b"supplier,agency\nx,y\n", b"contract,contract,supplier,agency\n", b"", b"#date: soon\n"],
)
def test_a_table_that_is_none_is_refused_whole(data: bytes) -> None:
    with pytest.raises(Invalid):
        contracts.read_csv(data)


def test_no_key_stands_twice() -> None:
    with pytest.raises(Unreadable):
        contracts.read_json(b'{"contracts": [{"contract": "1", "contract": "2"}]}')


def test_rates_need_to_be_above_nothing_and_of_two_currencies() -> None:
    made = rates.read_json(
        lists.rates(
            ("AUD", "USD", "2026-01-30", "0"), ("USD", "USD", "2026-01-30", "1"),
            ("AUD", "USD", "2026-01-30", "0.65"), ("AUD", "USD", "2026-01-30", "0.66"),
        )
    )  # fmt: skip
    assert [fact.rate for fact in made.facts if isinstance(fact, Rate)] == ["0.65"]
    assert [one.place for one in made.refused] == ["/rows/0/rate", "/rows/1/base", "/rows/3"]


def test_the_table_of_suppliers_says_names_and_revenue() -> None:
    made = suppliers.read_json(
        lists.suppliers(
            {"entity": "Grid", "lei": _LEI, "domains": ["grid.example"], "names": ["Grid Systems"],
             "revenue low": "5", "revenue high": "9", "currency": "USD", "year": 2025},
            {"entity": "Other", "domain": "grid.example"},
            {"entity": "Third", "revenue low": "9", "revenue high": "5", "currency": "USD",
             "year": "2025"},
        )
    )  # fmt: skip
    names = [(f.entity, f.kind, f.value) for f in made.facts if isinstance(f, SupplierName)]
    assert names == [
        ("Grid", "name", "Grid"), ("Grid", "lei", _LEI), ("Grid", "domain", "grid.example"),
        ("Grid", "name", "Grid Systems"),
    ]  # fmt: skip
    revenue = [(f.low, f.high, f.year) for f in made.facts if isinstance(f, Revenue)]
    assert revenue == [("5", "9", "2025")]
    assert [one.place for one in made.refused] == ["/rows/1/domain", "/rows/2/revenue low"]


@pytest.mark.parametrize("kind", TEMPLATES)
def test_each_example_is_taken_whole(kind: str) -> None:
    data = TEMPLATES[kind].encode()
    made = READERS[str(recognise(data))](data)
    assert made.kind == kind
    assert made.facts
    assert not made.refused
    assert not made.not_evaluated


@pytest.mark.parametrize("member", ["person", "why", "at", "name", "entity"])
def test_a_record_without_who_why_or_when_is_refused(member: str) -> None:
    whole = {"accord": records.KIND, "name": "Grid", "entity": "name:grid", "person": "A",
             "why": "w", "at": "2026-01-31"}  # fmt: skip
    assert records.read(lists.written(whole)).facts
    with pytest.raises(Invalid):
        records.read(lists.written({**whole, member: " "}))
