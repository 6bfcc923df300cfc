"""Notes written: values, randomness and time in, the bytes of a STIX 2.1 object out."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import msgspec

from accord.core.errors import Invalid, TooLarge
from accord.exchange.notes.definitions import ASSISTANCE, FORMS, MAIL, TELEPHONE, Form, Kind
from accord.exchange.notes.identifiers import Hashed, check
from accord.exchange.threats.objects import identifier
from accord.identity.markings import Tlp, marking_id

MOST_TITLE, MOST_TEXT = 500, 200_000
"""Characters."""
MOST_AFFECTED = 1_000
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}", re.IGNORECASE)
_TO = {"answer": "note--", "lesson": "incident--"}
"""What a kind of note may belong to, by the beginning of its identifier."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says in a note."""

    kind: Kind
    title: str
    text: str
    sectors: tuple[str, ...] = ()
    """As STIX 2.1, section 10.9, lists them where it does: `energy`, `healthcare`."""
    affects: tuple[str, ...] = ()
    """CVE identifiers, and STIX identifiers of whatever else it concerns."""
    to: str = ""
    """The request that it answers, or the incident that taught the lesson."""
    tlp: Tlp | None = None
    """None: it bears no marking; the node's default counts when it is shared."""
    identifiers: Hashed = Hashed()
    """Of the people in a breach, as hashes."""


def build(draft: Draft, maker: str, entropy: Callable[[int], bytes], now: str) -> tuple[str, bytes]:
    """The identifier of the new object, and its bytes.

    `maker` is the STIX identifier of this node's identity, or empty: it has none yet; `entropy`
    gives so many random bytes, `now` is `when()`.

    Raises:
        Invalid: the draft breaks a rule of its kind; the place is the member.
        TooLarge: past a bound.
    """
    _check(draft)
    form = FORMS[draft.kind]
    id_ = f"{form.type}--{uuid.UUID(bytes=entropy(16), version=4)}"
    at = f"{now[:23]}Z"
    cves = [one.upper() for one in draft.affects if _CVE.fullmatch(one)]
    about = [one for one in draft.affects if not _CVE.fullmatch(one)]
    made: dict[str, Any] = {"type": form.type, "spec_version": "2.1", "id": id_}
    if maker:
        made["created_by_ref"] = identifier(maker, "created_by_ref")
    made |= {"created": at, "modified": at, form.title: draft.title, form.text: draft.text}
    if form.type == "report":
        made["published"] = at
    if form.refers:
        made["object_refs"] = _refers(form, draft.to, about, maker)
    if cves:
        made["external_references"] = [
            {"source_name": "cve", "external_id": one} for one in dict.fromkeys(cves)
        ]
    if draft.tlp is not None:
        made["object_marking_refs"] = [marking_id(draft.tlp)]
    made["extensions"] = {form.extension: _extension(form, draft, about)}
    return id_, msgspec.json.encode(made)


def _refers(form: Form, to: str, about: list[str], maker: str) -> list[str]:
    """STIX wants a note or report to be about something: else its maker, or what defines it."""
    found = list(dict.fromkeys(one for one in (to, *about) if one))
    return found or [maker or form.extension]


def _extension(form: Form, draft: Draft, about: list[str]) -> dict[str, Any]:
    """The members that STIX has no place for; none of them may be empty (section 3.1)."""
    part = {"assistance": "request", "answer": "answer"}.get(draft.kind, "")
    members: dict[str, Any] = {
        "part": part if form.extension == ASSISTANCE else "",
        "answers_ref": draft.to,
        "sectors": list(dict.fromkeys(draft.sectors)),
        "about_refs": [] if form.refers else list(dict.fromkeys(about)),
        MAIL: list(draft.identifiers.mail),
        TELEPHONE: list(draft.identifiers.telephone),
    }
    said = {name: value for name, value in members.items() if value}
    return {"extension_type": "property-extension", **said}


def _check(draft: Draft) -> None:
    _say(draft.title, "title", MOST_TITLE)
    _say(draft.text, "text", MOST_TEXT)
    for sector in draft.sectors:
        _say(sector, "sectors", MOST_TITLE)
    if len(draft.affects) > MOST_AFFECTED:
        raise TooLarge(f"more than {MOST_AFFECTED:,} things affected", "affects")
    for one in draft.affects:
        if not _CVE.fullmatch(one):
            identifier(one, "affects")
    _check_to(draft)
    if draft.identifiers and draft.kind != "breach":
        raise Invalid("only a breach notice has identifiers", "identifiers")
    check(draft.identifiers.mail, MAIL)
    check(draft.identifiers.telephone, TELEPHONE)


def _check_to(draft: Draft) -> None:
    expected = _TO.get(draft.kind)
    if draft.kind == "answer" and not draft.to:
        raise Invalid("an answer names its request", "to")
    if not draft.to:
        return
    identifier(draft.to, "to")
    if expected is None:
        raise Invalid(f"a note of the kind {draft.kind} belongs to no other", "to")
    if not draft.to.startswith(expected):
        raise Invalid(f"an identifier that begins with {expected!r} is expected", "to")


def _say(text: str, name: str, most: int) -> None:
    """Text that is there, bounded, and text at all: arguments may hold anything."""
    if not text.strip():
        raise Invalid("say it in a word or more", name)
    if len(text) > most:
        raise TooLarge(f"{len(text):,} characters; the limit is {most:,}", name)
    try:
        text.encode()
    except UnicodeEncodeError as wrong:
        raise Invalid("not text in UTF-8", name) from wrong
    if "\x00" in text:
        raise Invalid("holds NUL", name)
