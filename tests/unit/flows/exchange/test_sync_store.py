"""What is kept of followed logs: one goes on at a time, and no promise is ever forgotten."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from following import Follower, follower
from log_server import stix
from sqlalchemy import text

from accord.exchange.log.merkle import Frontier, leaves
from accord.flows.exchange.following.port import Overtaken
from accord.flows.exchange.messages import Request, Response


@pytest.fixture
def japan(tmp_path: Path) -> Follower:
    return follower(tmp_path)


@pytest.mark.parametrize("during", ["checkpoint", "entries", "blobs"])
def test_two_at_once_apply_everything_once(japan: Follower, during: str) -> None:
    """A second process syncs while the first one fetches: the first sees it and writes nothing."""
    log = japan.server.log()
    for n in range(5):
        log.share(stix(f"a{n}"))
    other = Follower(japan.node, japan.server)
    begun = False

    def meanwhile(_request: Request, answer: Response) -> Response:
        nonlocal begun
        if not begun:
            begun = True
            assert other.one().new == 5
        return answer

    japan.server.lie(during, meanwhile)
    report = japan.one()
    assert "another process goes on with log all" in report.failed
    assert (report.new, report.applied, report.acknowledged) == (0, 5, 5)
    assert japan.states() == ["applied"] * 5
    assert japan.one().failed == ""


def test_a_log_that_was_stopped_meanwhile_is_not_gone_on_with(japan: Follower) -> None:
    japan.server.log().share(stix("a"))

    def meanwhile(_request: Request, answer: Response) -> Response:
        (follow,) = japan.following.logs("australia")
        japan.following.stop(follow, "forked", b"ours", b"theirs", japan.now)
        return answer

    japan.server.lie("blobs", meanwhile)
    assert japan.one().applied == 0
    assert japan.one().stopped == "forked"


def test_less_than_before_is_never_cosigned(japan: Follower) -> None:
    for n in range(3):
        japan.server.log().share(stix(f"a{n}"))
    japan.one()
    (follow,) = japan.following.logs("australia")
    assert follow.cosigned == 3
    with pytest.raises(Overtaken):
        japan.following.cosign(follow.id, 2, 0)
    assert japan.following.logs("australia")[0].cosigned == 3


def test_a_cosignature_is_kept_before_it_is_given(japan: Follower) -> None:
    log = japan.server.log()
    log.share(stix("a"))
    seen: list[tuple[int, int | None]] = []

    def look(_request: Request, answer: Response) -> Response:
        (follow,) = japan.following.logs("australia")
        seen.append((follow.cosigned, japan.following.unsent(follow.id)))
        return answer

    japan.server.lie("acknowledgements", look)
    japan.one()
    assert seen == [(1, 0)]


def test_the_frontier_that_is_kept_is_that_of_the_entries(japan: Follower) -> None:
    log = japan.server.log()
    for n in range(37):
        log.share(stix(f"a{n}"))
    japan.one()
    (follow,) = japan.following.logs("australia")
    assert follow.frontier == Frontier().extend(leaves(log.entries))
    with japan.node.engine.connect() as connection:
        row = connection.execute(text("SELECT size, root, checkpoint FROM follow")).one()
    assert (row.size, bytes(row.root)) == (37, follow.frontier.root())
    assert bytes(row.checkpoint) == log.note()


def test_a_log_may_get_another_name(japan: Follower) -> None:
    log = japan.server.log()
    log.share(stix("a"))
    japan.one()
    log.name = "renamed"
    log.share(stix("b"))
    assert japan.one().new == 1
    assert [follow.name for follow in japan.following.logs("australia")] == ["renamed"]


def test_partners_are_followed_side_by_side(japan: Follower) -> None:
    """Each thread has an intake of its own: what one remembers of numbers is no other's."""
    for name in ("one", "two", "three"):
        for n in range(30):
            japan.server.log(name).share(stix(f"{name}{n}"))
    failures: list[BaseException] = []

    def run() -> None:
        try:
            for _ in range(3):
                japan.sync()
        except BaseException as wrong:
            failures.append(wrong)
            raise

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert japan.sync().good
    for name in ("one", "two", "three"):
        assert japan.states(name) == ["applied"] * 30
    with japan.node.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM document")) == 90
