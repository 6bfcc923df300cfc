"""Versions as people write them in CVE records, where a plain version is asked for.

The format wants one version in `version` and a limit in `lessThan`; many publishers write
`>= 1.0, < 1.6.3`, `before 2.1`, `7.4.1 and prior` or `All versions < V3.2` instead. What is
not recognised here stays the text that it is.
"""

from __future__ import annotations

import re
from functools import lru_cache

from accord.supply.advisories.facts import Event

BEGINNING = Event("introduced", "0")
"""From the first version on."""

_ANY = frozenset({"*", "all", "all versions", "any", "any version", "all version", "every version"})
_NONE = frozenset(
    {"", "-", "--", "n/a", "na", "none", "unknown", "unspecified", "not specified", "various",
     "tbd", "undefined"}
)  # fmt: skip
_LEAD = re.compile(
    r"(?:(?:firmware|software|the)\s+)?(?:all\s+)?(?:versions?|ver\.?|releases?)\s*:?\s+|all\s+",
    re.IGNORECASE,
)
_COMPARED = re.compile(r"(>=|<=|=>|=<|==|>|<|=)\s*([^\s<>=,;]*\d[^\s<>=,;]*)")
_BETWEEN = re.compile(r"[\s,;]*(?:and\s+)?", re.IGNORECASE)
_V = r"([^\s,;<>=]*\d[^\s,;<>=]*)"
_LESS = "(?:prior|earlier|below|lower|older|previous)"
_MORE = "(?:later|above|higher|newer|onwards?)"
_PROSE: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kinds)
    for pattern, kinds in (
        (rf"(?:before|prior to|earlier than|lower than|below)\s+(?:versions?\s+)?{_V}", ("fixed",)),
        (
            rf"(?:up to(?: and including)?|through|until)\s+(?:versions?\s+)?{_V}",
            ("last_affected",),
        ),
        (
            rf"{_V}\s+(?:and|or)\s+(?:all\s+)?{_LESS}(?:\s+versions?)?",
            ("last_affected",),
        ),
        (
            rf"{_V}\s+(?:and|or)\s+(?:all\s+)?{_MORE}(?:\s+versions?)?",
            ("introduced",),
        ),
        (
            rf"(?:from\s+)?{_V}\s+(?:to|through|up to|-|\u2013)\s+{_V}",
            ("introduced", "last_affected"),
        ),
        (rf"(?:from\s+)?{_V}\s+(?:before|prior to)\s+{_V}", ("introduced", "fixed")),
    )
)
_OPERATORS = {
    ">": "after", ">=": "introduced", "=>": "introduced", "<": "fixed", "<=": "last_affected",
    "=<": "last_affected",
}  # fmt: skip
_LONGEST = 200
_TOKEN = re.compile(r"[vV]?\d[\w.+-]*")
_DASHED = re.compile(r"(\d+(?:\.\d+){2,})-(\d+(?:\.\d+){2,})")
_NUMBERS = re.compile(r"(.*?)(\d+)[.]?")


def means_any(text: str) -> bool:
    """Whether the text says all versions."""
    return " ".join(text.lower().split()) in _ANY


def means_nothing(text: str) -> bool:
    """Whether the text gives no version at all (`n/a`, `unspecified`, `-`)."""
    words = " ".join(text.lower().split())
    return words in _NONE or words.startswith("see ")


@lru_cache(1 << 14)
def interval(text: str) -> tuple[Event, ...]:
    """The range that a text in words or with comparison signs describes; empty where it is none.

    `>= 1.0, < 1.6.3` is introduced 1.0, fixed 1.6.3; `7.4 and prior` is everything up to 7.4.
    """
    if len(text) > _LONGEST:
        return ()
    body = _LEAD.sub("", text.strip(), count=1) if _LEAD.match(text.strip()) else text.strip()
    events = _compared(body) or _worded(body) or _dashed(body)
    if not events or events[0].kind in ("introduced", "after"):
        return events
    return (BEGINNING, *events)


def _compared(body: str) -> tuple[Event, ...]:
    """Comparisons and nothing else, at most one from below and one from above."""
    found, position = [], 0
    while position < len(body):
        match = _COMPARED.match(body, position)
        if match is None or match[1] not in _OPERATORS:
            return ()
        found.append(Event(_OPERATORS[match[1]], match[2]))
        gap = _BETWEEN.match(body, match.end())
        position = gap.end() if gap else match.end()
    lower = [event for event in found if event.kind in ("introduced", "after")]
    upper = [event for event in found if event.kind not in ("introduced", "after")]
    return (*lower, *upper) if len(lower) <= 1 and len(upper) <= 1 else ()


def _worded(body: str) -> tuple[Event, ...]:
    for pattern, kinds in _PROSE:
        match = pattern.fullmatch(body)
        if match:
            return tuple(map(Event, kinds, match.groups()))
    return ()


def _dashed(body: str) -> tuple[Event, ...]:
    """`3.7.0-3.10.15`, which is a span only where the second is the later one."""
    match = _DASHED.fullmatch(body)
    if match is None:
        return ()
    first, last = ([int(number) for number in one.split(".")] for one in match.groups())
    if len(first) != len(last) or first >= last:
        return ()
    return Event("introduced", match[1]), Event("last_affected", match[2])


def listed(text: str) -> tuple[str, ...]:
    """The versions that a text enumerates: `4.1, 4.2` is two, most texts are one."""
    parts = [exactly(part) for part in re.split(r"[,;]\s+", text)] if len(text) <= _LONGEST else []
    if len(parts) > 1 and all(_TOKEN.fullmatch(part) for part in parts):
        return tuple(parts)
    return (exactly(text),)


def exactly(text: str) -> str:
    """A single version, without a sign of equality before it."""
    return text.strip().removeprefix("==").removeprefix("=").strip()


def limit(text: str) -> str:
    """A limit without the comparison sign that does not belong there (`<=1.2`)."""
    return text.strip().lstrip("<>= ")


def past(pattern: str) -> str:
    """The first version past a pattern such as `5.4.*`: `5.5`; empty where there is no number."""
    match = _NUMBERS.fullmatch(pattern.rstrip("*")) if len(pattern) <= _LONGEST else None
    return f"{match[1]}{int(match[2]) + 1}" if match else ""
