"""The links, addresses, numbers and hashes in a text, each written in one way.

People break links so that nobody follows them: `hxxps://evil[.]example`; they are made whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from accord.core.mail import is_mail_address
from accord.outreach import addresses
from accord.outreach.reports.model import MOST_ITEMS, Item

_BROKEN = (
    (re.compile(r"\[(?:\.|dot)\]|\((?:\.|dot)\)|\{\.\}", re.IGNORECASE), "."),
    (re.compile(r"\[:\]"), ":"),
    (re.compile(r"\[(?:@|at)\]", re.IGNORECASE), "@"),
    (re.compile(r"\bhxxp", re.IGNORECASE), "http"),
)
_LINK = re.compile(r"https?://[^\s<>\"'`{}|\\^]{1,2000}", re.IGNORECASE)
_MAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{3,253}")
_BARE = re.compile(r"(?<![\w.@/-])(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-])")
_HASH = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})(?![0-9A-Za-z])", re.IGNORECASE
)
_PHONE = re.compile(r"(?<![\w+])\+[0-9](?:[ ().-]{0,2}[0-9]){6,14}(?![0-9])")
_MOST = 200_000
"""Characters that are looked through."""
_TRAILING = ".,;:!?)]}>'\"\u3002\u3001"


def items(text: str) -> tuple[Item, ...]:
    """What stands in a text, each once, as many as a report may have: links first."""
    whole = text[:_MOST]
    for broken, by in _BROKEN:
        whole = broken.sub(by, whole)
    found: dict[Item, None] = {}
    for read, pattern in _READERS:
        whole = pattern.sub(_collector(read, found), whole)
    return tuple(found)[:MOST_ITEMS]


def _collector(
    read: Callable[[str], Item | None], found: dict[Item, None]
) -> Callable[[re.Match[str]], str]:
    """Keeps what a match is, and takes it out of the text: nothing in it is read again."""

    def collect(match: re.Match[str]) -> str:
        item = read(match[0])
        if item is None:
            return match[0]
        found[item] = None
        return " "

    return collect


def _link(text: str) -> Item | None:
    link = addresses.link(text.rstrip(_TRAILING))
    return Item("link", link) if link else None


def _mail(text: str) -> Item | None:
    name, _, host = text.strip(".").rpartition("@")
    canonical = addresses.host(host)
    address = f"{name}@{canonical}"
    return Item("mail", address) if canonical and is_mail_address(address) else None


def _hash(text: str) -> Item:
    return Item("hash", text.lower())


def _phone(text: str) -> Item:
    return Item("phone", "+" + re.sub(r"[^0-9]", "", text))


def _domain(text: str) -> Item | None:
    host = addresses.host(text)
    return Item("domain", host) if host else None


_READERS: tuple[tuple[Callable[[str], Item | None], re.Pattern[str]], ...] = (
    (_link, _LINK), (_mail, _MAIL), (_hash, _HASH), (_phone, _PHONE), (_domain, _BARE),
)  # fmt: skip
