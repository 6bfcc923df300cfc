"""Find personal data that the threat does not need, once for each body.

Law (bounded): the time taken grows with the size of the body and no faster, whatever is in it.

What an attack is recognised by is not looked at: patterns, hashes, observables and addresses of
mail that was sent. Free text is: there, a mail address or a number that its neighbours name as a
person's is held for a person to decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from accord.core import json
from accord.core.errors import Invalid
from accord.exchange.personal import mail
from accord.exchange.personal.finds import MASK, Find, Kind
from accord.exchange.personal.numbers import PLAIN, STEMS, Effort, numbers

VERSION = "1"
"""Of the rules here and in what they use; finds are kept under it."""
LONGEST = 4_000_000
"""Characters of one text that are looked through."""
MOST = 1_000
"""Finds of one body that are told; a person who sees so many knows enough."""

_WORTH = tuple(
    word.encode()
    for word in (
        "@", "[at", "(at", "{at", "[ at", "( at", "{ at", "\\u", "individual", "authors",
        "target-", "passport", "first-name", "middle-name", "last-name", "full-name", "-of-birth",
        "gender", "nationality", "visa", "residence", "redress", "frequent-flyer",
        "identity-card", *STEMS,
    )
    if word.isascii()
)  # fmt: skip
"""An ASCII body without any of these holds nothing that would be found."""
_OBSERVED = frozenset(
    (
        "artifact", "autonomous-system", "directory", "domain-name", "email-addr", "email-message",
        "file", "ipv4-addr", "ipv6-addr", "mac-addr", "mutex", "network-traffic", "process",
        "software", "url", "user-account", "windows-registry-key", "x509-certificate",
        "observed-data", "extension-definition", "marking-definition",
    )
)  # fmt: skip
"""STIX 2.1, section 6: what was observed. It is the threat itself."""
_DATA = re.compile(
    r"(?:[^_]*_){0,8}(?:id|ids|ref|refs|uuid|type|types|pattern|patterns|hash|hashes|version|created|"
    r"modified|timestamp|first_seen|last_seen|valid_from|valid_until|href|url|urls|uri|cpe|purl|"
    r"spec_version|category|md5|sha1|sha256|sha512|tlsh|ssdeep|external_id|vectorString|data)",
    re.IGNORECASE,
)
"""Members that hold data and not text."""
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
                yield from self._walk(value, "", text=True)
                return
        yield from self._text("", body.decode("utf-8", "replace"))

    def _walk(self, value: Any, place: str, *, text: bool) -> Iterator[Find]:  # noqa: ANN401 - JSON
        """The texts of a value, at any depth; the depth was bounded when it was decoded."""
        if isinstance(value, str):
            if text:
                yield from self._text(place, value)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._walk(item, f"{place}/{index}", text=text)
        elif isinstance(value, dict):
            yield from self._object(value, place, text=text)

    def _object(self, value: dict[str, Any], place: str, *, text: bool) -> Iterator[Find]:
        kind = value.get("type")
        whole, quiet = _whole(value, kind), _quiet(value, kind)
        name_ = value.get("name") if "name" in whole else None
        for name, member in value.items():
            inner = f"{place}/{name.replace('~', '~0').replace('/', '~1')}"
            if name in whole:
                yield from _all_of(member, inner, whole[name])
            elif name == "contact_information" and kind == "identity":
                yield from self._mail(inner, member)
            elif name not in quiet:
                yield from self._walk(member, inner, text=text and not _DATA.fullmatch(name))
                yield from _named_again(name_, member, inner)

    def _text(self, place: str, text: str) -> Iterator[Find]:
        if len(text) > LONGEST:
            yield Find(place, LONGEST, len(text), "unsearched")
            text = text[:LONGEST]
        text = text.translate(PLAIN) if not text.isascii() else text
        yield from self._mail(place, text)
        if _DIGIT.search(text):
            for kind, start, end in numbers(text, self._effort):
                yield Find(place, start, end, kind)

    def _mail(self, place: str, text: object) -> Iterator[Find]:
        """Addresses alone: the telephone of an organisation is nobody's own."""
        if isinstance(text, str):
            for start, end in mail.addresses(text):
                yield Find(place, start, end, "mail")


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
    if kind == "identity" and value.get("identity_class") == "individual":
        return {"name": "name", "contact_information": "contact"}
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
    if kind in _OBSERVED and str(value.get("id", "")).startswith(f"{kind}--"):
        return frozenset(value) - {"x_comment", "description"}
    if "category" in value and "value" in value and kind not in _MISP_TEXT:
        return frozenset(("value", "value1", "value2"))
    return frozenset()
