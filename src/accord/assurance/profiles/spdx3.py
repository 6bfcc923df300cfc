"""SPDX 3 bills as they are scored: one graph of elements that name each other.

Source: SPDX 3.0.1, profiles Core, Software, SimpleLicensing and Extension, and its serialisation
in JSON-LD, whose context fixes the compact names used here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec

from accord.assurance.profiles.bill import Agent, Bill, Component, Edges, Hash, Licence, kept
from accord.assurance.profiles.said import Said
from accord.core import json
from accord.core.errors import Invalid, TooLarge
from accord.core.limits import LIMITS
from accord.core.reading import Refused

_CONTEXT = "https://spdx.org/rdf/3.0"
_PACKAGES = frozenset({"software_Package", "ai_AIPackage", "dataset_DatasetPackage"})
_COLLECTIONS = frozenset({"SpdxDocument", "software_Sbom", "Bom", "Bundle"})
_AGENTS = frozenset({"Agent", "Organization", "Person", "SoftwareAgent", "Tool"})
_NONE = ("NoneElement", "NoneLicense")
_NO_ASSERTION = ("NoAssertionElement", "NoAssertionLicense")
_HOLDS = frozenset(
    {
        "dependsOn", "contains", "hasStaticLink", "hasDynamicLink", "hasPrerequisite",
        "hasOptionalComponent", "hasOptionalDependency", "hasProvidedDependency",
        "descendantOf", "packagedBy",
    }
)  # fmt: skip
_LICENSED = {"hasDeclaredLicense": "declared", "hasConcludedLicense": "concluded"}
_FILES = "hasDistributionArtifact"
_IDENTIFIERS = frozenset({"packageUrl", "packageURL", "cpe22", "cpe23", "swid", "swhid", "gitoid"})
_CONTACTS = frozenset({"email", "urlScheme"})
_COMPLETENESS = frozenset({"complete", "incomplete", "noAssertion"})
_ORIGINS = frozenset(
    {"vcs", "altDownloadLocation", "binaryArtifact", "sourceArtifact", "altWebPage"}
)
_ADVICE = frozenset({"securityAdvisory", "vulnerabilityDisclosureReport",
                     "vulnerabilityExploitabilityAssessment"})  # fmt: skip


class _Identifier(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    external_identifier_type: str = ""
    identifier: str = ""


class _Reference(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    external_ref_type: str = ""
    locator: str | list[str] = []


class _Hash(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    algorithm: str = ""
    hash_value: str = ""


class _Pair(msgspec.Struct, frozen=True, gc=False):
    name: str = msgspec.field(name="extension_cdxPropName", default="")
    value: str = msgspec.field(name="extension_cdxPropValue", default="")


class _Extension(msgspec.Struct, frozen=True, gc=False):
    pairs: list[_Pair] = msgspec.field(name="extension_cdxProperty", default=[])


class _Element(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Any element of the graph; the fields of other classes stay empty."""

    type: str = ""
    spdx_id: str = ""
    id: str = msgspec.field(name="@id", default="")
    name: str = ""
    description: str = ""
    summary: str = ""
    comment: str = ""
    created: str = ""
    created_by: Any = None
    created_using: Any = None
    spec_version: str = ""
    creation_info: Any = None
    root_element: Any = None
    relationship_type: str = ""
    source: Any = msgspec.field(name="from", default=None)
    to: Any = None
    completeness: str = ""
    supplied_by: Any = None
    originated_by: Any = None
    release_time: str = ""
    valid_until_time: str = ""
    external_identifier: list[_Identifier] = []
    external_ref: list[_Reference] = []
    verified_using: list[_Hash] = []
    extension: list[_Extension] = []
    version: str = msgspec.field(name="software_packageVersion", default="")
    url: str = msgspec.field(name="software_packageUrl", default="")
    download: str = msgspec.field(name="software_downloadLocation", default="")
    home: str = msgspec.field(name="software_homePage", default="")
    source_info: str = msgspec.field(name="software_sourceInfo", default="")
    purpose: str = msgspec.field(name="software_primaryPurpose", default="")
    purposes: list[str] = msgspec.field(name="software_additionalPurpose", default=[])
    sbom_type: list[str] = msgspec.field(name="software_sbomType", default=[])
    expression: str = msgspec.field(name="simplelicensing_licenseExpression", default="")


class _Graph(msgspec.Struct, frozen=True):
    elements: list[msgspec.Raw] = msgspec.field(name="@graph")
    context: Any = msgspec.field(name="@context", default=None)


_ELEMENT = msgspec.json.Decoder(_Element)
_Packages = list[tuple[str, msgspec.Raw]]


class _Read:
    """A first walk over the graph: all but the packages, which are only counted."""

    def __init__(self) -> None:
        self.named: dict[str, _Element] = {}
        """Agents, files, licences, collections and how they were made."""
        self.packages: _Packages = []
        self.package_ids: set[str] = set()
        self.links: list[_Element] = []
        self.licences: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self.files: dict[str, list[str]] = defaultdict(list)
        self.vulnerable: set[str] = set()
        self.has_vulnerabilities = False
        self.refused: list[Refused] = []

    def take(self, place: str, raw: msgspec.Raw) -> None:
        try:
            element = _ELEMENT.decode(raw)
        except msgspec.ValidationError as wrong:
            self.refused.append(Refused(place, str(wrong)))
            if any(kind.encode() in bytes(raw) for kind in _PACKAGES):
                self.packages.append((place, msgspec.Raw(b"{}")))
            return
        except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
            raise json.unreadable(wrong) from wrong
        if element.type in _PACKAGES:
            self.packages.append((place, raw))
            self.package_ids.add(element.spdx_id)
        elif element.relationship_type:
            self._link(element)
        else:
            self.has_vulnerabilities |= element.type == "security_Vulnerability"
            self.named[element.spdx_id or element.id] = element

    def _link(self, link: _Element) -> None:
        kind = link.relationship_type
        if kind in _LICENSED:
            for source in _texts(link.source):
                self.licences[source] += [(to, _LICENSED[kind]) for to in _texts(link.to)]
        elif kind == _FILES:
            for source in _texts(link.source):
                self.files[source] += _texts(link.to)
        elif kind in _HOLDS or kind == "describes":
            self.links.append(link)
        elif kind in ("hasAssociatedVulnerability", "affects", "doesNotAffect"):
            self.vulnerable.update((*_texts(link.source), *_texts(link.to)))


def read(data: bytes) -> Bill:
    """An SPDX 3 document in JSON-LD.

    Raises:
        Invalid: not a graph in the context of SPDX 3.
        Unreadable: not JSON.
        TooLarge: past a bound.

    """
    graph = json.decode_as(_Graph, data)
    if not any(name.startswith(_CONTEXT) for name in _texts(graph.context)):
        raise Invalid(f"another context than that of SPDX 3 ({_CONTEXT}...)", "/@context")
    if len(graph.elements) > LIMITS.items:
        raise TooLarge(f"more than {LIMITS.items:,} elements", "/@graph")
    found = _Read()
    for index, raw in enumerate(graph.elements):
        found.take(f"/@graph/{index}", raw)
    heads = [one for one in found.named.values() if one.type in _COLLECTIONS]
    head = next((one for one in heads if one.type == "SpdxDocument"), (*heads, _Element())[0])
    made = _creation(head, found)
    described = _described(heads, found)
    product = described if described in found.package_ids else ""
    return Bill(
        format="SPDX",
        spec=made.spec_version or "3.0",
        syntax="JSON-LD",
        product=head.name,
        identifier=head.spdx_id,
        authors=tuple(
            Agent(one.name, _contacts(one))
            for one in _agents(made.created_by, found)
            if one.type not in ("Tool", "SoftwareAgent")
        ),
        tools=tuple(
            one.name
            for one in (*_agents(made.created_using, found), *_agents(made.created_by, found))
            if one.type in ("Tool", "SoftwareAgent")
        ),
        timestamp=made.created,
        contexts=tuple(kind for one in heads for kind in one.sbom_type),
        has_vulnerabilities=found.has_vulnerabilities,
        edges=_edges(found),
        components=lambda: _walk(found, product),
        refused=found.refused,
    )


def _creation(head: _Element, found: _Read) -> _Element:
    if isinstance(head.creation_info, str):
        return found.named.get(head.creation_info, _Element())
    try:
        return msgspec.convert(head.creation_info or {}, _Element)
    except msgspec.ValidationError as wrong:
        raise Invalid(str(wrong), "creationInfo") from wrong


def _described(heads: list[_Element], found: _Read) -> str:
    """The one package that the bill is about; empty where there are several or none."""
    collections = {head.spdx_id for head in heads}
    roots = {name for head in heads for name in _texts(head.root_element)}
    for link in found.links:
        if link.relationship_type == "describes" and collections & set(_texts(link.source)):
            roots.update(_texts(link.to))
    packages = roots & found.package_ids
    return next(iter(packages)) if len(packages) == 1 else ""


def _agents(value: Any, found: _Read) -> Iterator[_Element]:  # noqa: ANN401 - names of elements
    for name in _texts(value):
        element = found.named.get(name)
        if element is not None and element.type in _AGENTS:
            yield element


def _contacts(agent: _Element) -> tuple[str, ...]:
    return tuple(
        one.identifier
        for one in agent.external_identifier
        if one.external_identifier_type in _CONTACTS
    )


def _edges(found: _Read) -> Edges:
    made = Edges(vulnerable=found.vulnerable)
    for link in found.links:
        if link.relationship_type == "describes":
            continue
        targets = _texts(link.to)
        known = [name for name in targets if name in found.package_ids]
        for source in _texts(link.source):
            if known:
                made.tell(source, Said.STATED)
                made.related.update((source, *known))
            elif any(name.endswith(_NONE) for name in targets):
                made.tell(source, Said.STATED)
            elif any(name.endswith(_NO_ASSERTION) for name in targets):
                made.tell(source, Said.UNKNOWN)
            if link.completeness in _COMPLETENESS:
                made.complete[source] = Said.STATED
    return made


def _walk(found: _Read, product: str) -> Iterator[Component]:
    for place, raw in found.packages:
        element = _ELEMENT.decode(raw)
        yield _component(element, place, found, is_product=element.spdx_id == product != "")


def _component(element: _Element, place: str, found: _Read, *, is_product: bool) -> Component:
    supplied = list(_agents(element.supplied_by, found))
    originated = list(_agents(element.originated_by, found))
    artefacts = [found.named[name] for name in found.files[element.spdx_id] if name in found.named]
    links = _links(element)
    for artefact in artefacts:
        for kind, urls in _links(artefact).items():
            links.setdefault(kind, []).extend(urls)
    purposes = {element.purpose}.union(*(one.purposes for one in (element, *artefacts)))
    return Component(
        place=place,
        ref=element.spdx_id,
        is_product=is_product,
        name=element.name,
        version=element.version,
        suppliers=tuple(one.name for one in supplied),
        makers=tuple(one.name for one in originated),
        contacts=tuple(address for one in (*originated, *supplied) for address in _contacts(one)),
        description=element.description or element.summary,
        licences=tuple(_licence(*one, found) for one in found.licences[element.spdx_id]),
        hashes=_hashes(element),
        identifiers=_some(
            element.url,
            *(
                one.identifier
                for one in element.external_identifier
                if one.external_identifier_type in _IDENTIFIERS
            ),
        ),
        origins=_some(
            element.download, element.home, element.source_info, element.url,
            *(url for kind in _ORIGINS for url in links.get(kind, ())),
        ),
        deployables=_some(element.download, *links.get("binaryArtifact", ())),
        deployable_hashes=tuple(one for artefact in artefacts for one in _hashes(artefact)),
        sources=_some(*links.get("sourceArtifact", ()), *links.get("vcs", ())),
        security_texts=tuple(links.get("securityOther", ())),
        advice=tuple(url for kind in _ADVICE for url in links.get(kind, ())),
        filename=next((one.name for one in artefacts if one.name), ""),
        released=element.release_time,
        ends=element.valid_until_time,
        comments=_some(element.comment),
        purposes=tuple(sorted(filter(None, purposes))),
        properties=kept((pair.name, pair.value) for one in element.extension for pair in one.pairs),
    )  # fmt: skip


def _links(element: _Element) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for reference in element.external_ref:
        kind = reference.external_ref_type
        found.setdefault(kind[:1].lower() + kind[1:], []).extend(_texts(reference.locator))
    return found


def _hashes(element: _Element) -> tuple[Hash, ...]:
    return tuple(Hash(one.algorithm, one.hash_value) for one in element.verified_using)


def _licence(name: str, standing: str, found: _Read) -> Licence:
    """An expression, or one of the licences that SPDX lists by their addresses."""
    if name.endswith(_NONE):
        return Licence("NONE", standing)
    if name.endswith(_NO_ASSERTION):
        return Licence("NOASSERTION", standing)
    element = found.named.get(name)
    if element is not None:
        text = element.expression or element.name
        return Licence(text, standing, is_named=not element.expression)
    return Licence(name.rpartition("/")[2], standing)


def _some(*texts: str) -> tuple[str, ...]:
    return tuple(text for text in texts if text)


def _texts(value: Any) -> list[str]:  # noqa: ANN401 - JSON-LD writes one entry without a list
    listed = value if isinstance(value, list) else [value]
    return [text for text in listed if isinstance(text, str)]
