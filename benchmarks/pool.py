"""How long partners compute together: a process each, over loopback.

Common items without TLS; totals as nodes do them, with TLS and certificates.

Run: python benchmarks/pool.py [ITEMS]
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from accord.demand.private.bands import limits, number
from accord.demand.private.channel import HELD
from accord.demand.private.common.bins import Table, digest_of
from accord.demand.private.common.release import Share, release
from accord.demand.private.common.run import common, spans
from accord.demand.private.errors import Disagreed, PartnerLeft
from accord.demand.private.questions import Given, Totals
from accord.demand.private.shape import Shape, shape_of

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from pooling import Opened, ask

PARTNERS = 4
COMMON = 2_000
TARGET = 60.0
KEY = hashlib.sha256(b"a benchmark").digest()


class Streams:
    """Messages with their length in front, one connection for each pair."""

    def __init__(self) -> None:
        self.ends: dict[int, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}
        self.sent = 0
        self.messages = 0

    def add(self, peer: int, ends: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        ends[1].transport.set_write_buffer_limits(high=HELD)
        self.ends[peer] = ends

    async def send(self, peer: int, data: bytes) -> None:
        writer = self.ends[peer][1]
        writer.write(len(data).to_bytes(4, "big"))
        writer.write(data)
        self.sent += 4 + len(data)
        self.messages += 1
        try:
            await writer.drain()
        except ConnectionError as wrong:
            raise PartnerLeft(peer) from wrong

    async def receive(self, peer: int, limit: int) -> bytes:
        reader = self.ends[peer][0]
        try:
            size = int.from_bytes(await reader.readexactly(4), "big")
            if size > limit:
                raise Disagreed(peer, f"announced {size} bytes where {limit} belong")
            return await reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError) as wrong:
            raise PartnerLeft(peer) from wrong


def held(me: int, items: int, threshold: int) -> list[bytes]:
    """Own items, and some in common: half of them with just enough holders, half with one less."""
    shared = [
        b"common %d" % n
        for n in range(2 * COMMON)
        if (n - me) % PARTNERS < threshold - (n >= COMMON)
    ]
    return shared + [b"%d of %d" % (n, me) for n in range(items - len(shared))]


async def connected(me: int) -> Streams:
    """Listen, tell the parent where, and connect to those who come before."""
    made, waiting = Streams(), asyncio.Event()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.add((await reader.readexactly(1))[0], (reader, writer))
        waiting.set()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    ports = json.loads(sys.stdin.readline())
    for peer in range(me):
        ends = await asyncio.open_connection("127.0.0.1", ports[peer])
        ends[1].write(bytes([me]))
        made.add(peer, ends)
    while len(made.ends) < PARTNERS - 1:
        waiting.clear()
        await waiting.wait()
    return made


async def partner(me: int, threshold: int, items: int) -> None:
    shape = shape_of(PARTNERS, threshold, items)
    channel = await connected(me)
    started, spent = time.perf_counter(), time.process_time()
    table = Table(held(me, items, threshold), KEY, shape)
    share = await common(me, channel, table, b"benchmark", os.urandom(32))
    figures = {
        "seconds": time.perf_counter() - started,
        "processor": time.process_time() - spent,
        "sent": channel.sent,
        "messages": channel.messages,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "first": b64encode(share.first).decode(),
        "second": b64encode(share.second).decode(),
    }
    print(json.dumps(figures), flush=True)
    sys.stdin.readline()


def one_run(threshold: int, items: int) -> None:
    programs = [
        subprocess.Popen(
            [sys.executable, __file__, "partner", str(me), str(threshold), str(items)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for me in range(PARTNERS)
    ]
    try:
        ports = json.dumps([int(_line(program)) for program in programs])
        for program in programs:
            _tell(program, ports)
        told = [json.loads(_line(program)) for program in programs]
    finally:
        for program in programs:
            program.communicate("\n", timeout=60)
    shape = shape_of(PARTNERS, threshold, items)
    shares = [Share(i, b64decode(t["first"]), b64decode(t["second"])) for i, t in enumerate(told)]
    opened = release(shares[:3], shape)
    counts = Counter(item for i in range(PARTNERS) for item in held(i, items, threshold))
    right = sorted(digest_of(item, KEY) for item, count in counts.items() if count >= threshold)
    if opened != right:
        raise SystemExit(f"{len(opened)} items came out where {len(right)} are common")
    show(shape, told, len(opened))


def show(shape: Shape, told: Sequence[dict[str, float]], found: int) -> None:
    seconds = max(t["seconds"] for t in told)
    print(
        f"{PARTNERS} partners, {shape.size:,} items each, {found:,} held by {shape.threshold}:"
        f" {seconds:.1f} s (target under {TARGET:.0f}: {'met' if seconds < TARGET else 'NOT MET'}),"
        f" {sum(t['processor'] for t in told):.1f} s of processor for all"
    )
    for i, t in enumerate(told):
        print(
            f"  partner {i + 1}: {t['processor']:.1f} s of processor,"
            f" {t['sent'] / 1e6:,.0f} MB sent in {t['messages']:,} messages,"
            f" {t['memory']:,.0f} MiB at most"
        )
    gates = 128 * shape.load * len(shape.pairs) * 64 * shape.words
    print(f"  {gates / 1e9:.1f} billion ands on secrets, {len(spans(shape))} chunks of bins")


ADDED = 2_000
QUESTION = Totals(ADDED, (limits(1, 5_000), limits(1, 1_000), limits(1, 1_000)), 2, 3)
"""Three quantities of each item: spend in units, affected operators, missing requirements."""
ADDED_TARGET = 10.0


def totals() -> None:
    """The whole run: processes, certificates, the computation; every item is compared."""
    chance = random.Random(1)
    given = []
    for _ in range(PARTNERS):
        behind = tuple(chance.choice((0, 0, 1, 2)) for _ in range(ADDED))
        tops = (5_000, 300, 100)
        rows = (tuple(chance.randrange(top) if n else 0 for n in behind) for top in tops)
        given.append(Given(tuple(rows), behind))
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        told = ask(Path(folder), QUESTION, given)
        seconds = time.perf_counter() - started
    right = [clear(given, item) for item in range(ADDED)]
    ended = [one for one in told if isinstance(one, Opened)]
    if [one.rows for one in ended] != [right] * PARTNERS:
        raise SystemExit(f"what came out is not what the clear numbers give: {told}")
    print(
        f"{PARTNERS} partners, {ADDED:,} items, 3 totals of each in bands, over TLS:"
        f" {seconds:.1f} s (target under {ADDED_TARGET:.0f}:"
        f" {'met' if seconds < ADDED_TARGET else 'NOT MET'}),"
        f" {sum(one.processor for one in ended):.1f} s of processor for all"
    )
    for i, one in enumerate(ended):
        print(
            f"  partner {i + 1}: {one.processor:.1f} s of processor, {one.sent / 1e6:,.1f} MB sent"
        )


def clear(given: Sequence[Given], item: int) -> list[int] | None:
    behind = [one.agencies[item] for one in given]
    if sum(n > 0 for n in behind) < QUESTION.partners or sum(behind) < QUESTION.agencies:
        return None
    sums = [sum(one.numbers[q][item] for one in given) for q in range(3)]
    return [number(n, found) for n, found in zip(sums, QUESTION.quantities, strict=True)]


def _line(program: subprocess.Popen[str]) -> str:
    assert program.stdout
    return program.stdout.readline()


def _tell(program: subprocess.Popen[str], text: str) -> None:
    assert program.stdin
    program.stdin.write(text + "\n")
    program.stdin.flush()


def main() -> None:
    if sys.argv[1:2] == ["partner"]:
        me, threshold, items = map(int, sys.argv[2:])
        asyncio.run(partner(me, threshold, items))
        return
    for threshold in (2, 3):
        one_run(threshold, int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    totals()


if __name__ == "__main__":
    main()
