"""Text as a reader sees it, and where each of its characters stands in the original.

What is written so that programs do not see it (characters without a width, full-width signs,
`&#64;`, `%40`) is read as what it shows, so that every rule need be written only once.

Source: Unicode Standard Annex #15 (NFKC); Unicode Character Database, Default_Ignorable_Code_Point;
HTML Living Standard, section 13.5 (character references); RFC 3986, section 2.1.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from typing import NamedTuple

_BMP = 0x10000
_LAST = 0x10FFFF
_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
_SEVERAL = "\u2121\u213b\ufb00-\ufb06"
"""Telephone sign, fax sign and ligatures: one character that shows several."""
_NAMED = {
    "commat": "@", "period": ".", "lowbar": "_", "hyphen": "-", "dash": "-", "plus": "+",
    "nbsp": " ", "shy": "", "zwj": "", "zwnj": "", "zerowidthspace": "", "lpar": "(", "rpar": ")",
    "lsqb": "[", "rsqb": "]", "colon": ":",
}  # fmt: skip
_ENCODED = (
    r"&(?:amp;){0,3}(?:#(?P<decimal>\d{1,8})|#[xX](?P<hex>[0-9A-Fa-f]{1,7})|"
    rf"(?P<name>(?i:{'|'.join(_NAMED)})));?"
    r"|%(?:25){0,3}(?P<percent>[2-7][0-9A-Fa-f])"
    r"|\\(?:u00|x)(?P<escape>[2-7][0-9A-Fa-f])"
)
_LONGER = re.compile(_ENCODED)
_CHANGED = re.compile(rf"[{_UNSEEN}]+|[{_SEVERAL}]|{_ENCODED}")
_IS_UNSEEN = re.compile(f"[{_UNSEEN}]")
_HYPHENS = frozenset("\u2010\u2011\u2012\u2013\u2212")


class Plain(NamedTuple):
    """A text, and what was changed in it where the length is another."""

    text: str
    starts: list[int]
    """Where each change begins in the text."""
    spans: list[tuple[int, int, int]]
    """Of each: its end in the text, its start and end in the original."""

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Start and end in the original of a stretch of the text that is not empty."""
        return self._of(start)[0], self._of(end - 1)[1]

    def _of(self, at: int) -> tuple[int, int]:
        index = bisect_right(self.starts, at) - 1
        if index < 0:
            return at, at + 1
        here, start, end = self.spans[index]
        if at < here:
            return start, end
        return end + at - here, end + at - here + 1


class _Table(dict[int, str]):
    """For `str.translate`: one character for each, so that places stay the same."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        shown = _shown(sign)
        if code < _BMP or shown != sign:  # Bounded, whatever is in the texts.
            self[code] = shown
        return shown


def _shown(sign: str) -> str:
    digit = unicodedata.decimal(sign, None)
    if digit is not None:
        return str(digit)
    if sign in _HYPHENS:
        return "-"
    shown = unicodedata.normalize("NFKC", sign)
    return shown if len(shown) == 1 else sign


_TABLE = _Table()


def plain(text: str) -> Plain:
    """The text as it is read, in time that grows with its length."""
    if text.isascii():
        if "&" not in text and "%" not in text and "\\" not in text:
            return Plain(text, [], [])
        return _shortened(text, _LONGER)
    return _shortened(text.translate(_TABLE), _CHANGED)


def _shortened(text: str, changed: re.Pattern[str]) -> Plain:
    parts: list[str] = []
    starts: list[int] = []
    spans: list[tuple[int, int, int]] = []
    done = length = 0
    for found in changed.finditer(text):
        shown = _meant(found)
        parts += (text[done : found.start()], shown)
        length += found.start() - done
        starts.append(length)
        length += len(shown)
        spans.append((length, *found.span()))
        done = found.end()
    return Plain("".join([*parts, text[done:]]) if parts else text, starts, spans)


def _meant(found: re.Match[str]) -> str:
    """What is seen in place of a sign of several, an unseen one, or an encoded one."""
    how = found.lastgroup
    if how is None:
        return "" if _IS_UNSEEN.match(found[0]) else unicodedata.normalize("NFKC", found[0])
    if how == "name":
        return _NAMED[found[how].lower()]
    code = int(found[how], 10 if how == "decimal" else 16)
    if not ord(" ") <= code <= _LAST:
        return " "
    sign = chr(code)
    return "" if _IS_UNSEEN.match(sign) else _shown(sign)
