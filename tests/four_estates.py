"""The scenario's four estates on four whole nodes, each with its own and nothing of the others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from asking_made import NAMES, Asking, ports

from accord.demand.private.asking.question import Question
from accord.demand.private.errors import PoolError
from accord.flows.demand.pool import ask
from accord.flows.demand.pool import run as flow
from accord.flows.load import load_documents
from accord.scenario.documents import bought
from accord.scenario.partners import beginning
from accord.store import keys
from accord.transport import tls
from accord.wiring import demanding

NOW, DEADLINE = "2026-11-02T09:00:00.000000Z", "2026-12-01T00:00:00.000000Z"
KEPT = ("bills/", "estate", "mail-operators")
"""What of a partner's beginning says what it runs."""


class Four(Asking):
    """The four partners with what each runs and buys, and nothing of the others."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, at=NOW)
        for name, node in self.nodes.items():
            runs = [one for one in beginning(name) if one[0].startswith(KEPT)]
            loaded = load_documents(runs + bought(name), node.intake, NOW)
            assert loaded.quarantined == []

    def agreed(self, items: str, size: int = 500, **more: Any) -> Question:
        values = {"items": items, "size": size, "deadline": DEADLINE, **more}
        asked = self.propose("australia", **values)
        self.settle()
        for name, port in zip(NAMES, ports(len(NAMES)), strict=True):
            shown = tls.shown(self[name].settings.home / keys.FOLDER)
            at = ask.Place(f"127.0.0.1:{port}", shown)
            ask.approve(self[name], asked.id, self.by(), at)
        self.settle()
        return asked

    def run(self, name: str, asked: Question) -> flow.Ran | PoolError:
        node = self[name]
        try:
            return flow.run(node, asked.id, "R. Ana", demanding.computing(node), 60)
        except PoolError as wrong:
            return wrong

    def everybody(self, asked: Question) -> list[flow.Ran | PoolError]:
        with ThreadPoolExecutor(len(NAMES)) as pool:
            return list(pool.map(lambda name: self.run(name, asked), NAMES))

    def answers(self, asked: Question) -> list[flow.Answer]:
        for name in NAMES:
            flow.release(self[name], asked.id, "R. Ana")
        self.settle()
        for name in NAMES:
            flow.result(self[name], asked.id, demanding.computing(self[name]))
        self.settle()
        found = [flow.result(self[n], asked.id, demanding.computing(self[n])) for n in NAMES]
        return [one for one in found if isinstance(one, flow.Answer)]
