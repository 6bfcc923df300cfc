"""Questions between partners: proposed, approved, declined, refused, forged, on whole nodes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from asking_made import AFTER, NAMES, Asking, said

from accord.core.errors import Invalid, NotFound
from accord.demand.private.asking import question as questions
from accord.demand.private.asking import word as words
from accord.demand.private.errors import NotAsked
from accord.exchange import receipts
from accord.flows.demand.pool import known
from accord.flows.exchange.sharing import audience, share, wanted
from accord.flows.exchange.sharing.plan import Options
from accord.flows.load import load_documents
from accord.flows.rebuild import rebuild


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Asking]:
    house = Asking(tmp_path)
    yield house
    house.close()


def test_all_approve_and_every_node_knows_it(house: Asking) -> None:
    asked = house.propose("australia")
    assert asked.partners == NAMES
    house.settle()
    for name in NAMES:
        assert house.states(asked) == {"proposed"}
        house.approve(name, asked)
        house.settle()
    assert house.states(asked) == {"approved"}
    for name in NAMES:
        (part,) = house[name].pool.parts()
        said_here = {house.known(other, asked).by(name, words.APPROVE) for other in NAMES}
        (fact,) = said_here
        assert fact is not None
        assert fact.commitment == words.commitment(asked.id, name, part.chance)


def test_nobodys_chance_leaves_with_an_approval(house: Asking) -> None:
    asked = house.propose("australia")
    house.settle()
    house.approve("japan", asked)
    house.settle()
    (part,) = house["japan"].pool.parts()
    for node in house.nodes.values():
        for _, body in node.intake.bodies():
            assert part.chance not in body
            assert part.chance.hex().encode() not in body


def test_one_that_declines_ends_it_for_all_in_any_order(house: Asking) -> None:
    asked = house.propose("australia")
    house.settle()
    house.approve("india", asked)
    house.decline("japan", asked)
    house.approve("united-states", asked)
    house.approve("australia", asked)
    house.settle()
    assert house.states(asked) == {"declined"}
    assert house.known("india", asked).standing.why == "japan: not now"
    with pytest.raises(Invalid, match="is declined"):
        house.approve("japan", asked)
    with pytest.raises(Invalid, match="has declined"):
        house.decline("japan", asked)


def test_after_an_end_it_may_be_asked_again_with_other_chance(house: Asking) -> None:
    asked = house.propose("australia")
    house.settle()
    house.approve("japan", asked)
    house.decline("india", asked)
    house.settle()
    house.clock.at = "2026-03-02T09:00:00.000000Z"
    again = house.propose("australia")
    house.settle()
    house.approve("japan", again)
    assert again.id != asked.id
    assert len({part.chance for part in house["japan"].pool.parts()}) == 2


def test_the_deadline_ends_it(house: Asking) -> None:
    asked = house.propose("australia")
    house.settle()
    house.clock.at = AFTER
    assert house.states(asked) == {"ended"}
    with pytest.raises(Invalid, match="deadline passed"):
        house.approve("japan", asked)


def test_what_can_be_subtracted_is_refused_by_whoever_asks(house: Asking) -> None:
    asked = house.propose("australia")
    audience.create(house["australia"].owner, "three", ["india", "japan"], everyone=False)
    house.settle()
    before = len(list(house["australia"].intake.bodies()))
    for name, to, more, rule in (
        ("australia", "three", {}, "others"),
        ("australia", "all", {"least": 4}, "other-threshold"),
        ("japan", "all", {"purpose": "another"}, "repeat"),
        ("japan", "all", {"least": 2}, "threshold"),
    ):
        with pytest.raises(NotAsked) as caught:
            house.propose(name, to, **more)
        assert caught.value.rule == rule
        assert rule == "threshold" or asked.id in str(caught.value)
    assert len(list(house["australia"].intake.bodies())) == before
    house.propose("japan", items="components")


def _state_freely(house: Asking, name: str, asked: questions.Question) -> None:
    """As a node would that does not ask its own rules."""
    node = house[name]
    loaded = load_documents([("q", questions.write(asked))], node.intake, house.clock.at)
    found = wanted.find(loaded.digests, node.holdings)
    (one,) = share.share(node.sharer, found, "all", Options()).outcomes
    assert one.what == "shared", one


def test_whoever_approves_refuses_it_too(house: Asking) -> None:
    asked = house.propose("australia")
    house.settle()
    again = msgspec.structs.replace(asked, asker="india", least=4)
    _state_freely(house, "india", again)
    house.settle()
    with pytest.raises(NotAsked, match=asked.id):
        house.approve("japan", again)
    assert house["japan"].pool.parts() == []


def test_the_order_of_partners_is_the_directorys(house: Asking) -> None:
    asked = msgspec.structs.replace(
        house.propose("australia"), asker="india", items="components", partners=NAMES[::-1]
    )
    _state_freely(house, "india", asked)
    house.settle()
    with pytest.raises(Invalid, match="directory's order"):
        house.approve("japan", asked)


def test_a_recalled_question_is_still_compared_with(
    house: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = house.propose("australia")
    house.settle()
    house.approve("japan", asked)
    document = house.known("australia", asked).document
    with pytest.raises(Invalid, match="accord pool decline"):
        house.recall("australia", document)
    # A node that does not ask its own rules.
    monkeypatch.setattr("accord.flows.exchange.sharing.recall._not_final", lambda *_: None)
    house.recall("australia", document)
    house.settle()
    japan = house["japan"]
    assert known.questions(japan) == []
    assert [one.question for one in known.earlier(japan)] == [asked]
    assert [one.question for one in known.spent(japan)] == [asked]


def test_the_budget_is_each_nodes_own(house: Asking) -> None:
    first = house.propose("australia", budget=1)
    house.settle()
    with pytest.raises(NotAsked, match="budget of this node is 1"):
        house.propose("australia", budget=1, items="components")
    with pytest.raises(NotAsked, match="budget of this node is 0"):
        house.approve("japan", first, budget=0)
    house.approve("japan", first, budget=1)
    second = house.propose("india", items="components")
    house.settle()
    with pytest.raises(NotAsked, match="budget"):
        house.approve("japan", second, budget=1)
    house.decline("united-states", first)
    house.settle()
    house.approve("japan", second, budget=1)


def test_a_word_counts_only_from_the_partner_that_it_names(house: Asking) -> None:
    asked = house.propose("australia")
    house.settle()
    india = house["india"]
    for what in (words.APPROVE, words.DECLINE):
        body = words.write(said(asked, "japan", what))
        loaded = load_documents([("w", body)], india.intake, house.clock.at)
        share.share(india.sharer, wanted.find(loaded.digests, india.holdings), "all", Options())
    house.settle()
    for name in NAMES:
        assert house.known(name, asked).words == ()
    forged = msgspec.structs.replace(asked, asker="japan", items="components")
    _state_freely(house, "india", forged)
    house.settle()
    for name in NAMES:
        with pytest.raises(NotFound):
            house.known(name, forged)


def test_whoever_gives_the_same_bytes_takes_nothing_from_their_author(house: Asking) -> None:
    asked = house.propose("australia")
    house.settle()
    digest = house.approve("japan", asked)
    body = house["japan"].holdings.body(digest)
    india = house["india"]
    loaded = load_documents([("w", body)], india.intake, house.clock.at)
    share.share(india.sharer, wanted.find(loaded.digests, india.holdings), "all", Options())
    house.settle()
    for name in NAMES:
        fact = house.known(name, asked).by("japan", words.APPROVE)
        assert fact is not None, name


def test_it_goes_to_its_partners_and_to_nobody_else(house: Asking) -> None:
    audience.create(house["australia"].owner, "three", ["india", "japan"], everyone=False)
    asked = house.propose("australia", "three", least=3)
    house.settle()
    assert asked.partners == NAMES[:3]
    with pytest.raises(NotFound):
        house.known("united-states", asked)
    with pytest.raises(Invalid, match="differ in united-states"):
        house.approve("japan", asked)
    audience.create(house["japan"].owner, "three", ["india", "australia"], everyone=False)
    house.approve("japan", asked, "three")
    house.settle()
    lines = [receipts.read(line) for line in house["japan"].receipts.newest([], "", 0)]
    gone = {line.recipient.rpartition(":")[2] for line in lines if line.decision != "no"}
    assert not any("united-states" in name for name in gone), gone
    assert {line.tlp for line in lines} == {"AMBER+STRICT"}


def test_numbers_of_what_is_not_released_are_neither_asked_nor_approved(house: Asking) -> None:
    asked = house.propose("australia")
    more: dict[str, Any] = {"kind": "totals", "agencies": 3, "of": asked.id, "currency": "USD"}
    with pytest.raises(Invalid, match="is proposed, and not released by all"):
        house.propose("australia", **more)
    _state_freely(house, "australia", msgspec.structs.replace(asked, **more))
    house.settle()
    with pytest.raises(Invalid, match="is proposed, and not released by all"):
        house.approve("japan", msgspec.structs.replace(asked, **more))


def test_rebuild_changes_nothing_and_keeps_ones_own_part(house: Asking) -> None:
    asked = house.propose("australia")
    house.settle()
    house.approve("japan", asked)
    japan = house["japan"]
    before = (japan.views.state_hash(), known.questions(japan), japan.pool.parts())
    rebuild(japan.intake)
    assert (japan.views.state_hash(), known.questions(japan), japan.pool.parts()) == before
