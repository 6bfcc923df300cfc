"""CSAF providers: provider metadata, ROLIE feeds, and directories.

Source: CSAF 2.0, section 7.1: requirements 7 (provider metadata), 11 to 14 (directories with
`index.txt` and `changes.csv`), 15 to 17 (ROLIE), 18 to 20 (digests, signatures, keys).
"""

from __future__ import annotations

import csv
from typing import Final
from urllib.parse import urljoin, urlsplit

import msgspec

from accord.core.errors import Invalid
from accord.core.json import decode_as
from accord.exchange.feeds.addresses import below, linked
from accord.exchange.feeds.beside import DIGESTS, KEYS, SIGNATURE
from accord.exchange.feeds.errors import Misanswered
from accord.exchange.feeds.values import (
    FROM,
    READ,
    Answer,
    Ask,
    Item,
    Key,
    Position,
    Read,
    mark,
)

_CHANGES, _INDEX = "changes.csv", "index.txt"
_ABSENT: Final = (404,)
_OPEN = frozenset({"WHITE", "CLEAR", "UNLABELED"})
_MOST: Final = 1_000_000


class _Feed(msgspec.Struct):
    url: str
    tlp_label: str = "UNLABELED"


class _Rolie(msgspec.Struct):
    feeds: list[_Feed] = []


class _Distribution(msgspec.Struct):
    rolie: _Rolie | None = None
    directory_url: str = ""


class _Link(msgspec.Struct):
    href: str
    rel: str = ""


class _Content(msgspec.Struct):
    src: str = ""


class _Entry(msgspec.Struct):
    id: str = ""
    updated: str = ""
    link: list[_Link] = []
    content: _Content | None = None


class _Entries(msgspec.Struct):
    entry: list[_Entry] = []


class _Key(msgspec.Struct):
    url: str = ""
    fingerprint: str = ""


class _Resource(msgspec.Struct):
    distributions: list[_Distribution] | None = None
    feed: _Entries | None = None
    public_openpgp_keys: list[_Key] = []


class Csaf:
    """Provider metadata, a ROLIE feed, a directory, or the index of one."""

    def begin(self, url: str) -> tuple[Ask, ...]:
        """The resource at the address; of a directory its list of changes."""
        if urlsplit(url).path.endswith("/"):
            return (_changes(url),)
        return (Ask(url=url, conditional=True),)

    def read(self, ask: Ask, answer: Answer, position: Position, /) -> Read:
        """What a resource leads to, or the documents that it lists.

        Raises:
            Misanswered: it is none of a CSAF provider.
        """
        path = urlsplit(ask.url).path
        if answer.status in _ABSENT:
            return Read(asks=(Ask(url=urljoin(ask.url, _INDEX), conditional=True),))
        if path.endswith(".csv"):
            return Read(items=_listed(answer))
        if path.endswith(".txt"):
            return Read(items=_named(answer))
        try:
            found = decode_as(_Resource, answer.body)
        except Invalid as wrong:
            raise Misanswered(f"neither provider metadata nor a ROLIE feed: {wrong}") from wrong
        if found.feed is not None:
            return Read(items=tuple(_entry(answer.url, one) for one in found.feed.entry))
        if found.distributions is not None:
            asks = _distributed(answer.url, found.distributions, position)
            return Read(asks=asks, keys=_keys(answer.url, found.public_openpgp_keys))
        raise Misanswered("neither provider metadata nor a ROLIE feed")


def _changes(folder: str) -> Ask:
    return Ask(url=urljoin(folder, _CHANGES), conditional=True, reads=_ABSENT)


def _keys(base: str, found: list[_Key]) -> tuple[Key, ...]:
    return tuple(Key(linked(base, one.url), one.fingerprint) for one in found[:KEYS])


def _distributed(base: str, found: list[_Distribution], position: Position) -> tuple[Ask, ...]:
    """ROLIE feeds say when each document changed, so they come before directories."""
    feeds = [feed for one in found if one.rolie is not None for feed in one.rolie.feeds]
    asks = [
        Ask(
            url=linked(base, feed.url),
            conditional=True,
            optional=feed.tlp_label.upper() not in _OPEN,
        )
        for feed in feeds
    ]
    if not asks:
        folders = [one.directory_url for one in found if one.directory_url]
        asks = [_changes(linked(base, f"{folder.rstrip('/')}/")) for folder in folders]
    if not asks:
        raise Misanswered("the provider metadata names neither a ROLIE feed nor a directory")
    return _going_on(list(dict.fromkeys(asks)), position)


def _going_on(asks: list[Ask], position: Position) -> tuple[Ask, ...]:
    """The same in turn: first those that earlier readings did not come to, from their place on.

    Lists may be added before that place, change their order, or be gone.
    """
    places = position.get(FROM, [])
    named = [places] if isinstance(places, str) else [str(one) for one in places]
    numbers = {ask.url: number for number, ask in enumerate(asks)}
    found = (numbers.get(_first(place)) for place in named)
    start = next((number for number in found if number is not None), 0)
    turned = (*asks[start:], *asks[:start])
    read = frozenset(map(str, position.get(READ, [])))
    return tuple(sorted(turned, key=lambda ask: mark(ask.url) in read))


def _first(place: str) -> str:
    """What is asked first of a directory: its list of changes, before its index."""
    return urljoin(place, _CHANGES) if place.endswith(f"/{_INDEX}") else place


def _entry(base: str, entry: _Entry) -> Item:
    own = [link.href for link in entry.link if link.rel == "self"]
    href = own[0] if own else entry.content.src if entry.content is not None else ""
    url = linked(base, href)
    offered = [(one, linked(base, one.href)) for one in entry.link if one.href != href]
    digests = [to for one, to in offered if one.rel == "hash" or to.endswith(DIGESTS)]
    digests.sort(key=lambda to: not to.endswith(DIGESTS[0]))
    signed = [to for one, to in offered if one.rel == "signature" or to.endswith(SIGNATURE)]
    return Item(url, entry.updated, url, tuple(digests[:2]), signed[0] if signed else "")


def _within(answer: Answer, name: str, revision: str) -> Item:
    """A document of a directory, which does not say what is beside it."""
    url = below(answer.url, name)
    digests = tuple(f"{url}{ending}" for ending in DIGESTS)
    return Item(name, revision, url, digests, f"{url}{SIGNATURE}", probed=True)


def _lines(answer: Answer) -> list[str]:
    try:
        lines = answer.body.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as wrong:
        raise Misanswered(f"the list of documents is not UTF-8: {wrong}") from wrong
    if len(lines) > _MOST:
        raise Misanswered(f"the list names more than {_MOST:,} documents")
    return [line for line in lines if line.strip()]


def _named(answer: Answer) -> tuple[Item, ...]:
    return tuple(_within(answer, name, "") for name in map(str.strip, _lines(answer)))


def _listed(answer: Answer) -> tuple[Item, ...]:
    """Of several lines on one document the first counts: the list begins with the latest."""
    found: dict[str, Item] = {}
    try:
        for row in csv.reader(_lines(answer), strict=True):
            if len(row) < 2:  # noqa: PLR2004 - path and date
                raise Misanswered("a line of the list of changes has no date")
            name = row[0].strip()
            found.setdefault(name, _within(answer, name, row[1].strip()))
    except csv.Error as wrong:
        raise Misanswered(f"the list of changes is no CSV: {wrong}") from wrong
    return tuple(found.values())
