"""accord's records of what became of an ask: sent, answered, fixed."""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

from accord.core import json
from accord.core.errors import Invalid
from accord.core.reading import Reading
from accord.core.times import when
from accord.demand.asks.facts import Step

KINDS: Final = ("ask sent", "ask answered", "ask fixed")
"""What stands as the member `accord` of these records."""
ANSWERS: Final = ("done", "plan", "no")
_SHA_256 = re.compile(r"[0-9a-f]{64}")


class Effect(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the verdicts and exposures of an ask's products were at a moment."""

    buyers: int
    """Verdicts on the newest release of each product, of the buyers that consent."""
    met: int
    """Those in which the requirement is met."""
    accepted: int
    """Those that accept, with conditions or without."""
    exposures: int
    """Open exposures of its products."""


class Record(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """What was done about an ask, by whom and when."""

    accord: Literal["ask sent", "ask answered", "ask fixed"]
    ask: str
    recipient: str = ""
    answer: Literal["", "done", "plan", "no"] = ""
    text: str = ""
    promised: str = ""
    documents: tuple[str, ...] = ()
    release: str = ""
    found: bool = False
    effect: Effect | None = None
    person: str
    why: str = ""
    at: str


def write(record: Record) -> bytes:
    """A record as the document that is kept; the same record always gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(record, order="sorted"), indent=2) + b"\n"


def read(data: bytes) -> Reading:
    """A record as a fact.

    Raises:
        Invalid: not one of these records, or a member is missing, unknown or not what it must be.
    """
    json.decode_strict(data)
    record = json.decode_as(Record, data)
    if _SHA_256.fullmatch(record.ask) is None:
        raise Invalid("64 hexadecimal digits are expected", "/ask")
    for place, one in enumerate(record.documents):
        if _SHA_256.fullmatch(one) is None:
            raise Invalid("64 hexadecimal digits are expected", f"/documents/{place}")
    if not record.person.strip():
        raise Invalid("must not be empty", "/person")
    at = when(record.at, "/at")
    if not at:
        raise Invalid("must not be empty", "/at")
    step = record.accord.removeprefix("ask ")
    if (step == "answered") != bool(record.answer):
        raise Invalid("an answer, and nothing else, says done, plan or no", "/answer")
    fact = Step(
        ask=record.ask, step=step, recipient=record.recipient, answer=record.answer,
        text=record.text, promised=when(record.promised, "/promised")[:10],
        documents=record.documents, release=record.release, found=record.found,
        effect=msgspec.json.encode(record.effect).decode() if record.effect else "",
        person=record.person, why=record.why, at=at,
    )  # fmt: skip
    return Reading(
        kind=f"{record.accord} record",
        # Each stays: an ask may be sent and answered more than once.
        subject="",
        edition=at,
        title=f"ask {record.ask[:12]} {step}",
        facts=[fact],
    )


def effect_of(step: Step) -> Effect | None:
    """What the verdicts and exposures were at a step, where that is kept."""
    return msgspec.json.decode(step.effect, type=Effect) if step.effect else None
