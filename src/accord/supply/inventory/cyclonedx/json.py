"""CycloneDX in JSON, 1.2 to 1.7.

Items of lists are decoded one at a time and never held all at once, so that the memory for a
large bill is the bytes themselves and the facts.

Source: CycloneDX JSON schemas 1.2 to 1.7.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from accord.core.errors import Invalid, TooLarge
from accord.core.json import decode_as, decode_strict
from accord.core.limits import LIMITS
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

SPECS = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
"""Versions of the format that have a JSON form."""


class _Document(msgspec.Struct, frozen=True):
    """The root. Lists stay undecoded, as views of the bytes."""

    format: str = msgspec.field(name="bomFormat")
    spec: str = msgspec.field(name="specVersion")
    serial: str = msgspec.field(default="", name="serialNumber")
    version: Edition = 1
    metadata: Metadata = Metadata()
    components: list[msgspec.Raw] = []
    services: list[msgspec.Raw] = []
    dependencies: list[msgspec.Raw] = []
    vulnerabilities: list[msgspec.Raw] = []
    declarations: msgspec.Raw = msgspec.Raw()
    definitions: msgspec.Raw = msgspec.Raw()


_COMPONENT = msgspec.json.Decoder(Component)
_SERVICE = msgspec.json.Decoder(Service)
_DEPENDENCY = msgspec.json.Decoder(Dependency)


def parse(data: bytes) -> Bom:
    """The document; its items are checked as they are walked, and one is refused by itself.

    Keys that stand twice are refused where statements hang on them: beside `vulnerabilities`
    and `declarations`.

    Raises:
        Invalid: not a CycloneDX document by the schema.
        Unreadable: not JSON, or a key stands twice; also raised while items are walked.
        TooLarge: past a bound.

    """
    found = decode_as(_Document, data)
    _check(found)
    if found.vulnerabilities or bytes(found.declarations):
        decode_strict(data)
    systems = found.components if b"operating-system" in data else []
    return Bom(
        syntax="JSON",
        spec=found.spec,
        serial=serial(found.serial, "/serialNumber"),
        version=found.version,
        metadata=found.metadata,
        kind=kind(
            components=bool(found.components or found.services),
            vulnerabilities=bool(found.vulnerabilities),
            declarations=bool(bytes(found.declarations)),
            definitions=bool(bytes(found.definitions)),
        ),
        components=lambda: _each(_COMPONENT, found.components, "/components"),
        services=lambda: _each(_SERVICE, found.services, "/services"),
        dependencies=lambda: _each(_DEPENDENCY, found.dependencies, "/dependencies"),
        systems=lambda: _each(_COMPONENT, _holding(b"operating-system", systems), "/components"),
    )


def _check(found: _Document) -> None:
    if found.format != "CycloneDX":
        raise Invalid(f"{found.format[:60]!r} where `CycloneDX` is expected", "/bomFormat")
    if found.spec not in SPECS:
        reason = f"version {found.spec[:20]!r} is not known; {SPECS[0]} to {SPECS[-1]} are"
        raise Invalid(reason, "/specVersion")
    for name in ("components", "services", "dependencies", "vulnerabilities"):
        if len(getattr(found, name)) > LIMITS.items:
            raise TooLarge(f"more than {LIMITS.items:,} items", f"/{name}")


def _holding(text: bytes, items: list[msgspec.Raw]) -> list[msgspec.Raw]:
    return [item for item in items if text in bytes(item)]


def _each(
    decoder: msgspec.json.Decoder[T], items: list[msgspec.Raw], place: str
) -> Iterator[tuple[str, T | Invalid]]:
    item: T | Invalid
    for index, raw in enumerate(items):
        try:
            item = decoder.decode(raw)
        except msgspec.ValidationError:
            item = _wrong(decoder.type, raw, f"{place}/{index}")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
            raise _wrong(decoder.type, raw, f"{place}/{index}") from wrong
        yield f"{place}/{index}", item


def _wrong(kind: type[T], raw: msgspec.Raw, place: str) -> Invalid:
    """The slow way to the same failure, which says where in the item it lies."""
    try:
        decode_as(kind, bytes(raw))
    except Invalid as wrong:
        return type(wrong)(wrong.reason, place + wrong.place)
    raise AssertionError(place)
