"""Partners on this machine that compute together: children, certificates, a run."""

from __future__ import annotations

import os
import secrets
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from ssl import PEM_cert_to_DER_cert

import msgspec
import pytest

from accord.demand.private.masked import unmasked
from accord.demand.private.questions import Given, Question, Totals, order, told
from accord.transport import tls
from accord.transport.pooling.parent import Child, NoResult
from accord.transport.pooling.settings import Kept, Peer, Place, Run

NAMES = ("america", "australia", "india", "japan")
HERE = "127.0.0.1"


def peer(folder: Path, name: str, port: int) -> Peer:
    pin = tls.ensure_certificate(folder / name, name)
    text = (folder / name / tls.FILE).read_text()
    der = PEM_cert_to_DER_cert(text[text.index("-----BEGIN CERTIFICATE") :])
    return Peer(name, HERE, port, pin, b64encode(der).decode())


def peers_of(folder: Path, ports: Sequence[int]) -> tuple[Peer, ...]:
    return tuple(peer(folder, name, port) for name, port in zip(NAMES, ports, strict=False))


def run_of(folder: Path, peers: Sequence[Peer], me: int, question: Question, given: Given) -> Run:
    keys = str(folder / peers[me].name)
    return Run("0f" * 16, me, tuple(peers), keys, 60.0, question, given)


@contextmanager
def children(count: int) -> Iterator[list[Child]]:
    with ExitStack() as stack, ThreadPoolExecutor(count) as pool:
        places = [Place(HERE, 0)] * count
        yield list(pool.map(lambda place: stack.enter_context(Child(place)), places))


class Opened(msgspec.Struct):
    """What one partner opens, with everybody's masks."""

    rows: list[list[int] | None]
    order: list[int]
    sent: int
    processor: float


def opened(question: Question, kept: Kept, every: Sequence[Kept]) -> Opened:
    """As a node opens it once all have released it."""
    plain = unmasked(kept.sealed.second, [one.sealed.first for one in every])
    rows: list[list[int] | None] = []
    places: list[int] = []
    if isinstance(question, Totals):
        starts = range(0, len(plain), question.items)
        rows = told(question, [plain[start : start + question.items] for start in starts])
    else:
        places = order(question, plain)
    return Opened(rows, places, kept.sealed.sent, kept.processor)


def ask(
    folder: Path, question: Question, given: Sequence[Given], seconds: float = 60.0
) -> list[Opened | NoResult]:
    """One run with a partner for each given; what each child answers."""
    name = secrets.token_hex(16)
    with children(len(given)) as started, ThreadPoolExecutor(len(given)) as pool:
        peers = peers_of(folder, [child.port for child in started])

        def one(me: int) -> Kept | NoResult:
            run = run_of(folder, peers, me, question, given[me])
            try:
                return started[me].keep(msgspec.structs.replace(run, run=name, seconds=seconds))
            except NoResult as wrong:
                return wrong

        ended = list(pool.map(one, range(len(given))))
    kept = [one for one in ended if isinstance(one, Kept)]
    return [opened(question, one, kept) if isinstance(one, Kept) else one for one in ended]


def wait_for_processor(child: Child) -> None:
    """Until it has computed for a while, past the beginning and far from the end."""
    ticks, end = os.sysconf("SC_CLK_TCK"), time.monotonic() + 20
    while time.monotonic() < end:
        fields = Path(f"/proc/{child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        if (int(fields[11]) + int(fields[12])) / ticks > 0.7:
            return
        time.sleep(0.02)
    pytest.fail("the child does not compute")
