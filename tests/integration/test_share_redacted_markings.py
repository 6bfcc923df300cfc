"""A version and what was made of it by redaction: the strictest of their markings counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import house_of_nodes
import pytest
import sharing
from exchange_nodes import HandClock
from sharing import house, indicator, load, one, stix

from accord.flows.exchange.sharing import audience
from accord.identity.markings import Tlp
from accord.wiring import Node

NOON = "2026-03-02T12:00:00.000000Z"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def node(database_url: str, tmp_path: Path, clock: HandClock) -> Iterator[Node]:
    made = house(tmp_path, database_url, clock=clock)
    audience.create(made.owner, "japan", ["japan"])
    audience.create(made.owner, "all", everyone=True)
    yield made
    sharing.check(made)
    made.engine.dispose()


def sourced(node: Node, name: str = "a") -> str:
    """Load an indicator that names who made it; gives its identifier."""
    value = indicator(name, None, created_by_ref=sharing.name_of("identity", "source"))
    load(node, value)
    return str(value["id"])


def markings(node: Node, name: str) -> set[int]:
    """The TLP of whatever is live in a log."""
    copies = node.sharing.own("australia", 0, 1000)
    return {one.copy.tlp for one in copies if any(place.audience == name for place in one.places)}


@pytest.mark.parametrize("first", [False, True])
def test_red_is_not_shared_with_all_without_its_source(node: Node, *, first: bool) -> None:
    name = sourced(node)
    assert one(node, name, "pair", tlp=Tlp.RED, anonymous=first).what == "shared"
    outcome = one(node, name, "all", tlp=Tlp.CLEAR, anonymous=True)
    assert (outcome.what, outcome.rule) == ("refused", "tlp-red-named-only")
    assert "audience pair has it as RED" in outcome.reason
    outcome = one(node, name, "all", tlp=Tlp.CLEAR, anonymous=not first)
    assert (outcome.what, outcome.rule) == ("refused", "tlp-red-named-only")


def test_nor_is_red_what_all_have_without_its_source(node: Node) -> None:
    name = sourced(node)
    assert one(node, name, "all", tlp=Tlp.CLEAR, anonymous=True).what == "shared"
    outcome = one(node, name, "pair", tlp=Tlp.RED)
    assert (outcome.what, outcome.rule) == ("refused", "tlp-red-named-only")
    assert "audience all has it as CLEAR and is everyone" in outcome.reason


def test_the_stricter_counts_for_both(node: Node) -> None:
    name = sourced(node)
    assert one(node, name, "all", tlp=Tlp.CLEAR, anonymous=True).what == "shared"
    outcome = one(node, name, "pair", tlp=Tlp.AMBER)
    assert outcome.warnings == ("all had it as CLEAR, and has it as AMBER now",)
    assert markings(node, "all") == markings(node, "pair") == {Tlp.AMBER}
    same = one(node, name, "pair", tlp=Tlp.CLEAR, anonymous=True)
    assert (same.tlp, markings(node, "pair")) == ("AMBER", {Tlp.AMBER})
    assert same.warnings[0].startswith("all has AMBER; pair has AMBER: the stricter counts")


def test_everywhere_leaves_the_source_as_strict_as_it_is(node: Node) -> None:
    name = sourced(node)
    one(node, name, "pair", tlp=Tlp.RED)
    assert "leaves that as it is" in one(node, name, "all", tlp=Tlp.CLEAR, anonymous=True).reason
    outcome = one(node, name, "all", tlp=Tlp.CLEAR, anonymous=True, everywhere=True)
    assert (outcome.what, outcome.warnings) == ("shared", ())
    assert (markings(node, "pair"), markings(node, "all")) == ({Tlp.RED}, {Tlp.CLEAR})


def test_what_has_expired_is_nowhere(node: Node, clock: HandClock) -> None:
    name = sourced(node)
    one(node, name, "pair", tlp=Tlp.RED, expires=NOON)
    assert one(node, name, "all", tlp=Tlp.CLEAR, anonymous=True).what == "refused"
    clock.at = NOON
    assert one(node, name, "all", tlp=Tlp.CLEAR, anonymous=True).tlp == "CLEAR"
    assert one(node, name, "all", tlp=Tlp.CLEAR).tlp == "CLEAR"


def test_an_end_whose_strict_copy_has_expired_shows_again(node: Node, clock: HandClock) -> None:
    x, y = indicator("x", None), indicator("y", None)
    load(node, x, y)
    one(node, x["id"], "pair", tlp=Tlp.RED, expires=NOON)
    one(node, y["id"], "all", tlp=Tlp.CLEAR)
    clock.at = NOON
    assert one(node, x["id"], "all", tlp=Tlp.CLEAR).what == "shared"
    load(node, link(x, y))
    assert one(node, link(x, y)["id"], "all").what == "shared"


def link(x: dict[str, Any], y: dict[str, Any]) -> dict[str, Any]:
    ends = {"source_ref": x["id"], "target_ref": y["id"]}
    return stix("relationship", "link", Tlp.CLEAR, relationship_type="related-to", **ends)


def test_what_connects_the_recalled_is_refused_in_their_bundle_too(tmp_path: Path) -> None:
    four = house_of_nodes.Nodes(tmp_path)
    node = four["australia"]
    audience.create(node.owner, "pair", ["india"])
    x, y = indicator("x", None), indicator("y", None)
    digest = load(node, x, y, link(x, y))
    assert {o.what for o in sharing.shared(node, digest, "pair").outcomes} == {"shared"}
    four.recall("australia", y["id"])
    size = len(sharing.rows(node))
    outcomes = {o.object: o for o in sharing.shared(node, digest, "pair").outcomes}
    connected = outcomes[link(x, y)["id"]]
    assert (connected.what, connected.rule) == ("refused", "ends-hidden")
    assert f"{y['id']} is gone: this node recalled it on " in connected.reason
    assert len(sharing.rows(node)) == size
    four.close()
