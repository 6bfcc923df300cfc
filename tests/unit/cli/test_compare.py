"""Versions compared on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from accord.cli.app import app

run = CliRunner().invoke


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("npm", "1.0.0-rc.1", "1.0.0"), "<"),
        (("PyPI", "1.0", "1.0.0"), "="),
        (("Red Hat", "1:1.0-1", "9.0-1"), ">"),
        (("redhat", "1:1.0-1", "9.0-1"), ">"),
        (("Cargo", "1.x", "1.0.0"), "unorderable"),
        (("npm", "1.5.0", "--within", "vers:npm/>=1.0.0|<2.0.0"), "inside"),
        (("npm", "1.5.0", "--within", "vers:npm/<1.0.0|>=2.0.0"), "outside"),
        (("npm", "latest", "--within", "vers:npm/>=1.0.0"), "unorderable"),
    ],
)
def test_an_answer_in_one_word(words: tuple[str, ...], answer: str) -> None:
    found = run(app, ["compare", *words])
    assert (found.exit_code, found.stdout.strip()) == (0, answer)


FACTS = """\ufeff# facts, as people write them\r
\r
  1.0   <   1.1  \r
1.0\t<\t1.1\r
1.0<1.1\r
1.0 <=1.1\r
1.1 == 1.1\r
2.0 >= 1.0\r
  # indented\r
12.1 build 50 < 12.1 Build 55\r
first < second\r
no fact\r
"""


def test_facts_are_read_however_they_are_spaced(tmp_path: Path) -> None:
    file = tmp_path / "facts.txt"
    file.write_bytes(FACTS.encode())
    found = run(app, ["compare", "generic", "--facts", str(file), "--json"])
    assert found.exit_code == 0
    counts = json.loads(found.stdout)
    assert (counts["agree"], counts["disagree"], counts["unorderable"]) == (7, 0, 1)
    assert counts["not_a_fact"] == 1
    assert "line 12 is not a fact: no fact" in found.stderr


def test_a_fact_that_does_not_hold_is_named(tmp_path: Path) -> None:
    file = tmp_path / "facts.txt"
    file.write_text("1.0 < 1.1\n1.1 < 1.0\n")
    found = run(app, ["compare", "pypi", "--facts", str(file)])
    assert found.exit_code == 1
    assert "agree 1, disagree 1, unorderable 0" in found.stdout
    assert "line 2: 1.1 < 1.0 (the order says >)" in found.stdout


def test_an_ecosystem_without_an_order_is_wrong_usage() -> None:
    found = run(app, ["compare", "Nowhere", "1", "2"])
    assert found.exit_code == 2
    assert "Nowhere" in found.stderr
