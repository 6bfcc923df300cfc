"""A Sigstore of a test's own: an authority, a certificate log and a transparency log.

Bundles are made by the formats' own documents (Fulcio's certificates, RFC 6962 timestamps, Rekor's
entries and checkpoints), so that what verifies them is the real verifier, offline.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from accord.exchange.dsse import pae

OIDC = "https://login.example"
WHO = "release@lantern.example"
IN_TOTO = "application/vnd.in-toto+json"
_SCTS = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_OIDC = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _der(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _id(key: ec.EllipticCurvePrivateKey) -> bytes:
    return hashlib.sha256(_der(key)).digest()


def _signed(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    return key.sign(data, ec.ECDSA(hashes.SHA256()))


class House:
    """One instance: its keys, its trust root, and the bundles that it makes."""

    def __init__(self) -> None:
        self.authority, self.ct, self.rekor = (
            ec.generate_private_key(ec.SECP256R1()) for _ in range(3)
        )
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        self.root = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.authority.public_key())
            .serial_number(1)
            .not_valid_before(_AT - timedelta(days=300))
            .not_valid_after(_AT + timedelta(days=300))
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(_usage(sign=False), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self.authority.public_key()),
                critical=False,
            )
            .sign(self.authority, hashes.SHA256())
        )

    def trust_root(self) -> bytes:
        log = {"hashAlgorithm": "SHA2_256", "baseUrl": "https://log.example"}
        start = {"start": "2026-01-01T00:00:00Z"}

        def instance(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
            public = {
                "rawBytes": _b64(_der(key)),
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "validFor": start,
            }
            return {**log, "publicKey": public, "logId": {"keyId": _b64(_id(key))}}

        raw = self.root.public_bytes(serialization.Encoding.DER)
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "tlogs": [instance(self.rekor)],
                "certificateAuthorities": [
                    {
                        "subject": {"organization": "test", "commonName": "test"},
                        "uri": "https://authority.example",
                        "certChain": {"certificates": [{"rawBytes": _b64(raw)}]},
                        "validFor": start,
                    }
                ],
                "ctlogs": [instance(self.ct)],
                "timestampAuthorities": [],
            }
        ).encode()

    def certificate(
        self, key: ec.EllipticCurvePrivateKey, who: str, at: datetime
    ) -> x509.Certificate:
        """A certificate of ten minutes, with the timestamp of the certificate log in it."""
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.root.subject)
            .public_key(key.public_key())
            .serial_number(2)
            .not_valid_before(at - timedelta(minutes=5))
            .not_valid_after(at + timedelta(minutes=5))
            .add_extension(_usage(sign=True), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.authority.public_key()),
                critical=False,
            )
            .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(who)]), critical=True)
            .add_extension(x509.UnrecognizedExtension(_OIDC, OIDC.encode()), critical=False)
        )
        unstamped = builder.sign(self.authority, hashes.SHA256())
        stamp = self._stamp(unstamped.tbs_certificate_bytes, at)
        return builder.add_extension(x509.UnrecognizedExtension(_SCTS, stamp), critical=False).sign(
            self.authority, hashes.SHA256()
        )

    def _stamp(self, tbs: bytes, at: datetime) -> bytes:
        """A signed certificate timestamp (RFC 6962, section 3.2) as the extension holds it."""
        moment = int(at.timestamp() * 1000)
        issuer = _id(self.authority)
        size = len(tbs).to_bytes(3, "big")
        data = struct.pack("!BBQH", 0, 0, moment, 1) + issuer + size + tbs + b"\x00\x00"
        signature = _signed(self.ct, data)
        one = b"\x00" + _id(self.ct) + struct.pack("!Q", moment) + b"\x00\x00"
        one += b"\x04\x03" + struct.pack("!H", len(signature)) + signature
        listed = struct.pack("!H", len(one)) + one
        whole = struct.pack("!H", len(listed)) + listed
        length = bytes([len(whole)]) if len(whole) < 128 else b"\x81" + bytes([len(whole)])
        return b"\x04" + length + whole

    def statement(
        self, payload: bytes, who: str = WHO, at: datetime = _AT, logged: datetime | None = None
    ) -> dict[str, Any]:
        """A bundle of version 0.3 over an in-toto statement."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.certificate(key, who, at)
        signature = _signed(key, pae(IN_TOTO, payload))
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        body = {
            "apiVersion": "0.0.1",
            "kind": "dsse",
            "spec": {
                "envelopeHash": {"algorithm": "sha256", "value": hashlib.sha256(b"x").hexdigest()},
                "payloadHash": {
                    "algorithm": "sha256",
                    "value": hashlib.sha256(payload).hexdigest(),
                },
                "signatures": [{"signature": _b64(signature), "verifier": _b64(pem)}],
            },
        }
        signed = {
            "payloadType": IN_TOTO,
            "payload": _b64(payload),
            "signatures": [{"sig": _b64(signature)}],
        }
        made = self._bundle(certificate, body, "dsse", logged or at)
        return {**made, "dsseEnvelope": signed}

    def file(self, data: bytes, who: str = WHO, at: datetime = _AT) -> dict[str, Any]:
        """A bundle of version 0.3 over a file."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.certificate(key, who, at)
        signature = _signed(key, data)
        named = hashlib.sha256(data)
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        body = {
            "apiVersion": "0.0.1",
            "kind": "hashedrekord",
            "spec": {
                "data": {"hash": {"algorithm": "sha256", "value": named.hexdigest()}},
                "signature": {
                    "content": _b64(signature),
                    "publicKey": {"content": _b64(pem)},
                },
            },
        }
        message = {
            "messageDigest": {"algorithm": "SHA2_256", "digest": _b64(named.digest())},
            "signature": _b64(signature),
        }
        made = self._bundle(certificate, body, "hashedrekord", at)
        return {**made, "messageSignature": message}

    def _bundle(
        self, certificate: x509.Certificate, body: dict[str, Any], kind: str, at: datetime
    ) -> dict[str, Any]:
        canonical = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
        leaf = hashlib.sha256(b"\x00" + canonical).digest()
        beside = hashlib.sha256(b"\x00another entry").digest()
        root = hashlib.sha256(b"\x01" + leaf + beside).digest()
        moment = int(at.timestamp())
        promise = {
            "body": _b64(canonical),
            "integratedTime": moment,
            "logID": _id(self.rekor).hex(),
            "logIndex": 0,
        }
        promised = json.dumps(promise, sort_keys=True, separators=(",", ":")).encode()
        note = f"log.example - 1\n2\n{_b64(root)}\n"
        signature = _b64(_id(self.rekor)[:4] + _signed(self.rekor, note.encode()))
        entry = {
            "logIndex": "0",
            "logId": {"keyId": _b64(_id(self.rekor))},
            "kindVersion": {"kind": kind, "version": "0.0.1"},
            "integratedTime": str(moment),
            "inclusionPromise": {"signedEntryTimestamp": _b64(_signed(self.rekor, promised))},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": _b64(root),
                "treeSize": "2",
                "hashes": [_b64(beside)],
                "checkpoint": {"envelope": f"{note}\n\u2014 log.example {signature}\n"},
            },
            "canonicalizedBody": _b64(canonical),
        }
        raw = certificate.public_bytes(serialization.Encoding.DER)
        return {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": {"rawBytes": _b64(raw)},
                "tlogEntries": [entry],
            },
        }


def older(bundle: dict[str, Any], version: str) -> dict[str, Any]:
    """The same bundle as version 0.1 or 0.2 writes it."""
    material = dict(bundle["verificationMaterial"])
    chain = {"certificates": [material.pop("certificate")]}
    return {
        **bundle,
        "mediaType": f"application/vnd.dev.sigstore.bundle+json;version={version}",
        "verificationMaterial": {**material, "x509CertificateChain": chain},
    }


def _usage(*, sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not sign,
        crl_sign=not sign,
        encipher_only=False,
        decipher_only=False,
    )
