"""Notes between partners: written here, kept as documents, and listed with those that arrived."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import msgspec

from accord.core.clock import Clock
from accord.core.errors import Invalid, NotFound
from accord.core.json import decode
from accord.exchange.notes import building
from accord.exchange.notes.building import Draft
from accord.exchange.notes.definitions import FORMS, MAIL, TELEPHONE
from accord.exchange.notes.identifiers import check
from accord.flows.load import load_documents
from accord.flows.ports import Intake, NoteRow, View, Views
from accord.identity.partners import Directory

_BEGINNING = re.compile(r"(?:[a-z-]{3,40}--)?[0-9a-f-]{1,36}", re.ASCII)


class Desk(Protocol):
    """The parts of a node that notes need."""

    @property
    def intake(self) -> Intake:
        """The one writer."""

    @property
    def views(self) -> Views:
        """What the node knows."""

    @property
    def clock(self) -> Clock:
        """When a note is written."""

    @property
    def entropy(self) -> Callable[[int], bytes]:
        """Random bytes, so many."""


class Thread(msgspec.Struct, frozen=True, kw_only=True):
    """A note with what belongs to it."""

    note: NoteRow
    answers: tuple[NoteRow, ...] = ()
    """Answers to a request, lessons of an incident; the earliest first."""
    hours: float | None = None
    """From the request to its first answer; null: there is none yet, or it is no request."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One note, whole."""

    thread: Thread
    text: str
    """What it says."""
    affects: tuple[str, ...]
    """CVE identifiers, and STIX identifiers of whatever else it concerns."""
    sectors: tuple[str, ...]
    identifiers: int
    """How many hashed identifiers of people it holds."""


def maker(directory: Directory | None, me: str) -> str:
    """The STIX identity of this node; empty while it is in no partnership."""
    partner = directory.partner(me) if directory and me else None
    return partner.identity if partner else ""


def write(draft: Draft, desk: Desk, identity: str) -> str:
    """Write a note and keep it as a document of this node; gives its identifier.

    Raises:
        Invalid: the draft breaks a rule of its kind.
        NotFound: what it answers is not here.
    """
    if draft.to:
        with desk.views.view() as view:
            to = find(view, draft.to)
        draft = msgspec.structs.replace(draft, to=to.object)
        _fits(draft, to)
    now = desk.clock.now()
    id_, data = building.build(draft, identity, desk.entropy, now)
    loaded = load_documents([(f"{draft.kind} of this node", data)], desk.intake, now)
    refused = [one.reason for one in loaded.quarantined]
    if refused:
        raise Invalid(refused[0], draft.kind)
    return id_


def _fits(draft: Draft, to: NoteRow) -> None:
    if draft.kind == "answer" and to.kind != "assistance":
        raise Invalid(f"{to.object} is no request for assistance, but of the kind {to.kind}", "to")


def find(view: View, name: str) -> NoteRow:
    """A note by its identifier, or by how that, or the UUID in it, begins.

    Raises:
        NotFound: none, or several, begin so.
    """
    if not _BEGINNING.fullmatch(name):
        raise NotFound(f"no note {name[:80]!r}; `accord notes list` names them")
    found: dict[str, NoteRow] = {}
    for row in view.notes():
        if name in (row.object, row.object.partition("--")[2]):
            return row
        if row.object.startswith(name) or row.object.partition("--")[2].startswith(name):
            found.setdefault(row.object, row)
    if len(found) == 1:
        return next(iter(found.values()))
    if not found:
        raise NotFound(f"no note {name!r}; `accord notes list` names them")
    raise NotFound(f"{len(found)} notes begin with {name!r}; give more of the identifier")


def threads(view: View) -> list[Thread]:
    """Every note, the newest first, with what belongs to it; an answer to what is not here stands
    by itself.
    """
    rows = [row for row in view.notes() if not row.revoked]
    here = {row.object for row in rows}
    belonging: dict[str, list[NoteRow]] = {}
    for row in rows:
        if row.answers:
            belonging.setdefault(row.answers, []).append(row)
    return [_thread(row, belonging.get(row.object, ())) for row in rows if row.answers not in here]


def _thread(note: NoteRow, belonging: Iterable[NoteRow]) -> Thread:
    answers = sorted(belonging, key=lambda row: (row.created, row.object, row.origin))
    first = next((row for row in answers if row.kind == "answer"), None)
    hours = _hours(note.created, first.created) if first and note.kind == "assistance" else None
    return Thread(note=note, answers=tuple(answers), hours=hours)


def _hours(since: str, until: str) -> float:
    """Hours between two times; an answer that claims to be earlier took none."""
    begun, ended = (
        datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
        for text in (since, until)
    )
    return max(0.0, (ended - begun) / timedelta(hours=1))


def show(view: View, name: str) -> Shown:
    """One note with its text and what belongs to it.

    Raises:
        NotFound: none, or several, begin so.
    """
    row = find(view, name)
    belonging = [one for one in view.notes(row.object) if one.answers and not one.revoked]
    value = _at(decode(view.body(row.document)), row.place)
    form = FORMS.get(row.kind)  # type: ignore[call-overload]
    extensions = value.get("extensions", {})
    members = extensions.get(form.extension, {}) if form else {}
    return Shown(
        thread=_thread(row, [one for one in belonging if one.answers == row.object]),
        text=_text(value, form.text if form else "description"),
        affects=tuple(dict.fromkeys((*_cves(value), *_about(value, members, row)))),
        sectors=_texts(members.get("sectors")),
        identifiers=sum(len(_texts(one)) for name, one in members.items() if "sha256" in name),
    )


def hashes(view: View, row: NoteRow) -> tuple[str, ...]:
    """The hashes of identifiers that a breach notice holds."""
    value = _at(decode(view.body(row.document)), row.place)
    members = value.get("extensions", {}).get(FORMS["breach"].extension, {})
    return tuple(
        one for name in (MAIL, TELEPHONE) for one in check(_texts(members.get(name)), name)
    )


def _at(value: Any, place: str) -> dict[str, Any]:  # noqa: ANN401 - JSON is any value
    """The object at a JSON pointer: the whole document, or one of a bundle's."""
    number = place.removeprefix("/objects/")
    found = value["objects"][int(number)] if place else value
    return found if isinstance(found, dict) else {}


def _text(value: dict[str, Any], name: str) -> str:
    text = value.get(name, "")
    return text if isinstance(text, str) else ""


def _texts(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - JSON is any value
    listed = value if isinstance(value, list) else []
    return tuple(one for one in listed if isinstance(one, str))


def _cves(value: dict[str, Any]) -> Iterable[str]:
    references = value.get("external_references", [])
    for one in references if isinstance(references, list) else []:
        if isinstance(one, dict) and one.get("source_name") == "cve":
            yield _text(one, "external_id")


def _about(value: dict[str, Any], members: dict[str, Any], row: NoteRow) -> Iterable[str]:
    """What else it concerns, without what stands there only because something must."""
    aside = {row.answers, row.maker, *(form.extension for form in FORMS.values())}
    named = (*_texts(value.get("object_refs")), *_texts(members.get("about_refs")))
    return (one for one in named if one not in aside)
