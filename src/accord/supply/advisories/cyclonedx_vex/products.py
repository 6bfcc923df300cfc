"""How a statement names what it speaks of: package URL, CPE name, name by maker, BOM-Link.

A product limited to one version is written as its kind does: `pkg:npm/a@1`, `name:acme/a@1`,
`cpe:2.3:a:acme:a:1`. One limited to a range of versions is the product without its version and
the range behind `#`: `pkg:npm/a#vers:npm/<2`. A BOM-Link is limited in the second way only.

Source: CycloneDX 1.7 (ECMA-424), `bom-ref` and BOM-Link; VERS for ranges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from accord.core.errors import Invalid
from accord.supply.advisories.cyclonedx_vex.model import Bom, Component, Service, Version
from accord.supply.products import cpe, names, purl

BOM_LINK = "urn:cdx:"
"""What a BOM-Link begins with."""

_SPECIAL = re.compile(r"([^\w.-])")
_ESCAPED = r"\\\1"
_LIMITS = {"unaffected": "not_affected", "unknown": "under_investigation"}


def limited(form: str, versions: list[Version]) -> Iterator[tuple[str, str]]:
    """Status and product for each version to which a statement limits a product.

    What an entry itself says goes before the analysis; the status is empty where it says nothing.
    """
    for item in versions:
        status = _LIMITS.get(item.status, item.status)
        if item.range:
            yield status, f"{_whole(form)}#{item.range}"
        elif form.startswith(BOM_LINK):
            yield status, f"{form}#vers:generic/{quote(item.version, safe='')}"
        else:
            yield status, _of_version(form, item.version)


def _whole(form: str) -> str:
    """A product without its version: the package of a package URL, CPE name or name."""
    if form.startswith("pkg:"):
        return purl.parse(form).package
    if form.startswith("cpe:"):
        return f"cpe:2.3:{cpe.parse(form).package.removeprefix('cpe:')}"
    return form if form.startswith(BOM_LINK) else form.rpartition("@")[0] or form


def _of_version(form: str, version: str) -> str:
    """A product in one version, in the notation of its kind."""
    whole = _whole(form)
    if form.startswith("pkg:"):
        return f"{whole}@{quote(version, safe=':')}"
    if form.startswith("cpe:"):
        return f"{whole}:{_SPECIAL.sub(_ESCAPED, version)}"
    return f"{whole}@{version}"


def by_reference(bom: Bom) -> dict[str, tuple[str, ...]]:
    """Every component and service of the document by its reference; the first of a name counts."""
    found: dict[str, tuple[str, ...]] = {}
    waiting: list[Component | Service] = [*bom.services[::-1], *bom.components[::-1]]
    if bom.metadata.component is not None:
        waiting.append(bom.metadata.component)
    while waiting:
        part = waiting.pop()
        waiting += (part.components if isinstance(part, Component) else part.services)[::-1]
        if part.ref:
            found.setdefault(part.ref, forms(part))
    return found


def forms(part: Component | Service) -> tuple[str, ...]:
    """Package URL and CPE name, or else the name by its maker."""
    if isinstance(part, Service):
        return _named((part.provider.name, part.group), part)
    given = [part.purl] if part.purl and is_purl(part.purl) else []
    given += [part.cpe] if part.cpe and _is_cpe(part.cpe) else []
    makers = (part.supplier.name or part.publisher, part.manufacturer.name, part.group)
    return tuple(given) or _named(makers, part)


def _named(makers: tuple[str, ...], part: Component | Service) -> tuple[str, ...]:
    """The name by each of its makers, as inventories put it."""
    known = (names.package(maker, part.name) for maker in filter(None, makers))
    found = [name for name in known if name] or [names.package("", part.name)]
    version = f"@{part.version}" if part.version else ""
    return tuple(dict.fromkeys(f"{name}{version}" for name in found if name))


def is_purl(text: str) -> bool:
    """Whether a text is a package URL."""
    try:
        purl.parse(text)
    except Invalid:
        return False
    return True


def _is_cpe(text: str) -> bool:
    try:
        return bool(cpe.parse(text).package)
    except Invalid:
        return False
