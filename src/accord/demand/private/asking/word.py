"""A partner's word on a question: approved, declined, its result released, or ended.

Law (bound): an approval commits to the partner's chance for the key, before anybody's is known.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from typing import Final

import msgspec

from accord.assurance.statements import statement
from accord.core.errors import Invalid
from accord.core.reading import Reading
from accord.core.times import when
from accord.demand.private.asking import question as questions
from accord.demand.private.asking.facts import PoolWord
from accord.exchange.envelope import check_text

PREDICATE: Final = "urn:accord:pool-word:1"
KIND: Final = "pool word"
APPROVE, DECLINE, RELEASE, END = WORDS = ("approve", "decline", "release", "end")
CHANCE: Final = 32
"""Bytes that a partner gives to the key."""
_LENGTHS = {
    "question": 64, "partner": 64, "person": 200, "why": 1000, "address": 300,
    "certificate": 8000,
}  # fmt: skip
_QUESTION = re.compile(r"[a-z]+-[0-9a-f]{32}\Z")
_PLACE = re.compile(
    r"(?P<host>[A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\]):(?P<port>[0-9]{1,5})\Z"
)
_PORTS = 1 << 16
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


class _Predicate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    question: str
    partner: str
    word: str
    commitment: str
    address: str
    certificate: str
    person: str
    why: str
    at: str


def commitment(question: str, partner: str, chance: bytes) -> str:
    """What binds a partner to its chance without showing it."""
    said = msgspec.json.encode((PREDICATE, question, partner, chance.hex()))
    return hashlib.sha256(said).hexdigest()


def write(fact: PoolWord) -> bytes:
    """The statement of a word.

    Raises:
        Invalid: it is none; see `check`.
    """
    said = _Predicate(**msgspec.structs.asdict(check(fact)))
    # A word is about no artefact: its subject is the question.
    digest = hashlib.sha256(f"{questions.PREDICATE}:{fact.question}".encode()).hexdigest()
    about = [statement.Subject(fact.question, statement.DigestSet(digest))]
    return statement.write(about, PREDICATE, said)


def check(fact: PoolWord) -> PoolWord:
    """The word itself.

    Raises:
        Invalid: it says nothing, or lacks what it must say; the place names the member.
    """
    questions.one_of("word", fact.word, WORDS)
    for name, longest in _LENGTHS.items():
        check_text(getattr(fact, name), longest, name)
    if not _QUESTION.match(fact.question):
        raise Invalid(f"{fact.question[:60]!r} is not the name of a question", "/question")
    if not fact.partner or not fact.person.strip():
        raise Invalid("a word names the partner, and who decided", "/person")
    _bound(fact)
    if fact.word in {DECLINE, END} and not fact.why.strip():
        raise Invalid("whoever declines or ends a question says why", "/why")
    if not fact.at or when(fact.at, "/at") != fact.at:
        raise Invalid(f"{fact.at[:60]!r} is not written as YYYY-MM-DDTHH:MM:SS.ffffffZ", "/at")
    return fact


def _bound(fact: PoolWord) -> None:
    """What an approval says besides, and nothing else does."""
    if fact.word != APPROVE:
        if fact.commitment or fact.address or fact.certificate:
            raise Invalid("only an approval commits to a partner's chance", "/commitment")
        return
    if not _SHA256.match(fact.commitment):
        raise Invalid("an approval commits to the partner's chance", "/commitment")
    place(fact.address)
    der(fact.certificate)


def place(address: str) -> tuple[str, int]:
    """Host and port of an address.

    Raises:
        Invalid: it is none.
    """
    match = _PLACE.match(address)
    if match is None or not 0 < int(match["port"]) < _PORTS:
        raise Invalid(f"{address[:80]!r} is not written as host:port", "/address")
    return match["host"].strip("[]"), int(match["port"])


def der(certificate: str) -> bytes:
    """A certificate's bytes.

    Raises:
        Invalid: it is not base64, or empty.
    """
    try:
        found = b64decode(certificate, validate=True)
    except ValueError as wrong:
        raise Invalid(f"not base64: {wrong}", "/certificate") from wrong
    if not found:
        raise Invalid("an approval names the certificate that is shown", "/certificate")
    return found


def read(data: bytes) -> Reading:
    """A word as a fact.

    Raises:
        Invalid: not a statement of a word.
    """
    _, said = statement.read(data, PREDICATE, _Predicate)
    fact = PoolWord(**msgspec.structs.asdict(said))
    if data != write(fact):
        raise Invalid("its subject is not the question that it is about", "/subject")
    return Reading(
        kind=KIND,
        subject="",
        edition=fact.at,
        title=f"{fact.partner} on {fact.question[:15]}: {fact.word}",
        facts=[fact],
    )
