"""Which versions an entry of `affected` speaks of.

Source: CVE Record Format 5.1, `product.versions` and its algorithm: each entry is one version or
a span from `version` to `lessThan` or `lessThanOrEqual`, whose status may change on the way; what
no entry covers has the `defaultStatus`.

The order of versions is not known here, so nothing is compared: spans that do not affect are cut
out of "everything" as events, which the ecosystem's order puts in their places.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from accord.supply.advisories.cve import wording
from accord.supply.advisories.cve.wording import BEGINNING
from accord.supply.advisories.facts import Event

_COMMITS = frozenset({"git", "commit"})
_START = "0"


class Change(msgspec.Struct, frozen=True):
    """From `at` on, another status."""

    at: str
    status: str


class Version(msgspec.Struct, frozen=True, rename="camel"):
    """One entry of `versions`."""

    version: str = ""
    status: str = "affected"
    version_type: str = ""
    less_than: str | None = None
    less_than_or_equal: str | None = None
    changes: list[Change] | None = None


class Verdict(msgspec.Struct, frozen=True):
    """What the entries come to."""

    ranges: tuple[tuple[Event, ...], ...] = ()
    versions: tuple[str, ...] = ()
    fixed_in: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    """Why some of it could not be evaluated."""
    open: bool = False
    """Something is said to be affected, but no version is given for it."""


class _Span(msgspec.Struct, frozen=True):
    """From `start` (`0`: the beginning) to `end` (None: without end), one status."""

    start: Event
    end: Event | None
    status: str


def judge(versions: Sequence[Version], default: str) -> Verdict:
    """The versions that are affected, as ranges and enumeration.

    `default` is the `defaultStatus`; an entry that affects everything means the same as it. Where
    everything is affected by default, but the entries list only what is affected and exclude no
    span, publishers mean the list (the default would make it void, and no version were ever
    repaired): the list counts, and `default status` is among the reasons.
    """
    entries = _Entries()
    for entry in versions:
        entries.add(entry)
    if default == "affected" and entries.only_affected():
        entries.reasons["default status"] = None
        default = "unknown"
    if default == "unknown" and not versions:
        entries.reasons["unknown status"] = None
    return entries.verdict(default)


class _Entries:
    """The entries of one product, sorted into spans and single versions."""

    def __init__(self) -> None:
        self.spans: list[_Span] = []
        self.single: list[tuple[str, str]] = []
        """Version and status."""
        self.reasons: dict[str, None] = {}
        self.nameless = False

    def add(self, entry: Version) -> None:
        """Sort one entry."""
        if entry.version_type.lower() in _COMMITS:
            self.reasons["commit range"] = None
        elif entry.status == "unknown":
            self.reasons["unknown status"] = None
        elif entry.less_than is not None or entry.less_than_or_equal is not None:
            if not _spanned(entry, self.spans):
                self.reasons["unorderable version"] = None
        elif wording.means_nothing(entry.version):
            self.nameless |= entry.status == "affected"
        else:
            self._add_single(entry)

    def _add_single(self, entry: Version) -> None:
        """An entry without a limit, which may say one in words."""
        text, status = entry.version, entry.status
        events = (BEGINNING,) if wording.means_any(text) else wording.interval(text)
        if events:
            self.spans.append(_Span(events[0], events[1] if len(events) > 1 else None, status))
        elif entry.changes:
            self.spans += _changed(entry, None)
        else:
            self.single += [(one, status) for one in wording.listed(text)]

    def only_affected(self) -> bool:
        """Whether versions are listed as affected, and no span as anything else."""
        listed = any(status == "affected" for _, status in self.single) or bool(self.spans)
        bounded = all(span.status == "affected" and not _whole(span) for span in self.spans)
        return listed and bounded

    def verdict(self, default: str) -> Verdict:
        """What the entries come to under a default status."""
        clear = tuple(one for one, status in self.single if status == "unaffected")
        everything = default == "affected" or any(_whole(span) for span in self.spans)
        if everything and not self._commits_only():
            return Verdict(
                _without(self.spans, clear), (), clear, tuple(self.reasons), self.nameless
            )
        affecting = (span for span in self.spans if span.status == "affected")
        ranges = tuple(dict.fromkeys(_events(span) for span in affecting))
        listed = tuple(dict.fromkeys(one for one, status in self.single if status == "affected"))
        return Verdict(ranges, listed, clear, tuple(self.reasons), self.nameless)

    def _commits_only(self) -> bool:
        """Only commits are listed: nothing is known of versions, not even by default."""
        return "commit range" in self.reasons and not self.spans and not self.single


def _spanned(entry: Version, spans: list[_Span]) -> bool:
    """Cut an entry with a limit at its changes; false where the limit is no version."""
    inclusive = entry.less_than is None
    text = wording.limit(entry.less_than_or_equal or "" if inclusive else entry.less_than or "")
    end: Event | None
    if wording.means_any(text) or wording.means_nothing(text):
        end = None
    elif not any(character.isdigit() for character in text) or "://" in text:
        return False
    elif text.endswith("*"):
        past = wording.past(text)
        if not past:
            return False
        end = Event("fixed", past)
    else:
        end = Event("last_affected" if inclusive else "fixed", text)
    spans += _changed(entry, end)
    return True


def _changed(entry: Version, end: Event | None) -> list[_Span]:
    """The spans between `version`, each change, and the end."""
    start, status, found = _first(entry), entry.status, []
    for change in entry.changes or ():
        found.append(_Span(start, Event("fixed", change.at), status))
        start, status = Event("introduced", change.at), change.status
    found.append(_Span(start, end, status))
    return found


def _first(entry: Version) -> Event:
    """Where an entry begins: `0`, `*`, `n/a` and words without a number are the beginning."""
    text = wording.exactly(entry.version)
    if text == _START or not any(character.isdigit() for character in text):
        return BEGINNING
    events = wording.interval(text)
    return events[0] if events else Event("introduced", text)


def _whole(span: _Span) -> bool:
    return span.status == "affected" and span.start == BEGINNING and span.end is None


def _events(span: _Span) -> tuple[Event, ...]:
    return (span.start,) if span.end is None else (span.start, span.end)


def _without(spans: Iterable[_Span], fixed: Iterable[str]) -> tuple[tuple[Event, ...], ...]:
    """Everything but the spans and versions that are not affected, as one range.

    Where such spans overlap, more may count as affected than the entry says, never less.
    """
    events: dict[Event, None] = {BEGINNING: None}
    clear = [span for span in spans if span.status == "unaffected"]
    clear += [_Span(Event("introduced", one), Event("last_affected", one), "") for one in fixed]
    for span in clear:
        if span.start == BEGINNING:
            events.pop(BEGINNING, None)
            if span.end is None:
                return ()
        else:
            events[Event("fixed", span.start.version)] = None
        if span.end is not None:
            kind = "after" if span.end.kind == "last_affected" else "introduced"
            events[Event(kind, span.end.version)] = None
    # Where one span ends and the next begins at once, nothing between them is affected.
    meeting = {one.version for one in events if one.kind == "fixed"} & {
        one.version for one in events if one.kind == "introduced"
    }
    kept = tuple(one for one in events if one.version not in meeting or one.kind == "after")
    return (kept,) if any(one.kind in ("introduced", "after") for one in kept) else ()
