"""How many questions of the public one process answers a second, and whether all answers are alike.

A real listener in a process of its own, over loopback; the list holds 100,000 names.
"""

from __future__ import annotations

import multiprocessing
import random
import resource
import socket
import sys
import time
from hashlib import sha256

import uvicorn

from accord.flows.outreach.checking.listing import Snapshot
from accord.outreach.dangers import buckets, never
from accord.outreach.dangers.model import CATEGORIES, Danger
from accord.web.door.server import configuration, listening
from accord.web.public.check import CheckPages, served
from accord.web.public.kept import Kept
from accord.web.public.listener import PublicApp

NAMES = 100_000
SECONDS = 5.0
CONNECTIONS = 8
PIPELINED = 8
ENDS = "2031-01-01T00:00:00.000000Z"


def main() -> None:
    """Measure, and print a table."""
    begun = time.perf_counter()
    made = buckets.edition(
        Danger("domain", f"n{n}.example", CATEGORIES[n % len(CATEGORIES)], ENDS)
        for n in range(NAMES)
    )
    took = time.perf_counter() - begun
    size = made.records * buckets.RECORD
    print(f"a list of {NAMES:,} names: {took:.2f} s, {len(made.whole):,} bytes, {size:,} a bucket")
    opened = listening("127.0.0.1", 0)
    port = opened.getsockname()[1]
    context = multiprocessing.get_context("fork")
    server = context.Process(target=_serve, args=(opened, made), daemon=True)
    server.start()
    opened.close()
    try:
        _measure(port)
    finally:
        server.terminate()
        server.join(10)


def _serve(opened: socket.socket, made: buckets.Edition) -> None:
    snapshot = Snapshot(edition=made, protected=never.SERVICES, spared=frozenset(), made=ENDS)
    kept = Kept(lambda: served(snapshot), time.monotonic)
    kept.start()
    app = PublicApp([CheckPages(kept)], known_addresses=False)
    config = configuration(app, None)
    config.log_level = "error"
    uvicorn.Server(config).run(sockets=[opened])


def _measure(port: int) -> None:
    """Ask over some connections, one question after the other on each, and a few at once."""
    for at_once in (1, PIPELINED):
        chance = random.Random(7)
        links = [_connected(port) for _ in range(CONNECTIONS)]
        sizes: set[int] = set()
        answered = 0
        begun, used = time.perf_counter(), _used()
        while time.perf_counter() - begun < SECONDS:
            asked = []
            for link in links:
                wanted = [_wanted(chance) for _ in range(at_once)]
                link.sendall(b"".join(wanted))
                asked.append((link, len(wanted)))
            for link, many in asked:
                answered += many
                sizes |= _read(link, many)
        took = time.perf_counter() - begun
        print(f"{CONNECTIONS} connections, {at_once} question(s) at once on each: "
              f"{answered / took:,.0f} answers a second (3,000 wanted), of "
              f"{' and '.join(map(str, sorted(sizes)))} bytes; "
              f"asking took {(_used() - used) / took:.0%} of a core")  # fmt: skip
        for link in links:
            link.close()


def _wanted(chance: random.Random) -> bytes:
    prefix = sha256(f"n{chance.randrange(2 * NAMES)}.example".encode()).hexdigest()[:4]
    return f"GET /check/prefix/{prefix} HTTP/1.1\r\nhost: x\r\n\r\n".encode()


def _read(link: socket.socket, many: int) -> set[int]:
    """So many answers; gives the sizes of their bodies."""
    sizes, held = set(), b""
    while many:
        head, blank, rest = held.partition(b"\r\n\r\n")
        if blank:
            if not head.startswith(b"HTTP/1.1 200"):
                sys.exit(f"not answered: {head[:60]!r}")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            if len(rest) >= length:
                sizes.add(length)
                held = rest[length:]
                many -= 1
                continue
        got = link.recv(1 << 16)
        if not got:
            sys.exit("the listener hung up")
        held += got
    return sizes


def _connected(port: int) -> socket.socket:
    for _ in range(200):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=10)
        except OSError:
            time.sleep(0.05)
    sys.exit("the listener does not answer")


def _used() -> float:
    found = resource.getrusage(resource.RUSAGE_SELF)
    return found.ru_utime + found.ru_stime


if __name__ == "__main__":
    main()
