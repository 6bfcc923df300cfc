"""Several feeds at once, feeds that are watched, and a server that wants to know who asks."""

from __future__ import annotations

import ipaddress
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Event, Lock
from typing import Any

import nodes
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from publishers import (
    AT,
    Later,
    Publisher,
    added,
    advisory,
    fed_node,  # noqa: F401 - fixtures
    means,
    once,
    publisher,
    send,
    tls,
)

from accord.exchange.feeds import schedule
from accord.flows.feeds.listing import listing
from accord.flows.feeds.port import Ran
from accord.flows.feeds.several import AT_ONCE, run_several
from accord.flows.feeds.watch import watch
from accord.wiring import Node


@pytest.fixture
def servers() -> Iterator[list[Publisher]]:
    with ExitStack() as stack:
        yield [stack.enter_context(publisher()) for _ in range(6)]


def kev(number: int) -> bytes:
    return nodes.kev(f"CVE-2030-{number:04}")


class Counted:
    """Answers slowly, and counts how many are answered at once."""

    def __init__(self, body: bytes, seconds: float = 0.1) -> None:
        self._seconds = seconds
        self.most = self._now = 0
        self._lock = Lock()
        self._body = body

    def __call__(self, handler: Any, _: Any) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(self._seconds)
        send(handler, 200, self._body)
        with self._lock:
            self._now -= 1


def test_four_servers_are_waited_for_at_once(node: Node, servers: list[Publisher]) -> None:
    """Each of four answers only once all four are asked."""
    together = Barrier(AT_ONCE, timeout=3)

    def meet(handler: Any, asked: Any) -> None:
        together.wait()
        send(handler, 200, kev(int(asked.path[1:])))

    feeds = []
    for number, server in enumerate(servers[:AT_ONCE]):
        server.answers[f"/{number}"] = meet
        feeds.append(added(node, f"f{number}", "kev", server.url(f"/{number}")))
    told: list[Ran] = []
    done = run_several(feeds, means(node), told.append)
    assert [ran.feed for ran in done] == ["f0", "f1", "f2", "f3"]
    assert sorted(ran.feed for ran in told) == ["f0", "f1", "f2", "f3"]
    assert {ran.outcome for ran in done} == {"new"}, [ran.error for ran in done]
    assert {row.worth.first for row in listing(node.feeds, AT)} == {1}


def test_no_more_than_four_and_of_one_server_one(node: Node, servers: list[Publisher]) -> None:
    every = Counted(kev(1), 0.5)
    own = Counted(kev(2))
    servers[0].answers |= {f"/{n}": own for n in range(3)}
    feeds = [added(node, f"own{n}", "kev", servers[0].url(f"/{n}")) for n in range(3)]
    assert {ran.error for ran in run_several(feeds, means(node), lambda _: None)} == {""}
    assert own.most == 1
    for n, server in enumerate(servers):
        server.answers["/k"] = every
        feeds.append(added(node, f"f{n}", "kev", server.url("/k")))
    assert {ran.error for ran in run_several(feeds, means(node), lambda _: None)} == {""}
    assert 1 < every.most <= AT_ONCE


def test_one_that_wants_rest_or_is_silent_delays_nobody(
    node: Node, servers: list[Publisher]
) -> None:
    silent, resting, broken, *good = servers
    release = Event()

    def wait(handler: Any, _: Any) -> None:
        release.wait(10)
        send(handler, 200, kev(0))

    silent.answers["/k"] = wait
    resting.answers["/k"] = lambda h, _: send(h, 429, retry_after="7200")
    broken.answers["/k"] = lambda h, _: send(h, 500)
    for number, server in enumerate(good, 1):
        server.files["/k"] = kev(number)
    feeds = [added(node, f"f{n}", "kev", server.url("/k")) for n, server in enumerate(servers)]
    told: list[str] = []

    def tell(ran: Ran) -> None:
        told.append(ran.feed)
        if len(told) == len(feeds) - 1:
            release.set()

    done = run_several(feeds, means(node), tell)
    assert told[-1] == "f0"
    assert [ran.outcome for ran in done] == ["new", "failed", "failed", "new", "new", "new"]
    due = {row.name: row.due for row in listing(node.feeds, AT)}
    assert due["f1"] == "2026-02-01T02:00:00.000000Z"


def test_many_at_once_bring_what_one_after_the_other_brings(
    tmp_path: Path, servers: list[Publisher]
) -> None:
    """Documents that overlap, taken in by four at once: the state is the same."""
    for number, server in enumerate(servers):
        names = [f"d-{n}" for n in range(number * 5, number * 5 + 12)]
        server.files |= {f"/{name}.json": advisory(name) for name in names}
        server.files["/changes.csv"] = "\n".join(f"{n}.json,{AT}" for n in names).encode()
    states = []
    for at_once in (1, AT_ONCE):
        made = nodes.new_node(tmp_path / str(at_once))
        feeds = [
            added(made, f"f{n}", "csaf", server.url("/"), trust="full")
            for n, server in enumerate(servers)
        ]
        done = run_several(feeds, means(made), lambda _: None, at_once)
        assert [ran.error for ran in done] == [""] * len(servers)
        assert sum(ran.new for ran in done) == 37
        states.append(made.views.state_hash())
        made.engine.dispose()
    assert len(set(states)) == 1


def test_feeds_are_watched_over_rounds(node: Node, servers: list[Publisher]) -> None:
    """Changes come, what did not change is not asked for, one fails and comes back."""
    first, second = servers[:2]
    first.files["/k"] = kev(1)
    second.files["/k"] = kev(2)
    added(node, "first", "kev", first.url("/k"))
    added(node, "second", "kev", second.url("/k"))
    clock, stop = Later(), Event()
    told: list[Ran] = []

    def tell(ran: Ran) -> None:
        told.append(ran)
        if len(told) == 11:
            stop.set()
        if len(told) > 8 or len(told) % 2:
            return
        round_ = len(told) // 2
        assert sorted(one.feed for one in told[-2:]) == ["first", "second"]
        if round_ == 2:
            second.answers["/k"] = lambda h, _: send(h, 500)
            first.files["/k"] = kev(3)
        if round_ == 3:
            second.answers.clear()
        if round_ == 4:
            first.files["/more"] = kev(4)
            added(node, "third", "kev", first.url("/more"))
        clock.pass_(hours=2)

    watch(means(node, clock), tell, stop)
    outcomes = {
        name: [ran.outcome for ran in told if ran.feed == name]
        for name in ("first", "second", "third")
    }
    assert outcomes["first"] == ["new", "same", "new", "same", "same"]
    assert outcomes["second"] == ["new", "same", "failed", "same", "same"]
    assert outcomes["third"] == ["new"]
    tags = [one.conditional for one in first.asked if one.path == "/k"]
    assert tags == [False, True, True, True, True]


def test_a_person_stops_a_watch(tmp_path: Path, servers: list[Publisher]) -> None:
    """The command tells of what came, and ends on Ctrl-C though a server keeps silent."""
    home = tmp_path / "node"
    made = nodes.new_node(home)
    asked, release = Event(), Event()

    def wait(_handler: Any, _: Any) -> None:
        asked.set()
        release.wait(90)

    servers[0].files["/k"] = kev(1)
    servers[1].answers["/k"] = wait
    added(made, "good", "kev", servers[0].url("/k"))
    added(made, "silent", "kev", servers[1].url("/k"))
    command = [sys.executable, "-m", "accord", "feeds", "run", "--watch", "--home", str(home)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("good: new: 1 read, 1 new"), line
        assert asked.wait(10)
        process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=60)[1]
    finally:
        release.set()
        process.kill()
        process.communicate()
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    rows = {row.name: row for row in listing(made.feeds, AT)}
    assert (rows["good"].state, rows["silent"].state, rows["silent"].failures) == ("good", "new", 0)
    made.engine.dispose()


def test_what_is_stopped_is_raised_and_leaves_no_reading(
    node: Node, servers: list[Publisher]
) -> None:
    feeds = []
    for number, server in enumerate(servers):
        names = [f"s-{number}-{n}" for n in range(40)]
        server.answers |= {f"/{name}.json": Counted(advisory(name)) for name in names}
        server.files["/changes.csv"] = "\n".join(f"{n}.json,{AT}" for n in names).encode()
        feeds.append(added(node, f"f{number}", "csaf", server.url("/")))
    servers[0].files["/k"] = kev(1)
    feeds.insert(0, added(node, "quick", "kev", servers[0].url("/k")))

    def stop(_: Ran) -> None:
        raise KeyboardInterrupt

    before = set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt):
        run_several(feeds, means(node), stop)
    asked = [len(server.asked) for server in servers]
    time.sleep(0.3)
    assert [len(server.asked) for server in servers] == asked
    assert not [one for one in set(threading.enumerate()) - before if one.name.endswith("(_read)")]


def pem(folder: Path, name: str) -> Path:
    """A key and a certificate of this machine's own address, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(named).issuer_name(named).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / f"{name}.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))  # fmt: skip
    file.chmod(0o600)
    return file


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_wants_a_certificate_is_shown_ours(
    node: Node, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    server_, ours, others = (pem(tmp_path, name) for name in ("server", "ours", "others"))
    context = tls(server_)
    context.minimum_version = context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(ours)
    elsewhere = tls(server_)
    elsewhere.verify_mode = ssl.CERT_OPTIONAL
    elsewhere.load_verify_locations(ours)
    with publisher(context) as made, publisher(elsewhere) as away:
        shown: list[Any] = []

        def answer(handler: Any, _: Any) -> None:
            shown.append(handler.connection.getpeercert())
            send(handler, 200, kev(1))

        made.answers["/k"] = answer
        made.answers["/moved"] = lambda h, _: send(h, 302, location=away.url("/k"))
        away.answers["/k"] = answer
        said = {"authorities": str(server_)}
        added(node, "known", "kev", made.url("/k"), certificate=str(ours), **said)
        added(node, "none", "kev", made.url("/k"), **said)
        added(node, "another", "kev", made.url("/k"), certificate=str(others), **said)
        added(node, "moved", "kev", made.url("/moved"), certificate=str(ours), **said)
        for name in ("none", "another"):
            ran = once(node, name)
            assert (ran.outcome, ran.new) == ("failed", 0)
            assert "tls" in ran.error.lower() or "ssl" in ran.error.lower(), ran.error
        assert shown == []
        assert (once(node, "known").error, shown[0]["subject"]) == (
            "", ((("commonName", "ours"),),),
        )  # fmt: skip
        # Where a redirection leads, nobody is told who asks.
        assert once(node, "moved").error == ""
        assert not shown[1]


def test_a_breaker_opens_for_one_alone(node: Node, servers: list[Publisher]) -> None:
    servers[0].answers["/k"] = lambda h, _: send(h, 500)
    servers[1].files["/k"] = kev(1)
    feeds = [added(node, f"f{n}", "kev", servers[n].url("/k")) for n in range(2)]
    for _ in range(schedule.BREAKS):
        feeds = [node.feeds.one(feed.name) for feed in feeds]
        run_several(feeds, means(node), lambda _: None)
    assert [row.state for row in listing(node.feeds, AT)] == ["open", "good"]
