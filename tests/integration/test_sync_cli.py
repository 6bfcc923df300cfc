"""`accord sync` as a person runs it, against a door that is served over TLS on this machine."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import exchange_nodes
import msgspec
import nodes
import pytest
import sharing
from sqlalchemy import text

from accord.core.clock import SystemClock
from accord.flows.exchange.sharing import audience
from accord.flows.exchange.sharing import recall as taking_back
from accord.flows.exchange.trust import MARKING, ME, PARTNERSHIP
from accord.identity.directory import founding
from accord.identity.directory.records import Charter
from accord.identity.partners import Policy
from accord.store import keys
from accord.wiring import Node, Settings


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[dict[str, Node]]:
    """Two partners whose doors are where their directory says."""
    now, made, own = SystemClock().now(), {}, {}
    records = []
    for name in ("australia", "japan"):
        nodes.new_node(tmp_path / name).engine.dispose()
        node = made[name] = Node(Settings(tmp_path / name))
        own[name] = keys.create(node.settings.home, "", node.entropy)
        record = exchange_nodes.partner(name, own[name], now)
        records.append(
            msgspec.structs.replace(
                record,
                addresses=(f"https://127.0.0.1:{_free_port()}",),
                certificates=(node.certificate(name),),
            )
        )
    signers = [signer for each in own.values() for signer in each]
    trusted = founding.found(Charter("pacific", Policy(), 0), records, signers, now)
    for name, node in made.items():
        settings = {ME: name, PARTNERSHIP: "pacific", MARKING: "AMBER"}
        assert node.trust.replace(None, trusted, settings)
    yield made
    for node in made.values():
        node.engine.dispose()


def _environment() -> dict[str, str]:
    return {name: v for name, v in os.environ.items() if not name.startswith("ACCORD_")}


@contextmanager
def serving(node: Node, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The door of a node, open."""
    directory = node.trust.directory()
    own = directory.partner(node.me) if directory else None
    assert own
    port = own.addresses[0].rpartition(":")[2]
    process = subprocess.Popen(
        [sys.executable, "-m", "accord", "exchange", "serve", "--port", port, *words,
         "--home", str(node.settings.home)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
        env=_environment(),
    )  # fmt: skip
    try:
        _until(lambda: _open(int(port)))
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def _open(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def _until(happened: object, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not happened():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def _live(node: Node) -> set[str]:
    with node.engine.connect() as connection:
        query = text("SELECT object FROM shared WHERE state = 'live'")
        return set(connection.scalars(query))


def test_sync_over_tls(pair: dict[str, Node]) -> None:
    australia, japan = pair["australia"], pair["japan"]
    audience.create(australia.owner, "pair", ["japan"])
    sharing.give(australia, "pair", *(sharing.indicator(f"a{n}") for n in range(3)))
    with serving(australia):
        done = nodes.command("sync", "--json", home=japan.settings.home)
        assert done.returncode == 0, done.stderr
        (report,) = json.loads(done.stdout)
        assert (report["partner"], report["good"]) == ("australia", True)
        (log,) = report["logs"]
        numbers = (log["new"], log["behind"], log["acknowledged"])
        assert (log["audience"], *numbers) == ("pair", 3, 0, 3)
        done = nodes.command("sync", "australia", home=japan.settings.home)
        assert done.returncode == 0
        assert "up to date" in done.stdout
    done = nodes.command("sync", home=japan.settings.home)
    assert done.returncode == 1
    assert "not reached" in done.stdout
    assert "australia is not reached at https://127.0.0.1" in done.stderr
    assert len(_live(japan)) == 3


def test_a_watching_node_takes_what_comes_and_what_goes(pair: dict[str, Node]) -> None:
    australia, japan = pair["australia"], pair["japan"]
    audience.create(australia.owner, "pair", ["japan"])
    first, then = sharing.indicator("first"), sharing.indicator("then")
    sharing.give(australia, "pair", first)
    with serving(australia), serving(japan, "--watch"):
        _until(lambda: _live(japan) == {first["id"]})
        sharing.give(australia, "pair", then)
        _until(lambda: _live(japan) == {first["id"], then["id"]})
        taking_back.recall(australia.recaller, first["id"], "wrong")
        _until(lambda: _live(japan) == {then["id"]})
        _until(lambda: _acknowledged(australia) == 3)


def _acknowledged(node: Node) -> int:
    with node.engine.connect() as connection:
        return int(connection.scalar(text("SELECT max(size) FROM cosignature")) or 0)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["sync"], 1, "in no partnership"),
        (["sync", "nobody"], 1, "in no partnership"),
        (["sync", "nobody", "--watch"], 2, "name none"),
        (["sync", "--resume"], 2, "name it"),
    ],
)
def test_what_cannot_be_done_is_said(
    tmp_path: Path, words: list[str], code: int, said: str
) -> None:
    nodes.new_node(tmp_path).engine.dispose()
    done = nodes.run(*words, home=tmp_path)
    assert done.returncode == code
    assert said in done.stderr
