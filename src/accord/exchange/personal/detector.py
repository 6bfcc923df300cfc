"""Find personal data that the threat does not need, once for each body.

Law (bounded): the time taken grows with the size of the body and no faster, whatever is in it.

What an attack is recognised by is not looked at: patterns, hashes, observables and addresses of
mail that was sent. Everything else is, the names of members too: there, a mail address or a number
that its neighbours name as a person's is held for a person to decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, Literal, NamedTuple

from accord.core import json
from accord.core.errors import Invalid
from accord.exchange.personal import mail
from accord.exchange.personal.finds import MASK, Find, Kind
from accord.exchange.personal.numbers import STEMS, Effort, naming, numbers
from accord.exchange.personal.observed import OBSERVED
from accord.exchange.personal.people import is_individual, is_named_in
from accord.exchange.personal.plain import Plain, plain

VERSION = "2"
"""Of the rules here and in what they use; finds are kept under it."""
LONGEST = 4_000_000
"""Characters of one text that are looked through."""
MOST = 1_000
"""Finds of one body that are told; a person who sees so many knows enough."""

_WORTH = tuple(
    word.encode()
    for word in (
        "@", "[at", "(at", "{at", "[ at", "( at", "{ at", " dot", "\\u", "\\x",
        "&#", "&amp;", "&commat", "%40", "%25", '"identity"', "language-content", "authors",
        "target-", "passport", "first-name", "middle-name", "last-name", "full-name", "-of-birth",
        "gender", "nationality", "visa", "residence", "redress", "frequent-flyer",
        "identity-card", *STEMS,
    )
    if word.isascii()
)  # fmt: skip
"""An ASCII body without any of these holds nothing that would be found."""
_THREAT = re.compile(
    r"patterns?|hashes|imphash|md5|sha1|sha256|sha512|tlsh|ssdeep|cpe|purl|vectorString",
    re.IGNORECASE,
)
"""Members that are the threat or name software, by their whole name, and are not looked at."""
_DATA = re.compile(
    r"(?:[^_]*_){0,8}(?:id|ids|ref|refs|uuid|type|types|hash|hashes|version|created|modified|"
    r"timestamp|first_seen|last_seen|valid_from|valid_until|href|url|urls|uri|category|data)",
    re.IGNORECASE,
)
"""Members that hold data and not text: a mail address is seen there, digits are something else."""
_PERSON: dict[str, Kind] = {"name": "name", "contact_information": "contact"}
"""Members of an identity that are about the person from end to end."""
_DIGIT = re.compile(r"\d")
_NAME = 4
"""Characters of a name that is looked for in other texts; a shorter one is a word too."""
_MISP_TEXT = frozenset(("comment", "text", "other", "attachment-comment", "description"))
_MISP_VICTIMS = frozenset(("target-email", "target-user"))
"""Who was attacked. Where mail came from or data went (`email-src`, `email-dst`) is the threat."""
_MISP_PEOPLE = frozenset(
    (
        "first-name", "middle-name", "last-name", "full-name", "date-of-birth", "place-of-birth",
        "passport-number", "identity-card-number", "visa-number", "phone-number", "gender",
        "nationality", "primary-residence", "redress-number", "frequent-flyer-number",
    )
)  # fmt: skip
"""Types of MISP's category Person."""


def find(body: bytes, media: str = "") -> tuple[Find, ...]:
    """Personal data in a JSON document, in the order of the text.

    `media` is the media type of the body; what is not JSON, or says something twice (of which a
    reader sees one), is one text.
    """
    if not _is_worth(body):
        return ()
    found = islice(_Search().body(body, media), MOST + 1)
    finds = sorted(found)
    if len(finds) > MOST:
        finds[MOST:] = [Find("", 0, 0, "unsearched")]
    return tuple(finds)


def is_json(media: str) -> bool:
    """Whether a body of this media type is looked through member by member."""
    return not media or "json" in media


def _is_worth(body: bytes) -> bool:
    """Whether reading the body can find anything: nearly always not, and this is quick."""
    lower = body.lower()
    return not lower.isascii() or any(word in lower for word in _WORTH)


_Look = Literal["all", "mail", "nothing"]


class _Way(NamedTuple):
    """How a value is looked at."""

    look: _Look = "all"
    said: str = ""
    """What the name of its member, or the text before it, says of the numbers in it."""


_SAYING = ("name", "key", "label", "title", "object_relation")
"""Members that say what the `value` beside them is."""
_USUAL_NAME = re.compile(r"[A-Za-z0-9_-]*")


class _Search:
    """One body, looked through."""

    def __init__(self) -> None:
        self._effort = Effort()

    def body(self, body: bytes, media: str) -> Iterator[Find]:
        """What is found, in no order."""
        if is_json(media):
            try:
                value = json.decode_strict(body)
            except Invalid:
                pass
            else:
                yield from self._walk(value, "", _Way())
                return
        yield from self._text("", body.decode("utf-8", "replace"), _Way())

    def _walk(self, value: Any, place: str, way: _Way) -> Iterator[Find]:  # noqa: ANN401 - JSON
        """The texts of a value, at any depth; the depth was bounded when it was decoded."""
        if isinstance(value, str):
            if way.look != "nothing":
                yield from self._text(place, value, way)
        elif isinstance(value, list):
            yield from self._list(value, place, way)
        elif isinstance(value, dict):
            if way.look != "nothing":
                yield from self._object(value, place)
        elif way.said and isinstance(value, int) and not isinstance(value, bool):
            yield from self._text(place, str(value), way)

    def _list(self, value: list[Any], place: str, way: _Way) -> Iterator[Find]:
        before: object = None
        for index, item in enumerate(value):
            said = naming(before) if isinstance(before, str) else ""
            yield from self._walk(item, f"{place}/{index}", way._replace(said=said or way.said))
            before = item

    def _object(self, value: dict[str, Any], place: str) -> Iterator[Find]:
        kind = value.get("type")
        whole, quiet = _whole(value, kind), _quiet(value, kind)
        name_ = value.get("name") if "name" in whole else None
        for index, (name, member) in enumerate(value.items()):
            inner = f"{place}/{name.replace('~', '~0').replace('/', '~1')}"
            if not _USUAL_NAME.fullmatch(name):
                finds = list(self._text(f"{place}/~n{index}", name, _Way()))
                yield from finds
                inner = f"{place}/~m{index}" if finds else inner
            if name in whole:
                yield from _all_of(member, inner, whole[name])
            elif name == "contact_information" and kind == "identity":
                yield from self._walk(member, inner, _Way("mail"))
            elif name == "extensions" and quiet and isinstance(member, dict):
                yield from self._object(_added(member), inner)
            elif name not in quiet:
                yield from self._walk(member, inner, _way(name, value))
                yield from _named_again(name_, member, inner)
                if name == "contents" and is_named_in(value):
                    yield from _translated(member, inner)

    def _text(self, place: str, text: str, way: _Way) -> Iterator[Find]:
        if len(text) > LONGEST:
            yield Find(place, LONGEST, len(text), "unsearched")
            text = text[:LONGEST]
        read = plain(text)
        for start, end in mail.addresses(read.text):
            yield Find(place, *read.original(start, end), "mail")
        if (way.said or way.look == "all") and _DIGIT.search(read.text):
            yield from self._numbers(place, read, way.said)

    def _numbers(self, place: str, read: Plain, said: str) -> Iterator[Find]:
        before = len(said)
        for kind, start, end in numbers(said + read.text, self._effort):
            if end > before:
                yield Find(place, *read.original(max(0, start - before), end - before), kind)


def _added(extensions: dict[str, Any]) -> dict[str, Any]:
    """What somebody else than STIX says of something observed; the others keep their places."""
    return {
        name: member if name.startswith("extension-definition--") else None
        for name, member in extensions.items()
    }


def _way(name: str, value: dict[str, Any]) -> _Way:
    if name != "value":
        return _way_of(name)
    beside = (value.get(other) for other in _SAYING)
    said = next((said for one in beside if isinstance(one, str) and (said := naming(one))), "")
    return _Way("all", said)


@lru_cache(maxsize=1_024)
def _way_of(name: str) -> _Way:
    if _THREAT.fullmatch(name):
        return _Way("nothing")
    return _Way("mail" if _DATA.fullmatch(name) else "all", naming(name))


def _translated(contents: object, place: str) -> Iterator[Find]:
    """The name of an identity in other languages (STIX 2.1, section 7.1)."""
    for language, texts in contents.items() if isinstance(contents, dict) else ():
        for name, kind in _PERSON.items() if isinstance(texts, dict) else ():
            step = language.replace("~", "~0").replace("/", "~1")
            yield from _all_of(texts.get(name), f"{place}/{step}/{name}", kind)


def _all_of(member: Any, place: str, kind: Kind) -> Iterator[Find]:  # noqa: ANN401 - JSON
    """Texts that are about a person from end to end."""
    if isinstance(member, list):
        for index, item in enumerate(member):
            yield from _all_of(item, f"{place}/{index}", kind)
    elif isinstance(member, str) and member.strip() and member != MASK:
        yield Find(place, 0, len(member), kind)


def _named_again(name: object, member: object, place: str) -> Iterator[Find]:
    """The name of the person that an object is about, where its other texts tell it."""
    if not isinstance(name, str) or not isinstance(member, str) or len(name) < _NAME:
        return
    start = member.find(name) if name != MASK else -1
    while start >= 0:
        yield Find(place, start, start + len(name), "name")
        start = member.find(name, start + len(name))


def _whole(value: dict[str, Any], kind: object) -> dict[str, Kind]:
    """Members of an object that are about a person from end to end."""
    if kind == "identity" and is_individual(value):
        return _PERSON
    if kind in ("note", "opinion") and "spec_version" in value:
        return {"authors": "name"}
    if isinstance(kind, str) and "value" in value and "category" in value:
        if kind in _MISP_PEOPLE:
            return {"value": "contact"}
        if kind in _MISP_VICTIMS:
            return {"value": "mail" if "mail" in kind else "name"}
    return {}


def _quiet(value: dict[str, Any], kind: object) -> frozenset[str]:
    """Members of an object that are the threat and not words about it."""
    if not isinstance(kind, str):
        return frozenset()
    if kind in OBSERVED and str(value.get("id", "")).startswith(f"{kind}--"):
        return OBSERVED[kind]
    if "category" in value and "value" in value and kind not in _MISP_TEXT:
        return frozenset(("value", "value1", "value2"))
    return frozenset()
