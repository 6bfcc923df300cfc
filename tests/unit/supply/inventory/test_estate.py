from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.reading import NotEvaluated, Reading
from accord.supply.inventory import estate
from accord.supply.inventory.facts import Deployment
from accord.supply.products.identity import Identity

ROOT = Path(__file__).parents[4]
CSV = (ROOT / "tests/data/estate/northern-region.csv").read_bytes()
MANUAL = (ROOT / "docs/estate.md").read_text()


def _deployments(reading: Reading) -> list[Deployment]:
    return [fact for fact in reading.facts if isinstance(fact, Deployment)]


def _example(language: str) -> bytes:
    found = re.search(rf"```{language}\n(.*?)```", MANUAL, re.DOTALL)
    assert found
    return found[1].encode()


def test_a_table() -> None:
    reading = estate.read_csv(CSV)
    assert (reading.kind, reading.subject) == ("estate", "estate:Northern region")
    assert reading.edition == "2026-01-31T00:00:00.000000Z"
    first, second = _deployments(reading)
    assert first == Deployment(
        operator="Northern Grid",
        product="Exchange Server",
        release="2019 CU12",
        country="NZ",
        supplier="Microsoft",
        exposure="open",
        mission="high",
        identities=(
            Identity("name:microsoft/exchange server", "2019 CU12"),
            Identity("cpe:a:microsoft:exchange_server", "2019 CU12"),
        ),
        place="line 4",
    )
    assert (second.product, second.place) == ("=cmd|' /C calc'!A0", "line 12")
    assert reading.not_evaluated == [NotEvaluated("line 12", "no version", second.product)]


def test_rows_that_are_refused_name_their_line_and_their_fault() -> None:
    refused = {one.place: one.reason for one in estate.read_csv(CSV).refused}
    assert list(refused) == [f"line {at}" for at in (6, 7, 8, 9, 10, 13, 14, 15)]
    assert "no product" in refused["line 6"]
    assert "no operator" in refused["line 7"]
    assert "ISO 3166-1" in refused["line 8"]
    assert "very high" in refused["line 9"]
    assert "small, controlled, open" in refused["line 10"]
    assert "quote" in refused["line 13"]
    assert "10 cells under 8 headings" in refused["line 14"]
    assert "lines 15 to 16" in refused["line 15"]


@pytest.mark.parametrize("delimiter", [b",", b";", b"\t"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_delimiters_and_line_ends(delimiter: bytes, end: bytes) -> None:
    rows = [b"operator|product|mission_impact", b"A|P|crippled", b"", b'B|"Q|R"|']
    data = b"\xef\xbb\xbf" + end.join(rows).replace(b"|", delimiter) + end
    first, second = _deployments(estate.read_csv(data))
    assert (first.operator, first.mission, first.place) == ("A", "medium", "line 2")
    assert (second.product, second.place) == (f"Q{delimiter.decode()}R", "line 4")


def test_a_line_separator_in_a_cell_is_no_line_end() -> None:
    data = "operator,product\nA,P\u2028Q\x0cR\nB,S\n".encode()
    assert [one.place for one in _deployments(estate.read_csv(data))] == ["line 2", "line 3"]


def test_a_row_by_package_url_and_cpe() -> None:
    data = (
        b"operator,product,supplier,release,purl,cpe\n"
        b"A,Django,,4.1,pkg:pypi/Django,cpe:2.3:a:djangoproject:django:4.0:*:*:*:*:*:*:*\n"
        b"A,Django,,4.1,pypi/Django,\n"
    )
    reading = estate.read_csv(data)
    (only,) = _deployments(reading)
    assert only.identities == (
        Identity("pkg:pypi/django", "4.1"),
        Identity("cpe:a:djangoproject:django", "4.0"),
        Identity("name:/django", "4.1"),
    )
    assert [one.place for one in reading.refused] == ["line 3"]


def test_what_cannot_be_matched_is_said() -> None:
    data = b"operator,product,supplier,bill\nA,P,,\nA,P,S,\nA,P,,sha256:1\n"
    reasons = [(one.place, one.reason) for one in estate.read_csv(data).not_evaluated]
    assert reasons == [("line 2", "no identity"), ("line 3", "no version")]


NESTED = b"""
estate: Northern region
date: 2026-01-31
operators:
  - company: Northern Grid
    country: nz
    exposure: small
    sites:
      - site: Control
        mission: mission failure
        products:
          - {product: A, vendor: S, version: 1.10}
          - {product: B, supplier: S, release: 2, exposure: open}
    products: [C]
  - {operator: Idle, products: D}
  - Nobody
deployments:
  - {operator: City Water, product: E, supplier: S, release: 1, spend: 12 NZD}
  - {operator: City Water, produkt: F}
  - {operator: City Water, product: [F]}
  - ~
colour: red
"""


def test_what_stands_above_holds_below() -> None:
    reading = estate.read_yaml(NESTED)
    assert reading.subject == "estate:Northern region"
    assert reading.edition == "2026-01-31T00:00:00.000000Z"
    rows = [
        (one.place, one.operator, one.site, one.product, one.release, one.exposure, one.mission)
        for one in _deployments(reading)
    ]
    grid = "/operators/0"
    assert rows == [
        ("/deployments/0", "City Water", "", "E", "1", "", ""),
        (f"{grid}/sites/0/products/0", "Northern Grid", "Control", "A", "1.10", "small",
         "very high"),
        (f"{grid}/sites/0/products/1", "Northern Grid", "Control", "B", "2", "open", "very high"),
        (f"{grid}/products/0", "Northern Grid", "", "C", "", "small", ""),
    ]  # fmt: skip
    assert {one.country for one in _deployments(reading)} == {"NZ", ""}


def test_entries_that_are_refused_name_their_place() -> None:
    refused = {one.place: one.reason for one in estate.read_yaml(NESTED).refused}
    assert list(refused) == [
        "/colour", "/deployments/1", "/deployments/2", "/deployments/3",
        "/operators/1/products", "/operators/2",
    ]  # fmt: skip
    assert "'produkt' is not a field" in refused["/deployments/1"]
    assert "plain text" in refused["/deployments/2"]
    assert "list" in refused["/operators/1/products"]


def test_the_same_estate_in_both_forms_of_the_manual() -> None:
    table = estate.read_csv(_example("csv"))
    nested = estate.read_yaml(_example("yaml"))
    assert table.refused == nested.refused == []
    assert (table.subject, table.edition) == (nested.subject, nested.edition)
    assert len(table.facts) == 3

    def said(reading: Reading) -> set[tuple[str, str, str, str]]:
        return {(d.operator, d.product, d.release, d.exposure) for d in _deployments(reading)}

    assert {row[:3] for row in said(table)} == {row[:3] for row in said(nested)}


def test_the_manual_names_every_field_and_word() -> None:
    for name in estate._COLUMNS:
        assert name in Deployment.__struct_fields__
        assert f"| `{name}` |" in MANUAL
    for word in {**estate._EXPOSURES, **estate._MISSIONS, **estate._SPELLINGS}:
        assert f"`{word}" in MANUAL, word


@pytest.mark.parametrize(
    ("data", "error", "reason"),
    [
        (b"", Invalid, "no heading row"),
        (b"#estate: X\n\n", Invalid, "no heading row"),
        (b"operator,release\n", Invalid, "'product'"),
        (b"operator,product,sbom,bill\n", Invalid, "twice"),
        (b"#date: soon\noperator,product\n", Invalid, "not a date"),
        (b"\xff\xfeo\x00", Unreadable, "UTF-8"),
        (b"a\x00b", Unreadable, "NUL"),
    ],
)
def test_tables_that_are_refused_as_a_whole(data: bytes, error: type[Invalid], reason: str) -> None:
    with pytest.raises(error, match=reason):
        estate.read_csv(data)


@pytest.mark.parametrize(
    ("data", "error", "reason"),
    [
        (b"- a", Invalid, "mapping"),
        (b"estate: x", Invalid, "deployments"),
        (b"estate: [x]\ndeployments: []", Invalid, "plain text"),
        (b"date: soon\ndeployments: []", Invalid, "not a date"),
        (b"deployments: &a [*a]", Invalid, "anchor"),
        (b"deployments: [", Unreadable, "YAML"),
        (b"deployments: " + b"[" * 300, TooLarge, "deep"),
    ],
)
def test_mappings_that_are_refused_as_a_whole(
    data: bytes, error: type[Invalid], reason: str
) -> None:
    with pytest.raises(error, match=reason):
        estate.read_yaml(data)


def test_without_a_name_an_estate_stands_for_itself() -> None:
    reading = estate.read_csv(b"operator,product\nA,P\n")
    assert (reading.subject, reading.edition) == ("", "")
    assert msgspec.structs.asdict(_deployments(reading)[0])["exposure"] == ""
