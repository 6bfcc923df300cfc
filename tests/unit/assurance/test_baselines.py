"""Baselines: strict to read, one at a time in force."""

from __future__ import annotations

import json

import pytest
import standards

from accord.assurance.baselines import reader
from accord.assurance.baselines.timeline import Overlap, in_force, timeline
from accord.assurance.facts import Baseline, Requirement
from accord.assurance.model import Level
from accord.core import yaml
from accord.core.errors import Invalid
from accord.core.times import when


def test_a_baseline_in_yaml_and_in_json_is_the_same() -> None:
    reading = reader.read(standards.BASELINE.encode())
    head, line = reading.facts
    assert isinstance(head, Baseline)
    assert isinstance(line, Requirement)
    assert (head.baseline, head.since, head.until) == ("kite", "2026-01-01T00:00:00.000000Z", "")
    assert line.items == (
        ("ssdf@1.1#PO.1.1",),
        ("ssdf@1.1#PO.1.2", "lantern-manual@2026.1#lm-1"),
    )
    assert (line.level, line.days, line.grace, line.must) == (Level.THIRD_PARTY, 365, 30, True)
    document = yaml.decode(standards.BASELINE.encode())
    for one in document["requirements"]:
        one["days"], one["grace"] = int(one["days"]), int(one["grace"])
    assert reader.read(json.dumps(document).encode()).facts == reading.facts


@pytest.mark.parametrize(
    ("found", "instead", "place", "told"),
    [
        ("owner:", "ownr:", "", "unknown field `ownr`"),
        ("since: 2026-01-01", "since: soon", "/since", "not a date"),
        ("since: 2026-01-01", "since: ''", "/since", "the day from which"),
        ("since: 2026-01-01", "since: 2026-01-01\nuntil: 2025-01-01", "/until", "before it begins"),
        ("level: third party", "level: unknown", "/requirements/0/level", "no level to ask for"),
        ("level: third party", "level: sure", "/requirements/0/level", "no level to ask for"),
        ("[attestation form]", "[hearsay]", "/requirements/0/accepts/0", "no kind of evidence"),
        ("ssdf@1.1#PO.1.1,", "ssdf#PO.1.1,", "/requirements/0/items/0", "is no item"),
        ("ssdf@1.1#PO.1.2,", "ssdf@1.1#PZ.1,", "/requirements/0/items/1/0", "has no item"),
        ("ssdf@1.1#PO.1.1,", "[],", "/requirements/0/items/0", "a choice of nothing"),
        ("group: prepare", "group: hope", "", "hope"),
        ("days: 365", "days: -1", "/requirements/0/days", "days from 0"),
        ("baseline: kite", "baseline: Kite!", "/baseline", "short name"),
        ("baseline: kite", "baseline: kite\nbaseline: kite", "line 2", "stands twice"),
        ("source: Kite's own rules of 2026", "source: ''", "/requirements/0/source", "say it"),
    ],
)
def test_what_is_wrong_refuses_the_whole_baseline_and_names_the_place(
    found: str, instead: str, place: str, told: str
) -> None:
    assert found in standards.BASELINE
    with pytest.raises(Invalid) as wrong:
        reader.read(standards.BASELINE.replace(found, instead).encode())
    assert told in str(wrong.value)
    assert wrong.value.place == place


def test_an_empty_baseline_is_refused() -> None:
    text = standards.BASELINE.partition("requirements:")[0] + "requirements: []\n"
    with pytest.raises(Invalid, match="would accept everything"):
        reader.read(text.encode())


def test_two_requirements_of_one_name_are_refused() -> None:
    line = standards.BASELINE.partition("requirements:\n")[2]
    with pytest.raises(Invalid, match="'k-1' stands twice; the first is at /requirements/0"):
        reader.read((standards.BASELINE + line).encode())


def test_a_slip_in_an_item_is_put_right_and_reported() -> None:
    reading = reader.read(standards.BASELINE.replace("#PO.1.1,", "#P0.1.1,").encode())
    assert isinstance(reading.facts[1], Requirement)
    assert reading.facts[1].items[0] == ("ssdf@1.1#PO.1.1",)
    assert [note.reason for note in reading.not_evaluated] == ["identifier corrected"]


def version(number: str, since: str, until: str = "") -> Baseline:
    return Baseline("kite", "Kite", number, when(since), when(until))


OPEN, NEXT = version("1", "2024-01-01"), version("2", "2025-01-01", "2025-06-01")


@pytest.mark.parametrize(
    ("day", "number"),
    [
        ("2023-12-31", None),
        ("2024-01-01", "1"),
        ("2024-12-31", "1"),
        ("2025-01-01", "2"),
        ("2025-05-31", "2"),
        ("2025-06-01", None),
    ],
)
def test_one_version_holds_at_a_time(day: str, number: str | None) -> None:
    found = in_force([NEXT, OPEN], when(day))
    assert (found.version if found else None) == number


@pytest.mark.parametrize(
    "other",
    [version("3", "2024-01-01"), version("3", "2023-01-01", "2024-01-02")],
)
def test_versions_that_overlap_are_an_error_that_names_both(other: Baseline) -> None:
    with pytest.raises(Overlap) as wrong:
        timeline([OPEN, other])
    assert "kite@1 (2024-01-01 to open)" in wrong.value.reason
    assert "kite@3 (" in wrong.value.reason


def test_an_end_on_the_day_of_the_next_beginning_is_no_overlap() -> None:
    assert len(timeline([version("0", "2023-01-01", "2024-01-01"), OPEN])) == 2
