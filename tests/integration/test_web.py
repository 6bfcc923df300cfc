from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import psycopg
import pytest
import web_specimens
from litestar.testing import TestClient
from web_crawl import crawl, parsed

from accord.flows.load import load_documents
from accord.supply.matching.exposures import OPEN
from accord.web.app import application
from accord.web.guard import HEADERS, POLICY, Guard
from accord.web.links import LONGEST, Links
from accord.wiring import Node, Settings

Client = TestClient[Any]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Node:
    return web_specimens.node(tmp_path_factory.mktemp("node"))


@pytest.fixture(scope="module")
def client(node: Node) -> Iterator[Client]:
    with TestClient(application(node), base_url="http://127.0.0.1:8400") as client:
        yield client


@pytest.fixture(scope="module")
def crawled(client: Client) -> dict[str, Any]:
    return crawl(client)


def test_every_link_leads_to_an_answer(crawled: dict[str, Any]) -> None:
    assert len(crawled) > 200
    assert {a: r.status_code for a, r in crawled.items() if r.status_code != 200} == {}


def test_every_link_stays_on_the_node(crawled: dict[str, Any]) -> None:
    assert [address for address in crawled if not address.startswith("/")] == []


def test_every_answer_carries_every_header(crawled: dict[str, Any]) -> None:
    for address, answer in crawled.items():
        expected = HEADERS | (
            {"cache-control": answer.headers["cache-control"]} if "/static/" in address else {}
        )
        assert {name: answer.headers.get(name) for name in HEADERS} == expected, address
        assert "server" not in answer.headers


def test_pages_have_no_script_style_or_handler(crawled: dict[str, Any]) -> None:
    pages = [r for r in crawled.values() if r.headers["content-type"].startswith("text/html")]
    assert len(pages) > 50
    for answer in pages:
        found = parsed(answer.text)
        assert not found.tags & {"script", "style", "iframe", "object", "img", "base"}
        assert not {a for a in found.attributes if a.startswith("on") or a == "style"}


def test_hostile_texts_are_shown_as_they_are(client: Client) -> None:
    text = client.get("/advisories/CVE-2026-0001").text
    assert "&lt;script&gt;document.title" in text
    assert "{{ 7 * 7 }}" in text


def test_the_policy_allows_nothing_inline() -> None:
    assert "unsafe" not in POLICY
    assert "default-src 'none'" in POLICY
    assert "require-trusted-types-for 'script'" in POLICY


@pytest.mark.parametrize(
    "address",
    ["/", "/exposures.json", "/nothing", "/exposures?decision=wrong", "/exposures/none.json"],
)
def test_errors_and_pages_carry_the_headers(client: Client, address: str) -> None:
    headers = client.get(address).headers
    assert {name: headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost:8400:1", "[::2]", "192.168.0.1", ""],
)
def test_other_hosts_are_refused(client: Client, host: str) -> None:
    answer = client.get("/exposures.json", headers={"host": host})
    assert answer.status_code == 400
    assert "127.0.0.1" in answer.json()["happened"]
    assert answer.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8400", "[::1]:9000", "LOCALHOST"])
def test_this_machine_is_answered(client: Client, host: str) -> None:
    assert client.get("/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(client: Client, method: str) -> None:
    answer = client.request(method, "/exposures")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "address", ["/", "/exposures.json", "/operators.csv", "/health", "/nothing", "/?decision=x"]
)
def test_bodiless(client: Client, address: str) -> None:
    """HEAD is answered with the status and headers of GET, and without a body."""
    asked, got = client.head(address), client.get(address)
    assert (asked.status_code, dict(asked.headers)) == (got.status_code, dict(got.headers))
    assert got.content
    assert asked.content == b""


def test_nothing_of_a_body_is_sent_to_head() -> None:
    """The guard itself drops it: a test client would hide what came."""
    sent: list[Any] = []
    methods: list[str] = []

    async def inner(scope: Any, _receive: Any, send: Any) -> None:
        methods.append(scope["method"])
        headers = [(b"content-length", b"4")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for part, more in ((b"pa", True), (b"ge", False)):
            await send({"type": "http.response.body", "body": part, "more_body": more})

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {
        "type": "http", "method": "HEAD", "path": "/", "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }  # fmt: skip
    refuse: Any = None
    receive: Any = None
    asyncio.run(Guard(inner, refuse)(scope, receive, send))
    assert methods == ["GET"]
    assert (b"content-length", b"4") in sent[0]["headers"]
    assert [(one["body"], one["more_body"]) for one in sent[1:]] == [(b"", True), (b"", False)]


def test_a_bodiless_request_meets_the_guard_too(client: Client) -> None:
    assert client.head("/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/nothing", 404, "no page at this address"),
        ("/exposures/ffffffffffff", 404, "ffffffffffff"),
        ("/operators/Nobody", 404, "Nobody"),
        ("/products?name=Nothing", 404, "Nothing"),
        ("/advisories/CVE-1999-0000", 404, "CVE-1999-0000"),
        ("/documents/" + "0" * 64, 404, "no document"),
        ("/documents/%25/raw", 404, "no document"),
        ("/documents/_/raw", 404, "no document"),
        ("/exposures?page=1000", 404, "the last is"),
        ("/exposures?page=0", 400, "the first is 1"),
        ("/exposures?page=x", 400, "the first is 1"),
        ("/exposures?decison=act", 400, "no parameter"),
        ("/exposures?" + "&".join(f"p{n}=1" for n in range(21)), 400, "more than 20 parameters"),
        ("/exposures?" + "&".join(f"p{n}=1" for n in range(20)), 400, "no parameter"),
        ("/products?name=zz", 404, "called 'zz'; /products"),
        ("/products?name=zz&release=2", 404, "called 'zz' 2; /products"),
        ("/exposures?operator=%C2%9B31m", 400, "control characters"),
        ("/exposures?decision=now", 400, "act, attend, track*, track"),
        ("/exposures?known_exploited=perhaps", 400, "yes, no"),
        ("/exposures?decision=act&decision=track", 400, "twice"),
        ("/exposures?operator=" + "x" * (LONGEST + 1), 400, "longer than"),
        ("/operators/" + "x" * (LONGEST + 1), 400, "longer than"),
        ("/exposures?as_of=yesterday", 400, "not a date"),
        ("/exposures?operator=%ff", 400, "UTF-8"),
        ("/exposures?operator=%00", 400, "control characters"),
        ("/operators/%00", 400, "control characters"),
        ("/operators/%ff", 400, "UTF-8"),
        ("/products?release=1", 400, "add name"),
        ("/documents?state=lost", 400, "current, superseded"),
        ("/documents.csv", 404, "no page"),
        ("/documents/00.csv", 404, "no table"),
        ("/exposures?operator=" + "x" * 9000, 414, "longer than"),
        ("/static/..%2Fapp.py", 404, "no page"),
        ("/static/app.py", 404, "no such file"),
    ],
)
def test_errors_say_what_happened(client: Client, address: str, status: int, words: str) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert words in answer.text.replace("&#39;", "'")
    assert "Traceback" not in answer.text


def test_errors_of_data_are_data(client: Client) -> None:
    answer = client.get("/advisories/CVE-1999-0000.json")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"
    assert "CVE-1999-0000" in answer.json()["happened"]
    assert answer.json()["next"]


def test_a_fault_says_so_and_tells_nothing_else(node: Node, tmp_path: Path) -> None:
    broken = Node(Settings(tmp_path / "none"))
    app = application(broken)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        answer = client.get("/exposures.json")
    assert answer.status_code == 503
    assert "database" in answer.json()["happened"]
    assert str(tmp_path) not in answer.text


def rows(client: Client, address: str) -> list[dict[str, Any]]:
    """Every row of a list, over all pages, by following `next`."""
    found = []
    while address:
        page = client.get(address).json()
        found += page["rows"]
        following = urlsplit(page["pages"]["next"])
        address = f"{following.path}.json?{following.query}" if following.path else ""
    return found


def test_the_list_is_that_of_the_command(client: Client, node: Node) -> None:
    expected = [one.id for one in node.exposures.all() if one.status in OPEN]
    assert [row["id"] for row in rows(client, "/exposures.json")] == expected
    assert len(expected) > 100


def test_candidates_stand_apart(client: Client, node: Node) -> None:
    page = client.get("/exposures.json").json()
    expected = [one.id for one in node.exposures.all() if one.status == "candidate"]
    assert [row["id"] for row in page["candidates"]] == expected[:20]
    assert page["candidates_count"] == len(expected) > 0
    assert not {row["id"] for row in rows(client, "/exposures.json")} & set(expected)


def test_every_filter_leaves_what_it_says(client: Client) -> None:
    tried = 0
    for start in ("/exposures.json", "/exposures.json?country=IN&known_exploited=yes"):
        for one in client.get(start).json()["filters"]:
            for value in [one["any"], *one["values"][:6]]:
                path, _, query = value["href"].partition("?")
                found = client.get(f"{path}.json?{query}").json()
                assert found["pages"]["count"] == value["count"], value
                tried += 1
    assert tried > 40


def test_filters_survive_what_addresses_mean(client: Client) -> None:
    page = client.get("/exposures.json", params={"operator": web_specimens.ODD}).json()
    assert page["narrowed"][0]["value"] == web_specimens.ODD
    assert {row["operator"] for row in page["rows"]} == {web_specimens.ODD}
    starred = client.get("/exposures.json?decision=track%2A").json()
    assert {row["decision"] for row in starred["rows"]} == {"track*"}


@pytest.mark.parametrize("name", web_specimens.OPERATORS)
def test_every_operator_has_a_page(client: Client, name: str) -> None:
    answer = client.get(Links().operator(name))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    link = next(a for a in parsed(answer.text).addresses if a.partition("?")[0].endswith(".json"))
    assert client.get(link).json()["name"] == name


def test_tables_are_complete(client: Client, node: Node) -> None:
    answer = client.get("/exposures.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    found = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["id"] for row in found] == [one.id for one in node.exposures.all()]


@pytest.mark.parametrize(
    "path", ["/operators", "/products", "/advisories", "/unevaluated", "/advisories/CVE-2021-44228"]
)
def test_lists_are_tables_too(client: Client, path: str) -> None:
    table = list(csv.reader(io.StringIO(client.get(f"{path}.csv").text)))
    assert len(table) - 1 == client.get(f"{path}.json").json()["pages"]["count"] > 0


def test_an_exposure_explains_itself(client: Client, node: Node) -> None:
    one = node.exposures.all()[0]
    page = client.get(f"/exposures/{one.id}.json").json()
    assert page["exposure"]["id"] == one.id
    abouts = [group["about"] for group in page["reasons"]]
    assert abouts[:2] == ["component", "match"]
    origin = page["reasons"][0]["steps"][0]["origin"]
    assert client.get(origin["href"]).status_code == 200


def test_a_vulnerability_by_any_name(client: Client) -> None:
    one = client.get("/advisories/CVE-2021-44228.json").json()
    other = client.get(f"/advisories/{one['aliases'][0]}.json").json()
    other["pages"] = one["pages"]
    assert other == one
    assert one["signals"][0]["kind"] == "known exploited"
    assert any("log4j-core" in interval["package"] for interval in one["affected"])
    assert {row["advisory"] for row in one["rows"]} == {"CVE-2021-44228"}
    lower = client.get("/advisories/cve-2021-44228.json").json()
    assert lower["name"] == "CVE-2021-44228"


def test_a_product_shows_who_runs_it(client: Client) -> None:
    page = client.get("/products.json", params={"name": "GridView SCADA", "release": "4.2"}).json()
    assert len(page["running"]) > 1
    assert page["bills"]
    assert {row["release"] for row in page["rows"]} == {"4.2"}
    both = client.get("/products.json", params={"name": "GridView SCADA"}).json()
    assert [one["name"] for one in both["releases"]] == ["4.2", "4.4"]
    assert both["pages"]["count"] >= page["pages"]["count"]


def test_an_operator_shows_all_of_its_own_and_nothing_else(client: Client, node: Node) -> None:
    name = next(one.operator for one in node.exposures.all() if one.operator)
    expected = [one.id for one in node.exposures.all() if one.operator == name]
    page = client.get(f"{Links().operator(name)}.json").json()
    assert [row["id"] for row in page["rows"]] == expected
    counted = page["open_count"] + page["candidates_count"] + page["closed_count"]
    assert counted == len(expected)
    assert sum(share["count"] for share in page["shares"]) == page["open_count"]


def test_a_document_is_kept_byte_for_byte(client: Client) -> None:
    name, data = web_specimens.hostile()[0]
    found = client.get("/search.json", params={"q": msgspec.json.decode(data)["serialNumber"]})
    assert found.status_code == 200
    listed = rows(client, "/documents.json?kind=CycloneDX%20bill")
    row = next(row for row in listed if row["name"] == name.rpartition("/")[2])
    page = client.get(f"/documents/{row['digest']}.json").json()
    assert [one["name"] for one in page["components"]][-3:] == [
        web_specimens.SCRIPT,
        web_specimens.LINK,
        web_specimens.TEMPLATE,
    ]
    raw = client.get(page["raw_href"])
    assert raw.content == data
    assert raw.headers["content-type"] == "text/plain; charset=utf-8"
    assert raw.headers["content-disposition"].startswith("attachment; ")


def test_what_was_quarantined_is_shown(client: Client) -> None:
    listed = rows(client, "/documents.json?state=quarantined")
    assert [row["state"] for row in listed] == ["quarantined"]
    assert listed[0]["reasons"]


def test_an_earlier_day(client: Client, node: Node) -> None:
    before = client.get("/operators.json?as_of=2026-03-13").json()
    after = client.get("/operators.json?as_of=2026-03-14").json()
    assert web_specimens.LINK not in {row["name"] for row in before["rows"]}
    assert web_specimens.LINK in {row["name"] for row in after["rows"]}
    assert client.get("/exposures.json?as_of=2026-01-31").json()["empty_node"]
    text = client.get("/exposures?as_of=2026-02-01").text
    assert "As known on 2026-02-01" in text
    inner = [a for a in parsed(text).addresses if a.startswith(("/exposures/", "/operators/"))]
    assert inner
    assert all("as_of=2026-02-01" in address for address in inner)
    known = node.exposures.all("2026-02-01T23:59:59.999999Z")
    expected = [one.id for one in known if one.status in OPEN]
    assert expected
    assert [row["id"] for row in rows(client, "/exposures.json?as_of=2026-02-01")] == expected


def test_a_search_finds_each_kind(client: Client, node: Node) -> None:
    id_ = node.exposures.all()[0].id
    for word, kind in (
        ("gridview", "Products"),
        ("northern", "Operators"),
        ("44228", "Vulnerabilities"),
        ("log4j", "Components"),
        (id_, "Exposures"),
    ):
        found = client.get("/search.json", params={"q": word}).json()
        assert kind in [result["kind"] for result in found["results"]]
    assert client.get("/search.json").json()["results"] == []


def test_what_could_not_be_evaluated_is_counted(client: Client, node: Node) -> None:
    with node.views.view() as view:
        gaps = list(view.unevaluated())
    page = client.get("/unevaluated.json").json()
    assert page["reasons"][0]["count"] == len(gaps)
    reason = page["reasons"][1]
    only = client.get("/unevaluated.json", params={"reason": reason["reason"]}).json()
    assert only["pages"]["count"] == reason["count"]
    assert client.get("/exposures.json").json()["unevaluated_count"] == len(gaps)


def test_lists_follow_what_is_taken_in(tmp_path: Path) -> None:
    made = Node(Settings(tmp_path))
    made.create()
    with TestClient(application(made), base_url="http://127.0.0.1") as client:
        assert "accord load" in client.get("/").text
        load_documents(web_specimens.hostile(), made.intake, web_specimens.LATER)
        assert client.get("/exposures.json").json()["rows"]


@pytest.mark.parametrize(
    "address",
    [
        "/exposures.json?country=IN",
        "/operators.json",
        "/products.json?name=GridView%20SCADA",
        "/advisories/CVE-2021-44228.json",
        "/documents.json?state=items%20quarantined",
        "/unevaluated.json",
        "/search.json?q=grid",
        "/assessments.json?verdict=reject",
        "/assessments.json?as_of=2026-03-16",
        "/assessments/GridView%20SCADA/4.2.json",
        "/assessments/GridView%20SCADA/4.2/supplier.json",
    ],
)
def test_pages_are_the_same_on_postgresql(
    client: Client, on_postgres: Client, address: str
) -> None:
    for each in (on_postgres, client):
        each.get("/unevaluated.json")  # counts to the end, which a page waits for only a while
    assert on_postgres.get(address).json() == client.get(address).json()


@pytest.fixture(scope="module")
def on_postgres(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: Path
) -> Iterator[Client]:
    name, main = "pages", f"postgresql://accord@/postgres?host={postgres_server}"
    with psycopg.connect(main, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    address = main.replace("/postgres?", f"/{name}?")
    made = web_specimens.node(tmp_path_factory.mktemp("node"), address)
    with TestClient(application(made), base_url="http://127.0.0.1:8400") as client:
        yield client
    made.engine.dispose()
