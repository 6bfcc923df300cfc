"""The Proactive Software Supply Chain Risk Management framework in JSON.

Groups hold practices, practices hold tasks; the references of a task become mappings.

Source: P-SSCRM 2.0.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from accord.assurance.catalogues import names
from accord.assurance.catalogues.assembling import Account, Entry, assemble
from accord.assurance.crosswalks.references import References
from accord.assurance.facts import Catalogue
from accord.core import json
from accord.core.errors import Invalid
from accord.core.reading import Reading

_TITLE = "Proactive Software Supply Chain Risk Management Framework"


class _Reference(msgspec.Struct, frozen=True):
    source: str
    sections: list[str] = []


class _Task(msgspec.Struct, frozen=True):
    id: str
    name: str = ""
    references: list[_Reference] = []


class _Practice(msgspec.Struct, frozen=True):
    id: str
    name: str = ""
    tasks: list[_Task] = []


class _Group(msgspec.Struct, frozen=True):
    id: str
    name: str = ""
    practices: list[_Practice] = []


class _Document(msgspec.Struct, frozen=True):
    groups: list[_Group]
    version: str | float = ""


def read(data: bytes) -> Reading:
    """Groups, practices, tasks and references.

    Raises:
        Invalid: no task at all, or a member of the wrong type.
        Unreadable: not JSON.
        TooLarge: past a bound.
    """
    found = json.decode_as(_Document, data)
    version = str(found.version)
    name = names.reference(_TITLE, version)
    account = assemble(name, list(_entries(found)))
    if not any(item.kind == "task" for item in account.items):
        raise Invalid("there are no tasks in groups and practices", "/groups")
    references = _references(found, account, name)
    fact = Catalogue(catalogue=name, title=_TITLE, version=version, format="P-SSCRM", place="/")
    return Reading(
        kind="P-SSCRM catalogue",
        subject=f"catalogue:{name}",
        title=f"{_TITLE} {version}".strip(),
        facts=[fact, *account.items, *references.facts()],
        refused=account.refused,
        not_evaluated=[*account.notes, *references.notes()],
    )


def _tasks(found: _Document) -> Iterator[tuple[str, str, _Task]]:
    """Each task with its place and the key of its practice."""
    for at, group in enumerate(found.groups):
        for number, practice in enumerate(group.practices):
            for last, task in enumerate(practice.tasks):
                place = f"/groups/{at}/practices/{number}/tasks/{last}"
                yield place, practice.id, task


def _entries(found: _Document) -> Iterator[Entry]:
    for at, group in enumerate(found.groups):
        here = f"/groups/{at}"
        yield Entry(key=group.id, identifier=group.id, kind="group", title=group.name, place=here)
        for number, practice in enumerate(group.practices):
            yield Entry(
                key=practice.id,
                identifier=practice.id,
                parent=group.id,
                kind="practice",
                title=practice.name,
                place=f"{here}/practices/{number}",
            )
    for place, practice_id, task in _tasks(found):
        yield Entry(
            key=task.id,
            identifier=task.id,
            parent=practice_id,
            kind="task",
            title=task.name,
            place=place,
        )


def _references(found: _Document, account: Account, name: str) -> References:
    references = References("P-SSCRM", name)
    items = {item.place: item.item for item in account.items}
    for place, _, task in _tasks(found):
        for at, reference in enumerate(task.references if place in items else ()):
            for number, section in enumerate(reference.sections):
                where = f"{place}/references/{at}/sections/{number}"
                references.add(items[place], reference.source, section, where)
    return references
