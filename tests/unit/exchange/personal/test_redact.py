"""Cutting: nothing is left, the same gives the same, and a STIX object is a new one."""

from __future__ import annotations

import json

import planted
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.exchange.objects import read_stix
from accord.exchange.personal import detector
from accord.exchange.personal.finds import MASK, Find
from accord.exchange.personal.redact import Uncut, redact, text_at

PLANTED = list(planted.positives())
BY_OTHERS = list(planted.by_others())
PIECES = st.sampled_from(
    ["tel ", "ssn ", "+61 2 9374 4000", "123-45-6789", "jane@corp.com", "@", " ", "[at]", "com",
     "&#64;", "\u200b", " at ", " dot ", "%40", "\u5c71", ".", "1", "0412345678", MASK,
     "call ", "(", "\uff11"]
)  # fmt: skip


@pytest.mark.parametrize("one", PLANTED[:: len(PLANTED) // 60], ids=lambda one: one.holds[0][0])
def test_nothing_is_left(one: planted.Planted) -> None:
    cut = redact(one.body, detector.find(one.body))
    assert detector.find(cut) == ()
    for _, text in one.holds:
        assert json.dumps(text)[1:-1] not in cut.decode()
        assert text not in cut.decode()


@pytest.mark.parametrize("one", BY_OTHERS[::7], ids=lambda one: one.holds[0][0])
def test_nothing_is_left_of_what_others_wrote(one: planted.Planted) -> None:
    value = json.loads(redact(one.body, detector.find(one.body)))
    assert detector.find(json.dumps(value).encode()) == ()
    assert one.holds[0][1] not in json.dumps(value, ensure_ascii=False)


def test_names_of_members_are_cut_and_hide_no_other() -> None:
    body = json.dumps({"a": 1, "x@corp.com": "jane@corp.com", "y@corp.com": 2, "~n0": 3}).encode()
    cut = json.loads(redact(body, detector.find(body)))
    assert list(cut.items()) == [("a", 1), (MASK, MASK), (f"{MASK} 2", 2), ("~n0", 3)]


def test_a_number_is_cut_as_a_text() -> None:
    body = b'{"x_ssn": 219451234, "y": true}'
    assert json.loads(redact(body, detector.find(body))) == {"x_ssn": MASK, "y": True}


@given(st.lists(PIECES, max_size=25).map("".join))
def test_nothing_is_left_of_anything(text: str) -> None:
    body = json.dumps({"description": text, "other": {"comment": [text]}}).encode()
    cut = redact(body, detector.find(body))
    assert detector.find(cut) == ()


@given(st.sampled_from(PLANTED))
def test_redacting_is_steady(one: planted.Planted) -> None:
    finds = detector.find(one.body)
    cut = redact(one.body, finds)
    assert redact(one.body, finds) == cut
    assert redact(cut, detector.find(cut)) == cut


def test_a_stix_object_is_a_new_one_that_names_the_old() -> None:
    one = next(p for p in PLANTED if read_or_none(p.body) == "identity")
    before, cut = json.loads(one.body), redact(one.body, detector.find(one.body))
    after = json.loads(cut)
    assert after["id"] != before["id"]
    assert after["id"].startswith("identity--")
    assert after["name"] == MASK
    assert after["external_references"][-1]["external_id"] == before["id"]
    assert read_stix(cut).object == after["id"]


def read_or_none(body: bytes) -> str:
    return str(json.loads(body).get("type", ""))


def test_what_is_not_found_stays_byte_for_byte() -> None:
    body = b'{ "description" : "nothing" }'
    assert redact(body, ()) is body


def test_the_rest_of_the_text_stays() -> None:
    body = json.dumps({"n": 2**70, "description": "a jane@corp.com b", "x": [None, 1.5]}).encode()
    cut = json.loads(redact(body, detector.find(body)))
    assert cut == {"n": 2**70, "description": f"a {MASK} b", "x": [None, 1.5]}


def test_plain_text_is_cut_too() -> None:
    body = b"<a>jane@corp.com</a>"
    finds = detector.find(body, "application/xml")
    assert redact(body, finds, "application/xml") == f"<a>{MASK}</a>".encode()


def test_finds_that_overlap_are_one_cut() -> None:
    body = b'{"a": "0123456789"}'
    finds = (Find("/a", 2, 6, "phone"), Find("/a", 4, 8, "tfn"), Find("/a", 5, 6, "mail"))
    assert json.loads(redact(body, finds)) == {"a": f"01{MASK}89"}


def test_what_cannot_be_cut_is_said() -> None:
    body = b'{"a": {"b": true}}'
    for place in ("", "/x", "/a", "/a/b", "/a/b/c", "/~n1", "/~m1", "/~m0", "/a/b/~n0"):
        with pytest.raises(Uncut):
            redact(body, (Find(place, 0, 1, "mail"),))
        with pytest.raises(Uncut):
            text_at(body, "", place)


def test_more_than_one_search_tells_is_cut_round_by_round() -> None:
    body = json.dumps({"a": ["jane@corp.com"] * (2 * detector.MOST)}).encode()
    cut = redact(body, detector.find(body))
    assert b"jane" not in cut
    many = json.dumps(["jane@corp.com"] * (20 * detector.MOST)).encode()
    with pytest.raises(Uncut):
        redact(many, detector.find(many))
