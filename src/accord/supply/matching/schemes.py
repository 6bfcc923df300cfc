"""Which version order an ecosystem has, and keys by it.

A scheme's number is stored beside each key, so that keys can be rebuilt when an order is mended;
numbers are never given twice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import msgspec

from accord.supply.matching.versions import (
    alpine,
    bitnami,
    cran,
    debian,
    golang,
    hackage,
    intdot,
    maven,
    nuget,
    packagist,
    pep440,
    pub,
    rpm,
    rubygems,
    semver,
    vendor,
)
from accord.supply.matching.versions.encoding import Unorderable


class Scheme(msgspec.Struct, frozen=True):
    """One version order."""

    name: str
    number: int
    """Small, positive, and never reused: 0 stands for *no scheme* where keys are stored."""
    order: Callable[[str], bytes]
    """From the text of a version to its key; raises Unorderable."""


SCHEMES = (
    Scheme("semver", 1, semver.key),
    Scheme("golang", 2, golang.key),
    Scheme("pub", 3, pub.key),
    Scheme("bitnami", 4, bitnami.key),
    Scheme("pep440", 5, pep440.key),
    Scheme("maven", 6, maven.key),
    Scheme("rubygems", 7, rubygems.key),
    Scheme("nuget", 8, nuget.key),
    Scheme("packagist", 9, packagist.key),
    Scheme("debian", 10, debian.key),
    Scheme("rpm", 11, rpm.key),
    Scheme("alpine", 12, alpine.key),
    Scheme("cran", 13, cran.key),
    Scheme("hackage", 14, hackage.key),
    Scheme("intdot", 15, intdot.key),
    Scheme("vendor", 16, vendor.key),
)
"""Every scheme, by number from 1."""

_ECOSYSTEMS = {
    "semver": (
        "semver npm crates.io cargo hex swift swifturl githubactions github kubernetes vscode"
        " vscodeextension openvsx"
    ),
    "golang": "golang go",
    "pub": "pub",
    "bitnami": "bitnami",
    "pep440": "pep440 pypi",
    "maven": "maven",
    "rubygems": "rubygems gem",
    "nuget": "nuget",
    "packagist": "packagist composer",
    "debian": "debian deb ubuntu echo",
    "rpm": (
        "rpm redhat rhel rocky rockylinux almalinux suse opensuse mageia openeuler photonos"
        " azurelinux amazonlinux fedora centos oraclelinux"
    ),
    "alpine": "alpine apk wolfi chainguard minimos alpaquita cleanstart bellsofthardenedcontainers",
    "cran": "cran bioconductor",
    "hackage": "hackage ghc",
    "intdot": "intdot",
    "vendor": "vendor generic cpe name linux ossfuzz nginx openssl",
}
"""OSV ecosystems, package URL types and names of version ranges, without case and spaces. Left
out are those without a documented order or with one that is not written here yet: ConanCenter,
Julia, opam, Android, alpm, conda."""

_BY_NAME = {scheme.name: scheme for scheme in SCHEMES}
_BY_NUMBER = {scheme.number: scheme for scheme in SCHEMES}
_BY_ECOSYSTEM = {
    ecosystem: _BY_NAME[name]
    for name, listed in _ECOSYSTEMS.items()
    for ecosystem in listed.split()
}


def of_ecosystem(name: str) -> Scheme | None:
    """Order of an OSV ecosystem or package URL type, in any case; a release (`:11`) is ignored."""
    return _BY_ECOSYSTEM.get(_squeezed(name.partition(":")[0]))


@lru_cache(maxsize=1 << 10)
def _squeezed(name: str) -> str:
    return name.lower().replace(" ", "").replace("-", "").replace("_", "")


def of_package(package: str) -> Scheme | None:
    """Order of a package by its identity: `pkg:pypi/django`, `cpe:a:apache:log4j`, `name:a/b`."""
    kind, _, rest = package.partition(":")
    return of_ecosystem(rest.partition("/")[0] if kind == "pkg" else kind)


def by_number(number: int) -> Scheme | None:
    """The scheme that is stored as this number."""
    return _BY_NUMBER.get(number)


def key(scheme: Scheme, version: str) -> bytes:
    """Key of a version in the order of a scheme.

    Raises:
        Unorderable: the version has no place in that order.

    """
    found = _key(scheme.number, version)
    if found is None:
        raise Unorderable(scheme.name, version)
    return found


@lru_cache(maxsize=1 << 17)
def _key(number: int, version: str) -> bytes | None:
    """Versions recur: the same text is encoded once."""
    try:
        return _BY_NUMBER[number].order(version)
    except Unorderable:
        return None


def compare(scheme: Scheme, a: str, b: str) -> str:
    """`<`, `=`, `>`, or `unorderable` where either version has no place in the order."""
    first, second = _key(scheme.number, a), _key(scheme.number, b)
    if first is None or second is None:
        return "unorderable"
    if first == second:
        return "="
    return "<" if first < second else ">"
