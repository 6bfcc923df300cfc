"""The laws of recognition: worlds of authorities that verify, recognise and revoke."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from accord.assurance.assessing.recognition import Found, Recognition, Rule, Statement
from accord.assurance.model import Claim, Level, Link
from accord.assurance.statements.facts import Recognition as Recognised
from accord.assurance.statements.rule import known

NOW = "2026-11-23T12:00:00.000000Z"
BEFORE, AFTER = "2026-01-01T00:00:00.000000Z", "2027-01-01T00:00:00.000000Z"
BUYERS = ("us", "au", "in", "jp")
ITEMS = ("ssdf@1.1#PS.1.1", "ssdf@1.1#RV.1.2", "slsa@1.0#build-l2")
TYPES = ("", "network device", "application")


@st.composite
def rules(draw: st.DrawFn, number: int) -> Rule:
    by, of = draw(st.permutations(BUYERS))[:2]
    return Rule(
        id=f"r{number}",
        by=by,
        of=of,
        level=draw(st.sampled_from([Level.THIRD_PARTY, Level.VERIFIED, Level.VERIFIED])),
        items=draw(st.sampled_from([("*",), ("*",), ("ssdf@1.1#*",), ("ssdf@1.1#PS.*",)])),
        types=draw(st.sampled_from([(), (), ("application",)])),
        without=draw(st.sampled_from([(), (), ("network device",)])),
        onward=draw(st.booleans()),
        since=draw(st.sampled_from([BEFORE, BEFORE, BEFORE, AFTER])),
        until=draw(st.sampled_from(["", "", AFTER, BEFORE])),
        revoked=draw(st.sampled_from(["", "", "", BEFORE, AFTER])),
    )


class World(msgspec.Struct):
    """Who verified what, and what each then said, in turn."""

    rules: list[Rule]
    type: str
    statements: list[Statement] = []
    verified: dict[tuple[str, str], Level] = {}

    def recognition(self) -> Recognition:
        return Recognition(self.rules, self.statements, self.type, NOW)

    def claims(self, buyer: str) -> list[Claim]:
        return self.recognition().of(buyer)[0]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Each buyer in turn says what it verified itself, and what it recognised by then."""
    count = draw(st.integers(1, 6))
    world = World([draw(rules(number)) for number in range(count)], draw(st.sampled_from(TYPES)))
    for number, buyer in enumerate(draw(st.permutations(BUYERS))):
        found = []
        for item in ITEMS:
            level = draw(st.sampled_from([Level.UNKNOWN, Level.THIRD_PARTY, Level.VERIFIED]))
            if level:
                world.verified[buyer, item] = level
                found.append(Found(item, level, draw(st.integers(0, 7)) == 0))
        found += [
            Found(claim.item, claim.level, not claim.holds, claim.links)
            for claim in world.claims(buyer)
        ]
        until = draw(st.sampled_from(["", "", AFTER, BEFORE]))
        world.statements.append(
            Statement(
                id=f"sha256:{number}", authority=buyer, at=BEFORE, until=until, found=tuple(found)
            )
        )
    return world


def every(world: World) -> list[tuple[str, Claim]]:
    return [(buyer, claim) for buyer in BUYERS for claim in world.claims(buyer)]


@given(worlds())
def test_scope(world: World) -> None:
    by_id = {rule.id: rule for rule in world.rules}
    statements = {one.id: one for one in world.statements}
    for buyer, claim in every(world):
        authority = buyer
        for place, link in enumerate(claim.links):
            rule, statement = by_id[link.rule], statements[link.statement]
            assert (rule.by, rule.of) == (authority, statement.authority)
            assert rule.since <= NOW
            assert not rule.until or rule.until > NOW
            assert not rule.revoked or rule.revoked > NOW
            assert not statement.until or statement.until > NOW
            assert claim.item.startswith(tuple(p.rstrip("*") for p in rule.items))
            assert not rule.types or world.type in rule.types
            assert world.type not in (*rule.without, *(("",) if rule.without else ()))
            assert not claim.holds or claim.level >= rule.level
            assert rule.onward or place == len(claim.links) - 1
            authority = statement.authority


@given(worlds())
def test_never_more(world: World) -> None:
    statements = {one.id: one for one in world.statements}
    for _, claim in every(world):
        first = statements[claim.links[-1].statement].authority
        assert world.verified[first, claim.item] >= claim.level


@given(worlds(), st.data())
def test_chain(world: World, data: st.DataObject) -> None:
    """Whichever link falls, what rests on it falls, for every buyer."""
    found = every(world)
    assume(found)
    _, claim = data.draw(st.sampled_from(found))
    link = data.draw(st.sampled_from(claim.links))
    if data.draw(st.booleans()):
        left: Sequence[Rule] = [
            msgspec.structs.replace(rule, revoked=NOW) if rule.id == link.rule else rule
            for rule in world.rules
        ]
        after = World(list(left), world.type, world.statements)
        assert not any(link.rule in {x.rule for x in c.links} for _, c in every(after))
    else:
        rest = [one for one in world.statements if one.id != link.statement]
        after = World(world.rules, world.type, rest)
        assert not any(link.statement in {x.statement for x in c.links} for _, c in every(after))
    assert _told(every(after)) <= _told(found)


def _told(found: list[tuple[str, Claim]]) -> set[tuple[str, str, tuple[str, ...]]]:
    """Who hears what of whom; another rule may step in for one that fell."""
    return {(buyer, c.item, tuple(link.statement for link in c.links)) for buyer, c in found}


@given(worlds())
def test_whatever_is_refused_has_a_reason(world: World) -> None:
    for buyer in BUYERS:
        claims, refused = world.recognition().of(buyer)
        others = sum(len(one.found) for one in world.statements if one.authority != buyer)
        assert len(claims) + len(refused) == others
        assert all(one.reason for one in refused)


def test_a_chain_of_two_counts_where_it_may_go_onward() -> None:
    into = [
        Rule(id="a", by="us", of="au", onward=True, since=BEFORE),
        Rule(id="b", by="au", of="jp", since=BEFORE),
    ]
    verified = Statement(
        id="sha256:1", authority="jp", at=BEFORE, found=(Found(ITEMS[0], Level.VERIFIED),)
    )
    world = World(into, "", [verified])
    (one,) = world.claims("au")
    relayed = Found(one.item, one.level, links=one.links)
    world.statements.append(Statement(id="sha256:2", authority="au", at=BEFORE, found=(relayed,)))
    (two,) = world.claims("us")
    assert [link.rule for link in two.links] == ["a", "b"]
    world.rules[0] = msgspec.structs.replace(into[0], onward=False)
    assert world.claims("us") == []


def _own_word(item: str = ITEMS[0]) -> tuple[list[Rule], list[Statement]]:
    """Japan recognises Australia, which only recognised Japan."""
    into = [
        Rule(id="a", by="jp", of="au", onward=True, since=BEFORE),
        Rule(id="b", by="au", of="jp", since=BEFORE),
    ]
    first = Statement(
        id="sha256:1", authority="jp", at=BEFORE, found=(Found(item, Level.VERIFIED),)
    )
    back = Found(item, Level.VERIFIED, links=(Link("b", "sha256:1"),))
    return into, [first, Statement(id="sha256:2", authority="au", at=BEFORE, found=(back,))]


def test_nobody_recognises_its_own_word() -> None:
    """What comes back to whoever said it adds nothing: its own evidence may be gone since."""
    into, statements = _own_word()
    claims, refused = Recognition(into, statements, "", NOW).of("jp")
    assert claims == []
    assert refused[0].reason == "it is jp's own word, come back by au"


def test_no_authority_stands_twice_in_a_chain() -> None:
    into, statements = _own_word()
    into.append(Rule(id="c", by="us", of="jp", onward=True, since=BEFORE))
    again = Found(ITEMS[0], Level.VERIFIED, links=(Link("a", "sha256:2"), Link("b", "sha256:1")))
    statements.append(Statement(id="sha256:3", authority="jp", at=BEFORE, found=(again,)))
    claims, refused = Recognition(into, statements, "", NOW).of("us")
    assert [claim.evidence for claim in claims] == ["sha256:1"]
    assert "it is jp's own word, come back by au" in {one.reason for one in refused}


def test_no_authority_stands_twice_further_on() -> None:
    """Australia, Japan, Australia behind India, asked by the United States."""
    into = [
        Rule(id=f"{by}-{of}", by=by, of=of, onward=True, since=BEFORE)
        for by, of in (("us", "in"), ("in", "au"), ("au", "jp"), ("jp", "au"))
    ]
    links: tuple[Link, ...] = ()
    statements = []
    for number, (whose, of) in enumerate((("au", "jp"), ("jp", "au"), ("au", "jp"), ("in", "au"))):
        if number:
            links = (Link(f"{whose}-{of}", f"sha256:{number - 1}"), *links)
        found = (Found(ITEMS[0], Level.VERIFIED, links=links),)
        statements.append(Statement(id=f"sha256:{number}", authority=whose, at=BEFORE, found=found))
    claims, refused = Recognition(into, statements, "", NOW).of("us")
    assert claims == []
    assert "it is au's own word, come back by jp" in {one.reason for one in refused}


def test_a_claim_ends_with_the_first_of_whatever_it_rests_on() -> None:
    into = [
        Rule(id="a", by="us", of="au", onward=True, since=BEFORE, revoked="2026-12-03"),
        Rule(id="b", by="au", of="jp", since=BEFORE, revoked="2026-12-02"),
    ]
    found = Found(ITEMS[0], Level.VERIFIED, until="2026-12-01")
    first = Statement(id="sha256:1", authority="jp", at=BEFORE, found=(found,))
    relayed = Found(ITEMS[0], Level.VERIFIED, links=(Link("b", "sha256:1"),))
    second = Statement(id="sha256:2", authority="au", at=BEFORE, found=(relayed,))
    (claim,) = Recognition(into, [first, second], "", NOW).of("us")[0]
    assert claim.expires == "2026-12-01"
    endless = msgspec.structs.replace(first, found=(Found(ITEMS[0], Level.VERIFIED),))
    (claim,) = Recognition(into, [endless, second], "", NOW).of("us")[0]
    assert claim.expires == "2026-12-02"
    (claim,) = Recognition(into, [endless], "", NOW).of("au")[0]
    assert claim.expires == "2026-12-02"


@given(st.permutations(range(3)), st.sampled_from(["", "2026-11-24", AFTER]))
def test_two_rules_of_one_name_count_for_nothing_in_any_order(
    order: list[int], revoked: str
) -> None:
    """Whichever of its statements came first, none of them counts."""

    def said(level: Level, since: str, revoked: str) -> Recognised:
        return Recognised(
            rule="r", by="us", of="au", level=int(level), items=("*",), types=(), without=(),
            onward=False, since=since, until="", revoked=revoked, person="Ana", why="agreed",
        )  # fmt: skip

    facts = [
        said(Level.VERIFIED, "2026-02-01", ""),
        said(Level.THIRD_PARTY, BEFORE, revoked),
        said(Level.VERIFIED, "2026-02-01", ""),
    ]
    (rule,) = known(facts[place] for place in order)
    assert not any(rule.stands(f"2026-{month:02}-15") for month in range(1, 13))
    assert rule.revoked == BEFORE


def test_a_type_that_any_link_names_is_left_out() -> None:
    """Whoever relays a verdict cannot call a network device something else."""
    into = [
        Rule(id="a", by="us", of="au", onward=True, without=("network device",), since=BEFORE),
        Rule(id="b", by="au", of="jp", since=BEFORE),
    ]
    found = (Found(ITEMS[0], Level.VERIFIED),)
    first = Statement(id="sha256:1", authority="jp", at=BEFORE, type="network device", found=found)
    relayed = (Found(ITEMS[0], Level.VERIFIED, links=(Link("b", "sha256:1"),)),)
    second = Statement(id="sha256:2", authority="au", at=BEFORE, type="application", found=relayed)
    claims, refused = Recognition(into, [first, second], "", NOW).of("us")
    assert claims == []
    assert "rule a leaves out network device" in {one.reason for one in refused}
    untold = msgspec.structs.replace(first, type="")
    assert Recognition(into, [untold, second], "", NOW).of("us")[0]
    assert Recognition(into, [first, second], "application", NOW).of("us")[0]
