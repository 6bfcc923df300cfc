"""The scenario of four buyers: what each asks of one release, and what its supplier proves.

Invented, and short: the baselines that come with accord ask for much more.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from accord.scenario.documents import files

PRODUCT, RELEASE, TYPE = "GridView SCADA", "4.4", "application"
SUPPLIER = "Indus Grid Works"
BUILDER, PLATFORM = "Sahyadri Builds", "https://builds.sahyadri.example/platform/v1"
BUYERS = {"au": "australia", "in": "india", "jp": "japan", "us": "united-states"}
"""Each buyer with the partner that speaks for it."""
VERSION, SINCE = "2026.demo", "2026-02-01"
BUILD, BILL, PLAN = "slsa@1.0#build-l2", "sbom@ntia-2021#component-name", "ssdf@1.1#PO.1.1"
ARTEFACT = f"sha256:{hashlib.sha256(b'GridView SCADA 4.4, as it is shipped').hexdigest()}"
_IN_TOTO = "application/vnd.in-toto+json"


def baselines() -> list[tuple[str, bytes]]:
    """What each buyer asks: a plan that is promised, a build and a bill that are verified."""
    return [(f"baseline {buyer}", _written(_baseline(buyer, owner))) for buyer, owner in _BUYERS]


_BUYERS = tuple(BUYERS.items())


def _baseline(buyer: str, owner: str) -> dict[str, Any]:
    asked = (
        ("plan", "prepare", "Security requirements are written down", PLAN, "self-asserted"),
        ("build", "protect", "The build platform signed what it built", BUILD, "verified"),
        ("bill", "protect", "The bill names every component", BILL, "verified"),
    )
    return {
        "baseline": buyer,
        "owner": owner,
        "version": VERSION,
        "since": SINCE,
        "title": f"What {owner} asks in this scenario",
        "requirements": [
            {"id": id_, "group": group, "title": title, "items": [item], "level": level,
             "source": "Invented for this scenario"}
            for id_, group, title, item, level in asked
        ],
    }  # fmt: skip


def form(day: str) -> bytes:
    """The supplier's attestation form, of a day."""
    return _written(
        {
            "evidence": "attestation form",
            "catalogue": PLAN.partition("#")[0],
            "producer": SUPPLIER,
            "product": PRODUCT,
            "releases": [RELEASE],
            "signed_by": {"name": SUPPLIER, "title": "Supplier"},
            "date": day,
            "items": [{"item": PLAN.partition("#")[2], "answer": "yes", "why": "kept since 2024"}],
        }
    )


def bill() -> bytes:
    """The supplier's bill of the release."""
    return dict(files())["bills/gridview-4.4.cdx.json"]


class Builder:
    """Who builds the release for its supplier, with a key of its own."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()

    def public(self) -> bytes:
        """Its public key, in PEM."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def provenance(self, moment: str) -> bytes:
        """SLSA provenance of the release, signed."""
        digest = {"sha256": ARTEFACT.partition(":")[2]}
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "gridview-4.4.tar", "digest": digest}],
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": {
                "buildDefinition": {
                    "buildType": f"{PLATFORM}/release",
                    "externalParameters": {"ref": f"v{RELEASE}"},
                },
                "runDetails": {"builder": {"id": PLATFORM}, "metadata": {"finishedOn": moment}},
            },
        }
        payload = _written(statement)
        # DSSE 1.0, pre-authentication encoding.
        signed = b"DSSEv1 %d %s %d %s" % (
            len(_IN_TOTO), _IN_TOTO.encode(), len(payload), payload
        )  # fmt: skip
        return _written(
            {
                "payloadType": _IN_TOTO,
                "payload": base64.b64encode(payload).decode(),
                "signatures": [{"sig": base64.b64encode(self._key.sign(signed)).decode()}],
            }
        )


def _written(value: object) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"
