"""Events of MISP as STIX and back on the command line, with the account of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from misp_events import attribute, data, event, name
from sharing import indicator
from stix_objects import bundle
from typer.testing import CliRunner

from accord.cli.app import app
from accord.core.errors import Invalid, NotFound

VALUE = event(attribute(10, "domain", "evil.example"), attribute(11, "text", "a word"))


def run(*words: str | Path) -> Any:
    return CliRunner().invoke(app, ["misp", *map(str, words)])


def test_an_event_goes_there_and_back(tmp_path: Path) -> None:
    (tmp_path / "event.json").write_bytes(data(VALUE))
    there = run("stix", tmp_path / "event.json", "--out", tmp_path / "bundle.json", "--json")
    assert there.exit_code == 0
    told = json.loads(there.stdout)
    assert (told["events"], told["became"]) == (1, {"indicator": 1, "note": 1})
    assert [one["subject"] for one in told["kept"]] == ["text a word"]
    back = run("event", tmp_path / "bundle.json", "--out", tmp_path / "again.json")
    assert back.exit_code == 0
    assert json.loads((tmp_path / "again.json").read_bytes()) == {"Event": VALUE}


def test_what_cannot_be_read_is_told_and_the_rest_is_written(tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "a.json").write_bytes(data(VALUE))
    (tmp_path / "events" / "b.json").write_bytes(data(VALUE | {"uuid": name(3)}))
    (tmp_path / "events" / "c.json").write_bytes(data(VALUE)[:-9])
    done = run("stix", tmp_path / "events", "--out", tmp_path / "bundle.json")
    assert done.exit_code == 3
    assert "1 could not be read" in done.stderr
    assert "c.json: not JSON" in " ".join(done.stderr.split())
    back = run("event", tmp_path / "bundle.json", "--out", tmp_path / "again.json")
    assert back.exit_code == 0
    assert len(json.loads((tmp_path / "again.json").read_bytes())["response"]) == 2


def test_a_bundle_of_others_becomes_an_event_on_standard_output(tmp_path: Path) -> None:
    (tmp_path / "bundle.json").write_bytes(bundle(indicator("evil")))
    done = run("event", tmp_path / "bundle.json")
    (one,) = json.loads(done.stdout)["Event"]["Attribute"]
    assert (one["type"], one["value"], one["to_ids"]) == ("domain", "evil.example", True)


@pytest.mark.parametrize(
    ("content", "wrong"), [(data(VALUE), "not a STIX bundle"), (bundle(), "nothing in it")]
)
def test_what_is_no_bundle_is_refused(tmp_path: Path, content: bytes, wrong: str) -> None:
    (tmp_path / "bundle.json").write_bytes(content)
    done = run("event", tmp_path / "bundle.json")
    assert isinstance(done.exception, Invalid)
    assert wrong in str(done.exception)


def test_what_is_not_there_is_told() -> None:
    assert isinstance(run("stix", "/nowhere").exception, NotFound)
    assert isinstance(run("event", "/nowhere").exception, NotFound)
