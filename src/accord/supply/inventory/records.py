"""accord's own records: what a person of this node stated, kept as a document like any other.

A *claim* says who runs a bill. A *confirmation* turns a candidate into an exposure, or refuses it.
A *choice* prefers one of several rival documents. Each is a JSON object with the member `accord`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from accord.core import json
from accord.core.digests import digest
from accord.core.errors import Invalid
from accord.core.reading import Fact, Reading
from accord.core.times import when
from accord.supply.inventory.facts import Deployment, Judgement


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An operator runs a release of a product, as a bill describes it."""

    accord: Literal["claim"]
    bill: str
    """`sha256:` and the digest of the bill."""
    operator: str = ""
    product: str = ""
    release: str = ""
    made: str = ""
    """When the bill says that it was made; the newest bill of a claim is the current one."""


class Confirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person's word on whether a candidate is an exposure."""

    accord: Literal["confirmation"]
    exposure: str
    verdict: Literal["exposed", "not_affected"]
    person: str
    why: str
    at: str


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person's preference among documents that contradict each other without a date to tell."""

    accord: Literal["choice"]
    prefer: str
    """`sha256:` and the digest of the document that counts."""
    over: tuple[str, ...]
    """The documents that no longer count, in the same form."""
    person: str
    why: str
    at: str


Record = Claim | Confirmation | Choice


class _Kind(msgspec.Struct):
    accord: str


_READERS: dict[str, type[Claim | Confirmation | Choice]] = {
    "claim": Claim,
    "confirmation": Confirmation,
    "choice": Choice,
}


def write(record: Record) -> bytes:
    """A record as the document that is kept; the same record always gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(record, order="sorted"), indent=2) + b"\n"


def read(data: bytes) -> Reading:
    """A record as facts.

    Raises:
        Invalid: not one of accord's records, or a member is missing or unknown.
    """
    json.decode_strict(data)
    kind = json.decode_as(_Kind, data).accord
    if kind not in _READERS:
        raise Invalid(f"{kind!r} is not a record that accord writes", "/accord")
    record = json.decode_as(_READERS[kind], data)
    if isinstance(record, Claim):
        return _claim(record)
    if isinstance(record, Confirmation):
        return _confirmation(record)
    return _choice(record)


def _claim(record: Claim) -> Reading:
    fact = Deployment(
        operator=record.operator, product=record.product, release=record.release, bill=record.bill
    )
    return Reading(
        kind="claim",
        subject=f"claim:{record.operator}/{record.product}/{record.release}",
        edition=when(record.made, "/made"),
        title=f"{record.operator or 'somebody'} runs {record.product} {record.release}".strip(),
        facts=[fact],
    )


def _confirmation(record: Confirmation) -> Reading:
    at = when(record.at, "/at")
    fact = Judgement("exposure", record.exposure, record.verdict, record.person, record.why, at)
    return Reading(
        kind="confirmation",
        subject=f"confirmation:{record.exposure}",
        edition=at,
        title=f"{record.exposure} is {record.verdict}, by {record.person}",
        facts=[fact],
    )


def _choice(record: Choice) -> Reading:
    at = when(record.at, "/at")
    facts: list[Fact] = [
        Judgement("document", loser, record.prefer, record.person, record.why, at)
        for loser in record.over
    ]
    # A choice is about a set of documents: made anew, it takes the place of the one before.
    between = sorted({record.prefer, *record.over})
    return Reading(
        kind="choice",
        subject=f"choice:{digest(' '.join(between).encode())}",
        edition=at,
        title=f"{record.prefer[:19]} preferred by {record.person}",
        facts=facts,
    )
