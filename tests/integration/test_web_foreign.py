"""What documents hold is shown whole enough, and drives neither page, table nor terminal."""

from __future__ import annotations

import html
import re
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvicorn
import web_specimens
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient
from web_crawl import crawl

from accord.cli.serve import listening, serve
from accord.core.errors import AccordError
from accord.core.show import DRIVING
from accord.flows.load import load_documents
from accord.web.app import application
from accord.web.pages import plain
from accord.web.render import Renderer, Static, as_json
from accord.web.text import KEPT, SENTENCE, SHOWN, listed, sentence, whole
from accord.wiring import Node, Settings

Client = TestClient[Any]

DRIVES = "A\x1b[31m\x9b\u202eevil\u200bB\r\nC"
LONG = "long " * 4_000


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A node with documents whose names drive a terminal, turn around, or never end."""
    metadata = {"component": {"type": "application", "name": "Grid\u202eNorth", "version": "1"}}
    component = {"type": "library", "name": DRIVES, "version": "1.0", "purl": "pkg:pypi/x@1.0"}
    bill = {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "metadata": metadata,
        "serialNumber": "urn:uuid:11111111-2222-4333-8444-666666666666",
        "components": [component],
    }  # fmt: skip
    events = [{"introduced": "0"}, {"fixed": "2.0"}]
    advisory = {
        "id": "PYSEC-2026-2", "schema_version": "1.6.0", "modified": "2026-01-02T00:00:00Z",
        "aliases": ["CVE-2026-0002"], "summary": f"{DRIVES} {LONG}",
        "affected": [
            {
                "package": {"ecosystem": "PyPI", "name": "x"},
                "ranges": [{"type": "ECOSYSTEM", "events": events}],
            }
        ],
    }  # fmt: skip
    documents = [
        ("b.cdx.json", msgspec.json.encode(bill)),
        ("a.json", msgspec.json.encode(advisory)),
    ]
    made = Node(Settings(tmp_path_factory.mktemp("node")))
    made.create()
    load_documents(documents, made.intake, web_specimens.LEARNED)
    with TestClient(application(made), base_url="http://127.0.0.1:8400") as client:
        yield client


def test_no_page_table_or_data_drives_anything(driven: Client) -> None:
    crawled = crawl(driven)
    kinds: Counter[str] = Counter()
    for address, answer in crawled.items():
        assert answer.status_code == 200, address
        if address.endswith("/raw"):
            continue
        kinds[answer.headers["content-type"].partition(";")[0]] += 1
        text = answer.text.replace("\r\n", "") if ".csv" in address else answer.text
        assert not DRIVING.search(text.replace("\n", "")), address
    assert min(kinds["text/html"], kinds["text/csv"], kinds["application/json"]) > 3
    assert "A\ufffd[31m\ufffd\ufffdevil\ufffdB\ufffd\ufffdC" in driven.get("/exposures").text
    assert driven.get("/exposures.json").json()["rows"][0]["component"] == DRIVES


def test_a_name_that_turns_around_keeps_its_page(driven: Client) -> None:
    text = driven.get("/products", params={"name": "Grid\u202eNorth"}).text
    assert 'value="Grid&#x202e;North"' in text
    assert "<bdi>Grid\ufffdNorth</bdi>" in text


def test_long_texts_are_cut(driven: Client) -> None:
    address = "/advisories/CVE-2026-0002"
    shown = driven.get(address).text
    assert "long long long" in shown
    assert max(map(len, re.split(r"<[^>]*>", shown))) <= SHOWN == 300
    assert len(driven.get(f"{address}.json").json()["title"]) <= KEPT == 10_000


@given(st.text(max_size=60))
def test_attributes_stay_exact(value: str) -> None:
    """What a browser reads from an attribute is what was written, unless it is a control."""
    made = str(whole(value))
    assert not set(made) & set("<>\"'")
    assert not DRIVING.search(made)
    assert html.unescape(made) == re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", "\ufffd", value)


def test_every_address_of_a_template_is_whole() -> None:
    """An address that is cut leads nowhere: attributes with one are exempt from the bound."""
    environment = Renderer(Static()).environment
    found = 0
    for name in environment.list_templates(["html"]):
        source = environment.loader.get_source(environment, name)[0]  # type: ignore[union-attr]
        for written in re.findall(r'(?:href|action|value)="\{\{(.*?)\}\}"', source):
            assert written.endswith("| whole "), f"{name}: {written}"
            found += 1
    assert found > 30


def test_a_list_in_a_sentence_is_bounded() -> None:
    assert listed(["<a>", "b"]) == "&lt;a&gt;, b"
    assert listed(["x" * 1_000] * 1_000).endswith("… and 900 more")
    assert len(listed(["x" * 1_000] * 1_000)) < 31_000
    assert len(sentence("x" * 5_000)) == SENTENCE


def test_data_is_bounded_and_escaped() -> None:
    page = plain.error(400, "\u202e\U000e0041\x9b" + "x" * 20_000)
    made = as_json(page)
    assert b"\\u202e\\udb40\\udc41\\u009b" in made
    found = msgspec.json.decode(made)["happened"]
    assert found == page.happened[: KEPT - 1] + "…"


def test_a_free_port_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    with listening(0) as heard:
        port = heard.getsockname()[1]
        assert heard.getsockname()[0] == "127.0.0.1"
        assert port > 0
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass
        with pytest.raises(AccordError, match=f"port {port} is in use; choose another with --port"):
            listening(port)
    assert capfd.readouterr() == ("", "")


def test_serve_says_nothing_before_it_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Node(Settings(tmp_path)).create()
    with listening(0) as heard, pytest.raises(AccordError, match="is in use"):
        serve(heard.getsockname()[1], tmp_path)
    assert capsys.readouterr().err == ""
    served: list[int] = []

    def run(_: uvicorn.Server, sockets: list[socket.socket]) -> None:
        served.extend(one.getsockname()[1] for one in sockets)

    monkeypatch.setattr(uvicorn.Server, "run", run)
    serve(0, tmp_path)
    assert f"http://127.0.0.1:{served[0]}/" in capsys.readouterr().err
    assert served != [0]
