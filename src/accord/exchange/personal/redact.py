"""A body without the personal data that was found in it.

Law (nothing is left): in what comes out, nothing is found.
Law (redacting is steady): the same finds cut from the same body give the same bytes.

Source: STIX 2.1, section 3.6.2: a changed object that is not its creator's is a new object.
"""

from __future__ import annotations

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
        here = _inner(here, step)
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
        if not isinstance(value, str):
            raise Uncut("there is more in it than is looked through; release it whole or withdraw")
        return _cut(value, finds)
    changed = _changed(_inner(value, steps[0]), steps[1:], finds)
    if isinstance(value, list):
        at = int(steps[0])
        return [*value[:at], changed, *value[at + 1 :]]
    return {**value, steps[0]: changed}


def _cut(text: str, finds: Iterable[Find]) -> str:
    """The text with one mask for each stretch of finds that overlap or touch."""
    parts: list[str] = []
    at = 0
    for one in sorted(finds, key=lambda find: (find.start, find.end)):
        if one.start > at or not parts:
            parts += [text[at : one.start], MASK]
        at = max(at, one.end)
    return "".join([*parts, text[at:]])


def _steps(place: str) -> list[str]:
    """A JSON pointer's steps (RFC 6901, section 4)."""
    return [step.replace("~1", "/").replace("~0", "~") for step in place.split("/")[1:]]


def _inner(value: Any, step: str) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return value[int(step)] if isinstance(value, list) else value[step]
    except (KeyError, IndexError, TypeError, ValueError) as wrong:
        raise Uncut(f"there is no {step[:60]!r} where something was found") from wrong
