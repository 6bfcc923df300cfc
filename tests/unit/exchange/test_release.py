from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import msgspec
import pytest
from release_table import ALL, COLOURS, JAPAN, NAMED, ORIGINS, OWNER, ROWS, Row, client, may

from accord.exchange import release
from accord.exchange.release import Circle, Decision, Subject, Use, Way, decide, permits
from accord.exchange.rules import ALLOWS, DENIES, RULES
from accord.identity.markings import Marking, Pap, Tlp
from accord.identity.recipients import PUBLIC, SELF, Recipient

NOW = "2026-11-23T12:00:00.000000Z"
BEFORE = "2026-11-23T11:59:59.999999Z"
AFTER = "2026-11-23T12:00:00.000001Z"
OPERATOR = client("operator", Tlp.AMBER)
BODY = b'{"name": "one"}'


def subject(tlp: Tlp = Tlp.GREEN, **members: Any) -> Subject:
    plain: dict[str, Any] = {"object": "indicator--1", "version": "", "type": "indicator"}
    plain |= {"origin": OWNER, "marking": Marking(tlp), "body": BODY}
    return Subject(**(plain | members))


def ask(
    one: Subject,
    recipient: Recipient = JAPAN,
    way: Way = Way.SYNC,
    circle: Circle | None = NAMED,
    now: str = NOW,
) -> Decision:
    return decide(one, recipient, way, circle if recipient.kind == "partner" else None, OWNER, now)


def combinations() -> Iterator[tuple[Row, Tlp, str, Way]]:
    yield from product(ROWS, COLOURS, ORIGINS, Way)


def test_the_table_of_tlp() -> None:
    """Every recipient, colour, origin and way out, beside a table made by hand."""
    count = 0
    for row, tlp, origin, way in combinations():
        found = decide(subject(tlp, origin=origin), row.recipient, way, row.circle, OWNER, NOW)
        expected = may(row, tlp, origin, way)
        assert (found.outcome == "yes") is expected, (row.name, tlp, origin, way, found.rule)
        assert found.body == (BODY if expected else b"")
        assert found.marking == (Marking(tlp) if expected else None)
        assert found.rule in (ALLOWS if expected else DENIES)
        count += 1
    assert count == len(ROWS) * 5 * 3 * 13


@pytest.mark.parametrize(
    ("one", "recipient", "way", "circle", "rule"),
    [
        (subject(Tlp.RED), SELF, Way.PAGE, None, "own-people"),
        (subject(Tlp.RED, origin="japan"), JAPAN, Way.SYNC, ALL, "originator"),
        (subject(Tlp.CLEAR), JAPAN, Way.SYNC, NAMED, "clear"),
        (subject(Tlp.GREEN), JAPAN, Way.SYNC, NAMED, "green"),
        (subject(Tlp.AMBER), OPERATOR, Way.FEED, None, "amber"),
        (subject(Tlp.AMBER_STRICT), JAPAN, Way.SYNC, NAMED, "amber-strict"),
        (subject(Tlp.RED), JAPAN, Way.SYNC, NAMED, "red-named"),
        (subject(Tlp.RED), JAPAN, Way.SYNC, ALL, "tlp-red-named-only"),
        (subject(Tlp.RED), OPERATOR, Way.FEED, None, "tlp-red-named-only"),
        (subject(Tlp.AMBER_STRICT), OPERATOR, Way.FEED, None, "tlp-amber-strict"),
        (subject(Tlp.AMBER), client("supplier", Tlp.AMBER), Way.FEED, None, "tlp-amber-operators"),
        (subject(Tlp.AMBER), client("operator", Tlp.GREEN), Way.FEED, None, "client-entitlement"),
        (subject(Tlp.GREEN), PUBLIC, Way.FEED, None, "public-only-clear"),
        (subject(Tlp.CLEAR), PUBLIC, Way.SYNC, None, "sync-partners-only"),
        (subject(Tlp.CLEAR), OPERATOR, Way.SYNC, None, "sync-partners-only"),
        (subject(Tlp.AMBER, origin="india"), JAPAN, Way.SYNC, NAMED, "relay"),
        (subject(Tlp.CLEAR), Recipient("partner", "india"), Way.SYNC, NAMED, "not-a-member"),
        (subject(Tlp.CLEAR, unknown=True), JAPAN, Way.SYNC, NAMED, "unknown-marking"),
        (subject(Tlp.CLEAR, unknown=True), PUBLIC, Way.LIST, None, "unknown-marking"),
        (subject(Tlp.CLEAR, unknown=True), OPERATOR, Way.LIST, None, "unknown-marking"),
        (subject(unknown=True, origin="japan"), JAPAN, Way.SYNC, NAMED, "originator"),
        (subject(Tlp.CLEAR), Recipient("guest"), Way.LIST, None, "unknown-recipient"),  # type: ignore[arg-type]
        (subject(Tlp.CLEAR), PUBLIC, "list", None, "unknown-way"),
        (subject(Tlp.CLEAR), JAPAN, "sync", NAMED, "unknown-way"),
        (subject(state="held"), JAPAN, Way.SYNC, NAMED, "held"),
        (subject(state="recalled", origin="japan"), JAPAN, Way.SYNC, NAMED, "recalled"),
        (subject(state="replaced"), JAPAN, Way.SYNC, NAMED, "replaced"),
        (subject(state="expired"), JAPAN, Way.SYNC, NAMED, "expired"),
        (subject(state=""), JAPAN, Way.SYNC, NAMED, "unknown-state"),
        (subject(state="green"), JAPAN, Way.SYNC, NAMED, "unknown-state"),
    ],
)
def test_rules(
    one: Subject, recipient: Recipient, way: Way, circle: Circle | None, rule: str
) -> None:
    found = decide(one, recipient, way, circle, OWNER, NOW)
    assert found.rule == rule
    assert (found.outcome == "yes") is (rule in ALLOWS)


def test_every_rule_has_a_sentence() -> None:
    assert set(ALLOWS) | set(DENIES) == set(RULES)
    assert not set(ALLOWS) & set(DENIES)
    assert all(sentence and not sentence.endswith(".") for sentence in RULES.values())


def test_embargo() -> None:
    def until(moment: str) -> Subject:
        return subject(marking=Marking(Tlp.GREEN, release_at=moment))

    assert ask(until(AFTER)).rule == "embargo"
    assert ask(until(NOW)).rule == "green"
    assert ask(until(BEFORE)).rule == "green"
    assert ask(until(AFTER), OPERATOR, Way.LIST).rule == "embargo"
    assert ask(until(AFTER), SELF).rule == "own-people"
    assert ask(until(AFTER), Recipient("partner", "india")).rule == "not-a-member"
    assert ask(until(AFTER), now="").rule == "embargo"


def test_expiry() -> None:
    def until(moment: str) -> Subject:
        return subject(marking=Marking(Tlp.GREEN, expires=moment))

    assert ask(until(AFTER)).rule == "green"
    assert ask(until(NOW)).rule == "expired"
    assert ask(until(BEFORE)).rule == "expired"
    assert ask(until(AFTER), now="").rule == "expired"
    assert ask(until(BEFORE), SELF).rule == "own-people"


def link(*ends: Subject | None, **members: Any) -> Subject:
    return subject(Tlp.CLEAR, object="relationship--1", type="relationship", ends=ends, **members)


def test_a_relationship_shows_only_where_all_its_ends_do() -> None:
    clear, green, red = subject(Tlp.CLEAR), subject(Tlp.GREEN), subject(Tlp.RED)
    assert ask(link(clear, green)).rule == "clear"
    assert ask(link(clear, clear), PUBLIC, Way.LIST).rule == "clear"
    assert ask(link(clear, green), PUBLIC, Way.LIST).rule == "ends-hidden"
    assert ask(link(clear, red), JAPAN, Way.SYNC, ALL).rule == "ends-hidden"
    assert ask(link(clear, None)).rule == "ends-hidden"
    assert ask(link()).rule == "ends-hidden"
    assert ask(link(clear, subject(state="recalled"))).rule == "ends-hidden"
    assert ask(link(clear, red), SELF).rule == "own-people"
    assert ask(link(clear, red, origin="japan"), JAPAN, Way.SYNC, ALL).rule == "originator"


@pytest.mark.parametrize("kind", ["relationship", "sighting", "language-content"])
def test_what_connects_must_have_ends(kind: str) -> None:
    assert ask(subject(Tlp.CLEAR, type=kind)).rule == "ends-hidden"


def test_ends_of_ends() -> None:
    inner = link(subject(Tlp.CLEAR), subject(Tlp.AMBER))
    assert ask(link(inner, subject(Tlp.CLEAR))).rule == "clear"
    assert (
        ask(link(inner, subject()), client("operator", Tlp.GREEN), Way.LIST).rule == "ends-hidden"
    )


def test_a_chain_that_is_too_long() -> None:
    chain = subject(Tlp.CLEAR)
    for _ in range(release._DEPTH):
        chain = link(chain, subject(Tlp.CLEAR))
    assert ask(chain).rule == "clear"
    assert ask(link(chain, subject(Tlp.CLEAR))).outcome == "no"
    for _ in range(2000):
        chain = link(chain, chain)
    assert ask(chain).outcome == "no"


def test_a_wide_graph_is_followed_once() -> None:
    layer = tuple(subject(Tlp.CLEAR) for _ in range(30))
    for _ in range(release._DEPTH):
        layer = tuple(link(*layer) for _ in range(30))
    assert ask(layer[0]).rule == "clear"


def test_what_is_derived() -> None:
    def made(*sources: Subject | None, tlp: Tlp = Tlp.CLEAR) -> Subject:
        return subject(tlp, sources=sources)

    amber, theirs = subject(Tlp.AMBER), subject(Tlp.AMBER, origin="japan")
    assert ask(made(subject(Tlp.GREEN))).marking == Marking(Tlp.GREEN)
    assert ask(made(amber)).marking == Marking(Tlp.AMBER)
    assert ask(made(amber), OPERATOR, Way.COUNT).rule == "clear"
    assert ask(made(amber), PUBLIC, Way.COUNT).rule == "derived"
    assert ask(made(theirs)).rule == "clear"
    assert ask(made(theirs), Recipient("partner", "united-states")).rule == "derived"
    assert ask(made(subject(), None)).rule == "derived"
    assert ask(made(subject(state="recalled"))).rule == "derived"
    assert ask(made(made(subject(Tlp.RED))), JAPAN, Way.SYNC, ALL).rule == "derived"
    assert ask(made(made(subject(Tlp.RED)))).marking == Marking(Tlp.RED)
    pap = subject(marking=Marking(Tlp.GREEN, Pap.RED, expires=AFTER))
    assert ask(made(pap)).marking == Marking(Tlp.GREEN, Pap.RED, expires=AFTER)


@pytest.mark.parametrize("way", [way for way in Way if way is not Way.SYNC])
def test_every_way_out_is_decided_alike(way: Way) -> None:
    """A count counts only what would be released; so does a name, a status, an error."""
    for row, tlp, origin in product(ROWS, COLOURS, ORIGINS):
        one = subject(tlp, origin=origin)
        found = decide(one, row.recipient, way, row.circle, OWNER, NOW)
        assert found == decide(one, row.recipient, Way.OBJECT, row.circle, OWNER, NOW)


def test_pap() -> None:
    allowed = {
        Pap.CLEAR: {Use.OWN_LOGS, Use.LOOK_UP, Use.ACTIVE},
        Pap.GREEN: {Use.OWN_LOGS, Use.LOOK_UP, Use.ACTIVE},
        Pap.AMBER: {Use.OWN_LOGS, Use.LOOK_UP},
        Pap.RED: {Use.OWN_LOGS},
    }
    for pap, use in product(Pap, Use):
        assert permits(Marking(Tlp.CLEAR, pap), use) is (use in allowed[pap])


def test_pap_does_not_limit_sharing() -> None:
    for pap in Pap:
        assert ask(subject(marking=Marking(Tlp.GREEN, pap))).rule == "green"


def test_a_decision_says_nothing_of_what_stays() -> None:
    for row, tlp, origin, way in combinations():
        found = decide(subject(tlp, origin=origin), row.recipient, way, row.circle, OWNER, NOW)
        if found.outcome == "no":
            assert found == Decision("no", found.rule)
            assert b"one" not in msgspec.json.encode(found)
