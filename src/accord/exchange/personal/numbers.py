"""Numbers of people in free text: national numbers by their check digits, and telephone numbers.

Any nine digits are a tax file number with a chance of one in eleven, so a number counts only where
the words around it say what it is.

Source: US SSA (social security numbers); ATO (tax file numbers); UIDAI (Aadhaar, Verhoeff);
Income Tax Department of India (PAN); Japan, Act No. 27 of 2013 (My Number); ITU-T E.164.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator

import msgspec
from phonenumbers import Leniency, PhoneNumberMatcher
from stdnum.au import tfn
from stdnum.in_ import aadhaar, pan
from stdnum.jp import in_ as my_number
from stdnum.us import ssn

from accord.exchange.personal.finds import Kind

BEFORE = 64
"""Characters before a number in which the word may stand that says what it is."""
AFTER = 32
"""Characters behind it."""
REGIONS = ("US", "AU", "IN", "JP")

_GROUPED = re.compile(r"(?<![A-Za-z0-9_.+-])[0-9](?:[ -]?[0-9]){7,11}(?![A-Za-z0-9_-]|\.\d)")
"""Other scripts have no spaces between words and numbers."""
_SSN = re.compile(r"(?<![A-Za-z0-9_.+-])[0-9]{3}([ -]?)[0-9]{2}\1[0-9]{4}(?![A-Za-z0-9_-]|\.\d)")
_PAN = re.compile(r"(?<![A-Za-z0-9_])[A-Za-z]{5}[0-9]{4}[A-Za-z](?![A-Za-z0-9_])")
_BETWEEN = re.compile(r"[ -]")


class Effort(msgspec.Struct):
    """What is left of the work that one body is worth; what is past it is for a person to read."""

    characters: int = 24_000
    """In which telephone numbers are looked for: up to twenty microseconds each."""
    candidates: int = 6_000
    """Digits whose check digits are computed."""


class _Number(msgspec.Struct, frozen=True):
    kind: Kind
    stems: tuple[str, ...]
    """Parts of the words below in lower case: a text without any of them has none of the words."""
    words: re.Pattern[str]
    """Any of them says what the number is."""
    valid: Callable[[str], bool]
    shape: re.Pattern[str] = _GROUPED
    weak: re.Pattern[str] | None = None
    """They do so only of a number that is written in groups."""


def _words(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE)


_NATIONAL = (
    _Number(
        "ssn",
        ("ssn", "s.s.n", "social"),
        _words(r"\bssns?\b", r"social[ -]security", r"\bs\.s\.n\b"),
        ssn.is_valid,
        _SSN,
    ),
    _Number("tfn", ("tfn", "tax"), _words(r"\btfns?\b", r"tax[ -]file"), tfn.is_valid),
    _Number(
        "aadhaar",
        ("adh", "ada", "uid", "आधार"),
        _words(r"\ba{1,2}dh?aa?r\b", r"\buidai\b", "आधार"),
        aadhaar.is_valid,
        weak=_words(r"\buid\b"),
    ),
    _Number(
        "pan",
        ("pan", "permanent", "tax", "पैन"),
        _words(r"\bpan\b", r"permanent account", r"income[ -]tax", "पैन"),
        pan.is_valid,
        _PAN,
    ),
    _Number(
        "my number",
        (
            "my number",
            "mynumber",
            "my-number",
            "my_number",
            "individual",
            "マイナンバー",
            "個人番号",
        ),
        _words(r"\bmy[ -]?number\b", r"individual number", "マイナンバー", "個人番号"),
        my_number.is_valid,
    ),
)
_STRONG = _words(
    r"\btel\b",
    r"t[e\u00e9]l[e\u00e9](?:ph|f)on",
    r"\b(?:cell|hand|smart)?phone(?:s|d)?\b",
    r"\bph[.:]",
    r"\bmob(?:ile)?\b",
    r"\bfax\b",
    r"(?<![.\w/])sms\b",
    r"whats-?app",
    "電話",
    "携帯",
    "फोन",
    "फ़ोन",
    "मोबाइल",
)
"""Bare digits near one of these are a telephone number."""
_AT_ONCE = re.compile(
    r"\b(?:reach(?:ed|able)?|call(?:ed)?|contact(?:ed)?|ring|rung|text(?:ed)?)"
    r"(?: (?:me|him|her|them|us))? (?:at|on|under):?\s{0,2}\(?$",
    re.IGNORECASE,
)
"""Bare digits right behind it are one too: `reached at 2024561414`."""
_TIMESTAMP = re.compile(r"1[3-9]\d{8}")
"""Seconds since 1970, from 2011 on. In North America no area code begins so."""
_WEAK = _words(
    r"\bcell\b",
    r"\bcall(?:ed|ing|s)?\b",
    r"\bdial",
    r"\bring\b",
    r"\btext(?:ed|ing)?\b",
    r"\breach(?:ed|able)?\b",
    r"\bcontact",
)
"""Programs call, dial and reach too: near these a number counts that is written like one."""
_PHONE_STEMS = (
    "tel", "t\u00e9l", "phone", "ph.", "ph:", "mob", "fax", "sms", "whats", "cell", "call", "dial",
    "ring", "text", "reach", "contact", "電話", "携帯", "फोन", "फ़ोन", "मोबाइल",
)  # fmt: skip
_PHONE = _words(_STRONG.pattern, _WEAK.pattern)
_RIGHT_BEFORE = _words(rf"(?:{_STRONG.pattern})[^\w\n]{{0,3}}(?:no|number|nr)?[^\w\n]{{0,3}}$")
_WRITTEN = re.compile(r"\+|\(?0|.*\d[ ().-]+\d")
STEMS = _PHONE_STEMS + tuple(stem for number in _NATIONAL for stem in number.stems)
"""A text without any of them, in lower case, holds no number that counts."""
_SOME = re.compile(r"\d{4}|\d(?:[^\w\n]{0,3}\d){6}")
_ENOUGH = re.compile(r"\d(?:[^\w\n]{0,3}\d){6}")
"""Seven digits near each other: less is no number of a person."""


_JOINTS = re.compile(r"(?<=[a-z])(?=[A-Z])|[_.:/-]+")


def naming(name: str) -> str:
    """The words of a member's name, where they say that a person's number stands there, or ""."""
    lower = name.lower()
    if len(name) > BEFORE // 2 or not any(stem in lower for stem in STEMS):
        return ""
    words = _JOINTS.sub(" ", name)
    says = any(one.words.search(words) for one in _NATIONAL) or _STRONG.search(words)
    return f"{words}: " if says else ""


def numbers(text: str, effort: Effort) -> Iterator[tuple[Kind, int, int]]:
    """Kind, start and end of each number; an `unsearched` where there was too much to look at.

    The text is one made `plain`.
    """
    if not _SOME.search(text):
        return
    lower = text.lower()
    for number in _NATIONAL:
        if any(stem in lower for stem in number.stems):
            yield from _national(number, text, effort)
    if any(stem in lower for stem in _PHONE_STEMS):
        yield from _phones(text, effort)


def _national(number: _Number, text: str, effort: Effort) -> Iterator[tuple[Kind, int, int]]:
    words = _Words(number.words, text)
    weak = _Words(number.weak, text) if number.weak else None
    if not (words or weak):
        return
    for found in number.shape.finditer(text):
        grouped = weak is not None and _BETWEEN.search(found[0])
        if not (words.near(found) or (weak and grouped and weak.near(found))):
            continue
        effort.candidates -= 1
        if effort.candidates < 0:
            yield "unsearched", found.start(), len(text)
            return
        valid = number.valid(_BETWEEN.sub("", found[0]))
        if valid and not _is_other(text, *found.span()):
            yield number.kind, *found.span()


class _Words:
    """Where the words stand that say what a number is."""

    def __init__(self, words: re.Pattern[str], text: str) -> None:
        spans = [found.span() for found in words.finditer(text)]
        self._starts = [start for start, _ in spans]
        self._ends = [end for _, end in spans]

    def __bool__(self) -> bool:
        return bool(self._starts)

    def near(self, found: re.Match[str]) -> bool:
        """Whether one of them stands near a number."""
        first = bisect_right(self._ends, found.start() - BEFORE)
        return first < len(self._starts) and self._starts[first] < found.end() + AFTER


def _phones(text: str, effort: Effort) -> Iterator[tuple[Kind, int, int]]:
    for start, end in _stretches(text):
        stretch = text[start:end]
        if not _ENOUGH.search(stretch):
            continue
        effort.characters -= len(stretch)
        if effort.characters < 0:
            yield "unsearched", start, len(text)
            return
        found = {
            (start + match.start + _unopened(match.raw_string), start + match.end)
            for region in REGIONS
            for match in PhoneNumberMatcher(stretch, region, leniency=Leniency.VALID)
            if not _is_other(text, start + match.start, start + match.end)
        }
        for one in sorted(_outermost(found)):
            if _is_called(text, *one):
                yield "phone", *one


def _unopened(number: str) -> int:
    """1 where it begins with a bracket that belongs to the text around it."""
    return int(number.startswith("(") and ")" not in number)


def _is_called(text: str, start: int, end: int) -> bool:
    """Whether a word near it, or that and how it is written, make it a telephone number."""
    before = text[max(0, start - BEFORE) : start]
    if _TIMESTAMP.fullmatch(text[start:end]):
        return bool(_RIGHT_BEFORE.search(before))
    if _AT_ONCE.search(before):
        return True
    around = text[max(0, start - BEFORE) : end + AFTER]
    return bool(_STRONG.search(around) or _WRITTEN.match(text[start:end]))


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """Where a telephone number may stand: around the words, overlapping stretches as one."""
    start = end = -1
    for word in _PHONE.finditer(text):
        first, last = max(0, word.start() - AFTER), min(len(text), word.end() + BEFORE)
        if first > end or last - start > BEFORE * 8:
            if end > start:
                yield start, end
            start = max(first, end)
        end = last
    if end > start:
        yield start, end


def _outermost(found: set[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Regions differ in how much of a number is theirs: the longest counts."""
    for start, end in found:
        if not any(s <= start and end <= e and (s, e) != (start, end) for s, e in found):
            yield start, end


_OTHER = re.compile(
    r"(?:\b(?:CVE|CWE|KB|RFC|UTC|port|pid|build|version|v|bytes|size|offset|block|campaign|ticket|"
    r"case|serial)[ :#=-]{0,3}|\b(?-i:AS|MS|TA)-?|[A-Za-z0-9_][./_-]|[0-9][:=#])$",
    re.IGNORECASE,
)
_UNIT = re.compile(r"\s?(?:bytes?|[KMG]i?B|records|rows|packets|times|seconds|ms)\b", re.IGNORECASE)
_DATE = re.compile(
    r"\(?(?:19|20)\d\d[-/. ]?[01]\d[-/. ]?[0-3]\d(?!\d)|[0-3]?\d[-/.][01]?\d[-/.](?:19|20)\d\d"
)
_ADDRESS = re.compile(r"\(?(?:\d{1,3}\.){3}\d{1,3}\b")

_GOES_ON = re.compile(r"[.:/_-]?[A-Za-z0-9_]")


def _is_other(text: str, start: int, end: int) -> bool:
    """Whether it is a date, an address, a part of a longer number, or named as something else."""
    return bool(
        _OTHER.search(text[max(0, start - 16) : start])
        or _DATE.match(text[start:end])
        or _ADDRESS.fullmatch(text[start:end])
        or _UNIT.match(text[end : end + 16])
        or _GOES_ON.match(text[end : end + 2])
    )
