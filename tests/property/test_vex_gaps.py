"""A statement is reported as matching nothing exactly when it speaks of nothing that is here."""

from __future__ import annotations

import nodes
import pytest

from accord.supply.matching import exposures
from accord.supply.matching.vex import Statement, Statements, Subject, Thing
from accord.supply.products import names
from accord.wiring import Node

PURL = "pkg:npm/left-pad@1.0.0"
DEB = "pkg:deb/debian/libssl1.1@1.1.1k-1?arch=amd64&distro=debian-11&upstream=openssl"
CPE = "cpe:2.3:a:pad:left_pad:1.0.0:*:*:*:*:*:*:*"
SERIAL = nodes.serial_of("Pump", "1")
LINK = f"urn:cdx:{SERIAL.removeprefix('urn:uuid:')}"
NAMED = names.package("Maker", "Pump")

REFERENCES = [
    PURL, "pkg:npm/left-pad", "pkg:npm/left-pad@1.0.1", f"{PURL}?a=b", "pkg:npm/gone", DEB,
    "pkg:deb/debian/libssl1.1?distro=debian-11", "pkg:deb/debian/libssl1.1?distro=debian-12",
    "pkg:deb/debian/openssl", "pkg:deb/debian/openssl?distro=debian-12", CPE,
    "cpe:/a:pad:left_pad", "cpe:2.3:a:pad:left_pad:2.0:*:*:*:*:*:*:*", SERIAL, LINK, f"{LINK}/1",
    f"{LINK}/9#c0", f"{LINK}/1#gone", "c0", "root", NAMED, f"{NAMED}@1", f"{NAMED}@2",
    names.package("Maker", "Gone"), "urn:uuid:0", "sha256:0", "https://example.org/",
]  # fmt: skip
BILL = nodes.bill(
    "Pump",
    "1",
    [{"name": "left-pad", "version": "1.0.0", "purl": PURL, "cpe": CPE}, DEB],
)


def subjects(node: Node) -> list[Subject]:
    """Everything that is here, as exposures would ask about it."""
    with node.views.view() as view:
        ids = [row.id for row in view.rows("SELECT id FROM component")]
        parts = view._parts(ids)
        running, _ = view._running(parts)
        return [
            exposures._subject(part, one)
            for part in parts.values()
            for one in running.get(part.document, ())
        ]


@pytest.mark.parametrize("product", REFERENCES)
def test_a_statement_is_reported_exactly_when_it_speaks_of_nothing_here(product: str) -> None:
    with nodes.fresh() as node:
        nodes.give(node, [("bill", BILL)])
        statement = Statement(1, 1, "OSV-1", "fixed", (product,), ())
        speaks = any(Statements([statement]).judge(("OSV-1",), one) for one in subjects(node))
        nodes.give(node, [("vex", nodes.openvex("OSV-1", "fixed", product))])
        with node.views.view() as view:
            held = [one.products for one in view.statements()]
        if held != [(product,)]:
            pytest.skip("the reader takes no such reference")
        reported = "statement matches nothing" in dict(nodes.reasons(node))
        assert reported is not speaks


def test_there_is_something_here() -> None:
    with nodes.fresh() as node:
        nodes.give(node, [("bill", BILL)])
        assert len(subjects(node)) == 3
        assert isinstance(subjects(node)[0].component, Thing)
