"""SPDX 3.0 as JSON-LD: one graph of elements that name each other by their identifiers.

Source: SPDX 3.0.1, profiles Core and Software, and the serialisation in JSON-LD (annex on
serialization information), whose context fixes the compact names used here.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Any

import msgspec

from accord.core import json
from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.limits import LIMITS
from accord.core.reading import Reading, Refused
from accord.supply.inventory.spdx.bills import Places, reading
from accord.supply.inventory.spdx.document import CreationInfo, Document, ExternalRef, Package

_CONTEXT = "https://spdx.org/rdf/3.0"
_PACKAGES = frozenset({"software_Package", "ai_AIPackage", "dataset_DatasetPackage"})
_COLLECTIONS = frozenset({"SpdxDocument", "software_Sbom", "Bom", "Bundle"})
_REFERENCES = {
    "packageUrl": "purl",
    "packageURL": "purl",
    "cpe22": "cpe22Type",
    "cpe23": "cpe23Type",
}
_ALONE = -1
"""In place of an index, for an element that is not in a graph."""
_UPPER = re.compile(r"(?<=[a-z])(?=[A-Z])")


class _Identifier(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    external_identifier_type: str = ""
    identifier: str = ""


class _Element(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Any element of the graph; the fields of other classes stay empty."""

    type: str = ""
    spdx_id: str = ""
    id: str = msgspec.field(default="", name="@id")
    name: str = ""
    created: str = ""
    spec_version: str = ""
    creation_info: Any = None
    package_version: str = msgspec.field(default="", name="software_packageVersion")
    package_url: str = msgspec.field(default="", name="software_packageUrl")
    primary_purpose: str = msgspec.field(default="", name="software_primaryPurpose")
    external_identifier: tuple[_Identifier, ...] = ()
    supplied_by: Any = None
    originated_by: Any = None
    root_element: Any = None
    relationship_type: str = ""
    source: Any = msgspec.field(default=None, name="from")
    to: Any = None


class _Graph(msgspec.Struct, frozen=True):
    elements: tuple[_Element, ...] = msgspec.field(name="@graph")
    context: Any = msgspec.field(default=None, name="@context")


_Elements = list[tuple[int, _Element]]
"""Elements with their places in the graph."""


def read_jsonld(data: bytes) -> Reading:
    """An SPDX 3.0 document in JSON-LD.

    Raises:
        Invalid: not a graph in the context of SPDX 3.0, or several documents in one.
        Unreadable: not JSON.
        TooLarge: past a bound.

    """
    refused: list[Refused] = []
    elements = _elements(data, refused)
    if len(elements) > LIMITS.items:
        raise TooLarge(f"{len(elements):,} elements; the limit is {LIMITS.items:,}")
    document, indices, version = _document(elements, refused)
    made = reading(document, f"SPDX {version} JSON-LD", _places(indices))
    made.refused[:0] = refused
    return made


def _elements(data: bytes, refused: list[Refused]) -> _Elements:
    """All elements at once; one by one only where one does not fit."""
    try:
        graph = json.decode_as(_Graph, data)
    except (Unreadable, TooLarge):
        raise
    except Invalid as wrong:
        value = json.decode(data)
        if not wrong.place and "@graph" not in value:
            return [(_ALONE, _lone(value))]
        return _piecewise(value, refused)
    _check(graph.context)
    return list(enumerate(graph.elements))


def _lone(value: dict[str, Any]) -> _Element:
    """The one element of a document without a graph, as the JSON schema of SPDX 3 allows."""
    if "type" not in value:
        raise Invalid("no `@graph`; an SPDX 3 document is expected")
    _check(value.get("@context"))
    try:
        return msgspec.convert(value, _Element)
    except msgspec.ValidationError as wrong:
        raise Invalid(str(wrong)) from wrong


def _check(context: Any) -> None:  # noqa: ANN401 - a context may be anything
    if not any(isinstance(name, str) and name.startswith(_CONTEXT) for name in _listed(context)):
        raise Invalid(f"another context than that of SPDX 3 ({_CONTEXT}...)", "/@context")


def _piecewise(value: Any, refused: list[Refused]) -> _Elements:  # noqa: ANN401 - any document
    graph = value.get("@graph") if isinstance(value, dict) else None
    if not isinstance(graph, list):
        raise Invalid("a list is expected", "/@graph")
    _check(value.get("@context"))
    elements: _Elements = []
    for index, entry in enumerate(graph):
        try:
            elements.append((index, msgspec.convert(entry, _Element)))
        except msgspec.ValidationError as wrong:
            refused.append(Refused(f"/@graph/{index}", str(wrong)))
    return elements


def _document(elements: _Elements, refused: list[Refused]) -> tuple[Document, list[int], str]:
    """The graph in the terms of SPDX 2, the places of its packages, and its version."""
    named = {element.spdx_id or element.id: element for _, element in elements}
    head = _head(elements)
    made = _creation(head, named)
    packages, indices = [], []
    for index, element in elements:
        if element.type not in _PACKAGES:
            continue
        if element.spdx_id and element.name:
            packages.append(_package(element, named))
            indices.append(index)
        else:
            reason = "a package without `spdxId` or `name`"
            refused.append(Refused("" if index == _ALONE else f"/@graph/{index}", reason))
    document = Document(
        name=head.name,
        document_namespace=head.spdx_id,
        creation_info=CreationInfo(made.created),
        document_describes=tuple(_described(head, elements, named)),
        packages=tuple(packages),
    )
    return document, indices, made.spec_version or "3.0"


def _head(elements: _Elements) -> _Element:
    """The document, else its first bill of materials, else nothing that has a name."""
    documents = [index for index, element in elements if element.type == "SpdxDocument"]
    if len(documents) > 1:
        raise Invalid("a second SpdxDocument in one graph", f"/@graph/{documents[1]}")
    for kind in ("SpdxDocument", "software_Sbom"):
        for _, element in elements:
            if element.type == kind:
                return element
    return _Element()


def _creation(head: _Element, named: dict[str, _Element]) -> _Element:
    if isinstance(head.creation_info, str):
        return named.get(head.creation_info, _Element())
    try:
        return msgspec.convert(head.creation_info or {}, _Element)
    except msgspec.ValidationError as wrong:
        raise Invalid(f"{wrong}", "creationInfo") from wrong


def _described(head: _Element, elements: _Elements, named: dict[str, _Element]) -> list[str]:
    """Packages that the document's roots are or hold, then those that it is said to describe."""
    waiting, seen = deque(_texts(head.root_element)), {head.spdx_id}
    for _, element in elements:
        if element.relationship_type == "describes" and head.spdx_id in _texts(element.source):
            waiting.extend(_texts(element.to))
    found = []
    while waiting:
        name = waiting.popleft()
        element = named.get(name, _Element())
        if name in seen:
            continue
        seen.add(name)
        if element.type in _PACKAGES:
            found.append(name)
        elif element.type in _COLLECTIONS:
            waiting.extend(_texts(element.root_element))
    return found


def _package(element: _Element, named: dict[str, _Element]) -> Package:
    refs = [ExternalRef("purl", element.package_url)] if element.package_url else []
    refs.extend(
        ExternalRef(_REFERENCES[known.external_identifier_type], known.identifier)
        for known in element.external_identifier
        if known.external_identifier_type in _REFERENCES and known.identifier
    )
    makers = [
        named[name].name
        for name in _texts(element.supplied_by) + _texts(element.originated_by)
        if name in named
    ]
    return Package(
        id=element.spdx_id,
        name=element.name,
        version_info=element.package_version,
        supplier=next(filter(None, makers), ""),
        primary_package_purpose=_UPPER.sub("-", element.primary_purpose).upper(),
        external_refs=tuple(dict.fromkeys(refs)),
    )


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - JSON-LD writes one entry without a list
    return value if isinstance(value, list) else [value]


def _texts(value: Any) -> list[str]:  # noqa: ANN401 - as `_listed`
    return [text for text in _listed(value) if isinstance(text, str)]


def _places(indices: list[int]) -> Places:
    def place(index: int) -> str:
        return "" if indices[index] == _ALONE else f"/@graph/{indices[index]}"

    return Places(
        package=place,
        reference=lambda index, _: place(index),
        relationship=lambda index: f"relationship {index}",
        described=lambda index: f"described {index}",
        created="creationInfo",
    )
