"""Following partners: a change is taken at once, and one that is away delays nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sharing
from house_of_nodes import Nodes
from hypothesis import given
from hypothesis import strategies as st

from accord.flows.exchange.carrying import Unreachable
from accord.flows.exchange.following import watch
from accord.flows.exchange.following.sync import Report
from accord.flows.exchange.following.watch import Watching, follow, pause
from accord.flows.exchange.messages import Request, Response
from accord.flows.exchange.sharing import audience
from accord.identity.partners import Partner


@pytest.fixture
def four(tmp_path: Path) -> Iterator[Nodes]:
    made = Nodes(tmp_path)
    yield made
    made.close()


class Japan:
    """Japan's node, which follows in a thread of its own."""

    def __init__(self, four: Nodes) -> None:
        self.four = four
        self.reports: list[Report] = []
        self.stop = threading.Event()
        self.watching = Watching(
            lambda: four.means("japan"), self.reports.append, lambda n: b"\x00" * n, self.stop
        )

    def run(self, what: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=what, daemon=True)
        thread.start()
        return thread

    def of(self, partner: str) -> list[Report]:
        return [report for report in self.reports if report.partner == partner]


def wait_for(happened: Callable[[], object], seconds: float = 15) -> float:
    start = time.monotonic()
    while not happened():
        assert time.monotonic() < start + seconds, "it did not happen in time"
        time.sleep(0.005)
    return time.monotonic() - start


def test_a_release_is_taken_as_it_comes_and_a_partner_away_delays_nobody(
    four: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_NEW_PARTNERS", 0.1)
    audience.create(four["australia"].owner, "pair", ["japan"])
    japan = Japan(four)

    wire = four.wires["japan"]
    send = wire.send

    def without_india(partner: Partner, request: Request) -> Response:
        if partner.name == "india":
            raise Unreachable("india is away")
        return send(partner, request)

    monkeypatch.setattr(wire, "send", without_india)
    thread = japan.run(lambda: watch.watch(japan.watching))
    wait_for(lambda: japan.of("australia"))
    sharing.give(four["australia"], "pair", sharing.indicator("a"))
    took = wait_for(lambda: any(log.new for r in japan.of("australia") for log in r.logs))
    assert took < 5
    wait_for(lambda: len(japan.of("india")) > 1)
    assert {report.failed for report in japan.of("india")} == {"india is away"}
    before = len(japan.of("australia"))
    time.sleep(0.4)
    assert len(japan.of("australia")) == before, "nothing is done while nothing changes"
    japan.stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_following_goes_on_after_failures_and_ends_with_the_partnership(four: Nodes) -> None:
    audience.create(four["australia"].owner, "pair", ["japan"])
    japan = Japan(four)
    calls = 0

    def twice(_request: Request) -> None:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise Unreachable("the cable")

    four.wires["japan"].before = twice
    thread = japan.run(lambda: follow("australia", japan.watching))
    wait_for(lambda: any(report.good for report in japan.reports))
    assert [report.failed for report in japan.reports][:2] == ["the cable"] * 2
    japan.stop.set()
    thread.join(5)
    assert not thread.is_alive()
    follow("nobody", Japan(four).watching)


@given(st.integers(1, 10_000), st.integers(0, 255))
def test_bounded(failures: int, chance: int) -> None:
    assert 0.5 <= pause(failures, lambda n: bytes([chance]) * n) <= watch.LONGEST_PAUSE
