"""Baselines as an assessment asks them."""

from __future__ import annotations

from accord.assurance.assessing.baseline import Baseline, Need
from accord.assurance.baselines.timeline import Overlap, in_force
from accord.assurance.facts import Requirement
from accord.flows.standards.merged import Library


def buyers(library: Library, at: str) -> tuple[list[Baseline], dict[str, str]]:
    """The baselines in force at a `when()`, by name; and why others cannot be used, by name.

    A baseline of which no version holds then is in neither.
    """
    found: list[Baseline] = []
    problems: dict[str, str] = {}
    for name, versions in library.baselines.items():
        try:
            one = in_force(versions, at)
        except Overlap as wrong:
            problems[name] = wrong.reason
            continue
        if one is not None:
            found.append(
                Baseline(
                    name=one.baseline,
                    owner=one.owner,
                    version=one.version,
                    since=one.since,
                    until=_until(one.until, [other.since for other in versions], one.since),
                    title=one.title,
                    scope=one.scope,
                    needs=tuple(map(_need, library.requirements(one))),
                )
            )
    return found, problems


def _until(stated: str, begins: list[str], since: str) -> str:
    """A version without an end holds until the next begins."""
    return stated or min((other for other in begins if other > since), default="")


def _need(one: Requirement) -> Need:
    return Need(
        id=one.requirement,
        title=one.title,
        group=one.group,
        must=one.must,
        items=one.items,
        accepts=frozenset(one.accepts),
        level=one.level,
        days=one.days,
        grace=one.grace,
        source=one.source,
    )
