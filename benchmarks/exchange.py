"""How fast objects go from one node to another, beside what signing, storing and sending cost.

One node loads and shares made-up objects, another follows over TLS on loopback: each command is a
process, the door another. Beside them, in the same run, what the libraries do with the same bytes:
Ed25519 by `cryptography`, the same rows into SQLite, the same answers over TLS. Then catching up
on a thousand objects behind a log of a million entries, and behind an empty one.

Run: python benchmarks/exchange.py [OBJECTS] [ENTRIES]
Seconds of wall time depend on what else the machine does; seconds of processor time do so less.
"""

from __future__ import annotations

import os
import platform
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import _partners as made
import msgspec
from _partners import RECEIVER, SHARER
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey
from load import Stopwatch, Took
from sqlalchemy import select, update

from accord.exchange import dsse
from accord.exchange.envelope import MEDIA
from accord.exchange.log import merkle, tiles
from accord.exchange.log.entries import Entry, Kind, commitment, write
from accord.exchange.log.merkle import Frontier
from accord.flows.exchange.following import pull, sync
from accord.flows.exchange.sharing import audience, share, wanted
from accord.flows.load import load
from accord.store import database, schema
from accord.store.exchange import tables
from accord.store.keys import FOLDER
from accord.transport.tls import client_context, server_context
from accord.wiring import Node

OBJECTS, ENTRIES, NEW = 100_000, 1_000_000, 1_000
BOTH = 10_000
"""Objects shared under two signatures."""
SHARE, ALIKE = 1 / 3, 0.2
ROUNDS = 9
ANSWER = 1_000
"""Envelopes in an answer, as a node asks for them."""
BATCH = pull.BATCH
"""Objects in a transaction, as a node applies them."""
AT = "2026-11-23T00:00:00.000000Z"


class Step(msgspec.Struct):
    """What was done, how often, and how long that took."""

    name: str
    count: int
    took: Took
    kind: str = "ours"
    """`ours`, or `limit`."""

    @property
    def rate(self) -> float:
        """A second of wall time."""
        return self.count / self.took.wall


def show(step: Step, beside: float = 0.0, target: float = 0.0) -> Step:
    share = step.rate / beside if beside else 0.0
    verdict = ("met" if share >= target else "MISSED") if target else ""
    ratio = f"{share:5.2f}" if beside else ""
    each = 1e6 * step.took.processor / step.count
    rate = f"{step.rate:10,.0f} a second {each:7.0f} us"
    print(f"{step.name:52} {step.took} {rate} {ratio} {verdict}".rstrip())
    return step


def accord(node: Node, *words: str) -> str:
    """A command in a process of its own."""
    surroundings = {**os.environ, "ACCORD_PASSPHRASE": "", "ACCORD_HOME": str(node.settings.home)}
    done = subprocess.run(
        [sys.executable, "-m", "accord", *words],
        check=False, capture_output=True, text=True, env=surroundings,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"accord {words[0]}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


@contextmanager
def door(node: Node) -> Iterator[Callable[[], float]]:
    """A node's door; gives what asks for the seconds of processor that it has had."""
    with made.serving(node) as process:

        def processor() -> float:
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

        yield processor


def exchanged(folder: Path, count: int, *, ml_dsa: bool) -> dict[str, Node]:
    """Load, share and sync so many objects; the limits are measured after it."""
    nodes = made.partners(folder, ml_dsa=ml_dsa)
    sharer, receiver = nodes[SHARER], nodes[RECEIVER]
    audience.create(sharer.owner, "power", [RECEIVER])
    made.write(folder / "objects", count)
    steps = [Step("load", count, Took(0, 0)), Step("release, sign, append", count, Took(0, 0))]
    with Stopwatch() as steps[0].took:
        accord(sharer, "load", str(folder / "objects"))
    with sharer.engine.connect() as connection:
        digests = list(connection.scalars(select(schema.document.c.digest)))
    with Stopwatch() as steps[1].took:
        accord(sharer, "share", *digests, "--audience", "power")
    whole = Step("sync: fetch, verify, apply, cosign", count, Took(0, 0))
    with door(sharer) as processor:
        before = processor()
        with Stopwatch() as whole.took:
            said = accord(receiver, "sync", SHARER, "--json")
        whole.took.processor += processor() - before
    (log,) = msgspec.json.decode(said)[0]["logs"]
    if (log["new"], log["acknowledged"]) != (count, count):
        sys.exit(f"not all came: {log}")
    print(f"\n{count:,} objects, {'Ed25519 and ML-DSA-65' if ml_dsa else 'Ed25519'}")
    signing, checking = signatures(sharer, ml_dsa=ml_dsa)
    limits = [signing, checking, inserted(receiver, folder, count), sent(sharer, folder)]
    for limit in limits:
        show(limit)
    show(steps[0])
    show(steps[1], min(signing.rate, limits[2].rate))
    slowest = min(limits[1:], key=lambda limit: limit.rate)
    print(f"  the slowest limit of the sync: {slowest.name}")
    show(whole, slowest.rate, SHARE)
    return nodes


def envelopes(node: Node) -> Iterator[bytes]:
    with node.engine.connect() as connection:
        for (data,) in connection.execute(select(tables.shared.c.envelope)):
            yield bytes(data)


def signatures(node: Node, *, ml_dsa: bool) -> tuple[Step, Step]:
    """`cryptography` alone with what was signed: on one core, nothing else."""
    messages = [dsse.pae(MEDIA, dsse.read(e, MEDIA, 1 << 24).payload) for e in envelopes(node)]
    messages = messages[:20_000]
    secrets: list[Ed25519PrivateKey | MLDSA65PrivateKey] = [Ed25519PrivateKey.generate()]
    secrets += [MLDSA65PrivateKey.generate()] if ml_dsa else []
    name = " and ".join(["Ed25519", "ML-DSA-65"][: len(secrets)])
    signing = Step(f"limit: {name} signed, one core", len(messages), Took(0, 0))
    checking = Step(f"limit: {name} verified, one core", len(messages), Took(0, 0))
    with Stopwatch() as signing.took:
        signed = [[secret.sign(message) for secret in secrets] for message in messages]
    public = [secret.public_key() for secret in secrets]
    with Stopwatch() as checking.took:
        for message, ones in zip(messages, signed, strict=True):
            for key, signature in zip(public, ones, strict=True):
                key.verify(signature, message)
    return signing, checking


def inserted(node: Node, folder: Path, count: int) -> Step:
    """SQLite alone: every row of a node into the same empty tables, durably, batch by batch."""
    with sqlite3.connect(node.settings.home / "accord.sqlite") as source:
        made_by = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type = 'index'"
        statements = [sql for (sql,) in source.execute(made_by)]
        names = [n for (n,) in source.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        rows = {name: source.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}
    target = sqlite3.connect(folder / "limit.sqlite", isolation_level=None)
    for pragma in (*database.PRAGMAS, "PRAGMA synchronous=FULL"):
        target.execute(pragma)
    for sql in statements:
        target.execute(sql)
    batches = -(-count // BATCH)
    step = Step(f"limit: {sum(map(len, rows.values())):,} rows into SQLite", count, Took(0, 0))
    with Stopwatch() as step.took:
        for batch in range(batches):
            target.execute("BEGIN IMMEDIATE")
            for name, kept in rows.items():
                part = kept[len(kept) * batch // batches : len(kept) * (batch + 1) // batches]
                if part:
                    marks = ",".join("?" * len(part[0]))
                    target.executemany(f'INSERT INTO "{name}" VALUES ({marks})', part)
            target.execute("COMMIT")
    target.close()
    return step


def sent(node: Node, folder: Path) -> Step:
    """TLS alone: a process sends the same answers, one for each question of the same size."""
    whole = [len(data).to_bytes(4, "big") + bytes(32) + data for data in envelopes(node)]
    answers = [b"".join(whole[at : at + ANSWER]) for at in range(0, len(whole), ANSWER)]
    file = folder / "answers"
    file.write_bytes(b"".join(len(one).to_bytes(4, "big") + one for one in answers))
    keys = node.settings.home / FOLDER
    words = [sys.executable, __file__, "--send", str(file), str(keys)]
    step = Step(f"limit: {file.stat().st_size / 1e6:,.0f} MB over TLS", len(whole), Took(0, 0))
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as sending:
        assert sending.stdout is not None
        port = int(sending.stdout.readline())
        context = client_context([node.certificate(SHARER)], node.clock)
        with (
            Stopwatch() as step.took,
            socket.create_connection(("127.0.0.1", port)) as plain,
            context.wrap_socket(plain) as tls,
        ):
            for answer in answers:
                tls.sendall(bytes(32 * ANSWER))
                left = len(answer)
                while left:
                    left -= len(tls.recv(min(left, 1 << 16))) or sys.exit("TLS broke")
    return step


def send(file: Path, keys: Path) -> None:
    """The other end of `sent`."""
    data, answers = file.read_bytes(), []
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        answers.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        plain, _ = listening.accept()
        with server_context(keys).wrap_socket(plain, server_side=True) as tls:
            for answer in answers:
                left = 32 * ANSWER
                while left:
                    left -= len(tls.recv(left)) or sys.exit("TLS broke")
                tls.sendall(answer)
            tls.recv(1)


def lengthen(nodes: dict[str, Node], name: str, entries: int) -> None:
    """Give a log so many entries on both sides, as they are once all of them were recalled.

    The entries, tiles, head and what became of each are real; only the envelopes are gone, with
    their rows, which is what a recall leaves of an entry in every table that a sync reads.
    """
    sharer, receiver = nodes[SHARER], nodes[RECEIVER]
    one = sharer.owner.audience(name)
    data = [write(Entry(Kind.COMMITMENT, commitment(bytes(32), b"%d" % n))) for n in range(entries)]
    leaves = merkle.leaves(data)
    frontier = Frontier().extend(leaves)
    with database.writing(sharer.engine) as connection:
        columns = ("audience_id", "number", "data", "shared_id", "salt", "at", "state")
        rows = ((one.id, n, d, None, None, AT, "recalled") for n, d in enumerate(data))
        database.insert(connection, tables.entry, columns, rows)
        grown = tiles.grow(0, leaves, lambda _level, _number: b"")
        kept = ((one.id, *tile) for tile in grown)
        named = ("audience_id", "level", "number", "hashes")
        database.insert(connection, tables.tile, named, kept)
        head = {"size": entries, "root": frontier.root()}
        connection.execute(
            update(tables.head).where(tables.head.c.audience_id == one.id).values(head)
        )
    note = sharer.notary.checkpoint(one.log)
    follow = receiver.following.follow(SHARER, one.log, name, AT)
    with receiver.following.unit() as unit:
        unit.advance(follow.id, frontier, note, AT)
    with database.writing(receiver.engine) as connection:
        columns = ("follow_id", "number", "commitment", "shared_id", "state", "reason", "at")
        states = ((follow.id, n, d[1:], None, "recalled", "", AT) for n, d in enumerate(data))
        database.insert(connection, tables.followed_entry, columns, states)


def catching_up(nodes: dict[str, Node], folder: Path, entries: int) -> None:
    """A thousand new objects behind a long log and behind an empty one, in turn."""
    sharer, receiver = nodes[SHARER], nodes[RECEIVER]
    audience.create(sharer.owner, "long", [RECEIVER])
    lengthen(nodes, "long", entries)
    sync.sync(SHARER, receiver.syncing)
    took: dict[str, list[tuple[Took, Took]]] = {"long": [], "empty": []}
    with door(sharer) as processor:
        sync.sync(SHARER, receiver.syncing)
        for number in range(2 * (ROUNDS + 1)):
            name = ("long", "empty")[(number + number // 2) % 2]
            to = name if name == "long" else f"empty-{number}"
            if to != name:
                audience.create(sharer.owner, to, [RECEIVER])
            path = folder / f"new-{number}"
            made.write(path, NEW, (number + 1) * 10_000_000, advisories=False)
            loaded = load([path], sharer.intake, AT)
            with Stopwatch() as sharing:
                share.share(sharer.sharer, wanted.find(loaded.digests, sharer.holdings), to)
            before = processor()
            with Stopwatch() as syncing:
                report = sync.sync(SHARER, receiver.syncing)
            syncing.processor += processor() - before
            if sum(log.new for log in report.logs) != NEW:
                sys.exit(f"not all came: {report}")
            if number > 1:
                took[name].append((sharing, syncing))
    print(f"\n{NEW:,} new objects, best of {ROUNDS}")
    for at, what in enumerate(("release, sign, append", "sync")):
        best = {
            name: Step(f"{what}: {name} log", NEW, _least([pair[at] for pair in ones]))
            for name, ones in took.items()
        }
        show(best["empty"])
        show(best["long"])
        more = {
            unit: getattr(best["long"].took, unit) / getattr(best["empty"].took, unit) - 1
            for unit in ("wall", "processor")
        }
        verdict = "met" if more["wall"] <= ALIKE else "MISSED"
        print(
            f"  a log of {entries:,} entries costs {more['wall']:+.0%} of wall time,"
            f" {more['processor']:+.0%} of processor; target < {ALIKE:+.0%} {verdict}"
        )


def _least(tooks: Sequence[Took]) -> Took:
    return Took(min(one.wall for one in tooks), min(one.processor for one in tooks))


def main() -> None:
    objects = int(sys.argv[1]) if len(sys.argv) > 1 else OBJECTS
    entries = int(sys.argv[2]) if len(sys.argv) > 2 else ENTRIES
    today, load_before = time.strftime("%Y-%m-%d"), os.getloadavg()[0]
    print(f"{today}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"load of the machine before: {load_before:.1f}")
    with tempfile.TemporaryDirectory(prefix="accord-exchange-") as name:
        folder = Path(name)
        nodes = exchanged(folder / "one", objects, ml_dsa=False)
        catching_up(nodes, folder, entries)
        for node in nodes.values():
            node.engine.dispose()
        exchanged(folder / "both", min(BOTH, objects), ml_dsa=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--send"]:
        send(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
