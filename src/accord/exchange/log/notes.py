"""Signed notes: a text, and lines with signatures of it that anybody's tools can verify.

Source: C2SP signed-note, with its recommended key identifiers and verifier keys.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator
from hashlib import sha256

import msgspec

from accord.core.errors import Invalid, TooLarge
from accord.exchange.log.names import name as valid_name
from accord.identity.partners import ED25519, PartnerKey, Untrusted

SIGNATURE = 0x01
"""Type of an Ed25519 signature of the text."""
COSIGNATURE = 0x04
"""Type of a timestamped Ed25519 cosignature (C2SP tlog-cosignature)."""

MAX_NOTE = 128 * 1024
"""Bytes of a note; the format asks for room for 16 signatures."""
MAX_LINES = 64
"""Signatures of a note."""

_KEY_ID = 4
_DASH = "\u2014 "
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")


class Signature(msgspec.Struct, frozen=True):
    """One signature line."""

    name: str
    """Of the key, as the line says."""
    key_id: bytes
    """4 bytes: which key of this name, and which type of signature."""
    value: bytes


class Note(msgspec.Struct, frozen=True):
    """A note, read but not verified."""

    text: bytes
    """What is signed, with its last newline."""
    signatures: tuple[Signature, ...]

    def by(
        self, name: str, keys: Iterable[PartnerKey], kind: int
    ) -> Iterator[tuple[PartnerKey, bytes]]:
        """The signatures of a type that claim to be by one of these keys; others do not count."""
        known = {key_id(name, kind, key.public): key for key in keys}
        for one in self.signatures:
            if one.name == name and one.key_id in known:
                yield known[one.key_id], one.value


def key_id(name: str, kind: int, public: str) -> bytes:
    """The four bytes that stand for an Ed25519 key, given in hexadecimal, under a name."""
    return sha256(name.encode() + b"\n" + _key_data(kind, public)).digest()[:_KEY_ID]


def vkey(name: str, key: PartnerKey, kind: int = SIGNATURE) -> str:
    """A key as other people's tools take it: `name+1a2b3c4d+AT...`.

    Raises:
        Invalid: not the name of a key, or not an Ed25519 key.
    """
    if key.scheme != ED25519:
        raise Invalid(f"logs are signed by {ED25519} keys, not by {key.scheme} ones")
    encoded = binascii.b2a_base64(_key_data(kind, key.public), newline=False).decode()
    return f"{valid_name(name)}+{key_id(name, kind, key.public).hex()}+{encoded}"


def _key_data(kind: int, public: str) -> bytes:
    return bytes((kind,)) + bytes.fromhex(public)


def counting(keys: Iterable[PartnerKey], *, history: bool) -> list[PartnerKey]:
    """The keys whose signatures of notes count: those in use and, in history, rotated ones.

    A revoked key never counts: a note bears no date that could be trusted.
    """
    return [
        key for key in keys if key.scheme == ED25519 and not key.revoked and (history or key.in_use)
    ]


def line(name: str, kind: int, public: str, value: bytes) -> bytes:
    """A signature as a line of a note.

    Raises:
        Invalid: not the name of a key.
    """
    data = key_id(valid_name(name), kind, public) + value
    return f"{_DASH}{name} ".encode() + binascii.b2a_base64(data)


def read(data: bytes) -> Note:
    """A note, for its form only.

    Raises:
        TooLarge: more bytes or signatures than a note may have.
        Invalid: not a signed note.
    """
    if len(data) > MAX_NOTE:
        raise TooLarge(f"{len(data):,} bytes are too many for a signed note")
    text, blank, lines = data.rpartition(b"\n\n")
    if not blank or not lines.endswith(b"\n"):
        raise Invalid("not a signed note: a text, an empty line and signatures (C2SP signed-note)")
    if lines.count(b"\n") > MAX_LINES:
        raise TooLarge(f"more than {MAX_LINES} signatures of one note")
    try:
        decoded = data.decode()
    except UnicodeDecodeError as wrong:
        raise Invalid(f"a signed note is UTF-8: {wrong}") from wrong
    if _CONTROL.search(decoded):
        raise Invalid("a control character in a signed note")
    signatures = tuple(_signature(one) for one in lines.decode()[:-1].split("\n"))
    return Note(text + b"\n", signatures)


def _signature(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise Invalid(f"{line[:60]!r} is not a signature line (C2SP signed-note)")
    data = base64(encoded)
    if not name or "+" in name or any(map(str.isspace, name)) or len(data) <= _KEY_ID:
        raise Invalid(f"{line[:60]!r} is not a signature line (C2SP signed-note)")
    return Signature(name, data[:_KEY_ID], data[_KEY_ID:])


def base64(text: str) -> bytes:
    """What a text says in base64, if it is written in the one way that is right.

    Raises:
        Invalid: other characters, wrong padding, or bits beyond the end (RFC 4648, section 3.5).
    """
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError as wrong:
        raise Invalid(f"{text[:60]!r} is not base64: {wrong}") from wrong
    if binascii.b2a_base64(data, newline=False) != text.encode():
        raise Invalid(f"{text[:60]!r} is not base64 as it is written (RFC 4648, section 3.5)")
    return data


def nobody(name: str, what: str) -> Untrusted:
    """The error for a note that no key that counts has signed."""
    return Untrusted(
        f"no key in use of {name} signed this {what}; is the list of partners up to date?"
    )
