"""Under which names advisories may speak of what a CycloneDX bill holds.

A package URL or CPE name comes first. Where a component has neither, the names of those who
made it are put before its own; what follows from a name alone is a candidate.

Source: CycloneDX 1.7, `component.purl`, `.cpe`, `.evidence.identity`, `.publisher`, `.supplier`,
`.manufacturer`; the property taxonomies of Syft (`syft:`) and Trivy (`aquasecurity:trivy:`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from accord.core.errors import Invalid
from accord.core.reading import Refused
from accord.supply.inventory.cyclonedx.model import Component, Evidence, Service
from accord.supply.products import identities
from accord.supply.products.identity import Identity

_NAMELESS = frozenset({"file", "data", "cryptographic-asset"})
"""Kinds whose name is a path or an algorithm, of which no advisory speaks."""

_SOURCES = (
    "syft:metadata:sourceRpm", "syft:metadata:source", "syft:metadata:originPackage",
    "aquasecurity:trivy:SrcName",
)  # fmt: skip
_SOURCE_VERSION = "syft:metadata:sourceVersion"
_TRIVY = "aquasecurity:trivy:Src"
_CPE = "syft:cpe23"
_DISTRIBUTION = "syft:distro:id"
_RELEASE = "syft:distro:versionID"

_SPELLED_OUT = (("red hat enterprise linux", "rhel"), ("alpine linux", "alpine"))


def component(
    found: Component, operating_system: str, place: str
) -> tuple[tuple[Identity, ...], list[Refused]]:
    """Identities of a component, with a complaint for each of its names that is invalid."""
    names: dict[Identity, None] = {}
    refused: list[Refused] = []
    for step, text in _stated(found):
        try:
            given = (
                identities.of_purl(text, operating_system)
                if step.endswith("purl")
                else identities.of_cpe(text)
            )
        except Invalid as wrong:
            refused.append(Refused(f"{place}/{step}" if place[0] == "/" else place, wrong.reason))
            continue
        names.update(dict.fromkeys(given))
    if not names:
        names.update(dict.fromkeys(_by_name(found)))
    return _with_version(tuple(names), found.version), refused


def names_itself(found: Component) -> bool:
    """Whether a product has a name by which it can be told from others of that name."""
    return bool(found.purl or found.cpe or any(_makers(found)))


def service(found: Service) -> tuple[Identity, ...]:
    """Identities of a service: only ever candidates by name."""
    makers = [maker for maker in (found.provider.name, found.group) if maker] or [""]
    names = (identities.of_name(maker, found.name, found.version) for maker in makers)
    return tuple(dict.fromkeys(identity for each in names for identity in each))


def operating_system(components: Iterable[Component]) -> str:
    """`debian-11`: the distribution that a bill names; empty where it names none, or several."""
    systems = {_system(found) for found in components if found.type == "operating-system"}
    systems.discard("")
    return systems.pop() if len(systems) == 1 else ""


def _system(found: Component) -> str:
    properties = {item.name: item.value for item in found.properties}
    name = (properties.get(_DISTRIBUTION) or found.name).strip().lower()
    version = (properties.get(_RELEASE) or found.version).strip().lower()
    for long, short in _SPELLED_OUT:
        name = short if name == long else name
    if not name or not version or " " in name:
        return ""
    return f"{name}-{version.partition(' ')[0]}"


def _stated(found: Component) -> Iterator[tuple[str, str]]:
    """Package URLs and CPE names that the component states, each with its step below it."""
    has_source = identities.names_source(found.purl)
    if found.purl:
        yield "purl", found.purl if has_source else _with_source(found)
    if found.cpe:
        yield "cpe", found.cpe
    if not has_source:
        for index, item in enumerate(found.properties):
            if item.name == _CPE and item.value != found.cpe:
                yield f"properties/{index}/cpe", item.value
    yield from _concluded(found)


def _concluded(found: Component) -> Iterator[tuple[str, str]]:
    identity = found.evidence.identity
    if not identity:
        return
    for index, item in enumerate([identity] if isinstance(identity, Evidence) else identity):
        known = found.purl if item.field == "purl" else found.cpe
        if item.field in ("purl", "cpe") and item.value not in ("", known):
            yield f"evidence/identity/{index}/{item.field}", item.value


def _with_source(found: Component) -> str:
    """The package URL with the source package that is noted beside it, as `upstream`."""
    if not found.properties:
        return found.purl
    properties = {item.name: item.value for item in found.properties}
    source = next((properties[name] for name in _SOURCES if properties.get(name)), "")
    if not source:
        return found.purl
    version = properties.get(_SOURCE_VERSION) or _by_trivy(properties)
    return identities.with_source(found.purl, source, version)


def _by_trivy(properties: dict[str, str]) -> str:
    """The version of the source package, of which Trivy notes the parts."""
    version, release = (properties.get(f"{_TRIVY}{part}", "") for part in ("Version", "Release"))
    epoch = properties.get(f"{_TRIVY}Epoch", "0")
    if not version:
        return ""
    return (f"{epoch}:" if epoch != "0" else "") + version + (f"-{release}" if release else "")


def _makers(found: Component) -> tuple[str, ...]:
    makers = (found.supplier.name, found.manufacturer.name, found.group, found.publisher)
    return tuple(dict.fromkeys(maker for maker in makers if maker))


def _by_name(found: Component) -> Iterator[Identity]:
    if found.type in _NAMELESS:
        return
    for maker in _makers(found) or ("",):
        yield from identities.of_name(maker, found.name, found.version)


def _with_version(names: tuple[Identity, ...], version: str) -> tuple[Identity, ...]:
    """A name that leaves its version open is of the component's version."""
    if not version or "" not in [name.version for name in names]:
        return names
    full = (
        name if name.version else msgspec.structs.replace(name, version=version) for name in names
    )
    return tuple(dict.fromkeys(full))
