"""A body without the personal data that was found in it.

Law (nothing is left): in what comes out, nothing is found.
Law (redacting is steady): the same finds cut from the same body give the same bytes.

Source: STIX 2.1, section 3.6.2: a changed object that is not its creator's is a new object.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from accord.core import json
from accord.core.errors import AccordError, Invalid
from accord.exchange import granular
from accord.exchange.personal.detector import find, is_json
from accord.exchange.personal.finds import MASK, Find

_ROUNDS = 16
"""What was hidden behind something else, or past what one search tells, is cut in the next."""


class Uncut(AccordError):
    """What was found cannot be cut out; the body goes as it is, or not at all."""


def redact(body: bytes, finds: Sequence[Find], media: str = "") -> bytes:
    """The body with `[removed]` where something was found; a STIX object gets a new identifier.

    Raises:
        Uncut: something is found however much is cut.
    """
    value: Any = _value(body, media)
    left = value
    for _ in range(_ROUNDS):
        if not finds:
            return body if left is value else _written(left, value)
        # That there is more than was told has no place; the next round tells what it is.
        left = _without(left, [one for one in finds if one.end > one.start])
        finds = find(_plain(left), media)
    raise Uncut(
        "there is more personal data in it than can be cut; release it whole or withdraw it"
    )


def text_at(body: bytes, media: str, place: str) -> str:
    """The text at a place that a find names.

    Raises:
        Uncut: there is none.
    """
    here = _value(body, media)
    for step in _steps(place):
        named = _NAME_OF.fullmatch(step)
        here = _member(here, int(named[1])) if named else _inner(here, step)
    if _is_number(here):
        return str(here)
    if not isinstance(here, str):
        raise Uncut(f"there is no text at {place!r}")
    return here


def _value(body: bytes, media: str) -> Any:  # noqa: ANN401 - any JSON value, or one text
    if is_json(media):
        try:
            return json.decode_strict(body)
        except Invalid:
            pass
    return body.decode("utf-8", "replace")


def _plain(value: Any) -> bytes:  # noqa: ANN401 - as `_value`
    return value.encode() if isinstance(value, str) else msgspec.json.encode(value)


def _written(left: Any, original: Any) -> bytes:  # noqa: ANN401 - as `_value`
    """A STIX object under an identifier of its own; anything else as it is."""
    stix = isinstance(left, dict) and {"type", "id", "spec_version"} <= left.keys()
    if stix and left["type"] != "bundle":
        return granular.renewed(left, original)
    return _plain(left)


def _without(value: Any, finds: Iterable[Find]) -> Any:  # noqa: ANN401 - as `_value`
    by_place: dict[str, list[Find]] = defaultdict(list)
    for one in finds:
        by_place[one.place].append(one)
    for place, here in by_place.items():
        value = _changed(value, _steps(place), here)
    return value


def _changed(value: Any, steps: list[str], finds: list[Find]) -> Any:  # noqa: ANN401 - as `_value`
    """A copy of the value in which one text is changed."""
    if not steps:
        if _is_number(value):
            return _cut(str(value), finds)
        if not isinstance(value, str):
            raise Uncut("there is more in it than is looked through; release it whole or withdraw")
        return _cut(value, finds)
    if named := _NAME_OF.fullmatch(steps[0]):
        return _renamed(value, int(named[1]), finds)
    changed = _changed(_inner(value, steps[0]), steps[1:], finds)
    if isinstance(value, list):
        at = int(steps[0])
        return [*value[:at], changed, *value[at + 1 :]]
    return {**value, _key(value, steps[0]): changed}


def _renamed(value: Any, at: int, finds: list[Find]) -> dict[str, Any]:  # noqa: ANN401 - as `_value`
    """The object, in its order, with what was found cut from the name of one member."""
    cut = name = _cut(_member(value, at), finds)
    others = {other for index, other in enumerate(value) if index != at}
    count = 2
    while name in others:  # No member may hide another.
        name, count = f"{cut} {count}", count + 1
    return {name if index == at else other: value[other] for index, other in enumerate(value)}


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _cut(text: str, finds: Iterable[Find]) -> str:
    """The text with one mask for each stretch of finds that overlap or touch."""
    parts: list[str] = []
    at = 0
    for one in sorted(finds, key=lambda find: (find.start, find.end)):
        if one.start > at or not parts:
            parts += [text[at : one.start], MASK]
        at = max(at, one.end)
    return "".join([*parts, text[at:]])


_NAME_OF = re.compile(r"~n(\d{1,9})")
"""The name of an object's member, by its number: a place never tells what was found."""
_MEMBER = re.compile(r"~m(\d{1,9})")
"""A member whose name would tell it. In a JSON pointer `~` stands before 0 and 1 only."""


def _steps(place: str) -> list[str]:
    """A JSON pointer's steps (RFC 6901, section 4), not yet unescaped."""
    return place.split("/")[1:]


def _key(value: Any, step: str) -> str:  # noqa: ANN401 - as `_value`
    """The name of the member that a step leads to."""
    if numbered := _MEMBER.fullmatch(step):
        return _member(value, int(numbered[1]))
    return step.replace("~1", "/").replace("~0", "~")


def _member(value: Any, at: int) -> str:  # noqa: ANN401 - as `_value`
    """The name of one of an object's members.

    Raises:
        Uncut: it has not so many, or is no object.
    """
    names = list(value) if isinstance(value, dict) else []
    if at >= len(names):
        raise Uncut(f"there is no member {at} where something was found")
    return str(names[at])


def _inner(value: Any, step: str) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return value[int(step)] if isinstance(value, list) else value[_key(value, step)]
    except (KeyError, IndexError, TypeError, ValueError) as wrong:
        raise Uncut(f"there is no {step[:60]!r} where something was found") from wrong
