"""Signatures by certificates: they lead to the pinned root, now, and are made for signing."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import evidence_made as made
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from evidence_made import Desk, Key

from accord.assurance.evidence import keys
from accord.assurance.evidence.errors import BrokenChain, WrongSignature
from accord.core.errors import Invalid

_AT = datetime(2026, 11, 1, tzinfo=UTC)
ITEM = "ssdf@1.1#PO.1.1"


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*, sign: bool = False, authority: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=sign,
        content_commitment=False,
        key_encipherment=not (sign or authority),
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


class Authority:
    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.root = self.issue(self.key.public_key(), ca=True)

    @property
    def pem(self) -> bytes:
        return self.root.public_bytes(serialization.Encoding.PEM)

    def issue(
        self,
        public: Any,
        *,
        ca: bool = False,
        days: int = 300,
        sign: bool = True,
        purpose: Any = ExtendedKeyUsageOID.CODE_SIGNING,
    ) -> x509.Certificate:
        own = self.key.public_key()
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name("root" if ca else "Lab"))
            .issuer_name(_name("root"))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(_AT - timedelta(days=1))
            .not_valid_after(_AT + timedelta(days=days))
            .add_extension(
                x509.BasicConstraints(ca=ca, path_length=1 if ca else None), critical=True
            )
            .add_extension(_usage(sign=sign and not ca, authority=ca), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(own), critical=False)
        )
        if ca:
            identifier = x509.SubjectKeyIdentifier.from_public_key(own)
            builder = builder.add_extension(identifier, critical=False)
        else:
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            names = x509.SubjectAlternativeName([x509.RFC822Name("lab@lab.example")])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self.key, hashes.SHA256())


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.fixture
def desk(tmp_path: Path, authority: Authority) -> Desk:
    found = Desk(tmp_path)
    found.issuer("Lab", "assessor", certificates=(("root.pem", authority.pem),))
    return found


def signed(key: Key, certificate: x509.Certificate, payload: bytes = b"") -> bytes:
    payload = payload or made.result(ITEM)
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    one = made.signature(key, payload, certificate=base64.b64encode(pem).decode())
    return made.envelope(payload, signatures=[one])


@pytest.fixture
def key() -> Key:
    return Key(ec.SECP384R1())


def test_a_certificate_that_leads_to_the_root_counts(
    desk: Desk, authority: Authority, key: Key
) -> None:
    desk.add(signed(key, authority.issue(key.private.public_key())))
    assert desk.claims() == {ITEM: (True, "third party")}
    desk.at("2026-11-24T00:00:00.000000Z")
    desk.issuer("Lab", "assessor", certificates=(("root.pem", Authority().pem),))
    assert desk.claims() == {ITEM: (True, "unknown")}


def test_a_certificate_counts_by_the_nodes_own_clock(
    desk: Desk, authority: Authority, key: Key
) -> None:
    desk.at("2026-11-03T00:00:00.000000Z")
    desk.add(signed(key, authority.issue(key.private.public_key(), days=5)))
    assert desk.claims() == {ITEM: (True, "third party")}


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"days": 5}, "does not lead"),
        ({"sign": False}, "not for signatures"),
        ({"purpose": ExtendedKeyUsageOID.SERVER_AUTH}, "signs no documents"),
    ],
)
def test_a_certificate_that_may_not_is_refused(
    desk: Desk, authority: Authority, key: Key, more: dict[str, Any], reason: str
) -> None:
    with pytest.raises(BrokenChain, match=reason):
        desk.add(signed(key, authority.issue(key.private.public_key(), **more)))


def test_a_certificate_of_another_root_is_refused(desk: Desk, key: Key) -> None:
    with pytest.raises(BrokenChain, match="does not lead to the issuer's root"):
        desk.add(signed(key, Authority().issue(key.private.public_key())))


def test_a_certificate_of_another_key_is_refused(
    desk: Desk, authority: Authority, key: Key
) -> None:
    with pytest.raises(WrongSignature):
        desk.add(signed(key, authority.issue(Key(ec.SECP256R1()).private.public_key())))


def test_only_an_authority_is_a_root(authority: Authority, key: Key) -> None:
    leaf = authority.issue(key.private.public_key())
    with pytest.raises(Invalid, match="basic constraints"):
        keys.root(leaf.public_bytes(serialization.Encoding.PEM))
    with pytest.raises(Invalid, match="not a certificate"):
        keys.root(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")


def test_a_weak_key_is_refused() -> None:
    weak = rsa.generate_private_key(65537, 1024).public_key()
    pem = weak.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    with pytest.raises(Invalid, match="2048"):
        keys.sign_key(pem)


@pytest.mark.parametrize("curve", [None, ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_a_signature_holds_under_its_own_key_and_no_other(curve: Any) -> None:
    one, other = Key(curve), Key(curve)
    made_by = one.sign(b"data")
    assert keys.verifies(keys.sign_key(one.pem), made_by, b"data")
    assert not keys.verifies(keys.sign_key(other.pem), made_by, b"data")
    assert not keys.verifies(keys.sign_key(one.pem), made_by, b"datA")
    assert not keys.verifies(keys.sign_key(one.pem), b"", b"data")


def test_rsa_signs_in_two_ways() -> None:
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415

    private = rsa.generate_private_key(65537, 2048)
    pem = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    key = keys.sign_key(pem)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH)
    for way in (pss, padding.PKCS1v15()):
        assert keys.verifies(key, private.sign(b"data", way, hashes.SHA256()), b"data")
    weak = private.sign(b"data", padding.PKCS1v15(), hashes.SHA1())
    assert not keys.verifies(key, weak, b"data")


def test_of_several_in_one_file_none_is_taken(authority: Authority, key: Key) -> None:
    with pytest.raises(Invalid, match="2 keys or certificates in one file"):
        keys.sign_key(key.pem + Key().pem)
    with pytest.raises(Invalid, match="2 keys or certificates in one file"):
        keys.root(authority.pem + Authority().pem)


def test_a_key_under_which_anything_holds_is_refused() -> None:
    """The points of small order satisfy 8 y = 0; (0, 1) holds for a signature of any bytes."""
    p = 2**255 - 19
    assert len(keys._SMALL) == 7
    d = -121665 * pow(121666, -1, p) % p
    for small in keys._SMALL:
        # Doubling thrice leads to the neutral element (RFC 8032, section 5.1.4).
        y = small
        square = (y * y - 1) * pow(d * y * y + 1, -1, p) % p
        for _ in range(3):
            both = d * square * y * y % p
            square, y = (
                4 * square * y * y * pow(1 + both, -2, p) % p,
                (y * y + square) * pow(1 - both, -1, p) % p,
            )
        assert (square, y) == (0, 1)
        for sign in (0, 1 << 255):
            raw = (small | sign).to_bytes(32, "little")
            public = ed25519.Ed25519PublicKey.from_public_bytes(raw)
            pem = public.public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            with pytest.raises(Invalid, match="small order"):
                keys.sign_key(pem)
