"""TAXII over both databases: order, filters, versions, receipts, and what is posted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from door_house import ME, House, made, partner, stix, stix_id

from accord.flows.exchange.messages import Request
from accord.identity.markings import Marking, Tlp
from accord.identity.recipients import Recipient
from accord.store.exchange.inbox import SqlInbox

OPERATOR = Recipient("client", "grid-siem", "Grid", "operator", Tlp.AMBER)
ALL = "/taxii2/api/collections/all/objects/"
INBOX = "/taxii2/api/collections/inbox/objects/"
TYPED = (("content-type", "application/taxii+json;version=2.1"),)


def get(house: House, path: str, query: str = "", caller: Recipient = OPERATOR) -> Any:
    answer = house.taxii.answer(caller, Request("GET", path, query))
    assert answer.status == 200, answer
    return msgspec.json.decode(answer.body)


def post(house: House, body: bytes) -> Any:
    answer = house.taxii.answer(OPERATOR, Request("POST", INBOX, "", TYPED, body))
    assert answer.status == 202, answer
    return msgspec.json.decode(answer.body)


def test_pages_filters_and_receipts(database_url: str, tmp_path: Path) -> None:
    house = made(database_url, tmp_path)
    house.audience("power", "japan")
    house.audience("grid", "japan", "india")
    for moment in ("2030-02-01T00:00:00.000Z", "2030-03-01T00:00:00.000Z"):
        house.share("power", [stix("malware", "twice", modified=moment)])
    both = house.keep([stix("tool", f"t{number}") for number in range(9)], Marking(Tlp.GREEN))
    house.append("power", both)
    house.append("grid", both)
    for caller in (OPERATOR, partner("japan")):
        seen: list[str] = []
        query = "limit=4"
        while True:
            page = get(house, ALL, query, caller)
            seen += [one["id"] for one in page["objects"]]
            if not page["more"]:
                break
            query = f"limit=4&next={page['next']}"
        assert len(seen) == len(set(seen)) == 10
        every = get(house, ALL, "match[version]=all&match[type]=malware,x", caller)["objects"]
        assert [one["modified"][6] for one in every] == ["2", "3"]
        first = f"match[id]={stix_id('malware', 'twice')},{stix_id('tool', 't1')}"
        found = get(house, ALL, f"{first}&match[version]=first&match[spec_version]=2.1", caller)
        assert [one["modified"][6] for one in found["objects"]] == ["2", "1"]
        exact = get(house, ALL, "match[version]=2030-02-01T00:00:00Z", caller)["objects"]
        assert len(exact) == 1
    assert len(get(house, ALL, "", partner("india"))["objects"]) == 9
    assert len(house.receipts.newest((), stix_id("tool", "t8"), 0)) == 3
    assert not house.receipts.newest((), stix_id("tool", "none"), 0)
    house.share("power", [stix("tool", "gone")])
    assert get(house, ALL, f"match[id]={stix_id('tool', 'gone')}")
    with house.engine.begin() as connection:
        name = stix_id("tool", "gone")
        kept = connection.exec_driver_sql(f"SELECT id FROM shared WHERE object = '{name}'").all()
        connection.exec_driver_sql(
            "INSERT INTO final (origin, object, at, why, deadline) VALUES "
            f"('{ME}', '{name}', '2031-01-01T00:00:00.000000Z', '', '')"
        )
    house.recall([row[0] for row in kept])
    (last,) = get(house, ALL, f"match[id]={name}")["objects"]
    assert last["revoked"] is True


def test_the_inbox(database_url: str, tmp_path: Path) -> None:
    house = made(database_url, tmp_path)
    one, two = stix("malware", "one"), stix("malware", "two")
    status = post(house, b'{"objects":[' + b",".join((one, two, one, b"{}")) + b"]}")
    counts = [status[f"{name}_count"] for name in ("total", "success", "failure", "pending")]
    assert counts == [4, 1, 1, 2]
    inbox = SqlInbox(house.engine)
    waiting = inbox.posted(9, waiting=True)
    assert [inbox.body(item.number) for item in waiting] == [one, two]
    inbox.decide([waiting[0].number], "accepted", "ann", "good", "2031-01-01T00:00:00.000000Z")
    inbox.decide([waiting[1].number], "refused", "ann", "old", "2031-01-01T00:00:00.000000Z")
    assert inbox.body(waiting[0].number) == b""
    path = f"/taxii2/api/status/{status['id']}/"
    ended = get(house, path)
    assert (ended["status"], ended["success_count"], ended["failure_count"]) == ("complete", 2, 2)
    assert post(house, b'{"objects":[' + one + b"]}")["success_count"] == 1
    assert post(house, b'{"objects":[' + two + b"]}")["failure_count"] == 1
    changed = two.replace(b'"two"', b'"changed"')
    again = post(house, b'{"objects":[' + b",".join((changed, changed, one)) + b"]}")
    assert (again["success_count"], again["pending_count"]) == (2, 1)
    (anew,) = inbox.posted(9, waiting=True)
    assert (anew.object, anew.version) == (waiting[1].object, waiting[1].version)
    assert inbox.body(anew.number) == changed
    assert inbox.one(waiting[1].number).why == "old"
    assert get(house, path)["failure_count"] == 2
