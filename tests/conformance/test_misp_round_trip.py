"""The real MISP events: read, as STIX and back without loss, as facts, and found again in logs."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from misp_events import MALFORMED, REAL, real
from shared import real_members

from accord.core.errors import Unreadable
from accord.exchange.hunting.patterns import parse
from accord.exchange.misp import back
from accord.exchange.misp.convert import Made, bundle, convert
from accord.exchange.misp.events import Event, read
from accord.exchange.misp.reading import read as read_facts
from accord.exchange.threats.facts import StixIndicator

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "misp.md"
_BEGIN = "| type | read | as STIX | back | lost |"


def attributes(event: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every attribute with the object that it belongs to."""
    inside = [(one["uuid"], each) for one in event.get("Object", []) for each in one["Attribute"]]
    return [*(("", each) for each in event["Attribute"]), *inside]


@cache
def known() -> tuple[tuple[Event, Made, dict[str, Any]], ...]:
    """Each event, what it became, and the event again."""
    return tuple(_there_and_back(one) for _, body in real() for one in read(body))


def _there_and_back(event: Event) -> tuple[Event, Made, dict[str, Any]]:
    made = convert(event)
    (again,) = back.events(json.loads(json.dumps(bundle([made])))["objects"]).events
    return event, made, again


def test_the_malformed_file_is_refused_with_its_place() -> None:
    (body,) = (body for name, body in real_members(REAL, ".json") if name == MALFORMED)
    with pytest.raises(Unreadable, match="byte 1532403"):
        read_facts(body)


def test_every_event_comes_back_with_every_member() -> None:
    for event, _, again in known():
        assert again == event.value


def test_the_table_of_counts_is_that_of_this_run() -> None:
    """`docs/misp.md` holds what this prints."""
    rows: Counter[str] = Counter()
    equals: Counter[str] = Counter()
    returned: Counter[str] = Counter()
    for event, made, again in known():
        equals.update(each.type for each, type_ in made.equals if type_ != "note")
        before = attributes(event.value)
        rows.update(each["type"] for _, each in before)
        after = attributes(again)
        returned.update(each["type"] for owner, each in after if (owner, each) in before)
    lines = [
        f"| `{kind.replace('|', chr(92) + '|')}` | {count:,} | {equals[kind]:,} |"
        f" {returned[kind]:,} | {count - returned[kind]:,} |"
        for kind, count in sorted(rows.items())
    ]
    total = f"| all | {rows.total():,} | {equals.total():,} | {returned.total():,} | 0 |"
    table = "\n".join([_BEGIN, "|---|--:|--:|--:|--:|", *lines, total])
    assert rows.total() == 4_077
    assert table in _PAGE.read_text(), f"the table in docs/misp.md should be:\n{table}"


def test_every_indicator_is_one_that_was_to_be_detected_and_can_be_looked_for() -> None:
    wanted = found = 0
    for _, body in real():
        reading = read_facts(body)
        assert reading.refused == []
        (event,) = read(body)
        flagged = {
            f"indicator--{each['uuid']}": each
            for _, each in attributes(event.value)
            if each["to_ids"]
        }
        made = {one.object: one for one in reading.facts if isinstance(one, StixIndicator)}
        assert made.keys() <= flagged.keys()
        assert {flagged[one]["type"] for one in flagged.keys() - made.keys()} <= {"text"}
        for one in made.values():
            parse(one.pattern)
        wanted, found = wanted + len(flagged), found + len(made)
    assert (wanted, found) == (1_309, 1_265)
