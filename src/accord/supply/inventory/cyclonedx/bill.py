"""A CycloneDX document as a bill: what it describes, and every component that it holds.

Nested components and services count like the others. What a component descends from (pedigree)
does not. A component that names itself badly is kept by its name, with the complaint beside it.

Source: CycloneDX 1.7 (ECMA-424).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from accord.core.errors import Invalid, TooLarge
from accord.core.limits import LIMITS
from accord.core.reading import NotEvaluated, Reading, Refused
from accord.core.times import numbered, when
from accord.supply.inventory import facts
from accord.supply.inventory.cyclonedx import identify, json, xml
from accord.supply.inventory.cyclonedx.model import Bom, Component, Service
from accord.supply.products import identities

T = TypeVar("T")

_BOM_LINK = "urn:cdx:"
_BOM = b"\xef\xbb\xbf"


def read(data: bytes) -> Reading:
    """Bill and components of a CycloneDX document in JSON or XML.

    A document that is no bill (VEX, standard, attestation) gives a reading without facts; its
    vulnerabilities are for the reader of advisories. The product that a bill describes is a
    component too where it has an identity of its own.

    Raises:
        Invalid: the document as a whole breaks the schema; the place is a JSON pointer or a line.
        Unreadable: neither JSON nor XML, or unsafe.
        TooLarge: past a bound.

    """
    start = data[:64].removeprefix(_BOM).lstrip()
    is_xml = start.startswith((b"<", b"\xff\xfe", b"\xfe\xff"))
    return _Bill(xml.parse(data) if is_xml else json.parse(data)).reading


class _Bill:
    """A reading in the making."""

    def __init__(self, bom: Bom) -> None:
        self._bom = bom
        self._known: dict[str, facts.Component] = {}
        self._texts: dict[str, str] = {}
        self.reading = Reading(kind=bom.kind, subject="")
        created = self._created()
        if bom.serial:
            self.reading.subject = f"cyclonedx:{bom.serial}"
            self.reading.edition = numbered(bom.version)
        else:
            self.reading.edition = created
        self._system = identify.operating_system(self._operating_systems())
        self._read(created)

    def _read(self, created: str) -> None:
        bill = self._describe(created)
        self.reading.title = f"{bill.product} {bill.release}".strip()
        if self._bom.kind == "CycloneDX bill":
            self.reading.facts.append(bill)
        self._product()
        for place, component in self._kept(self._bom.components()):
            for inner, part in _flat(place, component):
                self._component(inner, part)
        for place, service in self._kept(self._bom.services()):
            for inner, offered in _flat_services(place, service):
                self._service(inner, offered)
        self._dependencies()
        if self._bom.kind != "CycloneDX bill":
            self.reading.facts.clear()
            self.reading.not_evaluated.clear()

    def _created(self) -> str:
        try:
            return when(self._bom.metadata.timestamp, "/metadata/timestamp")
        except Invalid as wrong:
            self._refuse(wrong.place, wrong.reason)
            return ""

    def _kept(self, items: Iterator[tuple[str, T | Invalid]]) -> Iterator[tuple[str, T]]:
        """The items that keep to the schema; each other one is refused by itself."""
        for place, item in items:
            if isinstance(item, Invalid):
                self._refuse(item.place, item.reason)
            else:
                yield place, item

    def _refuse(self, place: str, reason: str) -> None:
        self.reading.refused.append(Refused(place, reason))
        if len(self.reading.refused) > LIMITS.items:
            raise TooLarge(f"more than {LIMITS.items:,} faults", place)

    def _operating_systems(self) -> Iterator[Component]:
        if self._bom.metadata.component is not None:
            yield from (part for _, part in _flat("", self._bom.metadata.component))
        for place, component in self._bom.systems():
            if not isinstance(component, Invalid):
                yield from (part for _, part in _flat(place, component))

    def _describe(self, created: str) -> facts.Bill:
        metadata = self._bom.metadata
        product = metadata.component or Component(name="", type="application")
        makers = [product.supplier, metadata.supplier]
        makers += [product.manufacturer, metadata.manufacture]
        named = [maker.name for maker in makers if maker.name]
        return facts.Bill(
            format=f"CycloneDX {self._bom.spec} {self._bom.syntax}",
            id=self._bom.serial,
            product=product.name,
            release=product.version,
            supplier=(*named, product.publisher)[0],
            purl=product.purl,
            cpe=product.cpe,
            ref=product.ref,
            created=created,
            operating_system=self._system,
        )

    def _product(self) -> None:
        """The product and its parts; one that only a name speaks of is told by the bill alone."""
        product = self._bom.metadata.component
        if product is None:
            return
        at = f"line {product.line}" if self._bom.syntax == "XML" else "/metadata/component"
        for place, part in _flat(at, product):
            if part is not product or identify.names_itself(part):
                self._component(place, part)
            elif part.ref:
                named = facts.Component(part.ref, part.name, part.version, place=place)
                self._known[part.ref] = named

    def _component(self, place: str, component: Component) -> None:
        found, wrong = identify.component(component, self._system, place)
        supplier = component.supplier.name or component.publisher
        fact = facts.Component(
            ref=component.ref,
            name=component.name,
            version=component.version,
            purl=component.purl,
            cpe=component.cpe,
            supplier=self._texts.setdefault(supplier, supplier),
            kind=component.type,
            identities=found,
            place=place,
        )
        if self._is_new(fact):
            self.reading.refused += wrong
            self._add(fact, component.version_range)

    def _service(self, place: str, service: Service) -> None:
        fact = facts.Component(
            ref=service.ref,
            name=service.name,
            version=service.version,
            supplier=service.provider.name,
            kind="service",
            identities=identify.service(service),
            place=place,
        )
        if self._is_new(fact):
            self._add(fact)

    def _add(self, fact: facts.Component, version_range: str = "") -> None:
        self.reading.facts.append(fact)
        if len(self.reading.facts) > LIMITS.items:
            raise TooLarge(f"more than {LIMITS.items:,} components", fact.place)
        if not fact.identities:
            self._not_evaluated(fact, "no identity")
        elif not any(identity.version for identity in fact.identities):
            self._not_evaluated(fact, "version range" if version_range else "no version")
        elif identities.lack_release(fact.identities):
            self._not_evaluated(fact, "no release")

    def _not_evaluated(self, fact: facts.Component, reason: str) -> None:
        subject = f"{fact.name}@{fact.version}" if fact.version else fact.name
        self.reading.not_evaluated.append(NotEvaluated(fact.place, reason, subject))

    def _is_new(self, fact: facts.Component) -> bool:
        """Whether this stands here first; a reference stands once (CycloneDX, `bom-ref`).

        A second use is refused as a reference; what it names is kept unless it is the same again.
        """
        if not fact.ref:
            return True
        first = self._known.setdefault(fact.ref, fact)
        if first is fact:
            return True
        reason = f"{fact.ref[:120]!r} is already the reference of {first.place}"
        self._refuse(_under(fact.place, "bom-ref"), reason)
        return _key(first) != _key(fact)

    def _dependencies(self) -> None:
        for place, dependency in self._kept(self._bom.dependencies()):
            if not self._resolves(dependency.ref):
                self._dangling(_under(place, "ref"), dependency.ref)
            for name, refs in (
                ("dependsOn", dependency.depends_on),
                ("provides", dependency.provides),
            ):
                for index, ref in enumerate(refs):
                    if not self._resolves(ref):
                        self._dangling(_under(place, f"{name}/{index}"), ref)

    def _resolves(self, ref: str) -> bool:
        """Whether a reference is to this bill, or by a BOM-Link to another one."""
        return ref in self._known or ref.startswith(_BOM_LINK)

    def _dangling(self, place: str, ref: str) -> None:
        self._refuse(place, f'"{ref[:120]}" is not in this bill')


def _key(fact: facts.Component) -> tuple[str, str, str, str]:
    """What makes two entries under one reference the same."""
    return fact.name, fact.version, fact.purl, fact.cpe


def _under(place: str, step: str) -> str:
    """A place within a place; lines of XML are not divided."""
    return f"{place}/{step}" if place.startswith("/") else place


def _flat(place: str, component: Component) -> Iterator[tuple[str, Component]]:
    """A component and all within it, in document order, without recursion."""
    waiting = [(place, component)]
    while waiting:
        here, part = waiting.pop()
        yield here, part
        for index in range(len(part.components) - 1, -1, -1):
            inner = part.components[index]
            waiting.append((_inner(here, "components", index, inner.line), inner))


def _flat_services(place: str, service: Service) -> Iterator[tuple[str, Service]]:
    waiting = [(place, service)]
    while waiting:
        here, part = waiting.pop()
        yield here, part
        for index in range(len(part.services) - 1, -1, -1):
            inner = part.services[index]
            waiting.append((_inner(here, "services", index, inner.line), inner))


def _inner(place: str, name: str, index: int, line: int) -> str:
    return f"{place}/{name}/{index}" if place.startswith("/") else f"line {line}"
