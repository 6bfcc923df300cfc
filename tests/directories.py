"""Directories for tests: made by hand, file by file, so that each can be wrong in one way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey
from exchange_nodes import NAME, NOW, partner
from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]

from accord.identity.directory import edits, founding, metadata, proposals
from accord.identity.directory.metadata import TIMESTAMP, Metadata, Root, Snapshot, Targets
from accord.identity.directory.records import Charter
from accord.identity.directory.trusted import Lookup, Trusted
from accord.identity.keys import LibrarySigner, signer_of
from accord.identity.partners import Partner, Policy

FOUR = ("australia", "india", "japan", "united-states")


def ed25519(name: str) -> LibrarySigner:
    """The one Ed25519 key of this name."""
    return signer_of(
        CryptoSigner(Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest()))
    )


def ml_dsa(name: str) -> LibrarySigner:
    """The one ML-DSA-65 key of this name."""
    return signer_of(
        CryptoSigner(MLDSA65PrivateKey.from_seed_bytes(sha256(name.encode()).digest()))
    )


def keys(names: Iterable[str]) -> list[LibrarySigner]:
    return [ed25519(name) for name in names]


def founded(
    names: Sequence[str] = FOUR, now: str = NOW, *, policy: Policy | None = None, threshold: int = 0
) -> Trusted:
    """A directory of Ed25519 keys."""
    partners = [partner(name, [ed25519(name)], now) for name in names]
    return founding.found(Charter(NAME, policy or Policy(), threshold), partners, keys(names), now)


def changed(
    before: Trusted, who: Partner, signers: Sequence[str], now: str = NOW, **more: Any
) -> Trusted:
    """The directory with another record, signed by those named."""
    charter = more.get("charter", before.charter)
    listed = edits.replaced(before.directory, who)
    proposal = proposals.propose(
        before, charter, listed, by="somebody", why="test", now=now,
        enrolments=more.get("enrolments"),
    )  # fmt: skip
    for name in signers:
        proposal = proposals.sign(before, proposal, more.get("keys", keys([name])))
    review = proposals.review(before, proposal, now)
    return proposals.publish(before, review, keys(signers), now)


def moved(before: Trusted, name: str, address: str, now: str = NOW) -> Trusted:
    """The directory with another address of one partner, signed by all."""
    who = before.directory.partner(name)
    assert who is not None
    record = msgspec.structs.replace(who, addresses=(address,))
    return changed(before, record, [p.name for p in before.directory.members()], now)


def offering(files: Mapping[str, bytes]) -> Lookup:
    """A look-up that keeps to the bound that it is given."""

    def give(name: str, most: int) -> bytes | None:
        data = files.get(name)
        return None if data is None else data[: most + 1]

    return give


def root_name(trusted: Trusted) -> str:
    return f"{trusted.root}.root.json"


def snapshot_name(files: Mapping[str, bytes]) -> str:
    return next(name for name in files if name.endswith(".snapshot.json"))


def targets_name(files: Mapping[str, bytes]) -> str:
    return next(name for name in files if name.endswith(".targets.json"))


def read(files: Mapping[str, bytes], name: str) -> Metadata[Any]:
    """A file as metadata, to be changed and signed anew."""
    kinds: dict[str, Any] = {"root": Root, "targets": Targets, "snapshot": Snapshot}
    kind = kinds.get(name.split(".")[1], metadata.Timestamp)
    made: Metadata[Any] = metadata.read(kind, files[name], name)
    return made


def resigned(made: Metadata[Any], *signers: LibrarySigner) -> bytes:
    """A file with just these signatures."""
    made.signatures.clear()
    for signer in signers:
        signature = signer.sign(made.signed_bytes).hex()
        made.signatures[signer.keyid] = metadata.Signature(signer.keyid, signature)
    return metadata.write(made)


def closed(
    files: Mapping[str, bytes], targets: bytes, version: int, signer: LibrarySigner, now: str = NOW
) -> dict[str, bytes]:
    """The files with these targets, and with snapshot and timestamp to fit."""
    snapshot = metadata.make_snapshot(targets, version, 0, now)
    written = resigned(snapshot, signer)
    number = snapshot.signed.version
    timestamp = metadata.make_timestamp(written, number, 0, now)
    return {
        **files,
        f"{version}.targets.json": targets,
        f"{number}.snapshot.json": written,
        TIMESTAMP: resigned(timestamp, signer),
    }
