"""TAXII collections read over TLS from a live node, and from servers that lead astray."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import hunted
import msgspec
import nodes
import pytest
import sharing
from integration.test_taxii_clients import NAMES, Live, made
from publishers import Later, Publisher, added, means, once, publisher, send

from accord.flows.exchange.sharing import wanted
from accord.flows.feeds.listing import listing
from accord.flows.feeds.port import Worth
from accord.identity.markings import Tlp
from accord.transport.tls import FILE
from accord.wiring import Node

MEDIA = "application/taxii+json;version=2.1"
COLLECTION = "/api/collections/one/"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    found = nodes.new_node(tmp_path / "node")
    yield found
    found.engine.dispose()


@pytest.fixture
def server() -> Iterator[Publisher]:
    with publisher() as found:
        yield found


def signed_in(live: Live, folder: Path) -> dict[str, Any]:
    secret = folder / "secret"
    secret.write_text(live.token)
    secret.chmod(0o600)
    authorities = str(live.folder / FILE)
    return {"secret_file": str(secret), "authorities": authorities}


@pytest.mark.parametrize("user", ["grid-siem", ""])
def test_a_live_node_is_read_from_its_discovery_on(node: Node, tmp_path: Path, user: str) -> None:
    agreed = means(node, Later("2026-03-01T09:00:00.000000Z"))
    with made(tmp_path / "live") as live:
        added(node, "au", "taxii", live.url, user=user, **signed_in(live, tmp_path))
        ran = once(node, "au", agreed)
        assert (ran.error, ran.quarantined) == ("", 0)
        assert ran.new == len(NAMES)
        with node.views.view() as view:
            rows = {row.object: row for row in view.indicators()}
        assert set(rows) == {sharing.name_of("indicator", name) for name in NAMES}
        assert {row.origin for row in rows.values()} == {"feed:au"}
        assert {row.tlp for row in rows.values()} == {int(Tlp.GREEN)}
        # What is new is asked for, and nothing else.
        requests = ran.requests
        again = once(node, "au", agreed)
        assert (again.read, again.outcome) == (0, "same")
        assert again.requests == requests
        sharing.give(live.node, "power", sharing.indicator("newest"))
        assert once(node, "au", agreed).read == 1
        bodies = {d.digest for d in _documents(node)}
        assert len(bodies) == len(NAMES) + 1
        added(node, "wrong", "taxii", live.url, secret_env="NONE", **{
            k: v for k, v in signed_in(live, tmp_path).items() if k == "authorities"
        })  # fmt: skip
        refused = once(node, "wrong", means(node, environment={"NONE": "accord_" + "x" * 43}))
        assert "credentials (status 401)" in refused.error


def _documents(node: Node) -> list[Any]:
    with node.views.view() as view:
        return list(view.list_documents(quarantined=False))


def test_a_server_that_its_authorities_do_not_know_is_not_asked(node: Node, tmp_path: Path) -> None:
    with made(tmp_path / "live") as live:
        said = signed_in(live, tmp_path)
        del said["authorities"]
        added(node, "au", "taxii", live.url, **said)
        assert "certificate verify failed" in once(node, "au").error.lower()


def collection(server: Publisher, pages: Any) -> None:
    """A server with one collection; `pages` makes an envelope of the query."""

    def objects(handler: Any, asked: Any) -> None:
        query = {k: v[0] for k, v in parse_qs(urlsplit(asked.path).query).items()}
        body, last = pages(query)
        if body is None:
            send(handler, 400, b"{}", content_type=MEDIA)
            return
        extra = {"x_taxii_date_added_last": last} if last else {}
        send(handler, 200, json.dumps(body).encode(), content_type=MEDIA, **extra)

    server.files[COLLECTION] = b'{"id":"one","title":"x","can_read":true,"can_write":false}'
    server.answers[f"{COLLECTION}objects/"] = objects


def objects(first: int, count: int) -> list[dict[str, Any]]:
    return [sharing.indicator(f"p{number}") for number in range(first, first + count)]


def test_reading_goes_on_at_the_page_where_it_broke_off(node: Node, server: Publisher) -> None:
    broken = True

    def pages(query: dict[str, str]) -> tuple[Any, str]:
        number = int(query.get("next", "0"))
        if number == 3 and broken:
            return {"objects": [{"type": "cut"}], "more": "yes"}, ""
        last = f"2026-01-01T00:00:{number:02}.000000Z"
        more = {"more": True, "next": str(number + 1)} if number < 5 else {}
        return {"objects": objects(number * 10, 10), **more}, last

    collection(server, pages)
    added(node, "a", "taxii", server.url(COLLECTION))
    ran = once(node, "a")
    assert (ran.outcome, ran.new) == ("failed", 30)
    assert "not an answer of TAXII" in ran.error
    broken = False
    server.asked.clear()
    ran = once(node, "a")
    assert (ran.outcome, ran.new) == ("new", 30)
    assert ran.same == 30, "the server of this test does not look at dates"
    assert "added_after=2026-01-01T00%3A00%3A01.999999Z" in server.paths[1]
    server.asked.clear()
    once(node, "a")
    assert "added_after=2026-01-01T00%3A00%3A05.000000Z" in server.paths[1]
    assert "next=" not in server.paths[1]


def test_a_cursor_that_has_expired_loses_nothing(node: Node, server: Publisher) -> None:
    expired = False

    def pages(query: dict[str, str]) -> tuple[Any, str]:
        if "next" not in query:
            return {"objects": objects(0, 5), "more": True, "next": "old"}, ""
        if query["next"] == "old":
            return (None, "") if expired else ({"objects": "?"}, "")
        return {"objects": objects(5, 5)}, ""

    collection(server, pages)
    added(node, "a", "taxii", server.url(COLLECTION))
    assert once(node, "a").new == 5
    expired = True

    def anew(query: dict[str, str]) -> tuple[Any, str]:
        if query.get("next") == "old":
            return None, ""
        if "next" not in query:
            return {"objects": objects(0, 5), "more": True, "next": "new"}, ""
        return {"objects": objects(5, 5)}, ""

    collection(server, anew)
    ran = once(node, "a")
    assert (ran.error, ran.new, ran.same) == ("", 5, 5)
    assert any("no longer takes the cursor" in note for note in ran.notes)


def test_pages_without_end_are_read_in_bounded_readings(node: Node, server: Publisher) -> None:
    def pages(query: dict[str, str]) -> tuple[Any, str]:
        number = int(query.get("next", "0"))
        return {"objects": objects(number, 1), "more": True, "next": str(number + 1)}, ""

    collection(server, pages)
    added(node, "a", "taxii", server.url(COLLECTION))
    bounded = means(node)
    bounded = msgspec.structs.replace(bounded, pages=10)
    first, second = once(node, "a", bounded), once(node, "a", bounded)
    assert (first.outcome, first.new) == ("partly", 9)
    assert "goes on from there" in first.error
    assert (second.outcome, second.new, second.same) == ("partly", 9, 0)


def test_a_cursor_that_moves_on_without_us_loses_nothing(node: Node, server: Publisher) -> None:
    """As some servers have it: one cursor, whose every use gives the next page, none twice."""
    left: list[int] = []
    cut = True

    def pages(query: dict[str, str]) -> tuple[Any, str]:
        if "next" not in query:
            since = query.get("added_after", "")
            left[:] = [n for n in range(4) if f"2026-01-01T00:00:0{n}.000000Z" > since]
        number = left.pop(0)
        if number == 2 and cut:
            return {"objects": [1], "more": "lost on the way"}, ""
        more = {"more": True, "next": "one"} if left else {}
        return {"objects": objects(number * 10, 10), **more}, f"2026-01-01T00:00:0{number}.000000Z"

    collection(server, pages)
    added(node, "a", "taxii", server.url(COLLECTION))
    assert once(node, "a").new == 20
    cut = False
    ran = once(node, "a")
    assert (ran.error, ran.new, ran.same) == ("", 20, 10)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"more": True, "next": "again", "objects": []}, "comes again"),
        ({"more": True, "objects": []}, "without a cursor"),
    ],
)
def test_pages_in_a_circle_are_a_failure(
    node: Node, server: Publisher, body: Any, why: str
) -> None:
    collection(server, lambda _: (body, ""))
    added(node, "a", "taxii", server.url(COLLECTION))
    ran = once(node, "a")
    assert why in ran.error
    assert len(server.asked) < 5


def test_what_bears_no_marking_goes_on_as_the_feed_says(tmp_path: Path, server: Publisher) -> None:
    """Shared on, and in what is made of hits: the feed's default is obeyed."""
    bare = {name: sharing.indicator(name, None) for name in ("bare", "free")}
    marked = sharing.indicator("green", Tlp.GREEN)
    node = sharing.house(tmp_path)
    told = {}
    for feed, tlp, held in (
        ("strict", Tlp.RED, [bare["bare"], marked]), ("open", Tlp.CLEAR, [bare["free"]]),
    ):  # fmt: skip
        collection(server, lambda _, held=held: ({"objects": held}, ""))
        added(node, feed, "taxii", server.url(COLLECTION), tlp=int(tlp))
        assert once(node, feed, means(node, node.clock)).new == len(held)
    with node.views.view() as view:
        rows = {row.name: (row.tlp, row.default) for row in view.indicators()}
    assert rows == {
        "bare": (None, int(Tlp.RED)), "free": (None, int(Tlp.CLEAR)),
        "green": (int(Tlp.GREEN), int(Tlp.RED)),
    }  # fmt: skip
    for name in ("bare", "free", "green"):
        told[name] = sharing.one(node, sharing.name_of("indicator", name), "pair").tlp
    assert told == {"bare": "RED", "free": "CLEAR", "green": "GREEN"}
    # By hand too: the strictest word of a feed still holds.
    sharing.load(node, bare["bare"])
    places = node.holdings.places([sharing.name_of("indicator", "bare")])
    said = {tlp for place in places for _, tlp in place.document.feeds}
    assert (said, sum(place.document.own for place in places)) == ({int(Tlp.RED)}, 1)
    assert wanted.newest_of(places)
    node.engine.dispose()


def test_a_hit_is_marked_as_the_feed_says(node: Node, server: Publisher, tmp_path: Path) -> None:
    collection(server, lambda _: ({"objects": [sharing.indicator("bad", None)]}, ""))
    added(node, "a", "taxii", server.url(COLLECTION), tlp=int(Tlp.GREEN))
    assert once(node, "a").new == 1
    log = tmp_path / "dns.csv"
    log.write_text("ts,query\n2026-01-05T00:00:00Z,bad.example\n")
    (finding,) = hunted.looked(node, log).findings
    node.hunting.close()
    assert (finding.marking, finding.origin) == ("TLP:GREEN", "feed:a")
    (listed,) = listing(node.feeds, Later().now())
    assert listed.worth == Worth(1, 1, 1, 0)


def test_false_ones_are_counted(node: Node, server: Publisher) -> None:
    lists = {"name": "resolvers", "type": "cidr", "list": ["9.9.9.9/32"],
             "matching_attributes": ["ip-dst"], "version": 1, "description": "x"}  # fmt: skip
    nodes.give(node, [("list", nodes.text(lists))])
    held = [
        sharing.indicator("good") | {"pattern": "[ipv4-addr:value = '9.9.9.9']"},
        sharing.indicator("nobody") | {"pattern": "[ipv4-addr:value = '10.1.1.1']"},
        sharing.indicator("bad"),
        sharing.indicator("gone", revoked=True),
    ]
    collection(server, lambda _: ({"objects": held}, ""))
    added(node, "a", "taxii", server.url(COLLECTION))
    assert once(node, "a").new == 4
    (listed,) = listing(node.feeds, Later().now())
    assert listed.worth == Worth(4, 4, 0, 3)
