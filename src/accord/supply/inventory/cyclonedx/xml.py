"""CycloneDX in XML, 1.0 to 1.7, brought to the shape of its JSON form.

Source: CycloneDX XML schemas 1.0 to 1.7. The namespace names the version.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from accord.core import xml
from accord.core.errors import Invalid
from accord.supply.inventory.cyclonedx.model import (
    Bom,
    Component,
    Dependency,
    Edition,
    Metadata,
    Service,
    kind,
    serial,
)

T = TypeVar("T")
Item = TypeVar("Item", Component, Service, Dependency)

SPECS = ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
"""Versions of the format that have an XML form."""

_NAMESPACE = "http://cyclonedx.org/schema/bom/"


class _Document(msgspec.Struct, frozen=True):
    """The root, with its attributes."""

    serial: str = msgspec.field(default="", name="serialNumber")
    version: Edition = 1
    metadata: Metadata = Metadata()
    components: list[Any] = []
    services: list[Any] = []
    dependencies: list[Any] = []
    vulnerabilities: list[Any] = []
    declarations: Any = None
    definitions: Any = None


def document(data: bytes, grammar: xml.Grammar) -> tuple[xml.Document, str]:
    """What a grammar reads of a document in XML, and the version of CycloneDX that it is of.

    Raises:
        Invalid: not a CycloneDX document by the schema.
        Unreadable: not XML, or with a document type declaration.
        TooLarge: past a bound.
    """
    root = xml.read(data, grammar)
    spec = root.namespace.removeprefix(_NAMESPACE)
    if root.name != "bom" or spec not in SPECS:
        name = f"<{root.name}> of {root.namespace or 'no namespace'}"
        raise Invalid(f"{name[:90]} where <bom> of {_NAMESPACE}1.x is expected", "line 1")
    return root, spec


def parse(data: bytes) -> Bom:
    """The document. Items are made as their elements end, and places are lines.

    An item that breaks the schema is refused by itself, unless it is what the bill describes.

    Raises:
        Invalid: not a CycloneDX document by the schema.
        Unreadable: not XML, or with a document type declaration.
        TooLarge: past a bound.

    """
    root, spec = document(data, _GRAMMAR)
    found = _document(root.value)
    return Bom(
        syntax="XML",
        spec=spec,
        serial=serial(found.serial, "line 1"),
        version=found.version,
        metadata=found.metadata,
        kind=kind(
            components=bool(found.components or found.services),
            vulnerabilities=bool(found.vulnerabilities),
            declarations=found.declarations is not None,
            definitions=found.definitions is not None,
        ),
        components=lambda: _each(Component, found.components),
        services=lambda: _each(Service, found.services),
        dependencies=lambda: _each(Dependency, found.dependencies),
        systems=lambda: _each(Component, found.components),
    )


def _each(kind: type[Item], items: list[Any]) -> Iterator[tuple[str, Item | Invalid]]:
    for item in items:
        if isinstance(item, Invalid):
            yield item.place, item
        elif isinstance(item, kind):
            yield f"line {item.line}", item
        else:
            line = f"line {getattr(item, 'line', 1)}"
            yield line, Invalid(f"not a {kind.__name__.lower()}", line)


def _convert(kind: type[T], value: dict[str, Any], line: int) -> T:
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as wrong:
        reason, _, path = str(wrong).partition(" - at `$")
        where = f" ({path.strip('.`')})" if path.strip("`") else ""
        raise Invalid(f"{reason}{where}", f"line {line}") from wrong


def _document(value: dict[str, Any]) -> _Document:
    product = value.get("metadata", {}).get("component")
    if isinstance(product, Invalid):
        raise product
    return _convert(_Document, value, 1)


def _item(kind: type[T], value: dict[str, Any], line: int) -> T | Invalid:
    """An item, or what is wrong with it or with the first bad one within it."""
    within = [*value.get("components", ()), *value.get("services", ())]
    bad = next((inner for inner in within if isinstance(inner, Invalid)), None)
    if bad is not None:
        return bad
    try:
        return _convert(kind, {**value, "@line": line}, line)
    except Invalid as wrong:
        return wrong


def _component(value: dict[str, Any], line: int) -> Component | Invalid:
    return _item(Component, value, line)


def _service(value: dict[str, Any], line: int) -> Service | Invalid:
    return _item(Service, value, line)


def _dependency(value: dict[str, Any], line: int) -> Dependency | Invalid:
    """Both what is depended on and what depends are `<dependency ref>`, one within the other."""
    for name in ("dependsOn", "provides"):
        inner = value.get(name, [])
        bad = next((one for one in inner if isinstance(one, Invalid)), None)
        if bad is not None:
            return bad
        if name in value:
            value[name] = [one.ref for one in inner]
    return _item(Dependency, value, line)


_GRAMMAR = xml.Grammar(
    texts=frozenset(
        {
            "timestamp", "name", "version", "versionRange", "group", "publisher", "purl", "cpe",
            "scope", "field", "concludedValue", "vulnerability",
        }
    ),
    objects=frozenset(
        {
            "metadata", "supplier", "manufacturer", "manufacture", "provider", "evidence",
            "property",
        }
    ),
    lists=frozenset({"components", "services", "dependencies", "properties", "vulnerabilities"}),
    repeated={"identity": "identity", "dependency": "dependsOn", "provides": "provides"},
    built={
        "component": _component,
        "service": _service,
        "dependency": _dependency,
        "provides": _dependency,
    },
    noticed=frozenset({"declarations", "definitions"}),
)  # fmt: skip
