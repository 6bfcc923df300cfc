"""Suppliers that may be one: shown to a person, never joined.

Law (proposals): a proposal changes no entity.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import Final

import msgspec

from accord.demand.suppliers import names
from accord.demand.suppliers.resolving import Entity

_LIKE: Final = 0.86
"""From which likeness on a pair is shown; 1 is the same text."""
_COMMON: Final = 50
"""Entities that share a word from which on the word tells nobody apart."""
_BEGINNING: Final = 4


class Proposal(msgspec.Struct, frozen=True, order=True):
    """Two entities whose names are similar."""

    one: str
    """Key."""
    other: str
    """Key."""
    why: str
    """`same name`, `one name within the other` or `similar name`."""


def proposals(entities: Iterable[Entity]) -> list[Proposal]:
    """Pairs worth a look, the first by key first; those that identifiers keep apart are not."""
    everybody = {one.key: one for one in entities}
    called = {key: _called(one) for key, one in everybody.items()}
    found = []
    for one, other in sorted(_pairs(called)):
        if not _apart(everybody[one], everybody[other]):
            why = _why(called[one], called[other])
            if why:
                found.append(Proposal(one, other, why))
    return found


def _called(entity: Entity) -> frozenset[str]:
    written = {names.canonical(name) for name in (entity.name, *entity.names)}
    return frozenset((written | set(entity.aliases)) - {""})


def _pairs(called: dict[str, frozenset[str]]) -> set[tuple[str, str]]:
    """Entities that share a word that is not common, or how their names begin."""
    sharing: dict[str, set[str]] = {}
    for key, known in called.items():
        for name in known:
            for mark in (*name.split(), f"{name.replace(' ', '')[:_BEGINNING]}~"):
                sharing.setdefault(mark, set()).add(key)
    return {
        (one, other)
        for keys in sharing.values()
        if 1 < len(keys) <= _COMMON
        for one in keys
        for other in keys
        if one < other
    }


def _apart(one: Entity, other: Entity) -> bool:
    """Whether both have an LEI, or a number of one register: then they are two for certain."""
    return bool(_families(one) & _families(other))


def _families(entity: Entity) -> set[str]:
    kinds = (value.split(":")[:2] for value in entity.identifiers)
    return {kind if kind == "lei" else number for kind, number in kinds if kind in _HARD}


_HARD = ("lei", "registry")


def _why(ones: frozenset[str], others: frozenset[str]) -> str:
    if ones & others:
        return "same name"
    reasons = set(_reasons(ones, others))
    return min(reasons, default="")


def _reasons(ones: frozenset[str], others: frozenset[str]) -> Iterator[str]:
    for one in ones:
        for other in others:
            if set(one.split()) < set(other.split()) or set(other.split()) < set(one.split()):
                yield "one name within the other"
            elif _likeness(*sorted((one, other))) >= _LIKE:
                yield "similar name"


def _likeness(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one.replace(" ", ""), other.replace(" ", ""), autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= _LIKE else 0.0
