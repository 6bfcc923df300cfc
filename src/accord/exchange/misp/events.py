"""Events of MISP, checked one by one: their attributes, their objects, and where each stands.

Law (nothing is dropped in silence): an attribute or object that breaks the format is refused with
its place, and its neighbours are kept. Fields that are not named here stay in `value`.

Source: MISP core format (draft-dulaunoy-misp-core-format), sections 2.1 to 2.6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from accord.core.errors import Invalid, TooLarge
from accord.core.json import decode_strict
from accord.core.reading import Refused
from accord.core.times import when

MOST_EVENTS = 10_000
MOST_ATTRIBUTES = 500_000
"""Attributes of one event, those of its objects included."""
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_SECONDS = re.compile(r"[0-9]{1,11}", re.ASCII)
_TRUTHS: dict[object, bool] = {"0": False, "1": True, "false": False, "true": True}
_LONGEST = 1 << 20
"""Characters of a value; longer ones are no indicators."""


class Attribute(msgspec.Struct, frozen=True):
    """One value with what is said of it."""

    uuid: str
    type: str
    category: str
    text: str
    """Its `value`."""
    to_ids: bool
    """Whether it is meant for detection."""
    deleted: bool
    at: str
    """`when()` it was last changed."""
    first: str
    """`when()` it was first seen, or empty."""
    last: str
    place: str
    value: dict[str, Any]
    """As it stands in the event."""


class Item(msgspec.Struct, frozen=True):
    """An object of MISP: attributes that belong together."""

    uuid: str
    name: str
    attributes: tuple[Attribute, ...]
    deleted: bool
    place: str
    value: dict[str, Any]


class Event(msgspec.Struct, frozen=True):
    """One event."""

    uuid: str
    info: str
    at: str
    """`when()` it was last changed."""
    day: str
    """`when()` its day began; the same in all versions, as a rule."""
    attributes: tuple[Attribute, ...]
    objects: tuple[Item, ...]
    place: str
    value: dict[str, Any]
    refused: tuple[Refused, ...] = ()


def read(data: bytes) -> list[Event]:
    """The events of a document: one alone or within `Event`, a list of such, or a `response`.

    Raises:
        Invalid: no event, or one without what every event has; the place says where.
        Unreadable: not JSON, or a key stands twice in one object.
        TooLarge: past a bound.
    """
    found = list(_within(decode_strict(data), ""))
    if len(found) > MOST_EVENTS:
        raise TooLarge(f"{len(found):,} events; the limit is {MOST_EVENTS:,}")
    return [_event(value, place) for value, place in found]


def _within(value: Any, place: str) -> Iterator[tuple[dict[str, Any], str]]:  # noqa: ANN401 - JSON
    """Every event in what an instance of MISP, its interface or a feed gives."""
    if isinstance(value, dict) and "response" in value:
        value, place = value["response"], f"{place}/response"
    for one, here in _each(value, place):
        if not isinstance(one, dict):
            raise Invalid("an event is expected", here)
        inner, there = (one["Event"], f"{here}/Event") if "Event" in one else (one, here)
        if not isinstance(inner, dict) or "info" not in inner:
            raise Invalid("not an event of MISP: `info` is missing", there)
        yield inner, there


def _each(value: Any, place: str) -> Iterator[tuple[Any, str]]:  # noqa: ANN401 - as above
    if isinstance(value, list):
        yield from ((one, f"{place}/{number}") for number, one in enumerate(value))
    else:
        yield value, place


def _event(value: dict[str, Any], place: str) -> Event:
    refused: list[Refused] = []
    uuid = _uuid(value, place)
    at = seconds(value.get("timestamp"), f"{place}/timestamp")
    day = when(_text(value, "date", place), f"{place}/date")
    seen: dict[str, str] = {}
    attributes = tuple(_attributes(value, place, seen, refused))
    objects = tuple(_objects(value, place, seen, refused))
    if len(seen) > MOST_ATTRIBUTES:
        raise TooLarge(f"{len(seen):,} attributes; the limit is {MOST_ATTRIBUTES:,}", place)
    info = _text(value, "info", place)
    return Event(uuid, info, at, day or at, attributes, objects, place, value, tuple(refused))


def _listed(value: dict[str, Any], name: str, place: str) -> Iterator[tuple[Any, str]]:
    found = value.get(name)
    if found is None:
        return
    if not isinstance(found, list):
        raise Invalid("a list is expected", f"{place}/{name}")
    for number, one in enumerate(found):
        yield one, f"{place}/{name}/{number}"


def _attributes(
    value: dict[str, Any], place: str, seen: dict[str, str], refused: list[Refused]
) -> Iterator[Attribute]:
    for one, here in _listed(value, "Attribute", place):
        try:
            found = _attribute(one, here)
            _once(found.uuid, here, seen)
        except Invalid as wrong:
            refused.append(Refused(wrong.place, wrong.reason))
            continue
        yield found


def _objects(
    value: dict[str, Any], place: str, seen: dict[str, str], refused: list[Refused]
) -> Iterator[Item]:
    names: dict[str, str] = {}
    for one, here in _listed(value, "Object", place):
        try:
            if not isinstance(one, dict):
                raise Invalid("an object is expected", here)  # noqa: TRY301 - one place for all
            uuid = _uuid(one, here)
            _once(uuid, here, names)
            inside = tuple(_attributes(one, here, seen, refused))
            deleted = _truth(one, "deleted", here)
            yield Item(uuid, _text(one, "name", here), inside, deleted, here, one)
        except Invalid as wrong:
            refused.append(Refused(wrong.place, wrong.reason))


def _attribute(value: Any, place: str) -> Attribute:  # noqa: ANN401 - as above
    if not isinstance(value, dict):
        raise Invalid("an attribute is expected", place)
    text, kind = _text(value, "value", place), _text(value, "type", place)
    if not text or not kind:
        raise Invalid("an attribute has a type and a value", place)
    if len(text) > _LONGEST:
        raise TooLarge(f"a value of {len(text):,} characters", f"{place}/value")
    first = when(_text(value, "first_seen", place), f"{place}/first_seen")
    last = when(_text(value, "last_seen", place), f"{place}/last_seen")
    if first and last and last < first:
        raise Invalid("it was last seen before it was first seen", f"{place}/last_seen")
    return Attribute(
        _uuid(value, place), kind, _text(value, "category", place), text,
        _truth(value, "to_ids", place), _truth(value, "deleted", place),
        seconds(value.get("timestamp", 0), f"{place}/timestamp"), first, last, place, value,
    )  # fmt: skip


def _once(uuid: str, place: str, seen: dict[str, str]) -> None:
    other = seen.setdefault(uuid, place)
    if other != place:
        raise Invalid(f"the UUID {uuid} stands at {other} already", f"{place}/uuid")


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID, in whatever case."""
    return _UUID.fullmatch(text.lower()) is not None


def _uuid(value: dict[str, Any], place: str) -> str:
    text = _text(value, "uuid", place).lower()
    if not _UUID.fullmatch(text):
        raise Invalid(f"{text[:60]!r} is not a UUID", f"{place}/uuid")
    return text


def _text(value: dict[str, Any], name: str, place: str) -> str:
    found = value.get(name)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise Invalid("text is expected", f"{place}/{name}")
    return found


def _truth(value: dict[str, Any], name: str, place: str) -> bool:
    """MISP writes `true`; older versions and other tools write 1, in quotation marks or without."""
    found = value.get(name)
    if found is None or isinstance(found, bool):
        return bool(found)
    known = _TRUTHS.get(str(found).lower()) if isinstance(found, (str, int)) else None
    if known is None:
        raise Invalid("true or false is expected", f"{place}/{name}")
    return known


def seconds(value: Any, place: str = "") -> str:  # noqa: ANN401 - as above
    """Seconds since 1970, in quotation marks or without, as `when()`.

    Raises:
        Invalid: it is something else.
    """
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not _SECONDS.fullmatch(text):
        raise Invalid("seconds since 1970 are expected", place)
    moment = datetime.fromtimestamp(int(text), UTC)
    return f"{moment.isoformat(timespec='microseconds')[:26]}Z"
