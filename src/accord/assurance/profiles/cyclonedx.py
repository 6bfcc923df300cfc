"""CycloneDX bills, 1.0 to 1.7, as they are scored: what both syntaxes have in common.

The product that a bill describes is a component like the others. Services are not components, and
neither is what a component descends from (pedigree).

Source: CycloneDX 1.7 (ECMA-424); BSI's property taxonomy for CycloneDX, for its names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from accord.assurance.profiles.bill import Agent, Bill, Component, Edges, Hash, Licence, kept
from accord.assurance.profiles.said import Said

_ORIGINS = frozenset(
    {"vcs", "distribution", "distribution-intake", "source-distribution", "website"}
)
_SOURCES = frozenset({"source-distribution", "vcs"})
_DEPLOYABLES = frozenset({"distribution", "distribution-intake"})
_ADVICE = frozenset({"advisories", "vulnerability-assertion", "exploitability-statement"})
_NOT_COMPLETE = ("incomplete", "unknown", "not_specified")


class Contact(msgspec.Struct, frozen=True, gc=False):
    """A person."""

    name: str = ""
    email: str = ""


class Organisation(msgspec.Struct, frozen=True, gc=False):
    """An organisation, with whoever speaks for it."""

    name: str = ""
    url: list[str] = []
    contact: list[Contact] = []

    def contacts(self) -> tuple[str, ...]:
        """Every address at which it can be asked."""
        return (*self.url, *(person.email for person in self.contact if person.email))


class _Digest(msgspec.Struct, frozen=True, gc=False):
    alg: str = ""
    content: str = ""


class _Licence(msgspec.Struct, frozen=True, gc=False):
    id: str = ""
    name: str = ""
    acknowledgement: str = ""


class _Choice(msgspec.Struct, frozen=True, gc=False):
    license: _Licence = _Licence()
    expression: str = ""
    acknowledgement: str = ""


class _Reference(msgspec.Struct, frozen=True, gc=False):
    type: str = ""
    url: str | list[str] = ""
    hashes: list[_Digest] = []


class _Property(msgspec.Struct, frozen=True, gc=False):
    name: str = ""
    value: str = ""


class _Swid(msgspec.Struct, frozen=True, gc=False):
    tag: str = msgspec.field(name="tagId", default="")


class _Release(msgspec.Struct, frozen=True, gc=False):
    timestamp: str = ""


class _Patch(msgspec.Struct, frozen=True, gc=False):
    type: str = ""


class _Pedigree(msgspec.Struct, frozen=True, gc=False):
    patches: list[_Patch] = []


class Item(msgspec.Struct, frozen=True, gc=False):
    """A component as the format has it."""

    name: str = ""
    ref: str = msgspec.field(name="bom-ref", default="")
    version: str = ""
    publisher: str = ""
    author: str = ""
    authors: list[Contact] = []
    supplier: Organisation = Organisation()
    manufacturer: Organisation = Organisation()
    description: str = ""
    licenses: list[_Choice] = []
    hashes: list[_Digest] = []
    purl: str = ""
    cpe: str = ""
    swid: _Swid = _Swid()
    swhid: list[str] = []
    omnibor: list[str] = msgspec.field(name="omniborId", default=[])
    references: list[_Reference] = msgspec.field(name="externalReferences", default=[])
    release: _Release = msgspec.field(name="releaseNotes", default=_Release())
    pedigree: _Pedigree = _Pedigree()
    properties: list[_Property] = []
    components: list[Item] = []


class Dependency(msgspec.Struct, frozen=True, gc=False):
    """What one component depends on, or provides."""

    ref: str
    on: list[str] = msgspec.field(name="dependsOn", default=[])
    provides: list[str] = []


class Composition(msgspec.Struct, frozen=True, gc=False):
    """How complete a part of the bill is."""

    aggregate: str = ""
    assemblies: list[str] = []
    dependencies: list[str] = []


class _Affected(msgspec.Struct, frozen=True, gc=False):
    ref: str = ""


class Vulnerability(msgspec.Struct, frozen=True, gc=False):
    """What is vulnerable."""

    affects: list[_Affected] = []


class _Tool(msgspec.Struct, frozen=True, gc=False):
    name: str = ""
    vendor: str = ""


class _Tools(msgspec.Struct, frozen=True, gc=False):
    tool: list[_Tool] = []
    components: list[_Tool] = []
    services: list[_Tool] = []


class _Lifecycle(msgspec.Struct, frozen=True, gc=False):
    phase: str = ""
    name: str = ""


class Metadata(msgspec.Struct, frozen=True, gc=False):
    """What the bill says of itself and its product."""

    timestamp: str = ""
    lifecycles: list[_Lifecycle] = []
    tools: _Tools | list[_Tool] = []
    authors: list[Contact] = []
    manufacturer: Organisation = Organisation()
    """Who made the bill (1.6)."""
    manufacture: Organisation = Organisation()
    """Who made the product (until 1.5)."""
    supplier: Organisation = Organisation()
    """Who supplies the product."""


def component(
    item: Item, place: str, *, is_product: bool = False, is_within: bool = False
) -> Component:
    """A component in the common shape; those within it are left to whoever walks them."""
    links: dict[str, list[str]] = {}
    deployable: list[_Digest] = []
    source: list[_Digest] = []
    for reference in item.references:
        urls = reference.url if isinstance(reference.url, list) else [reference.url]
        links.setdefault(reference.type, []).extend(urls)
        if reference.hashes and reference.type in _DEPLOYABLES:
            deployable += reference.hashes
        elif reference.hashes and reference.type in _SOURCES:
            source += reference.hashes
    makers = (item.manufacturer.name, item.author, *(one.name for one in item.authors))
    addresses = (one.email for one in item.authors if one.email)
    return Component(
        place=place,
        ref=item.ref,
        is_product=is_product,
        name=item.name,
        version=item.version,
        suppliers=_some(item.supplier.name, item.publisher, item.manufacturer.name),
        makers=_some(*makers),
        contacts=(*item.manufacturer.contacts(), *item.supplier.contacts(), *addresses),
        description=item.description,
        licences=tuple(_licence(choice) for choice in item.licenses),
        hashes=_hashes(item.hashes),
        identifiers=_some(item.purl, item.cpe, item.swid.tag, *item.swhid, *item.omnibor),
        origins=_some(item.purl, *_links(links, _ORIGINS)),
        deployables=_links(links, _DEPLOYABLES),
        deployable_hashes=_hashes(deployable),
        sources=_links(links, _SOURCES),
        source_hashes=_hashes(source),
        security_texts=_links(links, frozenset({"rfc-9116"})),
        advice=_links(links, _ADVICE),
        released=item.release.timestamp,
        patches=tuple(patch.type for patch in item.pedigree.patches),
        properties=kept((one.name, one.value) for one in item.properties),
        is_within=is_within,
        has_within=bool(item.components),
    )


def _some(*texts: str) -> tuple[str, ...]:
    return tuple(text for text in texts if text)


def _links(links: dict[str, list[str]], kinds: frozenset[str]) -> tuple[str, ...]:
    return tuple(url for kind in links if kind in kinds for url in links[kind])


def _hashes(digests: Iterable[_Digest]) -> tuple[Hash, ...]:
    return tuple(Hash(one.alg, one.content) for one in digests)


def _licence(choice: _Choice) -> Licence:
    if choice.expression:
        return Licence(choice.expression, choice.acknowledgement)
    licence = choice.license
    return Licence(licence.id or licence.name, licence.acknowledgement, is_named=not licence.id)


def with_product(found: Component, metadata: Metadata) -> Component:
    """The product, with what the bill says of its makers beside it."""
    beside = (metadata.supplier, metadata.manufacture)
    names = _some(*(one.name for one in beside))
    contacts = tuple(address for one in beside for address in one.contacts())
    return msgspec.structs.replace(
        found, suppliers=(*found.suppliers, *names), contacts=(*found.contacts, *contacts)
    )


def edges(
    dependencies: Iterable[Dependency],
    compositions: Iterable[Composition],
    vulnerabilities: Iterable[Vulnerability],
) -> Edges:
    """What the bill says of how its components depend on one another.

    An entry without targets says that there is nothing to depend on, unless a composition says
    that this is not all, or not known.
    """
    found = Edges()
    empty: set[str] = set()
    for dependency in dependencies:
        if dependency.on or dependency.provides:
            found.tell(dependency.ref, Said.STATED)
            found.related.add(dependency.ref)
            found.related.update(dependency.on, dependency.provides)
        else:
            empty.add(dependency.ref)
    for composition in compositions:
        how = Said.UNKNOWN if composition.aggregate.startswith(_NOT_COMPLETE) else Said.STATED
        if not composition.aggregate:
            how = Said.MISSING
        for ref in (*composition.dependencies, *composition.assemblies):
            found.complete[ref] = Said.STATED if composition.aggregate else Said.MISSING
        for ref in composition.dependencies:
            found.tell(ref, how)
            if how is Said.UNKNOWN:
                empty.discard(ref)
    for ref in empty:
        found.tell(ref, Said.STATED)
    for vulnerability in vulnerabilities:
        found.vulnerable.update(affected.ref for affected in vulnerability.affects)
    return found


def bill(
    metadata: Metadata, product: Component | None, syntax: str, spec: str, serial: str
) -> Bill:
    """The bill's own fields; edges and components are for the syntax to give."""
    tools = metadata.tools
    listed = tools if isinstance(tools, list) else [*tools.tool, *tools.components, *tools.services]
    people = [Agent(one.name, _some(one.email)) for one in metadata.authors]
    maker = metadata.manufacturer
    if maker != Organisation():
        people.append(Agent(maker.name, maker.contacts()))
    return Bill(
        format="CycloneDX",
        spec=spec,
        syntax=syntax,
        product=product.name if product else "",
        release=product.version if product else "",
        identifier=serial,
        authors=tuple(people),
        tools=tuple(tool.name for tool in listed),
        timestamp=metadata.timestamp,
        contexts=tuple(one.phase or one.name for one in metadata.lifecycles),
        edges=Edges(),
        components=_nothing,
    )


def _nothing() -> Iterator[Component]:
    return iter(())


def flat(item: Item, place: str, *, is_product: bool = False) -> Iterator[Component]:
    """A component of the JSON form and all within it, in document order, without recursion."""
    waiting: list[tuple[Item, str, bool]] = [(item, place, False)]
    while waiting:
        here, where, is_within = waiting.pop()
        yield component(here, where, is_product=is_product and here is item, is_within=is_within)
        inner: list[Any] = [
            (one, f"{where}/components/{index}", True) for index, one in enumerate(here.components)
        ]
        waiting.extend(reversed(inner))
