"""Catalogues and baselines as commands and pages list them."""

from __future__ import annotations

from collections import Counter

import msgspec

from accord.assurance.baselines.reader import GROUPS
from accord.assurance.baselines.timeline import Overlap, timeline
from accord.assurance.facts import Baseline, CatalogueItem, Requirement
from accord.core.errors import NotFound
from accord.flows.standards.merged import Library


class CatalogueLine(msgspec.Struct, frozen=True, kw_only=True):
    """One catalogue, listed."""

    catalogue: str
    title: str
    version: str
    publisher: str
    published: str
    format: str
    shipped: bool
    """It came with accord."""
    documents: int
    items: dict[str, int]
    """How many there are of each kind."""
    corrected: tuple[tuple[str, str], ...]
    """Identifiers that were put right in its documents: as found, and as they should be."""


class BaselineLine(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a baseline, listed."""

    baseline: str
    owner: str
    version: str
    title: str
    since: str
    until: str
    """Where it says so, or where the next version begins."""
    in_force: bool
    shipped: bool
    scope: tuple[str, ...]
    requirements: dict[str, int]
    """How many there are of each group."""
    missing: tuple[tuple[str, str], ...]
    """Requirement and item, where the item's catalogue is here and does not have it."""
    absent: tuple[str, ...]
    """Catalogues that it names and that are not here: load them."""
    problem: str
    """Why no version of it can be used; empty: nothing is wrong."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One requirement, with the titles of its items where they are known."""

    requirement: Requirement
    level: str
    titles: dict[str, str]


class Detail(msgspec.Struct, frozen=True):
    """One version of a baseline with its requirements."""

    line: BaselineLine
    requirements: tuple[Wanted, ...]


def catalogues(library: Library) -> list[CatalogueLine]:
    """Every catalogue, by name."""
    kinds: dict[str, Counter[str]] = {}
    for item in library.items.values():
        kinds.setdefault(item.catalogue, Counter())[item.kind] += 1
    found = []
    for name, documents in library.catalogues.items():
        first = documents[0]
        corrected = tuple(
            (before, after)
            for within, before, after in library.standing.corrected
            if name in within.split()
        )
        found.append(
            CatalogueLine(
                catalogue=name,
                title=first.title,
                version=first.version,
                publisher=first.publisher,
                published=first.published,
                format=first.format,
                shipped=name in library.shipped,
                documents=len(documents),
                items=dict(sorted(kinds.get(name, Counter()).items())),
                corrected=corrected,
            )
        )
    return found


def items(library: Library, name: str) -> list[CatalogueItem]:
    """The items of one catalogue in its order; `name` with its version, or without if it has one.

    Raises:
        NotFound: there is none of this name, or several versions.
    """
    names = [one for one in library.catalogues if name in {one, one.partition("@")[0]}]
    if not names:
        raise NotFound(f"no catalogue {name}; `accord catalogues` lists what is here")
    if len(names) > 1:
        raise NotFound(f"{name} is here in several versions; name one: {', '.join(names)}")
    return [item for item in library.items.values() if item.catalogue == names[0]]


def baselines(library: Library, at: str) -> list[BaselineLine]:
    """Every version of every baseline, by name and in the order in which they hold."""
    lines = []
    for versions in library.baselines.values():
        problem = ""
        try:
            ordered = timeline(versions)
        except Overlap as wrong:
            problem = wrong.reason
            ordered = tuple(sorted(versions, key=lambda one: (one.since, one.version)))
        following = [*(one.since for one in ordered[1:]), ""]
        for one, later in zip(ordered, following, strict=True):
            lines.append(_line(library, one, one.until or later, at, problem))
    return lines


def detail(library: Library, name: str, at: str) -> Detail:
    """The version of one baseline that holds at a `when()`, with its requirements.

    Raises:
        NotFound: there is none, or none holds then.
        Overlap: two versions hold on one day.
    """
    chosen = library.baseline(name, at)
    line = next(
        one
        for one in baselines(library, at)
        if (one.baseline, one.version) == (chosen.baseline, chosen.version)
    )
    wanted = tuple(_wanted(library, one) for one in library.requirements(chosen))
    return Detail(line, wanted)


def _line(library: Library, one: Baseline, until: str, at: str, problem: str) -> BaselineLine:
    wanted = library.requirements(one)
    counts = Counter(requirement.group for requirement in wanted)
    name = f"{one.baseline}@{one.version}"
    return BaselineLine(
        baseline=one.baseline,
        owner=one.owner,
        version=one.version,
        title=one.title,
        since=one.since,
        until=until,
        in_force=not problem and one.since <= at and (not until or at < until),
        shipped=name in library.shipped,
        scope=one.scope,
        requirements={group: counts[group] for group in GROUPS},
        missing=library.missing(wanted),
        absent=library.absent(wanted),
        problem=problem,
    )


def _wanted(library: Library, one: Requirement) -> Wanted:
    named = [item for choice in one.items for item in choice]
    titles = {item: library.items[item].title for item in named if item in library.items}
    return Wanted(requirement=one, level=one.level.words, titles=titles)
