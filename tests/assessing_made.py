"""Buyers with small baselines, and one release that they assess."""

from __future__ import annotations

import json
from typing import Any

import evidence_made as made
from evidence_made import PRODUCT, RELEASE, Desk, Key

from accord.flows.assessing.assess import Assessed, Question, assess_one

GUARDED, BUILT, CONTACT = "ssdf@1.1#PS.1.1", "slsa@1.0#build-l2", "ssdf@1.1#RV.1.3"
CLEAN, PROMPT = "fact@1#no-known-exploited", "fact@1#answered-in-time"


def requirement(id_: str, item: str, level: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id_, "group": "protect", "title": f"{id_} is done", "items": [item], "level": level,
        "source": "made up", **more,
    }  # fmt: skip


def baseline(name: str, *requirements: dict[str, Any], **more: Any) -> bytes:
    body = {
        "baseline": name, "owner": name, "version": "1", "since": "2026-01-01",
        "title": f"For {name}", "requirements": list(requirements), **more,
    }  # fmt: skip
    return json.dumps(body).encode()


STRICT = baseline(
    "strict",
    requirement("guarded", GUARDED, "third party", grace=30),
    requirement("built", BUILT, "verified"),
)
PLAIN = baseline("plain", requirement("guarded", GUARDED, "self-asserted", days=100))
SAFE = baseline("safe", requirement("clean", CLEAN, "verified"))


def form(*items: str, answer: str = "yes", **more: Any) -> bytes:
    return made.form(items=[{"item": item, "answer": answer} for item in items], **more)


def assessed(desk: Desk, *buyers: str, **more: Any) -> Assessed:
    asked = Question(
        product=PRODUCT, release=RELEASE, buyers=buyers or ("plain", "safe", "strict"), **more
    )
    return assess_one(desk.node.assessing, desk.node.me, desk.clock.now(), asked)


def verdicts(desk: Desk, *buyers: str, **more: Any) -> dict[str, str]:
    found = assessed(desk, *buyers, **more)
    return {one.baseline.name: one.verdict for one in found.assessments}


def changes(desk: Desk) -> list[tuple[str, str, str]]:
    """Buyer, verdict before and after, of an update."""
    return [(one.buyer, one.before, one.after) for one in desk.node.reassess().events]


def provenance(desk: Desk, key: Key) -> None:
    desk.issuer("Forge", "builder", keys=key.given, identities=(made.BUILDER,))
    desk.add(made.envelope(made.provenance(), key))
