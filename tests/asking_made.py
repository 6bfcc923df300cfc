"""Questions and words as tests need them, and partners that ask each other on whole nodes."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import exchange_nodes
import msgspec
import pytest
from house_of_nodes import Nodes

from accord.demand.private.asking import word
from accord.demand.private.asking.facts import PoolWord
from accord.demand.private.asking.question import Question
from accord.flows.demand.pool import ask, known
from accord.flows.exchange.sharing import audience
from accord.identity.partners import Partner
from accord.store import keys
from accord.transport import tls

NAMES = ("australia", "india", "japan", "united-states")
AT, DEADLINE = "2026-03-01T09:00:00.000000Z", "2026-04-01T00:00:00.000000Z"
AFTER = "2026-04-02T00:00:00.000000Z"


def question(**more: Any) -> Question:
    values: dict[str, Any] = {
        "kind": "common", "items": "suppliers", "least": 3, "size": 100, "partners": NAMES,
        "asker": "australia", "purpose": "to ask them together", "deadline": DEADLINE,
        "person": "R. Ana", "at": AT,
    }  # fmt: skip
    return Question(**{**values, **more})


def said(asked: Question, partner: str, what: str, **more: Any) -> PoolWord:
    values: dict[str, Any] = {
        "question": asked.id, "partner": partner, "word": what, "commitment": "",
        "address": "", "certificate": "", "person": "R. Ana", "why": "", "at": AT,
    }  # fmt: skip
    if what == word.APPROVE:
        values["commitment"] = word.commitment(asked.id, partner, bytes(word.CHANCE))
        values["address"], values["certificate"] = "127.0.0.1:8453", "AAAA"
    if what in {word.DECLINE, word.END}:
        values["why"] = "not now"
    return PoolWord(**{**values, **more})


def certify(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Give the doors of all nodes that are made in a folder certificates of their own."""
    placeholder = exchange_nodes.partner

    def certified(name: str, *rest: Any) -> Partner:
        pin = tls.ensure_certificate(folder / name / keys.FOLDER, name)
        return msgspec.structs.replace(placeholder(name, *rest), certificates=(pin,))

    monkeypatch.setattr(exchange_nodes, "partner", certified)


def ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens at."""
    with ExitStack() as stack:
        held = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in held]


class Asking(Nodes):
    """Four nodes, each with an audience of all the others."""

    def __init__(self, folder: Path, **more: Any) -> None:
        super().__init__(folder, **more)
        for node in self.nodes.values():
            audience.create(node.owner, "all", [], everyone=True)

    def by(self, to: str = "all", budget: int = 12) -> ask.Decider:
        return ask.Decider("R. Ana", to, budget)

    def propose(self, name: str, to: str = "all", budget: int = 12, **more: Any) -> Question:
        values: dict[str, Any] = {
            "items": "suppliers", "least": 3, "size": 100, "purpose": "to ask them together",
            "deadline": DEADLINE, "person": "R. Ana",
        }  # fmt: skip
        told = ask.propose(self[name], ask.Wanted(**{**values, **more}), self.by(to, budget))
        assert told.outcome.what == "shared", told.outcome
        return told.question

    def approve(self, name: str, asked: Question, to: str = "all", budget: int = 12) -> str:
        # What the directory of the tests lists is the digest of the name.
        at = ask.Place(f"{name}.example:8453", name.encode())
        told = ask.approve(self[name], asked.id, self.by(to, budget), at)
        assert told.outcome.what == "shared", told.outcome
        return told.document

    def approved(self, **more: Any) -> Question:
        """A question that all have approved."""
        asked = self.propose("australia", **more)
        self.settle()
        for name in asked.partners:
            self.approve(name, asked)
        self.settle()
        return asked

    def decline(self, name: str, asked: Question) -> str:
        told = ask.decline(self[name], asked.id, self.by(), "not now")
        assert told.outcome.what == "shared", told.outcome
        return told.document

    def known(self, name: str, asked: Question) -> known.Known:
        return known.one(self[name], asked.id)

    def states(self, asked: Question) -> set[str]:
        return {self.known(name, asked).standing.state for name in asked.partners}
