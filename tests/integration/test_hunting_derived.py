"""What a hunt makes of a partner's indicator goes no further than that indicator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import nodes
import pytest
import sharing
from house_of_nodes import Nodes
from hunted import looked, zeek
from sqlalchemy import text

from accord.core.origins import of_feed
from accord.exchange.envelope import peek
from accord.flows.exchange.sharing import audience
from accord.flows.load import Giver, load_documents
from accord.identity.markings import Tlp
from accord.wiring import Node

pytest.importorskip("duckdb")

DAY = "1893456000.5"
KINDS = ("sighting", "observed-data", "domain-name")


@pytest.fixture
def four(tmp_path: Path) -> Iterator[Nodes]:
    made = Nodes(tmp_path / "nodes")
    audience.create(made["japan"].owner, "friend", ["united-states"])
    audience.create(made["united-states"].owner, "others", ["india"])
    yield made
    made["united-states"].hunting.close()
    made.close()


def hunted(node: Node, folder: Path, name: str = "canary") -> dict[str, str]:
    """What a hunt makes where a name was asked for, by type."""
    path = folder / "dns.log"
    path.write_bytes(zeek([(DAY, "10.0.0.1", "9.9.9.9", f"{name}.example", "-", "-", "-")]))
    done = looked(node, path, weak=True)
    assert done.sightings
    with node.views.view() as view:
        documents = {row.document for one in done.sightings for row in view.stix_objects(one)}
        made = [one for name in documents for one in json.loads(view.body(name))["objects"]]
    return {one["type"]: one["id"] for one in made}


def told(node: Node) -> list[bytes]:
    """What a node was given that names the canary, or points at what does."""
    with node.engine.connect() as connection:
        kept = connection.scalars(text("SELECT envelope FROM shared WHERE envelope IS NOT NULL"))
        bodies = [peek(bytes(one)).body for one in kept.all()]
    return [one for one in bodies if b"canary" in one or b"domain-name--" in one]


def seen(node: Node) -> list[bytes]:
    """The same without what names no more than the indicator's own title."""
    return [one for one in told(node) if b"canary.example" in one or b"domain-name--" in one]


def outcomes(node: Node, made: dict[str, str]) -> list[str]:
    return [sharing.one(node, made[kind], "others").what for kind in KINDS]


@pytest.mark.parametrize("tlp", [Tlp.AMBER, Tlp.AMBER_STRICT, Tlp.RED])
def test_nothing_made_of_a_partners_indicator_goes_where_it_may_not(
    four: Nodes, tmp_path: Path, tlp: Tlp
) -> None:
    sharing.give(four["japan"], "friend", sharing.indicator("canary", tlp))
    four.settle()
    us = four["united-states"]
    made = hunted(us, tmp_path)
    # The value's own object first: then neither its envelope nor a document beside it is known.
    assert sharing.one(us, made["domain-name"], "others").rule == "derived"
    assert outcomes(us, made) == ["refused"] * 3
    report = sharing.stix(
        "report", "named", name="R", published=sharing.AT, object_refs=[made["domain-name"]]
    )
    assert [one.what for one in sharing.give(us, "others", report)] != ["shared"]
    four.settle()
    assert told(four["india"]) == []


def test_what_may_be_relayed_may_be_told_to_have_been_seen(four: Nodes, tmp_path: Path) -> None:
    green = sharing.indicator("canary", Tlp.GREEN)
    sharing.give(four["japan"], "friend", green)
    four.settle()
    us = four["united-states"]
    made = hunted(us, tmp_path)
    assert sharing.one(us, green["id"], "others").what == "shared"
    assert outcomes(us, made) == ["shared"] * 3


def test_what_this_node_says_itself_stays_its_own_word(four: Nodes, tmp_path: Path) -> None:
    sharing.give(four["japan"], "friend", sharing.indicator("canary", Tlp.AMBER))
    four.settle()
    us = four["united-states"]
    own = sharing.indicator("ours", Tlp.AMBER)
    own |= {"pattern": "[domain-name:value = 'canary.example']"}
    sharing.give(us, "others", own)
    made = hunted(us, tmp_path)
    assert sharing.one(us, made["domain-name"], "others").what == "shared"


SECRET = "[domain-name:value = 'canary.example']"
HARMLESS = "[domain-name:value = 'harmless.example']"


def given_by_a_feed(node: Node, tlp: Tlp, pattern: str, **more: str) -> None:
    value = sharing.indicator("canary", tlp, **more) | {"pattern": pattern}
    giver = Giver(of_feed("other"), "other")
    loaded = load_documents([("feed", sharing.bundle(value))], node.intake, nodes.TODAY, giver)
    assert not loaded.quarantined


@pytest.mark.parametrize("modified", [sharing.AT, sharing.LATER])
def test_our_own_word_covers_only_what_our_own_version_names(
    four: Nodes, tmp_path: Path, modified: str
) -> None:
    """Under the same identifier a feed says something harmless, and that is shared as ours."""
    japans = sharing.indicator("canary", Tlp.AMBER_STRICT)
    sharing.give(four["japan"], "friend", japans)
    four.settle()
    us = four["united-states"]
    given_by_a_feed(us, Tlp.CLEAR, HARMLESS, modified=modified)
    assert sharing.one(us, japans["id"], "others").what == "shared"
    made = hunted(us, tmp_path)
    assert [sharing.one(us, made[kind], "others").rule for kind in KINDS] == ["derived"] * 3
    four.settle()
    assert seen(four["india"]) == []


def test_a_feed_that_names_the_same_value_lets_it_go(four: Nodes, tmp_path: Path) -> None:
    japans = sharing.indicator("canary", Tlp.AMBER_STRICT)
    sharing.give(four["japan"], "friend", japans)
    four.settle()
    us = four["united-states"]
    given_by_a_feed(us, Tlp.CLEAR, SECRET)
    assert sharing.one(us, japans["id"], "others").what == "shared"
    assert outcomes(us, hunted(us, tmp_path)) == ["shared"] * 3


def test_what_only_a_partners_pattern_matches_is_that_partners(four: Nodes, tmp_path: Path) -> None:
    """A pattern that is no plain value: nothing but that something was seen would go out."""
    like = {"pattern": "[domain-name:value LIKE 'can%.example']"}
    japans = sharing.indicator("canary", Tlp.AMBER_STRICT) | like
    sharing.give(four["japan"], "friend", japans)
    four.settle()
    us = four["united-states"]
    given_by_a_feed(us, Tlp.CLEAR, HARMLESS)
    assert sharing.one(us, japans["id"], "others").what == "shared"
    made = hunted(us, tmp_path)
    assert sharing.one(us, made["sighting"], "others").rule == "derived"


def test_a_later_and_milder_version_of_another_partner_lifts_nothing(
    four: Nodes, tmp_path: Path
) -> None:
    sharing.give(four["japan"], "friend", sharing.indicator("canary", Tlp.AMBER_STRICT))
    audience.create(four["australia"].owner, "friend", ["united-states"])
    other = sharing.indicator("canary", Tlp.GREEN, modified=sharing.LATER) | {"pattern": HARMLESS}
    sharing.give(four["australia"], "friend", other)
    four.settle()
    us = four["united-states"]
    assert outcomes(us, hunted(us, tmp_path)) == ["refused"] * 3
    four.settle()
    assert told(four["india"]) == []


def test_what_was_shared_stays_once_a_partner_says_it_more_strictly(
    four: Nodes, tmp_path: Path
) -> None:
    """At send time: a second giver of what was seen counts from the moment it is here."""
    us = four["united-states"]
    green = sharing.indicator("canary", Tlp.GREEN)
    sharing.give(four["japan"], "friend", green)
    four.settle()
    sharing.give(us, "others", sharing.indicator("canary", Tlp.GREEN) | {"pattern": HARMLESS})
    made = hunted(us, tmp_path)
    assert outcomes(us, made) == ["shared"] * 3
    sharing.one(four["japan"], green["id"], "friend", tlp=Tlp.AMBER, everywhere=True)
    four.sync("united-states", "japan")
    four.settle()
    assert seen(four["india"]) == []


def test_what_is_narrowed_later_holds_back_what_was_made_of_it(four: Nodes, tmp_path: Path) -> None:
    """At send time: what was shared while its source might go stays when that may not any more."""
    green = sharing.indicator("canary", Tlp.GREEN)
    sharing.give(four["japan"], "friend", green)
    four.settle()
    us = four["united-states"]
    made = hunted(us, tmp_path)
    sharing.one(us, green["id"], "others")
    assert outcomes(us, made) == ["shared"] * 3
    sharing.one(four["japan"], green["id"], "friend", tlp=Tlp.AMBER, everywhere=True)
    four.sync("united-states", "japan")
    four.settle()
    assert told(four["india"]) == []
