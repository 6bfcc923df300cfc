"""What is posted to TAXII: one bad object among good ones, and the same object again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from door_house import House, made, stix, stix_id
from taxii_house import INBOX, MEDIA, OPERATOR, ROOT, SUPPLIER, T1, ask, post, told

from accord.core.errors import AccordError
from accord.exchange.taxii import posted
from accord.store.exchange import inbox
from accord.store.exchange.inbox import SqlInbox

GOOD = stix("malware", "good")
ODD = (
    b'"x":' + b"[" * 100 + b"]" * 100, b'"x":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b'"x":"\\ud800"', b'"x":1e999', b'"x":-1E+0400', b'"x":' + b"9" * 400 + b".5", b'"x":NaN',
    b'"x":Infinity', b'"x":"\xff"', b'"x":"\\q"', b'"x":01', b'"x":', b'"x":1,"x":2',
    b'"x":"]}\\"[{","x":NaN',
)  # fmt: skip


@pytest.fixture
def house(tmp_path: Path) -> House:
    return made("", tmp_path)


def raw(house: House, body: bytes) -> Any:
    return ask(house, f"{INBOX}objects/", "", OPERATOR, "POST", body, content_type=MEDIA)


def counts(status: Any) -> list[int]:
    return [status[f"{name}_count"] for name in ("success", "failure", "pending")]


def odd(member: bytes) -> bytes:
    return GOOD.replace(b'"name":"good"', b'"name":"odd",' + member)


def address(**more: Any) -> dict[str, Any]:
    """An object that has no version (STIX 2.1, section 6)."""
    name = stix_id("ipv4-addr", "a")
    return {"type": "ipv4-addr", "spec_version": "2.1", "id": name, "value": "192.0.2.1", **more}


def decide(house: House, state: str, why: str = "old") -> None:
    kept = SqlInbox(house.engine)
    kept.decide([one.number for one in kept.posted(99, waiting=True)], state, "ann", why, T1)


@pytest.mark.parametrize("member", ODD)
def test_one_object_that_cannot_be_read_does_not_sink_the_rest(house: House, member: bytes) -> None:
    last = stix("tool", "last")
    body = b'{"objects" : [ ' + b" ,\n".join((GOOD, odd(member), last)) + b' ], "more":false}'
    status = told(raw(house, body), 202)
    assert counts(status) == [0, 1, 2]
    assert status["failures"][0]["message"].startswith("object 2 of the envelope: cannot be taken")
    kept = SqlInbox(house.engine)
    assert [kept.body(one.number) for one in kept.posted(9, waiting=True)] == [GOOD, last]


def test_half_of_a_pair_is_told_with_its_place(house: House) -> None:
    wrong = odd(rb'"x":"\ud800",')
    status = told(raw(house, b'{"objects":[' + GOOD + b"," + wrong + b"]}"), 202)
    (failure,) = status["failures"]
    place = wrong.index(b"\\ud800")
    assert failure["message"] == (
        "object 2 of the envelope: cannot be taken: not JSON: half of a surrogate pair, \\ud800,"
        f" at byte {place}; write both or none"
    )


def test_an_object_may_nest_as_deep_as_is_said(house: House) -> None:
    for depth, outcome in ((63, [0, 0, 1]), (64, [0, 1, 0])):
        name = f"d{depth}".encode()
        deep = GOOD.replace(b'"name":"good"', b'"x":' + b"[" * depth + b"]" * depth)
        deep = deep.replace(
            stix_id("malware", "good").encode(), stix_id("malware", name.decode()).encode()
        )
        assert counts(told(raw(house, b'{"objects":[' + deep + b"]}"), 202)) == outcome


@pytest.mark.parametrize(
    "body",
    [b'{"objects":[],"objects":[{}]}', b'{"objects":[{},NaN]}', b'{"objects":[{"x":NaN}]',
     b'{"objects":[{"x":NaN},]}', b'[{"x":NaN}]', b'{"objects":[{"x":NaN}]}}', b']{"objects":[]}',
     b'{"objects":[{"x":]},{}]}',
     b'{"objects":{"x":[NaN]}}', b'{"objects":[{"x":NaN}"]}', b'{"objects":1,"x":[{"x":NaN}]}'],
)  # fmt: skip
def test_what_is_no_envelope_is_refused_whole(house: House, body: bytes) -> None:
    assert raw(house, body).status == 422


def test_a_hostile_envelope_costs_little() -> None:
    """Nothing that is read apart costs more than its length."""
    quotes = b'{"objects":[NaN,"' + b'\\"' * 500_000
    strings = b'{"objects":[NaN,' + b'"",' * 200_000 + b"0]}"
    opened = b'{"objects":[' + b"[" * 1_500_000
    many = b'{"objects":[' + b"[]," * 2_010_000
    for body in (quotes, quotes + b'"]}', strings, opened, many):
        began = time.process_time()
        with pytest.raises(AccordError):
            posted.read(body)
        assert time.process_time() - began < 5


def test_members_beside_the_objects_change_nothing(house: House) -> None:
    body = b'{"x":[[1],{"y":[2]}],"objects":[' + odd(b'"x":NaN') + b"," + GOOD + b'],"z":[{}]}'
    status = told(raw(house, body), 202)
    assert counts(status) == [0, 1, 1]
    assert status["pendings"][0]["id"] == stix_id("malware", "good")


def test_other_content_of_what_waits_is_a_failure(house: House) -> None:
    first = post(house, msgspec.Raw(GOOD))
    other = post(house, msgspec.Raw(GOOD.replace(b'"good"', b'"changed"')))
    assert (other["status"], counts(other)) == ("complete", [0, 1, 0])
    assert "waits for a person" in other["failures"][0]["message"]
    assert counts(told(ask(house, f"{ROOT}status/{first['id']}/"))) == [0, 0, 1]
    spelled = b'{"name" : "good",' + GOOD[1:].replace(b'"name":"good",', b"")
    assert spelled != GOOD
    assert counts(post(house, msgspec.Raw(spelled))) == [1, 0, 0]  # the same, written otherwise
    assert counts(post(house, address())) == [0, 0, 1]
    assert counts(post(house, address(x_n=True), address(x_n=1), address())) == [1, 2, 0]


def test_what_was_refused_stays_refused_and_a_correction_waits(house: House) -> None:
    first = post(house, msgspec.Raw(GOOD), address())
    decide(house, "refused", "no use")
    again = post(house, msgspec.Raw(GOOD), address())
    assert (again["status"], counts(again)) == ("complete", [0, 2, 0])
    assert {one["message"] for one in again["failures"]} == {"refused by a person: no use"}
    corrected = post(house, msgspec.Raw(GOOD.replace(b'"good"', b'"better"')), address(x_a=1))
    assert counts(corrected) == [0, 0, 2]
    assert counts(post(house, address(x_a=1), address(x_a=2))) == [1, 1, 0]
    kept = SqlInbox(house.engine)
    assert b"better" in kept.body(kept.posted(9, waiting=True)[0].number)
    decide(house, "refused", "worse")
    # Each submission keeps its own outcome, and all of them are listed.
    for status, why in ((first, "no use"), (corrected, "worse")):
        found = told(ask(house, f"{ROOT}status/{status['id']}/"))
        assert {one["message"] for one in found["failures"]} == {why}
        assert {one["version"] for one in found["failures"]} >= {"2030-01-01T00:00:00.000Z"}
    listed = kept.posted(9, waiting=False)
    assert [(one.state, one.why, one.version) for one in listed] == [
        ("refused", why, version)
        for why in ("no use", "worse")
        for version in ("2030-01-01T00:00:00.000Z", "")
    ]
    assert len({one.number for one in listed}) == 4
    assert {one.size for one in listed} == {0}
    assert counts(post(house, address(x_a=3))) == [0, 0, 1]  # and again, as often as it takes


def test_of_what_was_accepted_only_a_version_may_not_change(house: House) -> None:
    post(house, msgspec.Raw(GOOD), address())
    decide(house, "accepted")
    assert counts(post(house, msgspec.Raw(GOOD), address())) == [2, 0, 0]
    other = post(house, msgspec.Raw(GOOD.replace(b'"good"', b'"changed"')), address(x_a=1))
    assert counts(other) == [0, 1, 1]
    assert "later `modified`" in other["failures"][0]["message"]
    assert counts(
        post(house, msgspec.Raw(stix("malware", "good", modified="2030-05-01T00:00:00.000Z")))
    ) == [0, 0, 1]


def test_what_an_earlier_release_decided_on_frees_too(house: House) -> None:
    """It kept no digest: what it refused waits anew, what it accepted is here."""
    for state, outcomes in (("refused", [0, 0, 2]), ("accepted", [1, 0, 1])):
        objects = stix("tool", state), msgspec.json.encode(address(x_state=state))
        post(house, *map(msgspec.Raw, objects), caller=SUPPLIER)
        decide(house, state)
        with house.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE inbox SET body = NULL WHERE state <> 'waiting'")
        assert counts(post(house, *map(msgspec.Raw, objects), caller=SUPPLIER)) == outcomes
        decide(house, "refused")


def test_what_waits_anew_counts_against_the_callers_room(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "WAITING", 1)
    post(house, address())
    assert raw(house, b'{"objects":[' + GOOD + b"]}").status == 429
    decide(house, "refused")
    assert counts(post(house, address(x_a=1))) == [0, 0, 1]
    assert raw(house, b'{"objects":[' + GOOD + b"]}").status == 429
    decide(house, "refused")
    body = msgspec.json.encode({"objects": [address(x_a=2), msgspec.Raw(GOOD)]})
    assert raw(house, body).status == 429  # and nothing of it is kept
    assert counts(post(house, address(x_a=2))) == [0, 0, 1]
    with house.engine.begin() as connection:
        rows = connection.exec_driver_sql("SELECT objects, bytes FROM taxii_waiting").all()
    assert rows == [(1, len(msgspec.json.encode(address(x_a=2))))]
