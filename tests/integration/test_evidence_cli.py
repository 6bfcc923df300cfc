"""`accord evidence` as a person uses it."""

from __future__ import annotations

import json
from pathlib import Path

import evidence_made as made
import nodes
import pytest
from evidence_made import BUILDER, SHIPPED, Key
from shared import real_members
from typer.testing import CliRunner, Result

from accord.cli.app import app
from accord.core.errors import AccordError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "node"
    nodes.new_node(folder).engine.dispose()
    return folder


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["evidence", *words, "--home", str(home)])


def good(home: Path, *words: str) -> str:
    found = run(home, *words)
    assert found.exit_code == 0, found.output + str(found.exception)
    return found.stdout


def test_from_a_standing_to_a_removal(home: Path, tmp_path: Path) -> None:
    key = Key()
    files = {
        "forge.pem": key.pem,
        "provenance.dsse": made.envelope(made.provenance(), key),
        "lantern.tar": SHIPPED,
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    who = ("--person", "Ana")
    why = ("--why", "met in Osaka")
    standing = ("issuer", "add", "Forge", "--role", "builder", "--identity", BUILDER)
    said = good(home, *standing, "--key", str(tmp_path / "forge.pem"), *who, *why)
    assert said == "Forge, builder, has a standing.\n"
    add = ("add", "Lantern", str(tmp_path / "provenance.dsse"), "--release", "2.1", *who)
    said = good(home, *add, "--artefact", str(tmp_path / "lantern.tar"))
    assert "signature verified (key)" in said
    found = json.loads(good(home, *add, "--json"))
    assert [one["new"] for one in found["taken"]] == [False]
    assert "verified" in good(home, "list", "Lantern")
    (listed,) = json.loads(good(home, "list", "--json"))
    assert (listed["level"], listed["claims"], listed["here"]) == ("verified", 1, True)
    assert "Forge  builder  stands" in good(home, "issuer", "list")
    assert json.loads(good(home, "issuer", "list", "--json"))[0]["name"] == "Forge"
    good(home, "issuer", "remove", "Forge", *who, *why)
    assert json.loads(good(home, "list", "--json"))[0]["level"] == "unknown"
    good(home, "remove", "Lantern", listed["tie"]["document"][:12], *who, *why)
    assert good(home, "list") == "No evidence.\n"


def test_wrong_use_is_told(home: Path, tmp_path: Path) -> None:
    form = tmp_path / "form.json"
    form.write_bytes(made.form())
    who = ("--person", "Ana")
    assert run(home, "add", "Lantern", str(tmp_path), *who).exit_code == 2
    assert run(home, "add", "Lantern", str(tmp_path / "none"), *who).exit_code == 2
    assert run(home, "add", "Lantern", str(form), *who, "--artefact", "sha256:1").exit_code == 2
    assert run(home, "add", "Lantern", str(form), *who, "--artefact", "none").exit_code == 2
    refused = run(home, "add", "Torch", str(form), *who)
    assert isinstance(refused.exception, AccordError)
    assert "it is about Lantern, not Torch" in str(refused.exception)


def test_real_provenance_is_evidence_for_its_own_release_only(home: Path, tmp_path: Path) -> None:
    members = dict(real_members("data/sbom/guac-data.zip", ".json"))
    name = next(name for name in members if "kube-slsa-v1.24.1" in name)
    score = next(name for name in members if "/scorecard/" in name)
    (tmp_path / "slsa.json").write_bytes(members[name])
    (tmp_path / "score.json").write_bytes(members[score])
    digests = [s["digest"]["sha256"] for s in json.loads(members[name])["subject"]]
    files = (str(tmp_path / "slsa.json"), str(tmp_path / "score.json"))
    add = ("add", "Kubernetes", *files, "--release", "1.24.1", "--person", "Ana")
    assert run(home, *add, "--artefact", f"sha256:{'0' * 64}").exit_code == 1
    found = json.loads(good(home, *add, "--artefact", f"sha256:{digests[-1]}", "--json"))
    assert [one["kind"] for one in found["taken"]] == ["provenance", "scorecard"]
    assert found["taken"][0]["matched"] == [f"sha256:{digests[-1]}"]
    listed = json.loads(good(home, "list", "Kubernetes", "--json"))
    assert {one["level"] for one in listed} == {"self-asserted"}
