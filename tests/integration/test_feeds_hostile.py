"""Feeds whose servers mean harm: each fails for itself, is told, and leaves the others alone."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from threading import Event
from typing import Any

import msgspec
import nodes
import pytest
from publishers import (  # noqa: F401 - fixtures
    AT,
    Later,
    Publisher,
    added,
    advisory,
    fed_node,
    means,
    once,
    one_publisher,
    publisher,
    send,
)

from accord.core.errors import Invalid
from accord.exchange.feeds.values import FROM
from accord.flows.feeds.listing import listing
from accord.flows.feeds.port import Options, Ran
from accord.flows.feeds.run import due
from accord.flows.feeds.watch import watch
from accord.wiring import Node

CVE = "CVE-2030-0001"
COLLECTION = "/api/collections/one/"
UUID = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"


def directory(server: Publisher, path: str, *names: str) -> str:
    """A directory of CSAF with so many documents; its address."""
    for name in names:
        server.files[f"{path}{name}.json"] = advisory(name)
    server.files[f"{path}changes.csv"] = "\n".join(f'"{n}.json","{AT}"' for n in names).encode()
    return server.url(path)


def provider(server: Publisher, *folders: str) -> str:
    told = {"distributions": [{"directory_url": folder} for folder in folders]}
    server.files["/pm.json"] = json.dumps(told).encode()
    return server.url("/pm.json")


def dated(server: Publisher, last: str, *, more: bool) -> None:
    def answer(handler: Any, _: Any) -> None:
        body = {"objects": [], **({"more": True, "next": "a"} if more else {})}
        send(handler, 200, json.dumps(body).encode(), x_taxii_date_added_last=last)

    server.files[COLLECTION] = b'{"id":"one","can_read":true}'
    server.answers[f"{COLLECTION}objects/"] = answer


@pytest.mark.parametrize("last", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
                                  "1969-12-31T23:59:59Z"])  # fmt: skip
@pytest.mark.parametrize("more", [True, False])
def test_a_date_before_all_servers_is_not_kept(
    node: Node, server: Publisher, last: str, *, more: bool
) -> None:
    dated(server, last, more=more)
    added(node, "bad", "taxii", server.url(COLLECTION))
    for failures in (1, 2):
        ran = once(node, "bad")
        assert "x-taxii-date-added-last" in ran.error
        feed = node.feeds.one("bad")
        assert (feed.health.failures, feed.position) == (failures, {})


@pytest.mark.parametrize("more", [True, False])
def test_a_date_far_ahead_is_not_kept(node: Node, server: Publisher, *, more: bool) -> None:
    dated(server, "9999-12-31T23:59:59.999999Z", more=more)
    added(node, "bad", "taxii", server.url(COLLECTION))
    assert "ahead of time" in once(node, "bad").error
    assert node.feeds.one("bad").position == {}


@pytest.mark.parametrize("trust", ["other", "full"])
def test_a_catalogue_dated_far_ahead_takes_the_place_of_nothing(
    node: Node, server: Publisher, trust: str
) -> None:
    server.files["/kev"] = nodes.kev("CVE-2030-0002", released="9999-06-01T00:00:00Z")
    added(node, "kev", "kev", server.url("/kev"), trust=trust)
    ran = once(node, "kev")
    assert (ran.new, ran.quarantined) == (0, 1)
    assert "ahead of time" in ran.notes[0]
    server.files["/kev"] = nodes.kev("CVE-2030-0001")
    assert once(node, "kev").new == 1
    with node.views.view() as view:
        assert [one.edition for one in view.shelf("KEV catalogue", "", 0, 9).documents] == [
            "2026-01-11T00:00:00.000000Z"
        ]


def test_scores_dated_far_ahead_are_refused(node: Node, server: Publisher) -> None:
    server.files["/epss"] = nodes.epss({"CVE-2030-0001": 0.1}, "9999-01-01")
    added(node, "epss", "epss", server.url("/epss"))
    ran = once(node, "epss")
    assert (ran.new, ran.quarantined) == (0, 1)
    assert "ahead of time" in ran.notes[0]


def test_a_date_that_was_kept_before_does_no_harm(node: Node, server: Publisher) -> None:
    dated(server, "2026-01-01T00:00:00Z", more=False)
    feed = added(node, "bad", "taxii", server.url(COLLECTION))
    place = {"last": "0001-01-01T00:00:00.000000Z", "next": "a"}
    kept = {server.url(f"{COLLECTION}objects/"): place}
    node.feeds.save(msgspec.structs.replace(feed, position=kept))
    assert once(node, "bad").error == ""


class Defective:
    """A way to publishers with a defect, which shows at one of them."""

    def __init__(self, fetcher: Any, wrong: Exception) -> None:
        self._fetcher, self._wrong = fetcher, wrong

    def open(self, access: Any) -> Any:
        if access.url.endswith("/bad"):
            raise self._wrong
        return self._fetcher.open(access)


@pytest.mark.parametrize(
    "wrong",
    [
        OverflowError("canary"), RecursionError("canary"), MemoryError("canary"),
        UnicodeEncodeError("ascii", "canary\xe9", 6, 7, "x"),
    ],
)  # fmt: skip
def test_a_defect_is_that_feeds_failure_alone(
    node: Node, server: Publisher, wrong: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    server.files["/good"] = nodes.kev(CVE)
    added(node, "a-bad", "kev", server.url("/bad"))
    added(node, "z-good", "kev", server.url("/good"))
    clock, stop = Later(), Event()
    way = means(node, clock)
    way = msgspec.structs.replace(way, fetcher=Defective(way.fetcher, wrong))
    told: list[Ran] = []

    def tell(ran: Ran) -> None:
        told.append(ran)
        if ran.feed == "z-good":
            stop.set()

    with caplog.at_level(logging.ERROR):
        watch(way, tell, stop)
    assert [(ran.feed, ran.outcome) for ran in told] == [("a-bad", "failed"), ("z-good", "new")]
    assert f"defect ({type(wrong).__name__})" in told[0].error
    assert type(wrong).__name__ in caplog.text
    assert "a-bad" in caplog.text
    assert "canary" not in caplog.text + told[0].error
    rows = {row.name: row for row in listing(node.feeds, clock.now())}
    assert (rows["a-bad"].state, rows["z-good"].state) == ("defect", "good")
    for _ in range(4):
        once(node, "a-bad", way)
    (row, _) = listing(node.feeds, clock.now())
    assert (row.state, row.failures) == ("open", 5)


def test_a_person_who_stops_it_is_obeyed(node: Node, server: Publisher) -> None:
    added(node, "bad", "kev", server.url("/bad"))
    way = means(node)
    stopped = Defective(way.fetcher, KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        once(node, "bad", msgspec.structs.replace(way, fetcher=stopped))
    assert node.feeds.one("bad").health.failures == 0


def test_what_cannot_be_kept_of_a_position_is_not_kept_later(node: Node, server: Publisher) -> None:
    """A reading that could not keep how far it was must still be counted."""
    from accord.flows.feeds import run as running  # noqa: PLC0415 - for this test alone

    feed = added(node, "a", "kev", server.url("/k"))
    reading = running._Reading(feed, means(node))
    with pytest.raises(UnicodeEncodeError):
        reading._save(position={"next": "\ud800"})
    assert reading.feed.position == {}


@pytest.mark.parametrize("tag", ['"a\xe9"', '"a\x7f"', '"a\tb"', "bare", '"open', 'w/"a"', '"a"b"',
                                 '"' + "e" * 60_000 + '"'])  # fmt: skip
def test_a_validator_that_is_none_is_not_kept(node: Node, server: Publisher, tag: str) -> None:
    def answer(handler: Any, _: Any) -> None:
        body = nodes.kev(CVE)
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nETag: {tag}\r\n"
        head += "Last-Modified: yesterday\r\n\r\n"
        handler.wfile.write(head.encode("latin-1") + body)

    server.answers["/k"] = answer
    added(node, "a", "kev", server.url("/k"))
    assert [once(node, "a").outcome for _ in range(2)] == ["new", "same"]
    assert node.feeds.one("a").validators == {server.url("/k"): {}}
    assert {one.headers.get("if-none-match") for one in server.asked} == {None}
    assert {one.headers.get("if-modified-since") for one in server.asked} == {None}
    # One that was kept before is not asked with, either.
    bad = {server.url("/k"): {"etag": tag, "last-modified": "yesterday\r\nX: y"}}
    node.feeds.save(msgspec.structs.replace(node.feeds.one("a"), validators=bad))
    assert once(node, "a").error == ""


def test_a_secret_never_goes_out_in_clear(node: Node, server: Publisher, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary\n")
    secret.chmod(0o600)
    said: dict[str, Any] = {"internal": True, "secret_file": str(secret)}
    for url, plain in (
        (server.url("/k"), False), ("http://10.1.2.3/k", True), ("http://localhost/k", True),
        ("http://printer.example/k", True),
    ):  # fmt: skip
        with pytest.raises(Invalid, match="unencrypted"):
            added(node, "a", "kev", url, plain=plain, **said)
    assert node.feeds.all() == []
    added(node, "own", "kev", server.url("/k"), plain=True, **said)
    # A feed that was kept when this was allowed is not asked.
    feed = node.feeds.one("own")
    node.feeds.remove("own")
    before = Options(every=3_600, **said)
    node.feeds.add(msgspec.structs.replace(feed, options=before))
    assert "unencrypted" in once(node, "own").error
    assert server.asked == []


def test_a_due_date_of_a_wrong_clock_is_due(node: Node, server: Publisher) -> None:
    server.files["/k"] = nodes.kev(CVE)
    added(node, "a", "kev", server.url("/k"))
    ahead = Later("2036-02-01T00:00:00.000000Z")
    once(node, "a", means(node, ahead))
    assert [feed.name for feed in due(node.feeds, AT)] == ["a"]
    once(node, "a")
    assert due(node.feeds, AT) == []


def test_one_missing_directory_leaves_the_others(node: Node, server: Publisher) -> None:
    good = directory(server, "/good/", "A-1"), directory(server, "/fine/", "B-1")
    url = provider(server, server.url("/gone/"), good[0], server.url("/closed/"), good[1])
    server.answers["/closed/changes.csv"] = lambda h, _: send(h, 403)
    added(node, "c", "csaf", url)
    ran = once(node, "c")
    assert (ran.outcome, ran.new) == ("partly", 2)
    assert "2 of 4 lists of documents did not come" in ran.error
    assert any("/gone/index.txt" in note for note in ran.notes)
    assert any("/closed/changes.csv" in note for note in ran.notes)
    # What did not come is asked for again, and what did is not fetched twice.
    directory(server, "/gone/", "C-1")
    directory(server, "/closed/", "D-1")
    server.answers.clear()
    ran = once(node, "c")
    assert (ran.outcome, ran.new, ran.same) == ("new", 2, 0)


def test_one_list_that_is_none_leaves_the_others(node: Node, server: Publisher) -> None:
    url = provider(server, server.url("/odd/"), directory(server, "/good/", "A-1"))
    server.files["/odd/changes.csv"] = b'"a.json"\n'
    added(node, "c", "csaf", url)
    ran = once(node, "c")
    assert (ran.outcome, ran.new) == ("partly", 1)
    assert "1 of 2 lists" in ran.error


def test_without_any_directory_the_feed_failed(node: Node, server: Publisher) -> None:
    added(node, "c", "csaf", provider(server, server.url("/a/"), server.url("/b/")))
    ran = once(node, "c")
    assert ran.outcome == "failed"
    assert "2 of 2 lists" in ran.error


def test_a_publisher_that_wants_rest_is_left_alone(node: Node, server: Publisher) -> None:
    good = directory(server, "/good/", "A-1")
    server.answers["/busy/changes.csv"] = lambda h, _: send(h, 429, retry_after="7200")
    added(node, "c", "csaf", provider(server, server.url("/busy/"), good))
    ran = once(node, "c")
    assert (ran.outcome, ran.requests) == ("failed", 2)
    assert node.feeds.one("c").health.due == "2026-02-01T02:00:00.000000Z"


def test_a_feed_that_leads_back_to_itself_is_asked_once(node: Node, server: Publisher) -> None:
    def told(*more: str) -> bytes:
        feeds = [{"url": server.url(path)} for path in ("/m.json", *more)]
        return json.dumps({"distributions": [{"rolie": {"feeds": feeds}}]}).encode()

    server.files["/m.json"] = told()
    added(node, "c", "csaf", server.url("/m.json"))
    ran = once(node, "c")
    assert (ran.outcome, ran.requests) == ("failed", 1)
    assert "circle" in ran.error
    server.files["/a.json"] = advisory("A-1")
    link = [{"rel": "self", "href": server.url("/a.json")}]
    entry = {"id": "a", "updated": AT, "link": link}
    server.files["/f.json"] = json.dumps({"feed": {"entry": [entry]}}).encode()
    server.files["/m.json"] = told("/f.json")
    ran = once(node, "c")
    assert ran.new == 1
    assert any("/m.json" in note and "circle" in note for note in ran.notes)


def test_a_provider_of_many_directories_is_read_in_bounded_readings(
    node: Node, server: Publisher
) -> None:
    folders = [directory(server, f"/d{n}/", f"D-{n}") for n in range(9)]
    added(node, "c", "csaf", provider(server, *folders))
    bounded = msgspec.structs.replace(means(node), indexes=5)
    rans = [once(node, "c", bounded) for _ in range(3)]
    assert [(ran.outcome, ran.new) for ran in rans] == [("partly", 4), ("partly", 4), ("partly", 1)]
    assert "goes on from there" in rans[0].error
    whole = once(node, "c")
    assert (whole.outcome, whole.error) == ("same", "")
    assert FROM not in node.feeds.one("c").position


def test_a_provider_that_grows_without_end_is_bounded(node: Node, server: Publisher) -> None:
    count = iter(range(10**9))

    def grow(handler: Any, _: Any) -> None:
        feeds = [{"url": server.url(f"/m{next(count)}.json")} for _ in range(20)]
        told = {"distributions": [{"rolie": {"feeds": feeds}}]}
        server.answers |= {f"/m{n}.json": grow for n in range(next(count))}
        send(handler, 200, json.dumps(told).encode())

    server.answers["/m.json"] = grow
    added(node, "c", "csaf", server.url("/m.json"))
    began = time.process_time()
    ran = once(node, "c", msgspec.structs.replace(means(node), indexes=30))
    assert (ran.outcome, ran.requests) == ("failed", 30)
    assert time.process_time() - began < 10


def test_an_event_under_the_name_of_another_is_not_taken(node: Node, server: Publisher) -> None:
    def event(uuid: str) -> bytes:
        told = {"uuid": uuid, "info": "x", "date": "2026-01-01", "timestamp": "1", "Attribute": []}
        return json.dumps({"Event": told}).encode()

    right = UUID.replace("1", "3")
    manifest = {UUID: {"timestamp": "1"}, right: {"timestamp": "1"}}
    server.files |= {
        "/f/manifest.json": json.dumps(manifest).encode(),
        f"/f/{UUID}.json": event(OTHER), f"/f/{right}.json": event(right.upper()),
    }  # fmt: skip
    added(node, "m", "misp", server.url("/f/"))
    ran = once(node, "m")
    assert (ran.read, ran.new, ran.quarantined) == (2, 1, 1)
    assert any(UUID in note and OTHER in note for note in ran.notes)
    with node.views.view() as view:
        (row,) = view.list_documents(quarantined=True)
        assert UUID in str(row)


def test_new_directories_lists_are_seen_though_the_metadata_stays(
    node: Node, server: Publisher
) -> None:
    added(node, "c", "csaf", provider(server, directory(server, "/d/", "A-1")))
    assert once(node, "c").new == 1
    assert once(node, "c").outcome == "same"
    directory(server, "/d/", "A-2", "A-1")
    assert once(node, "c").new == 1
