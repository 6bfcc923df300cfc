from __future__ import annotations

import pytest

from accord.supply.products import cpe, names
from accord.supply.products.aliases import REVIEWED


@pytest.mark.parametrize(
    ("vendor", "product", "package"),
    [
        ("Siemens AG", "SIMATIC S7-1500", "name:siemens/simatic s7 1500"),
        ("SIEMENS", "Siemens SIMATIC_S7 1500", "name:siemens/simatic s7 1500"),
        ("Foo GmbH & Co. KG", "Bar", "name:foo/bar"),
        ("Telecom S.p.A.", "X", "name:telecom/x"),
        ("Rockwell Automation, Inc.", "View® SE", "name:rockwell automation/view se"),
        ("Apache Software Foundation", "Apache Log4j", "name:apache/log4j"),
        ("SE", "x", "name:se/x"),
        ("n/a", "Thing", "name:/thing"),
        ("ACME", "n/a", ""),
        ("", "", ""),
        ("ACME", "---", ""),
        ("OpenSSL", "OpenSSL", "name:openssl/openssl"),
    ],
)
def test_one_spelling(vendor: str, product: str, package: str) -> None:
    assert names.package(vendor, product) == package


@pytest.mark.parametrize("name", REVIEWED)
def test_reviewed_names_are_in_the_one_spelling_and_name_packages(name: str) -> None:
    vendor, _, product = name.removeprefix("name:").partition("/")
    assert names.package(vendor, product) == name
    assert names.reviewed(name)
    for package in names.reviewed(name):
        part = package.split(":", 1)[1]
        assert cpe.parse(f"cpe:2.3:{part}:*:*:*:*:*:*:*:*").package == package


def test_a_name_without_review_has_no_packages() -> None:
    assert names.reviewed("name:microsoft/windows") == ()
