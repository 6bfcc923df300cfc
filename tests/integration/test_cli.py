"""The command line's contract: words, exit codes and what is printed, by the real program."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nodes
import pytest
from typer.testing import CliRunner

from accord import scenario
from accord.cli.app import app
from accord.core.digests import digest
from accord.flows.explain import explain
from accord.wiring import Node, Settings

COMMANDS = (
    "init", "load", "exposures", "explain", "find", "unevaluated", "documents", "confirm",
    "choose", "rebuild", "state-hash", "serve", "compare", "demo", "demo-one",
)  # fmt: skip
PROMISED = (
    "id", "operator", "country", "sector", "product", "release", "component", "purl", "cpe",
    "version", "advisory", "aliases", "fixed", "status", "decision", "urgency",
    "known_exploited", "exploited_by", "severity", "epss", "first_seen",
)  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("node")
    node = nodes.new_node(folder)
    nodes.give(node, scenario.files())
    node.engine.dispose()
    return folder


def quick(*words: str, home: Path) -> Any:
    """The same program within this process, for words whose exit code Typer itself gives."""
    return CliRunner().invoke(app, [*words, "--home", str(home)])


def listed(home: Path, *words: str) -> list[dict[str, Any]]:
    done = quick("exposures", "--json", *words, home=home)
    assert done.exit_code == 0, done.output
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def test_help_names_every_command() -> None:
    done = nodes.command("--help")
    assert done.returncode == 0
    for name in COMMANDS:
        assert re.search(rf"^\s+{name}\s", done.stdout, re.MULTILINE), name


SLOW = {
    "exposures": ("alembic", "cryptography", "duckdb", "httpcore", "litestar", "tuf", "uvicorn"),
    "feeds": ("accord.flows.read", "alembic", "duckdb", "httpcore", "litestar", "tuf", "uvicorn"),
    "load": ("alembic", "duckdb", "httpcore", "litestar", "tuf", "uvicorn"),
}


@pytest.mark.parametrize("words", [["exposures"], ["feeds", "list"], ["load", "."]], ids=" ".join)
def test_a_command_waits_for_nothing_that_it_does_not_use(tmp_path: Path, words: list[str]) -> None:
    """What is slow to load, and of use to others only, is not loaded."""
    nodes.new_node(tmp_path / "n").engine.dispose()
    given = tmp_path / "given"
    given.mkdir()
    (given / "one.json").write_bytes(nodes.osv("OSV-1"))
    code = (
        "import sys\nfrom accord.cli import main\n"
        f"sys.argv = ['accord', *{words!r}, '--home', {str(tmp_path / 'n')!r}]\n"
        "try:\n    main()\nfinally:\n    print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=given
    )
    loaded = set(done.stderr.splitlines())
    assert "accord.wiring.place" in loaded
    assert not loaded.intersection(SLOW[words[0]])


def test_each_object_has_what_is_promised(home: Path) -> None:
    done = nodes.run("exposures", "--json", home=home)
    assert (done.returncode, done.stderr) == (0, "")
    rows = json.loads(done.stdout)
    assert len(rows) > 60
    for row in rows:
        assert set(PROMISED) <= set(row)
        assert re.fullmatch(r"[0-9a-f]{12}", row["id"])
        assert isinstance(row["known_exploited"], bool)
        assert isinstance(row["aliases"], list)
        assert row["epss"] is None or 0 <= row["epss"] <= 1
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", row["first_seen"])
    assert len({row["id"] for row in rows}) == len(rows)


def test_what_is_listed_is_ranked(home: Path) -> None:
    words = ["act", "attend", "track*", "track"]
    rows = [row for row in listed(home) if row["status"] in ("exposed", "under_investigation")]
    decisions = [words.index(row["decision"]) for row in rows]
    assert decisions == sorted(decisions)
    for decision in words:
        dates = [row["known_exploited_since"] or "0" for row in rows if row["decision"] == decision]
        assert dates == sorted(dates, reverse=True)


FILTERS = (
    ("operator", "Northern Regional", lambda r: "northern regional" in r["operator"].lower()),
    ("sector", "ENERGY", lambda r: r["sector"] == "energy"),
    ("country", "in", lambda r: r["country"] == "IN"),
    ("decision", "act", lambda r: r["decision"] == "act"),
    ("advisory", "cve-2021-44228", lambda r: r["advisory"] == "CVE-2021-44228"),
    ("advisory", "GHSA-jfh8-c2jp-5v3q", lambda r: r["advisory"] == "CVE-2021-44228"),
    ("component", "log4j", lambda r: "log4j" in (r["component"] + r["purl"]).lower()),
    ("component", "pkg:maven/", lambda r: r["purl"].startswith("pkg:maven/")),
    ("supplier", "larkspur", lambda r: "larkspur" in r["supplier"].lower()),
    ("product", "gridview", lambda r: "gridview" in r["product"].lower()),
    ("status", "not_affected", lambda r: r["status"] == "not_affected"),
)


@pytest.mark.parametrize(("name", "value", "kept"), FILTERS)
def test_a_filter_keeps_exactly_what_it_names(name: str, value: str, kept: Any, home: Path) -> None:
    rows = listed(home)
    wanted = [row for row in rows if kept(row)]
    assert 0 < len(wanted) < len(rows)
    assert listed(home, f"--{name}", value) == wanted


def test_filters_work_together(home: Path) -> None:
    both = listed(home, "--sector", "energy", "--decision", "act")
    acts = {row["id"] for row in listed(home, "--decision", "act")}
    assert [row for row in listed(home, "--sector", "energy") if row["id"] in acts] == both != []


@pytest.mark.parametrize("words", [("--decision", "panic"), ("--status", "fine")])
def test_a_filter_that_names_nothing_possible_is_wrong_usage(
    words: tuple[str, str], home: Path
) -> None:
    done = quick("exposures", *words, home=home)
    assert done.exit_code == 2
    assert words[1] in done.stderr


def test_csv_has_the_same_rows(home: Path) -> None:
    rows = listed(home)
    done = quick("exposures", "--csv", home=home)
    read = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["id"] for row in read] == [row["id"] for row in rows]
    assert [row["operator"] for row in read] == [row["operator"] for row in rows]
    assert {row["known_exploited"] for row in read} == {"True", "False"}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--fail-on", "act"), 10),
        (("--fail-on", "track", "--operator", "nobody at all"), 0),
        (("--fail-on", "act", "--status", "not_affected"), 0),
        (("--fail-on", "act", "--decision", "track"), 0),
        (("--fail-on", "track", "--decision", "track"), 10),
        (("--fail-on", "panic"), 2),
        (("--as-of", "yesterday"), 2),
        (("--as-of", "2020-01-01", "--fail-on", "track"), 0),
    ],
)
def test_exit_codes_of_exposures(words: tuple[str, ...], code: int, home: Path) -> None:
    assert quick("exposures", "--json", *words, home=home).exit_code == code


def test_fail_on_is_the_code_of_the_process(home: Path) -> None:
    assert nodes.command("exposures", "--fail-on", "act", home=home).returncode == 10


def test_the_table_is_no_wider_than_a_hundred_columns(home: Path) -> None:
    done = quick("exposures", home=home)
    assert "Exposures, in the order in which to act" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_load_says_by_its_code_what_became_of_the_documents(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_bytes(nodes.osv("OSV-1"))
    (tmp_path / "bad.json").write_bytes(b"{")
    done = nodes.run("load", tmp_path / "good.json", "--json", home=tmp_path / "n")
    account = json.loads(done.stdout)
    assert done.returncode == 0
    assert account["counts"] == {
        "OSV advisory": {"read": 1, "new": 1, "same": 0, "quarantined": 0, "items_quarantined": 0}
    }
    done = nodes.run("load", tmp_path / "good.json", tmp_path / "bad.json", home=tmp_path / "n")
    assert done.returncode == 3
    assert "bad.json" in done.stderr
    assert re.search(r"all\s+2\s+0\s+1\s+1\s+0", done.stdout)
    assert nodes.run("load", tmp_path / "none", home=tmp_path / "n").returncode == 2
    assert nodes.run("load", home=tmp_path / "n").returncode == 2


def test_quarantined_documents_are_listed_with_place_and_reason(tmp_path: Path) -> None:
    node = nodes.new_node(tmp_path)
    bad = nodes.text({"id": "OSV-1", "modified": "2026-01-01T00:00:00Z", "affected": [7]})
    nodes.give(node, [("items", bad), ("whole", b'{"id": 3, "modified": "x"}'), ("?", b"?")])
    node.engine.dispose()
    done = quick("documents", "--quarantined", "--json", home=tmp_path)
    refused = {row["sources"][0]: row["quarantined"] for row in json.loads(done.stdout)}
    assert set(refused) == {"items", "whole", "?"}
    assert refused["items"][0][0] == "/affected/0"
    assert all(reason for found in refused.values() for _, reason in found)


def test_explain_names_every_step_with_its_document(home: Path) -> None:
    (one,) = [
        row for row in listed(home, "--advisory", "CVE-2022-34265") if row["component"] == "Django"
    ]
    done = nodes.run("explain", one["id"][:8], "--json", home=home)
    found = json.loads(done.stdout)
    assert found["exposure"] == one
    about: dict[str, list[dict[str, Any]]] = {}
    for reason in found["reasons"]:
        about.setdefault(reason["about"], []).append(reason)
    assert {"component", "match", "aliases", "statement", "status", "known exploited", "epss",
            "input", "assumed", "decision", "first seen"} - set(about) <= {
                "known exploited", "assumed", "aliases"}  # fmt: skip
    (match,) = about["match"]
    assert "pkg:pypi/django" in match["sentence"]
    assert "<" in match["sentence"]
    assert "pep440" in match["sentence"]
    taken, refused = about["statement"]
    assert taken["sentence"].endswith("taken.")
    assert "refused" in refused["sentence"]
    for reason in (*about["component"], *about["match"], *about["statement"]):
        source = reason["source"]
        assert re.fullmatch(r"[0-9a-f]{64}", source["document"])
        assert all(source[name] for name in ("name", "kind", "place"))
        assert source["learned"] == "2026-01-31"
    printed = nodes.run("explain", one["id"], home=home)
    assert match["sentence"] in printed.stdout
    assert printed.returncode == 0


def test_explain_names_the_stream_of_a_distribution(home: Path) -> None:
    row = listed(home, "--component", "libssl1.1")[0]
    reasons = json.loads(quick("explain", row["id"], "--json", home=home).stdout)["reasons"]
    (match,) = {reason["sentence"] for reason in reasons if reason["about"] == "match"}
    assert re.search(r"in debian[-: ]?1\d|in .*1[01]", match, re.IGNORECASE)


def test_every_exposure_can_be_explained(home: Path) -> None:
    node = Node(Settings(home))
    listed_all = node.exposures.all()
    assert len(listed_all) > 1
    for exposure in listed_all:
        found = explain(exposure.id, node.exposures, node.views)
        about = {reason.about for reason in found.reasons}
        assert {"component", "match", "status", "decision", "first seen"} <= about
        for reason in found.reasons:
            assert reason.sentence
            if reason.about in ("component", "match", "statement", "epss", "sighting"):
                assert reason.source is not None
                assert reason.source.document
                assert reason.source.learned
    node.engine.dispose()


@pytest.mark.parametrize(
    "word", ["log4j", "GRIDVIEW", "CVE-2021-44228", "Sandworm", "100%", "x'--"]
)
def test_find_looks_for_a_word_case_aside(word: str, home: Path) -> None:
    done = quick("find", word, "--json", home=home)
    found = json.loads(done.stdout)
    assert bool(found) is (word not in ("100%", "x'--"))
    assert all({"kind", "name", "detail"} <= set(row) for row in found)


def test_unevaluated_lists_reason_subject_and_place(home: Path) -> None:
    gaps = json.loads(quick("unevaluated", "--json", home=home).stdout)
    assert {"reason", "subject", "name", "place", "document", "source", "kind"} <= set(gaps[0])
    reason = gaps[0]["reason"]
    only = json.loads(quick("unevaluated", "--json", "--reason", reason, home=home).stdout)
    assert only == [gap for gap in gaps if gap["reason"] == reason]


def test_init_may_be_run_again(tmp_path: Path) -> None:
    assert "A new node is" in nodes.run("init", home=tmp_path).stdout
    again = nodes.run("init", home=tmp_path)
    assert (again.returncode, "The node is" in again.stdout) == (0, True)


def test_state_hash_and_rebuild_print_the_same(home: Path) -> None:
    printed = quick("state-hash", home=home).stdout.strip()
    assert re.fullmatch(r"[0-9a-f]{64}", printed)
    assert json.loads(quick("state-hash", "--json", home=home).stdout) == {"state_hash": printed}
    assert printed in quick("rebuild", home=home).stdout


def test_confirm_and_choose_are_kept(tmp_path: Path) -> None:
    node = nodes.new_node(tmp_path)
    one, other = nodes.osv("OSV-1", summary="one"), nodes.osv("OSV-1", summary="other")
    nodes.give(node, [*scenario.files(), ("one", one), ("other", other)])
    node.engine.dispose()
    candidate = listed(tmp_path, "--status", "candidate")[0]["id"]
    by = ("--why", "looked", "--by", "An Analyst")
    assert quick("confirm", candidate, *by, home=tmp_path).exit_code == 0
    assert {row["id"]: row["status"] for row in listed(tmp_path)}[candidate] == "exposed"
    assert quick("confirm", candidate, "--refuse", *by, home=tmp_path).exit_code == 0
    quick("rebuild", home=tmp_path)
    assert {row["id"]: row["status"] for row in listed(tmp_path)}[candidate] == "not_affected"
    done = quick("choose", digest(one)[:12], *by, home=tmp_path)
    assert "1 set aside" in done.stdout
    gaps = json.loads(quick("unevaluated", "--json", home=tmp_path).stdout)
    assert "rival documents" not in {gap["reason"] for gap in gaps}
    assert "1 set aside" in quick("choose", digest(other)[:12], *by, home=tmp_path).stdout
    alone = digest(dict(scenario.files())["estate.yaml"])
    refused = nodes.run("choose", alone, *by, home=tmp_path)
    assert (refused.returncode, "no rivals" in refused.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("PyPI", "1.0", "1.0.post1"), "<"),
        (("npm", "2.0.0", "2.0.0-rc.1"), ">"),
        (("Debian:11", "1.0-1", "1.0-1"), "="),
        (("pypi", "1.0", "not a version!"), "unorderable"),
        (("maven", "1.5", "--within", "vers:maven/>=1.0|<2.0"), "inside"),
        (("maven", "2.0", "--within", "vers:maven/>=1.0|<2.0"), "outside"),
    ],
)
def test_compare_prints_one_word(words: tuple[str, ...], said: str) -> None:
    for extra in ((), ("--json",)):
        done = CliRunner().invoke(app, ["compare", *words, *extra])
        assert done.exit_code == 0
        printed = json.loads(done.stdout)["result"] if extra else done.stdout.strip()
        assert printed == said


@pytest.mark.parametrize(
    "words",
    [("Atlantis", "1", "2"), ("pypi",), ("pypi", "1"), ("pypi", "1", "--within", "vers:pypi"),
     ("pypi", "--facts", "nowhere")],
)  # fmt: skip
def test_compare_says_wrong_usage_by_its_code(words: tuple[str, ...]) -> None:
    assert CliRunner().invoke(app, ["compare", *words]).exit_code == 2


def test_compare_checks_a_file_of_facts(tmp_path: Path) -> None:
    facts = tmp_path / "facts"
    facts.write_text("# order\n1.0 < 1.1\n1.0 == 1.0.0\n2.0 <= 1.0\n1!2 > x!y\nnonsense\n")
    done = nodes.run("compare", "pypi", "--facts", facts)
    assert done.returncode == 1
    assert "agree 2, disagree 1, unorderable 1" in done.stdout
    assert "line 4: 2.0 <= 1.0" in done.stdout
    assert "line 6 is not a fact" in done.stderr
    facts.write_text("1.0 < 1.1\n")
    assert nodes.run("compare", "pypi", "--facts", facts, "--json").returncode == 0


def test_demo_shows_what_a_node_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    done = nodes.command("demo-one")
    assert done.returncode == 0, done.stderr
    assert "Exposures, in the order in which to act" in done.stdout
    assert "Try next:" in done.stdout
