"""A provider of many lists is read to its end, though it changes and a server wants rest."""

from __future__ import annotations

import json

import msgspec
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

from accord.exchange.feeds.values import FROM, READ
from accord.flows.feeds import run as running
from accord.wiring import Node

PROVIDER = "/provider-metadata.json"


def told(server: Publisher, names: list[str], *elsewhere: str) -> None:
    """A provider with one ROLIE feed of one document for each name, in this order."""
    for name in names:
        server.files[f"/{name}.json"] = advisory(name)
        entry = {"id": name, "updated": AT, "link": [{"rel": "self", "href": f"/{name}.json"}]}
        server.files[f"/feed/{name}.json"] = json.dumps({"feed": {"entry": [entry]}}).encode()
    urls = [*(server.url(f"/feed/{name}.json") for name in names), *elsewhere]
    feeds = [{"url": url, "tlp_label": "WHITE"} for url in urls]
    value = {"distributions": [{"rolie": {"feeds": feeds}}]}
    server.files[PROVIDER] = json.dumps(value).encode()


def lists(server: Publisher) -> list[str]:
    found = [one.removeprefix("/feed/")[:-5] for one in server.paths if one.startswith("/feed/")]
    server.asked.clear()
    return found


def test_an_index_that_grows_changes_its_order_and_drops_is_read_to_its_end(
    node: Node, server: Publisher
) -> None:
    names = [f"L{number}" for number in range(8)]
    told(server, names)
    added(node, "c", "csaf", server.url(PROVIDER))
    bounded = msgspec.structs.replace(means(node), indexes=4)
    assert once(node, "c", bounded).new == 3
    assert lists(server) == ["L0", "L1", "L2"]
    # New ones come first, the next one is gone, and the rest stands the other way round.
    names = ["N0", "N1", "N2", *reversed(names[:3] + names[4:])]
    told(server, names)
    assert once(node, "c", bounded).new == 3
    first = lists(server)
    assert first == ["L4", "N0", "N1"]
    told(server, ["M0", *names])
    assert once(node, "c", bounded).new == 3
    assert lists(server) == ["N2", "L7", "L6"]
    assert once(node, "c", bounded).new == 2
    # All were read, and a new round is begun.
    assert lists(server) == ["L5", "M0", "L4"]
    assert len(node.feeds.one("c").position[READ]) == 4
    assert once(node, "c", bounded).new == 0
    assert not set(lists(server)) & {"L5", "M0", "L4"}
    assert once(node, "c", means(node)).error == ""
    assert not {FROM, READ} & node.feeds.one("c").position.keys()


def test_an_index_that_grows_before_what_is_left_does_not_starve_it(
    node: Node, server: Publisher
) -> None:
    names = [f"L{number}" for number in range(9)]
    told(server, names)
    added(node, "c", "csaf", server.url(PROVIDER))
    bounded = msgspec.structs.replace(means(node), indexes=4)
    seen = set[str]()
    for number in range(4):
        once(node, "c", bounded)
        seen |= set(lists(server))
        names = [*(f"N{number}-{each}" for each in range(3)), *names]
        told(server, names)
    assert {f"L{number}" for number in range(9)} <= seen


def test_how_much_is_remembered_is_bounded(
    node: Node, server: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_REMEMBERED", 5)
    monkeypatch.setattr(running, "_PLACES", 2)
    told(server, [f"L{number}" for number in range(30)])
    added(node, "c", "csaf", server.url(PROVIDER))
    bounded = msgspec.structs.replace(means(node), indexes=4)
    for _ in range(4):
        once(node, "c", bounded)
        position = node.feeds.one("c").position
        assert len(position[READ]) <= 5
        assert len(position[FROM]) <= 2


def test_a_server_that_wants_rest_stops_no_other(node: Node, server: Publisher) -> None:
    with publisher() as busy:
        told(busy, ["B1", "B2"])
        busy.answers["/feed/B1.json"] = lambda h, _: send(h, 429, retry_after="7200")
        others = [busy.url(f"/feed/{name}.json") for name in ("B1", "B2")]
        told(server, ["A1", "A2"])
        both = json.loads(server.files[PROVIDER])
        feeds = both["distributions"][0]["rolie"]["feeds"]
        feeds[:0] = [{"url": url, "tlp_label": "WHITE"} for url in others]
        server.files[PROVIDER] = json.dumps(both).encode()
        added(node, "c", "csaf", server.url(PROVIDER))
        clock = Later()
        ran = once(node, "c", means(node, clock))
        assert (ran.outcome, ran.new) == ("partly", 2)
        assert "2 of 4 lists" in ran.error
        assert "status 429" in ran.error
        # It is not asked again in this reading, and not before the time that it said.
        assert busy.paths == ["/feed/B1.json"]
        assert node.feeds.one("c").health.due >= "2026-02-01T02:00:00.000000Z"
        busy.answers.clear()
        assert once(node, "c", means(node, clock)).new == 2


def test_documents_of_a_server_that_wants_rest_stop_no_others(
    node: Node, server: Publisher
) -> None:
    with publisher() as busy:
        told(busy, ["B1", "B2"])
        for name in ("B1", "B2"):
            busy.answers[f"/{name}.json"] = lambda h, _: send(h, 429, retry_after="60")
        told(server, ["A1"], *(busy.url(f"/feed/{name}.json") for name in ("B1", "B2")))
        added(node, "c", "csaf", server.url(PROVIDER))
        ran = once(node, "c")
        assert (ran.outcome, ran.new) == ("partly", 1)
        assert "2 of 3 documents did not come" in ran.error
        assert [path for path in busy.paths if path.startswith("/B")] == ["/B1.json"]
