"""Evidence for tests, made here: keys, envelopes, statements, forms and results."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import nodes
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from accord.core.clock import FixedClock
from accord.exchange.dsse import pae
from accord.flows.evidence import add as adding
from accord.flows.evidence import issuers
from accord.wiring import Node

NOW = "2026-11-23T12:00:00.000000Z"
BEFORE = "2026-11-01T00:00:00Z"
PRODUCT, RELEASE = "Lantern", "2.1"
SHIPPED = b"what is shipped"
ARTEFACT = f"sha256:{hashlib.sha256(SHIPPED).hexdigest()}"
BUILDER = "https://builds.example/platform/v1"
IN_TOTO = "application/vnd.in-toto+json"


class Desk:
    """A node with a clock that stands still."""

    def __init__(self, folder: Path, now: str = NOW, url: str = "") -> None:
        self.node: Node = nodes.on(url, folder) if url else nodes.new_node(folder)
        self.clock = FixedClock(now)
        self.node.clock = self.clock
        self.intake = self.node.intake
        self.proofs = self.node.proofs

    def at(self, now: str) -> None:
        self.clock = FixedClock(now)
        self.node.clock = self.clock

    def add(self, *files: bytes | tuple[str, bytes], **more: Any) -> adding.Added:
        named = [
            one if isinstance(one, tuple) else (f"file-{number}", one)
            for number, one in enumerate(files)
        ]
        values: dict[str, Any] = {
            "product": PRODUCT,
            "release": RELEASE,
            "person": "Ana",
            "artefacts": frozenset({ARTEFACT}),
        }
        return adding.add(self, adding.Ask(**{**values, **more}), named)

    def issuer(self, name: str, role: Any, **more: Any) -> bool:
        wanted = issuers.Wanted(name=name, role=role, person="Ana", why="known", **more)
        return issuers.give(self, wanted)

    def claims(self, release: str = RELEASE, at: str = "") -> dict[str, tuple[bool, str]]:
        """Item to whether it holds and how far it is believed."""
        found = self.proofs.claims(PRODUCT, release, at or self.clock.now())
        return {claim.item: (claim.holds, claim.level.words) for claim in found}

    def documents(self) -> int:
        with self.node.views.view() as view:
            return len(list(view.list_documents(quarantined=False)))


class Key:
    """A key that signs envelopes."""

    def __init__(self, curve: ec.EllipticCurve | None = None) -> None:
        self.private: Any = (
            ec.generate_private_key(curve) if curve else ed25519.Ed25519PrivateKey.generate()
        )
        self.curve = curve

    @property
    def pem(self) -> bytes:
        made: bytes = self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return made

    @property
    def given(self) -> tuple[tuple[str, bytes], ...]:
        return (("key.pem", self.pem),)

    def sign(self, data: bytes) -> bytes:
        if self.curve is None:
            made: bytes = self.private.sign(data)
        else:
            size: dict[int, hashes.HashAlgorithm] = {
                256: hashes.SHA256(),
                384: hashes.SHA384(),
                521: hashes.SHA512(),
            }
            made = self.private.sign(data, ec.ECDSA(size[self.curve.key_size]))
        return made


def signature(key: Key, payload: bytes, media: str = IN_TOTO, **more: Any) -> dict[str, Any]:
    return {"sig": base64.b64encode(key.sign(pae(media, payload))).decode(), **more}


def envelope(
    payload: bytes, *keys: Key, media: str = IN_TOTO, signatures: list[dict[str, Any]] | None = None
) -> bytes:
    made = signatures if signatures is not None else [signature(k, payload, media) for k in keys]
    body = {
        "payloadType": media,
        "payload": base64.b64encode(payload).decode(),
        "signatures": made,
    }
    return json.dumps(body, indent=1).encode()


def statement(
    predicate_type: str, predicate: dict[str, Any], digest: str = ARTEFACT, **more: Any
) -> bytes:
    algorithm, _, text = digest.partition(":")
    body = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "lantern.tar", "digest": {algorithm: text}}],
        "predicateType": predicate_type,
        "predicate": predicate,
    }
    return json.dumps({**body, **more}).encode()


def provenance(digest: str = ARTEFACT, builder: str = BUILDER, at: str = BEFORE) -> bytes:
    predicate = {
        "buildDefinition": {
            "buildType": "https://builds.example/type/v1",
            "externalParameters": {"ref": "v2.1"},
            "resolvedDependencies": [
                {"uri": "git+https://code.example/lantern", "digest": {"gitCommit": "a" * 40}}
            ],
        },
        "runDetails": {"builder": {"id": builder}, "metadata": {"finishedOn": at}},
    }
    return statement("https://slsa.dev/provenance/v1", predicate, digest)


def result(*properties: str, at: str = BEFORE, digest: str = ARTEFACT) -> bytes:
    predicate = {
        "verifier": {"id": "https://lab.example/checks/v1"},
        "timeCreated": at,
        "properties": list(properties),
    }
    return statement("https://in-toto.io/attestation/svr/v0.1", predicate, digest)


def summary(outcome: str, *levels: str) -> bytes:
    predicate = {
        "verifier": {"id": "https://lab.example/slsa"},
        "timeVerified": BEFORE,
        "resourceUri": "pkg:generic/lantern@2.1",
        "policy": {"uri": "https://lab.example/policy"},
        "verificationResult": outcome,
        "verifiedLevels": list(levels),
    }
    return statement("https://slsa.dev/verification_summary/v1", predicate)


def form(**more: Any) -> bytes:
    body = {
        "evidence": "attestation form",
        "catalogue": "ssaf@DRAFT-2023-11",
        "producer": "Lantern Works",
        "product": PRODUCT,
        "releases": [RELEASE],
        "signed_by": {"name": "B. Rao", "title": "CEO"},
        "date": "2026-10-01",
        "items": [
            {"item": "1-a", "answer": "yes", "why": "apart since 2024"},
            {"item": "1-b", "answer": "no"},
            {"item": "2", "answer": "plan", "by": "2027-03-01"},
        ],
    }
    return json.dumps({**body, **more}).encode()


def certificate(**more: Any) -> bytes:
    body = {
        "evidence": "certificate",
        "scheme": "Common Criteria EAL2",
        "number": "CC-17",
        "issuer": "Lab",
        "product": PRODUCT,
        "scope": "the server",
        "issued": "2026-01-01",
        "expires": "2027-01-01",
        "items": ["ssdf@1.1#PO.1.1"],
    }
    return json.dumps({**body, **more}).encode()


def scorecard(**scores: float) -> bytes:
    body = {
        "date": "2026-11-01",
        "repo": {"name": "code.example/lantern", "commit": "b" * 40},
        "scorecard": {"version": "v5.1.0", "commit": "c" * 40},
        "score": 7.5,
        "checks": [
            {"name": name.replace("_", "-"), "score": score, "reason": "seen"}
            for name, score in scores.items()
        ],
    }
    return json.dumps(body).encode()
