"""Signed envelopes of others (DSSE): read as freely as the standard allows, verified as strictly.

accord's own envelopes have one form only (`accord.exchange.dsse`); others write spaces, either
alphabet of base64, several signatures, and certificates beside them.

Law (exact bytes): what is verified is the payload as it was decoded, and nothing else is read.
Source: Dead Simple Signing Envelope (DSSE) 1.0, envelope and protocol; RFC 4648, sections 4 and 5.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

import msgspec

from accord.assurance.evidence.items import BOUNDS, parse
from accord.core.errors import Invalid, TooLarge
from accord.exchange.dsse import pae

IN_TOTO: Final = "application/vnd.in-toto+json"
MOST_SIGNATURES: Final = 16
_MOST_CERTIFICATES = 8
_ALPHABETS = (b"+/", b"-_")


class _Signature(msgspec.Struct, frozen=True):
    sig: str
    keyid: str | None = None
    cert: str | None = None
    certificate: str | None = None
    intermediates: list[str] | None = None


class _Envelope(msgspec.Struct, frozen=True):
    payload: str
    payload_type: str = msgspec.field(name="payloadType")
    signatures: list[_Signature]


class Signature(msgspec.Struct, frozen=True):
    """One signature, not verified."""

    sig: bytes
    keyid: str = ""
    """A hint by whoever wrote it; nothing is believed of it."""
    certificates: tuple[bytes, ...] = ()
    """PEM or DER of its certificate, then of what is between it and a root."""
    place: str = ""


class Envelope(msgspec.Struct, frozen=True):
    """A payload with signatures, not verified."""

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...]

    @property
    def signed(self) -> bytes:
        """The bytes that a signature is over."""
        return pae(self.payload_type, self.payload)


def read(data: bytes, place: str = "") -> Envelope:
    """An envelope; nothing is verified.

    Raises:
        Invalid: not an envelope, a key stands twice in it, or its base64 is not one.
        TooLarge: past a bound.
    """
    found = parse(_Envelope, data, place)
    if len(found.signatures) > MOST_SIGNATURES:
        reason = f"{len(found.signatures)} signatures; the limit is {MOST_SIGNATURES}"
        raise TooLarge(reason, f"{place}/signatures")
    payload = decoded(found.payload, f"{place}/payload")
    if len(payload) > BOUNDS.bytes:
        raise TooLarge(f"a payload of {len(payload):,} bytes", f"{place}/payload")
    signatures = tuple(
        _signature(one, f"{place}/signatures/{index}") for index, one in enumerate(found.signatures)
    )
    return Envelope(payload, found.payload_type, signatures)


def _signature(found: _Signature, place: str) -> Signature:
    chain = [found.cert or found.certificate or "", *(found.intermediates or [])]
    if len(chain) > _MOST_CERTIFICATES:
        raise TooLarge(f"{len(chain)} certificates; the limit is {_MOST_CERTIFICATES}", place)
    return Signature(
        decoded(found.sig, f"{place}/sig"),
        found.keyid or "",
        tuple(_certificate(one, place) for one in chain if one),
        place,
    )


def _certificate(text: str, place: str) -> bytes:
    """A certificate as PEM, or as base64 of PEM or DER."""
    if "-----BEGIN" in text:
        return text.encode()
    return decoded("".join(text.split()), f"{place}/certificate")


def decoded(text: str, place: str) -> bytes:
    """Base64 of either alphabet, with its padding or without, in the one form for its bytes.

    Raises:
        Invalid: it is not that.
    """
    plain = text.rstrip("=")
    padded = plain + "=" * (-len(plain) % 4)
    if text not in (plain, padded):
        raise Invalid("not base64: wrong padding", place)
    for alphabet in _ALPHABETS:
        try:
            found = base64.b64decode(padded, altchars=alphabet, validate=True)
        except (binascii.Error, ValueError):
            continue
        if base64.b64encode(found, altchars=alphabet).decode() == padded:
            return found
    raise Invalid("not base64 (RFC 4648)", place)
