"""Keys: what signs, and what verifies.

A signer is any securesystemslib signer: a file, a hardware module, a key service. A signature is
raw bytes here; the formats around it (TUF metadata, envelopes, signed notes, requests) each begin
with words of their own, so that what was signed for one is never valid for another.

Law (signatures): what a signer signed is verified by its own key and by no other, and by none once
a bit of data or signature has changed.
Source: RFC 8032 (Ed25519); FIPS 204 (ML-DSA-65), over the digest that TAP 21 of The Update
Framework prescribes, as securesystemslib does it.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256, sha512
from typing import Any, Protocol

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from securesystemslib.formats import encode_canonical

from accord.core.errors import AccordError, Invalid
from accord.identity.partners import ED25519, ML_DSA_65, PartnerKey, Untrusted

KEY_TYPES = {ED25519: "ed25519", ML_DSA_65: "ml-dsa"}
"""Scheme to the key type that stands beside it in metadata."""
SIGNATURE_SIZES = {ED25519: 64, ML_DSA_65: 3309}
"""Bytes of a signature (RFC 8032, section 5.1.6; FIPS 204, table 2)."""
_TAP_21 = b"tuf\x01"
_LONGEST_PUBLIC = 4096


class CannotSign(AccordError):
    """The signer did not sign: the module or service behind it is away, locked or refuses."""


class Signer(Protocol):
    """Signs with one private key, wherever it is kept."""

    @property
    def keyid(self) -> str:
        """Of the public key, 64 hexadecimal digits."""

    @property
    def scheme(self) -> str:
        """`ed25519` or `ml-dsa-65/1`."""

    @property
    def public(self) -> str:
        """The public key as a partner's record writes it; signed notes name keys by it."""

    def sign(self, data: bytes) -> bytes:
        """A signature, as raw bytes.

        Raises:
            CannotSign: the key did not answer.
        """


class Signers(msgspec.Struct, frozen=True):
    """The keys that a node signs with today."""

    ed25519: Signer
    ml_dsa: Signer | None = None

    def all(self) -> tuple[Signer, ...]:
        """Each of them, Ed25519 first."""
        return (self.ed25519,) if self.ml_dsa is None else (self.ed25519, self.ml_dsa)


class _LibraryKey(Protocol):
    """What of `securesystemslib.signer.Key` is needed."""

    keyid: str
    scheme: str

    def to_dict(self) -> dict[str, Any]: ...


class _LibrarySignature(Protocol):
    """What of `securesystemslib.signer.Signature` is needed."""

    signature: str


class _LibrarySigner(Protocol):
    """What of `securesystemslib.signer.Signer` is needed."""

    @property
    def public_key(self) -> _LibraryKey: ...

    def sign(self, payload: bytes) -> _LibrarySignature: ...


class LibrarySigner:
    """A securesystemslib signer as a `Signer`."""

    __slots__ = ("_signer", "keyid", "public", "scheme")

    def __init__(self, signer: _LibrarySigner) -> None:
        public = signer.public_key
        if public.scheme not in KEY_TYPES:
            raise Invalid(
                f"a key of scheme {public.scheme!r} cannot sign here: "
                f"{ED25519} or {ML_DSA_65} is needed"
            )
        self._signer = signer
        self.keyid: str = public.keyid
        self.scheme: str = public.scheme
        self.public: str = public.to_dict()["keyval"]["public"]

    def sign(self, data: bytes) -> bytes:
        """A signature, as raw bytes.

        Raises:
            CannotSign: the key did not answer.
        """
        try:
            return bytes.fromhex(self._signer.sign(data).signature)
        except Exception as wrong:
            # securesystemslib says that every kind of signer raises errors of its own.
            raise CannotSign(f"key {self.keyid[:12]} did not sign: {wrong}") from wrong

    def key(self, since: str = "") -> PartnerKey:
        """Its public key, for a partner's record."""
        return PartnerKey(self.keyid, self.scheme, self.public, since)


def signer_of(signer: _LibrarySigner) -> LibrarySigner:
    """A securesystemslib signer as a `Signer`.

    Raises:
        Invalid: its scheme is neither Ed25519 nor ML-DSA-65.
    """
    return LibrarySigner(signer)


def keyid_of(scheme: str, public: str) -> str:
    """The identifier that follows from a key itself, as securesystemslib computes it.

    Identifiers given by others are compared with it: one key under two identifiers would count
    as two towards a threshold.
    """
    value = {"keytype": KEY_TYPES.get(scheme, ""), "scheme": scheme, "keyval": {"public": public}}
    canonical = encode_canonical(value)
    assert canonical is not None  # there is a result where no output function is given
    return sha256(canonical.encode()).hexdigest()


def check_key(key: PartnerKey) -> None:
    """Whether a key is one at all.

    Raises:
        Invalid: unknown scheme, unreadable key, or an identifier that is not its own.
    """
    if key.scheme not in KEY_TYPES:
        raise Invalid(f"{key.scheme[:40]!r} is not a scheme of this partnership", "/keys")
    try:
        _public(key.scheme, key.public)
    except Untrusted as wrong:
        raise Invalid(str(wrong), "/keys") from wrong
    if keyid_of(key.scheme, key.public) != key.keyid:
        raise Invalid(f"{key.keyid[:12]!r} is not the identifier of the key beside it", "/keys")


def verify(key: PartnerKey, signature: bytes, data: bytes) -> None:
    """Whether a key signed these bytes. Whether it may is for the caller to ask.

    Raises:
        Untrusted: it did not, or the key cannot be read.
    """
    if len(signature) != SIGNATURE_SIZES.get(key.scheme):
        raise Untrusted(f"not a signature by key {key.keyid[:12]}: {len(signature)} bytes")
    public = _public(key.scheme, key.public)
    signed = data if key.scheme == ED25519 else _TAP_21 + sha512(data).digest()
    try:
        public.verify(signature, signed)
    except InvalidSignature:
        raise Untrusted(f"the signature by key {key.keyid[:12]} does not hold") from None


@lru_cache(4096)
def _public(scheme: str, public: str) -> Ed25519PublicKey | MLDSA65PublicKey:
    """A key is read once: that costs as much as a verification.

    Only the one spelling that securesystemslib writes is read: one key, one text, one identifier.
    """
    try:
        read = _read_ed25519(public) if scheme == ED25519 else _read_ml_dsa(scheme, public)
    except (ValueError, UnsupportedAlgorithm) as wrong:
        raise Untrusted(f"a public key cannot be read: {wrong}") from wrong
    if read is None:
        raise Untrusted(f"{public[:70]!r} is not a public key of scheme {scheme[:40]!r}")
    return read


def _read_ed25519(public: str) -> Ed25519PublicKey | None:
    raw = bytes.fromhex(public)
    return Ed25519PublicKey.from_public_bytes(raw) if raw.hex() == public else None


def _read_ml_dsa(scheme: str, public: str) -> MLDSA65PublicKey | None:
    if scheme != ML_DSA_65 or len(public) > _LONGEST_PUBLIC:
        return None
    read = load_pem_public_key(public.encode())
    if not isinstance(read, MLDSA65PublicKey):
        return None
    pem = read.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return read if pem.decode() == public else None
