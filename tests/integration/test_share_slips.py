"""What a person may type by accident must not be shared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import nodes
import pytest
import sharing
from sharing import house, indicator
from typer.testing import CliRunner, Result

from accord.cli import sync
from accord.cli.app import app
from accord.cli.exchange import _teller
from accord.core.clock import SystemClock
from accord.core.errors import NotFound
from accord.flows.exchange.following.sync import LogReport, Report
from accord.flows.exchange.sharing import audience
from accord.identity.markings import Tlp
from accord.wiring import Node

TEXT = "The victim was jane.roe@utility.com; ask her."
PEM = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nTUlJ\n-----END ENCRYPTED PRIVATE KEY-----\n"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """Australia, by the clock of the machine, as the commands go."""
    made = house(tmp_path, clock=SystemClock())
    audience.create(made.owner, "all", everyone=True)
    yield made
    made.engine.dispose()


def run(node: Node, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--home", str(node.settings.home)])


@pytest.mark.parametrize("name", ["", "  ", "."])
def test_neither_nothing_nor_a_folder_is_shared(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report.json").write_bytes(b"{}")
    done = nodes.command("share", name, "--audience", "all", "--home", tmp_path / "node")
    assert done.returncode == 2
    assert "names nothing" in done.stderr or "is a folder" in done.stderr


def test_a_marking_that_another_audience_has_is_told(node: Node) -> None:
    value = indicator("a", None)
    sharing.shared(node, sharing.load(node, value), "pair", tlp=Tlp.AMBER)
    done = run(node, "share", value["id"], "--audience", "all", "--tlp", "GREEN")
    assert done.exit_code == 0, done.output
    assert "    pair has AMBER: the stricter counts, so it is AMBER here too" in done.output
    done = run(
        node, "share", value["id"], "--audience", "all", "--tlp", "GREEN", "--everywhere", "--json"
    )
    (outcome,) = json.loads(done.stdout)["outcomes"]
    assert outcome["warnings"] == ["pair had it as AMBER, and has it as GREEN now"]


def test_of_many_objects_each_marking_is_told_once(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accord.cli.share._LINES", 1)
    digest = sharing.load(node, *(indicator(f"a{n}", None) for n in range(3)))
    sharing.shared(node, digest, "pair", tlp=Tlp.AMBER)
    done = run(node, "share", digest, "--audience", "all", "--tlp", "GREEN")
    assert "3 objects: pair has AMBER: the stricter counts" in done.stdout


def test_an_embargo_past_the_expiry_is_a_slip(node: Node) -> None:
    words = ("--expires", "2030-01-01", "--release-at", "2030-02-01")
    done = run(node, "share", indicator("a")["id"], "--audience", "all", *words)
    assert done.exit_code == 2
    assert "would expire (2030-01-01T00:00:00)" in " ".join(done.output.split())


def test_a_key_is_neither_loaded_nor_shared(node: Node, tmp_path: Path) -> None:
    file = tmp_path / "report.txt"
    file.write_bytes(PEM)
    done = run(node, "share", str(file), "--audience", "all")
    assert done.exit_code == 2
    assert "keys are not loaded" in " ".join(done.output.split())
    loaded = run(node, "load", str(file))
    assert "a key or certificate (PEM)" in " ".join(loaded.output.split())
    with node.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM document").scalar() == 0


def test_an_answer_names_its_request(node: Node) -> None:
    done = run(node, "notes", "new", "answer", "--title", "t", "--text", "x")
    assert done.exit_code == 2
    assert "name it with --to" in " ".join(done.output.split())


def test_identifiers_stand_whole_in_what_is_listed(node: Node) -> None:
    mail = indicator("a", description=TEXT)
    (outcome,) = sharing.give(node, "pair", mail)
    assert outcome.what == "held for review"
    assert mail["id"] in run(node, "review", "list").output
    sharing.give(node, "all", indicator("red", Tlp.RED))
    shown = run(node, "receipts").output
    assert indicator("red")["id"] in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert isinstance(run(node, "receipts", "--partner", "nope").exception, NotFound)


def test_a_refusal_is_not_an_absence() -> None:
    log = LogReport(log="x", name="all", quarantined=[(7, "no marking")])
    refused = Report(partner="japan", failed="japan answers 401", refused=True, logs=[log])
    told = sync.problems(refused)
    assert told[1].startswith("japan was reached and refused this node. See that this node's clock")
    assert told[2] == "japan, all: entry 7 quarantined: no marking"
    assert "can share it anew" in told[3]
    assert sync._row(refused, log)[-1] == "refused"
    away = Report(partner="japan", failed="japan is not reached", logs=[log])
    assert sync._row(away, log)[-1] == "not reached"


@pytest.mark.parametrize("option", ["--tlp", "--pap", "--expires", "--release-at"])
@pytest.mark.parametrize("value", ["", "  "])
def test_an_option_without_a_value_is_refused(node: Node, option: str, value: str) -> None:
    """As a variable of the shell gives it that is not set."""
    given = indicator("a", None)
    sharing.load(node, given)
    done = run(node, "share", given["id"], "--audience", "all", option, value)
    assert done.exit_code == 2
    assert option in done.output
    assert "without a value" in done.output
    assert sharing.rows(node, "all") == []


def test_the_door_tells_of_recalls_by_notice(
    node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    _teller(node)(Report(partner="india", recalled=3))
    assert "india: 3 objects were taken back by notice" in capsys.readouterr().out


def test_who_is_taken_out_is_told_of_recalls(node: Node) -> None:
    value = indicator("a", None)
    sharing.give(node, "pair", value)
    done = run(node, "audience", "remove", "pair", "india")
    assert "from everybody who could have it" in " ".join(done.output.split())
    done = run(node, "recall", value["id"], "--why", "wrong")
    assert ": india, japan." in done.output


@pytest.mark.parametrize("number", ["99999999999999999999999", "9223372036854775807"])
def test_a_number_that_no_evidence_has(node: Node, number: str) -> None:
    done = run(node, "exchange", "evidence", number)
    assert isinstance(done.exception, NotFound), done.exception
    assert f"no evidence {number}" in str(done.exception)
