"""What clients and the public are shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sealed
from door_house import House, made, partner, sighting_or_link, stix, stix_id
from sqlalchemy import event, update

from accord.flows.exchange.answering import objects
from accord.flows.exchange.messages import Response
from accord.identity.markings import Marking, Tlp
from accord.identity.recipients import PUBLIC, SELF, Recipient
from accord.store.exchange import tables

OPERATOR = Recipient("client", "grid-siem", "Grid", "operator", Tlp.AMBER)
INDUSTRY = Recipient("client", "retail", "Retail", "industry", Tlp.AMBER)
SUPPLIER = Recipient("client", "maker", "Maker", "supplier", Tlp.GREEN)
LATER = "2030-07-01T00:00:00.000000Z"
_RED = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
_NEXT = re.compile(r'</accord/v1/objects\?(limit=\d+&next=[\w-]+)>; rel="next"')


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> House:
    return made(database_url, tmp_path)


@pytest.fixture
def embedded(tmp_path: Path) -> House:
    return made("", tmp_path)


def shown(answer: Response) -> list[dict[str, Any]]:
    assert answer.status == 200
    assert answer.header("content-type") == "application/stix+json;version=2.1"
    assert answer.header("cache-control") == "private, no-store"
    bundle = msgspec.json.decode(answer.body)
    assert bundle["type"] == "bundle"
    return list(bundle.get("objects", []))


def names(answer: Response) -> set[str]:
    return {one["name"] for one in shown(answer)}


def test_each_sees_what_its_marking_allows(house: House) -> None:
    for tlp in Tlp:
        house.keep([stix("malware", tlp.word)], Marking(tlp))
    for tlp in (Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER):
        house.keep([stix("malware", f"japan's {tlp.word}")], Marking(tlp), origin="japan")
    both = {"CLEAR", "japan's CLEAR"}
    community = both | {"GREEN", "japan's GREEN"}
    assert names(house.get(PUBLIC, "/objects")) == both
    assert names(house.get(SUPPLIER, "/objects")) == community
    assert names(house.get(INDUSTRY, "/objects")) == community
    assert names(house.get(OPERATOR, "/objects")) == community | {"AMBER", "japan's AMBER"}


def test_bytes_are_those_that_were_kept(embedded: House) -> None:
    odd = stix("malware", "odd").replace(b'"name":"odd"', b'"name" :\t"\\u006fdd"')
    embedded.keep([odd], Marking(Tlp.CLEAR))
    assert odd in embedded.get(PUBLIC, "/objects").body
    assert odd in embedded.get(PUBLIC, f"/objects/{stix_id('malware', 'odd')}").body


@pytest.mark.parametrize("limit", [7, 100])
def test_pages_show_everything_once(
    house: House, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "_AT_ONCE", 9)
    open_ = [stix("malware", f"open {number}") for number in range(23)]
    house.keep(open_, Marking(Tlp.CLEAR))
    house.keep([stix("malware", f"closed {number}") for number in range(23)], Marking(Tlp.GREEN))
    house.keep(open_[:12], Marking(Tlp.CLEAR), origin="japan")
    later = [stix("malware", f"open {number}", modified=LATER) for number in range(5)]
    house.keep(later, Marking(Tlp.CLEAR))
    found: list[dict[str, Any]] = []
    query = f"limit={limit}"
    while query:
        answer = house.get(PUBLIC, "/objects", query)
        found += shown(answer)
        link = _NEXT.fullmatch(answer.header("link"))
        query = link[1] if link else ""
    seen = [(one["id"], one["modified"]) for one in found]
    assert len(seen) == len(set(seen)) == 28


def test_another_origins_copy_is_shown_where_ours_has_expired(
    embedded: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "_AT_ONCE", 9)
    bodies = [stix("malware", f"{number}") for number in range(12)]
    embedded.keep(bodies, Marking(Tlp.CLEAR, expires=sealed.NOW))
    embedded.keep(bodies, Marking(Tlp.CLEAR), origin="japan")
    assert len(shown(embedded.get(PUBLIC, "/objects"))) == 12


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=x", "limit=-1", "limit=1&limit=2", "a=1",
        "next=", "next=!", "next=WzFd", "next=WyJcdTAwMDAiLCIiXQ",
    ],
)  # fmt: skip
def test_a_page_is_asked_for_in_one_form_only(embedded: House, query: str) -> None:
    assert embedded.get(PUBLIC, "/objects", query).status == 400


def test_a_page_is_never_longer_than_a_hundred(embedded: House) -> None:
    embedded.keep([stix("malware", f"{number}") for number in range(120)], Marking(Tlp.CLEAR))
    assert len(shown(embedded.get(PUBLIC, "/objects", "limit=100000"))) == 100


def test_where_a_page_ends_tells_nothing_that_was_not_shown(embedded: House) -> None:
    embedded.keep([stix("malware", f"open {n}") for n in range(9)], Marking(Tlp.CLEAR))
    answer = embedded.get(PUBLIC, "/objects", "limit=3")
    for number in range(200):
        embedded.keep([stix("malware", f"closed {number}")], Marking(Tlp.RED))
    assert embedded.get(PUBLIC, "/objects", "limit=3") == answer


def test_every_version_of_one_object(house: House) -> None:
    house.keep([stix("malware", "a")], Marking(Tlp.CLEAR))
    house.keep([stix("malware", "a", modified=LATER)], Marking(Tlp.CLEAR))
    house.keep([stix("malware", "a", modified="2030-02-01T00:00:00.000Z")], Marking(Tlp.GREEN))
    where = f"/objects/{stix_id('malware', 'a')}"
    assert [one["modified"][:7] for one in shown(house.get(PUBLIC, where))] == [
        "2030-07",
        "2030-01",
    ]
    assert len(shown(house.get(OPERATOR, where))) == 3


def test_what_may_not_be_seen_is_as_if_it_were_not_there(embedded: House) -> None:
    embedded.keep([stix("malware", "closed")], Marking(Tlp.GREEN))
    embedded.keep([stix("malware", "gone")], Marking(Tlp.CLEAR, expires=sealed.NOW))
    embedded.keep([stix("malware", "soon")], Marking(Tlp.CLEAR, release_at=LATER), state="held")
    nowhere = embedded.get(PUBLIC, f"/objects/{stix_id('malware', 'nowhere')}")
    assert nowhere.status == 404
    for name in ("closed", "gone", "soon"):
        assert embedded.get(PUBLIC, f"/objects/{stix_id('malware', name)}") == nowhere
    for address in ("/objects/", "/objects/%2e", "/objects/a b", "/object", "/objects/../logs"):
        assert embedded.get(PUBLIC, address) == nowhere
    for caller in (partner("japan"), SELF):
        assert embedded.get(caller, "/objects") == nowhere
    assert shown(embedded.get(PUBLIC, "/objects")) == []


def test_fields_and_links_are_cut_for_whom_they_are_not(embedded: House) -> None:
    marks = [{"selectors": ["description"], "marking_ref": _RED}]
    marked = stix("malware", "a", description="who did it", granular_markings=marks)
    embedded.keep([marked, stix("malware", "b")], Marking(Tlp.CLEAR))
    embedded.keep([stix("malware", "closed")], Marking(Tlp.AMBER))
    for name, target in (("ab", "b"), ("closing", "closed")):
        link = sighting_or_link(
            "relationship", name, relationship_type="variant-of",
            source_ref=stix_id("malware", "b"), target_ref=stix_id("malware", target),
        )  # fmt: skip
        embedded.keep([link], Marking(Tlp.CLEAR))
    answer = embedded.get(PUBLIC, "/objects")
    assert b"who did it" not in answer.body
    ids = {one["id"] for one in shown(answer)}
    assert stix_id("relationship", "ab") in ids
    assert stix_id("relationship", "closing") not in ids
    assert stix_id("malware", "a") not in ids  # a redacted object is another object
    assert {one["name"] for one in shown(answer) if one["type"] == "malware"} == {"a", "b"}
    one = shown(embedded.get(PUBLIC, f"/objects/{stix_id('malware', 'a')}"))
    assert one[0]["id"] in ids


def test_a_name_of_what_may_not_be_seen_is_cut(embedded: House) -> None:
    embedded.keep([stix("identity", "secret", identity_class="group")], Marking(Tlp.RED))
    secret = stix_id("identity", "secret")
    embedded.keep([stix("malware", "a", created_by_ref=secret)], Marking(Tlp.CLEAR))
    answer = embedded.get(PUBLIC, "/objects")
    assert names(answer) == {"a"}
    assert secret.encode() not in answer.body


def test_a_damaged_object_is_not_shown(embedded: House) -> None:
    (number,) = embedded.keep([stix("malware", "a")], Marking(Tlp.CLEAR))
    other = embedded.answers.envelopes(embedded.keep([stix("malware", "b")], Marking(Tlp.RED)))
    table = tables.shared
    with embedded.engine.begin() as connection:
        (data,) = other.values()
        connection.execute(update(table).where(table.c.id == number).values(envelope=data))
    for path in ("/objects", f"/objects/{stix_id('malware', 'a')}"):
        answer = embedded.get(PUBLIC, path)
        assert answer.status == 500
        assert b"malware" not in answer.body
    assert embedded.receipts.newest((), "", 0) == []


def test_every_decision_is_a_receipt(house: House) -> None:
    house.keep([stix("malware", "a"), stix("malware", "b")], Marking(Tlp.GREEN))
    house.keep([stix("malware", "not looked at")], Marking(Tlp.AMBER))
    house.get(SUPPLIER, "/objects")
    house.get(PUBLIC, f"/objects/{stix_id('malware', 'a')}")
    lines = [msgspec.json.decode(line) for line in house.receipts.newest((), "", 0)]
    told = {(line["recipient"], line["way"], line["decision"], line["rule"]) for line in lines}
    assert told == {
        ("client:maker", "list", "yes", "green"),
        ("public", "object", "no", "public-only-clear"),
    }
    assert len(lines) == 3


def plans(house: House, act: Callable[[], object]) -> list[str]:
    """How SQLite looks up what an answer is made from."""
    asked: list[tuple[str, Any]] = []

    def hear(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(house.engine, "before_cursor_execute", hear)
    act()
    event.remove(house.engine, "before_cursor_execute", hear)
    with house.engine.connect() as connection:
        found = [
            connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            for statement, parameters in asked
        ]
    assert len(found) > 5
    return [row[-1] for rows in found for row in rows]


def test_an_answer_costs_what_it_holds_and_not_what_is_kept(embedded: House) -> None:
    log = embedded.audience("quad", "japan")
    known = stix_id("identity", "somebody")
    embedded.share("quad", [stix("malware", "a", created_by_ref=known)])
    link = sighting_or_link(
        "relationship", "ab", relationship_type="variant-of",
        source_ref=stix_id("malware", "a"), target_ref=stix_id("malware", "a"),
    )  # fmt: skip
    embedded.share("quad", [link])

    def act() -> None:
        assert all(embedded.blobs("japan", log, embedded.commitments(log)))
        assert len(shown(embedded.get(SUPPLIER, "/objects"))) == 2
        assert shown(embedded.get(SUPPLIER, f"/objects/{stix_id('malware', 'a')}"))

    for step in plans(embedded, act):
        assert not step.startswith(("SCAN shared", "SCAN entry", "SCAN tile")), step
        assert "shared_state" not in step
