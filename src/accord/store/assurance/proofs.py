"""`accord.flows.evidence.port.Proofs` on a database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property, partial
from typing import Any

import msgspec
from sqlalchemy import Engine

from accord.assurance.evidence.believing import Weight, is_one_of, is_promise, unheard, weigh
from accord.assurance.evidence.described import CONTACT, RESPONDS
from accord.assurance.evidence.facts import (
    PLAN,
    YES,
    Identity,
    ProductType,
    SignKey,
    Standing,
    Tie,
)
from accord.assurance.evidence.items import matches
from accord.assurance.model import OURS_TO_FIND, Claim, Level
from accord.flows.evidence.port import NOTHING, LeftOut, Listed, Planned, Proven, Release
from accord.store import lookups
from accord.store.assurance.products import spellings
from accord.store.assurance.releases import product_types
from accord.store.view import SqlView

_TIES = (
    "SELECT t.*, d.id AS body, d.title AS title FROM tie t"
    " JOIN document r ON r.id = t.document_id AND {}"
    " LEFT JOIN document d ON d.digest = t.digest"
)
_STANDINGS = (
    "SELECT s.* FROM standing s JOIN document r ON r.id = s.document_id AND {}"
    " ORDER BY s.document_id"
)
_OURS = "r.origin = ''"
_OURS_NOW = "r.origin = '' AND r.current"
"""Only this node's own people say what is evidence, and whose word counts."""
_ASSERTIONS = (
    "SELECT a.document_id, a.item, a.answer, a.due, a.why, a.expires, a.place FROM assertion a"
)
_SAID = "SELECT document_id, kind, issuer FROM statement"
_UNNAMED = "the supplier"
"""Whose word a document is that names nobody and that nobody signed."""
_FEW = 1_000
"""Products that are looked up one by one."""
_ALL = 500
"""Documents from which on one look at all assertions costs less than one at each."""


class _Row(msgspec.Struct):
    """A record that counts, with the document that it is about."""

    tie: Tie
    body: int | None
    title: str


_Assertions = dict[int, list[Any]]


class SqlProofs:
    """What is recorded of evidence."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def _view(self, as_of: str) -> Iterator[SqlView]:
        with self._engine.connect() as connection, connection.begin():
            yield SqlView(connection, as_of)

    def standings(self, as_of: str = "") -> dict[str, Standing]:
        """Everybody who has, or had, a standing, by name."""
        with self._view(as_of) as view:
            return standings_in(view)

    def ties(self, product: str = "", as_of: str = "") -> list[Tie]:
        """Every record that counts, removals left out."""
        with self._view(as_of) as view:
            return [row.tie for row in _rows(view, product)]

    def bodies(self, product: str, *, removed: bool) -> list[tuple[Tie, bytes]]:
        """Every record that makes, or ends, evidence for a product, with the document itself."""
        with self._view("") as view:
            return [
                (tie_of(row), lookups.body(view, row.body))
                for name in spellings(view, "tie", [product])
                for row in _counting(view, f"{_TIES} WHERE t.product = :product", product=name)
                if bool(row.removed) is removed and row.body is not None
            ]

    def claims(self, product: str, release: str, at: str) -> tuple[Claim, ...]:
        """The claims about one release."""
        return self.proven([(product, release)], at)[product, release].claims

    def proven(
        self, wanted: Collection[Release], at: str, as_of: str = ""
    ) -> dict[Release, Proven]:
        """What evidence says of each release."""
        with self._view(as_of) as view:
            return proven_in(view, dict.fromkeys(wanted, at))

    def listed(self, product: str, at: str) -> list[Listed]:
        """Every document that is evidence, for a person."""
        with self._view("") as view:
            rows = _rows(view, product)
            assertions = _assertions(view, {row.body for row in rows if row.body is not None})
            standings = standings_in(view)
        found = []
        for row in sorted(rows, key=lambda r: (r.tie.product, r.tie.release, r.tie.at)):
            weight = weigh(row.tie, standings, at)
            level = "does not count" if weight.left_out else weight.level.words
            count = len(assertions.get(row.body, ())) if row.body is not None else 0
            found.append(Listed(row.tie, row.title, level, weight.why, count, row.body is not None))
        return found

    def types(self, product: str = "", as_of: str = "") -> list[ProductType]:
        """What types of product are kept."""
        with self._view(as_of) as view:
            found = product_types(view, [product] if product else None)
        return [one for _, one in sorted(found.items()) if one.type]

    def here(self, digests: Collection[str]) -> frozenset[str]:
        """Those of some documents that are kept here."""
        with self._view("") as view:
            query = "SELECT digest FROM document WHERE digest IN ({})"
            return frozenset(row.digest for row in view.among(query, sorted(digests)))


def proven_in(view: SqlView, wanted: Mapping[Release, str]) -> dict[Release, Proven]:
    """What evidence says of each release, each as of its moment, as one view has it.

    The case of names does not count.
    """
    names = spellings(view, "tie", [product for product, _ in wanted])
    rows = [row for name in names for row in _rows(view, name)] if len(names) <= _FEW else None
    if rows is None:
        some = frozenset(names)
        rows = [row for row in _rows(view, "") if row.tie.product in some]
    assertions = _assertions(view, {row.body for row in rows if row.body is not None})
    said = _said(view, assertions)
    standings = standings_in(view)
    suppliers = _Suppliers(view, names, standings)
    of: dict[Release, list[_Row]] = defaultdict(list)
    for row in rows:
        of[row.tie.product.casefold(), row.tie.release.casefold()].append(row)
    found: dict[Release, Proven] = {}
    for (product, release), at in wanted.items():
        name = product.casefold()
        named = [*of.get((name, release.casefold()), ())]
        named += of.get((name, ""), ()) if release else ()
        found[product, release] = _joined(
            suppliers.heard(
                product,
                [
                    _proven(row, weigh(row.tie, standings, at), assertions, said, at)
                    for row in named
                ],
            )
        )
    return found


class _Suppliers:
    """Whose unsigned "no" is the supplier's own word, product by product; looked up when asked."""

    def __init__(
        self, view: SqlView, products: Collection[str], standings: dict[str, Standing]
    ) -> None:
        self._view = view
        self._products = frozenset(name.casefold() for name in products)
        self._standings = standings

    @cached_property
    def _billed(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        written = spellings(self._view, "bill", self._products)
        query = "SELECT document_id, product, supplier FROM bill WHERE product IN ({})"
        for row in self._view.among(query, written):
            ours = self._view.counts(row.document_id) and not self._view.origin(row.document_id)
            if row.supplier and ours:
                found[row.product.casefold()].add(row.supplier)
        return found

    def heard(self, product: str, parts: list[Proven]) -> list[Proven]:
        """What is said of a release, with the denials of those who are not its supplier noted."""
        claims = [c for part in parts if not _by(part) for c in part.claims]
        if not any(not claim.holds or is_promise(claim) for claim in claims):
            return parts
        speakers = {_UNNAMED, *self._known(product)}
        if len(speakers) == 1:
            # Nobody is known as the supplier: it is whoever else is believed to speak for it.
            speakers |= {claim.issuer for claim in claims if claim.holds}
        promised = any(
            is_promise(claim) and (_by(part) or is_one_of(claim.issuer, speakers))
            for part in parts
            for claim in part.claims
        )
        hear = partial(unheard, speakers=speakers, promised=promised)
        return [
            part
            if _by(part)
            else msgspec.structs.replace(part, claims=tuple(map(hear, part.claims)))
            for part in parts
        ]

    def _known(self, product: str) -> set[str]:
        """Suppliers by what bills of this node's own people say, and by their standings."""
        given = {
            one.name
            for one in self._standings.values()
            if one.role == "supplier" and one.products and matches(product, one.products)
        }
        return given | self._billed.get(product.casefold(), set())


def _by(part: Proven) -> str:
    """Who with a standing gave it."""
    return part.ties[0].issuer


def standings_in(view: SqlView) -> dict[str, Standing]:
    """One a name; where equally dated records contradict each other, an ended one counts."""
    found: dict[str, Standing] = {}
    for row in _counting(view, _STANDINGS):
        one = _standing(row)
        if one.name not in found or one.removed:
            found[one.name] = one
    return {name: found[name] for name in sorted(found)}


def _counting(view: SqlView, query: str, **values: str) -> Iterable[Any]:
    """Rows of records that count at the view's moment; of now, the database knows which do."""
    if not view.as_of:
        return view.rows(query.format(_OURS_NOW), **values)
    return (row for row in view.rows(query.format(_OURS), **values) if view.counts(row.document_id))


def _standing(row: Any) -> Standing:  # noqa: ANN401 - a row of the database
    return Standing(
        name=row.name,
        role=row.role,
        keys=msgspec.json.decode(row.keys, type=tuple[SignKey, ...]),
        identities=msgspec.json.decode(row.identities, type=tuple[Identity, ...]),
        certificates=_texts(row.certificates),
        trust_root=row.trust_root,
        kinds=_texts(row.kinds),
        items=_texts(row.items),
        products=_texts(row.products),
        until=row.until,
        removed=bool(row.removed),
        person=row.person,
        why=row.why,
        at=row.at,
        place=row.place,
    )


def _texts(data: str) -> tuple[str, ...]:
    return msgspec.json.decode(data, type=tuple[str, ...])


def _rows(view: SqlView, product: str) -> list[_Row]:
    """Records that count; of equally dated ones a removal does, and else the first."""
    about_it = f"{_TIES} WHERE t.product = :product" if product else _TIES
    counting: dict[tuple[str, str, str], Any] = {}
    for row in _counting(view, about_it, **({"product": product} if product else {})):
        about = (row.product, row.release, row.digest)
        if about not in counting or row.removed:
            counting[about] = row
    return [_row(view, row) for row in counting.values() if not row.removed]


def tie_of(row: Any) -> Tie:  # noqa: ANN401 - a row of the database
    """A record as it is kept."""
    return Tie(
        document=row.digest,
        product=row.product,
        release=row.release,
        kind=row.kind,
        issuer=row.issuer,
        how=row.how,
        key=row.signer,
        builder=row.builder,
        matched=_texts(row.matched),
        artefacts=_texts(row.artefacts),
        issued=row.issued,
        expires=row.expires,
        removed=False,
        person=row.person,
        why=row.why,
        at=row.at,
        place=row.place,
    )


def _row(view: SqlView, row: Any) -> _Row:  # noqa: ANN401 - a row of the database
    here = row.body is not None and (not view.as_of or view.learned(row.body))
    return _Row(tie_of(row), row.body if here else None, row.title or "")


def _assertions(view: SqlView, documents: Collection[int]) -> _Assertions:
    found: _Assertions = defaultdict(list)
    if len(documents) > _ALL:
        rows: Iterable[Any] = (r for r in view.rows(_ASSERTIONS) if r[0] in documents)
    else:
        rows = view.among(f"{_ASSERTIONS} WHERE a.document_id IN ({{}})", sorted(documents))
    for row in rows:
        found[row[0]].append(row)
    return found


def _said(view: SqlView, documents: Collection[int]) -> dict[int, tuple[str, str]]:
    """The kind of each document, and who says so in its own words."""
    query = f"{_SAID} WHERE document_id IN ({{}})"
    return {row[0]: (row[1], row[2]) for row in view.among(query, sorted(documents))}


def _proven(
    row: _Row, weight: Weight, assertions: _Assertions, said: dict[int, tuple[str, str]], at: str
) -> Proven:
    """What one document says of one release."""
    tie = row.tie
    name = f"sha256:{tie.document}"
    if weight.left_out or row.body is None:
        why = weight.why if weight.left_out else "its document is not kept here"
        return Proven(left_out=(LeftOut(name, tie.kind, tie.issuer, why),), ties=(tie,))
    claims: list[Claim] = []
    planned: list[Planned] = []
    left_out: list[LeftOut] = []
    kind, named = said.get(row.body, (tie.kind, ""))
    issuer = tie.issuer or named or _UNNAMED
    for _, item, answer, due, why, expires, place in assertions.get(row.body, ()):
        if answer == PLAN:
            planned.append(Planned(item, due, issuer, name, place))
            continue
        if expires and expires <= at:
            gone = f"its evidence expired on {expires[:10]}"
            left_out.append(LeftOut(name, tie.kind, tie.issuer, gone, item))
            continue
        level, reason = weight.of(item)
        if item.startswith(OURS_TO_FIND) and not item.startswith((CONTACT, RESPONDS)):
            level, reason = Level.UNKNOWN, "only this node finds that out, by itself"
        claims.append(
            Claim(
                item=item,
                holds=answer == YES,
                level=level,
                kind=kind,
                issuer=issuer,
                evidence=name,
                issued=tie.issued,
                expires=expires or tie.expires,
                place=place,
                why=f"{why}; {reason}" if why else reason,
            )
        )
    claims += _derived(tie, weight, name)
    return Proven(tuple(claims), tuple(planned), tuple(left_out), (tie,))


def _derived(tie: Tie, weight: Weight, name: str) -> Iterator[Claim]:
    """What this node found by itself when it verified the document."""
    for item, why in weight.derived:
        covered = weight.of(item)[0] > Level.UNKNOWN
        yield Claim(
            item=item,
            level=Level.VERIFIED if covered else Level.UNKNOWN,
            kind=tie.kind,
            issuer=tie.issuer,
            evidence=name,
            issued=tie.issued,
            expires=tie.expires,
            why=why,
        )


def _joined(parts: list[Proven]) -> Proven:
    if not parts:
        return NOTHING
    if len(parts) == 1:
        return parts[0]
    return Proven(
        tuple(one for part in parts for one in part.claims),
        tuple(one for part in parts for one in part.planned),
        tuple(one for part in parts for one in part.left_out),
        tuple(one for part in parts for one in part.ties),
    )
