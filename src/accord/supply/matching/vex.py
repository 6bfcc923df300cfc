"""VEX statements applied: which speak of an exposure, and which of those counts.

Law (standing): a statement by the product's supplier outranks every other; among statements of
equal standing the latest counts; among equally late ones the graver status.
Law (origin): what a partner sealed closes an exposure only as another party's word, whoever it
names as its author: it never closes what the supplier's own statement leaves open.
Law (narrow): a statement counts only where its product and, if it names any, one of its
subcomponents is the very thing exposed; statements follow names and versions, not rows, so that
they hold for a newer bill of the same product.

Source: OpenVEX 0.2.0 (matching of products and subcomponents); CSAF 2.0, profile 5 (VEX);
CycloneDX BOM-Link.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import unquote

import msgspec

from accord.core.errors import Invalid
from accord.supply.matching import vers
from accord.supply.products import identities, names, purl

SUPPLIER, COMPONENT_SUPPLIER, SAME_DOCUMENT, OTHERS = 3, 2, 1, 0
"""Standing of an author, the highest first."""

STANDINGS = ("another party", "the bill itself", "the component's supplier", "the supplier")
"""Each standing in words, from 0."""

_CLOSING = frozenset({"not_affected", "fixed"})
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
    origin: str = ""
    """The partner that sealed the document; empty: this node's own people gave it."""


class Thing(msgspec.Struct, frozen=True):
    """A component or a product, with everything that a statement may call it by."""

    name: str
    version: str
    supplier: str = ""
    purl: str = ""
    cpe: str = ""
    operating_system: str = ""
    """The distribution that the bill names, where a package URL does not: `rhel-9.2`."""
    ref: str = ""
    """BOM-Link without the version of its bill: `urn:cdx:serial#ref`."""
    others: frozenset[str] = frozenset()
    """Whatever else it goes by: digest (`sha256:...`), serial number or namespace of its bill."""


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
    by_name: bool
    """Only supplier and product names say that it means this product."""

    @property
    def counts(self) -> bool:
        """What only a name suggests is believed of the supplier alone."""
        return not self.by_name or self.standing == SUPPLIER


class References:
    """References of one statement, sorted once by what they name."""

    def __init__(self, references: Iterable[str]) -> None:
        self._exact: set[str] = set()
        self._packages: dict[str, list[Named]] = {}
        self._limited: dict[str, list[str]] = {}
        for reference in references:
            whole, _, limit = reference.partition("#vers:")
            named = _named(whole, limit)
            if named is not None:
                self._packages.setdefault(named.package, []).append(named)
            if limit:
                self._limited.setdefault(link(whole), []).append(limit)
            else:
                self._exact.add(link(reference))

    def __bool__(self) -> bool:
        return bool(self._exact or self._limited)

    def places(self) -> Iterator[str]:
        """Everything that a thing may share with them: whole references, and packages."""
        yield from self._exact
        yield from self._limited
        yield from self._packages

    def mean(self, thing: Thing) -> bool:
        """Whether any of them means this thing by an identifier.

        What a reference leaves open (version, qualifiers) it says of all; what it names must
        agree.
        """
        own = {*thing.others, thing.ref} - {""}
        if not self._exact.isdisjoint(own):
            return True
        if any(
            _inside(limit, thing.version) for key in own for limit in self._limited.get(key, ())
        ):
            return True
        return any(
            said.holds(own) for own in called(thing) for said in self._packages.get(own.package, ())
        )

    def suggest(self, thing: Thing) -> bool:
        """Whether any of them means this thing by its supplier's and its own name."""
        package = names.package(thing.supplier, thing.name)
        own = Named(package, thing.version)
        return any(said.holds(own) for said in self._packages.get(package, ()))


class Named(msgspec.Struct, frozen=True):
    """A reference that names a package, perhaps with stream, version and qualifiers."""

    package: str
    version: str = ""
    stream: str = ""
    qualifiers: frozenset[tuple[str, str]] = frozenset()
    subpath: str = ""
    limit: str = ""
    """The versions meant, as a VERS range without its `vers:`; empty: by `version`."""

    def holds(self, own: Named) -> bool:
        """Whether everything that this says is so of the other."""
        return (
            self.version in ("", own.version)
            and self.stream in ("", own.stream)
            and self.subpath in ("", own.subpath)
            and self.qualifiers <= own.qualifiers
            and (not self.limit or _inside(self.limit, own.version))
        )


_STREAMED = frozenset(
    {"distro", "epoch", "origin", "rpmmod", "source", "source_name", "source_version", "upstream"}
)
"""Qualifiers that are already in the version, the stream or the package of an identity."""


@lru_cache(1 << 16)
def _named(reference: str, limit: str) -> Named | None:
    """What a reference of a statement names; None where it is no name of a package."""
    if reference.startswith("name:"):
        package, _, version = reference.partition("@")
        return Named(package, version, limit=limit)
    named = _called(reference, "")
    return msgspec.structs.replace(named[0], limit=limit) if named else None


def _inside(limit: str, version: str) -> bool:
    """Whether a version lies in a VERS range; what cannot be told is not inside."""
    try:
        return vers.within(f"vers:{limit}", version) == "inside"
    except Invalid:
        return False


def called(thing: Thing) -> tuple[Named, ...]:
    """Every name of a package that a thing has: its own, and that of the source it is built of."""
    return _called(thing.purl, thing.operating_system) + _called(thing.cpe, "")


@lru_cache(1 << 16)
def _called(own: str, operating_system: str) -> tuple[Named, ...]:
    try:
        if own.startswith("pkg:"):
            return _from_purl(own, operating_system)
        if own.startswith("cpe:"):
            return tuple(Named(one.package, one.version) for one in identities.of_cpe(own))
    except Invalid:
        return ()
    return ()


def _from_purl(own: str, operating_system: str) -> tuple[Named, ...]:
    """The streamed identity where there is one: a release's statement is not that of another."""
    found = purl.parse(own)
    kept = frozenset(pair for pair in found.qualifiers if _tells(*pair))
    all_ = identities.of_purl(own, operating_system)
    streamed = [one for one in all_ if one.stream] or all_
    return tuple(
        Named(one.package, one.version, one.stream, kept, found.subpath) for one in streamed
    )


def _tells(key: str, value: str) -> bool:
    """A source package stands for everything that is built of it, on every architecture."""
    return key not in _STREAMED and not (key == "arch" and value in ("src", "noarch"))


_Ready = tuple[Statement, References, References]


class Statements:
    """Every statement that counts, ready to be asked about exposures."""

    def __init__(self, statements: Iterable[Statement]) -> None:
        self._index: dict[tuple[str, str], list[_Ready]] = {}
        for one in statements:
            ready = (one, References(one.products), References(one.subcomponents))
            for name in {one.vulnerability, *one.aliases}:
                for key in ready[1].places():
                    self._index.setdefault((name, key), []).append(ready)

    def judge(self, vulnerability: Iterable[str], subject: Subject) -> list[Judged]:
        """The statements that speak of this subject, by any name of the vulnerability.

        The first is the one that counts, if it counts at all.
        """
        found: dict[int, Judged] = {}
        keys = {*_keys(subject.component), *_keys(subject.product)}
        for name in vulnerability:
            for key in keys:
                for statement, products, subcomponents in self._index.get((name, key), ()):
                    by_name = _speaks(products, subcomponents, subject)
                    if by_name is not None:
                        rank = standing(statement, subject)
                        found[statement.id] = Judged(statement, rank, by_name)
        return sorted(found.values(), key=_weight, reverse=True)


class Held:
    """Things that are here, ready to be asked whether a reference means any of them."""

    def __init__(self, things: Iterable[Thing]) -> None:
        self._index: dict[str, set[Thing]] = {}
        for thing in things:
            for key in _keys(thing):
                self._index.setdefault(key, set()).add(thing)

    def has(self, reference: str) -> bool:
        """Whether it means or suggests any of them, as a statement's product would."""
        references = References((reference,))
        return any(
            references.mean(thing) or references.suggest(thing)
            for place in references.places()
            for thing in self._index.get(place, ())
        )


@lru_cache(1 << 14)
def _keys(thing: Thing) -> tuple[str, ...]:
    """Everything by which a statement may mean this thing."""
    packages = [named.package for named in called(thing)]
    name = names.package(thing.supplier, thing.name)
    return tuple(key for key in (*packages, name, thing.ref, *thing.others) if key)


def _weight(judged: Judged) -> tuple[object, ...]:
    """The heaviest counts; what is said comes last, so that no order of loading decides."""
    statement = judged.statement
    gravity = _GRAVITY.index(statement.status) if statement.status in _GRAVITY else 0
    said = (statement.place, statement.author, statement.products, statement.justification)
    return (judged.counts, judged.standing, statement.at, gravity, *said)


def standing(statement: Statement, subject: Subject) -> int:
    """What the author of a statement is to the exposed product.

    An author's name in a partner's document is not known to be true: it may open, and never close.
    """
    if statement.origin and statement.status in _CLOSING:
        return OTHERS
    authors = {names.package(n, _ANY) for n in (statement.author, statement.supplier) if n}
    if subject.product.supplier and names.package(subject.product.supplier, _ANY) in authors:
        return SUPPLIER
    if subject.component.supplier and names.package(subject.component.supplier, _ANY) in authors:
        return COMPONENT_SUPPLIER
    return SAME_DOCUMENT if statement.document == subject.document else OTHERS


def _speaks(products: References, subcomponents: References, subject: Subject) -> bool | None:
    """Whether a statement speaks of the subject by name only; None where it does not at all."""
    component, product = subject.component, subject.product
    if subcomponents and not subcomponents.mean(component):
        if not subcomponents.suggest(component):
            return None
        return True if products.mean(product) or products.suggest(product) else None
    if products.mean(component) or products.mean(product):
        return False
    return True if products.suggest(component) or products.suggest(product) else None


def link(reference: str) -> str:
    """A BOM-Link without the version of its bill; other references as they are."""
    if not reference.startswith("urn:cdx:"):
        return reference
    bill, hash_, part = reference.partition("#")
    return f"{bill.partition('/')[0].lower()}{hash_}{unquote(part)}"
