"""Standards in CycloneDX JSON: `definitions.standards`, with requirements and levels.

Source: CycloneDX 1.6 and 1.7 (ECMA-424), `definitions`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from accord.assurance.catalogues import names
from accord.assurance.catalogues.assembling import Account, Entry, assemble
from accord.assurance.crosswalks.references import References
from accord.assurance.facts import Catalogue
from accord.core import json
from accord.core.errors import Invalid
from accord.core.reading import Fact, NotEvaluated, Reading
from accord.core.times import numbered, when

_RELATED = re.compile(r"Related (SSDF) Practices and Tasks: *([^\[\]]+)")
"""How the attestation form names the tasks behind each of its items."""


class _Link(msgspec.Struct, frozen=True):
    url: str = ""


class _Requirement(msgspec.Struct, frozen=True, rename="kebab"):
    bom_ref: str = ""
    identifier: str = ""
    title: str = ""
    text: str = ""
    parent: str = ""
    descriptions: list[str] = []


class _Level(msgspec.Struct, frozen=True, rename="kebab"):
    bom_ref: str = ""
    identifier: str = ""
    requirements: list[str] = []


class _Standard(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    version: str = ""
    owner: str = ""
    requirements: list[_Requirement] = []
    levels: list[_Level] = []
    external_references: list[_Link] = []


class _Definitions(msgspec.Struct, frozen=True):
    standards: list[_Standard] = []


class _Metadata(msgspec.Struct, frozen=True):
    timestamp: str = ""


class _Document(msgspec.Struct, frozen=True):
    definitions: _Definitions = msgspec.field(default_factory=_Definitions)
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    version: int = 1


def read(data: bytes) -> Reading:
    """Every standard that a CycloneDX document defines; no facts where it defines none.

    Raises:
        Invalid: a standard without a name or without requirements, or two of one name.
        Unreadable: not JSON.
        TooLarge: past a bound.
    """
    found = json.decode_as(_Document, data)
    reading = Reading(kind="CycloneDX standard", subject="")
    seen: dict[str, str] = {}
    for at, standard in enumerate(found.definitions.standards):
        place = f"/definitions/standards/{at}"
        name = _name(standard, place)
        if name in seen:
            raise Invalid(f"{name} stands twice; the first is at {seen[name]}", place)
        seen[name] = place
        _add(reading, standard, name, place)
    if seen:
        stated = when(found.metadata.timestamp, "/metadata/timestamp")
        reading.subject = f"catalogue:{' '.join(sorted(seen))}"
        reading.edition = stated or numbered(max(found.version, 0))
        reading.title = ", ".join(
            f"{standard.name} {standard.version}".strip()
            for standard in found.definitions.standards
        )
    return reading


def _name(standard: _Standard, place: str) -> str:
    if not standard.name.strip():
        raise Invalid("a standard without a name; say what it is called", f"{place}/name")
    if not standard.requirements:
        raise Invalid("a standard without requirements", f"{place}/requirements")
    return names.reference(standard.name, standard.version)


def _add(reading: Reading, standard: _Standard, name: str, place: str) -> None:
    levels, notes = _levels(standard, place)
    account = assemble(name, list(_entries(standard, levels, place)))
    references = _references(standard, account, name, place)
    link = next((link.url for link in standard.external_references if link.url), "")
    facts: list[Fact] = [
        Catalogue(
            catalogue=name,
            title=standard.name,
            version=standard.version,
            publisher=standard.owner,
            format="CycloneDX",
            source=link,
            place=place,
        ),
        *account.items,
        *references.facts(),
    ]
    reading.facts += facts
    reading.refused += account.refused
    reading.not_evaluated += [*account.notes, *notes, *references.notes()]


def _levels(standard: _Standard, place: str) -> tuple[dict[str, list[str]], list[NotEvaluated]]:
    """The levels of each requirement, by its reference; and levels that name nothing."""
    known = {requirement.bom_ref for requirement in standard.requirements}
    levels: dict[str, list[str]] = {}
    notes = []
    for at, level in enumerate(standard.levels):
        called = level.identifier or level.bom_ref
        for number, wanted in enumerate(level.requirements):
            if wanted in known:
                levels.setdefault(wanted, []).append(called)
            else:
                here = f"{place}/levels/{at}/requirements/{number}"
                notes.append(NotEvaluated(here, "a level names nothing", wanted, called))
    return levels, notes


def _entries(standard: _Standard, levels: dict[str, list[str]], place: str) -> Iterator[Entry]:
    for at, requirement in enumerate(standard.requirements):
        here = f"{place}/requirements/{at}"
        yield Entry(
            key=requirement.bom_ref or here,
            identifier=requirement.identifier or requirement.bom_ref,
            parent=requirement.parent,
            title=requirement.title or requirement.text,
            levels=tuple(levels.get(requirement.bom_ref, ())),
            place=here,
        )


def _references(standard: _Standard, account: Account, name: str, place: str) -> References:
    """What descriptions say of another standard's items."""
    references = References("CycloneDX", name)
    items = {item.place: item.item for item in account.items}
    for at, requirement in enumerate(standard.requirements):
        here = f"{place}/requirements/{at}"
        for number, text in enumerate(requirement.descriptions):
            related = _RELATED.match(text)
            if related and here in items:
                where = f"{here}/descriptions/{number}"
                references.add(items[here], related[1], related[2], where)
    return references
