from __future__ import annotations

from itertools import permutations

import pytest

from accord.supply.matching.signals import Signal, Signals, Threat


def threat(*found: Signal, catalogue: bool = False) -> Threat:
    return Signals({"N": found}, catalogue=catalogue).of(("N",))


def ssvc(exploitation: str, automatable: str, impact: str, at: str) -> Signal:
    return Signal(1, "ssvc", (exploitation, automatable, impact, at, ""))


def score(value: float | None, word: str = "") -> Signal:
    return Signal(1, "score", (value, word, "", ""))


def test_the_latest_judgement_counts_input_by_input() -> None:
    found = [ssvc("none", "yes", "total", "2026-01-01"), ssvc("active", "", "", "2026-01-02")]
    for order in permutations(found):
        seen = threat(*order)
        assert (seen.exploitation, seen.automatable, seen.technical_impact) == (
            "active", "yes", "total",
        )  # fmt: skip


def test_of_equally_late_judgements_the_graver_counts() -> None:
    found = [ssvc("none", "yes", "partial", "2026"), ssvc("active", "yes", "partial", "2026")]
    for order in permutations(found):
        assert threat(*order).exploitation == "active"


@pytest.mark.parametrize(
    ("value", "word"),
    [(10.0, "critical"), (9.0, "critical"), (8.9, "high"), (7.0, "high"), (6.9, "medium"),
     (4.0, "medium"), (3.9, "low"), (0.1, "low"), (0.0, "none")],
)  # fmt: skip
def test_a_score_has_the_word_that_cvss_gives_it(value: float, word: str) -> None:
    assert threat(score(value)).severity == word


def test_the_highest_score_counts_and_a_word_only_without_any() -> None:
    assert (threat(score(3.0), score(9.8)).score, threat(score(3.0, "critical")).severity) == (
        9.8, "low",
    )  # fmt: skip
    assert threat(score(None, "low"), score(None, "high")).severity == "high"


def test_the_latest_day_of_the_odds_counts_not_the_highest() -> None:
    found = [
        Signal(1, "epss", (0.9, "2026-01-01", 0.0)),
        Signal(2, "epss", (0.1, "2026-01-02", 0.0)),
    ]
    for order in permutations(found):
        assert threat(*order).epss == 0.1
    assert threat().epss is None


def test_the_first_day_on_which_a_catalogue_listed_it_is_kept() -> None:
    found = [
        Signal(1, "known exploited", (f"2026-01-0{day}", day == 2, "", "")) for day in (2, 1, 3)
    ]
    assert (threat(*found).exploited_since, threat(*found).ransomware) == ("2026-01-01", True)


def test_only_a_catalogue_that_is_here_can_leave_it_out() -> None:
    assert threat(catalogue=True).not_catalogued
    assert not threat().not_catalogued
    assert threat(catalogue=True).inputs("low", "small").ruled_out == ("active",)
    assert threat().inputs("low", "small").ruled_out == ()


def test_facts_of_every_name_are_gathered_and_sightings_counted() -> None:
    seen = [Signal(1, "sighting", (count, str(count), "", "", "", "", False)) for count in (2, 3)]
    signals = Signals({"A": seen[:1], "B": seen[1:], "C": [score(9.0)]})
    assert signals.of(("A", "B")).sightings == 5
    assert signals.of(("A", "B")).score is None


def test_actors_are_named_once_in_order() -> None:
    found = [Signal(1, "exploits", (name, "exploits", "")) for name in ("B", "A", "B")]
    assert threat(*found).actors == ("A", "B")
