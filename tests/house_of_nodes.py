"""Whole nodes that speak to each other's doors within this process: everything but the network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import exchange_nodes
import msgspec
from exchange_nodes import HandClock

from accord.flows.exchange.events import Event, Listeners
from accord.flows.exchange.following.sync import Means, Report, sync
from accord.flows.exchange.messages import Request, Response
from accord.flows.exchange.sharing import recall as taking_back
from accord.identity.partners import Partner
from accord.identity.recipients import Recipient
from accord.wiring import Node


class Wire:
    """Carries requests to the doors of other nodes in the caller's name; counts them."""

    def __init__(self, nodes: dict[str, Node], me: str) -> None:
        self._nodes, self._me = nodes, me
        self.asked: list[Request] = []
        self.before: Callable[[Request], None] = lambda _: None

    def send(self, partner: Partner, request: Request) -> Response:
        self.asked.append(request)
        self.before(request)
        caller = Recipient("partner", self._me, self._me)
        return self._nodes[partner.name].door.answer(caller, request)


class Nodes:
    """Partners, their wires, and what they heard."""

    def __init__(
        self, folder: Path, names: tuple[str, ...] = (), at: str = "", **more: Any
    ) -> None:
        self.clock = HandClock(at or exchange_nodes.NOW)
        self.nodes = exchange_nodes.partnership(
            folder, names or exchange_nodes.NAMES, self.clock, **more
        )
        self.wires = {name: Wire(self.nodes, name) for name in self.nodes}
        self.heard: dict[str, list[Event]] = {name: [] for name in self.nodes}

    def __getitem__(self, name: str) -> Node:
        return self.nodes[name]

    def means(self, name: str) -> Means:
        listeners = Listeners((self.heard[name].append,))
        return msgspec.structs.replace(
            self.nodes[name].syncing, carrier=self.wires[name], listeners=listeners, workers=False
        )

    def sync(self, name: str, source: str) -> Report:
        """One node asks another."""
        return sync(source, self.means(name))

    def settle(self) -> None:
        """Everybody asks everybody, until nothing is new."""
        for _ in range(6):
            reports = [
                self.sync(name, other) for name in self.nodes for other in self.nodes
                if name != other
            ]  # fmt: skip
            assert all(report.good for report in reports), reports
            if not any(report.changed for report in reports):
                return
        raise AssertionError("it does not settle")

    def recall(self, name: str, object_: str, why: str = "wrong", **more: Any) -> Any:
        return taking_back.recall(self.nodes[name].recaller, object_, why, **more)

    def close(self) -> None:
        exchange_nodes.close(self.nodes)
