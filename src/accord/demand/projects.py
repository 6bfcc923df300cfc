"""Tables of open-source projects: signals of criticality, and what came of grants a year later.

The first is the table that OpenSSF's criticality score writes, in its older or its newer spelling
of columns, with columns of one's own beside them: `purl`, `product`, `maintainers` and `months
since release`. What is wrong in a row stops it, with its place: whoever is left out would change
what the others get.

Source: OpenSSF criticality score, output of `criticality_score` and `scorer` as CSV.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

from accord.core import tables
from accord.core.errors import Invalid
from accord.core.reading import Refused
from accord.demand.fund import SIGNALS, Observed, criticality
from accord.demand.suppliers import items
from accord.supply.products import purl

_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?(?:[eE][-+]?[0-9]{1,2})?", re.ASCII)
_NEWER: Final = {
    "recent_releases_count": "recent_release_count",
    "comment_frequency": "issue_comment_frequency",
    "dependents_count": "github_mention_count",
}
_OWN: Final = ("url", "purl", "product", "maintainers", "months_since_release")
_YES, _NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0"})


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """One project, as a table of signals has it."""

    name: str
    """Address of its repository."""
    packages: frozenset[str]
    """Package URLs without version by which bills name it."""
    product: str = ""
    """The name under which evidence of it is kept."""
    criticality: float
    unknown: tuple[str, ...]
    """Signals that are not given."""
    months: float | None = None
    """Since its last release."""
    maintainers: int | None = None


class Projects(msgspec.Struct, frozen=True):
    """A table of projects."""

    projects: tuple[Project, ...]
    unused: tuple[str, ...]
    """Columns that say nothing here."""


def read(data: bytes) -> Projects:
    """Projects with their signals.

    Raises:
        Invalid: a column lacks, or a cell is wrong; the error names its place.
        Unreadable: not a table.
        TooLarge: past a bound.
    """
    found: dict[str, Project] = {}
    columns: list[str] = []
    for place, columns, cells in _rows(data, needed=("url",)):  # noqa: B007 - used after the loop
        one = _project(cells, place)
        if one.name in found:
            raise Invalid(f"{one.name} stands twice", place)
        found[one.name] = one
    if not found:
        raise Invalid("no project; a heading and a row for each are expected")
    unused = [name for name in columns if name not in SIGNALS and name not in _OWN]
    return Projects(tuple(found.values()), tuple(unused))


def _project(cells: Mapping[str, str], place: str) -> Project:
    url = cells["url"]
    if not url:
        raise Invalid("no address of a repository", place)
    figures = {
        name: _number(cells[name], f"{place}, {name}") for name in SIGNALS if cells.get(name)
    }
    score, unknown = criticality(figures)
    months = cells.get("months_since_release", "")
    people = cells.get("maintainers", "")
    return Project(
        name=url,
        packages=frozenset(_packages(url, cells.get("purl", ""), place)),
        product=cells.get("product", ""),
        criticality=score,
        unknown=unknown,
        months=_number(months, f"{place}, months since release") if months else None,
        maintainers=int(_number(people, f"{place}, maintainers")) if people else None,
    )


def _packages(url: str, given: str, place: str) -> Iterator[str]:
    """What is given, and what bills call a repository of GitHub by itself."""
    for text in given.split():
        try:
            yield items.of_component(text)
        except Invalid as wrong:
            raise Invalid(wrong.reason, f"{place}, purl") from wrong
    parts = urlsplit(url if "//" in url else f"https://{url}")
    path = parts.path.strip("/").removesuffix(".git").split("/")
    if parts.netloc.casefold() == "github.com" and len(path) == 2 and all(path):  # noqa: PLR2004
        yield purl.package("github", path[0], path[1])
        yield purl.package("golang", f"github.com/{path[0]}", path[1])


def read_outcome(data: bytes) -> tuple[Observed, ...]:
    """Components a year later: `name`, `funded`, `criticality`, and controls met `before`, `after`.

    Raises:
        Invalid: a column lacks, or a cell is wrong; the error names its place.
        Unreadable: not a table.
        TooLarge: past a bound.
    """
    needed = ("name", "funded", "criticality", "before", "after")
    found: dict[str, Observed] = {}
    for place, _, cells in _rows(data, needed=needed):
        name, funded = cells["name"], cells["funded"].casefold()
        if not name or name in found:
            raise Invalid(f"{name} stands twice" if name else "no name", place)
        if funded not in _YES | _NO:
            raise Invalid(f"{cells['funded'][:20]!r} is neither yes nor no", f"{place}, funded")
        shares = [_share(cells[column], f"{place}, {column}") for column in needed[2:]]
        found[name] = Observed(name, funded in _YES, *shares)
    if not found:
        raise Invalid("no component; a heading and a row for each are expected")
    return tuple(found.values())


def _number(text: str, place: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise Invalid(f"{text[:40]!r} is no number from 0 on: digits and a point", place)
    return float(text)


def _share(text: str, place: str) -> float:
    share = _number(text, place)
    if share > 1:
        raise Invalid(f"{text[:40]} is no share: between 0 and 1", place)
    return share


def _rows(data: bytes, needed: tuple[str, ...]) -> Iterator[tuple[str, list[str], dict[str, str]]]:
    """Place, columns and cells of each row."""
    lines = tables.lines(data)
    _, begin = tables.comments(lines, ())
    names: list[str] = []
    refused: list[Refused] = []
    for number, cells in tables.rows(lines[begin:], begin, refused):
        place = f"line {number}"
        if not any(cell.strip() for cell in cells):
            continue
        if not names:
            names = _heading(cells, place, needed)
        elif len(cells) != len(names):
            raise Invalid(f"{len(cells)} cells under {len(names)} headings", place)
        else:
            stripped = (cell.strip() for cell in cells)
            yield place, names, dict(zip(names, stripped, strict=True))
    for wrong in refused:
        raise Invalid(wrong.reason, wrong.place)


def _heading(cells: list[str], place: str, needed: tuple[str, ...]) -> list[str]:
    plain = (name.replace(" ", "_").rpartition(".")[2] for name in tables.heading(cells, {}))
    names = [_NEWER.get(name, name) for name in plain]
    for one in needed:
        if one not in names:
            raise Invalid(f"no column {one!r} in the heading", place)
    for one in (*needed, *SIGNALS, *_OWN):
        if names.count(one) > 1:
            raise Invalid(f"the column {one!r} stands twice in the heading", place)
    return names
