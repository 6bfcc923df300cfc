"""What was made of an object, by redaction or without its source, beside the object itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sharing
from exchange_nodes import NOW, HandClock
from sharing import house, indicator, load, one, shared

from accord.cli.share import lines
from accord.flows.exchange.sharing import audience
from accord.identity.markings import Pap, Tlp, marking_id
from accord.wiring import Node

SOURCE = sharing.name_of("identity", "source")
SOON = "2026-03-02T09:00:00.000000Z"


@pytest.fixture(scope="module")
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="module")
def house_(tmp_path_factory: pytest.TempPathFactory, clock: HandClock) -> Iterator[Node]:
    """Australia, with audiences of two, of one of these, and of everyone."""
    made = house(tmp_path_factory.mktemp("forms"), clock=clock)
    audience.create(made.owner, "japan", ["japan"])
    audience.create(made.owner, "all", everyone=True)
    yield made
    sharing.check(made)
    made.engine.dispose()


@pytest.fixture
def node(house_: Node, clock: HandClock) -> Node:
    """The same for all tests, each with objects of its own, on the same day."""
    clock.at = NOW
    return house_


def named(name: str) -> dict[str, Any]:
    """An indicator that says who made it, and is not marked."""
    return indicator(name, None, created_by_ref=SOURCE)


def test_a_form_under_a_milder_marking_says_of_what_it_was_made(node: Node) -> None:
    value = named("first")
    load(node, value)
    assert one(node, value["id"], "japan", tlp=Tlp.RED, pap=Pap.RED).what == "shared"
    outcome = one(node, value["id"], "all", tlp=Tlp.CLEAR, pap=Pap.CLEAR, anonymous=True)
    assert (outcome.what, outcome.tlp) == ("shared", "CLEAR")
    (told,) = outcome.warnings
    assert told.startswith(
        f"it was made of {value['id']}, which audience japan has as RED PAP:RED; this is CLEAR"
    )
    assert f"    {told}" in lines(outcome)
    again = one(node, value["id"], "all", tlp=Tlp.CLEAR, pap=Pap.CLEAR, anonymous=True)
    assert (again.what, again.warnings) == ("already shared", outcome.warnings)


def test_a_form_as_strict_as_what_it_was_made_of_says_nothing(node: Node, clock: HandClock) -> None:
    value, other = named("0"), named("other")
    load(node, value, other)
    one(node, value["id"], "pair", tlp=Tlp.AMBER, expires=SOON)
    strict = one(node, value["id"], "all", tlp=Tlp.AMBER_STRICT, expires=SOON, anonymous=True)
    assert (strict.what, strict.warnings) == ("shared", ())
    assert one(node, other["id"], "all", tlp=Tlp.CLEAR, anonymous=True).warnings == ()
    clock.at = SOON
    after = one(node, value["id"], "all", tlp=Tlp.CLEAR, anonymous=True)
    assert (after.what, after.tlp, after.warnings) == ("shared", "CLEAR", ()), "it has expired"


def test_of_another_version_a_form_says_nothing(node: Node) -> None:
    value = named("1")
    load(node, value)
    one(node, value["id"], "japan", tlp=Tlp.RED)
    load(node, value | {"modified": sharing.LATER})
    outcome = one(node, value["id"], "all", tlp=Tlp.CLEAR, anonymous=True)
    assert (outcome.what, outcome.version[:10], outcome.warnings) == ("shared", "2026-01-02", ())


def test_without_a_marking_asked_a_form_has_the_strictest_of_what_it_was_made_of(
    node: Node,
) -> None:
    value = named("2")
    digest = load(node, value)
    shared(node, digest, "pair", tlp=Tlp.AMBER_STRICT, pap=Pap.RED, expires=SOON)
    outcome = one(node, digest, "all", anonymous=True)
    assert (outcome.what, outcome.tlp) == ("shared", "AMBER+STRICT")
    (told,) = outcome.warnings
    had = f"audience pair has {value['id']} as AMBER+STRICT PAP:RED until 2026-03-02T09:00:00"
    assert told == f"{had}: what is made of it is so too, where the command says nothing else"
    (copy,) = node.sharing.known([outcome.object]).copies
    assert (copy.pap, copy.expires) == (Pap.RED, SOON)
    milder = one(node, digest, "all", tlp=Tlp.GREEN, anonymous=True, everywhere=True)
    assert milder.tlp == "GREEN"
    assert [text.partition(",")[0] for text in milder.warnings[-1:]] == [
        f"it was made of {value['id']}"
    ]


def test_what_is_made_of_red_goes_to_no_audience_of_everyone_unasked(node: Node) -> None:
    value = named("3")
    digest = load(node, value)
    shared(node, digest, "pair", tlp=Tlp.RED)
    outcome = one(node, digest, "all", anonymous=True)
    assert (outcome.what, outcome.tlp, outcome.rule) == ("refused", "RED", "tlp-red-named-only")
    assert f"audience pair has {value['id']} as RED" in outcome.reason
    assert one(node, digest, "japan", anonymous=True).tlp == "RED"


def test_a_redaction_by_fields_only_warns(node: Node) -> None:
    """The cut fields are what made the object stricter: its form keeps its own marking."""
    value = indicator(
        "fields",
        Tlp.GREEN,
        description="for few",
        granular_markings=[{"marking_ref": marking_id(Tlp.RED), "selectors": ["description"]}],
    )
    digest = load(node, value)
    assert one(node, digest, "japan", tlp=Tlp.RED).tlp == "RED"
    outcome = one(node, digest, "all", tlp=Tlp.GREEN)
    assert (outcome.what, outcome.tlp, outcome.redacted) == ("shared", "GREEN", True)
    (told,) = outcome.warnings
    assert f"it was made of {value['id']}, which audience japan has as RED" in told
