from __future__ import annotations

import pytest

from accord.supply.matching.confidence import (
    BY_CPE_BESIDE_PURL,
    BY_IDENTIFIER,
    BY_NAME,
    identities_that_count,
)
from accord.supply.products.identity import Identity

CPE, NAME = "cpe:a:m:x", "name:m/x"


@pytest.mark.parametrize(
    ("packages", "sure"),
    [
        ((CPE,), {CPE: BY_IDENTIFIER}),
        ((NAME,), {NAME: BY_NAME}),
        ((CPE, NAME), {CPE: BY_IDENTIFIER, NAME: BY_NAME}),
        (("pkg:npm/x", CPE, NAME),
         {"pkg:npm/x": BY_IDENTIFIER, CPE: BY_CPE_BESIDE_PURL, NAME: BY_NAME}),
        (("pkg:generic/m/x", CPE), {"pkg:generic/m/x": BY_IDENTIFIER, CPE: BY_IDENTIFIER}),
        (("pkg:deb/debian/x", CPE, NAME), {"pkg:deb/debian/x": BY_IDENTIFIER}),
        (("pkg:rpm/redhat/x", "pkg:npm/x", CPE),
         {"pkg:rpm/redhat/x": BY_IDENTIFIER, "pkg:npm/x": BY_IDENTIFIER}),
        ((), {}),
    ],
)  # fmt: skip
def test_how_sure_a_match_is_follows_from_all_names(
    packages: tuple[str, ...], sure: dict[str, int]
) -> None:
    for order in (packages, packages[::-1]):
        named = [Identity(package, "1") for package in order]
        found = {identity.package: how for identity, how in identities_that_count(named)}
        assert found == sure


def test_the_surer_is_the_larger() -> None:
    assert BY_IDENTIFIER > BY_CPE_BESIDE_PURL > BY_NAME
