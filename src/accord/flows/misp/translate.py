"""MISP's events as a bundle of STIX, and a bundle as MISP's events, with the account of it.

Law (nothing is dropped in silence): what could not be read and what has no equal is listed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from accord.core import json
from accord.core.archives import Sealed, unpack, walk
from accord.core.errors import Invalid, NotFound, Unreadable
from accord.exchange.misp import back
from accord.exchange.misp.convert import Made, bundle, convert
from accord.exchange.misp.events import read
from accord.flows.recognise import recognise

_KIND, _BUNDLE, _OBJECT = "MISP event", "STIX bundle", "STIX object"


class Problem(msgspec.Struct, frozen=True):
    """Something that is not in the result, or only in its extension."""

    source: str
    place: str
    reason: str
    subject: str = ""


class ToStix(msgspec.Struct, kw_only=True):
    """Events as a bundle."""

    bundle: bytes = b""
    events: int = 0
    attributes: int = 0
    became: dict[str, int] = {}
    """How many attributes became an object of each type; a `note` says that there is no equal."""
    kept: list[Problem] = []
    """What has no equal in STIX, and travels in the extension."""
    refused: list[Problem] = []


class ToMisp(msgspec.Struct, kw_only=True):
    """A bundle as events."""

    document: bytes = b""
    events: int = 0
    attributes: int = 0
    kept: list[Problem] = []
    """Objects that have no equal in MISP."""


def to_stix(paths: Iterable[Path]) -> ToStix:
    """Every event in files, folders and archives as one bundle.

    Raises:
        NotFound: a path does not exist.
        Invalid: there is no event.
    """
    done = ToStix()
    made: list[Made] = []
    became: Counter[str] = Counter()
    for source, data in _documents(paths, done.refused):
        try:
            found = _events(source, data, done)
        except Invalid as wrong:
            done.refused.append(Problem(source, wrong.place, wrong.reason))
            continue
        for one in found:
            became.update(type_ for _, type_ in one.equals)
        made += found
    if not made:
        raise Invalid(_first(done.refused) or "no event of MISP is there")
    done.events, done.became = len(made), dict(sorted(became.items()))
    done.attributes = sum(became.values())
    done.bundle = msgspec.json.format(msgspec.json.encode(bundle(made)), indent=1) + b"\n"
    return done


def _events(source: str, data: bytes, done: ToStix) -> list[Made]:
    if recognise(data) != _KIND:
        raise Unreadable("no event of MISP")
    made = [convert(one) for one in read(data)]
    for one in made:
        done.kept += [Problem(source, k.place, k.reason, k.subject) for k in one.kept]
        done.refused += [Problem(source, r.place, r.reason) for r in one.event.refused]
    return made


def _documents(paths: Iterable[Path], refused: list[Problem]) -> Iterable[tuple[str, bytes]]:
    for root in paths:
        if not root.exists():
            raise NotFound(f"{root} does not exist")
        for path in walk(root):
            for one in unpack(str(path), path.read_bytes()):
                if isinstance(one, Sealed):
                    refused.append(Problem(one.source, "", one.reason))
                else:
                    yield one.source, one.data


def _first(refused: list[Problem]) -> str:
    return f"{refused[0].source}: {refused[0].reason}" if refused else ""


def to_misp(path: Path) -> ToMisp:
    """The events that a bundle was, or would be: one alone, or several within `response`.

    Raises:
        NotFound: no such file.
        Invalid: no bundle, or nothing in it has an equal in MISP.
    """
    if not path.is_file():
        raise NotFound(f"{path} is no file")
    data = path.read_bytes()
    kind = recognise(data)
    if kind not in {_BUNDLE, _OBJECT}:
        raise Invalid("not a STIX bundle", str(path))
    value = json.decode_strict(data)
    things = value.get("objects", []) if kind == _BUNDLE else [value]
    if not isinstance(things, list) or not all(isinstance(one, dict) for one in things):
        raise Invalid("a list of objects is expected", "/objects")
    found = back.events(things)
    if not found.events:
        raise Invalid("nothing in it has an equal in MISP", str(path))
    wrapped = [{"Event": one} for one in found.events]
    whole = wrapped[0] if len(wrapped) == 1 else {"response": wrapped}
    return ToMisp(
        document=msgspec.json.format(msgspec.json.encode(whole), indent=1) + b"\n",
        events=len(wrapped),
        attributes=sum(_attributes(one) for one in found.events),
        kept=[Problem(str(path), name, "no equal in MISP", type_) for name, type_ in found.kept],
    )


def _attributes(event: back.Thing) -> int:
    objects = event.get("Object") or []
    return len(event.get("Attribute") or []) + sum(len(one.get("Attribute", [])) for one in objects)
