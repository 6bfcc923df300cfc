"""Notes told apart from other STIX objects, whoever wrote them."""

from __future__ import annotations

from typing import Any

from accord.core.errors import Invalid
from accord.exchange.notes.definitions import ASSISTANCE, BREACH, INCIDENT, LESSON, MAIL, TELEPHONE
from accord.exchange.notes.identifiers import check, plain
from accord.exchange.threats.facts import Note
from accord.exchange.threats.objects import Thing, identifier
from accord.identity.markings import STIX_TLP

_TYPES = frozenset({"incident", "note", "report"})
_TITLE = 1000
_PARTS = {"request": "assistance", "answer": "answer"}


def notes(thing: Thing) -> list[Note]:
    """The note that an object is; empty where it is none.

    An incident of any tool is one; notes and reports are those that bear an extension of ours.

    Raises:
        Invalid: the extension breaks its definition, or a breach notice names people in plain.
    """
    if thing.type not in _TYPES:
        return []
    extensions = thing.content.get("extensions", {})
    if not isinstance(extensions, dict):
        raise Invalid("an object is expected", f"{thing.place}/extensions")
    if thing.type == "incident" and BREACH in extensions:
        _breach(extensions[BREACH], f"{thing.place}/extensions/{BREACH}")
        return [_note(thing, "breach", thing.text("name"), "")]
    if thing.type == "incident":
        _members(extensions.get(INCIDENT, {}), f"{thing.place}/extensions/{INCIDENT}")
        return [_note(thing, "incident", thing.text("name"), "")]
    if thing.type == "note" and ASSISTANCE in extensions:
        return [_assistance(thing, extensions[ASSISTANCE])]
    if thing.type == "report" and LESSON in extensions:
        place = f"{thing.place}/extensions/{LESSON}"
        answers = _answers(_members(extensions[LESSON], place), place)
        return [_note(thing, "lesson", thing.text("name"), answers)]
    return []


def _assistance(thing: Thing, value: Any) -> Note:  # noqa: ANN401 - JSON is any value
    place = f"{thing.place}/extensions/{ASSISTANCE}"
    members = _members(value, place)
    kind = _PARTS.get(str(members.get("part")))
    answers = _answers(members, place)
    if kind is None:
        raise Invalid("`request` or `answer` is expected", f"{place}/part")
    if kind == "answer" and not answers:
        raise Invalid("an answer names its request", f"{place}/answers_ref")
    return _note(thing, kind, thing.text("abstract"), answers if kind == "answer" else "")


def _note(thing: Thing, kind: str, title: str, answers: str) -> Note:
    marks = [STIX_TLP[one] for one in thing.texts("object_marking_refs") if one in STIX_TLP]
    tlp = max(marks).word if marks else ""
    maker = thing.text("created_by_ref")
    return Note(
        thing.id, kind, title[:_TITLE] or thing.id, thing.created, answers, maker, tlp, thing.place
    )


def _members(value: Any, place: str) -> dict[str, Any]:  # noqa: ANN401 - JSON is any value
    if not isinstance(value, dict):
        raise Invalid("an object is expected", place)
    return value


def _answers(members: dict[str, Any], place: str) -> str:
    if "answers_ref" not in members:
        return ""
    return identifier(members["answers_ref"], f"{place}/answers_ref")


def _breach(value: Any, place: str) -> None:  # noqa: ANN401 - JSON is any value
    """Only hashes: a plain identifier is refused wherever it stands in the extension."""
    for name, inner in _members(value, place).items():
        listed = inner if isinstance(inner, list) else [inner]
        if name in (MAIL, TELEPHONE):
            check(listed, f"{place}/{name}")
        elif any(isinstance(one, str) and plain(one) for one in listed):
            raise Invalid("a plain identifier; only hashes may stand here", f"{place}/{name}")
