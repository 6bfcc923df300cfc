"""A question for partners to answer together, as one of them states it.

Law (one meaning): the name of a question follows from all that it says; whoever approves the name
approves every word. What it will open, and who could see everything, is said by the product, never
by the asker.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

import msgspec

from accord.assurance.evidence.items import is_item
from accord.assurance.statements import statement
from accord.core.errors import Invalid
from accord.core.reading import Reading
from accord.core.times import when
from accord.demand.private import shape
from accord.demand.private.asking.facts import PoolQuestion
from accord.demand.private.errors import DoesNotFit
from accord.exchange.envelope import check_text

PREDICATE: Final = "urn:accord:pool-question:1"
KIND: Final = "pool question"
COMMON, TOTALS, RANKING = KINDS = ("common", "totals", "ranking")
ITEMS = ("suppliers", "components")
MOST_AGENCIES = 1_000
MOST_PLACES = 200
LONGEST: Final = 6 * 1024 * 1024
"""Bytes of a part of a share: in base64 it still is one text of a statement."""
COST: Final = 1
"""Of a question, in a node's budget for a period."""
_DIGITS = 32
_DIGEST, _WORD = 16, 64
_LENGTHS = {"purpose": 1000, "person": 200, "of": 64}
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is asked, of whom, and why."""

    kind: str
    """`common`: what enough partners hold; `totals` and `ranking` are about what came out."""
    items: str
    """`suppliers` or `components`."""
    least: int
    """k: nothing is opened that fewer partners hold or give to."""
    agencies: int = 0
    """q: nothing is opened that fewer agencies of all partners give to; 0 for `common`."""
    size: int
    """The most items that a partner may hold: one of `shape.SIZES`."""
    partners: tuple[str, ...]
    """All that take part, in the directory's order; the asker is one of them."""
    asker: str
    purpose: str
    """In words: it stays with every partner."""
    of: str = ""
    """For `totals` and `ranking`: the `common` question whose answer they are about."""
    first: int = 0
    """For `ranking`: so many places are opened."""
    requirements: tuple[str, ...] = ()
    """For `ranking`: what is asked, as items of catalogues; each of each item that came out."""
    currency: str = ""
    """For `totals` and `ranking`: ISO 4217, in which spend is given."""
    deadline: str
    """`when()` by which everything is released, or it is ended."""
    person: str
    """Who proposed it."""
    at: str
    """`when()` it was proposed."""

    @property
    def id(self) -> str:
        """Its name."""
        said = hashlib.sha256(PREDICATE.encode() + b"\n" + msgspec.json.encode(self))
        return f"{self.kind}-{said.hexdigest()[:_DIGITS]}"

    @property
    def opens(self) -> str:
        """What will be opened, for those who approve."""
        among = f"{self.least} of the {len(self.partners)} partners"
        whole = self.least == len(self.partners)
        if self.kind == COMMON:
            said = f"The digests of the {self.items} that at least {among} hold. No holder is told"
            return f"{said}, but what comes out is held by every partner." if whole else f"{said}."
        if self.kind == TOTALS:
            return (
                f"For each of the {self.items} that came out, the band of each total, where at"
                f" least {among} and {self.agencies} agencies give to it. Never a sum; but any"
                f" {len(self.partners) - 1} of the {len(self.partners)} can subtract themselves"
                " from a total."
            )
        return (
            f"The order of the first {self.first}, among those to which at least {among} and"
            f" {self.agencies} agencies give. No number."
        )

    @property
    def trust(self) -> str:
        """Who could see everything, in the one sentence that an approval shows."""
        if self.kind == COMMON:
            one, two, three = self.partners[: shape.COMPUTING]
            return f"Two of {one}, {two} and {three} suffice to see everything that anybody puts in"
        several = (len(self.partners) - 1) // 2 + 1
        return f"Any {several} of the partners suffice to see everything that anybody puts in"


class _Predicate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    id: str
    question: Question
    cost: int
    opens: str
    trust: str


def write(question: Question) -> bytes:
    """The statement of a question.

    Raises:
        Invalid: it is none; see `check`.
    """
    check(question)
    said = _Predicate(
        id=question.id, question=question, cost=COST, opens=question.opens, trust=question.trust
    )
    # A question is about no artefact: its subject is its own name.
    digest = hashlib.sha256(f"{PREDICATE}:{question.id}".encode()).hexdigest()
    about = [statement.Subject(question.id, statement.DigestSet(digest))]
    return statement.write(about, PREDICATE, said)


def check(question: Question) -> Question:
    """The question itself.

    Raises:
        Invalid: it cannot be asked, or cannot be computed; the place names the member.
    """
    one_of("kind", question.kind, KINDS)
    one_of("items", question.items, ITEMS)
    for name, longest in _LENGTHS.items():
        check_text(getattr(question, name), longest, name)
    if not question.purpose.strip() or not question.person.strip():
        raise Invalid("a question says who asks, and for what purpose", "/purpose")
    _partners(question)
    _dates(question)
    _size(question)
    _about(question)
    return question


def _size(question: Question) -> None:
    if question.size not in shape.SIZES:
        sizes = ", ".join(f"{size:,}" for size in shape.SIZES)
        raise Invalid(f"{question.size:,} is none of the sizes: {sizes}", "/size")
    try:
        found = shape.shape_of(len(question.partners), question.least, question.size)
    except DoesNotFit as wrong:
        raise Invalid(str(wrong), "/least") from wrong
    part = _DIGEST * _WORD * found.words * len(found.leaders)
    if part > LONGEST:
        raise Invalid(
            f"a share of {part:,} bytes is more than a statement holds ({LONGEST:,}): ask for a"
            " smaller size, or for a higher k",
            "/size",
        )


def one_of(name: str, word: str, words: tuple[str, ...]) -> None:
    """Return only if a word is one of those that a member may have.

    Raises:
        Invalid: it is not.
    """
    if word not in words:
        raise Invalid(f"{word[:60]!r} is none of {', '.join(words)}", f"/{name}")


def _partners(question: Question) -> None:
    names = question.partners
    if any(not _NAME.match(name) for name in names) or len(set(names)) != len(names):
        raise Invalid("partners are named by their short names, each once", "/partners")
    if question.asker not in names:
        raise Invalid("whoever asks takes part", "/asker")


def _dates(question: Question) -> None:
    for name in ("deadline", "at"):
        text = getattr(question, name)
        if not text or when(text, f"/{name}") != text:
            raise Invalid(
                f"{text[:60]!r} is not written as YYYY-MM-DDTHH:MM:SS.ffffffZ", f"/{name}"
            )
    if question.deadline <= question.at:
        raise Invalid("the deadline is past when it is proposed", "/deadline")


def _about(question: Question) -> None:
    """What a question of this kind has besides, and what it has not."""
    if question.kind == COMMON:
        other = (question.of, question.first, question.requirements, question.currency)
        if question.agencies or any(other):
            raise Invalid(
                "what is held in common is counted by partners alone: neither agencies, nor another"
                " question, requirements, places or a currency belong to it"
            )
        return
    if not question.of.startswith(f"{COMMON}-"):
        raise Invalid(f"{question.kind} are about the answer to a `common` question", "/of")
    if not question.least <= question.agencies <= MOST_AGENCIES:
        raise Invalid(f"between {question.least} and {MOST_AGENCIES:,} agencies", "/agencies")
    if not _CURRENCY.match(question.currency):
        raise Invalid("spend is given in a currency: its ISO 4217 code, such as USD", "/currency")
    _ranked(question)


def _ranked(question: Question) -> None:
    asked = question.requirements
    if asked and question.items != "suppliers":
        raise Invalid("asks are put to suppliers", "/items")
    if (question.kind == RANKING) != bool(asked) or len(asked) > MOST_PLACES:
        raise Invalid(
            f"a ranking is about 1 to {MOST_PLACES} requirements, nothing else about any",
            "/requirements",
        )
    if len(set(asked)) != len(asked) or not all(is_item(one) for one in asked):
        raise Invalid(
            "requirements are items of catalogues, each once: ssdf@1.1#PS.3.1", "/requirements"
        )
    places = range(1, MOST_PLACES + 1) if question.kind == RANKING else range(1)
    if question.first not in places:
        raise Invalid(f"a ranking opens 1 to {MOST_PLACES} places, nothing else any", "/first")


def read(data: bytes) -> Reading:
    """A question as a fact.

    Raises:
        Invalid: not a statement of a question, or one in other words than this product's.
    """
    about, said = statement.read(data, PREDICATE, _Predicate)
    question = check(said.question)
    if data != write(question):
        raise Invalid(
            f"{about[0].name[:60]!r} is stated in other words than those of accord: what it opens,"
            " whom one has to trust, and its cost follow from the question",
            "/predicate",
        )
    fact = PoolQuestion(
        question=question.id, asker=question.asker, at=question.at,
        said=msgspec.json.encode(question).decode(),
    )  # fmt: skip
    return Reading(
        kind=KIND,
        # Each stays: what was asked once is never asked away by a later one.
        subject="",
        edition=question.at,
        title=f"{question.asker} asks: {question.kind} {question.items}",
        facts=[fact],
    )


def known(fact: PoolQuestion) -> Question:
    """A question that a node keeps."""
    return msgspec.json.decode(fact.said, type=Question)
