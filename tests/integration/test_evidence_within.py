"""Signatures within CycloneDX: over the whole document, by whom it is known to be."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import declared
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from evidence_made import Desk

from accord.assurance.evidence import jsf
from accord.assurance.evidence.errors import NoStanding, NotAble, Unsigned, WrongSignature
from accord.assurance.evidence.keys import sign_key
from accord.flows.evidence.issuers import end

ITEM = "ssdf@1.1#PO.1.1"
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
Document = dict[str, Any]


def canonical(document: Document) -> bytes:
    """The canonical form, by other means: these documents hold ASCII and whole numbers only."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def raw(der: bytes, size: int) -> bytes:
    r, s = decode_dss_signature(der)
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def signer(algorithm: str, private: Any) -> Callable[[bytes], bytes]:
    hashed = HASHES.get(algorithm[2:])
    if algorithm == "Ed25519":
        return private.sign  # type: ignore[no-any-return]
    assert hashed is not None
    if algorithm[:2] == "ES":
        size = (private.curve.key_size + 7) // 8
        return lambda data: raw(private.sign(data, ec.ECDSA(hashed)), size)
    if algorithm[:2] == "RS":
        return lambda data: private.sign(data, padding.PKCS1v15(), hashed)
    pss = padding.PSS(padding.MGF1(hashed), hashed.digest_size)
    return lambda data: private.sign(data, pss, hashed)


RSA = rsa.generate_private_key(65537, 2048)
PRIVATE: dict[str, Any] = {
    "Ed25519": ed25519.Ed25519PrivateKey.generate(),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "ES512": ec.generate_private_key(ec.SECP521R1()),
    **{f"{family}{size}": RSA for family in ("RS", "PS") for size in HASHES},
}


def pem(algorithm: str) -> bytes:
    public = PRIVATE[algorithm].public_key()
    found: bytes = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return found


def unsigned(**more: Any) -> Document:
    claims = [{"bom-ref": "c", "predicate": "trained"}]
    attestations = [{"map": [{"requirement": "r", "claims": ["c"]}]}]
    return declared.body({"claims": claims, "attestations": attestations}, version=1, **more)


def signed(algorithm: str, **members: Any) -> Document:
    document = unsigned()
    signature = {"algorithm": algorithm, **members}
    value = signer(algorithm, PRIVATE[algorithm])(canonical({**document, "signature": signature}))
    text = base64.urlsafe_b64encode(value).rstrip(b"=").decode()
    return {**document, "signature": {**signature, "value": text}}


def by_lab(desk: Desk, algorithm: str) -> None:
    desk.issuer("Lab", "assessor", keys=(("lab.pem", pem(algorithm)),))


@pytest.mark.parametrize("algorithm", PRIVATE)
def test_an_assessors_signature_within_is_a_third_partys_word(
    tmp_path: Path, algorithm: str
) -> None:
    desk = Desk(tmp_path)
    by_lab(desk, algorithm)
    # Neither the order of the members nor the spaces between them are part of what is signed.
    document = dict(reversed(signed(algorithm).items()))
    (taken,) = desk.add(json.dumps(document, indent=3).encode()).taken
    assert (taken.issuer, taken.how) == ("Lab", "key")
    assert desk.claims() == {ITEM: (True, "third party")}


def changed(document: Document) -> Document:
    document["metadata"]["timestamp"] = "2026-10-02T00:00:00Z"
    return document


TAMPERED: dict[str, Callable[[Document], Document]] = {
    "changed": changed,
    "added": lambda document: {**document, "vulnerabilities": []},
    "taken away": lambda document: {k: v for k, v in document.items() if k != "version"},
    "algorithm": lambda d: {**d, "signature": {**d["signature"], "algorithm": "ES256"}},
    "member": lambda d: {**d, "signature": {**d["signature"], "keyId": "another"}},
    "value": lambda d: {**d, "signature": {**d["signature"], "value": "AAAA"}},
}


@pytest.mark.parametrize("how", TAMPERED)
def test_what_is_changed_is_nobodys_signature(tmp_path: Path, how: str) -> None:
    desk = Desk(tmp_path)
    by_lab(desk, "Ed25519")
    body = json.dumps(TAMPERED[how](signed("Ed25519"))).encode()
    with pytest.raises(Unsigned):
        desk.add(body, issuer="Lab")
    assert desk.claims() == {}
    # By nobody known it is what it would be without: the supplier's own word.
    desk.add(body)
    assert desk.claims() == {ITEM: (True, "self-asserted")}


def test_a_signature_that_names_a_known_key_and_does_not_hold_is_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    by_lab(desk, "ES256")
    keyid = sign_key(pem("ES256")).keyid
    with pytest.raises(WrongSignature, match="does not hold over this document"):
        desk.add(json.dumps(changed(signed("ES256", keyId=keyid))).encode())


def test_a_key_of_its_own_is_no_standing(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    desk.add(json.dumps(signed("Ed25519", publicKey=jwk)).encode())
    assert desk.claims() == {ITEM: (True, "self-asserted")}


def test_a_standing_that_ended_signs_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    by_lab(desk, "ES384")
    end(desk, "Lab", person="Ana", why="lost its licence")
    with pytest.raises(NoStanding, match="Lab"):
        desk.add(json.dumps(signed("ES384")).encode())


@pytest.mark.parametrize("members", [{"excludes": ["metadata"]}, {"signers": []}, {"chain": []}])
def test_what_signs_less_than_all_is_no_signature_over_it(members: Document) -> None:
    assert jsf.read(json.dumps(signed("Ed25519", **members)).encode()) is None


@pytest.mark.parametrize("algorithm", ["HS256", "none", "ES256K", "ES999", ""])
def test_what_proves_nothing_to_others_is_no_signature(tmp_path: Path, algorithm: str) -> None:
    desk = Desk(tmp_path)
    by_lab(desk, "Ed25519")
    document = {**unsigned(), "signature": {"algorithm": algorithm, "value": "AAAA"}}
    with pytest.raises(Unsigned):
        desk.add(json.dumps(document).encode(), issuer="Lab")
    desk.add(json.dumps(document).encode())
    assert desk.claims() == {ITEM: (True, "self-asserted")}


@pytest.mark.parametrize(
    ("members", "wrong"),
    [({"value": 3}, "texts"), ({"value": "*"}, "base64url"), ({"value": "A" * 9_000}, "9,000")],
)
def test_odd_members_are_refused(tmp_path: Path, members: Document, wrong: str) -> None:
    document = {**unsigned(), "signature": {"algorithm": "Ed25519", **members}}
    with pytest.raises(WrongSignature, match=wrong):
        Desk(tmp_path).add(json.dumps(document).encode())


def test_a_number_without_a_canonical_form_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    body = json.dumps({**signed("Ed25519"), "x": 2**60}).encode()
    with pytest.raises(NotAble, match="canonical form"):
        desk.add(body)
