"""JSON within bounds: size, depth, no NaN, no lone surrogates, and no duplicate keys on demand.

Source: RFC 8259; I-JSON (RFC 7493, section 2) for what is refused.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import jiter
import msgspec

from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.limits import LIMITS, Limits

T = TypeVar("T")

_BRACKETS = re.compile(rb'[\[\]{}]|"(?:[^"\\]|\\.)*+"', re.DOTALL)
_BOM = b"\xef\xbb\xbf"


def check(data: bytes, limits: Limits = LIMITS) -> bytes:
    """The bytes without a byte order mark, once size and depth are known to be within bounds.

    Raises:
        TooLarge: more bytes or deeper nesting than the limits allow.

    """
    if len(data) > limits.bytes:
        raise TooLarge(f"{len(data):,} bytes; the limit is {limits.bytes:,}")
    data = data.removeprefix(_BOM)
    if data.count(b"[") + data.count(b"{") > limits.depth:
        _check_depth(data, limits.depth)
    return data


def _check_depth(data: bytes, limit: int) -> None:
    """Walk the brackets outside strings; cheap documents never come here."""
    depth = 0
    for token in _BRACKETS.finditer(data):
        character = data[token.start()]
        if character in b"[{":
            depth += 1
            if depth > limit:
                raise TooLarge(f"nested more than {limit} deep", f"byte {token.start()}")
        elif character in b"]}":
            depth -= 1


def decode(data: bytes, limits: Limits = LIMITS) -> Any:
    """Any JSON value. Duplicate keys: the last counts, as in most publishers' own readers.

    Raises:
        Unreadable: not JSON (RFC 8259), or NaN, Infinity or a lone surrogate in it.
        TooLarge: past a bound.

    """
    try:
        return msgspec.json.decode(check(data, limits))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise unreadable(wrong) from wrong


def decode_as(kind: type[T], data: bytes, limits: Limits = LIMITS) -> T:
    """A JSON document as a typed value; fields that the type does not name are passed over.

    Raises:
        Invalid: a field has the wrong type; the place is its JSON pointer.
        Unreadable: not JSON.
        TooLarge: past a bound.

    """
    try:
        return msgspec.json.decode(check(data, limits), type=kind)
    except msgspec.ValidationError as wrong:
        raise Invalid(*_reason_and_place(wrong)) from wrong
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise unreadable(wrong) from wrong


def decode_strict(data: bytes, limits: Limits = LIMITS) -> Any:
    """Any JSON value, duplicate keys refused: where a marking, identity or signature hangs on it.

    Raises:
        Unreadable: not JSON, or a key stands twice in one object.
        TooLarge: past a bound.

    """
    value = decode(data, limits)
    try:
        jiter.from_json(data.removeprefix(_BOM), catch_duplicate_keys=True, cache_mode="keys")
    except (ValueError, RecursionError) as wrong:
        raise unreadable(wrong) from wrong
    return value


def unreadable(wrong: Exception) -> Unreadable:
    """A decoder's complaint as accord's own."""
    return Unreadable(f"not JSON: {wrong}")


def _reason_and_place(wrong: msgspec.ValidationError) -> tuple[str, str]:
    """Msgspec's "Expected `str`, got `int` - at `$.a[0].b`" as reason and JSON pointer."""
    reason, _, path = str(wrong).partition(" - at `")
    steps = re.findall(r"\[(\d+|\.\.\.)\]|\.([^.\[\]]+)", path.rstrip("`"))
    return reason, "".join(f"/{index or name}" for index, name in steps)
