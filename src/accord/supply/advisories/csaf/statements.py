"""Mandatory tests 6.1.23, 6.1.24, 6.1.29, 6.1.32 and 6.1.33: what vulnerabilities say.

Source: CSAF 2.0, section 6.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from accord.core.times import when
from accord.supply.advisories.csaf.document import Failure, View


def repeated_cves(view: View) -> Iterator[Failure]:
    """6.1.23: a CVE stands at one vulnerability only."""
    seen: set[str] = set()
    for at, item in enumerate(view.csaf.vulnerabilities):
        if item.cve and item.cve in seen:
            yield Failure("6.1.23", f"{item.cve} stands twice", f"/vulnerabilities/{at}/cve")
        seen.add(item.cve)


def repeated_involvements(view: View) -> Iterator[Failure]:
    """6.1.24: a party is involved once at any date."""
    for number, item in enumerate(view.csaf.vulnerabilities):
        seen: set[tuple[str, str]] = set()
        for at, involvement in enumerate(item.involvements):
            pair = (involvement.party, when(involvement.date))
            if pair in seen:
                reason = f"{involvement.party} is involved twice at {involvement.date or 'no date'}"
                yield Failure("6.1.24", reason, f"/vulnerabilities/{number}/involvements/{at}")
            seen.add(pair)


def aimless_remediations(view: View) -> Iterator[Failure]:
    """6.1.29: a remediation names products or groups."""
    yield from _aimless(view, "6.1.29", "remediations")


def aimless_flags(view: View) -> Iterator[Failure]:
    """6.1.32: a flag names products or groups."""
    yield from _aimless(view, "6.1.32", "flags")


def _aimless(view: View, test: str, name: str) -> Iterator[Failure]:
    for number, item in enumerate(view.csaf.vulnerabilities):
        for at, statement in enumerate(getattr(item, name)):
            if not statement.product_ids and not statement.group_ids:
                place = f"/vulnerabilities/{number}/{name}/{at}"
                yield Failure(test, "product_ids or group_ids is expected", place)


def several_flags(view: View) -> Iterator[Failure]:
    """6.1.33: a product has one flag at most, its groups included."""
    for number, item in enumerate(view.csaf.vulnerabilities):
        seen: set[str] = set()
        for at, flag in enumerate(item.flags):
            products = view.concerned(flag)
            for product in products:
                if product in seen:
                    place = f"/vulnerabilities/{number}/flags/{at}"
                    yield Failure("6.1.33", f"product {product!r} has several flags", place)
            seen.update(products)
