"""How sure a match by a name is, decided by what kind of name it is.

A distribution's package is spoken for by the distribution alone: a CPE or vendor name beside it
would ignore the fixes that distributions carry back, so it does not count. A CPE or a vendor's
name beside a package URL of an ordered ecosystem only suggests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from accord.supply.products.identity import Identity

BY_IDENTIFIER = 2
"""A package URL or, where there is no ordered one, a CPE: an exposure."""
BY_CPE_BESIDE_PURL = 1
"""A CPE of a component whose package URL has an order of its own: a candidate."""
BY_NAME = 0
"""Only supplier and product names agree: a candidate until a person confirms it."""

_DISTRIBUTIONS = ("pkg:deb/", "pkg:rpm/", "pkg:apk/", "pkg:alpm/")
_UNORDERED = ("pkg:generic/", "pkg:oci/", "pkg:docker/", "pkg:swid/", "pkg:github/")


def identities_that_count(identities: Iterable[Identity]) -> Iterator[tuple[Identity, int]]:
    """Each identity that takes part in matching, with how sure a match by it is."""
    names = tuple(identities)
    purls = [name.package for name in names if name.package.startswith("pkg:")]
    distributed = any(purl.startswith(_DISTRIBUTIONS) for purl in purls)
    ordered = any(not purl.startswith(_UNORDERED) for purl in purls)
    for name in names:
        if name.package.startswith("pkg:"):
            yield name, BY_IDENTIFIER
        elif distributed:
            continue
        elif name.package.startswith("cpe:"):
            yield name, BY_CPE_BESIDE_PURL if ordered else BY_IDENTIFIER
        else:
            yield name, BY_NAME
