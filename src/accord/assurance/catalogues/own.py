"""Catalogues in accord's own form: YAML or JSON with `catalogue` as the first member.

For what is small, or has no other machine-readable form. Strict: a member that is not known
refuses the document.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from accord.assurance.catalogues import names
from accord.assurance.catalogues.assembling import Entry, assemble
from accord.assurance.facts import Catalogue
from accord.core import json, yaml
from accord.core.errors import Invalid
from accord.core.reading import Reading
from accord.core.times import when

_BOM = b"\xef\xbb\xbf"


class _Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    title: str
    kind: Literal["group", "control", "practice", "task", "requirement", "item", "principle"] = (
        "item"
    )
    parent: str = ""
    levels: tuple[str, ...] = ()


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    catalogue: str
    version: str
    title: str
    publisher: str
    items: tuple[_Item, ...]
    published: str = ""
    source: str = ""


def read(data: bytes) -> Reading:
    """A catalogue with its items.

    Raises:
        Invalid: a member is missing, unknown or wrong, or it has no items.
        Unreadable: neither YAML nor JSON.
        TooLarge: past a bound.
    """
    if data.removeprefix(_BOM).lstrip().startswith(b"{"):
        json.decode_strict(data)
        found = json.decode_as(_Document, data)
    else:
        found = yaml.decode_as(_Document, data)
    name = f"{found.catalogue}@{found.version}"
    if names.split(f"{name}#x") != (name, "x") or name.count("@") != 1:
        raise Invalid(f"{name[:60]!r}: a name and a version of one word each", "/catalogue")
    if not found.items:
        raise Invalid("a catalogue without items", "/items")
    account = assemble(name, list(map(_entry, range(len(found.items)), found.items)))
    published = when(found.published, "/published")
    fact = Catalogue(
        catalogue=name,
        title=found.title,
        version=found.version,
        publisher=found.publisher,
        published=published,
        format="accord",
        source=found.source,
        place="/",
    )
    return Reading(
        kind="catalogue",
        subject=f"catalogue:{name}",
        edition=published,
        title=f"{found.title} {found.version}",
        facts=[fact, *account.items],
        refused=account.refused,
        not_evaluated=account.notes,
    )


def _entry(at: int, item: _Item) -> Entry:
    return Entry(
        key=item.id,
        identifier=item.id,
        parent=item.parent,
        kind=item.kind,
        title=item.title,
        levels=item.levels,
        place=f"/items/{at}",
    )
