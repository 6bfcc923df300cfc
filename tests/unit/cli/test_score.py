"""`accord score`: a file or a document of the node, exactly and by its exit code."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import bills
import pytest
from typer.testing import CliRunner

from accord.cli.app import app
from accord.core.errors import Invalid, NotFound

run = CliRunner().invoke

PART = {"version": "1.0", "supplier": {"name": "Example"}, "purl": "pkg:pypi/part@1.0"}
METADATA = {
    "timestamp": "2026-03-04T05:06:07Z",
    "authors": [{"name": "Ada"}],
}
GRAPH = [{"ref": "c0", "dependsOn": ["c1"]}]


def whole(**changes: Any) -> bytes:
    made = bills.cyclonedx(PART, {**PART, **changes}, metadata=METADATA, dependencies=GRAPH)
    return json.dumps(made).encode()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "node"


def test_a_bill_that_passes(tmp_path: Path) -> None:
    file = tmp_path / "bill.json"
    file.write_bytes(whole())
    found = run(app, ["score", str(file), "--profile", "ntia-2021"])
    assert found.exit_code == 0, found.output
    assert "Passes: every required field is stated throughout." in found.stdout
    assert "2/2" in found.stdout
    assert "100 %" in found.stdout


def test_what_lacks_is_named_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "bill.json"
    file.write_bytes(whole(version="\x1b[31mNOASSERTION", name="evil\x1b[0m", purl="unknown"))
    found = run(app, ["score", str(file), "--profile", "ntia-2021"])
    assert found.exit_code == 1
    assert "Does not pass: 1 required fields lack." in found.stdout
    assert "unique-identifier: unknown, evil" in found.stdout
    assert "at /components/1" in found.stdout
    assert "\x1b" not in found.stdout


def test_json_gives_exact_shares(tmp_path: Path) -> None:
    file = tmp_path / "bill.json"
    file.write_bytes(whole(version=""))
    found = run(app, ["score", str(file), "--json"])
    assert found.exit_code == 1
    data = json.loads(found.stdout)
    assert [score["profile"] for score in data["scores"]] == [
        "bsi-tr-03183-2-2.1", "cert-in-2.0", "cisa-2025-draft", "ntia-2021",
    ]  # fmt: skip
    fields = {field["id"]: field for field in data["scores"][3]["fields"]}
    assert fields["component-version"]["share"] == {"numerator": 1, "denominator": 2}
    assert data["passes"] is False


def test_a_profile_of_ones_own(tmp_path: Path) -> None:
    file, own = tmp_path / "bill.json", tmp_path / "own.yaml"
    file.write_bytes(whole())
    own.write_text(
        "sbom_profile: own-1\ntitle: Own\nissuer: We\nsource: Letter\ndated: 2026-01-01\nfields:\n"
        "- {id: n, title: N, level: component, check: name, required: true, source: line 1}\n"
    )
    found = run(app, ["score", str(file), "--profile", str(own)])
    assert found.exit_code == 0
    assert "Own (own-1)" in found.stdout
    own.write_text(own.read_text().replace("check: name", "check: nmae"))
    found = run(app, ["score", str(file), "--profile", str(own)])
    assert isinstance(found.exception, Invalid)
    assert "own.yaml" in str(found.exception)
    assert "no check 'nmae'" in str(found.exception)


def test_a_loaded_document_by_its_digest(tmp_path: Path, home: Path) -> None:
    file = tmp_path / "bill.json"
    file.write_bytes(whole())
    node = ["--home", str(home)]
    assert run(app, ["load", str(file), *node]).exit_code == 0
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    for name in (digest[:12], digest, f"sha256:{digest}"):
        found = run(app, ["score", name, "--profile", "ntia-2021", *node])
        assert found.exit_code == 0, found.output
    found = run(app, ["score", "f" * 64, *node])
    assert isinstance(found.exception, NotFound)
    assert "neither a file nor the digest" in str(found.exception)


def test_neither_file_nor_node(tmp_path: Path, home: Path) -> None:
    found = run(app, ["score", str(tmp_path / "none.json"), "--home", str(home)])
    assert isinstance(found.exception, NotFound)
    assert "is not a file, and" in str(found.exception)
    found = run(app, ["score", "x", "--profile", "ntia", "--home", str(home)])
    assert isinstance(found.exception, NotFound)
    assert "no profile 'ntia'" in str(found.exception)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (rb'{"bomFormat": "CycloneDX", "x": "\ud800"}', r"half of a surrogate pair, \\ud800"),
        (b'{"bomFormat": "CycloneDX", "x": NaN}', "malformed"),
        (
            b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "\xff"}',
            r"byte 66 .* is not UTF-8",
        ),
        (b'{"bomFormat": "CycloneDX"', "truncated"),
        (b'{"bomFormat": ' + b"[" * 1000 + b"]" * 1000 + b"}", "nested more than"),
        (
            b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///x">]><bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>',
            "document type",
        ),
    ],
)
def test_a_hostile_file_is_refused_with_what_is_wrong(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    file = tmp_path / "bill"
    file.write_bytes(data)
    found = run(app, ["score", str(file)])
    assert isinstance(found.exception, Invalid)
    assert re.search(reason, str(found.exception)), found.exception
