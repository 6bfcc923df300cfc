"""What looking at all documents together finds that cannot be evaluated."""

from __future__ import annotations

import pytest
from nodes import fresh, give, osv, reasons


@pytest.mark.parametrize(
    ("package", "alias", "reported"),
    [
        ("right-pad", "CVE-2026-0001", True),
        ("left-pad", "CVE-2026-0001", False),
        ("right-pad", "CVE-2026-0002", False),
        ("right-pad", "Z-9", False),
    ],
)
def test_a_name_claimed_for_different_packages_is_reported(
    package: str, alias: str, *, reported: bool
) -> None:
    with fresh() as node:
        give(node, [("a", osv("A-1", "left-pad", aliases=["CVE-2026-0001"]))])
        give(node, [("b", osv("B-1", package, aliases=[alias]))])
        found = [(reason, told) for reason, told in reasons(node) if "alias" in reason]
        told = "A-1: pkg:npm/left-pad; B-1: pkg:npm/right-pad"
        assert found == ([("alias of different packages", told)] if reported else [])


def test_a_name_that_is_no_cve_can_be_contested_too() -> None:
    with fresh() as node:
        give(node, [("a", osv("A-1", "left-pad", aliases=["Z-9"]))])
        give(node, [("b", osv("B-1", "right-pad", aliases=["Z-9"]))])
        assert "alias of different packages" in [reason for reason, _ in reasons(node)]
