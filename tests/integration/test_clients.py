"""Clients on real databases: shown once, known by a hash, gone when revoked."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodes
import pytest
from exchange_nodes import HandClock
from sqlalchemy import select
from typer.testing import CliRunner

from accord.cli import app as cli
from accord.core.errors import Invalid, NotFound
from accord.flows.exchange import clients as flow
from accord.identity.clients import Client
from accord.identity.markings import Tlp
from accord.store.exchange.people import SqlPeople
from accord.store.exchange.tables import client as table
from accord.transport.tls import ensure_certificate
from accord.wiring import Node

CLOCK = HandClock()
PRINT = "ab" * 32


@pytest.fixture
def node(database_url: str, tmp_path: Path) -> Iterator[Node]:
    made = nodes.on(database_url, tmp_path)
    yield made
    made.engine.dispose()


def grid(**more: Any) -> Client:
    words = {"name": "grid", "organisation": "Grid", "kind": "operator", "tlp": Tlp.AMBER}
    return Client(**{**words, **more})


def add(node: Node, **more: Any) -> str:
    return flow.add(node.people, CLOCK, secrets.token_bytes, grid(**more))


def stored(node: Node) -> str:
    with node.engine.connect() as connection:
        return str([tuple(row) for row in connection.execute(select(table))])


def test_a_token_is_shown_once_and_kept_as_its_hash(node: Node) -> None:
    token = add(node)
    who = node.people.by_token(token)
    assert who
    assert (who.kind, who.name, who.organisation, who.tlp) == ("client", "grid", "Grid", Tlp.AMBER)
    assert token not in stored(node)
    assert token[7:50] not in stored(node)
    assert token not in repr(node.people.clients())


def test_only_the_token_itself_lets_in(node: Node) -> None:
    token = add(node)
    for wrong in ("", "accord_", token[:-1], token + "0", token.upper(), token[7:], "'; --"):
        assert node.people.by_token(wrong) is None
    assert node.people.by_certificate("") is None
    assert node.people.by_certificate(PRINT) is None


def test_rotating_ends_the_token_before(node: Node) -> None:
    old = add(node)
    new = flow.rotate(node.people, CLOCK, secrets.token_bytes, "grid")
    assert node.people.by_token(old) is None
    assert node.people.by_token(new)
    assert node.people.clients()[0].rotated == CLOCK.now()


def test_a_revoked_client_is_nobody_for_good(node: Node) -> None:
    token = add(node)
    flow.revoke(node.people, CLOCK, "grid")
    assert node.people.by_token(token) is None
    with pytest.raises(Invalid, match="revoked"):
        flow.rotate(node.people, CLOCK, secrets.token_bytes, "grid")
    with pytest.raises(Invalid, match="revoked"):
        flow.revoke(node.people, CLOCK, "grid")
    with pytest.raises(Invalid, match="of this name"):
        add(node)
    assert [one.revoked for one in node.people.clients()] == [CLOCK.now()]


def test_a_certificate_is_one_client_s(node: Node) -> None:
    assert add(node, certificate=PRINT) == ""
    who = node.people.by_certificate(PRINT)
    assert who
    assert who.name == "grid"
    with pytest.raises(Invalid, match="another client"):
        add(node, name="other", certificate=PRINT)
    flow.revoke(node.people, CLOCK, "grid")
    assert node.people.by_certificate(PRINT) is None
    add(node, name="other", certificate=PRINT)
    other = node.people.by_certificate(PRINT)
    assert other
    assert other.name == "other"


def test_a_token_gives_way_to_a_certificate_and_back(node: Node) -> None:
    token = add(node)
    assert flow.rotate(node.people, CLOCK, secrets.token_bytes, "grid", (PRINT, "")) == ""
    assert node.people.by_token(token) is None
    assert node.people.by_certificate(PRINT)
    token = flow.rotate(node.people, CLOCK, secrets.token_bytes, "grid")
    assert node.people.by_certificate(PRINT) is None
    assert node.people.by_token(token)


def test_whoever_is_not_there_is_said(node: Node) -> None:
    for act in (
        lambda: flow.revoke(node.people, CLOCK, "nobody"),
        lambda: flow.rotate(node.people, CLOCK, secrets.token_bytes, "nobody"),
        lambda: SqlPeople(node.engine).change_client(grid(), ""),
    ):
        with pytest.raises(NotFound):
            act()


def test_no_client_is_entitled_to_more_than_amber(node: Node) -> None:
    for tlp in (Tlp.AMBER_STRICT, Tlp.RED):
        with pytest.raises(Invalid):
            add(node, tlp=tlp)
    assert node.people.clients() == []


def run(home: Path, *words: str) -> Any:
    return CliRunner().invoke(cli.app, ["clients", *words, "--home", str(home)])


def test_the_commands(tmp_path: Path) -> None:
    node = nodes.new_node(tmp_path)
    assert "No clients yet" in run(tmp_path, "list").output
    of = ("--organisation", "Grid", "--kind", "operator")
    added = run(tmp_path, "add", "grid", *of, "--tlp", "AMBER")
    token = added.stdout.splitlines()[0]
    assert node.people.by_token(token)
    assert token not in added.stderr
    listed = json.loads(run(tmp_path, "list", "--json").output)
    assert (listed[0]["name"], listed[0]["tlp"]) == ("grid", "AMBER")
    for words in (("list",), ("list", "--json"), ("revoke", "nobody")):
        assert token[7:50] not in run(tmp_path, *words).output
    new = run(tmp_path, "rotate", "grid").stdout.splitlines()[0]
    assert node.people.by_token(token) is None
    assert node.people.by_token(new)
    assert run(tmp_path, "revoke", "grid").exit_code == 0
    assert "revoked" in run(tmp_path, "list").output
    node.engine.dispose()


def test_who_is_entitled_to_more_than_it_is_given_is_warned_of(tmp_path: Path) -> None:
    nodes.new_node(tmp_path).engine.dispose()
    for number, (kind, tlp, warned) in enumerate(
        (("operator", "AMBER", False), ("industry", "AMBER", True), ("supplier", "AMBER", True),
         ("supplier", "GREEN", False), ("industry", "CLEAR", False))
    ):  # fmt: skip
        of = ("--organisation", "Org", "--kind", kind, "--tlp", tlp)
        added = run(tmp_path, "add", f"c{number}", *of)
        assert added.exit_code == 0
        assert ("goes to operators alone" in added.stderr) is warned
        assert ("is given TLP:GREEN" in " ".join(added.stderr.split())) is warned
        assert len(added.stdout.splitlines()) == 1


def test_a_certificate_on_the_command_line(tmp_path: Path) -> None:
    node = nodes.new_node(tmp_path)
    expected = ensure_certificate(tmp_path / "keys", "grid")
    of = ("--organisation", "Grid", "--kind", "operator")
    done = run(tmp_path, "add", "grid", *of, "--certificate", str(tmp_path / "keys" / "door.pem"))
    assert done.exit_code == 0, done.output
    assert node.people.by_certificate(expected)
    (tmp_path / "no.pem").write_text("no")
    for file in ("no.pem", "absent.pem", "keys"):
        failed = run(tmp_path, "add", "b", *of, "--certificate", str(tmp_path / file))
        assert failed.exit_code != 0
        assert "Traceback" not in failed.output
    node.engine.dispose()
