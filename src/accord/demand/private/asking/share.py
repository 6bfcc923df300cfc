"""A computing partner's share of an answer, stated once everybody has released it.

Law (nothing alone): one share is chance without the other two. Its second part is the first part of
the next partner; here it is only named, so that whoever opens can see whether the two are the same.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from typing import Final

import msgspec

from accord.assurance.statements import statement
from accord.core.errors import Invalid
from accord.core.reading import Reading
from accord.core.times import when
from accord.demand.private.asking import question as questions
from accord.demand.private.asking.facts import PoolShare
from accord.exchange.envelope import check_text

PREDICATE: Final = "urn:accord:pool-share:1"
KIND: Final = "pool share"
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


class _Predicate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    question: str
    partner: str
    part: str
    other: str
    at: str


def write(question: str, partner: str, parts: tuple[bytes, bytes], at: str) -> bytes:
    """The statement of a share; of its two parts the first is shown.

    Raises:
        Invalid: it is too long for one.
    """
    first, second = parts
    if len(first) > questions.LONGEST:
        raise Invalid(f"a part of {len(first):,} bytes; a statement holds {questions.LONGEST:,}")
    said = _Predicate(
        question=question, partner=partner, part=b64encode(first).decode(),
        other=hashlib.sha256(second).hexdigest(), at=at,
    )  # fmt: skip
    return _write(said)


def _write(said: _Predicate) -> bytes:
    # A share is about no artefact: its subject is the question.
    digest = hashlib.sha256(f"{questions.PREDICATE}:{said.question}".encode()).hexdigest()
    about = [statement.Subject(said.question, statement.DigestSet(digest))]
    return statement.write(about, PREDICATE, said)


def read(data: bytes) -> Reading:
    """A share as a fact; the part stays in the document.

    Raises:
        Invalid: not a statement of a share.
    """
    said, _ = _read(data)
    fact = PoolShare(question=said.question, partner=said.partner, other=said.other, at=said.at)
    return Reading(
        kind=KIND,
        subject="",
        edition=said.at,
        title=f"{said.partner}'s share of {said.question[:15]}",
        facts=[fact],
    )


def part(data: bytes) -> bytes:
    """The part that a statement of a share shows.

    Raises:
        Invalid: not a statement of a share.
    """
    return _read(data)[1]


def _read(data: bytes) -> tuple[_Predicate, bytes]:
    _, said = statement.read(data, PREDICATE, _Predicate)
    for name in ("question", "partner"):
        check_text(getattr(said, name), 64, name)
    if not _SHA256.match(said.other):
        raise Invalid("not a SHA-256 in lower-case hex", "/other")
    if not said.at or when(said.at, "/at") != said.at:
        raise Invalid(f"{said.at[:60]!r} is not written as YYYY-MM-DDTHH:MM:SS.ffffffZ", "/at")
    try:
        found = b64decode(said.part, validate=True)
    except ValueError as wrong:
        raise Invalid(f"not base64: {wrong}", "/part") from wrong
    if (
        data != _write(said)
        or b64encode(found).decode() != said.part
        or len(found) > questions.LONGEST
    ):
        raise Invalid("it is not written as a share of its question is", "/part")
    return said, found
