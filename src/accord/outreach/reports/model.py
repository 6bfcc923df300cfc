"""What a report is: what somebody of the public got, and what became of it.

Law (known again): reports of the same links, addresses, numbers and files are one case, whoever
sends them and in whatever words; where there are none of these, the words decide.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, Literal

import msgspec

Via = Literal["form", "mail", "bot"]
Outcome = Literal["new", "dangerous", "harmless", "unclear"]
OUTCOMES: Final = ("dangerous", "harmless", "unclear")
Kind = Literal["link", "domain", "mail", "phone", "hash"]

MOST_TEXT: Final = 20_000
"""Characters of a report that are kept beside its evidence."""
MOST_BYTES: Final = 25 << 20
"""Bytes of one report with its files."""
MOST_FILES: Final = 10
MOST_ITEMS: Final = 50


class Item(msgspec.Struct, frozen=True, order=True):
    """One thing that a report is about."""

    kind: Kind
    value: str
    """Canonical: equal things have equal values."""


class File(msgspec.Struct, frozen=True):
    """A file kept as evidence, or one within it."""

    name: str
    kind: str
    """Its media type, as whoever sent it says."""
    size: int
    digest: str
    """SHA-256."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a report says, as it is kept."""

    text: str
    subject: str = ""
    """Of the mail that is reported."""
    sender: str = ""
    """Who that mail says that it is from."""
    items: tuple[Item, ...] = ()
    files: tuple[File, ...] = ()
    language: str = "en"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A report as it is kept."""

    id: int
    via: Via
    received: str
    """`when()` it came."""
    said: Said
    key: str
    """Equal in reports of the same."""
    contact: str = ""
    """Where its answer goes; empty: nowhere, or it went."""
    outcome: Outcome = "new"
    answer: str = ""
    """What a person said to whoever reported it."""
    person: str = ""
    decided: str = ""
    answered: str = ""


def key(said: Said) -> str:
    """By what a report is known again: SHA-256 in hexadecimal."""
    if said.items:
        parts = [f"{one.kind}\0{one.value}" for one in sorted(set(said.items))]
        return sha256("\0\0".join(["items", *parts]).encode()).hexdigest()
    words = re.sub(r"\W+", " ", unicodedata.normalize("NFKC", said.text).casefold()).strip()
    files = sorted(one.digest for one in said.files)
    return sha256("\0\0".join(["words", words, *files]).encode("utf-8", "replace")).hexdigest()


def pattern(item: Item) -> str:
    """An item as a STIX pattern; empty: STIX has no name for such a thing.

    Source: STIX 2.1, sections 6 and 9.
    """
    quoted = item.value.replace("\\", "\\\\").replace("'", "\\'")
    match item.kind:
        case "link":
            return f"[url:value = '{quoted}']"
        case "domain":
            return f"[domain-name:value = '{quoted}']"
        case "mail":
            return f"[email-addr:value = '{quoted}']"
        case "hash":
            name = {32: "MD5", 40: "'SHA-1'", 64: "'SHA-256'"}[len(item.value)]
            return f"[file:hashes.{name} = '{quoted}']"
        case "phone":
            return ""


def first(items: Sequence[Item]) -> str:
    """What a report is about, in one line."""
    if not items:
        return "-"
    more = f" and {len(items) - 1} more" if len(items) > 1 else ""
    return f"{items[0].value}{more}"
