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

from accord.demand.private.questions import Given, Question
from accord.transport import tls
from accord.transport.pooling.parent import Child, NoResult
from accord.transport.pooling.settings import Opened, Peer, Place, Run

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


def ask(
    folder: Path, question: Question, given: Sequence[Given], seconds: float = 60.0
) -> list[Opened | NoResult]:
    """One run with a partner for each given; what each child answers."""
    name = secrets.token_hex(16)
    with children(len(given)) as started, ThreadPoolExecutor(len(given)) as pool:
        peers = peers_of(folder, [child.port for child in started])

        def one(me: int) -> Opened | NoResult:
            run = run_of(folder, peers, me, question, given[me])
            try:
                return started[me].run(msgspec.structs.replace(run, run=name, seconds=seconds))
            except NoResult as wrong:
                return wrong

        return list(pool.map(one, range(len(given))))


def wait_for_processor(child: Child) -> None:
    """Until it has computed for a while, past the beginning and far from the end."""
    ticks, end = os.sysconf("SC_CLK_TCK"), time.monotonic() + 20
    while time.monotonic() < end:
        fields = Path(f"/proc/{child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        if (int(fields[11]) + int(fields[12])) / ticks > 0.7:
            return
        time.sleep(0.02)
    pytest.fail("the child does not compute")
