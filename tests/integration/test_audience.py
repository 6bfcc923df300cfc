"""Audiences: who is in them, and what the commands say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import nodes
import pytest
import sharing
from exchange_nodes import NOW, HandClock
from msgspec import structs
from sharing import bundle, give, house, indicator
from typer.testing import CliRunner, Result

from accord.cli.app import app
from accord.core.clock import SystemClock
from accord.core.errors import AccordError, Invalid, NotFound
from accord.flows.exchange.sharing import audience
from accord.identity.directory import edits
from accord.identity.markings import Tlp
from accord.store.exchange.trust import SqlTrust
from accord.wiring import Node


@pytest.fixture
def node(database_url: str, tmp_path: Path) -> Iterator[Node]:
    """Australia on each database, with the audience `pair` of India and Japan."""
    made = house(tmp_path, database_url, clock=HandClock())
    yield made
    made.engine.dispose()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Node]:
    """Australia on SQLite, founded today: the commands look at the machine's own clock."""
    made = house(tmp_path, clock=SystemClock())
    yield made
    made.engine.dispose()


def since(node: Node, partner: str) -> int:
    found = node.owner.audience("pair")
    return next(member.since for member in found.members if member.partner == partner)


def test_a_new_member_gets_the_history_that_is_granted(node: Node) -> None:
    give(node, "pair", *(indicator(str(n)) for n in range(5)))
    assert audience.add(node.owner, "pair", "united-states", audience.history("none")) == 5
    assert audience.add(node.owner, "pair", "united-states", audience.history("2")) == 3
    assert audience.add(node.owner, "pair", "united-states", audience.history("9")) == 0
    assert audience.add(node.owner, "pair", "united-states", audience.history("all")) == 0
    assert (since(node, "india"), since(node, "united-states")) == (0, 0)


def test_who_is_removed_is_in_it_no_more_and_comes_back_without_the_past(node: Node) -> None:
    give(node, "pair", indicator("a"))
    audience.remove(node.owner, "pair", "japan")
    assert node.owner.members(node.owner.audience("pair")) == ("india",)
    with pytest.raises(NotFound, match="india"):
        audience.remove(node.owner, "pair", "japan")
    audience.add(node.owner, "pair", "japan")
    assert node.owner.members(node.owner.audience("pair")) == ("india", "japan")
    assert since(node, "japan") == 1


def test_everyone_is_every_other_partner(here: Node) -> None:
    made = audience.create(here.owner, "all", everyone=True)
    assert here.owner.members(made) == ("india", "japan", "united-states")
    for change in (
        lambda: audience.add(here.owner, "all", "japan", 0),
        lambda: audience.remove(here.owner, "all", "japan"),
    ):
        with pytest.raises(Invalid, match="every partner"):
            change()
    with pytest.raises(Invalid, match="--all"):
        audience.create(here.owner, "both", ["japan"], everyone=True)


@pytest.mark.parametrize(
    ("name", "partners", "error"),
    [
        ("", [], "no name"),
        ("Über", [], "no name"),
        ("-a", [], "no name"),
        ("a" * 65, [], "no name"),
        ("a/../b", [], "no name"),
        ("pair", [], "already"),
        ("new", ["australia"], "this node"),
        ("new", ["atlantis"], "no partner 'atlantis'"),
    ],
)
def test_what_cannot_be_an_audience(here: Node, name: str, partners: list[str], error: str) -> None:
    with pytest.raises(AccordError, match=error):
        audience.create(here.owner, name, partners)
    assert [one.name for one in here.sharing.audiences()] == ["pair"]


def test_the_name_of_a_log_tells_nothing(here: Node) -> None:
    found = here.owner.audience("pair")
    other = audience.create(here.owner, "other", ["japan"])
    assert len(found.log) == 32
    assert found.log != other.log


@pytest.mark.parametrize("words", ["", "some", "-1", "1.5", "٣", "9" * 20])
def test_what_is_no_history(words: str) -> None:
    with pytest.raises(Invalid, match="--history"):
        audience.history(words)


def run(here: Node, *words: str) -> Result:
    """A command of this node, in this process."""
    home = str(here.settings.home)
    return CliRunner().invoke(app, [*words, "--home", home], catch_exceptions=False)


def test_a_node_without_a_partnership_says_what_to_do(tmp_path: Path) -> None:
    lone = nodes.new_node(tmp_path / "lone")
    with pytest.raises(NotFound, match="accord partners found"):
        run(lone, "audience", "show")
    lone.engine.dispose()


def test_the_commands_about_audiences(here: Node) -> None:
    assert "nobody yet" in run(here, "audience", "create", "new").stdout
    added = run(here, "audience", "add", "new", "japan").stdout
    assert "and nothing was shared with it yet" in added
    assert "japan" in run(here, "audience", "show", "new").stdout
    assert "no longer" in run(here, "audience", "remove", "new", "japan").stdout
    listed = run(here, "audience", "show").stdout
    assert "india, japan" in listed
    shown = json.loads(run(here, "audience", "show", "--json").stdout)
    assert [one["name"] for one in shown] == ["new", "pair"]
    assert shown[1]["partners"] == ["india", "japan"]


def test_who_left_the_partnership_is_in_no_audience(
    here: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (
        "and nothing was shared with it yet."
        in run(here, "audience", "add", "pair", "united-states", "--history", "all").stdout
    )
    sharing.give(here, "pair", indicator("a"))
    assert "in it" in run(here, "audience", "show", "pair").stdout
    directory = here.trust.directory()
    assert directory
    gone = edits.removed(next(p for p in directory.partners if p.name == "japan"), NOW, "test")
    left = structs.replace(directory, partners=tuple(edits.replaced(directory, gone)))
    monkeypatch.setattr(SqlTrust, "directory", lambda _: left)
    shown = run(here, "audience", "show", "pair").stdout.splitlines()
    (india,) = [line for line in shown if line.split()[:1] == ["india"]]
    (japan,) = [line for line in shown if line.split()[:1] == ["japan"]]
    assert "in it" in india
    assert "in it" not in japan
    assert "left the partnership" in japan


def test_the_commands_share_and_recall(here: Node, tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    file.write_bytes(bundle(indicator("a"), indicator("bad", object_marking_refs=["x--1"])))
    done = run(here, "share", str(file), "--audience", "pair")
    assert done.exit_code == 1
    assert f"shared           GREEN         {indicator('a')['id']}  a" in done.stdout
    assert "[unreadable]" in done.stdout
    assert "Audience pair (india, japan): 1 shared, 1 refused." in done.stdout
    again = run(here, "share", indicator("a")["id"], "--audience", "pair", "--json")
    assert again.exit_code == 0
    assert json.loads(again.stdout)["counts"] == {"already shared": 1}
    taken = run(here, "recall", indicator("a")["id"], "--why", "wrong")
    assert "is recalled: pair." in taken.stdout
    assert "india, japan" in taken.stdout
    status = run(here, "recall", "--status")
    assert status.exit_code == 0
    assert status.stdout.count("not yet") == 2
    assert f"{indicator('a')['id']}  recalled 20" in status.stdout
    assert run(here, "recall", "--status", indicator("a")["id"]).stdout == status.stdout
    with pytest.raises(NotFound, match="lists all of them"):
        run(here, "recall", "--status", "indicator--of-nothing")


def test_words_that_the_commands_do_not_take(here: Node) -> None:
    for words in (
        ("share", "x", "--audience", "pair", "--tlp", "purple"),
        ("share", "x", "--audience", "pair", "--expires", "tomorrow"),
        ("recall",),
        ("recall", "x"),
        ("recall", "--status", "--why", "x"),
    ):
        assert run(here, *words).exit_code == 2
    with pytest.raises(NotFound, match="there are: pair"):
        run(here, "share", "x", "--audience", "none")


def test_many_are_told_by_their_counts(here: Node, tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    red = indicator("red", Tlp.RED)
    file.write_bytes(bundle(*(indicator(str(n)) for n in range(50)), red))
    audience.create(here.owner, "all", everyone=True)
    done = run(here, "share", str(file), "--audience", "all")
    assert "50 shared, 1 refused" in done.stdout
    assert "india: TLP:RED goes to named partners only" in done.stdout
    assert len(done.stdout.splitlines()) == 3
    assert len(sharing.entries(here, "all")) == 50
