"""Envelopes: an object exactly as its originator sealed it, whoever passes it on.

The payload is a header, one line of JSON, and after it the object's own bytes, unchanged. Marking
and expiry are under the signature. To whom it goes, and where in a log it stands, is not in it.

Law (seal): opening what was sealed gives the same header and the same bytes; with any one byte
changed it is refused.

Source: DSSE 1.0; RFC 8259 for the header.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from operator import attrgetter

import msgspec

from accord.core.errors import Invalid, TooLarge
from accord.core.times import when
from accord.exchange import dsse, originators
from accord.exchange.originators import Said
from accord.identity.keys import Signer
from accord.identity.markings import Marking, Pap, Tlp
from accord.identity.partners import Directory, Untrusted

MEDIA = "application/vnd.accord.object"
"""Payload type of the envelope."""
MAX_BODY = 10 * 1024 * 1024
"""Bytes of an object: with base64 it still fits into one answer of 16 MB."""
MAX_HEADER = 64 * 1024
"""Bytes of a header's line."""
AHEAD = timedelta(minutes=10)
"""How far another node's clock may be ahead of ours."""

_TLP = {tlp.name.replace("_", "+"): tlp for tlp in Tlp}
_PAP = {pap.name: pap for pap in Pap}
_LENGTHS = {
    "origin": 64, "object": 4000, "version": 400, "type": 100, "media": 200, "title": 1000,
}  # fmt: skip
_NEEDED = ("origin", "object", "type", "media", "issued")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class FromTheFuture(Untrusted):
    """The envelope is sealed later than it is now: one of two clocks is wrong.

    Nothing is wrong with the object: stop, say so, and take it once the clocks agree.
    """


class Header(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """What an originator says of an object.

    Raises:
        Invalid: a member is empty, too long, not a date or not a marking; the place names it.
    """

    origin: str
    """Name of the partner that seals it."""
    object: str
    """Identifier of the object."""
    version: str = ""
    """Which version of it: a STIX `modified` as `when()`, or a document's edition."""
    type: str
    media: str
    tlp: str
    """`CLEAR`, `GREEN`, `AMBER`, `AMBER+STRICT` or `RED`."""
    pap: str = "CLEAR"
    """`CLEAR`, `GREEN`, `AMBER` or `RED`."""
    created: str = ""
    """`when()` the object was made, by its own word."""
    issued: str
    """`when()` it was sealed."""
    expires: str = ""
    """`when()` from which nobody gives it out any more, or empty."""
    release_at: str = ""
    """`when()` before which it goes to nobody, or empty."""
    title: str = ""
    """One line for people; see `one_line`."""

    def __post_init__(self) -> None:
        for name in _NEEDED:
            if not getattr(self, name):
                raise Invalid("empty", f"/{name}")
        if self.tlp not in _TLP:
            raise Invalid(f"{self.tlp[:60]!r} is not a TLP 2.0 marking", "/tlp")
        if self.pap not in _PAP:
            raise Invalid(f"{self.pap[:60]!r} is not a PAP marking", "/pap")
        for name, longest in _LENGTHS.items():
            check_text(getattr(self, name), longest, name)
        for name in ("created", "issued", "expires", "release_at"):
            _date(getattr(self, name), name)

    @property
    def marking(self) -> Marking:
        """What the originator allows."""
        return Marking(_TLP[self.tlp], _PAP[self.pap], self.release_at, self.expires)


def check_text(text: str, longest: int, name: str) -> None:
    """Return only if a member's text is bounded and on one line.

    Raises:
        Invalid: it is not; the place names the member.
    """
    if len(text) > longest:
        raise Invalid(f"{len(text):,} characters; the limit is {longest:,}", f"/{name}")
    if not text.isprintable() and _CONTROL.search(text):
        raise Invalid("a control character or a line break", f"/{name}")


def _date(text: str, name: str) -> None:
    if text and when(text, f"/{name}") != text:
        raise Invalid(f"{text!r} is not written as YYYY-MM-DDTHH:MM:SS.ffffffZ", f"/{name}")


def one_line(text: str) -> str:
    """Any text as a title: on one line, without control characters, cut to length."""
    return " ".join(_CONTROL.sub(" ", text).split())[: _LENGTHS["title"]]


class Envelope(msgspec.Struct, frozen=True):
    """An opened envelope."""

    header: Header
    body: bytes
    """The object's bytes, exactly as its originator sealed them."""
    keyids: tuple[str, ...]
    """The keys whose signatures hold; in a peeked envelope, the keys that it names."""


class _Claim(msgspec.Struct):
    origin: str = ""
    object: str = ""


class _Payload(msgspec.Struct):
    payload: bytes = b""


_claim = msgspec.json.Decoder(_Claim).decode
_payload = msgspec.json.Decoder(_Payload).decode
_header = msgspec.json.Decoder(Header).decode
_line = msgspec.json.Encoder(order="sorted").encode
_scheme = attrgetter("scheme")


def seal(header: Header, body: bytes, signers: Sequence[Signer]) -> bytes:
    """An object in its envelope, signed by each signer: Ed25519, and ML-DSA-65 where there is one.

    Raises:
        TooLarge: the object has more than `MAX_BODY` bytes.
    """
    if len(body) > MAX_BODY:
        raise TooLarge(f"{len(body):,} bytes; an envelope holds {MAX_BODY:,}")
    ordered = sorted(signers, key=_scheme)
    return dsse.write(MEDIA, b"%b\n%b" % (_line(header), body), *ordered)


def open_envelope(data: bytes, directory: Directory, now: str) -> Envelope:
    """An envelope, once the partner that it names is known to have sealed it.

    The partnership's policy says which signatures must hold. A key that was rotated counts for what
    was issued before; a revoked one never. Marking, expiry and finality are for the caller.

    Raises:
        TooLarge: past a bound.
        Invalid: not an envelope, or its header is not valid.
        Untrusted: not signed as the policy demands by a partner, or by a partner that had left.
        FromTheFuture: issued later than now by more than `AHEAD`; `now` is a `when()`.
    """
    signed = dsse.read(data, MEDIA, MAX_BODY + MAX_HEADER)
    header, body = _parts(signed.payload)
    said = Said(header.origin, header.issued)
    keyids = originators.verified(signed, said, directory)
    if header.issued > now and header.issued > _latest(now):
        raise FromTheFuture(f"{header.origin} sealed this at {header.issued}; here it is {now}")
    return Envelope(header, body, keyids)


def peek(data: bytes) -> Envelope:
    """An envelope without verification: for rows that this node wrote or verified itself.

    Raises:
        TooLarge: past a bound.
        Invalid: not an envelope.
    """
    signed = dsse.read(data, MEDIA, MAX_BODY + MAX_HEADER)
    header, body = _parts(signed.payload)
    return Envelope(header, body, tuple(one.keyid for one in signed.signatures))


def claimed(data: bytes) -> tuple[str, str]:
    """The origin and object that an envelope names, however badly it is written; or empty."""
    try:
        payload = _payload(data).payload
        named = _claim(payload[: max(0, payload.find(b"\n"))])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", ""
    return named.origin, named.object


def _parts(payload: bytes) -> tuple[Header, bytes]:
    end = payload.find(b"\n", 0, MAX_HEADER)
    if end < 0:
        raise Invalid(f"no header on a first line of at most {MAX_HEADER:,} bytes")
    if len(payload) - end - 1 > MAX_BODY:
        raise TooLarge(f"{len(payload) - end - 1:,} bytes; an envelope holds {MAX_BODY:,}")
    line = payload[:end]
    try:
        header = _header(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise Invalid(f"not the header of an envelope: {wrong}") from wrong
    if _line(header) != line:
        raise Invalid("a header is written without spaces, its members once and in order")
    return header, payload[end + 1 :]


@lru_cache(16)
def _latest(now: str) -> str:
    latest = datetime.fromisoformat(now) + AHEAD
    return f"{latest.isoformat(timespec='microseconds')[:26]}Z"
