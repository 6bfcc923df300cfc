"""A node that is killed again and again while it syncs, beside one that never is.

Real processes: a partner's door over TLS, and `accord sync`, which gets SIGKILL at a random moment.
Most moments are counted from when the command first asks its partner; it tells on a pipe what it
does, so that it is known where each one fell. Between kills more is shared and some of it recalled.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sharing
from msgspec.structs import replace
from sqlalchemy import text

from accord.cli.demo import stage
from accord.flows.exchange.accounts import receipts
from accord.flows.exchange.following.sync import sync
from accord.flows.exchange.sharing import audience, recall
from accord.flows.rebuild import rebuild
from accord.identity.markings import Tlp
from accord.wiring import Node

RUNNER = """
import os, sys, time
from contextlib import contextmanager
from accord.store.exchange.following import SqlFollowing
from accord.transport.http import HttpCarrier
from accord.cli import main

def mark(word):
    os.write(3, word.encode() + b"\\n")

inner_unit, inner_send = SqlFollowing.unit, HttpCarrier.send

@contextmanager
def unit(self):
    mark("transaction")
    with inner_unit(self) as made:
        yield made
    mark("between")

def send(self, partner, request, *more):
    word = request.path.rpartition("/")[2]
    mark("asks " + word if word in ("blobs", "acknowledgements") else "asks")
    answer = inner_send(self, partner, request, *more)
    mark("examines" if word == "blobs" else "between")
    return answer

SqlFollowing.unit, HttpCarrier.send = unit, send
mark("begins")
sys.argv = ["accord", "sync", "australia"]
main()
"""
"""The command as it is, and a word on descriptor 3 at each step that it takes."""
RECEIVED = (
    "SELECT log, size, root, frontier, stopped FROM follow ORDER BY log",
    (
        "SELECT f.log, e.number, CASE WHEN e.state = 'applied' THEN e.commitment END,"
        " e.state, e.reason"
        " FROM followed_entry e"
        " JOIN follow f ON f.id = e.follow_id ORDER BY f.log, e.number"
    ),
    (
        "SELECT s.origin, s.object, s.version, s.digest, s.tlp, s.title, d.digest FROM shared s"
        " JOIN shared_document d ON d.shared_id = s.id WHERE s.state = 'live' ORDER BY s.digest"
    ),
    "SELECT digest, kind, subject, edition, outcome, current, origin FROM document ORDER BY digest",
)
"""What sync makes of a log, without when it did, and whether it had seen what was taken back."""
ORPHANS = (
    (
        "SELECT count(*) FROM document WHERE origin != '' AND digest NOT IN (SELECT d.digest FROM"
        " shared_document d JOIN shared s ON s.id = d.shared_id WHERE s.state = 'live')"
    ),
    (
        "SELECT count(*) FROM shared WHERE state = 'live' AND id NOT IN"
        " (SELECT shared_id FROM shared_document)"
    ),
    "SELECT count(*) FROM shared WHERE state = 'live' AND envelope IS NULL",
    (
        "SELECT count(*) FROM shared WHERE state = 'live' AND id NOT IN"
        " (SELECT shared_id FROM followed_entry WHERE state = 'applied' AND shared_id IS NOT NULL)"
    ),
    # Of what was recalled the digest stays, so that it is known again if it comes back.
    (
        "SELECT count(*) FROM shared_document d JOIN shared s ON s.id = d.shared_id"
        " WHERE s.state = 'live' AND d.digest NOT IN (SELECT digest FROM document)"
    ),
    # A notice of recall is acted on before the tombstone is.
    (
        "SELECT count(*) FROM followed_entry WHERE state = 'applied' AND (shared_id IS NULL OR"
        " shared_id NOT IN (SELECT id FROM shared WHERE state IN ('live', 'recalled')))"
    ),
    "SELECT count(*) FROM follow WHERE cosigned > size",
    (
        "SELECT count(*) FROM follow WHERE size !="
        " (SELECT count(*) FROM followed_entry WHERE follow_id = follow.id)"
    ),
)
"""None of them counts anything in a node that is whole."""
_EARLY = 0.15
"""Of the kills, those whose moment is counted from the start of the command on."""
_ENDS = (7, 8)
"""Of every ten objects those that the last one, a link, connects."""


class Stage:
    """Australia shares; Japan is killed; India never is; the United States come at the end."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.nodes = stage.make(folder)
        stage.federate(self.nodes)
        self.giver, self.killed = self.nodes["australia"], self.nodes["japan"]
        self.chosen = random.Random(seed)
        self.moments: Counter[str] = Counter()
        self._loose: list[str] = []
        self._made = 0
        audience.create(self.giver.owner, "all", [], everyone=True)

    def close(self) -> None:
        for node in self.nodes.values():
            node.carrier.close()
            node.engine.dispose()

    def share(self, count: int) -> None:
        """Objects more, a tenth of them links between the others."""
        assert count % 10 == 0, "links would name what was recalled before"
        bodies = [_object(self._made + number) for number in range(count)]
        self._made += count
        self._loose += [body["id"] for at, body in enumerate(bodies) if at % 10 not in _ENDS]
        outcomes = sharing.give(self.giver, "all", *bodies)
        assert {outcome.what for outcome in outcomes} == {"shared"}, outcomes[:3]

    def recall(self, count: int) -> None:
        """Some of what was shared, the newest as well as what has long been there.

        The ends of links stay: who asks for a link only after its end was recalled is not given it.
        """
        for _ in range(count):
            place = self.chosen.randrange(len(self._loose))
            recall.recall(self.giver.recaller, self._loose.pop(place), "wrong")

    @contextmanager
    def open(self) -> Iterator[subprocess.Popen[bytes]]:
        """Australia's door, in a process of its own."""
        port = int(stage.address(self.giver).rpartition(":")[2])
        with stage.log_of(self.giver).open("wb") as log:
            words = ["-m", "accord", "exchange", "serve", "--port", str(port)]
            door = subprocess.Popen(
                [sys.executable, *words], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env=_surroundings(self.giver),
            )  # fmt: skip
        try:
            _await(port)
            yield door
        finally:
            door.terminate()
            door.wait(20)

    def command(self) -> tuple[subprocess.Popen[bytes], int]:
        """Japan's `accord sync`, and where its words are read."""
        reading, writing = os.pipe()
        code = f"import os; os.dup2({writing}, 3)\n{RUNNER}"
        running = subprocess.Popen(
            [sys.executable, "-c", code], env=_surroundings(self.killed), pass_fds=(writing,),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        os.close(writing)
        return running, reading

    def whole(self) -> float:
        """A sync that nobody disturbs; gives its seconds from when it begins."""
        running, reading = self.command()
        with os.fdopen(reading, "rb") as words:
            words.readline()
            began = time.monotonic()
            words.read()
        complaint = running.communicate(timeout=120)[1]
        assert running.returncode == 0, complaint
        return time.monotonic() - began

    def kill(self, most: float) -> str:
        """One sync that is killed at a moment of its life; what it was doing, or `done`."""
        running, reading = self.command()
        with os.fdopen(reading, "rb") as words:
            first = b"begins" if self.chosen.random() < _EARLY else b"asks"
            while (said := words.readline()) and said.rstrip() != first:
                pass
            self._wait(running, self.chosen.uniform(0, most))
            done = running.poll() is not None
            if not done:
                os.kill(running.pid, signal.SIGKILL)
            last = [said.rstrip(), *words.read().split(b"\n")[:-1]]
        complaint = running.communicate(timeout=60)[1]
        assert running.returncode in (0, -signal.SIGKILL), complaint
        moment = "done" if done else last[-1].decode()
        self.moments[moment] += 1
        return moment

    def _wait(self, running: subprocess.Popen[bytes], seconds: float) -> None:
        end = time.monotonic() + seconds
        while running.poll() is None and time.monotonic() < end:
            time.sleep(0.002)

    def control(self, name: str = "india") -> None:
        """A node that is never killed comes up to date."""
        report = sync("australia", replace(self.nodes[name].syncing, workers=False))
        assert report.good, report

    def check(self) -> None:
        """Nothing hangs in the air, and nobody has our word for what is not applied."""
        assert orphans(self.killed) == [0] * len(ORPHANS)
        applied = rows(self.killed, "SELECT log, size FROM follow")
        cosigned = rows(
            self.giver,
            "SELECT a.log, max(c.size) FROM cosignature c JOIN audience a ON a.id = c.audience_id"
            " WHERE c.partner = 'japan' GROUP BY a.log",
        )
        for log, size in cosigned:
            assert size <= dict(applied)[log]

    def equal(self) -> None:
        """All who followed hold the same, byte for byte; every chain and cosignature holds."""
        states = {name: state(self.nodes[name]) for name in ("japan", "india", "united-states")}
        for name in ("india", "united-states"):
            for number, query in enumerate(RECEIVED):
                ours, theirs = states["japan"][number + 1], states[name][number + 1]
                differing = set(ours) ^ set(theirs)
                assert ours == theirs, (
                    name,
                    query,
                    len(differing),
                    sorted(differing, key=repr)[:6],
                )
            assert states["japan"][0] == states[name][0], name
        for name in ("australia", "japan", "india"):
            node = self.nodes[name]
            found = receipts.verify(node.receipts, node.trust.directory())
            assert (found.broken, found.wrong) == (None, ()), (name, found)
        sizes = rows(
            self.giver,
            "SELECT partner, max(size) FROM cosignature GROUP BY partner ORDER BY partner",
        )
        assert len({size for _, size in sizes}) == 1
        assert [partner for partner, _ in sizes] == ["india", "japan", "united-states"]
        before = self.killed.views.state_hash()
        rebuild(self.killed.intake)
        assert self.killed.views.state_hash() == before


def soak(folder: Path, kills: int, first: int, more: int, seed: int) -> Stage:
    """Kill so many syncs; in the end all is as if nothing had happened."""
    made = Stage(folder, seed)
    made.share(first)
    with made.open():
        most = longest = _duration(made)
        for number in range(kills):
            moment = made.kill(most)
            made.check()
            # So that about half of the kills fall on syncs that still have most of their way to go.
            most = most * 0.6 if moment == "done" else min(longest, most * 1.2)
            made.share(more)
            made.recall(max(1, more // 20))
            if number % 3 == 2:
                made.control()
        made.whole()
        made.check()
        made.control()
        made.control("united-states")
        made.equal()
    return made


def _duration(made: Stage) -> float:
    """About how long a sync of what there is at first takes: India's, which is alone meanwhile."""
    began = time.monotonic()
    made.control()
    return (time.monotonic() - began) * 1.3


def state(node: Node) -> list[Any]:
    return [node.views.state_hash(), *(rows(node, query) for query in RECEIVED)]


def orphans(node: Node) -> list[int]:
    return [rows(node, query)[0][0] for query in ORPHANS]


def rows(node: Node, query: str) -> list[tuple[Any, ...]]:
    with node.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def _object(number: int) -> dict[str, Any]:
    if number % 10 != 9:
        return sharing.indicator(f"seen-{number}", Tlp.GREEN)
    source, target = (
        sharing.name_of("indicator", f"seen-{number - number % 10 + at}") for at in _ENDS
    )
    ends = {"source_ref": source, "target_ref": target}
    return sharing.stix(
        "relationship", f"link-{number}", Tlp.GREEN, relationship_type="related-to", **ends
    )


def _surroundings(node: Node) -> dict[str, str]:
    found = {name: value for name, value in os.environ.items() if not name.startswith("ACCORD_")}
    return {**found, "ACCORD_HOME": str(node.settings.home), "ACCORD_PASSPHRASE": ""}


def _await(port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the door did not open")
