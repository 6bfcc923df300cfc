"""VEX statements applied: which speak of an exposure, and which of those counts.

Law (standing): a statement by the product's supplier outranks every other; among statements of
equal standing the latest counts; among equally late ones the graver status.
Law (narrow): a statement counts only where its product and, if it names any, one of its
subcomponents is the very thing exposed; statements follow names and versions, not rows, so that
they hold for a newer bill of the same product.

Source: OpenVEX 0.2.0 (matching of products and subcomponents); CSAF 2.0, profile 5 (VEX);
CycloneDX BOM-Link.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from accord.core.errors import Invalid
from accord.supply.products import cpe, names, purl

SUPPLIER, COMPONENT_SUPPLIER, SAME_DOCUMENT, OTHERS = 3, 2, 1, 0
"""Standing of an author, the highest first."""

STANDINGS = ("another party", "the bill itself", "the component's supplier", "the supplier")
"""Each standing in words, from 0."""

_GRAVITY = ("not_affected", "fixed", "under_investigation", "affected")


_ANY = "any"
"""A product's name, so that only makers are compared."""


class Statement(msgspec.Struct, frozen=True):
    """One VEX statement as the store keeps it."""

    id: int
    document: int
    vulnerability: str
    status: str
    products: tuple[str, ...]
    subcomponents: tuple[str, ...]
    justification: str = ""
    impact: str = ""
    action: str = ""
    author: str = ""
    supplier: str = ""
    at: str = ""
    place: str = ""
    aliases: tuple[str, ...] = ()


class Thing(msgspec.Struct, frozen=True):
    """A component or a product, with everything that a statement may call it by."""

    name: str
    version: str
    supplier: str = ""
    purl: str = ""
    cpe: str = ""
    ref: str = ""
    """BOM-Link without the version of its bill: `urn:cdx:serial#ref`."""
    others: frozenset[str] = frozenset()
    """Digest (`sha256:...`), serial number or namespace of the bill."""


class Subject(msgspec.Struct, frozen=True):
    """What is exposed, in its surroundings."""

    component: Thing
    product: Thing
    document: int
    """The bill's document."""


class Judged(msgspec.Struct, frozen=True):
    """A statement that speaks of the exposure, with the standing of its author."""

    statement: Statement
    standing: int


def judge(statements: Iterable[Statement], subject: Subject) -> list[Judged]:
    """The statements that speak of this subject; the first is the one that counts."""
    found = [
        Judged(statement, standing(statement, subject))
        for statement in statements
        if speaks_of(statement, subject)
    ]
    found.sort(key=lambda j: (j.standing, j.statement.at, _gravity(j.statement)), reverse=True)
    return found


def _gravity(statement: Statement) -> int:
    return _GRAVITY.index(statement.status) if statement.status in _GRAVITY else 0


def standing(statement: Statement, subject: Subject) -> int:
    """What the author of a statement is to the exposed product."""
    authors = {names.package(n, _ANY) for n in (statement.author, statement.supplier) if n}
    if subject.product.supplier and names.package(subject.product.supplier, _ANY) in authors:
        return SUPPLIER
    if subject.component.supplier and names.package(subject.component.supplier, _ANY) in authors:
        return COMPONENT_SUPPLIER
    return SAME_DOCUMENT if statement.document == subject.document else OTHERS


def speaks_of(statement: Statement, subject: Subject) -> bool:
    """Whether a statement is about the exposed component of the exposed product."""
    component, product = subject.component, subject.product
    if statement.subcomponents and not any_is(statement.subcomponents, component):
        return False
    if any_is(statement.products, component):
        return True
    return any_is(statement.products, product)


def any_is(references: Sequence[str], thing: Thing) -> bool:
    """Whether any of these references means this thing."""
    return any(is_thing(reference, thing) for reference in references)


def is_thing(reference: str, thing: Thing) -> bool:
    """Whether a reference of a statement means this thing.

    What a reference leaves open (version, qualifiers) it says of all; what it names must agree.
    """
    if not reference:
        return False
    if reference in thing.others or (thing.ref and link(reference) == thing.ref):
        return True
    if reference.startswith("pkg:"):
        return bool(thing.purl) and _same_purl(reference, thing.purl)
    if reference.startswith("cpe:"):
        return bool(thing.cpe) and _same_cpe(reference, thing.cpe)
    if reference.startswith("name:"):
        return _same_name(reference, thing)
    return False


def link(reference: str) -> str:
    """A BOM-Link without the version of its bill; other references as they are."""
    if not reference.startswith("urn:cdx:"):
        return reference
    bill, hash_, part = reference.partition("#")
    return f"{bill.partition('/')[0].lower()}{hash_}{part}"


def _same_purl(reference: str, own: str) -> bool:
    try:
        said, mine = purl.parse(reference), purl.parse(own)
    except Invalid:
        return False
    if said.package != mine.package or (said.version and said.version != mine.version):
        return False
    if said.subpath and said.subpath != mine.subpath:
        return False
    have = dict(mine.qualifiers)
    return all(have.get(key) == value for key, value in said.qualifiers)


def _same_cpe(reference: str, own: str) -> bool:
    try:
        said, mine = cpe.parse(reference), cpe.parse(own)
    except Invalid:
        return False
    if not said.package or said.package != mine.package:
        return False
    return not said.version or (said.version, said.update) == (mine.version, mine.update)


def _same_name(reference: str, thing: Thing) -> bool:
    name, _, version = reference.partition("@")
    if name != names.package(thing.supplier, thing.name):
        return False
    return not version or version == thing.version
