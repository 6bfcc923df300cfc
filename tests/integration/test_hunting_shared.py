"""Indicators and sightings of partners: markings, recall, and what their sightings add up to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import nodes
import pytest
import sharing
from hunted import indicator, looked, zeek
from stix_objects import bare, sighting

from accord.flows.hunting.tally import tally
from accord.flows.prepare import prepare
from accord.identity.markings import Tlp
from accord.wiring import Node

pytest.importorskip("duckdb")

DAY = "1893456000.5"
HIT = (DAY, "10.0.0.1", "9.9.9.9", "evil.example", "-", "-", "-")
PATTERN = "[domain-name:value = 'evil.example']"


@pytest.fixture
def node(database_url: str, tmp_path: Path) -> Iterator[Node]:
    made = nodes.on(database_url, tmp_path)
    yield made
    made.hunting.close()
    made.engine.dispose()


def arrive(node: Node, origin: str, value: dict[str, object]) -> None:
    with node.intake.unit() as unit:
        unit.take([prepare(f"exchange:{origin}", bare(value))], nodes.TODAY, origin)
        unit.settle()


def hunted(node: Node, tmp_path: Path) -> list[tuple[str, str]]:
    path = tmp_path / "dns.log"
    path.write_bytes(zeek([HIT]))
    return [(one.origin, one.marking) for one in looked(node, path, keep=False).findings]


def test_a_partners_indicator_without_a_known_marking_counts_as_the_strictest(
    node: Node, tmp_path: Path
) -> None:
    arrive(node, "japan", indicator(1, PATTERN))
    assert hunted(node, tmp_path) == [("japan", "TLP:RED PAP:RED")]


def test_a_marking_that_is_not_understood_counts_as_the_strictest(
    node: Node, tmp_path: Path
) -> None:
    nodes.give(node, [("one", bare(indicator(1, PATTERN, labels=["tlp:mauve"])))])
    assert hunted(node, tmp_path) == [("", "TLP:RED PAP:RED")]


def test_what_one_origin_revokes_another_may_still_say(node: Node, tmp_path: Path) -> None:
    said = indicator(1, PATTERN, labels=["tlp:green"])
    arrive(node, "japan", said)
    arrive(node, "india", said | {"name": "as india has it"})
    later = said | {"modified": "2030-02-01T00:00:00.000Z", "revoked": True}
    arrive(node, "india", later)
    assert hunted(node, tmp_path) == [("japan", "TLP:GREEN")]


def test_partners_sightings_add_up_and_one_passed_on_counts_once(
    node: Node, tmp_path: Path
) -> None:
    said = indicator(1, PATTERN)
    nodes.give(node, [("one", bare(said))])
    hunted(node, tmp_path)
    arrive(node, "japan", sighting(60, said, count=3))
    arrive(node, "india", sighting(60, said, count=3, name="passed on"))
    arrive(node, "india", sighting(61, said, count=4))
    (row,) = tally(node)
    assert (row.count, row.own, row.name) == (8, 1, "indicator 1")


def test_a_sighting_is_shared_by_a_persons_word_and_tells_nothing_of_the_record(
    tmp_path: Path,
) -> None:
    node = sharing.house(tmp_path / "house")
    sign = sharing.indicator("evil")
    sharing.load(node, sign)
    path = tmp_path / "dns.log"
    path.write_bytes(zeek([(DAY, "10.0.0.1", "9.9.9.9", "jane.roe.evil.example", "-", "-", "-")]))
    done = looked(node, path, weak=True)
    (name,) = done.sightings
    assert done.findings[0].value == "jane.roe.evil.example"
    with node.views.view() as view:
        (row,) = view.stix_objects(name)
        body = view.body(row.document)
    assert b"jane" not in body
    assert sharing.entries(node) == []
    made = [one["id"] for one in json.loads(body)["objects"]]
    for one in (sign["id"], *made):
        assert sharing.one(node, one, "pair").what == "shared"
    assert len(sharing.entries(node)) == 4
    sharing.check(node)
    node.hunting.close()
    node.engine.dispose()


@pytest.mark.parametrize("how", ["together", "apart"])
@pytest.mark.parametrize("first", ["open", "canary"])
def test_what_was_seen_under_two_markings_goes_under_the_strictest(
    tmp_path: Path, how: str, first: str
) -> None:
    """In one hunt, or in two: what was observed has one identifier."""
    node = sharing.house(tmp_path / "house")
    signs = [
        sharing.indicator(name, tlp) | {"pattern": PATTERN}
        for name, tlp in (("open", Tlp.GREEN), ("canary", Tlp.AMBER_STRICT))
    ]
    if first == "canary":
        signs.reverse()
    made: set[str] = set()
    path = tmp_path / "dns.log"
    for number, some in enumerate([signs[:1], signs[1:]] if how == "apart" else [signs]):
        sharing.load(node, *some)
        day = str(float(DAY) + number)
        path.write_bytes(zeek([(day, "10.0.0.1", "9.9.9.9", "evil.example", "-", "-", "-")]))
        done = looked(node, path, weak=True)
        assert done.sightings
        with node.views.view() as view:
            documents = {row.document for name in done.sightings for row in view.stix_objects(name)}
            bodies = [view.body(name) for name in documents]
        made |= {one["id"] for body in bodies for one in json.loads(body)["objects"]}
    (name,) = [one for one in made if one.startswith("domain-name--")]
    assert sharing.one(node, name, "pair").tlp == "AMBER+STRICT"
    node.hunting.close()
    node.engine.dispose()
