"""The laws of sync, over generated logs, lies, cuts and orders."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from following import Follower, follower
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from log_server import Log, LogServer, sealed, stix
from sealed import directory, partner

from accord.exchange.log.entries import Kind, read
from accord.flows.exchange.carrying import Unreachable
from accord.flows.exchange.following import pull
from accord.flows.exchange.messages import Request, Response

some = settings(max_examples=20, suppress_health_check=list(HealthCheck))
KNOWN = directory(partner("australia"), partner("india"), partner("japan"))
VERSIONS = ("2030-01-01T00:00:00.000Z", "2030-02-01T00:00:00.000Z")

Step = tuple[str, str, int]
"""What is done, to which object, in which version or marking."""
steps = st.lists(
    st.tuples(
        st.sampled_from(["share", "share", "share", "poison", "recall", "retract", "sync"]),
        st.sampled_from("abc"),
        st.integers(0, 1),
    ),
    max_size=14,
)


def play(log: Log, step: Step) -> None:
    """One step of a sharer that keeps the rules: what was recalled is not shared again."""
    what, name, choice = step
    body = stix(name, VERSIONS[choice])
    recalled = {n for n, kind in buried(log).items() if kind is Kind.RECALL}
    mine = [n for n, about in named(log).items() if about == name]
    if what == "share" and not recalled & set(mine):
        number = log.give(sealed(body, "australia"))
        ABOUT[log.entries[number]] = name
    elif what == "poison":
        log.give(sealed(body, "australia", version=""))
    elif what in ("recall", "retract"):
        kind = Kind.RECALL if what == "recall" else Kind.RETRACT
        for number in mine:
            if number not in buried(log):
                log.bury(number, kind)


ABOUT: dict[bytes, str] = {}
"""Which object an entry is about, by the entry: its salt makes it unique."""


def named(log: Log) -> dict[int, str]:
    return {n: ABOUT[data] for n, data in enumerate(log.entries) if data in ABOUT}


def buried(log: Log) -> dict[int, Kind]:
    entries = [read(data, number) for number, data in enumerate(log.entries)]
    return {entry.target: entry.kind for entry in entries if entry.kind is not Kind.COMMITMENT}


def outcome(node: Follower) -> tuple[str, list[str]]:
    return node.node.views.state_hash(), node.states()


def expected(server: LogServer) -> tuple[str, list[str]]:
    """What a node has that hears everything at once."""
    for log in server.logs.values():
        log.acknowledged.clear()
    server.honest()
    with tempfile.TemporaryDirectory() as folder:
        fresh = follower(Path(folder), server)
        assert fresh.sync().good
        try:
            return outcome(fresh)
        finally:
            fresh.node.engine.dispose()


def run(check: Callable[[Follower], None]) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(pull, "BATCH", 3)
        node = follower(Path(folder), LogServer("australia", "japan", KNOWN))
        try:
            check(node)
        finally:
            node.node.engine.dispose()


@given(steps)
@some
def test_however_it_came_bit_by_bit_the_state_is_that_of_all_at_once(done: list[Step]) -> None:
    def check(japan: Follower) -> None:
        log = japan.server.log()
        for step in done:
            if step[0] == "sync":
                assert japan.sync().good
            else:
                play(log, step)
        assert japan.sync().good
        if log.entries:
            assert log.acknowledged[-1].size == len(log.entries)
        assert outcome(japan) == expected(japan.server)

    run(check)


@given(steps, st.lists(st.integers(1, 9), max_size=6))
@some
def test_one_step(done: list[Step], cuts: list[int]) -> None:
    """Cut off at any requests: nothing is lost, doubled or acknowledged too early."""

    def check(japan: Follower) -> None:
        log = japan.server.log()
        for step in done:
            play(log, step)
        for cut in cuts:
            _cut_at(japan, cut)
            japan.sync()
            # Before its first checkpoint is verified, nothing of a log is kept.
            size = max((follow.size for follow in japan.following.logs("australia")), default=0)
            assert all(word.size <= size for word in log.acknowledged)
        japan.server.honest()
        assert japan.sync().good
        assert outcome(japan) == expected(japan.server)

    run(check)


def _cut_at(japan: Follower, number: int) -> None:
    """Break the connection at one of the next requests, before or after it was answered."""
    left = [number]

    def cut(_request: Request, answer: Response) -> Response:
        left[0] -= 1
        if left[0] == 0:
            raise Unreachable("cut")
        return answer

    for kind in ("checkpoint", "entries", "blobs", "acknowledgements"):
        japan.server.lie(kind, cut)


LIES: dict[str, Callable[[bytes, int], bytes]] = {
    "flip": lambda body, at: body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :] if body else b"!",
    "cut": lambda body, at: body[:at],
    "double": lambda body, at: body[:at] + body,
    "drop": lambda body, at: body[:at] + body[at + 7 :],
    "nothing": lambda _body, _at: b"",
}


@given(steps, st.integers(0, 8), st.sampled_from(sorted(LIES)), st.floats(0, 0.999))
@settings(parent=some, max_examples=60)
def test_distrust(done: list[Step], which: int, how: str, place: float) -> None:
    """One answer is damaged, whichever and however: afterwards all is as if it had not been."""

    def check(japan: Follower) -> None:
        log = japan.server.log()
        for step in done[: len(done) // 2]:
            play(log, step)
        japan.sync()
        for step in done[len(done) // 2 :]:
            play(log, step)
        left = [which]

        def lie(_request: Request, answer: Response) -> Response:
            left[0] -= 1
            if left[0] != -1:
                return answer
            body = LIES[how](answer.body, int(place * len(answer.body)))
            return msgspec.structs.replace(answer, body=body)

        for kind in ("logs", "checkpoint", "entries", "blobs"):
            japan.server.lie(kind, lie)
        report = japan.sync()
        assert not any(one.stopped for one in report.logs)
        japan.server.honest()
        japan.sync()
        assert japan.sync().good
        assert outcome(japan) == expected(japan.server)

    run(check)


@given(st.permutations(["direct", "relay", "recall", "sync direct", "sync relay"] * 2))
@some
def test_final(order: list[str]) -> None:
    """What its originator took back is gone in the end, in whatever order both ways are heard."""

    def check(japan: Follower) -> None:
        india = LogServer("india", "japan", KNOWN)
        other = Follower(japan.node, india)
        envelope = sealed(stix("a"), "australia")
        log = japan.server.log()
        number = log.give(envelope)
        log.share(stix("stays"))
        for what in order:
            if what == "direct":
                log.give(sealed(stix("b"), "australia"))
            elif what == "relay":
                india.log().give(envelope)
            elif what == "recall" and number not in buried(log):
                log.bury(number)
            elif what == "sync direct":
                japan.sync()
            elif what == "sync relay":
                other.sync()
        japan.sync()
        # A relay that has heard of the recall passes it on.
        for at in range(len(india.log().entries)):
            india.log().bury(at)
        other.sync()
        assert not japan.holds(stix("a"))
        assert japan.holds(stix("stays"))

    run(check)
