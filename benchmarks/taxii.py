"""How fast TAXII 2.1 is answered, beside medallion and beside the same bytes without accord.

One node holds made-up indicators of 1.4 kB; its door is a process of its own, on loopback without
TLS. One client reads page by page, looks objects up, and posts envelopes. Release and receipts are
on. In the same run: medallion from its package, at 2,000 objects in memory, over the server that
accord has; and the limit, the same bytes read from SQLite and written to a socket. medallion needs
older packages than accord: it goes into an environment of its own, whose Python is named to this.

Run: python -m venv PEER && PEER/bin/pip install medallion
     MEDALLION=PEER/bin/python python benchmarks/taxii.py [OBJECTS ...]
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import random
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import _partners as made
from _partners import SHARER
from taxii2client.v21 import Server, as_pages

from accord.exchange import envelope
from accord.flows.exchange import clients
from accord.flows.exchange.sharing.port import Copy
from accord.identity.clients import Client
from accord.identity.markings import Tlp, marking_id
from accord.wiring import Node

COUNTS = (10_000, 200_000)
PAGE = 1_000
POSTS = 40
LOOKED_UP = 500
PEER = 2_000
PEER_PYTHON = os.environ.get("MEDALLION", sys.executable)
"""Of the environment in which medallion is installed."""
MEDIA = "application/taxii+json;version=2.1"
STIX = "application/stix+json;version=2.1"
AT = "2026-11-01T00:00:00.000Z"
ALL, INBOX = ("/taxii2/api/collections/all/objects/", "/taxii2/api/collections/inbox/objects/")


def body(number: int, chance: random.Random) -> bytes:
    """An indicator of about 1.4 kB."""
    value = {
        "type": "indicator", "spec_version": "2.1", "id": name(number), "created": AT,
        "modified": AT, "name": f"host {number}", "indicator_types": ["malicious-activity"],
        "description": chance.randbytes(420).hex(), "pattern_type": "stix", "valid_from": AT,
        "pattern": f"[domain-name:value = 'h{number}.example']",
        "object_marking_refs": [marking_id(Tlp.GREEN)],
    }  # fmt: skip
    return json.dumps(value).encode()


def name(number: int) -> str:
    return f"indicator--{uuid.UUID(int=number * 0x9E3779B97F4A7C15 % (1 << 122), version=4)}"


def fill(node: Node, first: int, last: int) -> None:
    """Keep objects as sharing keeps them."""
    chance = random.Random(first)
    signer = node.signers.ed25519
    for start in range(first, last, 5_000):
        copies = []
        for number in range(start, min(start + 5_000, last)):
            held = body(number, chance)
            moment = "2026-11-01T00:00:00.000000Z"
            header = envelope.Header(
                origin=SHARER, object=name(number), version=moment, type="indicator", media=STIX,
                tlp="GREEN", pap="GREEN", created=moment, issued=moment, title=f"host {number}",
            )  # fmt: skip
            data = envelope.seal(header, held, [signer])
            copies.append((
                Copy(origin=SHARER, object=name(number), version=moment, type="indicator",
                     media=STIX, digest=sha256(data).hexdigest(), tlp=Tlp.GREEN, pap=1,
                     release_at="", expires="", created=moment, issued=moment, state="live",
                     refs=(), title="", content=sha256(held).hexdigest()), data,
            ))  # fmt: skip
        with node.sharing.unit() as unit:
            unit.keep(copies)


@contextmanager
def door(node: Node) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["exchange", "serve", "--plain", "--port", str(port)]
    surroundings = {**os.environ, "ACCORD_HOME": str(node.settings.home), "ACCORD_PASSPHRASE": ""}
    with subprocess.Popen(
        [sys.executable, "-c", UNBOUND, *words], env=surroundings, stderr=subprocess.DEVNULL
    ) as process:
        try:
            opened(port)
            yield port
        finally:
            process.terminate()


UNBOUND = (
    "from accord.web.door import limits; limits.TAXII = limits.Rate(1e9, 1e9)\n"
    "from accord.cli.app import main; main()"
)
"""One client may ask 200 times a second; here it is to be seen how fast it could."""


def opened(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit("the server did not start")


class Raw:
    """A client that does nothing but ask."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        known = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._headers = {"accept": MEDIA, "authorization": f"Basic {known}"}

    def ask(self, path: str, sent: bytes = b"") -> bytes:
        headers = self._headers | ({"content-type": MEDIA} if sent else {})
        self._connection.request("POST" if sent else "GET", path, sent or None, headers)
        answer = self._connection.getresponse()
        found = answer.read()
        if answer.status not in (200, 202):
            sys.exit(f"{path}: {answer.status} {found[:300]!r}")
        return found


def following(page: bytes) -> str:
    """Of the start of a page: a real client has parsed all of it by then."""
    head = page[:200]
    at = head.find(b'"next":')
    return head[at + 7 :].split(b'"')[1].decode() if at >= 0 else ""


def read(client: Raw, path: str) -> tuple[int, float]:
    """Everything, page by page."""
    count, onward = 0, ""
    begun = time.perf_counter()
    while True:
        page = client.ask(f"{path}?limit={PAGE}{onward}")
        count += page.count(b'"spec_version"')
        token = following(page)
        if not token:
            return count, time.perf_counter() - begun
        onward = f"&next={token}"


def posts(count: int, first: int) -> list[bytes]:
    chance = random.Random(7)
    return [
        b'{"objects":['
        + b",".join(body(first + number * PAGE + one, chance) for one in range(PAGE))
        + b"]}"
        for number in range(count)
    ]


def ours(node: Node, token: str, count: int, limit: Limit) -> dict[str, float]:
    with door(node) as port:
        client = Raw(port, "bench", token)
        client.ask(f"{ALL}?limit=1")
        pairs = []
        for _ in range(3 if count <= 20_000 else 1):
            found, took = read(client, ALL)
            if found != count:
                sys.exit(f"{found} objects, not {count}")
            pairs.append((found / took, found / took / limit.rate()))
        chance = random.Random(3)
        times = []
        for _ in range(LOOKED_UP):
            path = f"{ALL}?match[id]={name(chance.randrange(count))}"
            begun = time.perf_counter()
            client.ask(path)
            times.append(time.perf_counter() - begun)
        envelopes = posts(POSTS, 10_000_000 + count * 1000)
        begun = time.perf_counter()
        for one in envelopes:
            client.ask(INBOX, one)
        took = time.perf_counter() - begun
        times.sort()
        return {
            "out": max(pairs)[0], "of limit": max(pairs)[1],
            "match ms": 1000 * times[len(times) // 2], "in": POSTS * PAGE / took,
            "client out": by_taxii2_client(port, token),
        }  # fmt: skip


def by_taxii2_client(port: int, token: str) -> float:
    """Objects a second that the client of others reads, which parses all of them."""
    server = Server(f"http://127.0.0.1:{port}/taxii2/", user="bench", password=token)
    (collection,) = (one for one in server.default.collections if one.can_read)
    begun = time.perf_counter()
    found = 0
    for page in as_pages(collection.get_objects, per_request=PAGE):
        found += len(page["objects"])
        if found >= 10 * PAGE:
            break
    return found / (time.perf_counter() - begun)


class Limit:
    """The same bytes from SQLite to a socket, and nothing else; measured beside what it limits."""

    def __init__(self, folder: Path, count: int = 20_000) -> None:
        self._file, self._count = folder / "limit.sqlite", count
        chance = random.Random(1)
        with sqlite3.connect(self._file) as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("CREATE TABLE o (seq INTEGER PRIMARY KEY, body BLOB)")
            rows = ((number, body(number, chance)) for number in range(count))
            database.executemany("INSERT INTO o VALUES (?, ?)", rows)

    def rate(self) -> float:
        """Objects a second."""
        near, far = socket.socketpair()

        def drain() -> None:
            while far.recv(1 << 20):
                pass

        reading = threading.Thread(target=drain)
        reading.start()
        begun = time.perf_counter()
        with sqlite3.connect(self._file) as database:
            for start in range(0, self._count, PAGE):
                found = database.execute(
                    "SELECT body FROM o WHERE seq >= ? ORDER BY seq LIMIT ?", (start, PAGE)
                ).fetchall()
                near.sendall(b",".join([row[0] for row in found]))
        took = time.perf_counter() - begun
        near.close()
        reading.join()
        return self._count / took


def medallion(folder: Path) -> dict[str, float]:
    """From its package, at so many objects, in memory."""
    chance = random.Random(1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    collection = "91a7b528-80eb-42ed-a74d-c6fbd5a26116"
    data = {
        "/discovery": {"title": "x", "default": "/r/", "api_roots": ["/r/"]},
        "r": {
            "information": {"title": "r", "versions": [MEDIA], "max_content_length": 1 << 26},
            "status": [],
            "collections": [{
                "id": collection, "title": "c", "can_read": True, "can_write": True,
                "media_types": [STIX], "objects": [], "manifest": [],
            }],
        },
    }  # fmt: skip
    (folder / "data.json").write_text(json.dumps(data))
    config = {
        "backend": {"module": "medallion.backends.memory_backend",
                    "module_class": "MemoryBackend", "filename": str(folder / "data.json"),
                    "interop_requirements": True},
        "users": {"bench": "secret"}, "taxii": {"max_page_size": PAGE},
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    words = ["--host", "127.0.0.1", "--port", str(port), str(folder / "config.json")]
    program = "from medallion.scripts.run import main; main()"
    with subprocess.Popen(
        [PEER_PYTHON, "-W", "ignore", "-c", program, *words],
        stdout=subprocess.DEVNULL, stderr=(folder / "medallion.log").open("wb"),
    ) as process:  # fmt: skip
        try:
            opened(port)
            client = Raw(port, "bench", "secret")
            path = f"/r/collections/{collection}/objects/"
            sent = [b'{"objects":[' + b",".join(body(n + at, chance) for n in range(PAGE)) + b"]}"
                    for at in range(0, PEER, PAGE)]  # fmt: skip
            begun = time.perf_counter()
            for one in sent:
                client.ask(path, one)
            posted = PEER / (time.perf_counter() - begun)
            time.sleep(2)
            found, took = read(client, path)
            begun = time.perf_counter()
            client.ask(f"{path}?match[id]={name(5)}")
            return {"out": found / took, "match ms": 1000 * (time.perf_counter() - begun),
                    "in": posted}  # fmt: skip
        finally:
            process.terminate()


def show(what: str, found: dict[str, float]) -> None:
    more = ""
    if "of limit" in found:
        more = f" {found['of limit']:.2f} of the limit, {found['client out']:,.0f} taxii2-client"
    print(
        f"{what:26} {found['out']:9,.0f} out/s {found['match ms']:7.2f} ms match[id]"
        f" {found['in']:9,.0f} in/s{more}"
    )


def has_medallion() -> bool:
    asked = [PEER_PYTHON, "-W", "ignore", "-c", "import medallion"]
    return subprocess.run(asked, stderr=subprocess.DEVNULL, check=False).returncode == 0


def compare(what: str, found: dict[str, float], peer: dict[str, float]) -> None:
    """In this run, as many times as fast."""
    out, into, ids = (found[k] / peer[k] for k in ("out", "in", "match ms"))
    print(f"{what:26} medallion x {out:,.0f} out, x {into:.1f} in, x {1 / ids:.0f} match[id]")


def main() -> None:
    counts = tuple(map(int, sys.argv[1:])) or COUNTS
    with tempfile.TemporaryDirectory() as name_:
        folder = Path(name_)
        node = made.partners(folder, ml_dsa=False)[SHARER]
        client = Client(name="bench", organisation="Bench", kind="operator", tlp=Tlp.GREEN)
        token = clients.add(node.people, node.clock, node.entropy, client)
        limit = Limit(folder)
        held = 0
        measured = {}
        for count in counts:
            fill(node, held, count)
            held = count
            measured[f"accord, {count:,} objects"] = ours(node, token, count, limit)
            show(*list(measured.items())[-1])
        print(f"{'limit: SQLite to a socket':26} {limit.rate():9,.0f} out/s")
        if not has_medallion():
            print("medallion is not installed: MEDALLION=PYTHON names the Python that has it")
            return
        peer = medallion(folder)
        show(f"medallion, {PEER:,} objects", peer)
        for what, found in measured.items():
            compare(what, found, peer)


if __name__ == "__main__":
    main()
