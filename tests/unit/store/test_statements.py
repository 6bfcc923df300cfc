"""VEX statements: which hold for a newer bill, and which are reported as matching nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from nodes import Document, bill, fresh, give, listed, openvex, osv, reasons

from accord.wiring import Node

OLD = "11111111-1111-4111-8111-111111111111"
NEW = "urn:uuid:22222222-2222-4222-8222-222222222222"
PAD = "pkg:npm/left-pad@1.0.0"
REFERENCES = (f"urn:cdx:{OLD}/1#c0", f"urn:cdx:{OLD}/1#root", f"urn:cdx:{OLD}/1")


def linked(reference: str) -> bytes:
    """A CycloneDX VEX about something in a bill."""
    statement = {
        "id": "A-1",
        "analysis": {"state": "not_affected", "justification": "code_not_reachable"},
        "affects": [{"ref": reference}],
    }
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}
    return json.dumps({**head, "vulnerabilities": [statement]}).encode()


def newer(release: str = "1", component: str = PAD, product: str = "Pump") -> bytes:
    """Another bill, in which references are others too."""
    entry = {"bom-ref": "elsewhere", "name": "left-pad", "version": component[-5:]}
    return bill(
        product, release, [{**entry, "purl": component}], created="2026-01-20T00:00:00Z", serial=NEW
    )


def statuses(node: Node, documents: Iterable[bytes]) -> dict[tuple[str, str], str]:
    """Status of what is exposed, by the release and the version of the component."""
    named: list[Document] = [(f"{n}.json", data) for n, data in enumerate(documents)]
    give(node, named)
    rows: list[dict[str, Any]] = listed(node)
    return {(row["release"], row["version"]): row["status"] for row in rows}


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_link_into_a_bill_holds_for_the_next_bill_of_the_product(reference: str) -> None:
    old = bill(serial=f"urn:uuid:{OLD}")
    with fresh() as node:
        found = statuses(node, [osv("A-1"), old, newer(), linked(reference)])
        assert found == {("1", "1.0.0"): "not_affected"}
        assert not reasons(node)


@pytest.mark.parametrize("reference", REFERENCES)
@pytest.mark.parametrize("other", [newer(release="2"), newer(product="Valve")])
def test_a_link_into_a_bill_says_nothing_of_another_product(reference: str, other: bytes) -> None:
    with fresh() as node:
        give(node, [("osv", osv("A-1")), ("other", other)])
        give(node, [("old", bill(serial=f"urn:uuid:{OLD}")), ("vex", linked(reference))])
        found = {row["status"] for row in listed(node)}
        assert found == {"exposed", "not_affected"}


def test_a_link_to_a_component_says_nothing_of_another_version() -> None:
    old = bill(serial=f"urn:uuid:{OLD}")
    other = newer(component="pkg:npm/left-pad@1.0.1")
    with fresh() as node:
        found = statuses(node, [osv("A-1"), old, other, linked(REFERENCES[0])])
        assert found == {("1", "1.0.0"): "not_affected", ("1", "1.0.1"): "exposed"}


SOURCE = "pkg:deb/debian/libssl3@3.0.11-1?upstream=openssl&distro=debian-12"


@pytest.mark.parametrize(
    ("product", "parts", "reported"),
    [
        ("pkg:npm/left-pad@1.0.0", (), False),
        ("pkg:npm/left-pad@9.9.9", (), True),
        ("pkg:npm/left-pad@1.0.0", ("pkg:npm/left-pad",), False),
        ("pkg:npm/left-pad@1.0.0", ("pkg:npm/right-pad",), True),
        ("pkg:deb/debian/openssl", (), False),
        ("pkg:deb/debian/gnutls", (), True),
    ],
)
def test_a_statement_that_matches_nothing_is_reported(
    product: str, parts: tuple[str, ...], *, reported: bool
) -> None:
    with fresh() as node:
        said = openvex("A-1", "not_affected", product, subcomponents=parts)
        give(node, [("bill", bill(components=[PAD, SOURCE])), ("vex", said)])
        assert bool(reasons(node)) == reported
