"""Keys and certificates of issuers: what verifies a signature over exact bytes.

Law (one key): a signature holds under the key that made it and under no other.
Source: RFC 8032 (Ed25519); FIPS 186-5 (ECDSA, the hash of its curve's size); RFC 8017 (RSASSA-PSS
and PKCS #1 v1.5 with SHA-256); RFC 5280 (certificates, paths, key usage).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from accord.assurance.evidence.errors import BrokenChain
from accord.assurance.evidence.facts import SignKey
from accord.core.errors import Invalid

Public = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey

_LEAST_RSA: Final = 2048
_LONGEST: Final = 16 * 1024
_CURVES: Final[dict[str, hashes.HashAlgorithm]] = {
    "secp256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
    "secp521r1": hashes.SHA512(),
}
_P: Final = 2**255 - 19
_Y: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL: Final = frozenset({0, 1, _P - 1, _P, _P + 1, _Y, _P - _Y})
"""The y of every point of Ed25519 whose order is at most 8, in each of their encodings."""
_SIGNS: Final = frozenset(
    {
        ExtendedKeyUsageOID.CODE_SIGNING,
        ExtendedKeyUsageOID.EMAIL_PROTECTION,
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
        x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36"),
    }
)
"""Purposes of a certificate that signs documents or code; the last is RFC 9336's."""


def sign_key(pem: bytes, place: str = "") -> SignKey:
    """A public key in PEM as it stands in a record.

    Raises:
        Invalid: not a public key of a kind that is verified here; a private key is refused by name.
    """
    if b"PRIVATE KEY" in pem:
        raise Invalid("a private key: give the public one, and keep this one to yourself", place)
    _one(pem, place)
    public = _load(pem, place)
    plain = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return SignKey(_keyid(public), plain.decode())


def _one(pem: bytes, place: str) -> None:
    """Of several, the first alone would count, and nobody would be told."""
    count = pem.count(b"-----BEGIN ")
    if count > 1:
        raise Invalid(f"{count} keys or certificates in one file: give each as its own", place)


def verifies(key: SignKey, signature: bytes, data: bytes) -> bool:
    """Whether a key made a signature over these bytes.

    Raises:
        Invalid: the key cannot be read.
    """
    return _verifies(loaded(key.pem), signature, data)


@lru_cache(4096)
def loaded(pem: str) -> Public:
    """A public key in PEM, as it stands in a record.

    Raises:
        Invalid: the key cannot be read.
    """
    return _load(pem.encode(), "/keys")


def _load(pem: bytes, place: str) -> Public:
    if len(pem) > _LONGEST:
        raise Invalid(f"a key of {len(pem):,} bytes", place)
    try:
        public = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as wrong:
        raise Invalid(f"not a public key in PEM: {wrong}", place) from wrong
    return _fit(public, place)


def _fit(public: object, place: str) -> Public:
    """A key that may sign evidence.

    Raises:
        Invalid: of another kind, or too weak.
    """
    if isinstance(public, ed25519.Ed25519PublicKey):
        if _small(public):
            raise Invalid("a key of small order: one signature holds over any bytes by it", place)
        return public
    if isinstance(public, rsa.RSAPublicKey) and public.key_size >= _LEAST_RSA:
        return public
    if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name in _CURVES:
        return public
    kind = type(public).__name__.strip("_")
    raise Invalid(
        f"{kind}: Ed25519, ECDSA on P-256, P-384 or P-521, or RSA of {_LEAST_RSA} bits is needed",
        place,
    )


def _small(public: ed25519.Ed25519PublicKey) -> bool:
    """Whether a key is a point of order 1, 2, 4 or 8 (RFC 7748, section 7; RFC 8032, 5.1)."""
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    y = int.from_bytes(raw, "little") & ((1 << 255) - 1)
    return y in _SMALL


def _keyid(public: Public) -> str:
    return sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _verifies(public: Public, signature: bytes, data: bytes) -> bool:
    if isinstance(public, ed25519.Ed25519PublicKey):
        return _holds(lambda: public.verify(signature, data))
    if isinstance(public, ec.EllipticCurvePublicKey):
        hashed = ec.ECDSA(_CURVES[public.curve.name])
        return _holds(lambda: public.verify(signature, data, hashed))
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
    return _holds(lambda: public.verify(signature, data, pss, hashes.SHA256())) or _holds(
        lambda: public.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    )


def _holds(verify: Callable[[], object]) -> bool:
    try:
        verify()
    except InvalidSignature:
        return False
    return True


def root(pem: bytes, place: str = "") -> str:
    """A root certificate in PEM as it stands in a record.

    Raises:
        Invalid: not one certificate, or not that of an authority.
    """
    _one(pem, place)
    found = _certificate(pem, place)
    try:
        basic = found.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound as wrong:
        raise Invalid("not an authority's certificate (no basic constraints)", place) from wrong
    if not basic.ca:
        raise Invalid("not an authority's certificate (basic constraints)", place)
    return found.public_bytes(Encoding.PEM).decode()


@lru_cache(1024)
def fingerprint(pem: str) -> str:
    """SHA-256 of a certificate."""
    return _certificate(pem.encode(), "").fingerprint(hashes.SHA256()).hex()


def _certificate(data: bytes, place: str) -> x509.Certificate:
    if len(data) > _LONGEST:
        raise Invalid(f"a certificate of {len(data):,} bytes", place)
    try:
        if b"-----BEGIN" in data:
            return x509.load_pem_x509_certificate(data)
        return x509.load_der_x509_certificate(data)
    except (ValueError, UnsupportedAlgorithm) as wrong:
        raise Invalid(f"not a certificate: {wrong}", place) from wrong


def leads_to(
    chain: Sequence[bytes], roots: Iterable[str], at: str, place: str
) -> tuple[Public, str]:
    """The key of a certificate that leads to one of some roots, and the root's fingerprint.

    Raises:
        BrokenChain: it does not, or not at this moment, or it may not sign.
        Invalid: not certificates.
    """
    leaf, *between = [_certificate(one, f"{place}/certificate") for one in chain]
    anchors = [_certificate(pem.encode(), place) for pem in roots]
    try:
        verified = (
            PolicyBuilder()
            .store(Store(anchors))
            .time(datetime.fromisoformat(at))
            .extension_policies(ca_policy=_authority(), ee_policy=_signer())
            .build_client_verifier()
            .verify(leaf, between)
        )
    except (VerificationError, ValueError, x509.UnsupportedGeneralNameType) as wrong:
        reason = f"its certificate ({_name(leaf)}) does not lead to the issuer's root: {wrong}"
        raise BrokenChain(reason, place) from wrong
    _may_sign(leaf, place)
    try:
        public = _fit(leaf.public_key(), place)
    except (ValueError, UnsupportedAlgorithm) as wrong:
        raise Invalid(f"the key of its certificate cannot be read: {wrong}", place) from wrong
    return public, verified.chain[-1].fingerprint(hashes.SHA256()).hex()


def signed_by(public: Public, signature: bytes, data: bytes) -> bool:
    """Whether the key of a certificate made a signature over these bytes."""
    return _verifies(public, signature, data)


def _authority() -> ExtensionPolicy:
    return ExtensionPolicy.webpki_defaults_ca().may_be_present(
        x509.ExtendedKeyUsage, Criticality.AGNOSTIC, None
    )


def _signer() -> ExtensionPolicy:
    return (
        ExtensionPolicy.webpki_defaults_ee()
        .may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, None)
        .may_be_present(x509.SubjectAlternativeName, Criticality.AGNOSTIC, None)
    )


def _may_sign(leaf: x509.Certificate, place: str) -> None:
    """RFC 5280, sections 4.2.1.3 and 4.2.1.12."""
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
        if not (usage.digital_signature or usage.content_commitment):
            raise BrokenChain(f"its certificate ({_name(leaf)}) is not for signatures", place)
        purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound as wrong:
        if wrong.oid == x509.KeyUsage.oid:
            reason = f"its certificate ({_name(leaf)}) does not say that it is for signatures"
            raise BrokenChain(reason, place) from wrong
        return
    if _SIGNS.isdisjoint(purposes):
        raise BrokenChain(f"its certificate ({_name(leaf)}) signs no documents and no code", place)


def _name(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string()[:120] or f"serial {certificate.serial_number:x}"
