"""Anything by a part of its name."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from accord.core.errors import NotFound
from accord.flows.ports import Found
from accord.web.asked import Asked
from accord.web.desk import Desk
from accord.web.links import Links
from accord.web.pages import parts

PARAMETERS = ("q",)
_EACH = 25
_SHORTEST = 6
"""Characters from which the beginning of a digest or identifier is looked for."""
_TITLES = {
    "operator": "Operators",
    "product": "Products",
    "vulnerability": "Vulnerabilities",
    "alias": "Names of vulnerabilities",
    "actor": "Actors",
    "component": "Components",
    "life cycle": "Life cycles",
}


class Results(msgspec.Struct, frozen=True):
    """What was found of one kind."""

    kind: str
    """`Operators`, `Products`, `Vulnerabilities`, ..."""
    items: tuple[parts.Named, ...]
    """What was found; the first 25 of each kind."""


class SearchPage(parts.Page, frozen=True, kw_only=True):
    """Operators, products, components, vulnerabilities, actors and documents by a word."""

    template: ClassVar[str] = "search.html"

    word: str
    """What was looked for; empty: nothing yet."""
    results: tuple[Results, ...]
    """What was found, by kind."""
    count: int
    """How many things are shown."""


def page(desk: Desk, asked: Asked) -> SearchPage:
    """What a word finds."""
    word = asked.query.get("q", "")
    results = tuple(_results(desk, asked, word)) if word else ()
    return SearchPage(
        heading=f"Search: {word}" if word else "Search",
        word=word,
        results=results,
        count=sum(len(result.items) for result in results),
    )


def _results(desk: Desk, asked: Asked, word: str) -> list[Results]:
    groups: dict[str, dict[parts.Named, None]] = {}
    with desk.view(asked.moment) as view:
        document = view.document(word) if len(word) >= _SHORTEST else None
        for found in view.find(word, _EACH):
            groups.setdefault(found.kind, {})[_named(found, asked.links)] = None
    results = [
        Results(_TITLES.get(kind, kind), tuple(sorted(items, key=lambda i: (i.name, i.detail))))
        for kind, items in groups.items()
    ]
    if document is not None:
        name = parts.Named(
            document.title or document.digest[:12],
            document.kind,
            asked.links.document(document.digest),
        )
        results.insert(0, Results("Documents", (name,)))
    return [*_exposure(desk, asked, word), *results]


def _exposure(desk: Desk, asked: Asked, word: str) -> list[Results]:
    """The exposure whose identifier begins so."""
    if len(word) < _SHORTEST or not word.isalnum():
        return []
    try:
        one = desk.exposures.one(word, asked.moment)
    except NotFound:
        return []
    detail = f"{one.advisory} in {one.component} {one.version}"
    return [Results("Exposures", (parts.Named(one.id, detail, asked.links.exposure(one.id)),))]


def _named(found: Found, links: Links) -> parts.Named:
    return parts.Named(found.name, found.detail, _href(found, links))


def _href(found: Found, links: Links) -> str:
    if found.kind == "operator":
        return links.operator(found.name)
    if found.kind == "product":
        return links.product(found.name)
    if found.kind in ("vulnerability", "alias"):
        return links.advisory(found.name)
    if found.kind == "component":
        return links.component("", found.name)
    return ""
