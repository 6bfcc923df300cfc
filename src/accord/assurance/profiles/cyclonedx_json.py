"""CycloneDX in JSON, as it is scored; components are decoded one at a time.

Source: CycloneDX JSON schemas 1.2 to 1.7.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from accord.assurance.profiles import cyclonedx as cdx
from accord.assurance.profiles.bill import Bill, Component
from accord.core.errors import Invalid, TooLarge
from accord.core.json import decode_as, unreadable
from accord.core.limits import LIMITS
from accord.core.reading import Refused
from accord.supply.inventory.cyclonedx.json import SPECS

T = TypeVar("T")


class _Metadata(cdx.Metadata, frozen=True, gc=False):
    component: cdx.Item | None = None


class _Document(msgspec.Struct, frozen=True):
    """The root. Lists stay undecoded, as views of the bytes."""

    format: str = msgspec.field(name="bomFormat")
    spec: str = msgspec.field(name="specVersion")
    serial: str = msgspec.field(default="", name="serialNumber")
    metadata: _Metadata = _Metadata()
    components: list[msgspec.Raw] = []
    dependencies: list[msgspec.Raw] = []
    compositions: list[msgspec.Raw] = []
    vulnerabilities: list[msgspec.Raw] = []


_COMPONENT = msgspec.json.Decoder(cdx.Item)
_DEPENDENCY = msgspec.json.Decoder(cdx.Dependency)
_COMPOSITION = msgspec.json.Decoder(cdx.Composition)
_VULNERABILITY = msgspec.json.Decoder(cdx.Vulnerability)


def read(data: bytes) -> Bill:
    """A CycloneDX document in JSON.

    Raises:
        Invalid: not a CycloneDX document by the schema.
        Unreadable: not JSON; also raised while components are walked.
        TooLarge: past a bound.

    """
    found = decode_as(_Document, data)
    if found.format != "CycloneDX" or found.spec not in SPECS:
        named = f"{found.format} {found.spec}"[:60]
        raise Invalid(f"{named!r} where CycloneDX {SPECS[0]} to {SPECS[-1]} is expected")
    for name in ("components", "dependencies", "compositions", "vulnerabilities"):
        if len(getattr(found, name)) > LIMITS.items:
            raise TooLarge(f"more than {LIMITS.items:,} items", f"/{name}")
    metadata = found.metadata
    parts = (
        list(cdx.flat(metadata.component, "/metadata/component", is_product=True))
        if (metadata.component)
        else []
    )
    if parts:
        parts[0] = cdx.with_product(parts[0], metadata)
    made = cdx.bill(metadata, parts[0] if parts else None, "JSON", found.spec, found.serial)
    made.refused = []
    made.has_vulnerabilities = bool(found.vulnerabilities)
    made.edges = cdx.edges(
        _each(_DEPENDENCY, found.dependencies, "/dependencies", made),
        _each(_COMPOSITION, found.compositions, "/compositions", made),
        _each(_VULNERABILITY, found.vulnerabilities, "/vulnerabilities", made),
    )
    made.components = lambda: _walk(parts, found.components, made)
    return made


def _each(
    decoder: msgspec.json.Decoder[T], items: Iterable[msgspec.Raw], place: str, made: Bill
) -> Iterator[T]:
    for index, raw in enumerate(items):
        item = _decoded(decoder, raw, f"{place}/{index}", made)
        if item is not None:
            yield item


def _decoded(
    decoder: msgspec.json.Decoder[T], raw: msgspec.Raw, place: str, made: Bill
) -> T | None:
    """One item; None for one that breaks the schema, which is refused by itself."""
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as wrong:
        made.refused.append(Refused(place, str(wrong)))
        return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise unreadable(wrong) from wrong


def _walk(parts: list[Component], items: list[msgspec.Raw], made: Bill) -> Iterator[Component]:
    yield from parts
    for index, raw in enumerate(items):
        place = f"/components/{index}"
        item = _decoded(_COMPONENT, raw, place, made)
        if item is None:
            yield Component(place=place)
        else:
            yield from cdx.flat(item, place)
