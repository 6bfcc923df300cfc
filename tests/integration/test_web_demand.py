"""The page of the yearly report."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import demand_lists as lists
import nodes
import pytest
import web_specimens
from litestar.testing import TestClient
from web_crawl import parsed

from accord.core.clock import FixedClock
from accord.scenario.documents import bought, files
from accord.web.app import application
from accord.wiring import Node, Settings

Client = TestClient[Any]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Node:
    made = Node(
        Settings(tmp_path_factory.mktemp("buyer")), FixedClock("2026-11-01T12:00:00.000000Z")
    )
    made.create()
    nodes.give(made, files(), "2026-02-01T00:00:00.000000Z")
    nodes.give(made, bought("india"), "2026-10-31T00:00:00.000000Z")
    return made


@pytest.fixture(scope="module")
def client(node: Node) -> Iterator[Client]:
    with TestClient(application(node), base_url="http://127.0.0.1:8400") as client:
        yield client


def test_the_page_its_data_and_its_table_say_the_same(client: Client) -> None:
    data = client.get("/demand.json").json()["report"]
    text = client.get("/demand").text
    rows = list(csv.DictReader(io.StringIO(client.get("/demand.csv").text)))
    figures = {(row["part"], row["key"], row["measure"]): row["value"] for row in rows}
    assert len(data["suppliers"]) == 12
    for one in data["suppliers"]:
        assert f"<bdi>{one['name']}</bdi>" in text
        assert f"{100 * one['spend_share']:.1f} %" in text
        assert figures["supplier", one["key"], "spend"] == one["spend"]
    assert figures["report", "", "hhi"] == str(data["hhi"])
    assert f"<b>{data['hhi']:,.0f}</b> of 10,000" in text
    for told in data["not_counted"]:
        assert f"<b>{told['count']:,}</b> {told['reason']}" in text


def test_every_chart_has_a_title_a_description_and_its_value_as_text(client: Client) -> None:
    text = client.get("/demand").text
    charts = text.split("<svg ")[1:]
    assert len(charts) > 100
    for chart in charts:
        inside = chart.partition("</svg>")[0]
        assert 'role="img"' in inside
        assert "aria-label=" in inside
        assert "<title>" in inside
        assert "<desc>" in inside
    assert "style" not in parsed(text).attributes


def test_the_window_and_the_currency_can_be_chosen(client: Client) -> None:
    found = client.get("/demand.json?window=0&currency=JPY").json()["report"]
    assert (found["currency"], found["renewals"]["window"]) == ("JPY", 0)
    wider = client.get("/demand.json?window=365").json()["report"]
    assert len(wider["renewals"]["groups"]) < len(found["renewals"]["groups"])


@pytest.mark.parametrize(
    "query", ["window=x", "window=-1", "window=99999", "window=٣", "currency=XXX", "other=1"]
)
def test_what_cannot_be_asked_is_refused(client: Client, query: str) -> None:
    assert client.get(f"/demand?{query}").status_code == 400


def test_as_of_a_day(client: Client) -> None:
    then = client.get("/demand.json?as_of=2026-03-01&currency=USD").json()["report"]
    assert (then["day"], then["contracts"], then["operators"]) == ("2026-03-01", 0, 14)
    assert "Nothing was known on 2025-01-01" in client.get("/demand?as_of=2025-01-01").text


def test_bars_lie_within_their_line(client: Client) -> None:
    page = client.get("/demand.json").json()
    spans = [span for group in page["spans"] for span in group]
    assert len(spans) == 14
    for span in spans:
        assert 0 <= span["start"] <= 100
        assert span["width"] >= 0
        assert span["start"] + span["width"] <= 100.01
    assert max(span["start"] + span["width"] for span in spans) == pytest.approx(100, abs=0.01)


def test_hostile_names_are_text(tmp_path: Path) -> None:
    hostile = nodes.new_node(tmp_path / "node")
    row = lists.contract(
        web_specimens.SCRIPT, web_specimens.IMAGE, agency=web_specimens.TEMPLATE,
        product=web_specimens.LINK, function=web_specimens.SCRIPT, spend="1", currency="USD",
        starts="2020-01-01", ends="2099-01-01",
    )  # fmt: skip
    nodes.give(hostile, [("c", lists.contracts(row))])
    with TestClient(application(hostile), base_url="http://127.0.0.1:8400") as client:
        text = client.get("/demand").text
    assert "&lt;script&gt;document.title" in text
    assert "{{ 7 * 7 }}" in text
    assert not parsed(text).tags & {"script", "img"}
    assert not {name for name in parsed(text).attributes if name.startswith("on")}


def test_an_empty_node_says_what_to_do_first(tmp_path: Path) -> None:
    empty = nodes.new_node(tmp_path / "node")
    with TestClient(application(empty), base_url="http://127.0.0.1:8400") as client:
        assert "accord demand template contracts" in client.get("/demand").text
