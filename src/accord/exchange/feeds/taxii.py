"""TAXII 2.1 collections, page after page.

Law (resumes): the position after each page leads to the next one; a cursor that the server no
longer takes leads back to the last complete reading, so that nothing is passed over.

Source: OASIS TAXII 2.1, sections 3.4 (`limit`, `next`, `added_after`), 3.7 (envelope),
4.1 to 5.4 (resources).
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from accord.core.errors import Invalid
from accord.core.json import decode_as
from accord.core.times import when
from accord.exchange.feeds.addresses import linked
from accord.exchange.feeds.errors import Misanswered
from accord.exchange.feeds.values import Answer, Ask, Position, Read

MEDIA: Final = "application/taxii+json;version=2.1"
LIMIT: Final = 1_000
_LAST: Final = "x-taxii-date-added-last"
_REFUSED: Final = 400
_SEEN: Final = 64
"""Cursors in a row that are remembered: one that comes again would go round for ever."""
_EMPTY: Final = 3
"""Pages in a row without objects that a server may send."""


class _Collection(msgspec.Struct):
    id: str
    can_read: bool = True


class _Resource(msgspec.Struct):
    """Any of the resources that lead to objects."""

    api_roots: list[str] | None = None
    default: str = ""
    versions: list[str] | None = None
    collections: list[_Collection] | None = None
    id: str = ""
    can_read: bool | None = None
    more: bool = False
    next: str = ""
    objects: list[msgspec.Raw] | None = None


class _Object(msgspec.Struct):
    id: str
    modified: str = ""


class Taxii:
    """A discovery resource, an API root, a list of collections, or one collection."""

    def begin(self, url: str) -> tuple[Ask, ...]:
        """The resource at the address."""
        return (_ask(_slashed(url)),)

    def read(self, ask: Ask, answer: Answer, position: Position, /) -> Read:
        """What a resource leads to, or the objects of a page.

        Raises:
            Misanswered: it is none of TAXII, or leads round in a circle.
        """
        if answer.status == _REFUSED:
            return _again(ask, position)
        try:
            found = decode_as(_Resource, answer.body)
        except Invalid as wrong:
            raise Misanswered(f"not an answer of TAXII 2.1: {wrong}") from wrong
        base = _slashed(answer.url)
        if _is_page(ask):
            return _page(ask, answer, found, position)
        if found.api_roots is not None:
            roots = [linked(base, root) for root in found.api_roots]
            return Read(asks=tuple(_ask(_slashed(root)) for root in dict.fromkeys(roots)))
        if found.collections is not None:
            return _collections(base, found.collections, position)
        if found.versions is not None:
            return Read(asks=(_ask(f"{base}collections/"),))
        if found.id and found.can_read is not None:
            if not found.can_read:
                raise Misanswered("this collection may not be read with these credentials")
            return Read(asks=(_objects(f"{base}objects/", position),))
        raise Misanswered("neither discovery, API root nor collection of TAXII 2.1")


def _ask(url: str) -> Ask:
    return Ask(url=url, accept=MEDIA)


def _slashed(url: str) -> str:
    bare = url.partition("?")[0].partition("#")[0]
    return bare if bare.endswith("/") else f"{bare}/"


def _is_page(ask: Ask) -> bool:
    return urlsplit(ask.url).path.endswith("/objects/")


def _collections(base: str, found: list[_Collection], position: Position) -> Read:
    readable = [one for one in found if one.can_read]
    if any(not one.id or "/" in one.id or not one.id.isascii() for one in readable):
        raise Misanswered("a collection whose identifier is none (TAXII 2.1, section 5.2.1)")
    asks = tuple(_objects(linked(base, f"{one.id}/objects/"), position) for one in readable)
    notes = () if readable else ("no collection may be read with these credentials",)
    return Read(asks=asks, notes=notes)


def _objects(url: str, position: Position) -> Ask:
    """The page at which the reading of a collection goes on."""
    place: dict[str, Any] = position.get(url, {})
    query: dict[str, str | int] = {"limit": LIMIT}
    query |= {name: place[name] for name in ("added_after", "next") if place.get(name)}
    return Ask(url=f"{url}?{urlencode(query)}", accept=MEDIA, reads=(_REFUSED,))


def _again(ask: Ask, position: Position) -> Read:
    """The server does not take the cursor any more: from the last complete reading on."""
    url = ask.url.partition("?")[0]
    if "next" not in parse_qs(urlsplit(ask.url).query):
        raise Misanswered("the server does not take the question (status 400)")
    kept = {name: v for name, v in position.get(url, {}).items() if name == "added_after"}
    after = {**position, url: kept}
    return Read(
        asks=(_objects(url, after),), position=after,
        notes=("the server no longer takes the cursor; reading goes on from the last whole one",),
    )  # fmt: skip


def _page(ask: Ask, answer: Answer, found: _Resource, position: Position) -> Read:
    url = ask.url.partition("?")[0]
    before: dict[str, Any] = position.get(url, {})
    objects = found.objects or []
    last = _latest(before.get("last", ""), answer.headers.get(_LAST, ""))
    documents = tuple(_document(raw) for raw in objects)
    if not found.more:
        after = last or before.get("added_after", "")
        place = {"added_after": after} if after else {}
        return Read(documents=documents, position={**position, url: place})
    empty = 0 if objects else before.get("empty", 0) + 1
    seen: list[str] = before.get("seen", [])
    place = {"added_after": before.get("added_after", ""), "next": found.next, "last": last}
    if not found.next:
        # Section 3.5: without a cursor, the date of the last object is where the next page begins.
        if not last or last == before.get("added_after", ""):
            raise Misanswered("more is promised, without a cursor or a later date to ask for")
        place = {"added_after": last, "last": last}
    elif found.next in seen:
        raise Misanswered("the cursor of a page comes again: the server goes round in a circle")
    if empty > _EMPTY:
        raise Misanswered(f"more is promised on {empty} pages that hold nothing")
    place |= {"seen": [*seen, found.next][-_SEEN:], "empty": empty}
    after = {**position, url: place}
    return Read(documents=documents, asks=(_objects(url, after),), position=after)


def _latest(before: str, said: str) -> str:
    try:
        return max(before, when(said))
    except Invalid as wrong:
        raise Misanswered(f"{_LAST}: {wrong.reason}") from wrong


def _document(raw: msgspec.Raw) -> tuple[str, bytes]:
    """An object as it came: its own bytes are the document, however pages are cut."""
    body = bytes(raw)
    try:
        found = decode_as(_Object, body)
    except Invalid:
        return "an object without identifier", body
    return f"{found.id} {found.modified}".strip()[:200], body
