"""Objects of STIX as events of MISP: those that were events once, whole; others as far as they go.

Law (round trip): an event that became a bundle comes back with every member that it had.

An indicator of anybody else becomes an attribute for each value that its pattern names, or one of
the type `stix2-pattern`.

Source: MISP core format; STIX 2.1, section 9.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from accord.core import json
from accord.core.errors import Invalid
from accord.core.times import when
from accord.exchange.hunting.patterns import (
    Both,
    Compare,
    Expression,
    Joined,
    Observed,
    Test,
    parse,
)
from accord.exchange.misp import types
from accord.exchange.misp.definitions import EXTENSION

_OURS: Final = uuid.UUID("5b1a7c1d-7c2e-5a4e-8a38-2f0e6f0a9c52")
_LIFTED: Final = ("uuid", "type", "category", "value", "to_ids", "comment")
_TYPES: Final = {
    ("ipv4-addr", "value"): "ip-dst", ("ipv6-addr", "value"): "ip-dst",
    ("network-traffic", "src_ref.value"): "ip-src",
    ("network-traffic", "dst_ref.value"): "ip-dst",
    ("domain-name", "value"): "domain", ("url", "value"): "url", ("file", "name"): "filename",
    ("email-addr", "value"): "email", ("email-message", "from_ref.value"): "email-src",
    ("email-message", "sender_ref.value"): "email-src",
    ("email-message", "to_refs[*].value"): "email-dst",
    ("email-message", "subject"): "email-subject", ("mutex", "name"): "mutex",
    ("windows-registry-key", "key"): "regkey", ("mac-addr", "value"): "mac-address",
    ("autonomous-system", "number"): "AS",
}  # fmt: skip
_HASHES: Final = {name.replace("-", ""): kind for kind, (name, _) in types.HASHES.items()}
_CATEGORIES: Final = {
    "filename": "Payload delivery", "mutex": "Artifacts dropped", "regkey": "Persistence mechanism",
    "stix2-pattern": "Payload delivery", "vulnerability": "External analysis",
    "email": "Payload delivery", "email-src": "Payload delivery", "email-dst": "Payload delivery",
    "email-subject": "Payload delivery",
} | dict.fromkeys(types.HASHES, "Payload delivery")  # fmt: skip
_NETWORK: Final = "Network activity"
Thing = dict[str, Any]


class Back(msgspec.Struct):
    """What objects became."""

    events: list[Thing]
    kept: list[tuple[str, str]]
    """Identifier of each object that has no equal in MISP, and its type."""


class _Parts(msgspec.Struct):
    """The parts of one event."""

    event: Thing | None = None
    objects: list[tuple[int, Thing]] = []
    attributes: list[tuple[int, str, Thing]] = []


def events(things: Iterable[Thing]) -> Back:
    """The events that some objects were, and one more of everything else that has an equal.

    Raises:
        Invalid: an extension breaks its definition.
    """
    parts: dict[str, _Parts] = {}
    others: list[Thing] = []
    for thing in things:
        extensions = thing.get("extensions")
        part = extensions.get(EXTENSION) if isinstance(extensions, dict) else None
        if part is None:
            others.append(thing)
        else:
            _sort(part, str(thing.get("id")), parts)
    found = [_whole(name, one) for name, one in parts.items()]
    foreign, kept = _foreign(others, known=bool(found))
    return Back([*found, *foreign], kept)


def attribute_of(part: Any, place: str) -> Thing:  # noqa: ANN401 - JSON
    """The attribute that the extension of an object says it was.

    Raises:
        Invalid: the extension breaks its definition.
    """
    parts: dict[str, _Parts] = {}
    _sort(part, place, parts)
    for one in parts.values():
        for _, _, said in one.attributes:
            return said
    raise Invalid("an attribute is expected", f"{place}/{EXTENSION}/part")


def _sort(part: Any, place: str, parts: dict[str, _Parts]) -> None:  # noqa: ANN401 - JSON
    """Put a part where it belongs."""
    if not isinstance(part, dict) or not isinstance(part.get("rest"), str):
        raise Invalid("the extension of a part of an event is expected", f"{place}/{EXTENSION}")
    rest = json.decode_strict(part["rest"].encode())
    kind, name = part.get("part"), part.get("uuid")
    of = name if kind == "event" else part.get("event_uuid")
    if not isinstance(rest, dict) or not isinstance(name, str) or not isinstance(of, str):
        raise Invalid("a part has a UUID, an event and a rest", f"{place}/{EXTENSION}")
    here = parts.setdefault(of, _Parts())
    position = part.get("position")
    position = position if isinstance(position, int) else 0
    if kind == "event":
        here.event = {"uuid": name} | rest
    elif kind == "object":
        here.objects.append((position, {"uuid": name} | rest))
    elif kind == "attribute":
        said = {key: part[key] for key in _LIFTED if key in part} | rest
        here.attributes.append((position, str(part.get("object_uuid") or ""), said))
    else:
        raise Invalid("event, object or attribute is expected", f"{place}/{EXTENSION}/part")


def _whole(name: str, parts: _Parts) -> Thing:
    """An event from its parts. Of one whose own part is not there the rest is given."""
    event = parts.event or {"uuid": name, "info": "Parts of an event"}
    inside: dict[str, list[Thing]] = {}
    for _, owner, one in sorted(parts.attributes, key=lambda each: (each[1], each[0])):
        inside.setdefault(owner, []).append(one)
    objects = []
    for _, one in sorted(parts.objects, key=lambda each: each[0]):
        mine = inside.pop(one["uuid"].lower(), [])
        objects.append(one | ({"Attribute": mine} if mine or "Attribute" in one else {}))
    loose = [one for left in inside.values() for one in left]
    if loose or "Attribute" in event:
        event["Attribute"] = loose
    if objects or "Object" in event:
        event["Object"] = objects
    return event


def _foreign(things: list[Thing], *, known: bool) -> tuple[list[Thing], list[tuple[str, str]]]:
    """One event of what others said; nothing where there is no attribute to make."""
    attributes: list[Thing] = []
    kept: list[tuple[str, str]] = []
    told = [one for one in things if one.get("type") in {"report", "grouping"}]
    for thing in things:
        made = list(attributes_of(thing))
        attributes += made
        if not made and not known and thing.get("type") not in _PASSED_OVER:
            kept.append((str(thing.get("id")), str(thing.get("type"))))
    if not attributes:
        return [], kept
    name = uuid.uuid5(_OURS, " ".join(one["uuid"] for one in attributes))
    at = max(int(one["timestamp"]) for one in attributes)
    info = str(told[0].get("name")) if told else "Indicators from STIX"
    return [event(str(name), info, at, attributes)], kept


_PASSED_OVER: Final = frozenset({"marking-definition", "extension-definition", "identity"})


def event(name: str, info: str, at: int, attributes: list[Thing]) -> Thing:
    """An event with what the format asks of every one."""
    day = datetime.fromtimestamp(at, UTC).date().isoformat()
    return {
        "uuid": name, "info": info, "date": day, "timestamp": str(at), "published": False,
        "analysis": "2", "threat_level_id": "4", "distribution": "0", "Tag": [],
        "Attribute": attributes, "Object": [],
    }  # fmt: skip


def attributes_of(thing: Thing) -> Iterator[Thing]:
    """The attributes that an object without our extension stands for; none: it has no equal."""
    name, at = str(thing.get("id")), _seconds(thing)
    values = list(_values(thing))
    alone = name.partition("--")[2]
    for number, (kind, text) in enumerate(values):
        one = alone if len(values) == 1 else str(uuid.uuid5(_OURS, f"{name} {number}"))
        made: Thing = {
            "uuid": one, "type": kind, "category": _CATEGORIES.get(kind, _NETWORK),
            "value": text, "to_ids": thing.get("type") == "indicator", "timestamp": str(at),
            "comment": _comment(thing), "distribution": "5",
        }  # fmt: skip
        if isinstance(thing.get("valid_from"), str):
            made["first_seen"] = thing["valid_from"]
        yield made


def _comment(thing: Thing) -> str:
    texts = [thing.get(name) for name in ("name", "description")]
    return ": ".join(text for text in texts if isinstance(text, str) and text)


def _values(thing: Thing) -> Iterator[tuple[str, str]]:
    pattern = thing.get("pattern")
    if thing.get("type") == "vulnerability" and isinstance(thing.get("name"), str):
        yield "vulnerability", thing["name"]
    elif thing.get("type") == "indicator" and isinstance(pattern, str) and pattern:
        language = thing.get("pattern_type", "stix")
        if language != "stix":
            kinds = {word: kind for kind, word in types.LANGUAGES.items()}
            if language in kinds:
                yield kinds[language], pattern
            return
        try:
            found = list(_plain(parse(pattern)))
        except (Invalid, _NotPlain):
            found = [("stix2-pattern", pattern)]
        yield from dict.fromkeys(found)


class _NotPlain(Exception):
    """A pattern is more than any one of some values."""


def _plain(tree: Expression) -> Iterator[tuple[str, str]]:
    """The values of which any one is enough."""
    if isinstance(tree, Joined) and tree.word == "OR":
        yield from _plain(tree.left)
        yield from _plain(tree.right)
    elif isinstance(tree, Observed):
        yield from _compared(tree.holds)
    else:
        raise _NotPlain


def _compared(holds: Compare) -> Iterator[tuple[str, str]]:
    if isinstance(holds, Both):
        parts = [one for one in holds.parts if not _says_type(one)]
        if holds.word == "AND" and len(parts) != 1:
            raise _NotPlain
        for one in parts:
            yield from _compared(one)
        return
    kind = _kind(holds)
    if holds.negated or holds.exists or holds.operator != "=" or not kind:
        raise _NotPlain
    for value in holds.values:
        if not isinstance(value, (str, int)) or isinstance(value, bool):
            raise _NotPlain
        yield kind, str(value)


def _kind(test: Test) -> str:
    path, type_ = test.path.text, test.path.type
    if path.startswith("hashes.") and type_ in {"file", "artifact"}:
        return _HASHES.get(path.removeprefix("hashes.").strip("'").upper().replace("-", ""), "")
    return _TYPES.get((type_, path), "")


def _says_type(holds: Compare) -> bool:
    return isinstance(holds, Test) and holds.path.text.endswith("_ref.type")


def _seconds(thing: Thing) -> int:
    text = thing.get("modified") or thing.get("created") or ""
    found = when(text, f"{thing.get('id')}/modified") if isinstance(text, str) else ""
    return int(datetime.fromisoformat(found).timestamp()) if found else 0
