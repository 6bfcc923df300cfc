"""Standing rules share what later hunts find, and nothing else; sums bear a marking."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import nodes
import pytest
import sharing
from hunted import looked, zeek
from stix_objects import bare
from stix_objects import sighting as sighted

from accord.core.errors import Invalid, NotFound
from accord.exchange.hunting.rules import Rule
from accord.exchange.log.entries import Kind
from accord.flows.exchange.sharing import audience
from accord.flows.exchange.sharing.recall import recall
from accord.flows.hunting import standing
from accord.flows.hunting.hunt import Hunted
from accord.flows.hunting.port import Due
from accord.flows.hunting.tally import tally
from accord.flows.prepare import prepare
from accord.identity.markings import Tlp
from accord.store.exchange import tables
from accord.wiring import Node

pytest.importorskip("duckdb")

DAY = "1893456000.5"
AT = "2030-01-01T00:00:00.000000Z"
RECENT = {"valid_from": "2029-12-01T00:00:00.000Z"}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = sharing.house(tmp_path / "house")
    yield made
    made.hunting.close()
    made.engine.dispose()


def rule(node: Node, **more: Any) -> Rule:
    said: dict[str, Any] = {"audience": "pair", "at_most": Tlp.GREEN}
    said |= {"person": "P", "why": "W", "made": AT}
    return standing.add(Rule(**(said | more)), node.owner, node.rules)


def hunted(node: Node, folder: Path, *names: str, **more: Any) -> Hunted:
    """A hunt through a log in which these were asked for."""
    path = folder / f"{'-'.join(names)}.log"
    rows = [(DAY, "10.0.0.1", "9.9.9.9", f"{name}.example", "-", "-", "-") for name in names]
    path.write_bytes(zeek(rows))
    return looked(node, path, **more)


def sign(name: str, tlp: Tlp = Tlp.GREEN, **more: Any) -> dict[str, Any]:
    """An indicator that is not too old to be a strong one."""
    return sharing.indicator(name, tlp) | RECENT | more


def signs(node: Node, *names: str, tlp: Tlp = Tlp.GREEN, to: str = "pair", **more: Any) -> None:
    """Indicators, shared with the audience: who sees a sighting sees what was seen."""
    made = [sign(name, tlp, **more) for name in names]
    assert [one.what for one in sharing.give(node, to, *made)] == ["shared"] * len(made)


def whats(done: Hunted) -> list[list[str]]:
    return [[one.what for one in by.outcomes] for by in done.shared]


def test_what_is_found_after_a_rule_goes_by_it_and_what_was_found_before_does_not(
    node: Node, tmp_path: Path
) -> None:
    signs(node, "evil", "worse")
    before = hunted(node, tmp_path, "worse")
    assert len(before.sightings) == 1
    rule(node)
    assert hunted(node, tmp_path, "worse").shared == []
    done = hunted(node, tmp_path, "evil")
    assert whats(done) == [["shared"] * 3]
    types = {one.object.partition("--")[0] for one in done.shared[0].outcomes}
    assert types == {"sighting", "observed-data", "domain-name"}
    assert len(sharing.entries(node)) == 2 + 3
    again = hunted(node, tmp_path, "evil")
    assert (again.same, again.shared) == (1, [])
    assert node.rules.due() == []
    sharing.check(node)


def test_a_removed_rule_shares_nothing_and_what_waited_by_it_stays(
    node: Node, tmp_path: Path
) -> None:
    signs(node, "evil")
    made = rule(node)
    node.rules.put([Due(made.number, sharing.name_of("sighting", "x"), (), "{}")])
    node.rules.remove(made.number, "Q", "no longer", AT)
    assert node.rules.due() == []
    done = hunted(node, tmp_path, "evil")
    assert (len(done.sightings), done.shared) == (1, [])
    (gone,) = node.rules.rules(removed=True)
    assert (gone.removed_by, gone.removed_why, node.rules.rules()) == ("Q", "no longer", [])
    with pytest.raises(NotFound, match="no rule 1 holds"):
        node.rules.remove(made.number, "Q", "twice", AT)


@pytest.mark.parametrize(
    "more",
    [
        {"kinds": ("ip", "hash")},
        {"origins": ("japan",)},
        {"at_most": Tlp.CLEAR},
    ],
)
def test_what_a_rule_does_not_cover_stays(node: Node, tmp_path: Path, more: dict[str, Any]) -> None:
    signs(node, "evil")
    rule(node, **more)
    done = hunted(node, tmp_path, "evil")
    assert (len(done.sightings), done.shared) == (1, [])


def test_weak_hits_go_only_where_a_rule_says_so(node: Node, tmp_path: Path) -> None:
    signs(node, "evil", "sure", confidence=10)
    rule(node)
    assert hunted(node, tmp_path, "evil", weak=True).shared == []
    rule(node, strength="weak")
    done = hunted(node, tmp_path, "sure", weak=True)
    assert [(one.rule, len(one.outcomes)) for one in done.shared] == [(2, 3)]


def test_a_marking_that_the_indicator_bears_only_where_it_is_shared_counts(
    node: Node, tmp_path: Path
) -> None:
    """The object says GREEN, and this node shares it as AMBER+STRICT."""
    sharing.load(node, sign("evil", Tlp.GREEN))
    name = sharing.name_of("indicator", "evil")
    assert sharing.one(node, name, "pair", tlp=Tlp.AMBER_STRICT).what == "shared"
    rule(node, at_most=Tlp.AMBER)
    done = hunted(node, tmp_path, "evil")
    assert done.findings[0].marking == "TLP:AMBER+STRICT"
    assert done.shared == []


def test_an_embargo_on_the_indicator_holds_for_its_sighting(node: Node, tmp_path: Path) -> None:
    sharing.load(node, sign("evil"))
    name = sharing.name_of("indicator", "evil")
    when = "2999-01-01T00:00:00.000000Z"
    assert sharing.one(node, name, "pair", release_at=when).what == "waits"
    rule(node)
    assert whats(hunted(node, tmp_path, "evil")) == [["waits"] * 3]
    assert sharing.entries(node) == []


def test_where_the_sighting_may_not_go_nothing_of_it_does(node: Node, tmp_path: Path) -> None:
    """Not even the name that was asked for, which is an object of its own."""
    audience.create(node.owner, "all", (), everyone=True)
    sharing.load(node, sign("evil", Tlp.RED))
    rule(node, audience="all", at_most=Tlp.RED)
    done = hunted(node, tmp_path, "evil")
    assert whats(done) == [["refused"]]
    assert sharing.entries(node, "all") == []
    assert node.rules.due() == []


def test_personal_data_is_held_for_review_all_the_same(node: Node) -> None:
    signs(node, "evil")
    made = rule(node)
    said = {"description": "Seen by jane.roe@mail-host.org", "labels": ["tlp:green"]}
    told = sighted(60, sign("evil"), **said)
    nodes.give(node, [("one", bare(told))])
    node.rules.put([Due(made.number, told["id"], (), "{}")])
    (done,) = standing.share_due(node)
    assert [one.what for one in done.outcomes] == ["held for review"]
    assert [one.object for one in node.reviews.reviews(waiting=True)] == [told["id"]]
    assert len(sharing.entries(node)) == 1


def test_what_cannot_go_now_goes_with_the_next_hunt(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signs(node, "evil")
    rule(node)
    keys = node.settings.home / "keys"
    away = keys.with_name("away")
    keys.rename(away)
    monkeypatch.setattr(node, "_ring", None)
    done = hunted(node, tmp_path, "evil")
    (one,) = done.shared
    assert (one.kept, one.outcomes, len(done.sightings)) == (1, (), 1)
    assert one.reason
    away.rename(keys)
    assert whats(hunted(node, tmp_path, "other")) == [["shared"] * 3]


def test_a_hunt_that_was_interrupted_before_its_sightings_were_kept_shares_them_later(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signs(node, "evil")
    rule(node)

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("accord.flows.hunting.hunt.load_documents", killed)
        with pytest.raises(Killed):
            hunted(node, tmp_path, "evil")
    assert hunted(node, tmp_path, "other").shared == []
    assert whats(hunted(node, tmp_path, "evil")) == [["shared"] * 3]
    assert node.rules.due() == []


def test_a_rule_speaks_of_what_there_is(node: Node) -> None:
    with pytest.raises(NotFound, match="no audience 'nobody'"):
        rule(node, audience="nobody")
    with pytest.raises(NotFound, match="no partner 'atlantis'"):
        rule(node, origins=("atlantis",))
    with pytest.raises(Invalid, match="'names' is no kind"):
        rule(node, kinds=("names",))
    assert node.rules.rules() == []


def test_the_commands(node: Node, tmp_path: Path) -> None:
    home = node.settings.home
    node.engine.dispose()
    words = ["--audience", "pair", "--at-most", "green", "--person", "Asha", "--why", "agreed"]
    done = nodes.run("sightings", "rule", "add", *words, "--kind", "domain", home=home)
    assert "Rule 1: to pair, domain" in done.stdout, done.stderr
    listed = nodes.run("sightings", "rule", "list", "--json", home=home)
    (one,) = json.loads(listed.stdout)
    assert (one["person"], one["why"], one["at_most"]) == ("Asha", "agreed", "GREEN")
    gone = nodes.run(
        "sightings", "rule", "remove", "1", "--person", "Asha", "--why", "over", home=home
    )
    assert (gone.returncode, gone.stdout) == (0, "Rule 1 for audience pair is removed.\n")


def _of_partner(node: Node, origin: str, value: dict[str, Any], tlp: Tlp) -> None:
    """A partner's object as sync leaves it: the document, and its envelope's marking."""
    body = bare(value)
    with node.intake.unit() as unit:
        unit.take([prepare(f"exchange:{origin}", body)], nodes.TODAY, origin)
        unit.settle()
    row = dict.fromkeys(
        ["release_at", "expires", "created", "issued", "learned", "title", "media"], ""
    )
    with node.engine.begin() as connection:
        number = (
            connection.scalar(
                tables.shared.select()
                .with_only_columns(tables.shared.c.id)
                .order_by(tables.shared.c.id.desc())
                .limit(1)
            )
            or 0
        ) + 1
        connection.execute(tables.shared.insert().values(
            id=number, origin=origin, object=value["id"], version=_when(value["modified"]),
            type=value["type"], digest=f"{number:064x}", tlp=int(tlp), pap=0, state="live",
            refs="[]", envelope=None, **row,
        ))  # fmt: skip


def _when(text: str) -> str:
    return f"{text[:-1].partition('.')[0]}.000000Z"


def test_sums_bear_the_strictest_marking_and_are_shown_no_finer(node: Node) -> None:
    said = sign("evil", Tlp.GREEN)
    sharing.load(node, said)
    _of_partner(node, "india", sighted(60, said, count=4), Tlp.GREEN)
    _of_partner(node, "japan", sighted(61, said, count=30), Tlp.AMBER_STRICT)
    (row,) = tally(node)
    assert (row.count, row.partners, row.marking) == (
        34, {"india": 4, "japan": 30}, "TLP:AMBER+STRICT",
    )  # fmt: skip
    (row,) = tally(node, Tlp.AMBER)
    assert (row.count, row.partners, row.marking) == (4, {"india": 4}, "TLP:GREEN")
    assert b"japan" not in msgspec.json.encode(tally(node, Tlp.AMBER))
    assert tally(node, Tlp.CLEAR) == []


def test_what_was_seen_is_not_told_where_its_own_marking_is_stricter(node: Node) -> None:
    said = sign("canary", Tlp.RED)
    sharing.load(node, said)
    _of_partner(node, "india", sighted(60, said, count=4), Tlp.GREEN)
    assert tally(node, Tlp.AMBER_STRICT) == []
    (row,) = tally(node)
    assert row.marking == "TLP:RED"


def test_a_recalled_indicator_of_this_node_is_not_looked_for(node: Node, tmp_path: Path) -> None:
    signs(node, "evil")
    recall(node.recaller, sharing.name_of("indicator", "evil"), "wrong")
    assert Kind.RECALL in {one.kind for one in sharing.entries(node)}
    done = hunted(node, tmp_path, "evil")
    assert (done.findings, done.not_used) == ([], {"recalled": 1})
