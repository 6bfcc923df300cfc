"""What buyers still ask of the suppliers of what is bought and run, and what one package saves.

Law (gaps): a piece counts for a buyer where its verdict on the release lacks it; whatever was never
assessed has no verdict, and is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from accord.assurance.assessing.deciding import Assessment
from accord.demand.burden import burden
from accord.demand.hanging import Product
from accord.flows.assessing.assess import Assessed, Assessor, folded
from accord.flows.assessing.port import Key, Listed, Store, View

_FOUND_HERE = "fact@"
"""Items that no evidence answers: the node finds them by itself."""
_AT_ONCE = ("sbom@", "sigstore@")
"""Items that one bill, or one signed bundle, answers together."""


class BurdenLine(msgspec.Struct, frozen=True, kw_only=True):
    """What buyers ask of one supplier."""

    supplier: str
    """Key of its entity."""
    name: str
    """Name of the supplier."""
    asked: dict[str, int]
    """Pieces of evidence that are missing, by buyer."""
    apart: int
    """Pieces, each buyer answered by itself."""
    together: int
    """Pieces that answer all of them."""
    saved: int
    """Pieces that need not be made again."""


class Missing(msgspec.Struct, frozen=True):
    """What is missing of releases."""

    asked: Mapping[str, Mapping[str, frozenset[str]]]
    """By supplier and buyer: pieces."""
    unasked: tuple[Product, ...]
    """Products that nobody asked for a verdict on."""


def missing(store: Store, me: str, now: str, as_of: str, products: Iterable[Product]) -> Missing:
    """What the verdicts on some products lack, piece by piece, without a write."""
    by_name: dict[str, list[Product]] = {}
    for product in products:
        if product.supplier and product.name:
            by_name.setdefault(product.name, []).append(product)
    asked: dict[str, dict[str, set[str]]] = {}
    assessed: set[Product] = set()
    with store.view(as_of, few=True) as view:
        for one in _assessed(view, me, as_of or now, list(by_name)):
            name, release = folded(*one.release.key)
            mine = [p for p in by_name[name] if p.release in {"", release}]
            assessed.update(mine)
            pieces_of = pieces(one.assessments)
            for supplier in {product.supplier for product in mine}:
                for buyer, some in pieces_of.items():
                    if not some:
                        continue
                    of = asked.setdefault(supplier, {}).setdefault(buyer, set())
                    of.update(f"{name}\0{release}\0{piece}" for piece in some)
    return Missing(
        {
            supplier: {buyer: frozenset(pieces) for buyer, pieces in buyers.items()}
            for supplier, buyers in asked.items()
        },
        tuple(one for some in by_name.values() for one in some if one not in assessed),
    )


def _assessed(view: View, me: str, now: str, products: Sequence[str]) -> Iterator[Assessed]:
    """The releases of some products that anybody asked about."""
    concerned = view.concerned(products)
    if not concerned:
        return
    releases = [one for one in view.releases(products) if _is_asked(one, concerned)]
    yield from Assessor(view, me, now).each(releases)


def _is_asked(one: Listed, concerned: frozenset[Key]) -> bool:
    name, release = folded(*one.key)
    return (name, release) in concerned or (name, "") in concerned


def pieces(assessments: Sequence[Assessment]) -> dict[str, set[str]]:
    """By buyer, the pieces of evidence that are missing.

    Of alternatives the one is meant that the buyer wants anyhow, else the one that most buyers
    would take, of those the first by alphabet.
    """
    groups = {one.baseline.name: list(_groups(one)) for one in assessments}
    wanted = Counter(
        item for some in groups.values() for item in {i for group in some for i in group}
    )
    return {buyer: _chosen(some, wanted) for buyer, some in groups.items()}


def _chosen(groups: Iterable[tuple[str, ...]], wanted: Counter[str]) -> set[str]:
    found: set[str] = set()
    for group in sorted(groups, key=len):
        if found.isdisjoint(group):
            found.add(min(group, key=lambda item: (-wanted[item], item)))
    return found


def _groups(assessment: Assessment) -> Iterator[tuple[str, ...]]:
    for judged in assessment.judged:
        if not judged.met:
            for alternatives in judged.missing:
                group = tuple(_piece(item) for item in alternatives)
                if answerable := tuple(one for one in group if one):
                    yield answerable


def _piece(item: str) -> str:
    """The piece of evidence that answers an item; empty: none can."""
    if item.startswith(_FOUND_HERE):
        return ""
    return next((start for start in _AT_ONCE if item.startswith(start)), item)


def burdens(found: Missing, names: Mapping[str, str]) -> tuple[BurdenLine, ...]:
    """What one package of evidence saves each supplier, the most first."""
    lines = []
    for supplier, asked in found.asked.items():
        one = burden(supplier, asked)
        lines.append(
            BurdenLine(
                supplier=supplier,
                name=names[supplier],
                asked=dict(sorted(one.asked.items())),
                apart=one.apart,
                together=one.together,
                saved=one.saved,
            )
        )
    return tuple(sorted(lines, key=lambda one: (-one.saved, -one.apart, one.name)))
