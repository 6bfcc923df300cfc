"""Alerts follow each other as CAP 1.2 wants it, and are written as it wants it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.core.errors import Invalid
from accord.identity.markings import Tlp
from accord.outreach.alerts import cap, feeds, model
from accord.outreach.alerts.model import Alert, Area, Info, Kind, Topic, follow, release
from accord.outreach.alerts.texts import body

WORDS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Co", "Cn")),
    min_size=1, max_size=60,
).filter(lambda text: bool(text.strip()))  # fmt: skip
CODES = st.binary(min_size=5, max_size=5).map(model.short_code)
NAMES = st.sampled_from(["cert.example", "alerts@au.example"])
LANGUAGES = st.sampled_from(["en", "hi", "ja", "id", "ar", "en-AU"])
BASE = feeds.Place("https://alerts.example")


def at(minute: int) -> str:
    return f"2026-11-24T{minute // 60:02}:{minute % 60:02}:00.123456Z"


@st.composite
def infos(draw: Any) -> tuple[Info, ...]:
    shared: dict[str, Any] = {
        "category": tuple(draw(st.lists(st.sampled_from(["Security", "Infra", "Other"]), min_size=1,
                                        max_size=3, unique=True))),
        "urgency": draw(st.sampled_from(["Immediate", "Expected", "Unknown"])),
        "severity": draw(st.sampled_from(model.SEVERITIES)),
        "certainty": draw(st.sampled_from(["Observed", "Likely", "Possible"])),
        "expires": draw(st.sampled_from(["", at(1400)])),
    }  # fmt: skip
    areas = st.lists(st.builds(Area, WORDS, st.just((("ISO 3166-1", "IN"),))), max_size=2)
    return tuple(
        Info(
            language=language, event=draw(WORDS), headline=draw(WORDS), description=draw(WORDS),
            instruction=draw(st.one_of(st.just(""), WORDS)), areas=tuple(draw(areas)),
            response=draw(st.sampled_from([(), ("Execute",)])),
            web=draw(st.sampled_from(["", "https://cert.example/x"])),
            reviewed=draw(st.booleans()), **shared,
        )
        for language in draw(st.lists(LANGUAGES, min_size=1, max_size=3, unique=True))
    )  # fmt: skip


@st.composite
def drafts(draw: Any) -> Alert:
    tlp = draw(st.sampled_from([Tlp.CLEAR, Tlp.GREEN]))
    public = tlp is Tlp.CLEAR
    return model.check(
        Alert(
            code=draw(CODES), sender=draw(NAMES), infos=draw(infos()), tlp=tlp,
            scope="Public" if public else "Restricted",
            restriction="" if public else "partners",
            status=draw(st.sampled_from(["Actual", "Exercise", "Test"])),
            topics=(Topic("region", "in"),),
        )
    )  # fmt: skip


@st.composite
def threads(draw: Any) -> list[Alert]:
    """An alert, updates and perhaps its cancellation, as the functions make them."""
    thread = [release(draw(drafts()), [], at(1))]
    kinds: list[Kind] = ["update"] * draw(st.integers(0, 3))
    if draw(st.booleans()):
        kinds.append("cancel")
    for number, kind in enumerate(kinds):
        thread.append(release(follow(thread, kind, ()), thread, at(number + 2)))
    return thread


@settings(deadline=None, max_examples=60)
@given(threads())
def test_references(thread: list[Alert]) -> None:
    for number, one in enumerate(thread):
        assert [ref.identifier for ref in one.references] == [t.identifier for t in thread[:number]]
        assert [ref.sent for ref in one.references] == [t.sent for t in thread[:number]]


@settings(deadline=None, max_examples=40)
@given(threads(), st.sampled_from(["update", "cancel"]))
def test_final(thread: list[Alert], kind: Kind) -> None:
    if thread[-1].kind == "cancel":
        with pytest.raises(Invalid, match="final"):
            follow(thread, kind, ())
        forged = msgspec.structs.replace(
            thread[-1], revision=len(thread) + 1, kind="update", sent=at(99),
            references=tuple(one.reference() for one in thread),
        )  # fmt: skip
        with pytest.raises(Invalid, match="follows a cancellation"):
            model.check_thread([*thread, forged])
    else:
        assert follow(thread, kind, ()).kind == kind


@settings(deadline=None, max_examples=40)
@given(threads())
def test_once(thread: list[Alert]) -> None:
    assert len({one.identifier for one in thread}) == len(thread)
    with pytest.raises(Invalid, match=r"used once|first message"):
        model.check_thread([*thread, thread[-1]])
    with pytest.raises(Invalid, match="was released"):
        release(thread[-1], thread[:-1], at(99))


@given(st.binary(min_size=5, max_size=5))
def test_a_code_is_read_as_it_is_typed(entropy: bytes) -> None:
    code = model.short_code(entropy)
    assert model.read_code(code) == code
    assert model.read_code(f" {code.lower().replace('-', ' ').replace('0', 'o')}") == code
    assert not model.read_code(code[:-1])
    assert not model.read_code(f"{code[:-1]}U")


# Independent rules of reading, from the standard's text and schema.

_ALERT = [
    ("identifier", 1, 1), ("sender", 1, 1), ("sent", 1, 1), ("status", 1, 1), ("msgType", 1, 1),
    ("source", 0, 1), ("scope", 1, 1), ("restriction", 0, 1), ("addresses", 0, 1), ("code", 0, 99),
    ("note", 0, 1), ("references", 0, 1), ("incidents", 0, 1), ("info", 0, 99),
]  # fmt: skip
_INFO = [
    ("language", 0, 1), ("category", 1, 99), ("event", 1, 1), ("responseType", 0, 99),
    ("urgency", 1, 1), ("severity", 1, 1), ("certainty", 1, 1), ("audience", 0, 1),
    ("eventCode", 0, 99), ("effective", 0, 1), ("onset", 0, 1), ("expires", 0, 1),
    ("senderName", 0, 1), ("headline", 0, 1), ("description", 0, 1), ("instruction", 0, 1),
    ("web", 0, 1), ("contact", 0, 1), ("parameter", 0, 99), ("resource", 0, 99), ("area", 0, 99),
]  # fmt: skip
_AREA = [("areaDesc", 1, 1), ("polygon", 0, 99), ("circle", 0, 99), ("geocode", 0, 99)]
_GEOCODE = [("valueName", 1, 1), ("value", 1, 1)]
_LISTS = {
    "status": {"Actual", "Exercise", "System", "Test", "Draft"},
    "msgType": {"Alert", "Update", "Cancel", "Ack", "Error"},
    "scope": {"Public", "Restricted", "Private"},
    "category": {"Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env",
                 "Transport", "Infra", "CBRNE", "Other"},
    "responseType": {"Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess",
                     "AllClear", "None"},
    "urgency": {"Immediate", "Expected", "Future", "Past", "Unknown"},
    "severity": {"Extreme", "Severe", "Moderate", "Minor", "Unknown"},
    "certainty": {"Observed", "Likely", "Possible", "Unlikely", "Unknown"},
}  # fmt: skip
_DATE = re.compile(r"\d\d\d\d-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
_PLAIN = re.compile(r"[^\s,<&]+")
_URN = "{urn:oasis:names:tc:emergency:cap:1.2}"


def in_order(element: ET.Element, expected: list[tuple[str, int, int]]) -> None:
    names = [child.tag.removeprefix(_URN) for child in element]
    assert all(child.tag.startswith(_URN) for child in element)
    left = list(names)
    for name, least, most in expected:
        count = 0
        while left and left[0] == name:
            left.pop(0)
            count += 1
        assert least <= count <= most, (name, names)
    assert not left, names


def check_cap(data: bytes) -> ET.Element:
    root = ET.fromstring(data)
    assert root.tag == f"{_URN}alert"
    in_order(root, _ALERT)
    for info in root.findall(f"{_URN}info"):
        in_order(info, _INFO)
        for area in info.findall(f"{_URN}area"):
            in_order(area, _AREA)
            for geocode in area.findall(f"{_URN}geocode"):
                in_order(geocode, _GEOCODE)
    for element in root.iter():
        name, said = element.tag.removeprefix(_URN), element.text or ""
        if name in _LISTS:
            assert said in _LISTS[name]
        if name in {"sent", "effective", "onset", "expires"}:
            assert _DATE.fullmatch(said), said
            datetime.fromisoformat(said)
        if name in {"identifier", "sender"}:
            assert _PLAIN.fullmatch(said), said
    scope = root.findtext(f"{_URN}scope")
    assert (scope == "Restricted") == (root.find(f"{_URN}restriction") is not None)
    for one in (root.findtext(f"{_URN}references") or "").split():
        sender, identifier, sent = one.split(",")
        assert _PLAIN.fullmatch(sender)
        assert _PLAIN.fullmatch(identifier)
        assert _DATE.fullmatch(sent)
    return root


@settings(deadline=None, max_examples=60)
@given(threads())
def test_cap_is_as_the_standard_has_it(thread: list[Alert]) -> None:
    for number, one in enumerate(thread):
        root = check_cap(cap.write(one))
        assert root.findtext(f"{_URN}identifier") == one.identifier
        named = (root.findtext(f"{_URN}references") or "").split()
        assert len(named) == number
        for said, info in zip(root.findall(f"{_URN}info"), one.infos, strict=True):
            assert said.findtext(f"{_URN}headline") == info.headline
            assert said.findtext(f"{_URN}description") == info.description


@settings(deadline=None, max_examples=30)
@given(threads())
def test_feeds_hold_what_is_public_and_nothing_else(thread: list[Alert]) -> None:
    shown = [one for one in thread if one.tlp is Tlp.CLEAR]
    root = ET.fromstring(feeds.atom(thread, BASE, "cert"))
    name = "{http://www.w3.org/2005/Atom}"
    entries = root.findall(f"{name}entry")
    assert [one.findtext(f"{name}id") for one in entries] == [
        BASE.cap(one) for one in reversed(shown)
    ]
    for entry in (root, *entries):
        assert entry.findtext(f"{name}title")
        datetime.fromisoformat(entry.findtext(f"{name}updated") or "")
    found = msgspec.json.decode(feeds.json(thread, BASE, "cert"))
    assert found["version"] == "https://jsonfeed.org/version/1.1"
    assert [one["id"] for one in found["items"]] == [BASE.cap(one) for one in reversed(shown)]
    assert all(one["content_text"] for one in found["items"])


@settings(deadline=None, max_examples=40)
@given(threads(), LANGUAGES)
def test_every_message_can_be_checked(thread: list[Alert], language: str) -> None:
    for one in thread:
        text = body(one, language, BASE.code(one.code))
        assert one.code in text
        assert f"https://alerts.example/a/{one.code}" in text
        info = one.info(language)
        beside = not info.reviewed and one.severity in {"Severe", "Extreme"}
        if beside and info.language != "en" and one.info("en").language == "en":
            assert one.info("en").headline in text


BAD = [
    ({"headline": "two\nlines"}, "infos/0/headline"), ({"headline": " "}, "infos/0/headline"),
    ({"description": "a\x00b"}, "infos/0/description"), ({"language": "e n"}, "infos/0/language"),
    ({"web": "javascript:alert(1)"}, "infos/0/web"), ({"category": ()}, "infos/0/category"),
    ({"description": "a\ufffe"}, "infos/0/description"), ({"event": "\uffff"}, "infos/0/event"),
    ({"expires": "tomorrow"}, "infos/0/expires"), ({"description": " "}, "infos/0/description"),
    ({"description": "x" * 8_001}, "infos/0/description"), ({"event": ""}, "infos/0/event"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "place"), BAD)
def test_what_breaks_a_rule_is_told_with_its_place(wrong: dict[str, Any], place: str) -> None:
    good: dict[str, Any] = {
        "language": "en", "event": "e", "urgency": "Unknown", "severity": "Minor",
        "certainty": "Likely", "headline": "h", "description": "d",
    }  # fmt: skip
    made = Alert(code="K7QF-3MZP", sender="cert.example", infos=(Info(**{**good, **wrong}),))
    with pytest.raises(Invalid) as found:
        model.check(made)
    assert found.value.place == place


@pytest.mark.parametrize("wrong", ["", "all:x", "product:", "colour:red", "product:a\nb\x00"])
def test_what_is_no_topic_is_refused(wrong: str) -> None:
    with pytest.raises(Invalid):
        model.topic(wrong)
