"""Signed bytes: a payload, its type and signatures, in the one form in which they are written.

Law (one form): an envelope that can be read is byte for byte the one that would be written for its
content; so nobody can make a second one of other bytes without a signature.

Source: Dead Simple Signing Envelope (DSSE) 1.0, protocol and envelope.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from accord.core.errors import Invalid, TooLarge
from accord.core.json import unreadable
from accord.identity.keys import Signer

T = TypeVar("T")

MAX_SIGNATURES = 2
"""One of each scheme."""
ROOM = 16 * 1024
"""Bytes of an envelope beside its payload, at most."""


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One signature."""

    keyid: str
    sig: bytes


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A payload with signatures, not verified."""

    payload: bytes
    payload_type: str = msgspec.field(name="payloadType")
    signatures: tuple[Signature, ...]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Signed).decode


def pae(media: str, payload: bytes) -> bytes:
    """What is signed: type and payload, each after its length."""
    kind = media.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def write(media: str, payload: bytes, *signers: Signer) -> bytes:
    """A payload, signed by each signer."""
    data = pae(media, payload)
    signatures = tuple(Signature(signer.keyid, signer.sign(data)) for signer in signers)
    return _encode(Signed(payload, media, signatures))


def read(data: bytes, media: str, limit: int) -> Signed:
    """An envelope with a payload of this type and of at most so many bytes; nothing is verified.

    Raises:
        TooLarge: more bytes or signatures than there may be.
        Invalid: not such an envelope, or not written in its one form.
    """
    if len(data) > -(-limit // 3) * 4 + ROOM:
        raise TooLarge(f"{len(data):,} bytes; the payload may have {limit:,}")
    try:
        signed = _decode(data)
    except msgspec.ValidationError as wrong:
        raise Invalid(f"not a signed envelope: {wrong}") from wrong
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise unreadable(wrong) from wrong
    if signed.payload_type != media:
        raise Invalid(f"{signed.payload_type[:60]!r}, not {media!r}", "/payloadType")
    if not 0 < len(signed.signatures) <= MAX_SIGNATURES:
        raise Invalid(f"{len(signed.signatures)} signatures, not 1 or 2", "/signatures")
    if len(signed.payload) > limit:
        raise TooLarge(f"a payload of {len(signed.payload):,} bytes; the limit is {limit:,}")
    if _encode(signed) != data:
        raise Invalid("a signed envelope is written without spaces, its members once and in order")
    return signed


def content(payload: bytes, kind: type[T], encode: Callable[[T], bytes], what: str) -> T:
    """The value in a payload of JSON, in the one form in which it is written.

    Raises:
        Invalid: not such a value, or not in its one form; `what` is the word for it.
        Unreadable: not JSON.
    """
    try:
        found = msgspec.json.decode(payload, type=kind)
    except msgspec.ValidationError as wrong:
        raise Invalid(f"not {what}: {wrong}") from wrong
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise unreadable(wrong) from wrong
    if encode(found) != payload:
        raise Invalid(f"{what} is written without spaces, its members in order")
    return found
