"""One object by several givers: our own comes first, and the strictest marking counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodes
import pytest
import sharing
from misp_events import AT, attribute, data, event, name
from sharing import bundle, indicator, load, name_of

from accord.core.origins import of_feed
from accord.exchange.envelope import peek
from accord.flows.exchange.sharing import audience
from accord.flows.exchange.sharing.plan import Outcome
from accord.flows.load import Giver, load_documents
from accord.identity.markings import Tlp
from accord.wiring import Node

CLEAR = {"Tag": [{"name": "tlp:clear"}]}
RED = {"Tag": [{"name": "tlp:red"}]}
PART = f"indicator--{name(100)}"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = sharing.house(tmp_path / "node")
    yield made
    made.engine.dispose()


def feed(node: Node, body: bytes, origin: str = "", tlp: Tlp | None = None) -> str:
    """What a feed brings; without `origin` it is trusted in full."""
    giver = Giver(of_feed(origin) if origin else "", origin or f"full-{tlp}", tlp)
    loaded = load_documents([("feed", body)], node.intake, nodes.TODAY, giver)
    assert not loaded.quarantined, loaded.quarantined
    return loaded.digests[0]


def own(node: Node, value: dict[str, Any]) -> None:
    nodes.give(node, [("event", data(value))])


def sealed(node: Node, name: str) -> bytes:
    (copy,) = node.sharing.known([name]).copies
    return peek(node.sharing.envelopes([copy.id])[copy.id]).body


def share(node: Node, what: str, **options: Any) -> Outcome:
    return sharing.one(node, what, "pair", **options)


def test_a_feeds_later_version_of_ours_neither_goes_out_nor_marks_it_anew(node: Node) -> None:
    load(node, indicator("ours", Tlp.RED))
    forged = indicator("ours", Tlp.CLEAR) | {"modified": sharing.LATER, "description": "forged"}
    digest = feed(node, bundle(forged), "other")
    refused = share(node, digest)
    assert (refused.what, refused.rule) == ("refused", "originator-only")
    assert "the feed other" in refused.reason
    done = share(node, name_of("indicator", "ours"))
    assert (done.what, done.tlp) == ("shared", "RED")
    assert b"forged" not in sealed(node, name_of("indicator", "ours"))


def test_a_feeds_later_edition_of_our_event_does_neither(node: Node) -> None:
    own(node, event(attribute(100, "domain", "ours.example"), **RED))
    forged = attribute(100, "domain", "forged.example", timestamp=str(AT + 9))
    later = event(forged, timestamp=str(AT + 9), **CLEAR)
    digest = feed(node, data(later), "other")
    for what, name_ in ((f"misp:{name(1)}", f"misp:{name(1)}"), (PART, PART)):
        done = share(node, what)
        assert (done.what, done.tlp) == ("shared", "RED")
        assert b"forged" not in sealed(node, name_)
    assert share(node, digest).rule == "originator-only"


def test_a_stricter_feed_counts_for_what_is_ours(node: Node) -> None:
    load(node, indicator("ours", Tlp.GREEN))
    feed(node, bundle(indicator("ours", Tlp.RED)), "other")
    done = share(node, name_of("indicator", "ours"))
    assert (done.what, done.tlp) == ("shared", "RED")
    assert "strictest counts" in done.warnings[0]


@pytest.mark.parametrize("trust", ["", "other"])
@pytest.mark.parametrize("number", range(2))
def test_what_bears_nothing_is_as_its_strictest_feed_says(
    node: Node, trust: str, number: int
) -> None:
    bare = indicator(f"bare-{number}", None)
    for label, tlp in (("c", Tlp.CLEAR), ("r", Tlp.RED), ("g", Tlp.CLEAR)):
        feed(node, bundle(bare), trust and trust + label, tlp)
    done = share(node, str(bare["id"]))
    assert (done.what, done.tlp) == ("shared", "RED")


def test_an_attribute_in_two_events_is_as_the_stricter_one(node: Node) -> None:
    one = attribute(100, "domain", "two.example")
    later = one | {"timestamp": str(AT + 9)}
    own(node, event(one, **RED))
    own(node, event(later, uuid=name(3), **CLEAR))
    assert share(node, PART).tlp == "RED"


@pytest.mark.parametrize(("first", "then", "tlp"), [(RED, CLEAR, "CLEAR"), (CLEAR, RED, "RED")])
def test_the_newest_edition_of_an_event_counts_and_no_other(
    node: Node, first: dict[str, Any], then: dict[str, Any], tlp: str
) -> None:
    one = attribute(100, "domain", "ed.example")
    own(node, event(one, **then))
    own(node, event(one, timestamp=str(AT - 9), **first))
    assert share(node, PART).tlp == tlp


def test_the_newest_version_of_one_giver_may_be_milder(node: Node) -> None:
    load(node, indicator("mine", Tlp.RED))
    load(node, indicator("mine", Tlp.RED), indicator("other"))
    load(node, indicator("mine", Tlp.GREEN) | {"modified": sharing.LATER}, indicator("other"))
    assert share(node, name_of("indicator", "mine")).tlp == "GREEN"


def test_an_event_in_editions_of_two_givers_is_as_the_stricter(node: Node) -> None:
    own(node, event(attribute(100, "domain", "ours.example"), **CLEAR))
    value = event(attribute(100, "domain", "ours.example"), info="theirs", **RED)
    feed(node, data(value), "other")
    done = share(node, f"misp:{name(1)}")
    assert (done.what, done.tlp) == ("shared", "RED")


def test_a_marking_that_is_not_understood_counts_whoever_gave_it(node: Node) -> None:
    load(node, indicator("ours", Tlp.CLEAR))
    odd = indicator("ours", Tlp.CLEAR, labels=["tlp:mauve"])
    feed(node, bundle(odd), "other")
    done = share(node, name_of("indicator", "ours"))
    assert (done.what, done.rule) == ("refused", "unknown-marking")
    assert "tlp:mauve" in done.reason


def test_a_relation_shows_where_its_ends_do_whatever_stands_beside_it(node: Node) -> None:
    audience.create(node.owner, "all", [], everyone=True)
    one, other = indicator("end", Tlp.RED), indicator("other", Tlp.CLEAR)
    ends = {"source_ref": one["id"], "target_ref": other["id"]}
    tie = sharing.stix("relationship", "tie", Tlp.CLEAR, relationship_type="related-to", **ends)
    feed(node, bundle(indicator("end", Tlp.CLEAR), other, tie), "other")
    assert sharing.one(node, str(tie["id"]), "all").what == "shared"
    load(node, one)
    again = tie | {"modified": sharing.LATER}
    feed(node, bundle(indicator("end", Tlp.CLEAR), other, again), "other")
    assert sharing.one(node, str(tie["id"]), "all").rule == "ends-hidden"


def test_a_later_version_by_a_milder_feed_does_not_lift_what_another_says(node: Node) -> None:
    bare = indicator("bare", None)
    feed(node, bundle(bare, indicator("other")), "", Tlp.RED)
    feed(node, bundle(bare | {"modified": sharing.LATER}, indicator("other")), "", Tlp.CLEAR)
    assert share(node, str(bare["id"])).tlp == "RED"


def test_an_end_that_a_feed_brought_shows_as_its_strictest_giver_says(node: Node) -> None:
    audience.create(node.owner, "all", [], everyone=True)
    feed(node, bundle(indicator("end", Tlp.RED), indicator("x")), "one")
    milder = indicator("end", Tlp.CLEAR) | {"modified": sharing.LATER}
    feed(node, bundle(milder, indicator("x")), "two")
    load(node, indicator("other", Tlp.CLEAR))
    ends = {"source_ref": milder["id"], "target_ref": name_of("indicator", "other")}
    tie = sharing.stix("relationship", "tie", Tlp.CLEAR, relationship_type="related-to", **ends)
    load(node, tie)
    assert sharing.one(node, str(tie["id"]), "all").rule == "ends-hidden"


@pytest.mark.parametrize("tlp", [None, Tlp.GREEN])
@pytest.mark.parametrize("trust", ["", "other"])
def test_a_feed_of_any_trust_never_versions_what_our_people_gave(
    node: Node, trust: str, tlp: Tlp | None
) -> None:
    load(node, indicator("ours", Tlp.RED))
    forged = indicator("ours", Tlp.CLEAR) | {"modified": sharing.LATER, "description": "forged"}
    digest = feed(node, bundle(forged), trust, tlp)
    assert share(node, digest).rule == "originator-only"
    done = share(node, name_of("indicator", "ours"))
    assert (done.what, done.tlp) == ("shared", "RED")
    assert b"forged" not in sealed(node, name_of("indicator", "ours"))


def test_a_trusted_feeds_later_edition_of_our_event_does_neither(node: Node) -> None:
    own(node, event(attribute(100, "domain", "ours.example"), **RED))
    forged = attribute(100, "domain", "forged.example", timestamp=str(AT + 9))
    digest = feed(node, data(event(forged, timestamp=str(AT + 9), **CLEAR)))
    assert share(node, digest).rule == "originator-only"
    for what in (f"misp:{name(1)}", PART):
        done = share(node, what)
        assert (done.what, done.tlp) == ("shared", "RED")
        assert b"forged" not in sealed(node, what)


def test_what_our_people_give_again_is_theirs_from_then_on(node: Node) -> None:
    later = indicator("both", Tlp.CLEAR) | {"modified": sharing.LATER}
    body = bundle(later)
    load(node, indicator("both", Tlp.RED))
    digest = feed(node, body)
    assert share(node, digest).rule == "originator-only"
    nodes.give(node, [("again", body)])
    assert share(node, str(later["id"])).tlp == "CLEAR"


@pytest.mark.parametrize("source", ["test", "feed other: x", "exchange:japan/x", "Feed x"])
@pytest.mark.parametrize("trust", ["", "other"])
@pytest.mark.parametrize("first", ["people", "feed", "marked"])
def test_what_our_people_gave_bare_is_no_milder_for_a_feed_that_repeats_it(
    node: Node, first: str, trust: str, source: str
) -> None:
    bare = indicator("bare", None)
    body = bundle(bare)
    if first == "people":
        nodes.give(node, [(source, body)])
    feed(node, body, trust, Tlp.CLEAR)
    if first == "feed":
        nodes.give(node, [(source, body)])
    if first == "marked":
        # A feed without a word of its own: what it brings has the node's default.
        feed(node, body, trust and "without")
    with node.views.view() as view:
        (row,) = [one for one in view.indicators() if one.object == bare["id"]]
    assert row.ours
    assert share(node, str(bare["id"])).tlp == "AMBER"


@pytest.mark.parametrize("trust", ["", "other"])
def test_what_feeds_alone_brought_is_as_they_say(node: Node, trust: str) -> None:
    bare = indicator("bare", None)
    feed(node, bundle(bare), trust, Tlp.CLEAR)
    with node.views.view() as view:
        assert [one.ours for one in view.indicators()] == [False]
    assert share(node, str(bare["id"])).tlp == "CLEAR"
