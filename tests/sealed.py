"""Partners with keys, for tests that sign and verify without a node."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey
from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]

from accord.identity.keys import LibrarySigner, signer_of
from accord.identity.partners import Directory, Holds, Partner, PartnerKey, Policy

PARTNERSHIP = "quad.example"
NOW = "2030-06-01T12:00:00.000000Z"
"""The time in these tests."""


@cache
def secret(name: str) -> Ed25519PrivateKey:
    """An Ed25519 key that is the same in every run."""
    return Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())


@cache
def signer(name: str) -> LibrarySigner:
    """Signs with the Ed25519 key of a name."""
    return signer_of(CryptoSigner(secret(name)))


@cache
def ml_dsa(name: str) -> LibrarySigner:
    """Signs with the ML-DSA-65 key of a name."""
    seed = sha256(name.encode()).digest()
    return signer_of(CryptoSigner(MLDSA65PrivateKey.from_seed_bytes(seed)))


def partner(name: str, *keys: PartnerKey, removed: str = "") -> Partner:
    """A partner; without keys named, with one of each scheme."""
    keys = keys or (signer(name).key(), ml_dsa(name).key())
    return Partner(name, name.title(), f"identity--{name}", keys=keys, removed=removed)


def directory(*partners: Partner, signatures: Holds = "ed25519") -> Directory:
    """A partnership; without partners named, of Australia and Japan."""
    members = partners or (partner("australia"), partner("japan"))
    return Directory(PARTNERSHIP, 1, 1, Policy(signatures), members)
