"""Every name under which advisories may speak of a component or product.

Debian, Ubuntu and Alpine advisories name source packages, Red Hat ones both source and binary;
a bill names the binary package and, in `upstream`, its source. An advisory that names no release
speaks of all of them, so what has a stream is also known without one.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from urllib.parse import quote

from accord.supply.products import cpe, names, purl, purltypes, streams
from accord.supply.products.identity import Identity

_SOURCE = ("upstream", "source_name", "source", "sourcerpm", "origin")
_SOURCE_VERSION = ("source_version", "sourceversion")
_FLAGS = frozenset({"true", "false"})
"""`source=true` says that a package is a source package, not which one."""
_CACHED = 1 << 16
_DIVIDED = ("pkg:apk/", "pkg:deb/", "pkg:rpm/")


@lru_cache(_CACHED)
def of_purl(text: str, operating_system: str = "") -> tuple[Identity, ...]:
    """Identities of what a package URL names, the one with a stream before the one without.

    `operating_system` (`debian-11`) helps where the package URL does not say its release.

    Raises:
        Invalid: not a package URL.

    """
    found = purl.parse(text)
    if found.type == "rpm":
        return _streamed(_rpm(found), _rpm_stream(found, operating_system))
    if found.type in ("deb", "apk"):
        return _streamed(_source(found), _stream(found, operating_system))
    return (Identity(found.package, found.version),)


@lru_cache(_CACHED)
def of_cpe(text: str) -> tuple[Identity, ...]:
    """The identity that a CPE name gives; none where vendor or product is left open.

    Raises:
        Invalid: not a CPE name.

    """
    found = cpe.parse(text)
    return (Identity(found.package, found.release),) if found.package else ()


def names_source(text: str) -> bool:
    """Whether a package URL says itself what it is built from."""
    return "upstream=" in text or "source_name=" in text


def with_source(text: str, name: str, version: str = "") -> str:
    """A package URL with the source package that a bill notes beside it, as `upstream`."""
    upstream = quote(f"{name}@{version}" if version else name, safe="")
    start, hash_sign, subpath = text.partition("#")
    joint = "&" if "?" in start else "?"
    return f"{start}{joint}upstream={upstream}{hash_sign}{subpath}"


def lack_release(names: Collection[Identity]) -> bool:
    """Whether these are of a distribution that is divided into releases, and none says which.

    Advisories of such a distribution speak of its releases, so that hardly any could match.
    """
    all_ = [name.package for name in names if not name.stream]
    divided = [one for one in all_ if one.startswith(_DIVIDED)]
    return bool(divided) and not (
        any(name.stream for name in names)
        or all(streams.is_rolling(one.split("/")[1]) for one in divided)
    )


def of_name(supplier: str, product: str, version: str) -> tuple[Identity, ...]:
    """The candidate by name, and the CPE packages that are reviewed for that name."""
    name = names.package(supplier, product)
    if not name:
        return ()
    return tuple(Identity(package, version) for package in (name, *names.reviewed(name)))


def _streamed(packages: list[tuple[str, str]], stream: str) -> tuple[Identity, ...]:
    """Each package with its stream, then each without."""
    divided = [Identity(name, version, stream) for name, version in packages] if stream else []
    return (*divided, *(Identity(name, version) for name, version in packages))


def _source(found: purl.Purl) -> list[tuple[str, str]]:
    """The source package: `upstream=openssl@3.0.1-1`, or `upstream=openssl` of one version."""
    own = _with_epoch(found.qualifier("epoch"), found.version)
    name, _, version = _upstream(found).partition("@")
    if not name:
        return [(found.package, own)]
    package = purl.package(found.type, found.namespace, name.lower())
    return [(package, version or found.qualifier(*_SOURCE_VERSION) or own)]


def _upstream(found: purl.Purl) -> str:
    """What the qualifiers say of the source package; empty where they say nothing."""
    text = found.qualifier(*_SOURCE)
    return "" if text.lower() in _FLAGS else text


def _rpm(found: purl.Purl) -> list[tuple[str, str]]:
    """The binary package, and the source package where `upstream` tells it."""
    epoch = found.qualifier("epoch")
    own = (found.package, _with_epoch(epoch, found.version))
    name, version = _source_rpm(_upstream(found))
    if not name:
        return [own]
    source = purl.package("rpm", found.namespace, name)
    version = version or found.qualifier(*_SOURCE_VERSION) or found.version
    both = [own, (source, _with_epoch(epoch, version))]
    return list(dict.fromkeys(both))


def _source_rpm(upstream: str) -> tuple[str, str]:
    """Name and version of `openssl-3.0.7-18.el9.src.rpm`, or of `openssl@3.0.7-18.el9`."""
    if not upstream.endswith(".rpm"):
        name, _, version = upstream.partition("@")
        return name, version
    stem = upstream.removesuffix(".rpm").removesuffix(".src").removesuffix(".nosrc")
    rest, _, release = stem.rpartition("-")
    name, _, version = rest.rpartition("-")
    return (name, f"{version}-{release}") if name else ("", "")


def _with_epoch(epoch: str, version: str) -> str:
    if not epoch or epoch == "0" or not version or ":" in version:
        return version
    return f"{epoch}:{version}"


def _stream(found: purl.Purl, operating_system: str) -> str:
    """The release by the package URL's own word, else by the system around it."""
    vendor = purltypes.vendor(found.namespace)
    distro = found.qualifier("distro", "distro_name")
    if distro:
        named, stream = streams.of_system(distro, vendor)
        return stream if named == vendor else ""
    named, stream = streams.of_system(operating_system) if operating_system else ("", "")
    return stream if named == vendor else ""


def _rpm_stream(found: purl.Purl, operating_system: str) -> str:
    vendor = purltypes.vendor(found.namespace)
    stream = streams.of_release_tag(vendor, found.version) or _stream(found, operating_system)
    return streams.with_module(stream, found.qualifier("rpmmod", "modularitylabel"))
