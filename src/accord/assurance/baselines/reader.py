"""Baselines: what one buyer asks, in YAML or JSON with `baseline` as the first member.

Strict, for a decision hangs on it: a member that is not known, a date that is none, a kind of
evidence or a level that does not exist refuse the whole document. An item whose catalogue is not
here is no error: catalogues may come later, and until then nothing can be claimed of it.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

from accord.assurance.catalogues import identifiers, names
from accord.assurance.catalogues.assembling import corrected
from accord.assurance.evidence.facts import KINDS
from accord.assurance.facts import Baseline, Requirement
from accord.assurance.model import LEVELS, SEPARATOR, Level
from accord.core import json, yaml
from accord.core.errors import Invalid
from accord.core.reading import NotEvaluated, Reading
from accord.core.times import when

GROUPS: Final = ("prepare", "protect", "produce", "respond")
"""The four groups of the partnership's joint principles, in their order."""
ACCEPTED: Final = (*KINDS, "fact")
"""Kinds of evidence that a requirement may ask for; a fact is what a node found by itself."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,59}")
_LONGEST_DAYS = 36_500
_BOM = b"\xef\xbb\xbf"


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    group: Literal["prepare", "protect", "produce", "respond"]
    title: str
    items: tuple[str | tuple[str, ...], ...]
    source: str
    must: bool = True
    accepts: tuple[str, ...] = ()
    level: str = "self-asserted"
    days: int = 0
    grace: int = 0


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    baseline: str
    owner: str
    version: str
    since: str
    title: str
    requirements: tuple[_Line, ...]
    until: str = ""
    updated: str = ""
    """When the text of this version was last changed; the later text counts."""
    about: str = ""
    scope: tuple[str, ...] = ()


def read(data: bytes) -> Reading:
    """A baseline with its requirements.

    Raises:
        Invalid: a member is missing, unknown or wrong; two requirements of one name; no
            requirement at all; it ends before it begins. The place names it.
        Unreadable: neither YAML nor JSON.
        TooLarge: past a bound.
    """
    found = _decode(data)
    _check_head(found)
    name = f"{found.baseline}@{found.version}"
    reading = Reading(
        kind="baseline",
        subject=f"baseline:{name}",
        edition=when(found.updated, "/updated"),
        title=f"{found.title} ({name})",
    )
    since, until = when(found.since, "/since"), when(found.until, "/until")
    if not since:
        raise Invalid("the day from which it holds is expected", "/since")
    if until and until <= since:
        raise Invalid(f"it ends at {found.until}, before it begins at {found.since}", "/until")
    reading.facts.append(
        Baseline(
            baseline=found.baseline,
            owner=found.owner,
            version=found.version,
            since=since,
            until=until,
            title=found.title,
            scope=found.scope,
            place="/",
        )
    )
    places: dict[str, str] = {}
    for at, line in enumerate(found.requirements):
        place = f"/requirements/{at}"
        if line.id in places:
            raise Invalid(
                f"{line.id[:60]!r} stands twice; the first is at {places[line.id]}", place
            )
        places[line.id] = place
        reading.facts.append(_requirement(found, line, place, reading.not_evaluated))
    return reading


def _decode(data: bytes) -> _Document:
    if data.removeprefix(_BOM).lstrip().startswith(b"{"):
        json.decode_strict(data)
        return json.decode_as(_Document, data)
    return yaml.decode_as(_Document, data)


def _check_head(found: _Document) -> None:
    if not _NAME.fullmatch(found.baseline):
        reason = "a short name of small letters, digits, `.`, `_` and `-` is expected"
        raise Invalid(f"{found.baseline[:60]!r}: {reason}", "/baseline")
    if not _VERSION.fullmatch(found.version):
        raise Invalid(f"{found.version[:60]!r} is no version, such as `2026.1`", "/version")
    for member in ("owner", "title"):
        if not getattr(found, member).strip():
            raise Invalid("say it in a word or more", f"/{member}")
    if not found.requirements:
        reason = "an empty baseline would accept everything; it needs a requirement"
        raise Invalid(reason, "/requirements")


def _requirement(
    found: _Document, line: _Line, place: str, notes: list[NotEvaluated]
) -> Requirement:
    if not _VERSION.fullmatch(line.id):
        raise Invalid(f"{line.id[:60]!r} is no name of a requirement", f"{place}/id")
    for member in ("title", "source"):
        if not getattr(line, member).strip():
            raise Invalid("say it in a word or more", f"{place}/{member}")
    for at, kind in enumerate(line.accepts):
        if kind not in ACCEPTED:
            reason = f"{kind[:60]!r} is no kind of evidence: use one of {', '.join(ACCEPTED)}"
            raise Invalid(reason, f"{place}/accepts/{at}")
    for member in ("days", "grace"):
        if not 0 <= getattr(line, member) <= _LONGEST_DAYS:
            raise Invalid(f"days from 0 to {_LONGEST_DAYS:,} are expected", f"{place}/{member}")
    return Requirement(
        baseline=found.baseline,
        version=found.version,
        requirement=line.id,
        group=line.group,
        title=line.title,
        must=line.must,
        items=_items(line, place, notes),
        accepts=line.accepts,
        level=_level(line.level, f"{place}/level"),
        days=line.days,
        grace=line.grace,
        source=line.source,
        place=place,
    )


def _level(words: str, place: str) -> Level:
    """Unknown is no level to ask for: it would be satisfied by nothing at all."""
    level = LEVELS.get(words, Level.UNKNOWN)
    if level is Level.UNKNOWN:
        expected = ", ".join(word for word, one in LEVELS.items() if one is not Level.UNKNOWN)
        raise Invalid(f"{words[:60]!r} is no level to ask for: use one of {expected}", place)
    return level


def _items(line: _Line, place: str, notes: list[NotEvaluated]) -> tuple[tuple[str, ...], ...]:
    """Every entry as a choice of one or more items."""
    if not line.items:
        raise Invalid("a requirement without items asks for nothing", f"{place}/items")
    choices: list[tuple[str, ...]] = []
    for at, entry in enumerate(line.items):
        here = f"{place}/items/{at}"
        if not entry:
            raise Invalid("a choice of nothing", here)
        if isinstance(entry, str):
            choices.append((_item(entry, here, notes),))
        else:
            choices.append(tuple(_item(one, f"{here}/{n}", notes) for n, one in enumerate(entry)))
    return tuple(choices)


def _item(text: str, place: str, notes: list[NotEvaluated]) -> str:
    catalogue, identifier = names.split(text.strip())
    if not catalogue:
        raise Invalid(f"{text[:80]!r} is no item, such as `ssdf@1.1#PO.1.1`", place)
    try:
        written = identifiers.normal(catalogue, identifier)
    except identifiers.Unlike as wrong:
        raise Invalid(f"{catalogue} has no item {identifier[:60]!r}", place) from wrong
    if written != identifier:
        notes.append(corrected(place, identifier, catalogue, written))
    return f"{catalogue}{SEPARATOR}{written}"
