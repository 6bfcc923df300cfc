"""The disclosure log: every decision on what may leave, each line chained to the one before.

Law (chain): a line that was changed, left out, added or moved is found, by its number. That the
last lines were cut off is found by whoever kept the newest hash.

Source: RFC 8259 for the lines; SHA-256 over the hash before and the line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256

import msgspec

from accord.core.errors import Invalid

START = bytes(32)
"""What the first line is chained to."""
FIRST = 1
"""Number of the first line."""


class Line(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One decision."""

    number: int
    at: str
    """`when()` it was taken."""
    object: str
    version: str
    tlp: str
    """`CLEAR` to `RED`, as in an envelope's header."""
    way: str
    """Out of the node."""
    recipient: str
    """As `Recipient.label`."""
    decision: str
    rule: str
    digest: str = ""
    """SHA-256 of what was given out, where there is something; hexadecimal."""
    objects: tuple[tuple[str, str], ...] = ()
    """Of a page: each object with its version, in its order; `object` and `version` are empty."""


class Chain(msgspec.Struct, frozen=True):
    """What was found of a chain of lines."""

    lines: int
    """Lines that hold, from the first on."""
    head: bytes
    """Hash after the last of them."""
    broken: int | None = None
    """Number of the first line that does not hold; none: the chain is whole."""


_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(Line).decode


def write(line: Line) -> bytes:
    """A line as bytes, in the one form in which it is written."""
    return _encode(line)


def read(data: bytes) -> Line:
    """A line from its bytes.

    Raises:
        Invalid: not a line, or not in its one form.
    """
    try:
        line = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise Invalid(f"not a receipt: {wrong}") from wrong
    if _encode(line) != data:
        raise Invalid("a receipt is written without spaces, its members once and in order")
    return line


def chain(previous: bytes, lines: Iterable[Line]) -> Iterator[tuple[bytes, bytes]]:
    """Each line as bytes, with the hash that the next one is chained to."""
    new, encode = sha256, _encode
    for line in lines:
        data = encode(line)
        previous = new(previous + data).digest()
        yield data, previous


def verify_chain(
    rows: Iterable[tuple[int, bytes, bytes]], previous: bytes = START, first: int = FIRST
) -> Chain:
    """How far rows of (number, line, hash), in the order of their numbers, hold together."""
    number = first
    for stored, data, stored_hash in rows:
        following = sha256(previous + data).digest()
        if stored != number or stored_hash != following or _number(data) != number:
            return Chain(number - first, previous, number)
        previous, number = following, number + 1
    return Chain(number - first, previous)


def _number(data: bytes) -> int:
    """The number that a line gives itself; -1 where it is not a line."""
    try:
        return read(data).number
    except Invalid:
        return -1
