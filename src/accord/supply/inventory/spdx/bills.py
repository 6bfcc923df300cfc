"""From the fields of an SPDX document to facts, whatever it was written in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import msgspec

from accord.core.errors import Invalid, TooLarge
from accord.core.limits import LIMITS
from accord.core.reading import NotEvaluated, Reading, Refused
from accord.core.times import when
from accord.supply.inventory.facts import Bill, Component
from accord.supply.inventory.spdx.document import (
    RELATIONSHIPS,
    Document,
    ExternalRef,
    Package,
    Relationship,
)
from accord.supply.products import identities
from accord.supply.products.identity import Identity

_DOCUMENT = "SPDXRef-DOCUMENT"
_NOBODY = frozenset({"", "NOASSERTION", "NONE"})
_ANYWHERE = ("DocumentRef-", "NOASSERTION", "NONE", _DOCUMENT)
_AGENT = re.compile(r"^(?:Organization|Person|Tool):\s*", re.IGNORECASE)
_MAIL = {")": "(", ">": "<"}
"""How an address after a name ends, and begins."""
_BUILT = re.compile(r"built package from: (\S+)(?: (\S+))?")
"""How Trivy notes a source package in `sourceInfo`."""
_DISTRO = re.compile(r"[?&]distro=([^&#]+)")


class Places(msgspec.Struct, frozen=True):
    """Where the entries of a document stand, in its own serialisation."""

    package: Callable[[int], str]
    reference: Callable[[int, int], str]
    relationship: Callable[[int], str]
    described: Callable[[int], str]
    created: str


POINTERS = Places(
    package=lambda index: f"/packages/{index}",
    reference=lambda index, ref: f"/packages/{index}/externalRefs/{ref}",
    relationship=lambda index: f"/relationships/{index}",
    described=lambda index: f"/documentDescribes/{index}",
    created="/creationInfo/created",
)
"""JSON pointers, for JSON and YAML."""


def reading_of_2(document: Document, serialisation: str, places: Places = POINTERS) -> Reading:
    """The facts of an SPDX 2 document, and an account of its entries that gave none.

    Raises:
        Invalid: not SPDX 2, or without the namespace that tells documents apart.
        TooLarge: more entries than a list may have.

    """
    return reading(document, f"SPDX {_version(document)} {serialisation}", places)


def reading(document: Document, format_: str, places: Places) -> Reading:
    """The facts of a document in the terms of SPDX 2, whichever version it was written in.

    Raises:
        TooLarge: more entries than a list may have.

    """
    _check_size(document)
    subject = f"spdx:{document.document_namespace}" if document.document_namespace else ""
    made = Reading("SPDX bill", subject, title=document.name)
    made.edition = _created(document, places, made)
    packages = _packages(document, places, made)
    described = _described(document, packages, places, made)
    system = _operating_system(packages)
    made.facts.append(_bill(document, format_, described, system))
    for index, package in packages.values():
        made.facts.append(_component(index, package, system, places, made))
    return made


def _version(document: Document) -> str:
    version = document.spdx_version.strip().removeprefix("SPDX-")
    if not version:
        raise Invalid("`spdxVersion` is missing; SPDX 2 is expected, its names as it writes them")
    if version.partition(".")[0] != "2":
        raise Invalid(f"version {document.spdx_version[:40]!r}; SPDX-2.2 or SPDX-2.3 is expected")
    if not document.document_namespace:
        raise Invalid("`documentNamespace` is missing; it tells one document from another")
    return version


def _check_size(document: Document) -> None:
    for entries in (document.packages, document.files, document.relationships):
        if entries and len(entries) > LIMITS.items:
            raise TooLarge(f"{len(entries):,} entries in one list; the limit is {LIMITS.items:,}")


def _created(document: Document, places: Places, made: Reading) -> str:
    try:
        return when(document.creation_info.created)
    except Invalid as wrong:
        made.refused.append(Refused(places.created, wrong.reason))
        return ""


def _packages(document: Document, places: Places, made: Reading) -> dict[str, tuple[int, Package]]:
    """Packages by identifier; of two with one identifier the first counts (section 7.2)."""
    packages: dict[str, tuple[int, Package]] = {}
    for index, package in enumerate(document.packages or ()):
        if package is None:
            continue
        if package.id in packages:
            reason = f"the identifier {package.id[:80]!r} stands twice"
            made.refused.append(Refused(places.package(index), reason))
        else:
            packages[package.id] = (index, package)
    return packages


def _described(
    document: Document, packages: dict[str, tuple[int, Package]], places: Places, made: Reading
) -> Package | None:
    """The first package that the document says it describes; broken references are refused."""
    known = _elements(document, packages)
    names: list[str] = []
    for index, name in enumerate(document.document_describes or ()):
        if name not in known and not name.startswith(_ANYWHERE):
            reason = f"describes {name[:80]!r}, which is not in the document"
            made.refused.append(Refused(places.described(index), reason))
        names.append(name)
    for index, relation in enumerate(document.relationships or ()):
        if relation is None:
            continue
        wrong = _wrong(relation, known)
        if wrong:
            made.refused.append(Refused(places.relationship(index), wrong))
        else:
            names.extend(_describes(relation))
    return next((packages[name][1] for name in names if name in packages), None)


def _elements(document: Document, packages: dict[str, tuple[int, Package]]) -> set[str]:
    known = set(packages)
    for entries in (document.files, document.snippets):
        known.update(entry.id for entry in entries or () if entry)
    return known


def _wrong(relation: Relationship, known: set[str]) -> str:
    """What is wrong with a relationship, or empty text."""
    if relation.relationship_type not in RELATIONSHIPS:
        return f"{relation.relationship_type[:60]!r} is not a kind of relationship"
    for name in (relation.spdx_element_id, relation.related_spdx_element):
        if name not in known and not name.startswith(_ANYWHERE):
            return f"names {name[:80]!r}, which is not in the document"
    return ""


def _describes(relation: Relationship) -> tuple[str, ...]:
    if relation.relationship_type == "DESCRIBES" and relation.spdx_element_id == _DOCUMENT:
        return (relation.related_spdx_element,)
    if relation.relationship_type == "DESCRIBED_BY" and relation.related_spdx_element == _DOCUMENT:
        return (relation.spdx_element_id,)
    return ()


def _operating_system(packages: dict[str, tuple[int, Package]]) -> str:
    """By the package whose purpose that is, else by the one `distro` of all package URLs."""
    distros: set[str] = set()
    for _, package in packages.values():
        if package.primary_package_purpose == "OPERATING-SYSTEM":
            return f"{package.name}-{package.version_info or ''}".rstrip("-").lower()
        for ref in package.external_refs or ():
            if ref.reference_type == "purl":
                distros.update(_DISTRO.findall(ref.reference_locator))
    return distros.pop() if len(distros) == 1 else ""


def _bill(document: Document, format_: str, product: Package | None, system: str) -> Bill:
    bill = Bill(
        format=format_,
        id=document.document_namespace,
        product=product.name if product else "",
        created=_quietly(document.creation_info.created),
        operating_system=system,
    )
    if product is None:
        return bill
    return msgspec.structs.replace(
        bill,
        release=_said(product.version_info),
        supplier=agent(product),
        purl=_first(product, "purl"),
        cpe=_first(product, "cpe23Type", "cpe22Type"),
    )


def _quietly(date: str) -> str:
    """A date that was already reported where it is none."""
    try:
        return when(date)
    except Invalid:
        return ""


def _component(
    index: int, package: Package, system: str, places: Places, made: Reading
) -> Component:
    """One component; a reference that cannot be read is refused and the component kept."""
    version, supplier = _said(package.version_info), agent(package)
    found: dict[Identity, None] = {}
    for place, ref in enumerate(package.external_refs or ()):
        try:
            found.update(
                dict.fromkeys(_identities(ref.reference_type, _located(package, ref), system))
            )
        except Invalid as wrong:
            made.refused.append(Refused(places.reference(index, place), wrong.reason))
    if not found:
        found.update(dict.fromkeys(identities.of_name(supplier, package.name, version)))
    component = Component(
        ref=package.id,
        name=package.name,
        version=version,
        purl=_first(package, "purl"),
        cpe=_first(package, "cpe23Type", "cpe22Type"),
        supplier=supplier,
        kind=(package.primary_package_purpose or "").lower(),
        identities=_with_version(found, version),
        place=places.package(index),
    )
    _account(component, made)
    return component


def _located(package: Package, ref: ExternalRef) -> str:
    """The locator; a package URL with the source package of which Trivy's remark tells."""
    text = ref.reference_locator
    told = _BUILT.fullmatch((package.source_info or "").strip())
    if told is None or ref.reference_type != "purl" or identities.names_source(text):
        return text
    return identities.with_source(text, told[1], told[2] or "")


def _with_version(found: Iterable[Identity], version: str) -> tuple[Identity, ...]:
    """The package's own version where its other names give none."""
    if not version:
        return tuple(found)
    dated = (one if one.version else msgspec.structs.replace(one, version=version) for one in found)
    return tuple(dict.fromkeys(dated))


def _account(component: Component, made: Reading) -> None:
    """Say why a component cannot be matched: no name, no version, or of no known release."""
    named = component.purl or component.cpe or component.supplier
    if not (named and component.identities):
        reason = "no identity"
    elif not any(identity.version for identity in component.identities):
        reason = "no version"
    elif identities.lack_release(component.identities):
        reason = "no release"
    else:
        return
    made.not_evaluated.append(NotEvaluated(component.place, reason, component.name))


def _identities(kind: str, locator: str, system: str) -> tuple[Identity, ...]:
    if kind == "purl":
        return identities.of_purl(locator, system)
    if kind in ("cpe23Type", "cpe22Type"):
        return identities.of_cpe(locator)
    return ()


def _first(package: Package, *kinds: str) -> str:
    """The first locator of the first of these kinds that there is."""
    for ref in package.external_refs or ():
        if ref.reference_type in kinds:
            return ref.reference_locator
    return ""


def _said(text: str | None) -> str:
    return "" if text is None or text in _NOBODY else text


def agent(package: Package) -> str:
    """Who supplies a package, else who made it: `Organization: ACME (mail)` is `ACME`."""
    for text in (package.supplier, package.originator):
        name = _AGENT.sub("", text or "").strip()
        if name[-1:] in _MAIL:
            name = name.rpartition(_MAIL[name[-1]])[0].rstrip() or name
        if name not in _NOBODY:
            return name
    return ""
