"""TAXII 2.1 collections, page after page.

Law (resumes): a reading that broke off goes on at the date of the last object that was kept, and
one whose server tells no dates at its cursor, so that nothing is passed over.

Source: OASIS TAXII 2.1, sections 3.4 (`limit`, `next`, `added_after`), 3.7 (envelope),
4.1 to 5.4 (resources).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from accord.core.errors import Invalid
from accord.core.json import decode_as
from accord.core.show import printable
from accord.core.times import latest, when
from accord.exchange.feeds.addresses import linked
from accord.exchange.feeds.errors import Misanswered
from accord.exchange.feeds.values import Answer, Ask, Position, Read

MEDIA: Final = "application/taxii+json;version=2.1"
LIMIT: Final = 1_000
_LAST: Final = "x-taxii-date-added-last"
_FIRST: Final = "1970-01-01"
"""No server has dates before it; what lies there is a mistake, or is meant to be one."""
_REFUSED: Final = 400
_SEEN: Final = 64
"""Pages in a row that are remembered: one that comes again would go round for ever."""
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
            return _again(ask, answer.at, position)
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
            return _collections(base, found.collections, answer.at, position)
        if found.versions is not None:
            return Read(asks=(_ask(f"{base}collections/"),))
        if found.id and found.can_read is not None:
            if not found.can_read:
                raise Misanswered("this collection may not be read with these credentials")
            return Read(asks=(_objects(f"{base}objects/", answer.at, position),))
        raise Misanswered("neither discovery, API root nor collection of TAXII 2.1")


def _ask(url: str) -> Ask:
    return Ask(url=url, accept=MEDIA)


def _slashed(url: str) -> str:
    bare = url.partition("?")[0].partition("#")[0]
    return bare if bare.endswith("/") else f"{bare}/"


def _is_page(ask: Ask) -> bool:
    return urlsplit(ask.url).path.endswith("/objects/")


def _collections(base: str, found: list[_Collection], at: str, position: Position) -> Read:
    readable = [one for one in found if one.can_read]
    if any(not one.id or "/" in one.id or not one.id.isascii() for one in readable):
        raise Misanswered("a collection whose identifier is none (TAXII 2.1, section 5.2.1)")
    urls = [linked(base, f"{one.id}/objects/") for one in readable]
    asks = tuple(_objects(url, at, position) for url in urls)
    notes = () if readable else ("no collection may be read with these credentials",)
    return Read(asks=asks, notes=notes)


def _objects(url: str, at: str, position: Position) -> Ask:
    """The page at which a new reading of a collection goes on.

    By date where the server tells it: its cursors may be gone, or have moved on without us. Objects
    that share the last date are asked for again: pages may part them. A date far ahead, as a wrong
    clock once left it, would pass everything over: the collection is read from its beginning.
    """
    place: dict[str, Any] = position.get(url, {})
    last = place.get("last", "")
    if max(last, place.get("added_after", "")) > latest(at):
        return _asked(url, "", "")
    if last > _FIRST:
        return _asked(url, _just_before(last), "")
    return _asked(url, place.get("added_after", ""), place.get("next", ""))


def _asked(url: str, since: str, cursor: str) -> Ask:
    query: dict[str, str | int] = {"limit": LIMIT}
    query |= {"added_after": since} if since else {}
    query |= {"next": cursor} if cursor else {}
    return Ask(url=f"{url}?{urlencode(query)}", accept=MEDIA, reads=(_REFUSED,), again=True)


def _just_before(moment: str) -> str:
    return when((datetime.fromisoformat(moment) - timedelta(microseconds=1)).isoformat())


def _again(ask: Ask, at: str, position: Position) -> Read:
    """The server does not take the cursor any more: on from the last date that is known."""
    url, query = _parts(ask)
    place: dict[str, Any] = position.get(url, {})
    last = place.get("last", "")
    if "next" not in query:
        raise Misanswered("the server does not take the question (status 400)")
    if place.get("again") == last:
        raise Misanswered("the server does not take its own cursor (status 400)")
    kept = {name: place[name] for name in ("added_after", "last") if place.get(name)}
    after = {**position, url: kept | {"again": last}}
    return Read(
        asks=(_objects(url, at, after),), position=after,
        notes=("the server no longer takes the cursor; reading goes on by date",),
    )  # fmt: skip


def _parts(ask: Ask) -> tuple[str, dict[str, str]]:
    url, _, query = ask.url.partition("?")
    return url, {name: values[0] for name, values in parse_qs(query).items()}


def _page(ask: Ask, answer: Answer, found: _Resource, position: Position) -> Read:
    url, query = _parts(ask)
    before: dict[str, Any] = position.get(url, {})
    objects = found.objects or []
    documents = tuple(_document(raw) for raw in objects)
    until = latest(answer.at)
    kept = {name: before.get(name, "") for name in ("last", "added_after")}
    kept = {name: moment if moment <= until else "" for name, moment in kept.items()}
    last = _latest(kept["last"], answer.headers.get(_LAST, ""), until)
    whole = kept["added_after"]
    if not found.more:
        done = last or whole
        place: dict[str, Any] = {"added_after": done} if done else {}
        return Read(documents=documents, position={**position, url: place})
    since = query.get("added_after", "")
    if not found.next:
        # Section 3.5: without a cursor, the date of the last object is where the next page begins.
        if not last or last <= since:
            raise Misanswered("more is promised, without a cursor or a later date to ask for")
        since = last
    place = {"added_after": whole} if whole else {}
    place |= {name: before[name] for name in ("again",) if name in before}
    place |= {"last": last, "next": found.next, **_going_on(query, answer, before, len(objects))}
    following = _asked(url, since, found.next)
    return Read(documents=documents, asks=(following,), position={**position, url: place})


def _going_on(
    query: dict[str, str], answer: Answer, before: dict[str, Any], objects: int
) -> dict[str, Any]:
    """What tells a server that goes round in a circle: some give one cursor for all pages, so that
    only the same page again shows it.
    """
    seen: list[str] = before.get("seen", []) if "next" in query else []
    mark = sha256(answer.body).hexdigest()[:32]
    if mark in seen:
        raise Misanswered("a page comes again: the server goes round in a circle")
    empty = 0 if objects else before.get("empty", 0) + 1
    if empty > _EMPTY:
        raise Misanswered(f"more is promised on {empty} pages that hold nothing")
    return {"seen": [*seen, mark][-_SEEN:], "empty": empty}


def _latest(before: str, said: str, until: str) -> str:
    try:
        moment = when(said)
    except Invalid as wrong:
        raise Misanswered(f"{_LAST}: {wrong.reason}") from wrong
    if moment and moment < _FIRST:
        raise Misanswered(f"{_LAST}: {printable(said[:60])!r} is before all servers")
    if moment > until:
        raise Misanswered(f"{_LAST}: {printable(said[:60])!r} is ahead of time")
    return max(before, moment)


def _document(raw: msgspec.Raw) -> tuple[str, bytes]:
    """An object as it came: its own bytes are the document, however pages are cut."""
    body = bytes(raw)
    try:
        found = decode_as(_Object, body)
    except Invalid:
        return "an object without identifier", body
    return f"{found.id} {found.modified}".strip()[:200], body
