"""One version in several audiences: the strictest of its markings counts in all of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import house_of_nodes
import pytest
import sharing
from exchange_nodes import HandClock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sharing import house, indicator, load, one, shared

from accord.core.errors import Invalid, NotFound
from accord.exchange.envelope import open_envelope
from accord.flows.exchange.messages import PREFIX, Request
from accord.flows.exchange.sharing import audience, due, wanted
from accord.flows.exchange.sharing.owner import recalled
from accord.identity.markings import Pap, Tlp
from accord.identity.recipients import PUBLIC, Recipient
from accord.wiring import Node

SOON = "2026-03-02T09:00:00.000000Z"
LATER = "2026-03-03T09:00:00.000000Z"
OPERATOR = Recipient("client", "grid-siem", "Grid", "operator", Tlp.AMBER)
INDUSTRY = Recipient("client", "retail", "Retail", "industry", Tlp.GREEN)
CLIENTS = {PUBLIC: Tlp.CLEAR, INDUSTRY: Tlp.GREEN, OPERATOR: Tlp.AMBER}
"""Who asks without being a partner, and the strictest marking that each may see."""


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def node(database_url: str, tmp_path: Path, clock: HandClock) -> Iterator[Node]:
    """Australia, with audiences of two, of one of these, and of everyone."""
    made = house(tmp_path, database_url, clock=clock)
    audience.create(made.owner, "japan", ["japan"])
    audience.create(made.owner, "all", everyone=True)
    yield made
    sharing.check(made)
    made.engine.dispose()


def live(node: Node, name: str) -> list[tuple[str, str]]:
    """TLP and PAP of what is live in a log, as its members open it."""
    directory = node.trust.directory()
    assert directory
    found = []
    for row in sharing.rows(node, name):
        if row.state == "live":
            data = node.sharing.envelopes([row.shared_id])[row.shared_id]
            header = open_envelope(data, directory, node.clock.now()).header
            found.append((header.tlp, header.pap))
    return found


def sees(node: Node, caller: Recipient, object_: str) -> bool:
    """Whether a caller is shown an object, by itself and in the list alike."""
    alone = node.door.answer(caller, Request("GET", f"{PREFIX}/objects/{object_}"))
    listed = node.door.answer(caller, Request("GET", f"{PREFIX}/objects"))
    assert (alone.status == 200) == (object_.encode() in listed.body)
    return alone.status == 200


def test_a_stricter_marking_reaches_the_audiences_that_had_a_milder_one(node: Node) -> None:
    digest = load(node, indicator("a", None))
    for name in ("pair", "all"):
        shared(node, digest, name, tlp=Tlp.GREEN)
    outcome = one(node, digest, "japan", tlp=Tlp.AMBER_STRICT, pap=Pap.RED)
    assert (outcome.what, outcome.tlp) == ("shared", "AMBER+STRICT")
    assert outcome.warnings == (
        "all had it as GREEN, and has it as AMBER+STRICT PAP:RED now",
        "pair had it as GREEN, and has it as AMBER+STRICT PAP:RED now",
    )
    for name in ("pair", "all", "japan"):
        assert live(node, name) == [("AMBER+STRICT", "RED")]
        assert len({row.shared_id for row in sharing.rows(node, name)[1:2]}) <= 1
    numbers = {r.shared_id for n in ("pair", "all", "japan") for r in sharing.rows(node, n)
               if r.state == "live"}  # fmt: skip
    assert len(numbers) == 1
    assert not sees(node, INDUSTRY, outcome.object)


def test_a_milder_marking_gives_way_and_says_to_whom(node: Node) -> None:
    digest = load(node, indicator("a", None))
    shared(node, digest, "pair", tlp=Tlp.AMBER)
    outcome = one(node, digest, "all", tlp=Tlp.CLEAR)
    assert (outcome.what, outcome.tlp) == ("shared", "AMBER")
    assert outcome.warnings == (
        (
            "pair has AMBER: the stricter counts, so it is AMBER here too, not CLEAR"
            " (--everywhere puts yours in its place)"
        ),
    )
    assert live(node, "all") == live(node, "pair") == [("AMBER", "CLEAR")]
    assert not sees(node, PUBLIC, outcome.object)
    again = one(node, digest, "all", tlp=Tlp.CLEAR)
    assert (again.what, again.warnings) == ("already shared", outcome.warnings)


def test_everywhere_relaxes_all_of_them(node: Node) -> None:
    digest = load(node, indicator("a", None))
    for name in ("pair", "all"):
        shared(node, digest, name, tlp=Tlp.AMBER)
    outcome = one(node, digest, "all", tlp=Tlp.CLEAR, everywhere=True)
    assert outcome.warnings == ("pair had it as AMBER, and has it as CLEAR now",)
    assert live(node, "all") == live(node, "pair") == [("CLEAR", "CLEAR")]
    assert sees(node, PUBLIC, outcome.object)
    assert [row.state for row in sharing.rows(node, "pair")] == ["retracted", "live", ""]
    assert one(node, digest, "all", tlp=Tlp.CLEAR, everywhere=True).warnings == ()


def test_one_audience_alone_is_marked_anew_as_it_was(node: Node) -> None:
    digest = load(node, indicator("a", None))
    shared(node, digest, "pair", tlp=Tlp.AMBER)
    outcome = one(node, digest, "pair", tlp=Tlp.CLEAR)
    assert (outcome.what, outcome.warnings) == ("shared", ())
    assert live(node, "pair") == [("CLEAR", "CLEAR")]


def test_red_reaches_no_audience_of_everyone_by_another(node: Node) -> None:
    digest = load(node, indicator("a", None))
    shared(node, digest, "all", tlp=Tlp.GREEN)
    for everywhere in (False, True):
        outcome = one(node, digest, "pair", tlp=Tlp.RED, everywhere=everywhere)
        assert (outcome.what, outcome.rule) == ("refused", "tlp-red-named-only")
        assert "audience all has it as GREEN and is everyone" in outcome.reason
    assert live(node, "pair") == []
    assert live(node, "all") == [("GREEN", "CLEAR")]
    other = load(node, indicator("b", None))
    shared(node, other, "pair", tlp=Tlp.RED)
    outcome = one(node, other, "all", tlp=Tlp.GREEN)
    assert (outcome.what, outcome.rule) == ("refused", "tlp-red-named-only")
    assert "audience pair has it as RED" in outcome.reason
    assert one(node, other, "all", tlp=Tlp.GREEN, everywhere=True).what == "shared"
    assert ("GREEN", "CLEAR") in live(node, "pair")


def test_who_joined_later_is_given_nothing_by_a_marking_elsewhere(node: Node) -> None:
    digest = load(node, indicator("a", None))
    shared(node, digest, "japan", tlp=Tlp.GREEN)
    audience.add(node.owner, "japan", "india")
    outcome = one(node, digest, "pair", tlp=Tlp.AMBER)
    (told,) = outcome.warnings
    assert told.startswith("japan had it as GREEN, and has it no more: some of its members")
    assert (live(node, "pair"), live(node, "japan")) == ([("AMBER", "CLEAR")], [])
    assert one(node, digest, "japan", tlp=Tlp.AMBER).what == "shared"


def test_each_audience_keeps_its_own_date_of_release(node: Node, clock: HandClock) -> None:
    digest = load(node, indicator("a", None))
    assert one(node, digest, "all", tlp=Tlp.CLEAR, release_at=SOON).what == "waits"
    outcome = one(node, digest, "pair", tlp=Tlp.GREEN)
    assert outcome.warnings == ("all had it as CLEAR, and has it as GREEN now",)
    assert (live(node, "pair"), live(node, "all")) == ([("GREEN", "CLEAR")], [])
    clock.at = SOON
    due.release_due(node.sharing, clock.now())
    assert live(node, "all") == [("GREEN", "CLEAR")]


def test_what_would_expire_before_its_release_is_said_so(node: Node, clock: HandClock) -> None:
    digest = load(node, indicator("a", None))
    with pytest.raises(Invalid, match=r"expire \(2026-03-02T09:00:00\) before its date of release"):
        shared(node, digest, "pair", release_at=LATER, expires=SOON)
    shared(node, digest, "pair", tlp=Tlp.GREEN, expires=SOON)
    outcome = one(node, digest, "all", tlp=Tlp.GREEN, release_at=LATER)
    assert (outcome.what, outcome.rule) == ("refused", "never-out")
    assert "audience pair has it until 2026-03-02T09:00:00" in outcome.reason
    clock.at = SOON
    assert one(node, digest, "all", tlp=Tlp.GREEN, release_at=LATER).what == "waits"


SHARES = st.lists(
    st.tuples(
        st.sampled_from(("pair", "japan", "all")),
        st.sampled_from(tuple(Tlp)),
        st.sampled_from(tuple(Pap)),
    ),
    min_size=1,
    max_size=5,
)


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Iterator[house_of_nodes.Nodes]:
    """Partners who ask Australia in one process."""
    made = house_of_nodes.Nodes(tmp_path_factory.mktemp("four"))
    owner = made["australia"].owner
    audience.create(owner, "pair", ["india", "japan"])
    audience.create(owner, "japan", ["japan"])
    audience.create(owner, "all", everyone=True)
    yield made
    made.close()


COUNT = iter(range(1_000_000))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(shares=SHARES)
def test_one_version_one_marking(
    four: house_of_nodes.Nodes, shares: list[tuple[str, Tlp, Pap]]
) -> None:
    """No recipient of anybody gets more than the strictest marking of what it was shared under."""
    node = four["australia"]
    value = indicator(f"drawn {next(COUNT)}", None)
    digest = load(node, value)
    standing: dict[str, tuple[Tlp, Pap]] = {}
    for to, tlp, pap in shares:
        outcome = one(node, digest, to, tlp=tlp, pap=pap)
        if outcome.what != "refused":
            standing[to] = tlp, pap
            others = [standing[name] for name in standing]
            standing = dict.fromkeys(
                standing, (max(t for t, _ in others), max(p for _, p in others))
            )
    markings = {(copy.tlp, copy.pap) for copy in node.sharing.known([value["id"]]).copies}
    assert markings == set(standing.values())
    if not standing:
        return
    ((strictest, _),) = markings
    for name in ("japan", "india"):
        assert four.sync(name, "australia").good
        for caller, most in CLIENTS.items():
            if sees(four[name], caller, value["id"]):
                assert most >= strictest
    for caller, most in CLIENTS.items():
        assert sees(node, caller, value["id"]) == (most >= strictest)


def test_what_was_recalled_says_by_whom_and_when(four: house_of_nodes.Nodes) -> None:
    value = indicator("recalled by its originator")
    sharing.give(four["australia"], "japan", value)
    assert four.sync("japan", "australia").good
    japan = four["japan"]
    audience.create(japan.owner, "some", ["india"])
    assert one(japan, value["id"], "some").what == "shared"
    at = four.clock.now()[:16]
    four.recall("australia", value["id"])
    assert four.sync("japan", "australia").good
    said = f"australia recalled it on {at}Z, for good"
    with pytest.raises(NotFound, match=said):
        wanted.find([value["id"]], japan.holdings, partial(recalled, japan.owner))
    outcome = one(japan, load(japan, value), "some")
    assert (outcome.what, outcome.rule, outcome.reason) == ("refused", "recalled-for-good", said)
    own = one(four["australia"], value["id"], "pair")
    assert own.reason == f"this node recalled it on {at}Z, for good"
