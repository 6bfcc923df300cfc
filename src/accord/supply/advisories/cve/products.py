"""Under which names an entry of `affected` speaks of a product.

Source: CVE Record Format 5.1, `product`: `collectionURL` and `packageName`, `packageURL` (5.2),
`cpes`, `vendor` and `product`.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from accord.core.errors import Invalid
from accord.supply.advisories.cve.spans import Version
from accord.supply.products import cpe, ecosystems, identities, names, purl

_REGISTRIES = {
    "cran": "CRAN", "crates": "crates.io", "go": "Go", "golang": "Go", "hackage": "Hackage",
    "hex": "Hex", "maven": "Maven", "mvnrepository": "Maven", "npmjs": "npm", "nuget": "NuGet",
    "packagist": "Packagist", "pub": "Pub", "pypi": "PyPI", "rubygems": "RubyGems",
    "sonatype": "Maven",
}  # fmt: skip
"""Registries by the one label of their hosts' names that is theirs alone."""
_DISTRIBUTIONS = {
    "https://access.redhat.com/downloads/content/package-browser": ("rpm", "redhat"),
    "https://packages.fedoraproject.org": ("rpm", "fedora"),
    "https://launchpad.net/ubuntu": ("deb", "ubuntu"),
}
_GO_ITSELF = {"go standard library": "stdlib", "go toolchain": "toolchain"}
_RED_HAT = "red hat"


class Product(msgspec.Struct, frozen=True, rename="camel"):
    """One entry of `affected`."""

    vendor: str | None = None
    product: str | None = None
    collection_url: str | None = msgspec.field(name="collectionURL", default=None)
    package_name: str | None = None
    package_url: str | None = msgspec.field(name="packageURL", default=None)
    cpes: list[str] | None = None
    default_status: str | None = None
    versions: list[Version] | None = None

    @property
    def title(self) -> str:
        """What the entry is about, for a person."""
        name = self.package_name or self.product or ""
        return f"{self.vendor or ''} {name}".strip()


class Target(msgspec.Struct, frozen=True):
    """One name, and the versions to which the name itself is limited."""

    package: str
    stream: str = ""
    own: tuple[str, ...] = ()


def targets(product: Product) -> tuple[list[Target], list[str]]:
    """Every name of the product, and what is wrong with those names that could not be read.

    An entry of a distribution speaks of its package and nothing else: its CPE names and its
    product are the distribution's, its versions are the package's.
    """
    packaged = _distributed(product)
    if packaged:
        return packaged, []
    found: dict[str, list[str] | None] = {}
    wrong: list[str] = []
    _registered(product, found, wrong)
    # Red Hat names the platform in `product` and `cpes`, and gives the package's versions.
    foreign = _foreign(product)
    if not (foreign and product.versions):
        _by_cpe(product.cpes or (), found, wrong)
    name = product.package_name if foreign else product.product
    candidate = names.package(product.vendor or "", name or "")
    if candidate:
        found[candidate] = None
    own = {package: tuple(dict.fromkeys(versions or ())) for package, versions in found.items()}
    return [Target(package, "", versions) for package, versions in own.items()], wrong


def _foreign(product: Product) -> bool:
    return bool(product.package_name) and (product.vendor or "").strip().lower() == _RED_HAT


def _distributed(product: Product) -> list[Target]:
    url, name = product.collection_url or "", product.package_name or ""
    # Modules stand as `postgresql:13/postgresql`: stream before the slash.
    name = name.rpartition("/")[2]
    if not url or not name:
        return []
    for prefix, (type_, namespace) in _DISTRIBUTIONS.items():
        if url.startswith(prefix):
            package = purl.package(type_, namespace, name)
            streams = _red_hat_streams(product, name) if namespace == "redhat" else {}
            return [Target(package, stream) for stream in streams or {"": None}]
    return []


def _red_hat_streams(product: Product, name: str) -> dict[str, None]:
    """The releases that the CPE names give (`cpe:/o:redhat:enterprise_linux:8::baseos`)."""
    found: dict[str, None] = {}
    for text in product.cpes or ():
        _, vendor, suffix = text.partition(":redhat:")
        if vendor:
            found[ecosystems.package(f"Red Hat:{suffix}", name)[1]] = None
    return found


def _registered(product: Product, found: dict[str, list[str] | None], wrong: list[str]) -> None:
    """Package URL, or registry and name in it."""
    name = (product.package_name or "").strip()
    try:
        if product.package_url:
            found[identities.of_purl(product.package_url)[0].package] = None
        ecosystem = _ecosystem(product.collection_url or "")
        if name and (ecosystem != "Maven" or ":" in name) and ecosystem:
            if ecosystem == "Go":
                name = _GO_ITSELF.get((product.vendor or "").strip().lower(), name)
            found[ecosystems.package(ecosystem, name)[0]] = None
    except Invalid as problem:
        wrong.append(problem.reason)


def _ecosystem(url: str) -> str:
    try:
        host = urlsplit(url.strip()).hostname or ""
    except ValueError:
        return ""
    labels = host.split(".")[:-1]
    return next((_REGISTRIES[label] for label in labels if label in _REGISTRIES), "")


def _by_cpe(
    texts: list[str] | tuple[()], found: dict[str, list[str] | None], wrong: list[str]
) -> None:
    """CPE packages with the versions in their names; one name without a version stands for all."""
    for text in texts:
        try:
            name = cpe.parse(text)
        except Invalid as problem:
            wrong.append(problem.reason)
            continue
        if not name.package:
            continue
        known = found.setdefault(name.package, [])
        if not name.release:
            found[name.package] = None
        elif known is not None:
            known.append(name.release)
