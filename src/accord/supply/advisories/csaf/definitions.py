"""Mandatory tests 6.1.1 to 6.1.6, 6.1.25 and 6.1.31: products, groups and what refers to them.

Each test is a function of a view of the document that yields what breaks it.
Source: CSAF 2.0, section 6.1.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations

from msgspec import UNSET

from accord.supply.advisories.csaf.document import Branch, Failure, ProductStatus, View

STATUSES = ProductStatus.__struct_fields__
"""The eight lists of a product status, in alphabetical order."""
_CONTRADICTIONS = {
    "affected": ("first_affected", "known_affected", "last_affected"),
    "not affected": ("known_not_affected",),
    "fixed": ("first_fixed", "fixed"),
    "under investigation": ("under_investigation",),
}
_RANGE_WORDS = frozenset({"after", "all", "before", "earlier", "later", "prior", "versions"})


def missing_products(view: View) -> Iterator[Failure]:
    """6.1.1: every product id that is referred to is defined."""
    known = {product.product_id for _, product in view.products}
    for place, ids in _product_references(view):
        if not known.issuperset(ids):
            for at, product in enumerate(ids):
                if product not in known:
                    yield Failure("6.1.1", f"product {product!r} is not defined", f"{place}/{at}")
    tree = view.csaf.product_tree
    for at, relationship in enumerate(() if tree is UNSET else tree.relationships):
        for name in ("product_reference", "relates_to_product_reference"):
            product = getattr(relationship, name)
            if product not in known:
                place = f"/product_tree/relationships/{at}/{name}"
                yield Failure("6.1.1", f"product {product!r} is not defined", place)


def _product_references(view: View) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every list of product ids outside the full product names."""
    tree = view.csaf.product_tree
    for at, group in enumerate(() if tree is UNSET else tree.product_groups):
        yield f"/product_tree/product_groups/{at}/product_ids", group.product_ids
    for number, item in enumerate(view.csaf.vulnerabilities):
        place = f"/vulnerabilities/{number}"
        if item.product_status is not UNSET:
            for status in STATUSES:
                yield f"{place}/product_status/{status}", getattr(item.product_status, status)
        for name in ("flags", "remediations", "threats"):
            for at, statement in enumerate(getattr(item, name)):
                yield f"{place}/{name}/{at}/product_ids", statement.product_ids
        for at, score in enumerate(item.scores):
            yield f"{place}/scores/{at}/products", score.products


def repeated_products(view: View) -> Iterator[Failure]:
    """6.1.2: a product id is defined once."""
    pairs = ((product.product_id, f"{place}/product_id") for place, product in view.products)
    yield from _repeated("6.1.2", "product id", pairs)


def circular_products(view: View) -> Iterator[Failure]:
    """6.1.3: no product of a relationship is made, directly or not, of itself.

    Products that refer to nothing unfinished are taken away until none is left; what stays
    ends up in a circle. Linear in the number of relationships.
    """
    tree = view.csaf.product_tree
    relationships = () if tree is UNSET else tree.relationships
    made = {item.full_product_name.product_id for item in relationships}
    waiting: Counter[str] = Counter()
    users: defaultdict[str, list[str]] = defaultdict(list)
    for item in relationships:
        for part in (item.product_reference, item.relates_to_product_reference):
            if part in made:
                waiting[item.full_product_name.product_id] += 1
                users[part].append(item.full_product_name.product_id)
    ready = [product for product in made if not waiting[product]]
    while ready:
        for user in users[ready.pop()]:
            waiting[user] -= 1
            if not waiting[user]:
                ready.append(user)
    for at, item in enumerate(relationships):
        product = item.full_product_name.product_id
        if waiting[product]:
            place = f"/product_tree/relationships/{at}/full_product_name/product_id"
            yield Failure("6.1.3", f"product {product!r} is defined in a circle", place)


def missing_groups(view: View) -> Iterator[Failure]:
    """6.1.4: every product group id that is referred to is defined."""
    for number, item in enumerate(view.csaf.vulnerabilities):
        for name in ("flags", "remediations", "threats"):
            for at, statement in enumerate(getattr(item, name)):
                for n, group in enumerate(statement.group_ids):
                    if group not in view.groups:
                        place = f"/vulnerabilities/{number}/{name}/{at}/group_ids/{n}"
                        yield Failure("6.1.4", f"group {group!r} is not defined", place)


def repeated_groups(view: View) -> Iterator[Failure]:
    """6.1.5: a product group id is defined once."""
    tree = view.csaf.product_tree
    groups = () if tree is UNSET else tree.product_groups
    pairs = (
        (group.group_id, f"/product_tree/product_groups/{at}/group_id")
        for at, group in enumerate(groups)
    )
    yield from _repeated("6.1.5", "product group id", pairs)


def contradicting_statuses(view: View) -> Iterator[Failure]:
    """6.1.6: within a vulnerability no product stands in two contradicting status groups."""
    for number, item in enumerate(view.csaf.vulnerabilities):
        if item.product_status is UNSET:
            continue
        sets = {
            word: {product for name in names for product in getattr(item.product_status, name)}
            for word, names in _CONTRADICTIONS.items()
        }
        for (one, first), (other, second) in combinations(sets.items(), 2):
            for product in sorted(first & second):
                reason = f"product {product!r} is both {one} and {other}"
                yield Failure("6.1.6", reason, f"/vulnerabilities/{number}/product_status")


def repeated_algorithms(view: View) -> Iterator[Failure]:
    """6.1.25: a hash algorithm stands once among the hashes of a file."""
    for place, product in view.products:
        helper = product.product_identification_helper
        for at, hashes in enumerate(() if helper is UNSET else helper.hashes):
            where = f"{place}/product_identification_helper/hashes/{at}/file_hashes"
            pairs = (
                (digest.algorithm, f"{where}/{n}/algorithm")
                for n, digest in enumerate(hashes.file_hashes)
            )
            yield from _repeated("6.1.25", "hash algorithm", pairs)


def ranges_as_versions(view: View) -> Iterator[Failure]:
    """6.1.31: the name of a branch of category `product_version` is no range of versions."""
    tree = view.csaf.product_tree
    yield from _ranges(() if tree is UNSET else tree.branches, "/product_tree/branches")


def _ranges(branches: tuple[Branch, ...], place: str) -> Iterator[Failure]:
    for at, branch in enumerate(branches):
        if branch.category == "product_version" and _is_range(branch.name):
            reason = f"{branch.name[:80]!r} is a range; product_version_range is its category"
            yield Failure("6.1.31", reason, f"{place}/{at}/name")
        if branch.branches:
            yield from _ranges(branch.branches, f"{place}/{at}/branches")


def _is_range(name: str) -> bool:
    """Words count whole: `after-eight` is a version, `after 8` is not."""
    if "<" in name or ">" in name:
        return True
    words = name.lower().split()
    return not _RANGE_WORDS.isdisjoint(words)


def _repeated(test: str, what: str, pairs: Iterable[tuple[str, str]]) -> Iterator[Failure]:
    seen: set[str] = set()
    for name, place in pairs:
        if name in seen:
            yield Failure(test, f"{what} {name!r} is defined more than once", place)
        seen.add(name)
