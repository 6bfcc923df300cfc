"""The Open Source Project Security Baseline in YAML: a family of controls in each file.

The files name neither catalogue nor version unless they have `metadata`; the families stand beside
each other as one catalogue. `guidelines` that name items of known editions become mappings.

Source: OpenSSF, security-baseline, `baseline/`.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from accord.assurance.catalogues import names
from accord.assurance.catalogues.assembling import Account, Entry, assemble
from accord.assurance.crosswalks.references import References
from accord.assurance.facts import Catalogue
from accord.core import yaml
from accord.core.errors import Invalid
from accord.core.reading import Reading

_TITLE = "Open Source Project Security Baseline"


class _Reference(msgspec.Struct, frozen=True, rename="kebab"):
    reference_id: str | None = None


class _Guideline(msgspec.Struct, frozen=True, rename="kebab"):
    reference_id: str | None = None
    entries: list[_Reference] | None = None


class _Requirement(msgspec.Struct, frozen=True):
    id: str
    text: str = ""
    applicability: list[str] = []
    state: str = ""


class _Control(msgspec.Struct, frozen=True, rename="kebab"):
    id: str
    title: str = ""
    group: str = ""
    guidelines: list[_Guideline] | None = None
    assessment_requirements: list[_Requirement] = []


class _Group(msgspec.Struct, frozen=True):
    id: str
    title: str = ""


class _Metadata(msgspec.Struct, frozen=True):
    version: str = ""


class _Document(msgspec.Struct, frozen=True):
    controls: list[_Control]
    groups: list[_Group] = []
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


def read(data: bytes) -> Reading:
    """Groups, controls, assessment requirements and references of one file.

    Raises:
        Invalid: no controls, or a member of the wrong type.
        Unreadable: not YAML.
        TooLarge: past a bound.
    """
    found = yaml.decode_as(_Document, data)
    if not found.controls:
        raise Invalid("there are no controls", "/controls")
    version = found.metadata.version
    name = names.reference(_TITLE, version)
    account = assemble(name, list(_entries(found)))
    references = _references(found, account, name)
    families = ", ".join(group.title for group in found.groups) or found.controls[0].id
    parts = " ".join(sorted({group.id for group in found.groups})) or found.controls[0].id
    fact = Catalogue(
        catalogue=name,
        title=_TITLE,
        version=version,
        publisher="OpenSSF",
        format="OSPS",
        source="https://baseline.openssf.org",
        place="/",
    )
    return Reading(
        kind="OSPS catalogue",
        subject=f"catalogue:{name}/{parts}",
        title=f"{_TITLE}: {families}",
        facts=[fact, *account.items, *references.facts()],
        refused=account.refused,
        not_evaluated=[*account.notes, *references.notes()],
    )


def _entries(found: _Document) -> Iterator[Entry]:
    for at, group in enumerate(found.groups):
        yield Entry(
            key=group.id,
            identifier=group.id,
            kind="group",
            title=group.title,
            place=f"/groups/{at}",
        )
    for at, control in enumerate(found.controls):
        here = f"/controls/{at}"
        yield Entry(
            key=control.id,
            identifier=control.id,
            parent=control.group,
            kind="control",
            title=control.title,
            place=here,
        )
        for number, wanted in enumerate(control.assessment_requirements):
            yield Entry(
                key=wanted.id,
                identifier=wanted.id,
                parent=control.id,
                kind=f"{wanted.state.casefold()} requirement".strip(),
                title=wanted.text,
                levels=tuple(wanted.applicability),
                place=f"{here}/assessment-requirements/{number}",
            )


def _references(found: _Document, account: Account, name: str) -> References:
    references = References("OSPS", name)
    items = {item.place: item.item for item in account.items}
    for at, control in enumerate(found.controls):
        here = f"/controls/{at}"
        if here not in items:
            continue
        for number, guideline in enumerate(control.guidelines or ()):
            for entry, one in enumerate(guideline.entries or ()):
                place = f"{here}/guidelines/{number}/entries/{entry}"
                if guideline.reference_id and one.reference_id:
                    references.add(items[here], guideline.reference_id, one.reference_id, place)
                else:
                    references.blank(items[here], place)
    return references
