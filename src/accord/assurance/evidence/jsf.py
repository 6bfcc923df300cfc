"""Signatures within JSON: JSON Signature Format, as CycloneDX 1.4 and later use it.

The member `signature` of the document signs all of it but the signature's own value, in canonical
form. What signs less (`excludes`), what holds several signatures (`signers`, `chain`) and what is
made by another algorithm, a secret that both sides share (`HS256`) among them, is no signature
over the document.

Law (all of it): whatever member of the document is changed, added or taken away, no signature
holds; the order of members and the spaces between them are no part of it.

Source: CycloneDX JSON schemas 1.4 to 1.7, `signature`; JSF 0.82; RFC 8785 (canonical form); RFC
7518, 3.1 (algorithms, and ECDSA as r and s).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any, Final

import msgspec
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from accord.assurance.evidence.errors import NotAble, WrongSignature
from accord.assurance.evidence.facts import SignKey
from accord.assurance.evidence.keys import Public, loaded
from accord.core import json

PLACE: Final = "/signature"
_LONGEST: Final = 8_192
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512(),
}  # fmt: skip
_CURVES: Final = {"ES256": "secp256r1", "ES384": "secp384r1", "ES512": "secp521r1"}
ALGORITHMS: Final = frozenset(
    {"Ed25519", *_CURVES, *(f"{family}{size}" for family in ("RS", "PS") for size in _HASHES)}
)
_PARTIAL: Final = ("excludes", "signers", "chain", "extensions")


class Enveloped(msgspec.Struct, frozen=True):
    """A signature over the document that it stands in."""

    algorithm: str
    value: bytes
    signed: bytes
    """The document without the value, in canonical form."""
    keyid: str = ""
    """What the signer calls its key: a hint, and no proof."""


def read(data: bytes) -> Enveloped | None:
    """The signature of a JSON document over all of itself; None: there is none that does.

    Raises:
        Unreadable: not JSON, or a member stands twice.
        WrongSignature: its members are not what the format says.
        NotAble: a number has no canonical form.
    """
    document = json.decode_strict(data)
    found = document.get("signature") if isinstance(document, dict) else None
    if not isinstance(found, dict) or any(name in found for name in _PARTIAL):
        return None
    algorithm, value, keyid = (found.get(name, "") for name in ("algorithm", "value", "keyId"))
    if not (isinstance(algorithm, str) and isinstance(value, str) and isinstance(keyid, str)):
        raise WrongSignature("algorithm, value and keyId are texts", PLACE)
    if algorithm not in ALGORITHMS:
        return None
    rest = {name: one for name, one in found.items() if name != "value"}
    try:
        signed = rfc8785.dumps({**document, "signature": rest})
    except rfc8785.CanonicalizationError as wrong:
        raise NotAble(f"it has no canonical form to verify: {wrong}") from wrong
    return Enveloped(algorithm, _bytes(value), signed, keyid)


def _bytes(value: str) -> bytes:
    if not value or len(value) > _LONGEST:
        raise WrongSignature(f"a signature of {len(value):,} letters", f"{PLACE}/value")
    try:
        padded = value + "=" * (-len(value) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as wrong:
        raise WrongSignature("not base64url", f"{PLACE}/value") from wrong


def holds(found: Enveloped, key: SignKey) -> bool:
    """Whether a key made this signature by the algorithm that it names."""
    verify = _by(found, loaded(key.pem))
    if verify is None:
        return False
    try:
        verify()
    except (InvalidSignature, ValueError):
        return False
    return True


def _by(found: Enveloped, public: Public) -> Callable[[], Any] | None:
    """How a key verifies it; None: the algorithm is of another kind of key."""
    name, value, signed = found.algorithm, found.value, found.signed
    if name == "Ed25519":
        if isinstance(public, ed25519.Ed25519PublicKey):
            return lambda: public.verify(value, signed)
        return None
    family, hashed = name[:2], _HASHES[name[2:]]
    if family == "ES":
        if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name == _CURVES[name]:
            half = (public.curve.key_size + 7) // 8
            return lambda: public.verify(_der(value, half), signed, ec.ECDSA(hashed))
        return None
    if not isinstance(public, rsa.RSAPublicKey):
        return None
    if family == "RS":
        return lambda: public.verify(value, signed, padding.PKCS1v15(), hashed)
    pss = padding.PSS(padding.MGF1(hashed), hashed.digest_size)
    return lambda: public.verify(value, signed, pss, hashed)


def _der(value: bytes, half: int) -> bytes:
    if len(value) != 2 * half:
        raise ValueError(value)
    return encode_dss_signature(
        int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big")
    )
