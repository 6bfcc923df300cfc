"""What signs, and what verifies."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from directories import ed25519, ml_dsa
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.signer import (  # type: ignore[attr-defined]
    CryptoSigner,
    Signature,
    SSlibKey,
)

from accord.core.errors import Invalid
from accord.identity.keys import (
    KEY_TYPES,
    CannotSign,
    LibrarySigner,
    Signers,
    check_key,
    keyid_of,
    signer_of,
    verify,
)
from accord.identity.partners import PartnerKey, Untrusted

SIGNERS = (ed25519("a"), ml_dsa("a"))
each = pytest.mark.parametrize("signer", SIGNERS, ids=lambda signer: signer.scheme)


@given(data=st.binary(max_size=200), bit=st.integers(0, 511), other=st.booleans())
def test_signatures(data: bytes, bit: int, *, other: bool) -> None:
    """What a signer signed is verified by its own key and by no other, nor once a bit changed."""
    for signer in SIGNERS:
        signature = signer.sign(data)
        verify(signer.key(), signature, data)
        wrong = bytearray(signature)
        wrong[bit // 8] ^= 1 << bit % 8
        stranger = ed25519("b") if signer is SIGNERS[0] else ml_dsa("b")
        with pytest.raises(Untrusted):
            verify(stranger.key() if other else signer.key(), bytes(wrong), data)
        with pytest.raises(Untrusted):
            verify(stranger.key(), signature, data)
        with pytest.raises(Untrusted):
            verify(signer.key(), signature, data + b"x")


@each
def test_the_library_verifies_what_we_sign_and_we_what_it_signs(signer: LibrarySigner) -> None:
    key = SSlibKey(signer.keyid, KEY_TYPES[signer.scheme], signer.scheme, {"public": signer.public})
    key.verify_signature(Signature(signer.keyid, signer.sign(b"data").hex()), b"data")


@each
def test_identifiers_are_those_of_the_library(signer: LibrarySigner) -> None:
    assert keyid_of(signer.scheme, signer.public) == signer.keyid
    check_key(signer.key())


@each
def test_a_signature_of_another_length_is_none(signer: LibrarySigner) -> None:
    for signature in (b"", signer.sign(b"x")[:-1], signer.sign(b"x") + b"\0"):
        with pytest.raises(Untrusted, match="not a signature"):
            verify(signer.key(), signature, b"x")


def test_another_scheme_cannot_sign() -> None:
    with pytest.raises(Invalid, match="ml-dsa-44"):
        signer_of(CryptoSigner(MLDSA44PrivateKey.generate()))


def _key(scheme: str, public: str) -> PartnerKey:
    return PartnerKey(keyid_of(scheme, public), scheme, public)


@pytest.mark.parametrize(
    "key",
    [
        _key("ed25519", ed25519("a").public.upper()),
        _key("ed25519", ed25519("a").public + " "),
        _key("ed25519", "zz" * 32),
        _key("ed25519", "00" * 31),
        _key("ed25519", ml_dsa("a").public),
        _key("ml-dsa-65/1", ml_dsa("a").public.replace("\n", "\r\n")),
        _key("ml-dsa-65/1", ml_dsa("a").public + "\n"),
        _key("ml-dsa-65/1", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
        _key("ml-dsa-65/1", "x" * 100_000),
        _key("rsassa-pss-sha256", ed25519("a").public),
        PartnerKey("0" * 64, "ed25519", ed25519("a").public),
        PartnerKey(ed25519("a").keyid, "ed25519", ed25519("b").public),
    ],
)
def test_what_is_no_key_is_refused(key: PartnerKey) -> None:
    """Another spelling of a key would be another identifier for it."""
    with pytest.raises(Invalid):
        check_key(key)


def test_a_key_that_cannot_be_read_verifies_nothing() -> None:
    with pytest.raises(Untrusted):
        verify(PartnerKey("0" * 64, "ed25519", "no"), b"\0" * 64, b"x")
    with pytest.raises(Untrusted):
        verify(PartnerKey("0" * 64, "rsa", ed25519("a").public), b"\0" * 64, b"x")


class _Broken:
    public_key = SSlibKey(ed25519("a").keyid, "ed25519", "ed25519", {"public": ed25519("a").public})

    def sign(self, payload: bytes) -> Signature:
        raise LookupError("the module was pulled out")


def test_a_key_that_does_not_answer_is_told_apart() -> None:
    with pytest.raises(CannotSign, match="pulled out"):
        signer_of(_Broken()).sign(b"x")


def test_ed25519_comes_first() -> None:
    assert Signers(*SIGNERS).all() == SIGNERS
    assert Signers(SIGNERS[0]).all() == SIGNERS[:1]
