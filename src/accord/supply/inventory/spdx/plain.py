"""SPDX 2.2 and 2.3 as JSON and YAML.

The whole document is decoded at once by its types. Only where that fails is it taken apart, so
that one package of the wrong shape is refused and its neighbours are kept.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from accord.core import json, yaml
from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.reading import Reading, Refused
from accord.supply.inventory.spdx.bills import reading_of_2
from accord.supply.inventory.spdx.document import Document, File, Head, Package, Relationship

T = TypeVar("T")


def read_json(data: bytes) -> Reading:
    """An SPDX 2 document in JSON.

    Raises:
        Invalid: not SPDX 2.
        Unreadable: not JSON.
        TooLarge: past a bound.

    """
    try:
        return reading_of_2(json.decode_as(Document, data), "JSON")
    except (Unreadable, TooLarge):
        raise
    except Invalid as wrong:
        if not wrong.place:
            raise
    return _piecewise(json.decode(data), "JSON")


def read_yaml(data: bytes) -> Reading:
    """An SPDX 2 document in YAML; all values are text, as SPDX has it.

    Raises:
        Invalid: not SPDX 2.
        Unreadable: not YAML.
        TooLarge: past a bound.

    """
    value = yaml.decode(data)
    try:
        document = msgspec.convert(value, Document, strict=False)
    except msgspec.ValidationError:
        return _piecewise(value, "YAML")
    return reading_of_2(document, "YAML")


def _piecewise(value: Any, serialisation: str) -> Reading:  # noqa: ANN401 - any document
    """Entry by entry: what does not fit its type is refused alone."""
    if not isinstance(value, dict):
        raise Invalid("an SPDX document is expected: an object with `spdxVersion` and `packages`")
    refused: list[Refused] = []
    try:
        head = msgspec.convert(value, Head, strict=False)
    except msgspec.ValidationError as wrong:
        raise Invalid(str(wrong)) from wrong
    document = Document(
        **msgspec.structs.asdict(head),
        packages=_entries(value, "packages", Package, refused),
        files=_entries(value, "files", File, refused),
        snippets=_entries(value, "snippets", File, refused),
        relationships=_entries(value, "relationships", Relationship, refused),
    )
    made = reading_of_2(document, serialisation)
    made.refused[:0] = refused
    return made


def _entries(
    value: dict[str, Any], field: str, kind: type[T], refused: list[Refused]
) -> tuple[T | None, ...]:
    """The entries of one list, None for each that was refused."""
    found = value.get(field) or []
    if not isinstance(found, list):
        raise Invalid("a list is expected", f"/{field}")
    entries: list[T | None] = []
    for index, entry in enumerate(found):
        try:
            entries.append(msgspec.convert(entry, kind, strict=False))
        except msgspec.ValidationError as wrong:
            refused.append(Refused(f"/{field}/{index}", str(wrong)))
            entries.append(None)
    return tuple(entries)
