"""Four nodes on this machine: their folders, their partnership, and their processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from accord.core.errors import AccordError

if TYPE_CHECKING:
    from accord.flows.exchange import partners
    from accord.identity.keys import LibrarySigner
    from accord.wiring import Node

PARTNERSHIP = "founding-four"
_TITLES = {
    "australia": "Australia",
    "india": "India",
    "japan": "Japan",
    "united-states": "United States",
}
_UP = 30.0
"""Seconds within which a door must open."""
_END = 5.0
"""Seconds that a process gets to end by itself."""
_TAIL = 8
"""Lines of a node's log that are shown where it failed."""


def make(folder: Path) -> dict[str, Node]:
    """Four nodes, each with a folder and a database, not yet partners.

    Raises:
        AccordError: a folder or database cannot be made.
    """
    from accord.wiring import Node, Settings

    nodes = {}
    for name in _TITLES:
        node = nodes[name] = Node(Settings(folder / name))
        node.create()
        node.passphrase = lambda: ""
    return nodes


def federate(nodes: dict[str, Node]) -> str:
    """Make them partners, one after the other, as four bodies would: gives the words of the first.

    The words that would be read out over the telephone go from hand to hand here.
    """
    from accord.flows.exchange import partners

    (first, founder), *others = nodes.items()
    own, keys = _own(founder, first)
    made = partners.found(founder.trust, PARTNERSHIP, own, keys, founder.clock.now())
    for name, newcomer in others:
        now = founder.clock.now()
        invitation, spoken = partners.invite(founder.trust, now)
        trusted = partners.invited(newcomer.trust, invitation, spoken, now)
        own, keys = _own(newcomer, name)
        enrolment, spoken = partners.accept(newcomer.trust, trusted, own, keys)
        _sign_everywhere(nodes, enrolment, spoken)
    return partners.words_of(made, partners.own_record(founder.trust))


def _own(node: Node, name: str) -> tuple[partners.Own, tuple[LibrarySigner, ...]]:
    from accord.flows.exchange.partners import Own

    keys = node.new_keys("")
    return Own(
        name,
        _TITLES[name],
        (f"https://127.0.0.1:{_free_port()}",),
        (node.certificate(name),),
        tuple(key.key() for key in keys),
    ), keys


def _sign_everywhere(nodes: dict[str, Node], enrolment: bytes, spoken: str) -> None:
    """Carry an enrolment round until enough have signed, and the directory to all of them."""
    from accord.flows.exchange import partners

    file, asked = enrolment, [node for node in nodes.values() if node.trust.me()]
    for node in asked:
        now = node.clock.now()
        review = partners.consider(node.trust, file, now)
        signed = partners.sign(node.trust, review, [spoken], node.ring.all(), now)
        file = signed.file
        if signed.published:
            break
    else:
        raise AccordError("not enough partners have signed")
    for other in asked:
        if other is not node:
            partners.update_from(other.trust, _files_of(node), now)


def _files_of(node: Node) -> Callable[[str, int], bytes | None]:
    """The directory's files, as a node would give them to a partner."""
    from accord.flows.exchange import partners

    return lambda name, _limit: partners.file(node.trust, name)


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@contextmanager
def running(nodes: dict[str, Node]) -> Iterator[dict[str, int]]:
    """Each node's door in a process of its own, following its partners; gives their numbers.

    Raises:
        AccordError: a door does not open; the end of its log is in the message.
    """
    with ExitStack() as stack:
        numbers = {name: stack.enter_context(_process(node)).pid for name, node in nodes.items()}
        for name, node in nodes.items():
            _await_door(name, node)
        yield numbers


@contextmanager
def _process(node: Node) -> Iterator[subprocess.Popen[bytes]]:
    port = address(node).rpartition(":")[2]
    words = [sys.executable, "-m", "accord", "exchange", "serve", "--watch", "--port", port]
    surroundings = {**os.environ, "ACCORD_HOME": str(node.settings.home), "ACCORD_PASSPHRASE": ""}
    surroundings.pop("ACCORD_DATABASE", None)
    with log_of(node).open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - this very program
            words,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=surroundings,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_door(name: str, node: Node) -> None:
    end = time.monotonic() + _UP
    port = int(address(node).rpartition(":")[2])
    while time.monotonic() < end:
        with socket.socket() as trying:
            trying.settimeout(1)
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise failed(name, node, "its door did not open")


def failed(name: str, node: Node, what: str) -> AccordError:
    """An error with the end of a node's log."""
    lines = log_of(node).read_text("utf-8", "replace").splitlines()[-_TAIL:]
    said = "\n  ".join(lines) or "nothing"
    return AccordError(f"{name}: {what}. Its log ends with:\n  {said}")


def log_of(node: Node) -> Path:
    """Where the process of a node writes."""
    return node.settings.home / "door.log"


def address(node: Node) -> str:
    """Where the door of a node is."""
    from accord.flows.exchange.partners import own_record

    return own_record(node.trust).addresses[0]
