"""What TAXII keeps: bounds on what is posted, names of what is redacted, and bodies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from door_house import House, made, stix, stix_id
from sqlalchemy import event
from taxii_house import (
    ALL,
    GREEN,
    INBOX,
    JAPAN,
    MEDIA,
    OPERATOR,
    ROOT,
    SUPPLIER,
    T1,
    T2,
    ask,
    ids,
    post,
    told,
)

from accord.identity.markings import Tlp, marking_id
from accord.identity.recipients import Recipient
from accord.store.exchange import inbox


@pytest.fixture
def house(tmp_path: Path) -> House:
    return made("", tmp_path)


def raw(name: str) -> msgspec.Raw:
    return msgspec.Raw(stix("malware", name))


def test_an_inbox_is_full_at_last_and_takes_more_once_somebody_decided(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "WAITING", 3)
    assert post(house, raw("a"), raw("b"))["pending_count"] == 2
    body = b'{"objects":[' + stix("malware", "c") + b"," + stix("malware", "d") + b"]}"
    full = ask(house, f"{INBOX}objects/", "", OPERATOR, "POST", body, content_type=MEDIA)
    assert full.status == 429
    assert int(full.header("retry-after")) > 0
    kept = inbox.SqlInbox(house.engine)
    assert len(kept.posted(9, waiting=True)) == 2  # nothing of what was too much
    assert post(house, raw("c"), raw("a"))["success_count"] == 1
    answer = ask(house, f"{INBOX}objects/", "", OPERATOR, "POST", body, content_type=MEDIA)
    assert answer.status == 429
    assert post(house, raw("a"), caller=SUPPLIER)["pending_count"] == 1
    for one in kept.posted(9, waiting=True)[:2]:
        for _ in range(2):  # to decide again frees nothing more
            kept.decide([one.number], "refused", "ann", "old", T1)
    assert post(house, raw("e"), raw("f"))["pending_count"] == 2
    answer = ask(house, f"{INBOX}objects/", "", OPERATOR, "POST", body, content_type=MEDIA)
    assert answer.status == 429


def test_a_caller_may_let_so_many_bytes_wait(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "WAITING_BYTES", 500)
    body = b'{"objects":[' + stix("malware", "a", description="x" * 500) + b"]}"
    answer = ask(house, f"{INBOX}objects/", "", OPERATOR, "POST", body, content_type=MEDIA)
    assert answer.status == 429
    assert post(house, raw("a"))["pending_count"] == 1


def test_old_status_resources_go(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "STATUSES", 3)
    first, *others = (post(house, raw(f"m{number}"))["id"] for number in range(5))
    theirs = post(house, raw("x"), caller=SUPPLIER)["id"]
    assert [ask(house, f"{ROOT}status/{one}/").status for one in (first, others[0])] == [404, 404]
    assert [ask(house, f"{ROOT}status/{one}/").status for one in others[1:]] == [200] * 3
    house.clock.at = "2031-01-01T00:00:00.000000Z"
    last = post(house, raw("y"))["id"]
    assert [ask(house, f"{ROOT}status/{one}/").status for one in (*others, last)] == [404] * 4 + [
        200
    ]
    assert ask(house, f"{ROOT}status/{theirs}/", caller=SUPPLIER).status == 404
    assert len(inbox.SqlInbox(house.engine).posted(99, waiting=True)) == 7  # what waits still does


def test_status_resources_of_one_caller_take_so_many_bytes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What failed is told in a status resource itself, so it may be long."""
    monkeypatch.setattr(inbox, "STATUS_BYTES", 3_000)

    def kept() -> dict[str, int]:
        with house.engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT caller, length(told) FROM taxii_status")
            sizes: dict[str, int] = {}
            for caller, size in rows:
                sizes[caller] = sizes.get(caller, 0) + size
            return sizes

    wrong = [msgspec.Raw(b'{"type":"malware"}')] * 10
    theirs = post(house, *wrong, caller=SUPPLIER)["id"]
    names: list[str] = []
    for _ in range(9):
        house.clock.at = f"{house.clock.at[:20]}{len(names):06}Z"
        names.append(post(house, *wrong)["id"])
        assert max(kept().values()) <= 3_000
    found = [ask(house, f"{ROOT}status/{one}/").status for one in names]
    assert found == sorted(found, reverse=True)
    assert found.count(200) > 1
    assert ask(house, f"{ROOT}status/{theirs}/", caller=SUPPLIER).status == 200
    last = post(house, *wrong * 10)["id"]
    assert ask(house, f"{ROOT}status/{last}/").status == 200
    assert ask(house, f"{ROOT}status/{names[-1]}/").status == 404


def test_a_redacted_object_is_found_by_the_identifier_it_was_shown_under(house: House) -> None:
    marks = [{"marking_ref": marking_id(Tlp.AMBER), "selectors": ["description"]}]
    parts = stix("malware", "parts", description="not for all", granular_markings=marks)
    house.keep([stix("malware", "whole"), parts], GREEN)
    green = Recipient("client", "green", "Green", "operator", Tlp.GREEN)
    original = stix_id("malware", "parts")
    (shown,) = (one for one in ids(ask(house, f"{ALL}objects/", caller=green))
                if one != stix_id("malware", "whole"))  # fmt: skip
    assert shown != original
    for path, query in (
        (f"{ALL}objects/", f"match[id]={shown}"),
        (f"{ALL}objects/{shown}/", ""),
        (f"{ALL}manifest/", f"match[id]={shown}"),
    ):
        assert ids(ask(house, path, query, green)) == [shown]
    assert told(ask(house, f"{ALL}objects/{shown}/versions/", caller=green))["versions"]
    # Who may see all of it has no such object, and nobody is told of one by another's name for it.
    assert ask(house, f"{ALL}objects/{shown}/").status == 404
    assert ids(ask(house, f"{ALL}objects/", f"match[id]={shown},{original}")) == [original]
    assert ask(house, f"{ALL}objects/{shown}/", caller=SUPPLIER).status == 404


def test_bodies_are_checked_at_every_reading_and_go_with_their_envelopes(house: House) -> None:
    secret = stix("malware", "own", description="a word of its own")
    (kept,) = house.keep([secret], GREEN)
    name = stix_id("malware", "own")
    assert ids(ask(house, f"{ALL}objects/", f"match[id]={name}")) == [name]
    with house.engine.begin() as connection:
        bodies = "SELECT body FROM taxii_body"
        assert connection.exec_driver_sql(bodies).scalar() == secret
        wrong = secret.replace(b"a word", b"A word")
        connection.exec_driver_sql("UPDATE taxii_body SET body = ?", (wrong,))
    assert ask(house, f"{ALL}objects/", f"match[id]={name}").status == 500
    with house.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM taxii_body")
    assert ids(ask(house, f"{ALL}objects/", f"match[id]={name}")) == [name]  # of its envelope
    with house.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE taxii_scope SET looked = -1 WHERE scope = -1")
    house.keep([stix("malware", "other")], GREEN)
    ask(house, f"{ALL}objects/")
    with house.engine.begin() as connection:
        assert len(connection.exec_driver_sql(bodies).all()) == 2
    house.recall([kept])
    with house.engine.begin() as connection:
        assert secret not in connection.exec_driver_sql(bodies).scalars().all()


def _steps(house: House, query: str, caller: Recipient = OPERATOR) -> int:
    """What SQLite does to answer, in hundreds of its instructions."""
    counted = [0]

    def count() -> int:
        counted[0] += 1
        return 0

    def listen(raw: Any, *_: object) -> None:
        raw.set_progress_handler(count, 100)

    event.listen(house.engine, "checkout", listen)
    assert len(ids(ask(house, f"{ALL}objects/", query, caller))) == 1
    event.remove(house.engine, "checkout", listen)
    return counted[0]


def test_versions_of_an_object_cost_the_same_however_much_was_added_before(house: House) -> None:
    for name in ("early", "late"):
        house.keep([stix("malware", name, modified=moment) for moment in (T1, T2)], GREEN)
        if name == "early":
            house.keep([stix("tool", f"t{number}") for number in range(500)], GREEN)
    ask(house, f"{ALL}objects/", "limit=1")
    early, late = (
        _steps(house, f"match[id]={stix_id('malware', name)}") for name in ("early", "late")
    )
    assert late <= early + 2


def test_a_page_of_several_audiences_costs_what_it_shows(house: House) -> None:
    for name in ("power", "grid"):
        house.audience(name, "japan")
    house.share("power", [stix("malware", "first")])
    house.share("grid", [stix("malware", "second")])
    few = _steps(house, "limit=1", JAPAN)
    both = house.keep([stix("tool", f"t{number}") for number in range(500)], GREEN)
    house.append("power", both)
    house.append("grid", both)
    ask(house, f"{ALL}objects/", "limit=1")
    assert _steps(house, "limit=1", JAPAN) <= few + 2
    page = ids(ask(house, f"{ALL}objects/", "limit=1000", JAPAN))
    assert len(page) == len(set(page)) == 502
