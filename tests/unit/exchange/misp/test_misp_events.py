"""What is read of MISP's events, and the place of whatever is wrong in one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from misp_events import AT, attribute, data, event, item, name

from accord.core.errors import Invalid
from accord.exchange.misp import events
from accord.exchange.misp.reading import read as read_facts
from accord.exchange.threats.facts import StixIndicator
from accord.flows.recognise import recognise

EVIL = attribute(10, "domain", "evil.example")
ONE = event(EVIL)


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (ONE, ""),
        ({"Event": ONE}, "/Event"),
        ({"response": [{"Event": ONE}]}, "/response/0/Event"),
        ({"response": {"Event": ONE}}, "/response/Event"),
        ([{"Event": ONE}], "/0/Event"),
    ],
)
def test_an_event_is_read_however_it_is_wrapped(document: Any, place: str) -> None:
    body = json.dumps(document).encode()
    assert recognise(body) == "MISP event"
    (found,) = events.read(body)
    assert (found.place, found.uuid, len(found.attributes)) == (place, name(1), 1)


def test_several_events_are_read_and_none_of_them_is_the_documents_subject() -> None:
    body = json.dumps([{"Event": ONE}, {"Event": event(uuid=name(3))}]).encode()
    assert [one.uuid for one in events.read(body)] == [name(1), name(3)]
    assert read_facts(body).subject == ""
    assert read_facts(data(ONE)).subject == f"misp:{name(1)}"
    assert read_facts(data(ONE)).edition == "2030-01-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"uuid": "7"}, "/Event/uuid"),
        ({"uuid": None}, "/Event/uuid"),
        ({"timestamp": "yesterday"}, "/Event/timestamp"),
        ({"timestamp": True}, "/Event/timestamp"),
        ({"timestamp": "-1"}, "/Event/timestamp"),
        ({"date": "31 January"}, "/Event/date"),
        ({"info": ["x"]}, "/Event/info"),
        ({"Attribute": {}}, "/Event/Attribute"),
        ({"Object": "none"}, "/Event/Object"),
    ],
)
def test_an_event_that_breaks_the_format_is_refused_with_its_place(
    change: dict[str, Any], place: str
) -> None:
    with pytest.raises(Invalid) as caught:
        events.read(data(ONE | change))
    assert caught.value.place == place


@pytest.mark.parametrize("document", [{"response": 7}, {"Event": []}, {"Event": {"id": "1"}}, [7]])
def test_what_is_no_event_is_refused(document: Any) -> None:
    with pytest.raises(Invalid):
        events.read(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"uuid": "evil"}, "/uuid"),
        ({"value": 7}, "/value"),
        ({"value": ""}, ""),
        ({"type": None}, ""),
        ({"to_ids": "perhaps"}, "/to_ids"),
        ({"timestamp": "99999999999999"}, "/timestamp"),
        ({"first_seen": "once"}, "/first_seen"),
        ({"first_seen": "2030-01-02T00:00:00Z", "last_seen": "2030-01-01T00:00:00Z"}, "/last_seen"),
        ({"uuid": EVIL["uuid"]}, "/uuid"),
        ({"value": "x" * (1 << 20) + "x"}, "/value"),
    ],
)
def test_an_attribute_that_breaks_the_format_is_refused_and_its_neighbours_are_kept(
    change: dict[str, Any], place: str
) -> None:
    bad = attribute(11, "domain", "bad.example") | change
    good = attribute(12, "domain", "good.example")
    reading = read_facts(data(event(EVIL, bad, Object=[item(20, bad, good)])))
    assert [one.place for one in reading.refused] == [
        f"/Event/Attribute/1{place}", f"/Event/Object/0/Attribute/0{place}",
    ]  # fmt: skip
    found = [one.place for one in reading.facts if isinstance(one, StixIndicator)]
    assert found == ["/Event/Attribute/0", "/Event/Object/0/Attribute/1"]


def test_older_forms_of_numbers_and_truths_are_read() -> None:
    old = attribute(11, "domain", "a.example", to_ids="1", timestamp=AT, deleted=0)
    (found,) = events.read(data(event(old, timestamp=AT)))
    (one,) = found.attributes
    assert (one.to_ids, one.deleted, one.at) == (True, False, found.at)


def test_the_bounds_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST_ATTRIBUTES", 1)
    with pytest.raises(Invalid, match="the limit is 1"):
        events.read(data(event(EVIL, attribute(11, "domain", "b.example"))))
    monkeypatch.setattr(events, "MOST_EVENTS", 1)
    with pytest.raises(Invalid, match="the limit is 1"):
        events.read(json.dumps([{"Event": ONE}, {"Event": ONE}]).encode())


def test_a_key_that_stands_twice_is_refused() -> None:
    body = data(ONE)[:-2] + b', "distribution": "0"}}'
    with pytest.raises(Invalid, match="not JSON"):
        events.read(body)
