"""Notes are valid STIX 2.1 that other libraries read, and name no person in plain words."""

from __future__ import annotations

import hashlib
import json
from itertools import count
from typing import Any

import pytest
import stix2
from hypothesis import given
from hypothesis import strategies as st
from stix2validator import (
    ValidationOptions,
    validate_instance,
)

from accord.core.errors import Invalid, TooLarge
from accord.exchange.notes import building, definitions, identifiers
from accord.exchange.notes.building import Draft, build
from accord.exchange.notes.definitions import ASSISTANCE, BREACH, KINDS, Kind
from accord.exchange.notes.identifiers import Hashed, digest, hashed
from accord.exchange.objects import read_stix
from accord.exchange.threats import stix
from accord.exchange.threats.facts import Note
from accord.flows.recognise import recognise
from accord.identity.markings import Tlp, marking_id

NOW = "2026-01-31T10:20:30.123456Z"
ME = "identity--6373aa5a-176c-4aa6-88d7-87cd9f060e40"
REQUEST = "note--6373aa5a-176c-4aa6-88d7-87cd9f060e41"
INCIDENT = "incident--6373aa5a-176c-4aa6-88d7-87cd9f060e42"
PEOPLE = hashed(["Bob@Example.org", "+81 3-1234-5678"])
_STRICT = ValidationOptions(
    version="2.1", strict=True, strict_types=True, strict_properties=True, enforce_refs=False
)


def draft(kind: Kind, **more: Any) -> Draft:
    to = {"answer": REQUEST}.get(kind, "")
    return Draft(**{"kind": kind, "title": "Title", "text": "Text", "to": to} | more)


def made(what: Draft, maker: str = ME) -> tuple[str, dict[str, Any]]:
    numbers = count()
    id_, data = build(what, maker, lambda size: bytes([next(numbers)] * size), NOW)
    value: dict[str, Any] = json.loads(data)
    assert value["id"] == id_
    return id_, value


def note_of(value: Any) -> list[Note]:
    data = json.dumps(value).encode()
    assert recognise(data) == "STIX object"
    return [fact for fact in stix.read_object(data).facts if isinstance(fact, Note)]


def full(kind: Kind) -> Draft:
    about = () if kind == "answer" else ("CVE-2024-3094", "malware--" + ME[10:])
    return draft(
        kind,
        sectors=("energy", "healthcare"),
        affects=about,
        tlp=Tlp.AMBER_STRICT,
        to={"answer": REQUEST, "lesson": INCIDENT}.get(kind, ""),
        identifiers=PEOPLE if kind == "breach" else Hashed(),
    )


@pytest.mark.parametrize("maker", [ME, ""])
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_every_note_is_valid_and_other_libraries_read_it(
    kind: Kind, *, whole: bool, maker: str
) -> None:
    _, value = made(full(kind) if whole else draft(kind), maker)
    found = validate_instance(value, _STRICT)
    assert (found.is_valid, found.errors, found.warnings) == (True, [], [])
    parsed = stix2.parse(value, allow_custom=False, version="2.1")
    assert stix2.parse(parsed.serialize(), version="2.1") == parsed
    assert json.loads(parsed.serialize()) == value
    assert value.get("created_by_ref", "") == maker


def test_the_definitions_are_valid_and_other_libraries_read_them() -> None:
    bundle = definitions.bundle()
    assert validate_instance(bundle, _STRICT).is_valid
    assert len(stix2.parse(bundle, version="2.1").objects) == 5
    assert stix.read(json.dumps(bundle).encode()).refused == []
    for one in bundle["objects"][1:]:
        assert json.loads(one["schema"])["type"] == "object"


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_written_is_read(kind: Kind) -> None:
    id_, value = made(full(kind))
    answers = {"answer": REQUEST, "lesson": INCIDENT}.get(kind, "")
    assert note_of(value) == [
        Note(
            id_, kind, "Title", "2026-01-31T10:20:30.123000Z", answers, ME, "AMBER+STRICT", ""
        )
    ]  # fmt: skip


def test_sharing_sees_the_marking_and_the_references() -> None:
    _, value = made(full("answer"))
    found = read_stix(json.dumps(value).encode())
    assert found.marking is not None
    assert found.marking.tlp is Tlp.AMBER_STRICT
    assert set(found.refs) == {REQUEST, ME}


def test_a_note_is_about_something_even_where_nothing_is_named() -> None:
    assert made(draft("assistance"))[1]["object_refs"] == [ME]
    assert made(draft("assistance"), "")[1]["object_refs"] == [ASSISTANCE]
    assert made(draft("answer"))[1]["object_refs"] == [REQUEST]


@pytest.mark.parametrize(
    "bad",
    [
        {"title": " "}, {"text": ""}, {"title": "x" * 501}, {"text": "\ud800"}, {"text": "\x00"},
        {"affects": ("CVE-1",)}, {"affects": ("Log4Shell",)}, {"sectors": ("",)},
        {"to": REQUEST}, {"identifiers": PEOPLE}, {"affects": ("CVE-2024-3094",) * 1001},
    ],
)  # fmt: skip
def test_a_draft_that_breaks_a_rule_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        made(draft("incident", **bad))


@pytest.mark.parametrize(
    "bad",
    [
        draft("answer", to=""), draft("answer", to=INCIDENT), draft("lesson", to=REQUEST),
        draft("breach", identifiers=Hashed(mail=("bob@example.org",))),
        draft("breach", identifiers=Hashed(telephone=("+81312345678",))),
    ],
)  # fmt: skip
def test_a_draft_that_does_not_fit_its_kind_is_refused(bad: Draft) -> None:
    with pytest.raises(Invalid):
        made(bad)


def test_one_person_has_one_hash() -> None:
    plain = hashlib.sha256(b"bob@example.org").hexdigest()
    assert {digest(text) for text in (" bob@example.org", "BOB@Example.ORG\t")} == {plain}
    number = hashlib.sha256(b"+81312345678").hexdigest()
    assert {digest(text) for text in ("+81 3-1234-5678", "+81312345678")} == {number}
    assert hashed(["# people", "", "bob@example.org", "Bob@example.org"]).mail == (plain,)
    assert len(PEOPLE) == 2


@given(st.text(max_size=40))
def test_no_plain_identifier_leaves_even_in_an_error(text: str) -> None:
    secret = f"{text.strip()}7391"
    said = []
    try:
        said.append(repr(hashed([secret])))
    except Invalid as wrong:
        said.append(str(wrong))
    assert secret not in said[0]


@pytest.mark.parametrize("line", ["Bob", "bob@", "@example.org", "12345", "+1", "a b@c", "+81"])
def test_what_is_neither_address_nor_number_is_named_by_its_line(line: str) -> None:
    with pytest.raises(Invalid, match="line 2"):
        hashed(["bob@example.org", line])


@pytest.mark.parametrize("said", ["Leak of BOB@example.org", "Call +81-3-1234 5678 now"])
def test_a_notice_does_not_name_people_in_its_words(said: str) -> None:
    with pytest.raises(Invalid, match="plain words"):
        hashed(["bob@example.org", "+81 3-1234-5678"], said)


def test_a_notice_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identifiers, "MOST", 2)
    with pytest.raises(TooLarge):
        hashed([f"p{n}@example.org" for n in range(3)])
    with pytest.raises(TooLarge):
        identifiers.check(["a" * 64] * 3, "")


@pytest.mark.parametrize(
    "members",
    [
        {"mail_sha256": ["bob@example.org"]}, {"telephone_sha256": "+81312345678"},
        {"mail_sha256": ["AB" * 32]}, {"victims": ["bob@example.org"]},
        {"victim": "+81 3-1234-5678"}, {"mail_sha256": [7]},
    ],
)  # fmt: skip
def test_a_received_notice_with_plain_identifiers_is_refused(members: dict[str, Any]) -> None:
    _, value = made(full("breach"))
    value["extensions"][BREACH] |= members
    with pytest.raises(Invalid):
        stix.read_object(json.dumps(value).encode())


@pytest.mark.parametrize(
    ("kind", "extensions"),
    [
        ("incident", 7), ("incident", {BREACH: 7}), ("assistance", {ASSISTANCE: []}),
        ("assistance", {ASSISTANCE: {"part": "question"}}), ("answer", {ASSISTANCE: {}}),
        ("answer", {ASSISTANCE: {"part": "answer"}}),
        ("answer", {ASSISTANCE: {"part": "answer", "answers_ref": "x"}}),
    ],
)  # fmt: skip
def test_a_received_note_that_breaks_its_definition_is_refused(kind: Kind, extensions: Any) -> None:
    _, value = made(full(kind))
    value["extensions"] = extensions
    with pytest.raises(Invalid):
        stix.read_object(json.dumps(value).encode())


def test_notes_of_other_tools_are_told_apart() -> None:
    _, value = made(draft("incident"))
    del value["extensions"]
    assert [one.kind for one in note_of(value)] == ["incident"]
    _, value = made(draft("assistance"))
    del value["extensions"]
    assert note_of(value) == []
    assert marking_id(Tlp.GREEN) not in json.dumps(value)
    assert building.MOST_TITLE == 500
