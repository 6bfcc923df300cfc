"""Notes written on one node, received on another, and listed with their answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodes
import pytest

from accord.core.clock import FixedClock
from accord.core.errors import Invalid, NotFound
from accord.exchange.notes.building import Draft
from accord.flows import notes
from accord.flows.notes import Thread
from accord.flows.prepare import prepare
from accord.identity.partners import Directory, Partner, Policy
from accord.wiring import Node

ME = "identity--6373aa5a-176c-4aa6-88d7-87cd9f060e40"


@pytest.fixture
def node(database_url: str, tmp_path: Path) -> Iterator[Node]:
    made = nodes.on(database_url, tmp_path)
    yield made
    made.engine.dispose()


def write(node: Node, at: str, **more: Any) -> str:
    node.clock = FixedClock(at)
    return notes.write(Draft(**({"title": "T", "text": "Words"} | more)), node, ME)


def threads(node: Node) -> list[Thread]:
    with node.views.view() as view:
        return notes.threads(view)


def body(node: Node, id_: str) -> bytes:
    with node.views.view() as view:
        return view.body(view.stix_objects(id_)[0].document)


def arrive(node: Node, origin: str, data: bytes) -> None:
    with node.intake.unit() as unit:
        unit.take([prepare(f"exchange:{origin}", data)], nodes.TODAY, origin)
        unit.settle()


def test_answers_stand_under_their_request_with_the_time_that_it_took(
    node: Node, tmp_path: Path
) -> None:
    request = write(node, "2026-02-01T08:00:00.000000Z", kind="assistance", title="Help")
    incident = write(node, "2026-02-01T09:00:00.000000Z", kind="incident", title="Attack")
    (second, first) = threads(node)
    assert (first.note.title, first.hours, second.note.object) == ("Help", None, incident)
    with nodes.fresh() as partner:
        arrive(partner, "india", body(node, request))
        answer = write(
            partner, "2026-02-01T09:30:00.000000Z", kind="answer", title="Yes", to=request[:13]
        )
        sent = body(partner, answer)
        (theirs,) = threads(partner)
        assert (theirs.note.origin, theirs.hours) == ("india", 1.5)
    arrive(node, "japan", sent)
    write(node, "2026-02-02T08:00:00.000000Z", kind="lesson", title="Patch", to=incident)
    learned, asked = threads(node)
    assert [one.title for one in learned.answers] == ["Patch"]
    assert [(one.title, one.origin) for one in asked.answers] == [("Yes", "japan")]
    assert asked.hours == 1.5
    assert tmp_path.exists()


def test_a_note_is_shown_whole(node: Node) -> None:
    id_ = write(
        node, "2026-02-01T08:00:00.000000Z", kind="incident", text="One\nTwo",
        sectors=("energy",), affects=("CVE-2024-3094", "malware--" + ME[10:]),
    )  # fmt: skip
    with node.views.view() as view:
        for name in (id_, id_[:12], id_.partition("--")[2][:8]):
            found = notes.show(view, name)
            assert (found.thread.note.object, found.text, found.sectors) == (
                id_, "One\nTwo", ("energy",),
            )  # fmt: skip
        assert found.affects == ("CVE-2024-3094", "malware--" + ME[10:])
        for name in ("ffff", "", "x", "note--", "'; --", "a" * 10_000):
            with pytest.raises(NotFound, match="accord notes list"):
                notes.show(view, name)


def test_a_partner_writes_no_second_version_of_ours(node: Node) -> None:
    id_ = write(node, "2026-02-01T08:00:00.000000Z", kind="incident", title="Ours")
    value = json.loads(body(node, id_))
    later = {"modified": "2026-03-01T00:00:00.000Z", "name": "Theirs"}
    arrive(node, "mallory", json.dumps(value | later).encode())
    assert {(one.note.title, one.note.origin) for one in threads(node)} == {
        ("Ours", ""), ("Theirs", "mallory"),
    }  # fmt: skip


def test_the_newest_version_is_listed_and_what_was_revoked_is_not(node: Node) -> None:
    id_ = write(node, "2026-02-01T08:00:00.000000Z", kind="incident", title="Old")
    value = json.loads(body(node, id_)) | {"modified": "2026-03-01T00:00:00.000Z", "name": "New"}
    nodes.give(node, [("new", json.dumps(value).encode())])
    assert [one.note.title for one in threads(node)] == ["New"]
    gone = value | {"modified": "2026-04-01T00:00:00.000Z", "revoked": True}
    nodes.give(node, [("gone", json.dumps(gone).encode())])
    assert threads(node) == []


def test_only_a_request_is_answered(node: Node) -> None:
    incident = write(node, "2026-02-01T08:00:00.000000Z", kind="incident")
    with pytest.raises(Invalid, match="no request"):
        write(node, "2026-02-01T09:00:00.000000Z", kind="answer", to=incident)
    with pytest.raises(NotFound):
        write(node, "2026-02-01T09:00:00.000000Z", kind="answer", to="note--" + ME[10:])


def test_the_maker_is_the_node_as_its_partners_know_it() -> None:
    directory = Directory("p", 1, 1, Policy(), (Partner("japan", "Japan", ME),))
    assert notes.maker(directory, "japan") == ME
    assert notes.maker(directory, "india") == notes.maker(directory, "") == ""
    assert notes.maker(None, "japan") == ""


def test_notes_are_written_and_listed_by_the_command(tmp_path: Path) -> None:
    home = tmp_path / "node"
    nodes.new_node(home)
    people = tmp_path / "people.txt"
    people.write_text("Bob@Example.org\n+81 3-1234-5678\n")
    words = ("--title", "Leak", "--text", "A list was copied.", "--tlp", "amber")
    done = nodes.run("notes", "new", "breach", *words, "--identifiers", people, home=home)
    assert done.returncode == 0, done.stderr
    assert "2 identifiers stand in it, as hashes only." in done.stderr
    assert "accord share incident--" in done.stdout
    listed = nodes.run("notes", "list", home=home).stdout
    assert "Leak" in listed
    assert "this node" in listed
    (found,) = json.loads(nodes.run("notes", "list", "--json", home=home).stdout)
    shown = nodes.run("notes", "show", found["note"]["object"], home=home).stdout
    assert "A list was copied." in shown
    assert "identifiers: 2, as hashes" in shown
    kept = b"".join(file.read_bytes() for file in home.iterdir() if file.is_file())
    assert b"example.org" not in kept.lower()
    for wrong in (
        ("breach", "--title", "bob@example.org", "--text", "x", "--identifiers", people),
        ("incident", "--title", "x", "--text", "x", "--tlp", "blue"),
        ("answer", "--title", "x", "--text", "x"),
        ("breach", "--title", "x", "--text", "x", "--identifiers", tmp_path / "none"),
    ):
        refused = nodes.run("notes", "new", *wrong, home=home)
        assert refused.returncode == 2
        assert "Traceback" not in refused.stderr
        assert "bob@" not in refused.stderr.lower()
    definitions = nodes.run("notes", "definitions", home=home)
    assert json.loads(definitions.stdout)["type"] == "bundle"
