"""What is no CSAF document is refused, and what is hostile costs little."""

from __future__ import annotations

import json
import time
from typing import Any

import msgspec
import pytest
from csaf_specimens import RAW, of, specimen

from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.supply.advisories.csaf import read
from accord.supply.advisories.csaf.ranges import span
from accord.supply.advisories.facts import Vex


def nested(depth: int) -> dict[str, Any]:
    branch: dict[str, Any] = {
        "category": "product_version",
        "name": "1",
        "product": {"name": "x", "product_id": "X"},
    }
    for _ in range(depth):
        branch = {"category": "product_family", "name": "f", "branches": [branch]}
    return branch


def test_a_tree_of_ninety_levels_is_read_and_of_three_hundred_refused() -> None:
    document = specimen()
    document["product_tree"]["branches"].append(nested(90))
    assert read(msgspec.json.encode(document)).facts
    document["product_tree"]["branches"].append(nested(300))
    with pytest.raises(TooLarge, match="nested"):
        read(json.dumps(document).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe",
        RAW.replace(b'"status": "final"', b'"status": "draft", "status": "final"'),
        RAW.replace(b'"baseScore": 7.5', b'"baseScore": NaN'),
        RAW.replace(b"Grid Master V2.3 on", b"\\ud800"),
    ],
)
def test_what_is_not_json_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        read(data)


@pytest.mark.parametrize("data", [b"[]", b"null", b"{}", b'"x"', b'{"document": []}'])
def test_other_json_is_refused_by_the_schema(data: bytes) -> None:
    with pytest.raises(Invalid, match="schema"):
        read(data)


def test_a_score_past_all_numbers_is_refused() -> None:
    with pytest.raises(Invalid):
        read(RAW.replace(b'"baseScore": 7.5', b'"baseScore": 1e999'))


def chain(count: int, *, closed: bool) -> dict[str, Any]:
    document = specimen()
    document["product_tree"]["relationships"] += [
        {
            "category": "installed_on",
            "full_product_name": {"name": f"n{at}", "product_id": f"R{at}"},
            "product_reference": f"R{at + 1}" if at + 1 < count else "R0" if closed else "RK",
            "relates_to_product_reference": "PANEL",
        }
        for at in range(count)
    ]
    return document


def test_a_loop_of_relationships_is_refused() -> None:
    with pytest.raises(Invalid, match=r"6\.1\.3 ") as refused:
        read(msgspec.json.encode(chain(500, closed=True)))
    assert refused.value.place == "/product_tree/relationships/1/full_product_name/product_id"


def test_ten_thousand_chained_relationships_take_linear_time() -> None:
    document = chain(10_000, closed=False)
    document["vulnerabilities"][1]["product_status"]["under_investigation"] = ["R0"]
    data = msgspec.json.encode(document)
    began = time.process_time()
    reading = read(data)
    assert time.process_time() - began < 5
    statement = next(item for item in of(reading, Vex) if item.status == "under_investigation")
    assert statement.products == ("pkg:npm/%40sample/relay-kit@1.4.0",)


def test_a_rule_broken_a_hundred_thousand_times_is_refused_briefly() -> None:
    document = specimen()
    ids = [f"N{number}" for number in range(100_000)]
    document["vulnerabilities"][0]["product_status"] = {"known_affected": ids}
    with pytest.raises(Invalid) as refused:
        read(msgspec.json.encode(document))
    assert len(refused.value.reason) < 2_000


def test_patterns_do_not_explode() -> None:
    began = time.process_time()
    for text in (
        "1" * 190 + "!",
        "1" + "sp1" * 60 + "!",
        "<1" + " sp 1" * 38 + "!",
        "1 sp" * 45,
        "a.1" * 60,
        "1-" * 95,
        "v " * 90 + "1",
        "- " * 99,
    ):
        span(text, exact=False)
    document = specimen()
    helper = document["product_tree"]["branches"][0]["branches"][1]["product"]
    helper["product_identification_helper"] = {"cpe": "cpe:2.3:a:" + "??a" * 5_000}
    with pytest.raises(Invalid, match="CPE"):
        read(msgspec.json.encode(document))
    document["document"]["tracking"]["version"] = "1.0.0-" + "0a." * 5_000
    with pytest.raises(Invalid):
        read(msgspec.json.encode(document))
    assert time.process_time() - began < 2


def test_a_version_of_ten_thousand_digits_is_refused() -> None:
    with pytest.raises(Invalid, match="schema"):
        read(msgspec.json.encode(specimen(version="1" * 10_000)))
