"""What a bill says in one field: something, or nothing, or that it will not or cannot say.

Law (placeholders never pass): a text that only fills a place is never *stated*, however it is
written: in either case, in full width, between brackets, or with characters that nobody sees.

Source: SPDX 2.3, section 7 (NOASSERTION: no attempt, or no statement); CISA, 2025 Minimum Elements
for a Software Bill of Materials (draft, August 2025), *known unknowns*: what is unknown is told
apart from what is withheld; Unicode Standard Annex 15 (NFKC) and DerivedCoreProperties
(Default_Ignorable_Code_Point). The words are data, in `accord/assurance/data/placeholders.yaml`.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable
from enum import IntEnum
from functools import cache, lru_cache
from importlib.resources import files

import msgspec

from accord.core import yaml


class Said(IntEnum):
    """How a field of a bill is filled; of several values the highest counts."""

    MISSING = 0
    """There is no such field, or it is empty."""
    UNKNOWN = 1
    """A placeholder, something of the wrong shape, or the word that it is not known."""
    WITHHELD = 2
    """The bill says that it keeps this back."""
    STATED = 3

    @property
    def word(self) -> str:
        """As people and documents write it."""
        return self.name.lower()


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    unknown: tuple[str, ...]
    withheld: tuple[str, ...]


_LONGEST = 40
"""Characters of a placeholder, once it is normalised; what is longer says something."""
_LOOKED_AT = 4096
"""Characters of a text that are looked at."""
_AROUND = string.punctuation + " "
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp", "Zs"})
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc\ufffd")
"""Letters, marks and symbols that show nothing: fillers of Hangul and Khmer, Braille's blank."""
_SELECTORS = range(0xFE00, 0xFE10), range(0x180B, 0x1810), range(0xE0100, 0xE01F0)
_KIND = re.compile(r"^(?:organization|person|tool):\s*", re.IGNORECASE)
"""How SPDX 2 says what kind of agent a name is of."""
_FILLED = re.compile(r"(.)\1*")
_AGAIN = "x"
"""A letter that, written again and again, fills a form: `xxx`."""
_LEAST = 3


def said(text: str | None) -> Said:
    """How one text fills its field."""
    return _said(text[:_LOOKED_AT]) if text else Said.MISSING


@lru_cache(1 << 14)
def _said(text: str) -> Said:
    if not text.strip():
        return Said.MISSING
    word = normal(_KIND.sub("", text.strip()))
    if not any(char.isalnum() for char in word):
        return Said.UNKNOWN
    if len(word) > _LONGEST:
        return Said.STATED
    if word in _words()[Said.UNKNOWN] or _is_filling(word):
        return Said.UNKNOWN
    return Said.WITHHELD if word in _words()[Said.WITHHELD] else Said.STATED


def normal(text: str) -> str:
    """A text as it is compared: NFKC, no letter case, nothing unseen, no punctuation around it."""
    if text.isascii() and text.isprintable():
        return " ".join(text.casefold().strip(_AROUND).split())
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _bare(" ".join("".join(map(_seen, plain)).split()))


def _seen(char: str) -> str:
    """A character that shows something; a blank for white space, nothing for the others."""
    if char.isspace():
        return " "
    if unicodedata.category(char) in _UNSEEN or char in _FILLERS:
        return ""
    return "" if any(ord(char) in one for one in _SELECTORS) else char


def _bare(text: str) -> str:
    """Without what stands around it and is neither letter, digit nor mark."""
    start, end = 0, len(text)
    while start < end and not _is_word(text[start]):
        start += 1
    while end > start and not _is_word(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_word(char: str) -> bool:
    return unicodedata.category(char)[0] in "LNM"


def _is_filling(word: str) -> bool:
    found = _FILLED.fullmatch(word)
    return found is not None and found[1] == _AGAIN and len(word) >= _LEAST


@cache
def _words() -> dict[Said, frozenset[str]]:
    """The placeholders that are shipped, as they are compared."""
    data = (files("accord.assurance") / "data/placeholders.yaml").read_bytes()
    found: _Words = yaml.decode_as(_Words, data)
    return {
        Said.UNKNOWN: frozenset(map(normal, found.unknown)),
        Said.WITHHELD: frozenset(map(normal, found.withheld)),
    }


def best(texts: Iterable[str | None]) -> Said:
    """How several texts fill one field."""
    found = Said.MISSING
    for text in texts:
        now = said(text)
        if now is Said.STATED:
            return now
        found = max(found, now)
    return found
