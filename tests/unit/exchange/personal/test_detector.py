"""What the detector finds, what it leaves alone, and that its work is bounded."""

from __future__ import annotations

import json
import time
from typing import Any

import personal_scores
import planted
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.exchange.personal import detector, mail, numbers
from accord.exchange.personal.finds import Find
from accord.exchange.personal.plain import plain


def kinds(text: str) -> list[str]:
    return [one.kind for one in detector.find(json.dumps({"description": text}).encode())]


def places(value: Any) -> list[tuple[str, str]]:
    return [(one.place, one.kind) for one in detector.find(json.dumps(value).encode())]


def test_recall_and_precision_of_what_is_planted() -> None:
    scores = personal_scores.measured()
    shown = personal_scores.table(scores, planted.negatives())
    assert sum(one.planted for one in scores.values()) >= 300
    assert sum(1 for _ in planted.negatives()) >= 1_000
    for kind, one in scores.items():
        assert one.recall >= 0.98, (shown, kind, one.misses)
        assert one.precision >= 0.98, (shown, kind, one.errors)


def test_recall_and_precision_of_what_others_wrote() -> None:
    scores = personal_scores.measured_by_others()
    shown = personal_scores.table(scores, planted.others_left_alone())
    for kind, one in scores.items():
        assert one.recall == 1, (shown, kind, one.misses)
        assert one.precision == 1, (shown, kind, one.errors)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It calls back to 1614680000 bytes", []),
        ("call 0412345678", ["phone"]),
        ("call 2024561414", []),
        ("phone 2024561414", ["phone"]),
        ("ring (02) 9374 4000 now", ["phone"]),
        ("tel. 2026-02-14 10:00", []),
        ("2024561414 and nothing else", []),
        ("SSN 123-45-6789", ["ssn"]),
        ("part 123-45-6789", []),
        ("SSN 666-45-6789", []),
        ("SSN=219-45-1234", ["ssn"]),
        ("SSN of lot 100-200-300", []),
        ("TEL:+61 2 9374 4000", ["phone"]),
        ("uid 234123412346", []),
        ("uid 2341 2341 2346", ["aadhaar"]),
        ("aadhaar 234123412346", ["aadhaar"]),
        ("aadhaar 234123412347", []),
        ("PAN ACUPA7085R", ["pan"]),
        ("ticket ACUPA7085R", []),
        ("TFN 123 456 782", ["tfn"]),
        ("TFN asked, ticket 123456782", []),
        ("マイナンバーは１２３４５６７８９０１８", ["my number"]),
        ("jane.roe@utility.com", ["mail"]),
        ("jane.roe[at]utility[.]com", ["mail"]),
        ("jane.roe (at) utility.com", ["mail"]),
        ("連絡先jane\uff20utility.com", ["mail"]),
        ("連絡先info@utility.jpまで", []),
        ("https://bob:secret@host.com/x", []),
        ("https://x.com/?m=bob@host.com", ["mail"]),
        ("soc-2@utility.com, us-cert@hq.gov", []),
        ("bob@sub.example.org and a@b.test", []),
        ("jane&amp;#64;corp.com and roe%2540corp.com", ["mail", "mail"]),
        ("jane\\x40corp.com", ["mail"]),
        ("&#106;&#97;&#110;&#101;&#64;corp.com", ["mail"]),
        ("219-4\u200b5-1234 is an SSN", ["ssn"]),
        ("look at the dot com boom", []),
        ("a.b at corp dot com and more", ["mail"]),
        ("phone: 1614680000", ["phone"]),
        ("phoned home, 1614680000 was sent", []),
        ("jane@163.com", ["mail"]),
        ("users@maven.apache.org, x-devel@corp.com", []),
        ("icon@2x.png, getty@tty1.service, pkg@1.2.3", []),
    ],
)
def test_free_text(text: str, expected: list[str]) -> None:
    assert kinds(text) == expected


def test_a_word_counts_near_a_number_only() -> None:
    near = f"ssn{' ' * (numbers.BEFORE - 1)}123-45-6789"
    far = f"ssn{' ' * (numbers.BEFORE + 1)}123-45-6789"
    assert kinds(near) == ["ssn"]
    assert kinds(far) == []
    assert kinds("123-45-6789 is an SSN") == ["ssn"]


def test_what_the_threat_needs_is_let_through() -> None:
    address = "jane.roe@utility.com"
    sco = {"type": "email-addr", "id": "email-addr--1", "value": address, "display_name": "Jane"}
    assert places(sco) == []
    assert places({"type": "indicator", "pattern": f"[email-addr:value = '{address}']"}) == []
    assert places({"category": "Payload delivery", "type": "email-src", "value": address}) == []
    assert places({"category": "Network activity", "type": "email-dst", "value": address}) == []
    sent = {"category": "Targeting data", "type": "target-email", "value": address}
    assert places(sent) == [("/value", "mail")]
    assert places({"category": "x", "type": "email-src", "value": address, "comment": address}) == [
        ("/comment", "mail")
    ]


def test_people_are_named_by_what_they_are_in() -> None:
    person = {
        "type": "identity",
        "identity_class": "individual",
        "name": "Jane Roe",
        "contact_information": "Room 4",
        "description": "Jane Roe leads the shift.",
    }
    assert places(person) == [
        ("/contact_information", "contact"),
        ("/description", "name"),
        ("/name", "name"),
    ]
    company = person | {
        "identity_class": "organization",
        "contact_information": "info@x.com, tel. +61 2 9374 4000",
    }
    assert places(company) == []
    mailbox = company | {"contact_information": "jane.roe@x.com"}
    assert places(mailbox) == [("/contact_information", "mail")]
    note = {"type": "note", "spec_version": "2.1", "authors": ["Jane Roe", " "]}
    assert places(note) == [("/authors/0", "name")]
    passport = {"category": "Person", "type": "passport-number", "value": "X1"}
    assert places({"Attribute": [passport]}) == [("/Attribute/0/value", "contact")]


@pytest.mark.parametrize("kind", sorted(detector._MISP_PEOPLE | detector._MISP_VICTIMS), ids=str)
def test_the_quick_look_knows_every_type_of_misp(kind: str) -> None:
    assert len(places({"category": "c", "type": kind, "value": "x"})) == 1


def test_what_is_no_json_or_says_something_twice_is_one_text() -> None:
    twice = b'{"description": "jane@corp.com", "description": "nothing"}'
    (one,) = detector.find(twice)
    assert (one.place, twice[one.start : one.end]) == ("", b"jane@corp.com")
    assert [f.kind for f in detector.find(b"<a>jane@corp.com</a>", "application/xml")] == ["mail"]
    assert [f.kind for f in detector.find(b"\xff jane@corp.com")] == ["mail"]


def test_escaped_text_is_read() -> None:
    body = b'{"description": "jane\\u0040corp.com"}'
    assert [one.kind for one in detector.find(body)] == ["mail"]


@given(
    st.lists(
        st.sampled_from(["&#64;", "\u200b", "jane@corp.com ", "%40", "x ", "\uff20", "\u5c71"])
    )
)
def test_places_point_into_what_was_written(parts: list[str]) -> None:
    """Before and behind a find there is nothing of it, whatever was read as something else."""
    text = " ".join(parts)
    for one in detector.find(json.dumps({"description": text}).encode()):
        assert 0 <= one.start < one.end <= len(text)
        assert any(sign in text[one.start : one.end] for sign in ("@", "&#64;", "%40", "\uff20"))
        assert plain(text[one.start : one.end]).text.strip().endswith(("com", "jp"))


def test_a_name_of_a_member_is_told_by_its_number() -> None:
    value = {"a": 1, "jane@corp.com": {"b": "roe@corp.com"}}
    assert places(value) == [("/~m1/b", "mail"), ("/~n1", "mail")]


def test_observables_are_looked_at_where_somebody_wrote_words() -> None:
    address = "jane.roe@corp.com"
    seen = {"type": "process", "id": "process--1", "command_line": address, "extensions": {
        "windows-service-ext": {"display_name": address},
        "extension-definition--1": {"text": address},
    }}  # fmt: skip
    assert places(seen) == [("/extensions/extension-definition--1/text", "mail")]
    assert places(seen | {"x_note": address})[1:] == [("/x_note", "mail")]


def test_places_are_json_pointers() -> None:
    assert places({"a/b~c": [{"text": "jane@corp.com"}]}) == [("/a~1b~0c/0/text", "mail")]


def test_the_quick_look_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    bodies = [one.body for one in (*planted.positives(), *planted.by_others())]
    quick = [detector.find(body) for body in bodies]
    monkeypatch.setattr(detector, "_is_worth", lambda _: True)
    assert [detector.find(body) for body in bodies] == quick


@given(st.sampled_from(list(planted.positives())), st.integers(0, 20))
def test_found_wherever_it_stands(one: planted.Planted, depth: int) -> None:
    value = json.loads(one.body)
    for _ in range(depth):
        value = {"inner": [value]}
    found = detector.find(json.dumps(value).encode())
    assert [f.kind for f in found] == [f.kind for f in detector.find(one.body)]


MB = 1_000_000
UNITS = (
    "1", "@", " ", "1 ", "a@a.", "a.", "[at]", "a[at]", "tel 1 ", "tel +61 2 9374 4000 ", "-1",
    "tel 123 4567 ", "ssn 123-45-6789 ", "aadhaar 1234 5678 9012 ", "uid 2341 2341 2346 ", "a",
    "jane@corp.com ", "\u96fb\u8a71\uff10\uff11", "pan ABCPE1234F ", "://", "tel (", "tel ++",
    "&#64;", "a at b dot ", "at dot ", "\u200b", "\u5c71@", "\u5c71.", "a@\u5c71.", "%40", "&amp;",
    "a\u200b", "\u3002a", "a dot ", "\uff20", "reached at 2024561414 ", "a@a\u3002",
)  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_bounded(unit: str) -> None:
    """A megabyte of anything takes about a second at most, and twice as much no more than twice."""
    body = json.dumps({"description": unit * (MB // len(unit)) + " aadhar1234567"}).encode()
    start = time.process_time()
    found = detector.find(body)
    assert time.process_time() - start < 3  # a second, on a machine that does other work as well
    assert len(found) <= detector.MOST + 1


def test_bounded_over_many_texts() -> None:
    many = {"texts": ["tel +61 2 9374 4000"] * 20_000}
    start = time.process_time()
    found = detector.find(json.dumps(many).encode())
    assert time.process_time() - start < 3
    assert found[-1] == Find("", 0, 0, "unsearched")
    assert len(found) == detector.MOST + 1


def test_what_is_past_the_bounds_is_said() -> None:
    long = "tel 123 4567 x " * 20_000
    assert kinds(long) == ["unsearched"]
    assert kinds("ssn 000-12-3456 " * 20_000) == ["unsearched"]
    assert kinds(" " * (detector.LONGEST + 1) + "tel") == ["unsearched"]


def test_hidden_signs_need_brackets() -> None:
    assert list(mail.addresses("look at example at noon")) == []


def test_no_find_holds_the_text() -> None:
    found = detector.find(b'{"description": "jane.roe@corp.com"}')
    assert "jane" not in repr(found)
