"""Catalogues in OSCAL JSON: groups and controls, nested as they are.

Source: NIST OSCAL, catalogue model 1.0 to 1.2.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from accord.assurance.catalogues import names
from accord.assurance.catalogues.assembling import Entry, assemble
from accord.assurance.facts import Catalogue
from accord.core import json
from accord.core.errors import Invalid
from accord.core.reading import Reading
from accord.core.times import when

_LEVELS = "applicability"
"""Properties whose names end so say for what a control is meant."""
_KINDS = ("control", "principle", "enhancement")


class _Prop(msgspec.Struct, frozen=True):
    name: str
    value: str


class _Part(msgspec.Struct, frozen=True):
    name: str = ""
    prose: str = ""


class _Control(msgspec.Struct, frozen=True, rename="kebab"):
    id: str
    title: str = ""
    kind: str = msgspec.field(name="class", default="")
    props: list[_Prop] = []
    parts: list[_Part] = []
    controls: list[_Control] = []


class _Group(msgspec.Struct, frozen=True):
    id: str = ""
    title: str = ""
    groups: list[_Group] = []
    controls: list[_Control] = []


class _Party(msgspec.Struct, frozen=True):
    name: str = ""


class _Metadata(msgspec.Struct, frozen=True, rename="kebab"):
    title: str
    version: str = ""
    published: str = ""
    last_modified: str = ""
    parties: list[_Party] = []


class _Catalogue(msgspec.Struct, frozen=True, rename="kebab"):
    uuid: str
    metadata: _Metadata
    groups: list[_Group] = []
    controls: list[_Control] = []


class _Document(msgspec.Struct, frozen=True):
    catalog: _Catalogue


def read(data: bytes) -> Reading:
    """A catalogue with every group and control.

    Raises:
        Invalid: no catalogue, or one without a control.
        Unreadable: not JSON.
        TooLarge: past a bound.
    """
    found = json.decode_as(_Document, data).catalog
    about = found.metadata
    name = names.reference(about.title, about.version)
    entries = list(_all(found))
    account = assemble(name, entries)
    if not any(entry.kind != "group" for entry in entries):
        raise Invalid("the catalogue has no controls", "/catalog/groups")
    fact = Catalogue(
        catalogue=name,
        title=about.title,
        version=about.version,
        publisher=about.parties[0].name if about.parties else "",
        published=when(about.published, "/catalog/metadata/published"),
        format="OSCAL",
        place="/catalog",
    )
    return Reading(
        kind="OSCAL catalogue",
        subject=f"catalogue:{name}",
        edition=when(about.last_modified, "/catalog/metadata/last-modified"),
        title=f"{about.title} {about.version}".strip(),
        facts=[fact, *account.items],
        refused=account.refused,
        not_evaluated=account.notes,
    )


def _all(found: _Catalogue) -> Iterator[Entry]:
    for number, group in enumerate(found.groups, 1):
        yield from _group(group, "", f"/catalog/groups/{number - 1}", str(number))
    yield from _controls(found.controls, "", "/catalog")


def _group(group: _Group, parent: str, place: str, number: str) -> Iterator[Entry]:
    """A group without an identifier is called by its number: it holds others, and that is all."""
    name = group.id or f"group-{number}"
    key = f"group {name}"
    yield Entry(
        key=key, identifier=name, parent=parent, kind="group", title=group.title, place=place
    )
    for at, inner in enumerate(group.groups, 1):
        yield from _group(inner, key, f"{place}/groups/{at - 1}", f"{number}.{at}")
    yield from _controls(group.controls, key, place)


def _controls(controls: list[_Control], parent: str, place: str) -> Iterator[Entry]:
    for at, control in enumerate(controls):
        here = f"{place}/controls/{at}"
        yield Entry(
            key=control.id,
            identifier=control.id,
            parent=parent,
            kind=_kind(control.kind),
            title=_title(control),
            levels=tuple(
                prop.value if prop.name == _LEVELS else f"{prop.name} {prop.value}"
                for prop in control.props
                if prop.name.endswith(_LEVELS)
            ),
            place=here,
        )
        yield from _controls(control.controls, control.id, here)


def _kind(word: str) -> str:
    """`ISM-principle` is a principle; whatever says nothing of the sort is a control."""
    last = word.casefold().rpartition("-")[2]
    return last if last in _KINDS else "control"


def _title(control: _Control) -> str:
    """Some publishers repeat the identifier as the title: what it says tells more."""
    said = next((part.prose for part in control.parts if part.name == "statement"), "")
    named = control.title and control.id.casefold() not in control.title.casefold()
    return control.title if named or not said else said
