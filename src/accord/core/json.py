"""JSON within bounds: size, depth, no NaN, no lone surrogates, and no duplicate keys on demand.

Source: RFC 8259; I-JSON (RFC 7493, section 2) for what is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, TypeVar

import jiter
import msgspec

from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.limits import LIMITS, Limits

T = TypeVar("T")

_CHUNK = 1 << 20
_ROUNDS = 8
_TOKENS = re.compile(rb'[\[\]{}]|"(?:[^"\\]|\\.)*+"', re.DOTALL)
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_PASSED_OVER = bytes(sorted(set(range(256)) - set(b'[]{}"')))
_BETWEEN = ord("\\")
"""The character between `[` and `]`: +1 from what opens, -1 from what closes."""
_ESCAPES = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u([dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
"""One escape, two where they are a pair; the group is half of one."""
_BOM = b"\xef\xbb\xbf"


def check(data: bytes, limits: Limits = LIMITS) -> bytes:
    """The bytes without a byte order mark, once size and depth are known to be within bounds.

    Raises:
        TooLarge: more bytes or deeper nesting than the limits allow.

    """
    if len(data) > limits.bytes:
        raise TooLarge(f"{len(data):,} bytes; the limit is {limits.bytes:,}")
    data = data.removeprefix(_BOM)
    if len(data) > limits.depth and data.count(b"[") + data.count(b"{") > limits.depth:
        _check_depth(data, limits.depth)
    return data


def _check_depth(data: bytes, limit: int) -> None:
    """Refuse what nests too deep; for text that is not JSON any answer will do.

    Pairs of brackets with nothing in between fall away round by round, each round one level, at
    the speed of `bytes.replace`; what is left after some rounds is counted bracket by bracket.
    """
    brackets = b"".join(_structure(data))
    rounds = min(_ROUNDS, limit)
    for _ in range(rounds):
        brackets = brackets.replace(b"[]", b"")
    if _deeper(brackets, limit - rounds):
        raise TooLarge(f"nested more than {limit} deep", _place(data, limit))


def _structure(data: bytes) -> Iterator[bytes]:
    """The brackets outside strings, in order, all written as `[` and `]`."""
    start, inside = 0, 0
    while start < len(data):
        end = start + _CHUNK
        chunk = data[start:end]
        if (len(chunk) - len(chunk.rstrip(b"\\"))) % 2:
            end += 1
            chunk = data[start:end]
        if b"\\" in chunk:
            chunk = chunk.replace(b"\\\\", b"").replace(b'\\"', b"")
        # Two quotes side by side leave everything else inside or outside a string as it was.
        parts = chunk.translate(_ONE_KIND, _PASSED_OVER).replace(b'""', b"").split(b'"')
        yield b"".join(parts[inside::2])
        inside = (inside + len(parts) - 1) % 2
        start = end


def _deeper(brackets: bytes, limit: int) -> bool:
    """Whether these brackets nest deeper than so many levels."""
    depth = 0
    for start in range(0, len(brackets), _CHUNK):
        steps = map(_BETWEEN.__sub__, brackets[start : start + _CHUNK])
        levels = list(accumulate(steps, initial=depth))
        if max(levels) > limit:
            return True
        depth = levels[-1]
    return False


def _place(data: bytes, limit: int) -> str:
    """Where the nesting first goes past the limit: slow, so only once it is known to."""
    depth = 0
    for token in _TOKENS.finditer(data):
        character = data[token.start()]
        if character in b"[{":
            depth += 1
            if depth > limit:
                return f"byte {token.start()}"
        elif character in b"]}":
            depth -= 1
    return ""


def decode(data: bytes, limits: Limits = LIMITS) -> Any:
    """Any JSON value. Duplicate keys: the last counts, as in most publishers' own readers.

    Raises:
        Unreadable: not JSON (RFC 8259), or NaN, Infinity or a lone surrogate in it.
        TooLarge: past a bound.

    """
    try:
        return msgspec.json.decode(check(data, limits))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise unreadable(wrong, data) from wrong


def decode_as(kind: type[T], data: bytes, limits: Limits = LIMITS) -> T:
    """A JSON document as a typed value; fields that the type does not name are passed over.

    What is passed over is checked as JSON, for depth and for lone surrogates, but a number in it
    may be of any size: it is never made into one.

    Raises:
        Invalid: a field has the wrong type; the place is its JSON pointer.
        Unreadable: not JSON.
        TooLarge: past a bound.

    """
    if b"\\ud" in data or b"\\uD" in data:
        decode(data, limits)
    try:
        return msgspec.json.decode(check(data, limits), type=kind)
    except msgspec.ValidationError as wrong:
        raise Invalid(*reason_and_place(wrong)) from wrong
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise unreadable(wrong, data) from wrong


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


def unreadable(wrong: Exception, data: bytes = b"") -> Unreadable:
    """A decoder's complaint as accord's own; with the data, it says what in it is no text."""
    return Unreadable(f"not JSON: {_no_text(data) or wrong}")


def _no_text(data: bytes) -> str:
    """What in it is no text, and where, which the decoder does not tell; empty: all of it is."""
    try:
        data.decode()
    except UnicodeDecodeError as wrong:
        return f"byte {wrong.start} (0x{data[wrong.start]:02x}) is not UTF-8"
    for escape in _ESCAPES.finditer(data) if b"\\" in data else ():
        if escape[1]:
            half = escape[1].decode()
            return (
                f"half of a surrogate pair, \\u{half}, at byte {escape.start()}; write both or none"
            )
    return ""


def reason_and_place(wrong: msgspec.ValidationError, base: str = "") -> tuple[str, str]:
    """Msgspec's "Expected `str`, got `int` - at `$.a[0].b`" as reason and JSON pointer.

    `base` is the pointer to the value that was decoded.
    """
    reason, _, path = str(wrong).partition(" - at `")
    steps = re.findall(r"\[(\d+|\.\.\.)\]|\.([^.\[\]]+)", path.rstrip("`"))
    return reason, base + "".join(f"/{index or name}" for index, name in steps)
