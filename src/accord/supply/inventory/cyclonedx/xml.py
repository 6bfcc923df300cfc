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
    components: list[Component] = []
    services: list[Service] = []
    dependencies: list[Dependency] = []
    vulnerabilities: list[Any] = []
    declarations: Any = None
    definitions: Any = None


def parse(data: bytes) -> Bom:
    """The document. Items are made as their elements end, and places are lines.

    Raises:
        Invalid: not a CycloneDX document by the schema.
        Unreadable: not XML, or with a document type declaration.
        TooLarge: past a bound.

    """
    root = xml.read(data, _GRAMMAR)
    spec = root.namespace.removeprefix(_NAMESPACE)
    if root.name != "bom" or spec not in SPECS:
        name = f"<{root.name}> of {root.namespace or 'no namespace'}"
        raise Invalid(f"{name[:90]} where <bom> of {_NAMESPACE}1.x is expected", "line 1")
    found = _convert(_Document, root.value, 1)
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
        components=lambda: _each(found.components),
        services=lambda: _each(found.services),
        dependencies=lambda: _each(found.dependencies),
        systems=lambda: _each(found.components),
    )


def _each(items: list[Item]) -> Iterator[tuple[str, Item]]:
    for item in items:
        yield f"line {item.line}", item


def _convert(kind: type[T], value: dict[str, Any], line: int) -> T:
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as wrong:
        reason, _, path = str(wrong).partition(" - at `$")
        where = f" ({path.strip('.`')})" if path.strip("`") else ""
        raise Invalid(f"{reason}{where}", f"line {line}") from wrong


def _component(value: dict[str, Any], line: int) -> Component:
    return _convert(Component, {**value, "@line": line}, line)


def _service(value: dict[str, Any], line: int) -> Service:
    return _convert(Service, {**value, "@line": line}, line)


def _dependency(value: dict[str, Any], line: int) -> Dependency:
    """Both what is depended on and what depends are `<dependency ref>`, one within the other."""
    for name in ("dependsOn", "provides"):
        if name in value:
            value[name] = [inner.ref for inner in value[name]]
    return _convert(Dependency, {**value, "@line": line}, line)


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
            "property", "declarations", "definitions",
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
)  # fmt: skip
