"""Versions as publishers of CSAF write them, as events of a range where the text is unambiguous.

CSAF asks for a `vers` text or the vendor's own form (section 3.1.2.3.2); in practice it is
`<V2.3`, `>= 1.0 | < 2.0`, `vers:all/*`, `All versions < V5 SP2`, `1.4 and earlier`. A text that
two people could read in two ways is not evaluated, and never guessed.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from accord.supply.advisories.facts import Event

START = Event("introduced", "0")
_OPERATOR = re.compile(r"(<=|>=|=<|=>|<|>|≤|≥|==?|!=)")
_OPERATORS = {"≤": "<=", "≥": ">=", "=<": "<=", "=>": ">=", "=": "", "==": ""}
_VERS = re.compile(r"vers:[a-z0-9.+-]+/", re.IGNORECASE)
_ALL = re.compile(
    r"(?:all|any)(?: other| firmware| software)?(?: versions?)?|\*|versions?", re.IGNORECASE
)
_ALL_BEFORE = re.compile(
    r"(?:all |any )?(?:firmware |software )?versions? *|all +(?=[<>])", re.IGNORECASE
)
_LEAD = re.compile(
    r"(?:(?:firmware|software|release|revision|version|versions|ver\.?|v\.) +)+", re.IGNORECASE
)
_VERSION = re.compile(
    r"[A-Za-z]{0,10}[ ._-]?\d[\w.()+:~/-]*+"
    r"(?:[ _,-]*(?:sp|service pack|u|upd|update|hf|hotfix|patch|p|build|b|rev|revision|r|cu|fp|rc"
    r"|beta|release|ed|fw|service release|sr|fix|firmware|version)[ ._#-]?\d[\w.()-]*+)*+",
    re.IGNORECASE,
)
_WILDCARD = re.compile(r"([A-Za-z]{0,3}[ .]?(?:\d+\.)*)(\d+)\.[xX*]")
_LESS = "prior to|before|earlier than|older than|lower than|less than|below"
_MORE = "after|later than|newer than|higher than|above"
_AND_LESS = "earlier|prior|before|below|older|lower|previous"
_AND_MORE = "later|newer|above|higher|subsequent"
_TAIL = r"(?: +(?:\w+ +)?versions?)?"
_WORDED = tuple(
    (re.compile(pattern, re.IGNORECASE), sign)
    for pattern, sign in (
        (rf"(?:{_LESS}) +(.+)", "<"),
        (r"(?:up to and including|up to \(including\)|through) +(.+)", "<="),
        (rf"(?:{_MORE}) +(.+)", ">"),
        (rf"(.+?),? +(?:and|or|&) +(?:all +)?(?:{_AND_LESS}){_TAIL}", "<="),
        (rf"(.+?),? +(?:and|or|&) +(?:all +)?(?:{_AND_MORE}){_TAIL}", ">="),
    )
)
_BETWEEN = re.compile(
    r"(?:from +|between +)?(\S.*?) +(?:to|through|thru|up to and including) +(.+)"
)
_EVENTS = {"<": "fixed", "<=": "last_affected", ">": "after", ">=": "introduced"}
_SEPARATORS = re.compile(r"\s*(?:\|+|;|,(?=\s)|\band\b|&)\s*", re.IGNORECASE)
_LONGEST = 200


class Span(msgspec.Struct, frozen=True):
    """Which versions a text speaks of."""

    versions: tuple[str, ...] = ()
    ranges: tuple[tuple[Event, ...], ...] = ()
    words: bool = False
    """The text cannot be turned into versions or ranges with certainty."""

    @property
    def whole(self) -> bool:
        """Every version there is."""
        return self.ranges == ((START,),)


WHOLE = Span(ranges=((START,),))
_WORDS = Span(words=True)


@lru_cache(maxsize=16384)
def span(text: str, *, exact: bool) -> Span:
    """The versions that a branch's name speaks of.

    `exact` says that the branch is of category `product_version`: what is no range then is a
    version as it stands. Elsewhere it has to look like one.
    """
    plain = " ".join(text.replace("_", " ").split()) if not exact else text.strip()
    if len(plain) > _LONGEST or "!=" in plain:
        return _WORDS
    vers = _VERS.match(plain)
    plain = plain[vers.end() :].strip() if vers else plain
    if not plain or _ALL.fullmatch(plain):
        return WHOLE
    found = _compared(plain) if _OPERATOR.search(plain) else _worded(plain)
    if found is None and exact:
        found = _listed(plain) or Span(versions=(plain,))
    return found or _listed(plain) or _WORDS


def _compared(text: str) -> Span | None:
    """A text with comparison signs: `>= 1.0 | < 2.0`, `All versions < V5`, `<= 1.2 | 1.4`."""
    text = _ALL_BEFORE.sub("", text, count=1) if _ALL_BEFORE.match(text) else text
    pairs: list[tuple[str, str]] = []
    for part in _SEPARATORS.split(text):
        first, *rest = _OPERATOR.split(part)
        if first.strip() and rest:
            return None
        if first.strip():
            pairs.append(("", first))
        pairs += zip(rest[::2], rest[1::2], strict=True)
    checked = [(_OPERATORS.get(sign, sign), _version(version)) for sign, version in pairs]
    if not checked or any(not version for _, version in checked):
        return None
    return _combined(checked)


def _combined(pairs: list[tuple[str, str]]) -> Span | None:
    """Comparisons in the order in which they stand: a lower bound belongs to the next upper one."""
    versions = tuple(version for sign, version in pairs if not sign)
    bounds = [(sign, version) for sign, version in pairs if sign]
    ranges: list[tuple[Event, ...]] = []
    lower: Event | None = None
    for sign, version in bounds:
        event = Event(_EVENTS[sign], version)
        if sign in {">", ">="}:
            if lower is not None:
                return None
            lower = event
        elif lower is None and ranges:
            return None
        else:
            ranges.append((lower or START, event))
            lower = None
    if lower is not None:
        ranges.append((lower,))
    return Span(versions, tuple(ranges))


def _worded(text: str) -> Span | None:
    """A text with words of comparison: `prior to 4.2`, `1.4 and earlier`, `V1.0 to V1.4`."""
    wild = _wildcard(text)
    if wild:
        return wild
    bare = _ALL_BEFORE.sub("", text, count=1) if _ALL_BEFORE.match(text) else text
    bare = _LEAD.sub("", bare)
    for pattern, sign in _WORDED:
        match = pattern.fullmatch(bare)
        if match:
            version = _version(match[1])
            return _combined([(sign, version)]) if version else None
    match = _BETWEEN.fullmatch(bare)
    if match:
        first, last = _version(match[1]), _version(match[2].removesuffix(" inclusive"))
        return _combined([(">=", first), ("<=", last)]) if first and last else None
    return None


def _wildcard(text: str) -> Span | None:
    """`8.2.x` is everything from 8.2 on and before 8.3."""
    match = _WILDCARD.fullmatch(_LEAD.sub("", text))
    if match is None:
        return None
    upper = f"{match[1]}{int(match[2]) + 1}"
    return Span(ranges=((Event("introduced", match[1] + match[2]), Event("fixed", upper)),))


def _listed(text: str) -> Span | None:
    """One version, or several with bars, commas or `and` between them."""
    versions = tuple(_version(part) for part in _SEPARATORS.split(text))
    return Span(versions=versions) if all(versions) else None


def _version(text: str) -> str:
    """A text that can only be one version, without the word in front of it; else empty text."""
    bare = _LEAD.sub("", text.strip()).strip(" ,;")
    if not _VERSION.fullmatch(bare) or re.search(r"\.[xX*](?!\w)", bare):
        return ""
    return bare
