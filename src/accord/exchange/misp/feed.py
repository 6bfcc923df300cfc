"""A feed as MISP fetches it from a folder: events, a manifest, and hashes of the values in them.

Law (never wider): a level of distribution is at most what the marking allows; a sharing group is
unknown to whoever reads the feed, so that it stands for its narrowest.

Source: MISP, feeds in MISP's own format: `manifest.json`, `hashes.csv`, `UUID.json`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from hashlib import md5
from typing import Any, Final

import msgspec

from accord.exchange.misp import back, marks
from accord.exchange.misp.definitions import EXTENSION
from accord.exchange.misp.events import Event
from accord.identity.markings import Marking, limits

MANIFEST, HASHES = "manifest.json", "hashes.csv"
_OURS: Final = uuid.UUID("e1b1c3b1-7a3f-5a6e-8d65-0c6f2a1d9b44")
_LEVELS: Final = ("0", "1", "2", "3")
_OUT: Final = frozenset({"sharinggroup", "sharing_group_id"})
_SAID: Final = ("uuid", "type", "category", "value", "to_ids", "comment", "timestamp",
                "first_seen", "last_seen")  # fmt: skip
_SHORTEST: Final = 4
"""Characters of a word; a shorter one, as a port is, says nothing alone."""
Thing = dict[str, Any]


class Maker(msgspec.Struct, frozen=True):
    """Who gives the feed."""

    name: str
    uuid: str


def narrowed(event: Thing, marking: Marking) -> Thing:
    """An event of MISP as it goes out under a marking, with tags and distribution that say it."""
    level, said = marks.written(marking)
    made: Thing = _narrowed(event, level)
    made["distribution"] = _narrower(event.get("distribution"), level)
    listed = event.get("Tag")
    own = [tag for tag in listed if isinstance(tag, dict)] if isinstance(listed, list) else []
    kept = [tag for tag in own if not limits(str(tag.get("name")))]
    return made | {"Tag": [*said, *kept]}


def _narrowed(value: Any, level: str) -> Any:  # noqa: ANN401 - JSON is any value until looked at
    """The same without sharing groups, and with no level wider than one."""
    if isinstance(value, list):
        return [_narrowed(one, level) for one in value]
    if not isinstance(value, dict):
        return value
    made = {key: _narrowed(one, level) for key, one in value.items() if key.lower() not in _OUT}
    for key in made:
        if key.lower() == "distribution" and str(value[key]) != marks.INHERITED:
            made[key] = _narrower(value[key], level)
    return made


def _narrower(value: Any, level: str) -> str:  # noqa: ANN401 - as above
    return min(str(value), level) if str(value) in _LEVELS else "0"


def attributes(thing: Thing) -> Iterator[Thing]:
    """The attributes of an indicator: that which it was in MISP once, else those that it says."""
    if thing.get("type") != "indicator" or thing.get("revoked"):
        return
    extensions = thing.get("extensions")
    part = extensions.get(EXTENSION) if isinstance(extensions, dict) else None
    if part is None:
        yield from back.attributes_of(thing)
        return
    whole = back.attribute_of(part, str(thing.get("id")))
    yield {key: whole[key] for key in _SAID if key in whole} | {"distribution": "5"}


def gathered(
    found: Mapping[Marking, Iterable[Thing]], maker: Maker, recipient: str
) -> Iterator[Thing]:
    """An event of indicators for each marking; its UUID stays the same from time to time."""
    for marking, listed in sorted(found.items()):
        unique = {one["uuid"]: one for one in listed}
        if not unique:
            continue
        inside = [unique[name] for name in sorted(unique)]
        at = max(int(one["timestamp"]) for one in inside)
        said = f"{maker.uuid} {recipient} {marking.tlp} {marking.pap}"
        info = f"Indicators of {maker.name}, {marking.tlp.label}"
        made = back.event(str(uuid.uuid5(_OURS, said)), info, at, inside)
        organisation = {"name": maker.name, "uuid": maker.uuid}
        yield narrowed(made | {"distribution": "3", "Orgc": organisation}, marking)


def folder(events: Iterable[Thing]) -> dict[str, bytes]:
    """The files of a feed, by name."""
    files: dict[str, bytes] = {}
    manifest: dict[str, Thing] = {}
    hashes: dict[str, None] = {}
    for event in sorted(events, key=lambda one: str(one["uuid"]).lower()):
        name = str(event["uuid"]).lower()
        files[f"{name}.json"] = msgspec.json.encode({"Event": event}) + b"\n"
        manifest[name] = _listed(event)
        hashes |= dict.fromkeys(f"{digest},{name}" for digest in _hashes(event))
    files[HASHES] = "".join(f"{line}\n" for line in hashes).encode()
    files[MANIFEST] = msgspec.json.encode(manifest) + b"\n"
    return files


def _listed(event: Thing) -> Thing:
    """What the manifest says of an event."""
    maker = event.get("Orgc")
    maker = maker if isinstance(maker, dict) else {}
    tags = [{"name": tag["name"]} for tag in event["Tag"] if isinstance(tag.get("name"), str)]
    same = ("info", "date", "analysis", "threat_level_id", "timestamp")
    return {
        "Orgc": {key: maker[key] for key in ("name", "uuid") if key in maker}, "Tag": tags,
        **{key: event[key] for key in same if key in event},
    }  # fmt: skip


def readable(event: Event, gone: Iterable[str] = ()) -> Thing:
    """An event with those of its attributes and objects that were read, without those at places."""
    out = frozenset(gone)
    made = dict(event.value)
    if "Attribute" in made:
        made["Attribute"] = [one.value for one in event.attributes if one.place not in out]
    if "Object" in made:
        made["Object"] = [
            one.value
            | {"Attribute": [each.value for each in one.attributes if each.place not in out]}
            for one in event.objects
            if one.place not in out
        ]
    return made


def silent(event: Thing, words: Iterable[str]) -> Thing | None:
    """An event without whatever names one of some words; None: it does so outside of any list.

    A member of a list goes as a whole: an attribute whose comment says it, a reference to it. A
    word counts where it stands alone: a longer domain name or address is another.
    """
    told = [one for one in words if len(one) >= _SHORTEST]
    if not told:
        return event
    each = "|".join(re.escape(one) for one in sorted(set(told), key=len, reverse=True))
    found = re.compile(rf"(?<![\w-])(?<!\w\.)(?:{each})(?!\.?[\w-])", re.IGNORECASE)
    try:
        made: Thing = _silent(event, found.search)
    except _Named:
        return None
    return made


class _Named(Exception):
    """A text names what is not to be told."""


def _silent(value: Any, found: Callable[[str], object]) -> Any:  # noqa: ANN401 - as above
    if isinstance(value, list):
        return [one for one in (_unnamed(each, found) for each in value) if one is not _Named]
    if isinstance(value, dict):
        for key in value:
            _silent(key, found)
        return {key: _silent(inner, found) for key, inner in value.items()}
    if found(str(value)):
        raise _Named
    return value


def _unnamed(value: Any, found: Callable[[str], object]) -> Any:  # noqa: ANN401 - as above
    try:
        return _silent(value, found)
    except _Named:
        return _Named


def related(event: Thing, known: Container[str]) -> Thing:
    """An event that names no other events than those that are known to whoever gets it."""
    made: Thing = {}
    for key, value in event.items():
        if key.casefold() == "relatedevent":
            listed = value if isinstance(value, list) else []
            made[key] = [one for one in listed if _uuid(one) in known]
        elif key.casefold() != "extends_uuid" or str(value).lower() in known:
            made[key] = value
    return made


def _uuid(value: Any) -> str:  # noqa: ANN401 - as above
    inner = value.get("Event", value) if isinstance(value, dict) else None
    return str(inner.get("uuid")).lower() if isinstance(inner, dict) else ""


def names(event: Thing) -> Iterator[str]:
    """The UUID of every attribute of an event that was read."""
    return (str(one.get("uuid")).lower() for one in _inside(event))


def _inside(event: Thing) -> Iterator[Thing]:
    for part in (event, *(event.get("Object") or [])):
        yield from part.get("Attribute") or []


def _hashes(event: Thing) -> Iterator[str]:
    """MD5 of each value, for look-ups; of a composite, of each of its parts."""
    for one in _inside(event):
        if one.get("deleted") is True:
            continue
        value, kind = str(one["value"]), str(one["type"])
        for text in value.split("|") if "|" in kind or kind == "malware-sample" else [value]:
            yield md5(text.encode(), usedforsecurity=False).hexdigest()
