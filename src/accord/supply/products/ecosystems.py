"""From the ecosystems of OSV to the packages and streams that inventories use too.

Source: Open Source Vulnerability format 1.7, section on `affected[].package` (the table of
defined ecosystems and their `:RELEASE` suffixes).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote

from accord.core.errors import Invalid
from accord.supply.products import purl, streams

Named = tuple[str, str]
"""Namespace and name."""

_EL = re.compile(r"(?:^|[^a-z])el(\d{1,2})(?!\d)")
_URL = re.compile(r"^(?:[a-z+]+://|git@)", re.IGNORECASE)
_UBUNTU = re.compile(r"^(?:Pro:)?(?:(?P<variant>[A-Za-z][\w-]*):)?(?P<release>\d\d\.\d\d)")


def _plain(name: str) -> Named:
    return "", name


def _path(name: str) -> Named:
    """`github.com/gorilla/mux` and `@babel/core`: the last segment is the name."""
    namespace, _, last = name.strip("/").rpartition("/")
    return namespace, last


def _maven(name: str) -> Named:
    group, colon, artifact = name.partition(":")
    return (group, artifact) if colon else ("", name)


def _url(name: str) -> Named:
    """A repository by its address, with or without scheme and `.git`."""
    address = _URL.sub("", name.strip()).replace(":", "/").rstrip("/")
    return _path(address.removesuffix(".git"))


def _action(name: str) -> Named:
    """Owner and repository; a path within the repository is one action of several."""
    owner, _, repository = name.partition("/")
    return owner, repository.partition("/")[0]


_LANGUAGES: dict[str, tuple[str, Callable[[str], Named]]] = {
    "bioconductor": ("bioconductor", _plain),
    "bitnami": ("bitnami", _plain),
    "conancenter": ("conan", _plain),
    "cran": ("cran", _plain),
    "crates.io": ("cargo", _plain),
    "ghc": ("ghc", _plain),
    "github actions": ("github", _action),
    "go": ("golang", _path),
    "hackage": ("hackage", _plain),
    "hex": ("hex", _path),
    "julia": ("julia", _plain),
    "kubernetes": ("kubernetes", _path),
    "linux": ("linux", lambda name: ("", name.lower())),
    "maven": ("maven", _maven),
    "npm": ("npm", _path),
    "nuget": ("nuget", _plain),
    "opam": ("opam", _plain),
    "oss-fuzz": ("generic", _plain),
    "packagist": ("composer", _path),
    "pub": ("pub", _plain),
    "pypi": ("pypi", _plain),
    "rubygems": ("gem", _plain),
    "swifturl": ("swift", _url),
    "vscode": ("vscode-extension", _path),
}
"""Type of package URL, and how the name divides; these have no streams."""

_DISTRIBUTIONS: dict[str, tuple[str, str]] = {
    "almalinux": ("rpm", "almalinux"),
    "alpaquita": ("apk", "alpaquita"),
    "alpine": ("apk", "alpine"),
    "android": ("android", ""),
    "azure linux": ("rpm", "azure-linux"),
    "bellsoft hardened containers": ("apk", "bellsoft-hardened-containers"),
    "chainguard": ("apk", "chainguard"),
    "cleanstart": ("apk", "cleanstart"),
    "debian": ("deb", "debian"),
    "echo": ("deb", "echo"),
    "freebsd": ("freebsd", ""),
    "mageia": ("rpm", "mageia"),
    "minimos": ("apk", "minimos"),
    "openeuler": ("rpm", "openeuler"),
    "opensuse": ("rpm", "opensuse"),
    "photon os": ("rpm", "photon"),
    "red hat": ("rpm", "redhat"),
    "rocky linux": ("rpm", "rocky"),
    "suse": ("rpm", "suse"),
    "ubuntu": ("deb", "ubuntu"),
    "wolfi": ("apk", "wolfi"),
}
"""Type and namespace of package URL; the suffix of the ecosystem is the stream."""

_LONGEST = 2048

_REBUILDERS = frozenset({"docker hardened images", "root", "tuxcare"})
"""These rebuild another ecosystem's packages and name it in their suffix: `Root:Alpine:3.18`."""


@lru_cache(1 << 15)
def package(ecosystem: str, name: str) -> tuple[str, str]:
    """Package and stream for an OSV ecosystem and a name in it.

    `Debian:11` and `openssl` are `pkg:deb/debian/openssl` and `11`. A commit range of the
    ecosystem `GIT` is named by its repository.

    Raises:
        Invalid: an ecosystem that is not known here, or no name.

    """
    kind, _, suffix = ecosystem.partition(":")
    kind = kind.strip().lower()
    if not name.strip() or len(name) > _LONGEST:
        raise Invalid(f"a package of {ecosystem[:40]!r} without a name, or with an endless one")
    if kind in _LANGUAGES:
        type_, divide = _LANGUAGES[kind]
        return _named(type_, *divide(name.strip())), ""
    if kind in _DISTRIBUTIONS:
        type_, namespace = _DISTRIBUTIONS[kind]
        return purl.package(type_, namespace, name.strip()), _stream(namespace or type_, suffix)
    if kind in _REBUILDERS and suffix:
        inner, stream = package(suffix, name)
        return inner, f"{kind.partition(' ')[0]}:{stream}"
    if kind == "git":
        return _repository(name), ""
    raise Invalid(f"{ecosystem[:60]!r} is not an ecosystem that is known here")


def _named(type_: str, namespace: str, name: str) -> str:
    """By the rules of the type that need no more than the name."""
    if type_ in ("hackage", "pub", "hex"):
        parts = purl.build(type_, (namespace, name))
        return parts.package
    return purl.package(type_, namespace, name)


def _repository(address: str) -> str:
    namespace, name = _url(address)
    host, _, owner = namespace.partition("/")
    if host.lower() in ("github.com", "www.github.com"):
        return purl.package("github", owner, name)
    return purl.package("git", namespace, name)


def _stream(distribution: str, suffix: str) -> str:
    """The suffix in the one spelling of `streams`."""
    if not suffix:
        return ""
    if distribution == "redhat":
        return _red_hat(suffix)
    if distribution == "ubuntu":
        return _ubuntu(suffix)
    if distribution in ("suse", "opensuse"):
        return streams.service_pack(suffix)
    return streams.of_release(distribution, suffix)


def _red_hat(suffix: str) -> str:
    """A CPE without its beginning: the major release, or the product that has none."""
    product, _, rest = suffix.partition(":")
    enterprise = _EL.search(rest)
    if enterprise:
        return enterprise[1]
    version = rest.partition(":")[0]
    if product.startswith(("enterprise_linux", "rhel_")):
        return streams.of_release("redhat", version)
    return f"{product}:{version}" if version else product


def _ubuntu(suffix: str) -> str:
    """FIPS and real-time builds order their versions apart; plain Pro ones do not."""
    match = _UBUNTU.match(suffix)
    if match is None:
        return streams.of_release("ubuntu", suffix)
    variant = (match["variant"] or "").lower()
    return f"{variant}:{match['release']}" if variant else match["release"]


_WORDS = {
    "bioconductor": "Bioconductor",
    "bitnami": "Bitnami",
    "cargo": "crates.io",
    "composer": "Packagist",
    "conan": "ConanCenter",
    "cran": "CRAN",
    "gem": "RubyGems",
    "github": "GitHub Actions",
    "golang": "Go",
    "hackage": "Hackage",
    "hex": "Hex",
    "julia": "Julia",
    "linux": "Linux",
    "maven": "Maven",
    "npm": "npm",
    "nuget": "NuGet",
    "opam": "opam",
    "pub": "Pub",
    "pypi": "PyPI",
    "swift": "SwiftURL",
    "vscode-extension": "VSCode",
}
"""Ecosystem of each type of package URL, in the spelling of the OSV schema."""

_DISTRIBUTION_WORDS = {
    "almalinux": "AlmaLinux",
    "alpaquita": "Alpaquita",
    "alpine": "Alpine",
    "android": "Android",
    "azure-linux": "Azure Linux",
    "bellsoft-hardened-containers": "BellSoft Hardened Containers",
    "chainguard": "Chainguard",
    "cleanstart": "CleanStart",
    "debian": "Debian",
    "echo": "Echo",
    "freebsd": "FreeBSD",
    "mageia": "Mageia",
    "minimos": "MinimOS",
    "openeuler": "openEuler",
    "opensuse": "openSUSE",
    "photon": "Photon OS",
    "redhat": "Red Hat",
    "rocky": "Rocky Linux",
    "suse": "SUSE",
    "ubuntu": "Ubuntu",
    "wolfi": "Wolfi",
}


@lru_cache(1 << 13)
def named(identity: str, stream: str = "") -> tuple[str, str] | None:
    """Ecosystem and name that mean a package and stream; None where OSV has no words for them.

    Law (round trip): `package(*named(p, s)) == (p, s)`.
    """
    type_, slash, rest = identity.removeprefix("pkg:").partition("/")
    if not slash or not identity.startswith("pkg:"):
        return None
    namespace, _, name = unquote(rest).rpartition("/")
    if type_ in _WORDS:
        joint = ":" if type_ == "maven" else "/"
        found = [(_WORDS[type_], f"{namespace}{joint}{name}" if namespace else name)]
    else:
        word = _DISTRIBUTION_WORDS.get(namespace or type_, "")
        suffixes = [f"enterprise_linux:{stream}", stream] if word == "Red Hat" else [stream]
        found = [(f"{word}:{suffix}" if stream else word, name) for suffix in suffixes if word]
    return next((one for one in found if _means(one, identity, stream)), None)


def _means(one: tuple[str, str], identity: str, stream: str) -> bool:
    try:
        return package(*one) == (identity, stream)
    except Invalid:
        return False
