from __future__ import annotations

import csv
from itertools import pairwise, product

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared import real_members

from accord.supply.matching import ssvc
from accord.supply.matching.signals import Signal, Signals, Threat

VALUES: dict[str, tuple[str, ...]] = {
    "exploitation": ssvc.EXPLOITATION,
    "automatable": ssvc.AUTOMATABLE,
    "technical_impact": ssvc.TECHNICAL_IMPACT,
    "mission": ssvc.HUMAN_IMPACT,
    "exposure": ssvc.EXPOSURE,
}
inputs = st.builds(
    ssvc.Inputs, **{name: st.sampled_from(["", *values]) for name, values in VALUES.items()}
)


def inputs_of(values: tuple[str, ...]) -> ssvc.Inputs:
    return ssvc.Inputs(**dict(zip(VALUES, values, strict=True)))  # type: ignore[arg-type]


def pressing(found: ssvc.Outcome) -> tuple[int, int]:
    """Smaller is more pressing, in both tables."""
    return ssvc.DECISIONS.index(found.decision), ssvc.URGENCIES.index(found.urgency)


def milder(one: ssvc.Outcome, other: ssvc.Outcome) -> bool:
    return any(a > b for a, b in zip(pressing(one), pressing(other), strict=True))


@given(inputs, st.sampled_from(sorted(VALUES)))
def test_a_worse_input_never_gives_a_milder_outcome(given_: ssvc.Inputs, name: str) -> None:
    outcomes = [
        ssvc.decide(msgspec.structs.replace(given_, **{name: value})) for value in VALUES[name]
    ]
    for better, worse in pairwise(outcomes):
        assert not milder(worse, better)


@given(inputs, st.sampled_from(sorted(VALUES)))
def test_an_unknown_input_is_never_milder_than_any_value_and_is_named(
    given_: ssvc.Inputs, name: str
) -> None:
    unknown = ssvc.decide(msgspec.structs.replace(given_, **{name: ""}))
    for value in VALUES[name]:
        known = ssvc.decide(msgspec.structs.replace(given_, **{name: value}))
        assert not milder(unknown, known)
        assert len(unknown.assumed) == len(known.assumed) + 1


def test_what_is_ruled_out_is_not_assumed() -> None:
    found = ssvc.decide(ssvc.Inputs(ruled_out=("active",)))
    assert found.assumed[0] == "exploitation: public poc"
    assert ssvc.decide(ssvc.Inputs()).assumed[0] == "exploitation: active"


@pytest.mark.parametrize(
    ("given_", "decision", "urgency"),
    [
        (("none", "no", "partial", "low", "small"), "track", "defer"),
        (("active", "yes", "total", "high", "open"), "act", "immediate"),
        (("public poc", "yes", "total", "medium", "controlled"), "track*", "scheduled"),
        (("active", "no", "partial", "high", "small"), "attend", "out-of-cycle"),
        (("", "", "", "", ""), "act", "immediate"),
    ],
)
def test_some_outcomes_as_published(given_: tuple[str, ...], decision: str, urgency: str) -> None:
    found = ssvc.decide(inputs_of(given_))
    assert (found.decision, found.urgency) == (decision, urgency)


def test_every_combination_has_an_outcome() -> None:
    assert len(ssvc.CISA.cells) == 3 * 2 * 2 * 3
    assert len(ssvc.DEPLOYER.cells) == 3 * 3 * 2 * 4
    for values in product(*VALUES.values()):
        assert ssvc.decide(inputs_of(values)).assumed == ()


@pytest.mark.parametrize(
    ("file", "table"),
    [
        ("cisa_coordinator_2_0_3.csv", ssvc.CISA),
        ("deployer_patch_application_priority_1_0_0.csv", ssvc.DEPLOYER),
    ],
)
def test_the_tables_are_the_published_ones(file: str, table: ssvc.Table) -> None:
    members = dict(real_members("data/ssvc/decision-tables.zip", file))
    (data,) = members.values()
    rows = list(csv.reader(data.decode().splitlines()))[1:]
    published = {
        tuple(value.strip().lower() for value in values): outcome.strip().lower()
        for _, *values, outcome in rows
    }
    assert dict(table.cells) == published


def threat(*found: Signal, catalogue: bool = False) -> Threat:
    return Signals({"N": found}, catalogue=catalogue).of(("N",))


def known_exploited(day: str = "2026-01-01T00:00:00.000000Z") -> Signal:
    return Signal(1, "known exploited", (day, False, "", ""))


def sighting(count: int = 1) -> Signal:
    return Signal(1, "sighting", (count, "s", "P", "", "", "", False))


@given(st.sampled_from(["", *ssvc.EXPLOITATION]), inputs)
def test_being_exploited_or_seen_never_lowers_a_decision(
    exploitation: str, rest: ssvc.Inputs
) -> None:
    judged = Signal(1, "ssvc", (exploitation, rest.automatable, rest.technical_impact, "", ""))
    for catalogue in (False, True):
        before = threat(judged, catalogue=catalogue).inputs(rest.mission, rest.exposure)
        for more in (known_exploited(), sighting()):
            after = threat(judged, more, catalogue=catalogue).inputs(rest.mission, rest.exposure)
            assert not milder(ssvc.decide(after), ssvc.decide(before))
            assert after.exploitation == "active"
