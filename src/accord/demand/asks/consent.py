"""A partner's consent to ask a supplier for something together, stated for its partners.

Law (one ask): partners consent to the same ask if and only if its terms are the same to the letter.
Law (round trip): what is read of a statement is what was stated.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

import msgspec

from accord.assurance.statements import statement
from accord.core.errors import Invalid
from accord.core.reading import Reading
from accord.core.times import when
from accord.demand.asks.facts import Consent

PREDICATE: Final = "urn:accord:consent:1"
KIND: Final = "consent"
MOST: Final = 50
"""Products, or partners, of one ask."""
_LINE: Final = 200
_TEXT: Final = 4_000
_ITEM = re.compile(r"[^\s#@]{1,100}@[^\s#@]{1,100}#[!-~]{1,200}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is asked, of whom, by when and by whom: all that makes it this ask."""

    supplier: str
    requirement: str
    products: tuple[str, ...]
    text: str
    due: str
    partners: tuple[str, ...]

    @property
    def id(self) -> str:
        """SHA-256 of the terms, hexadecimal."""
        return sha256(msgspec.json.encode(self, order="sorted")).hexdigest()

    @property
    def name(self) -> str:
        """Supplier and requirement in one."""
        return f"{self.supplier}: {self.requirement}"


class _Predicate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    ask: Terms
    partner: str
    agreed: bool
    person: str
    why: str
    at: str


def check(terms: Terms) -> Terms:
    """The terms themselves, in the one form in which they are compared.

    Raises:
        Invalid: something is missing, too long, not in order or not what it must be.
    """
    _line(terms.supplier, "/supplier")
    if _ITEM.fullmatch(terms.requirement) is None:
        wrong = f"{terms.requirement[:80]!r} is no item of a catalogue: `ssdf@1.1#PS.1.1` is one"
        raise Invalid(wrong, "/requirement")
    _names(terms.products, "/products")
    for place, product in enumerate(terms.products):
        _line(product, f"/products/{place}")
    text = terms.text
    if not text.strip() or len(text) > _TEXT or not text.replace("\n", "").isprintable():
        raise Invalid(f"1 to {_TEXT:,} characters of plain text are expected", "/text")
    if _DAY.fullmatch(terms.due) is None or not when(terms.due, "/due"):
        raise Invalid(f"{terms.due[:40]!r} is not a day: YYYY-MM-DD", "/due")
    _names(terms.partners, "/partners")
    for place, name in enumerate(terms.partners):
        if _NAME.fullmatch(name) is None:
            raise Invalid(f"{name[:80]!r} is not a partner's short name", f"/partners/{place}")
    return terms


def _names(names: tuple[str, ...], place: str) -> None:
    if not 0 < len(names) <= MOST:
        raise Invalid(f"{len(names)} are named, not 1 to {MOST}", place)
    if list(names) != sorted(set(names)):
        raise Invalid("each is named once, in order", place)


def _line(text: str, place: str) -> None:
    if not text or text != text.strip() or len(text) > _LINE or not text.isprintable():
        raise Invalid(f"1 to {_LINE} characters on one line are expected", place)


def write(terms: Terms, partner: str, who: tuple[str, str], at: str, *, agreed: bool) -> bytes:
    """The statement that a partner consents, or does no longer; `who` is the person and the reason.

    Raises:
        Invalid: the terms are no ask, or the partner is not named in it.
    """
    person, why = who
    said = _Predicate(
        ask=check(terms), partner=partner, agreed=agreed, person=person, why=why, at=at
    )
    _named(said)
    about = [statement.Subject(terms.name, statement.DigestSet(terms.id))]
    return statement.write(about, PREDICATE, said)


def _named(said: _Predicate) -> None:
    if said.partner not in said.ask.partners:
        named = ", ".join(said.ask.partners)
        raise Invalid(f"{said.partner[:60]!r} is not asked for consent: {named}", "/partner")
    if not said.person.strip() or not said.person.isprintable():
        raise Invalid("a consent names who gives it", "/person")


def read(data: bytes) -> Reading:
    """A consent as a fact.

    Raises:
        Invalid: not a statement of a consent, or its digest is not that of its terms.
    """
    about, said = statement.read(data, PREDICATE, _Predicate)
    terms = check(said.ask)
    _named(said)
    if [(one.name, one.digest.sha256) for one in about] != [(terms.name, terms.id)]:
        raise Invalid("it is not about the ask whose terms it states", "/subject")
    at = when(said.at, "/predicate/at")
    if not at:
        raise Invalid("a consent has a date", "/predicate/at")
    fact = Consent(
        ask=terms.id, supplier=terms.supplier, requirement=terms.requirement,
        products=terms.products, text=terms.text, due=terms.due, partners=terms.partners,
        partner=said.partner, agreed=said.agreed, person=said.person, why=said.why, at=at,
    )  # fmt: skip
    does = "consents to" if said.agreed else "consents no longer to"
    return Reading(
        kind=KIND,
        # Each stays: which counts depends on who sealed it.
        subject="",
        edition=at,
        title=f"{said.partner} {does} an ask of {terms.name}",
        facts=[fact],
    )


def terms_of(fact: Consent) -> Terms:
    """The terms that a consent is to."""
    return Terms(
        supplier=fact.supplier, requirement=fact.requirement, products=fact.products,
        text=fact.text, due=fact.due, partners=fact.partners,
    )  # fmt: skip
