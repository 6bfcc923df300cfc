"""One of three partners that add up numbers again and again; prints all that it received.

Run as a program, since MPyC keeps its runtime in global names:
`python tests/pool_views.py ME SOCKETS NUMBER RUNS SPOILED`, with a socket for each partner;
SPOILED is `no`, or what is spoiled on purpose: `shares`, `masks` or `answers`.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from typing import Any, ClassVar

TOLD = sys.argv[1:]
sys.argv[1:] = ["--no-log"]  # MPyC reads them when it is imported.

import mpyc.thresha  # noqa: E402 - after that
import numpy as np  # noqa: E402 - after that

from accord.demand.private.questions import Given, Totals, limited  # noqa: E402 - after that
from accord.transport.pooling import computing  # noqa: E402 - after that
from accord.transport.pooling import engine as engines  # noqa: E402 - after that

ITEMS, PARTNERS = 96, 3
QUESTION = Totals(ITEMS, ((100, 1 << 20),), 2, 3)


class Recorded:
    """Messages with their length in front; keeps what arrives."""

    def __init__(self) -> None:
        self.ends: dict[int, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}
        self.received: list[tuple[int, str]] = []

    async def send(self, peer: int, data: bytes) -> None:
        writer = self.ends[peer][1]
        writer.write(len(data).to_bytes(4, "big") + data)
        await writer.drain()

    async def receive(self, peer: int, limit: int) -> bytes:
        reader = self.ends[peer][0]
        size = int.from_bytes(await reader.readexactly(4), "big")
        assert size <= limit
        data = await reader.readexactly(size)
        if data:
            self.received.append((peer, data.hex()))
        return data


class Opening(engines.Secret):
    """Keeps what is opened on the way, behind masks, by where in the computation that is."""

    opened: ClassVar[dict[str, list[str]]] = {}

    def output(self, *said: Any, **more: Any) -> Any:
        place = str(self._program_counter[0])
        result = super().output(*said, **more)
        result.add_done_callback(lambda done: self._keep(place, done.result()))
        return result

    def _keep(self, place: str, numbers: Any) -> None:
        flat = np.asarray(getattr(numbers, "value", numbers), dtype=object).reshape(-1)
        self.opened.setdefault(place, []).extend(str(int(n)) for n in flat)


class NoChance:
    """What makes every sharing bare."""

    def randbelow(self, _bound: int) -> int:
        return 0


async def main(me: int, sockets: dict[str, int], number: int, runs: int, spoiled: str) -> None:
    channel, views = Recorded(), []
    for peer, held in sockets.items():
        channel.ends[int(peer)] = await asyncio.open_connection(sock=socket.socket(fileno=held))
    given = Given(((number,) * ITEMS,), (1,) * ITEMS)
    modulus = 0
    vars(engines)["Secret"] = Opening
    if spoiled == "masks":
        engines.SECURITY = 1
    if spoiled == "answers":
        vars(computing)["secrets"] = NoChance()
    answers: list[str] = []
    for _ in range(runs):
        engine = engines.Engine(me, PARTNERS, channel, computing.bits(QUESTION, PARTNERS))
        if spoiled == "shares":
            mpyc.thresha.secrets = NoChance()
        sealing = computing.sealed(engine, QUESTION, limited(QUESTION, given))
        answers += [str(number) for number, _ in await engine.run(sealing)]
        modulus = engine.integers.field.modulus
        views.append(channel.received)
        channel.received = []
    sys.stdout.write(
        json.dumps(
            {"modulus": modulus, "views": views, "opened": Opening.opened, "answers": answers}
        )
    )


if __name__ == "__main__":
    asyncio.run(
        main(
            int(TOLD[0]), json.loads(TOLD[1]), int(TOLD[2]), int(TOLD[3]), TOLD[4],
        )
    )  # fmt: skip
