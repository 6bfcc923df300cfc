"""The pages of assessments: what stands, why, and what a supplier still has to bring."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import web_specimens
from bills import cyclonedx
from litestar.testing import TestClient
from nodes import new_node
from sqlalchemy import text
from typer.testing import CliRunner
from web_crawl import parsed

from accord.assurance.assessing.baseline import Baseline, Need, Table
from accord.assurance.assessing.deciding import assess
from accord.assurance.assessing.judging import Claims, passed_over
from accord.assurance.crosswalks.carrying import Crosswalk
from accord.assurance.model import BUYERS_VERDICTS, Claim, Level
from accord.cli.app import app
from accord.flows.assessing.assess import Assessed
from accord.flows.assessing.port import Event, Kept, Listed, Made, Mark
from accord.flows.assessing.shown import shown
from accord.flows.assessing.update import GONE
from accord.flows.evidence.add import Ask, add
from accord.flows.load import load_documents
from accord.web.app import application
from accord.web.asked import read
from accord.web.links import Links
from accord.wiring import Node

Client = TestClient[Any]
RELEASE = "/assessments/GridView%20SCADA/4.2"
ADDRESSES = (
    "/assessments",
    "/assessments.json",
    "/assessments.csv",
    "/assessments?buyer=us&verdict=reject",
    "/assessments?as_of=2026-03-16",
    RELEASE,
    f"{RELEASE}.json?for=us,au",
    f"{RELEASE}/supplier",
    f"{RELEASE}/supplier.json?for=jp",
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("node")


@pytest.fixture(scope="module")
def node(home: Path) -> Node:
    return web_specimens.node(home)


@pytest.fixture(scope="module")
def client(node: Node) -> Iterator[Client]:
    with TestClient(application(node), base_url="http://127.0.0.1:8400") as client:
        yield client


def test_the_list_is_what_is_kept(client: Client, node: Node) -> None:
    page = client.get("/assessments.json").json()
    found = {
        (row["product"], row["release"], cell["buyer"]): cell["verdict"]
        for row in page["rows"]
        for cell in row["verdicts"]
    }
    kept = node.assessing.ledger.kept()
    assert found == {(one.product, one.release, one.buyer): one.verdict for one in kept}
    assert len(kept) > 100
    assert page["everything"] == len({(one.product, one.release) for one in kept})


def test_filters_leave_what_they_say(client: Client) -> None:
    for start in (
        "/assessments.json",
        "/assessments.json?buyer=us",
        "/assessments.json?verdict=reject",
    ):
        for chooser in client.get(start).json()["filters"]:
            assert len(chooser["values"]) > 3
            for one in chooser["values"]:
                at = urlsplit(one["href"])
                left = client.get(f"{at.path}.json?{at.query}").json()
                assert left["pages"]["count"] == one["count"], one
                if chooser["name"] == "verdict" and one["value"]:
                    assert all(
                        one["value"] in [cell["verdict"] for cell in row["verdicts"]]
                        for row in left["rows"]
                    )


def test_a_day_that_is_past_shows_what_stood_then(client: Client) -> None:
    assert client.get("/assessments.json?as_of=2026-03-15").json()["rows"] == []
    now, then = (client.get(f"/assessments.json{q}").json() for q in ("", "?as_of=2026-03-16"))
    cells = [
        [[cell["verdict"] for cell in row["verdicts"]] for row in page["rows"]]
        for page in (now, then)
    ]
    assert cells[0] == cells[1]


def test_what_was_no_longer_known_on_a_day_is_not_listed(tmp_path: Path) -> None:
    """Said first on the 1st and let go on the 3rd: it stood on the 2nd, and not after."""
    made = new_node(tmp_path)
    told = [("2026-03-01", "", "reject"), ("2026-03-03", "reject", GONE)]
    for day, before, after in told:
        at = f"{day}T00:00:00.000000Z"
        kept = Kept(
            product="P", release="1", buyer="us", baseline="1", verdict="reject",
            requirements="{}", until="", at=at,
        )  # fmt: skip
        event = Event(
            at=at, product="P", release="1", buyer="us", before=before, after=after, why=""
        )
        ledger = made.assessing.ledger
        here, gone = ([], [kept]) if before else ([kept], [])
        assert ledger.keep(
            Made(kept=here, gone=gone, events=[event], mark=Mark(0, 0, "")), ledger.mark()
        )
    with TestClient(application(made), base_url="http://127.0.0.1:8400") as client:
        days = ("2026-02-28", "2026-03-02", "2026-03-04")
        counts = [client.get(f"/assessments.json?as_of={day}").json()["everything"] for day in days]
        assert counts == [0, 1, 0]
        assert client.get("/assessments.json").json()["everything"] == 0
    made.engine.dispose()


def test_the_latest_changes_come_first(client: Client, node: Node) -> None:
    changes = client.get("/assessments.json").json()["changes"]
    events = node.assessing.ledger.events()
    assert [one["number"] for one in changes] == [number for number, _ in events[:-21:-1]]


def test_the_page_is_the_command(client: Client, home: Path) -> None:
    words = ["assess", "GridView SCADA", "--release", "4.2", "--for", "us,au", "--json"]
    day = ["--as-of", "2026-03-15", "--home", str(home)]
    said = CliRunner().invoke(app, [*words, *day])
    assert said.exit_code == 0, said.output
    page = client.get(f"{RELEASE}.json?for=us,au&as_of=2026-03-15").json()
    assert page["assessment"] == json.loads(said.stdout) | {"as_of": page["assessment"]["as_of"]}
    assert [one["buyer"] for one in page["assessment"]["verdicts"]] == ["us", "au"]


def test_the_sheet_is_the_delta_list(client: Client) -> None:
    officer, sheet = (client.get(f"{RELEASE}{end}.json").json() for end in ("", "/supplier"))
    assert sheet["missing"] == officer["assessment"]["missing"]
    assert not {"reasons", "evidence", "not_counted"} & set(sheet)
    shown_ = client.get(f"{RELEASE}/supplier").text
    for one in sheet["missing"]:
        assert one["item"] in shown_
        assert one["effect"] in shown_
        for wanted in one["wanted"]:
            assert wanted["title"] in shown_.replace("&#39;", "'")
            assert wanted["would_do"] in shown_
    counts = Counter(
        b
        for b, _ in {(w["buyer"], w["requirement"]) for m in sheet["missing"] for w in m["wanted"]}
    )
    assert {one["buyer"]: one["missing"] for one in sheet["buyers"]} == dict(counts)


def test_the_officers_page_says_why(client: Client) -> None:
    page = client.get(f"{RELEASE}.json?for=us").json()["assessment"]["verdicts"][0]
    shown_ = client.get(f"{RELEASE}?for=us").text
    assert page["verdict"] == "reject"
    for reason in page["reasons"]:
        assert reason["text"] in shown_
        assert all(f"against: {side}" in shown_ for side in reason["denied"])
    for need in page["requirements"]:
        assert need["id"] in shown_
    groups = [need["group"] for need in page["requirements"]]
    assert groups == sorted(groups, key=("prepare", "protect", "produce", "respond").index)


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/assessments/Nothing/1", 404, "Nothing"),
        ("/assessments/GridView%20SCADA", 404, "name one: 4.2, 4.4"),
        ("/assessments/GridView%20SCADA/", 404, "4.2"),
        (f"{RELEASE}/secret", 404, "/supplier after it"),
        (f"{RELEASE}/supplier/x", 404, "/supplier after it"),
        (f"{RELEASE}?for=nowhere", 400, "has no baseline here"),
        (f"{RELEASE}?buyer=us", 400, "no parameter"),
        (f"{RELEASE}.csv", 404, "no table"),
        ("/assessments?buyer=nowhere", 400, "us"),
        ("/assessments?verdict=perhaps", 400, ", ".join(BUYERS_VERDICTS)),
        ("/assessments/%00/1", 400, "control characters"),
        ("/assessments/%ff/1", 400, "UTF-8"),
        ("/assessments/" + "x" * 1001 + "/1", 400, "longer than"),
    ],
)
def test_errors_say_what_happened(client: Client, address: str, status: int, words: str) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert words in answer.text.replace("&#39;", "'")


@pytest.mark.parametrize("name", [*web_specimens.OPERATORS, "x.json", ".html", "."])
@pytest.mark.parametrize("release", ["", "1", "..", "a/b", "1.json", "supplier"])
def test_round_trip(name: str, release: str) -> None:
    """The names that a page reads from its address are those that the link was made of."""
    for more in ((), ("supplier",)):
        href = Links().assessment(name, release, *more)
        found = read(href, "", (), divided=True)
        assert (found.steps, found.form) == ((name, release, *more), "html")
        assert found.here() == href
        assert read(found.here("json"), "", (), divided=True).form == "json"
        assert not {".", ".."} & set(href.split("/"))


def test_only_the_last_name_of_an_address_has_a_form() -> None:
    found = read("/assessments/P.csv/1.json/supplier.json", "", (), divided=True)
    assert (found.steps, found.form) == (("P.csv", "1.json", "supplier"), "json")


def test_a_release_without_a_name_is_found_among_others(tmp_path: Path) -> None:
    made = new_node(tmp_path)
    names = [("Lantern", ""), ("Lantern", "1"), ("lantern", "1")]
    for number, (product, release) in enumerate(names):
        named = {"component": {"type": "application", "name": product, "version": release}}
        serial = f"urn:uuid:11111111-2222-4333-8444-55555555555{number}"
        body = json.dumps(cyclonedx(metadata=named, serialNumber=serial)).encode()
        load_documents([(f"bill {number}", body)], made.intake, web_specimens.LEARNED)
    made.reassess(every=True)
    with TestClient(application(made), base_url="http://127.0.0.1:8400") as client:
        rows = client.get("/assessments.json").json()["rows"]
        # A release is one, however its name is written; one without a release is another.
        assert [(row["product"], row["release"]) for row in rows] == names[:2]
        for row in rows:
            found = client.get(row["href"].removesuffix(".html") + ".json").json()["assessment"]
            assert (found["product"], found["release"]) == (row["product"], row["release"])
    made.engine.dispose()


def test_hostile_names_are_shown_as_they_are(client: Client) -> None:
    rows = client.get("/assessments.json").json()["rows"]
    hostile = [row for row in rows if row["product"] == web_specimens.LINK]
    assert hostile
    for row in hostile:
        answer = client.get(row["href"])
        assert answer.status_code == 200
        assert "<script>" not in answer.text
        assert client.get(f"{row['href']}/supplier").status_code == 200


def test_a_page_writes_nothing(node: Node, client: Client) -> None:
    """By the database's own count of changes, seen from another connection."""
    with node.engine.connect() as connection:
        before = connection.scalar(text("PRAGMA data_version"))
        for address in ADDRESSES:
            assert client.get(address).status_code == 200
        assert connection.scalar(text("PRAGMA data_version")) == before


def test_what_does_not_count_says_why() -> None:
    """An expired claim is passed over, by the name of its reason, and satisfies nothing."""
    need = Need(id="n", title="Signed", items=(("sigstore@1#signed",),), level=Level.VERIFIED)
    table = Table([Baseline(name="us", needs=(need,))], Crosswalk(()))
    late = Claim(
        item="sigstore@1#signed", level=Level.VERIFIED, kind="bundle", expires="2026-01-01"
    )
    claims = Claims([late], table, web_specimens.NOW)
    over = tuple(passed_over(need, claims, table))
    found = shown(
        Assessed(
            release=Listed(product="P", release="1"),
            assessments=(assess(table.baselines[0], claims, table),),
            passed={"us": {"n": over}},
            now=web_specimens.NOW,
        )
    )
    (requirement,) = found.verdicts[0].requirements
    assert not requirement.met
    assert [one.reason for one in requirement.not_counted] == ["expired on 2026-01-01"]
    assert requirement.evidence == ()


def test_a_bill_that_is_not_scored_is_told_and_left_alone(tmp_path: Path) -> None:
    """Only the command scores it; then the page names it as evidence, and leads to it."""
    made = new_node(tmp_path)
    component = {"type": "library", "name": "wick", "version": "1", "supplier": {"name": "Wax"}}
    named = {"component": {"type": "application", "name": "Lantern", "version": "2.1"}}
    bill = tmp_path / "bill.cdx.json"
    bill.write_text(json.dumps(cyclonedx(component, metadata=named)))
    ask = Ask(product="Lantern", release="2.1", person="Ana")
    add(made, ask, [(str(bill), bill.read_bytes())])
    with TestClient(application(made), base_url="http://127.0.0.1:8400") as client:
        with made.engine.connect() as connection:
            before = connection.scalar(text("PRAGMA data_version"))
            assert client.get("/assessments/Lantern/2.1.json").json()["unscored"] == 1
            assert "<code>accord assess</code> scores them" in client.get(_LANTERN).text
            assert client.get(f"{_LANTERN}/supplier").status_code == 200
            assert connection.scalar(text("PRAGMA data_version")) == before
        _run(tmp_path, "assess", "Lantern")
        page = client.get("/assessments/Lantern/2.1.json").json()
        assert page["unscored"] == 0
        documents = {
            found["document"]
            for one in page["assessment"]["verdicts"]
            for need in one["requirements"]
            for found in need["evidence"]
        }
        assert f"sha256:{sha256(bill.read_bytes()).hexdigest()}" in documents
        links = {a for a in parsed(client.get(_LANTERN).text).addresses if "/documents/" in a}
        assert links == {f"/documents/{one.removeprefix('sha256:')}" for one in documents if one}
        assert {client.get(link).status_code for link in links} == {200}
    made.engine.dispose()


_LANTERN = "/assessments/Lantern/2.1"


def _run(home: Path, *words: str) -> None:
    said = CliRunner().invoke(app, [*words, "--home", str(home)])
    assert said.exit_code == 0, said.output
