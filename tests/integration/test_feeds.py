"""Feeds read from real servers, with real documents, and what becomes of what they bring."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import nodes
import pytest
from publishers import (  # noqa: F401 - fixtures
    AT,
    Later,
    Publisher,
    added,
    fed_node,
    kinds,
    means,
    once,
    one_publisher,
    publisher,
    send,
)
from typer.testing import CliRunner, Result

from accord.cli.app import app
from accord.core.digests import digest
from accord.core.errors import Invalid, NotFound
from accord.flows.explain import explain
from accord.flows.feeds import add as adding
from accord.flows.feeds.listing import listing
from accord.flows.feeds.port import Options
from accord.flows.feeds.run import due
from accord.wiring import Node, Settings

CVE = "CVE-2030-0001"


def exposed(node: Node) -> None:
    nodes.give(node, [
        ("bill", nodes.bill("Pump", "1", ["pkg:npm/left-pad@1.0.0"])),
        ("estate", nodes.estate(("Grid", "Pump", "1", nodes.serial_of("Pump", "1")))),
        ("osv", nodes.osv("OSV-1", aliases=[CVE])),
    ])  # fmt: skip


def test_a_catalogue_is_read_and_then_asked_for_changes_only(node: Node, server: Publisher) -> None:
    exposed(node)
    server.files["/kev.json"] = nodes.kev(CVE)
    added(node, "cisa", "kev", server.url("/kev.json"))
    clock = Later()
    ran = once(node, "cisa", means(node, clock))
    assert (ran.outcome, ran.read, ran.new, ran.error) == ("new", 1, 1, "")
    assert kinds(node)["KEV catalogue"] == "feed:cisa"
    (exposure,) = node.exposures.all()
    assert exposure.known_exploited
    told = [r.sentence for r in explain(exposure.id, node.exposures, node.views).reasons]
    assert any("(from the feed cisa)" in sentence for sentence in told), told
    clock.pass_(hours=2)
    assert [feed.name for feed in due(node.feeds, clock.now())] == ["cisa"]
    ran = once(node, "cisa", means(node, clock))
    assert (ran.outcome, ran.read, ran.bytes) == ("same", 0, 0)
    assert [one.conditional for one in server.asked] == [False, True]
    server.files["/kev.json"] = nodes.kev(CVE, "CVE-2030-0002", released="2026-02-01T00:00:00Z")
    assert once(node, "cisa", means(node, clock)).new == 1
    (listed,) = listing(node.feeds, clock.now())
    assert (listed.state, listed.worth.documents, listed.worth.first) == ("good", 2, 2)
    assert (listed.worth.matched, listed.worth.false) == (2, 0)
    assert listed.good == clock.now()


def test_a_tag_that_changes_brings_nothing_new(node: Node, server: Publisher) -> None:
    count = iter(range(100))
    body = nodes.kev(CVE)
    server.answers["/k"] = lambda h, _: send(h, 200, body, etag=f'"{next(count)}"')
    added(node, "cisa", "kev", server.url("/k"))
    assert [once(node, "cisa").outcome for _ in range(3)] == ["new", "same", "same"]
    assert [one.headers.get("if-none-match") for one in server.asked] == [None, '"0"', '"1"']


def test_not_changed_without_having_been_asked_is_a_failure(node: Node, server: Publisher) -> None:
    server.answers["/k"] = lambda h, _: send(h, 304)
    added(node, "cisa", "kev", server.url("/k"))
    assert once(node, "cisa").outcome == "failed"


@pytest.mark.parametrize("trust", ["full", "other"])
def test_a_feed_brings_no_decision_of_ours(node: Node, server: Publisher, trust: str) -> None:
    exposed(node)
    (exposure,) = node.exposures.all()
    record = nodes.text({
        "accord": "confirmation", "exposure": exposure.id, "verdict": "not_affected",
        "person": "P", "why": "W", "at": "2026-02-01T00:00:00.000000Z",
    })  # fmt: skip
    server.files["/x"] = record
    server.files["/y"] = nodes.estate(("Evil", "Pump", "1", ""))
    server.files["/z"] = b"<html>not a catalogue</html>"
    before = node.views.state_hash()
    for name in "xyz":
        for kind in ("url", "kev"):
            feed = added(node, f"{kind}-{name}", kind, server.url(f"/{name}"), trust=trust)
            ran = once(node, feed.name)
            assert (ran.new, ran.quarantined) == (0, 1)
            assert any("not what a feed of this kind brings" in note for note in ran.notes)
    assert node.views.state_hash() == before
    # One that a partner sealed does not become ours either because a feed has it, too.
    with node.intake.unit() as unit:
        unit.take([_prepared(record)], AT, "india")
        unit.settle()
    added(node, "again", "url", server.url("/x"), trust=trust)
    assert once(node, "again").quarantined == 1
    assert kinds(node)["confirmation"] == "india"


def _prepared(data: bytes) -> Any:
    from accord.flows.prepare import prepare  # noqa: PLC0415 - for this test alone

    return prepare("x", data)


def test_trust_says_what_a_feeds_vex_counts(tmp_path: Path, server: Publisher) -> None:
    """As another's word it closes nothing that the supplier left open; in full it does."""
    ours = nodes.openvex(CVE, "affected", "pkg:npm/left-pad@1.0.0", author="Maker", name="urn:a")
    theirs = nodes.openvex(
        CVE, "not_affected", "pkg:npm/left-pad@1.0.0", author="Maker",
        at="2026-01-20T00:00:00Z", name="urn:b",
    )  # fmt: skip
    server.files["/vex"] = theirs
    states = {}
    for trust in ("full", "other"):
        made = nodes.new_node(tmp_path / trust)
        exposed(made)
        nodes.give(made, [("ours", ours)])
        added(made, "hub", "url", server.url("/vex"), trust=trust)
        assert once(made, "hub").new == 1
        states[trust] = nodes.listed(made)[0]["status"]
        made.engine.dispose()
    assert states == {"full": "not_affected", "other": "exposed"}


def test_whose_a_document_is_does_not_depend_on_who_was_first(
    tmp_path: Path, server: Publisher
) -> None:
    body = nodes.kev(CVE)
    server.files["/k"] = body
    origins = set()
    for number, order in enumerate(("pf", "fp")):
        made = nodes.new_node(tmp_path / str(number))
        added(made, "cisa", "kev", server.url("/k"))
        for who in order:
            if who == "f":
                once(made, "cisa")
                continue
            with made.intake.unit() as unit:
                new = not unit.here([digest(body)])
                one = _prepared(body)
                if new:
                    unit.take([one], AT, "australia")
                else:
                    unit.name([one], AT, "australia")
                unit.settle()
        origins.add(kinds(made)["KEV catalogue"])
        nodes.give(made, [("by hand", body)])
        assert not kinds(made)["KEV catalogue"]
        made.engine.dispose()
    assert origins == {"feed:cisa"}


def test_too_many_requests_are_taken_seriously(node: Node, server: Publisher) -> None:
    server.answers["/k"] = lambda h, _: send(h, 429, retry_after="7200")
    added(node, "cisa", "kev", server.url("/k"))
    ran = once(node, "cisa")
    assert "status 429" in ran.error
    (listed,) = listing(node.feeds, AT)
    assert listed.due == "2026-02-01T02:00:00.000000Z"
    assert not due(node.feeds, "2026-02-01T01:59:00.000000Z")


def test_the_breaker_opens_is_tried_and_closes(node: Node, server: Publisher) -> None:
    server.answers["/k"] = lambda h, _: send(h, 500)
    added(node, "cisa", "kev", server.url("/k"))
    clock = Later()
    states = []
    for _ in range(60):
        for feed in due(node.feeds, clock.now()):
            once(node, feed.name, means(node, clock))
        states.append(listing(node.feeds, clock.now())[0].state)
        clock.pass_(minutes=1)
    assert states[:1] == ["failing"]
    assert states[-1] == "open"
    assert len(server.asked) == 5
    clock.at = node.feeds.one("cisa").health.due
    assert listing(node.feeds, clock.now())[0].state == "trial"
    once(node, "cisa", means(node, clock))
    assert listing(node.feeds, clock.now())[0].state == "open"
    server.answers.clear()
    server.files["/k"] = nodes.kev(CVE)
    clock.at = node.feeds.one("cisa").health.due
    assert once(node, "cisa", means(node, clock)).outcome == "new"
    (listed,) = listing(node.feeds, clock.now())
    assert (listed.state, listed.failures, listed.error) == ("good", 0, "")
    assert [ran.outcome for ran in node.feeds.runs("cisa", 9)] == ["new", *["failed"] * 6]


def test_a_feed_of_the_internet_may_not_lead_within(node: Node, server: Publisher) -> None:
    server.files["/k"] = nodes.kev(CVE)
    added(node, "cisa", "kev", server.url("/k"), internal=False, plain=True)
    ran = once(node, "cisa")
    assert "not on the public Internet" in ran.error
    assert server.asked == []


def test_secrets_come_from_files_or_the_environment(
    node: Node, server: Publisher, tmp_path: Path
) -> None:
    server.files["/k"] = nodes.kev(CVE)
    secret = tmp_path / "secret"
    secret.write_text("canary-1\n")
    secret.chmod(0o644)
    added(node, "a", "kev", server.url("/k"), secret_file=str(secret), user="ann", plain=True)
    assert "chmod 600" in once(node, "a").error
    secret.chmod(0o600)
    assert once(node, "a").new == 1
    added(node, "b", "kev", server.url("/k"), secret_env="FEED_B", plain=True)
    assert "FEED_B of the environment is not set" in once(node, "b").error
    assert once(node, "b", means(node, environment={"FEED_B": "canary-2"})).outcome == "same"
    assert "no secret" in once(node, "b", means(node, environment={"FEED_B": "x\ny"})).error
    sent = [one.headers["authorization"] for one in server.asked]
    assert sent == ["Basic YW5uOmNhbmFyeS0x", "Bearer canary-2"]
    kept = (node.settings.home / "accord.sqlite").read_bytes()
    assert b"canary" not in kept
    assert b"YW5u" not in kept


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("A b", "kev", ""), "is no name"), (("a", "taxii", ""), "needs an address"),
        (("a", "url", "http://x.example/"), "not encrypted"),
        (("a", "url", "https://u:p@x.example/"), "must not hold"),
    ],
)  # fmt: skip
def test_a_feed_that_cannot_be_is_told_at_once(
    node: Node, words: tuple[str, str, str], why: str
) -> None:
    with pytest.raises(Invalid, match=why):
        adding.add(node.feeds, *words, Options(), AT)
    with pytest.raises(Invalid, match="unencrypted"):
        adding.add(
            node.feeds, "a", "url", "http://x.example/", Options(plain=True, secret_env="X"), AT
        )
    assert node.feeds.all() == []


def test_names_are_given_once_and_removal_leaves_what_came(node: Node, server: Publisher) -> None:
    server.files["/k"] = nodes.kev(CVE)
    added(node, "cisa", "kev", server.url("/k"))
    with pytest.raises(Invalid, match="there is a feed"):
        added(node, "cisa", "kev", server.url("/k"))
    once(node, "cisa")
    node.feeds.remove("cisa")
    assert kinds(node) == {"KEV catalogue": "feed:cisa"}
    for wrong in (node.feeds.remove, node.feeds.one):
        with pytest.raises(NotFound, match="accord feeds list"):
            wrong("cisa")


def test_a_reading_that_is_killed_goes_on(tmp_path: Path) -> None:
    """The real command, killed while documents come, and run again."""
    home = tmp_path / "node"
    nodes.new_node(home).engine.dispose()
    names = [f"d/{number:03}.json" for number in range(250)]
    with publisher() as server:
        bodies = {
            f"/{name}": nodes.text({
                "document": {
                    "category": "csaf_base", "csaf_version": "2.0", "title": name,
                    "publisher": {"category": "vendor", "name": "P", "namespace": "https://p.example"},
                    "tracking": {
                        "id": name[2:5], "status": "final", "version": "1",
                        "initial_release_date": AT, "current_release_date": AT,
                        "revision_history": [{"number": "1", "date": AT, "summary": "s"}],
                    },
                },
            })
            for name in names
        }  # fmt: skip
        server.files |= bodies
        lines = [f'"{name}","{AT}"' for name in names]
        server.files["/changes.csv"] = "\n".join(lines).encode()
        stop = threading.Event()

        def slow(handler: Any, asked: Any) -> None:
            if asked.path == f"/{names[230]}":
                stop.wait(20)
            send(handler, 200, bodies[asked.path])

        server.answers[f"/{names[230]}"] = slow
        made = Node(Settings(home))
        added(made, "p", "csaf", server.url("/"))
        command = [sys.executable, "-m", "accord", "feeds", "run", "--home", str(home)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while f"/{names[230]}" not in server.paths and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=20)
        stop.set()
        server.answers.clear()
        server.asked.clear()
        done = nodes.command("feeds", "run", "p", "--json", home=home)
        assert done.returncode == 0, done.stderr
        (ran,) = json.loads(done.stdout)
        assert (ran["outcome"], ran["new"]) == ("new", 50)
        # And of the first that there are no digests beside it; no other is asked for one.
        beside = [path for path in server.paths if path.endswith((".sha512", ".sha256"))]
        assert (len(server.asked), len(beside)) == (53, 2)
    left = list((home / "feeds").iterdir())
    assert len(left) <= 1
    (listed,) = listing(made.feeds, AT)
    assert (listed.worth.documents, listed.worth.first) == (250, 250)
    made.engine.dispose()


def command(home: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["feeds", *words], env={"ACCORD_HOME": str(home)})


def test_the_commands(tmp_path: Path) -> None:
    home = tmp_path / "node"
    nodes.new_node(home).engine.dispose()
    with publisher() as server:
        server.files["/k"] = nodes.kev(CVE)
        said = ("kev", server.url("/k?key=canary-3"), "--internal", "--tlp", "CLEAR")
        assert command(home, "add", "cisa", *said).exit_code == 0
        wrong = command(home, "add", "x", "rss", "https://x.example/")
        assert "use one of taxii" in str(wrong.exception)
        done = command(home, "run")
        assert done.exit_code == 0, done.output
        assert "cisa: new: 1 read, 1 new, 0 known" in done.output
        assert "No feed is due" in command(home, "run").output
        for words in ((), ("list",)):
            table = command(home, *words).output
            assert "cisa" in table
            assert "good" in table
        (row,) = json.loads(command(home, "list", "--json").output)
        assert (row["tlp"], row["trust"], row["url"]) == ("CLEAR", "other", server.url("/k"))
        assert "canary" not in table + done.output + json.dumps(row)
        del server.files["/k"]
        failed = command(home, "run", "cisa")
        assert failed.exit_code == 1
        assert "that it is not there (status 404)" in failed.output
        assert "canary" not in failed.output
        assert "what it brought stays" in command(home, "remove", "cisa").output
        assert "There are no feeds" in command(home).output


def test_both_databases_keep_feeds(database_url: str, tmp_path: Path, server: Publisher) -> None:
    made = nodes.on(database_url, tmp_path)
    exposed(made)
    server.files |= {"/d/a.json": nodes.osv("X-1"), "/d/index.txt": b"a.json\n"}
    server.files["/k"] = nodes.kev(CVE)
    added(made, "dir", "csaf", server.url("/d/"))
    added(made, "cisa", "kev", server.url("/k"), tlp=0)
    assert once(made, "dir").quarantined == 1
    assert once(made, "cisa").new == 1
    assert once(made, "cisa").outcome == "same"
    assert once(made, "dir").outcome == "same"
    rows = {one.name: one for one in listing(made.feeds, AT)}
    assert (rows["cisa"].worth.first, rows["cisa"].worth.matched) == (1, 1)
    assert made.feeds.items("dir") == {"a.json": ""}
    assert [ran.outcome for ran in made.feeds.runs("cisa", 5)] == ["same", "new"]
    (held,) = (one for one in made.holdings.named(digest(server.files["/k"])))
    assert dict(held.feeds)["cisa"] == 0
    with made.views.view() as view:
        assert view.indicators() == []
    made.feeds.remove("dir")
    made.engine.dispose()
