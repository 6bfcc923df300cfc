"""Checkpoints: a log's owner signs how long the log is and its root; whoever applied it cosigns.

Law (checkpoint): what `sign` wrote, `open_note` reads; with one byte changed it does not.
Law (separation): a signature of a checkpoint is never a cosignature, nor the other way round.

Source: C2SP tlog-checkpoint, tlog-cosignature (`cosignature/v1`).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from datetime import datetime

import msgspec

from accord.core.errors import Invalid
from accord.exchange.log import notes
from accord.exchange.log.merkle import EMPTY, HASH, MAX_SIZE
from accord.identity.keys import Signer, verify
from accord.identity.partners import ED25519, PartnerKey, Untrusted

COSIGNATURE = notes.COSIGNATURE
SIGNATURE = notes.SIGNATURE
vkey = notes.vkey

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_NOT_A_LINE = re.compile("[\x00-\x1f]")
_LINES = 3
_TIME = 8
_LATEST = (1 << 63) - 1


class Checkpoint(msgspec.Struct, frozen=True):
    """How long a log is, and the root over all of it.

    Raises:
        Invalid: a field is not what a checkpoint may hold.
    """

    origin: str
    """Which log: its name, unique in the world."""
    size: int
    """Entries."""
    root: bytes
    """32 bytes."""
    extension: tuple[str, ...] = ()
    """Further lines; accord writes none."""

    def __post_init__(self) -> None:
        if not 0 <= self.size < MAX_SIZE:
            raise Invalid(f"{self.size} is not the size of a log")
        if len(self.root) != HASH or (self.size == 0 and self.root != EMPTY):
            raise Invalid(f"{self.root.hex()} is not the root of a log of {self.size} entries")
        for line in (self.origin, *self.extension):
            if not line or _NOT_A_LINE.search(line):
                raise Invalid(f"{line[:60]!r} is not a line of a checkpoint")


def body(checkpoint: Checkpoint) -> bytes:
    """The text that is signed."""
    root = binascii.b2a_base64(checkpoint.root, newline=False).decode()
    lines = (checkpoint.origin, str(checkpoint.size), root, *checkpoint.extension)
    return "".join(f"{line}\n" for line in lines).encode()


def read_body(text: bytes) -> Checkpoint:
    """A checkpoint from the text of a note.

    Raises:
        Invalid: not a checkpoint, or not written in the one way that is right.
    """
    lines = text.decode().removesuffix("\n").split("\n")
    if len(lines) < _LINES:
        raise Invalid(f"a checkpoint has at least {_LINES} lines")
    origin, size, root, *extension = lines
    if not _DECIMAL.fullmatch(size):
        raise Invalid(f"{size[:60]!r} is not the size of a log", "line 2")
    return Checkpoint(origin, int(size), notes.base64(root), tuple(extension))


def sign(checkpoint: Checkpoint, name: str, signer: Signer) -> bytes:
    """A checkpoint as a signed note, under the name of the signer's key.

    Raises:
        Invalid: not the name of a key.
    """
    text = body(checkpoint)
    return text + b"\n" + _signed(text, name, signer, notes.SIGNATURE, b"")


def open_note(
    data: bytes, name: str, keys: Iterable[PartnerKey], *, history: bool = False
) -> Checkpoint:
    """The checkpoint in a signed note, once a key of this name is known to have signed it.

    Keys that were rotated count in `history` only; revoked ones never. Signatures by others are
    passed over; a false one by a key that counts makes the whole note false.

    Raises:
        Untrusted: no key that counts has signed it.
        Invalid: not a checkpoint.
    """
    note = notes.read(data)
    found = False
    for key, value in note.by(name, notes.counting(keys, history=history), notes.SIGNATURE):
        verify(key, value, note.text)
        found = True
    if not found:
        raise notes.nobody(name, "checkpoint")
    return read_body(note.text)


def peek(data: bytes) -> Checkpoint:
    """The checkpoint in a note, unverified: for notes that this node signed or verified before.

    Raises:
        Invalid: not a checkpoint.
    """
    return read_body(notes.read(data).text)


def cosign(note: bytes, name: str, signer: Signer, unix_time: int) -> bytes:
    """The note with one line more: the signer has applied the log up to this checkpoint.

    Raises:
        Invalid: not a checkpoint, not the name of a key, or not a time.
    """
    text = notes.read(note).text
    read_body(text)
    if not 0 <= unix_time <= _LATEST:
        raise Invalid(f"{unix_time} is not a time in seconds since 1970")
    stamp = unix_time.to_bytes(_TIME, "big")
    return note + _signed(_stamped(text, unix_time), name, signer, notes.COSIGNATURE, stamp)


def verify_cosignature(
    note: bytes, name: str, keys: Iterable[PartnerKey], *, history: bool = False
) -> tuple[Checkpoint, int]:
    """The checkpoint that a key of this name cosigned, and when, in seconds since 1970.

    Raises:
        Untrusted: no key that counts has cosigned it.
        Invalid: not a checkpoint.
    """
    read = notes.read(note)
    latest = -1
    for key, value in read.by(name, notes.counting(keys, history=history), notes.COSIGNATURE):
        at = int.from_bytes(value[:_TIME], "big")
        if at > _LATEST:
            raise Untrusted(f"a cosignature by {name} is dated beyond any time")
        verify(key, value[_TIME:], _stamped(read.text, at))
        latest = max(latest, at)
    if latest < 0:
        raise notes.nobody(name, "checkpoint as a cosigner")
    return read_body(read.text), latest


def posix(at: str) -> int:
    """A `when()` in whole seconds since 1970, as a cosignature bears it."""
    return int(datetime.fromisoformat(at).timestamp())


def _stamped(text: bytes, unix_time: int) -> bytes:
    return b"cosignature/v1\ntime %d\n%b" % (unix_time, text)


def _signed(message: bytes, name: str, signer: Signer, kind: int, before: bytes) -> bytes:
    if signer.scheme != ED25519:
        raise Invalid(f"logs are signed by {ED25519} keys, not by {signer.scheme} ones")
    return notes.line(name, kind, signer.public, before + signer.sign(message))
