"""Which order an ecosystem, a package URL type or an identity has."""

from __future__ import annotations

import pytest

from accord.supply.matching import schemes
from accord.supply.matching.versions.encoding import Unorderable
from accord.supply.products import ecosystems


@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        ("npm", "semver"), ("crates.io", "semver"), ("cargo", "semver"), ("Hex", "semver"),
        ("SwiftURL", "semver"), ("GitHub Actions", "semver"), ("githubactions", "semver"),
        ("Go", "golang"), ("golang", "golang"), ("Pub", "pub"), ("Bitnami", "bitnami"),
        ("PyPI", "pep440"), ("Maven", "maven"), ("RubyGems", "rubygems"), ("gem", "rubygems"),
        ("NuGet", "nuget"), ("Packagist", "packagist"), ("composer", "packagist"),
        ("Debian:11", "debian"), ("DEB", "debian"), ("Ubuntu:22.04:LTS", "debian"),
        ("Red Hat:enterprise_linux:9::baseos", "rpm"), ("redhat", "rpm"), ("rpm", "rpm"),
        ("Rocky Linux:9", "rpm"), ("AlmaLinux", "rpm"), ("SUSE:Linux Enterprise", "rpm"),
        ("openSUSE", "rpm"), ("Mageia:9", "rpm"), ("openEuler", "rpm"), ("Photon OS:5.0", "rpm"),
        ("Alpine:v3.19", "alpine"), ("apk", "alpine"), ("Wolfi", "alpine"),
        ("Chainguard", "alpine"), ("CRAN", "cran"), ("Hackage", "hackage"),
        ("generic", "vendor"), ("cpe", "vendor"), ("intdot", "intdot"),
    ],
)  # fmt: skip
def test_of_ecosystem(name: str, scheme: str) -> None:
    found = schemes.of_ecosystem(name)
    assert found is not None
    assert found.name == scheme


@pytest.mark.parametrize("name", ["ConanCenter", "Julia", "opam", "Android", "", "pkg"])
def test_no_order_is_invented(name: str) -> None:
    assert schemes.of_ecosystem(name) is None


@pytest.mark.parametrize(
    ("package", "scheme"),
    [
        ("pkg:pypi/django", "pep440"), ("pkg:deb/debian/openssl", "debian"),
        ("pkg:apk/alpine/musl", "alpine"), ("pkg:rpm/redhat/bash", "rpm"),
        ("pkg:golang/github.com/a/b", "golang"), ("pkg:generic/x", "vendor"),
        ("cpe:a:apache:log4j", "vendor"), ("name:apache/log4j", "vendor"),
        ("pkg:conan/zlib", None), ("urn:x", None), ("", None),
    ],
)  # fmt: skip
def test_of_package(package: str, scheme: str | None) -> None:
    found = schemes.of_package(package)
    assert (found.name if found else None) == scheme


@pytest.mark.parametrize(
    "ecosystem",
    [
        "AlmaLinux:9", "Alpaquita", "Alpine:v3.19", "Azure Linux:3", "Bioconductor", "Bitnami",
        "CRAN", "Chainguard", "CleanStart", "ConanCenter", "Debian:11", "Echo", "GHC",
        "GitHub Actions", "Go", "Hackage", "Hex", "Julia", "Linux", "Mageia:9", "Maven", "MinimOS",
        "NuGet", "OSS-Fuzz", "Packagist", "Photon OS:5.0", "Pub", "PyPI", "Red Hat:rhel_e4s:9.0",
        "Rocky Linux:9", "RubyGems", "SUSE:Linux Micro 6.0", "SwiftURL", "Ubuntu:22.04:LTS",
        "VSCode", "Wolfi", "crates.io", "npm", "openEuler:24.03-LTS", "openSUSE:Leap 15.6",
    ],
)  # fmt: skip
def test_an_ecosystem_and_its_packages_have_one_order(ecosystem: str) -> None:
    package, _ = ecosystems.package(ecosystem, "github.com/owner/name")
    assert schemes.of_package(package) is schemes.of_ecosystem(ecosystem)


def test_numbers_are_stable() -> None:
    assert [scheme.number for scheme in schemes.SCHEMES] == list(range(1, 17))
    assert [scheme.name for scheme in schemes.SCHEMES][:6] == [
        "semver", "golang", "pub", "bitnami", "pep440", "maven",
    ]  # fmt: skip
    assert all(schemes.by_number(scheme.number) is scheme for scheme in schemes.SCHEMES)
    assert schemes.by_number(0) is None


def test_compare_and_key() -> None:
    scheme = schemes.of_ecosystem("npm")
    assert scheme is not None
    assert schemes.compare(scheme, "1.9.0", "1.10.0") == "<"
    assert schemes.compare(scheme, "1.10.0", "1.9.0") == ">"
    assert schemes.compare(scheme, "1.0.0+a", "1.0.0") == "="
    assert schemes.compare(scheme, "1.0.0", "latest") == "unorderable"
    assert schemes.key(scheme, "1.0.0") == scheme.order("1.0.0")
    for _ in range(2):
        with pytest.raises(Unorderable, match="'latest' has no place in the semver order"):
            schemes.key(scheme, "latest")
