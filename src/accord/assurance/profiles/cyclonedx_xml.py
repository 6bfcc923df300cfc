"""CycloneDX in XML, as it is scored, brought to the shape of its JSON form.

Source: CycloneDX XML schemas 1.0 to 1.7. The namespace names the version.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from accord.assurance.profiles import cyclonedx as cdx
from accord.assurance.profiles.bill import Bill, Component
from accord.core import xml
from accord.core.errors import Invalid
from accord.core.reading import Refused
from accord.supply.inventory.cyclonedx.xml import document

T = TypeVar("T")


class _Family(msgspec.Struct, frozen=True):
    """A component as its element ends, followed by those within it."""

    parts: tuple[Component, ...]
    refused: tuple[Refused, ...] = ()


def read(data: bytes) -> Bill:
    """A CycloneDX document in XML.

    Raises:
        Invalid: not a CycloneDX document by the schema.
        Unreadable: not XML, or with a document type declaration.
        TooLarge: past a bound.

    """
    root, spec = document(data, _GRAMMAR)
    value = root.value
    said = value.get("metadata", {})
    family = said.pop("component", None)
    metadata = _convert(cdx.Metadata, _with_tools(said))
    parts = list(family.parts) if isinstance(family, _Family) else []
    if parts:
        product = msgspec.structs.replace(parts[0], is_product=True)
        parts[0] = cdx.with_product(product, metadata)
    serial = value.get("serialNumber", "")
    made = cdx.bill(metadata, parts[0] if parts else None, "XML", spec, serial)
    made.refused = list(family.refused) if isinstance(family, _Family) else []
    vulnerabilities = _listed(value, "vulnerabilities")
    made.has_vulnerabilities = bool(vulnerabilities)
    made.edges = cdx.edges(
        _kept(cdx.Dependency, _listed(value, "dependencies"), made),
        _kept(cdx.Composition, _listed(value, "compositions"), made),
        _kept(cdx.Vulnerability, vulnerabilities, made),
    )
    made.components = lambda: _walk(parts, _listed(value, "components"), made)
    return made


def _walk(parts: list[Component], families: list[Any], made: Bill) -> Iterator[Component]:
    yield from parts
    for family in families:
        if isinstance(family, _Family):
            made.refused.extend(family.refused)
            yield from family.parts


def _listed(value: dict[str, Any], name: str) -> list[Any]:
    found = value.get(name, [])
    return found if isinstance(found, list) else []


def _kept(kind: type[T], items: Iterable[Any], made: Bill) -> Iterator[T]:
    for item in items:
        if isinstance(item, kind):
            yield item
        elif isinstance(item, Refused):
            made.refused.append(item)


def _convert(kind: type[T], value: dict[str, Any]) -> T:
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as wrong:
        raise Invalid(str(wrong), "metadata") from wrong


def _item(kind: type[T], value: dict[str, Any], line: int) -> T | Refused:
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as wrong:
        return Refused(f"line {line}", str(wrong))


def _with_tools(metadata: dict[str, Any]) -> dict[str, Any]:
    """Tools may be components, which are families by now."""
    tools = metadata.get("tools")
    if isinstance(tools, dict) and "components" in tools:
        names = [
            {"name": one.parts[0].name} for one in tools["components"] if isinstance(one, _Family)
        ]
        metadata["tools"] = {**tools, "components": names}
    return metadata


def _component(value: dict[str, Any], line: int) -> _Family:
    within = value.pop("components", None) or []
    inner = tuple(
        msgspec.structs.replace(part, is_within=True) if part is family.parts[0] else part
        for family in within
        if isinstance(family, _Family)
        for part in family.parts
    )
    refused = tuple(one for family in within for one in getattr(family, "refused", ()))
    item = _item(cdx.Item, value, line)
    if isinstance(item, Refused):
        return _Family((Component(place=item.place), *inner), (item, *refused))
    made = cdx.component(item, f"line {line}")
    if inner:
        made = msgspec.structs.replace(made, has_within=True)
    return _Family((made, *inner), refused)


def _dependency(value: dict[str, Any], line: int) -> cdx.Dependency | Refused:
    """What is depended on and what depends are both `<dependency ref>`, one within the other."""
    for name in ("dependsOn", "provides"):
        if name in value:
            value[name] = [one.ref for one in value[name] if isinstance(one, cdx.Dependency)]
    return _item(cdx.Dependency, value, line)


def _composition(value: dict[str, Any], line: int) -> cdx.Composition | Refused:
    refs = [one.ref for one in _listed(value, "dependencies") if isinstance(one, cdx.Dependency)]
    return _item(cdx.Composition, {**value, "dependencies": refs}, line)


def _vulnerability(value: dict[str, Any], line: int) -> cdx.Vulnerability | Refused:
    return _item(cdx.Vulnerability, value, line)


def _assembly(value: dict[str, Any], _: int) -> str:
    return str(value.get("ref", ""))


def _hash(value: dict[str, Any], _: int) -> dict[str, Any]:
    return {"alg": value.get("alg", ""), "content": value.get("value", "")}


def _license(value: dict[str, Any], _: int) -> dict[str, Any]:
    return {"license": value}


def _expression(value: dict[str, Any], _: int) -> dict[str, Any]:
    """Text, or since 1.7 an attribute with details below."""
    return {**value, "expression": value.get("expression", value.get("value", ""))}


_GRAMMAR = xml.Grammar(
    texts=frozenset(
        {
            "timestamp", "phase", "name", "email", "vendor", "version", "publisher", "author",
            "description", "id", "purl", "cpe", "swhid", "omniborId", "aggregate", "ref", "url",
        }
    ),
    objects=frozenset(
        {
            "metadata", "supplier", "manufacturer", "manufacture", "contact", "lifecycle",
            "tools", "tool", "service", "swid", "reference", "property", "releaseNotes",
            "pedigree", "patch", "target",
        }
    ),
    lists=frozenset(
        {
            "components", "services", "dependencies", "compositions", "vulnerabilities",
            "properties", "hashes", "licenses", "externalReferences", "lifecycles", "authors",
            "assemblies", "patches", "affects",
        }
    ),
    repeated={
        "tool": "tool", "url": "url", "contact": "contact", "swhid": "swhid",
        "omniborId": "omniborId", "dependency": "dependsOn", "provides": "provides",
    },
    built={
        "component": _component,
        "dependency": _dependency,
        "provides": _dependency,
        "composition": _composition,
        "vulnerability": _vulnerability,
        "assembly": _assembly,
        "hash": _hash,
        "license": _license,
        "expression": _expression,
        "expression-detailed": _expression,
    },
)  # fmt: skip
