"""Dates as they stand in documents, in one comparable form.

Source: RFC 3339; ISO 8601 where publishers leave out the offset.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from accord.core.errors import Invalid

_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?)?"
    r"\s*([Zz]|[+-]\d\d:?\d\d)?",
    re.ASCII,
)


_AHEAD = timedelta(days=1)


def when(text: str, place: str = "") -> str:
    """A date or timestamp as `YYYY-MM-DDTHH:MM:SS.ffffffZ` in UTC, where text order is time order.

    A missing time is midnight and a missing offset is UTC. Empty text stays empty: no date.

    Raises:
        Invalid: the text is not a date.

    """
    if not text:
        return ""
    try:
        return _moment(text)
    except Invalid as wrong:
        raise Invalid(wrong.reason, place) from wrong


@lru_cache(1 << 14)
def _moment(text: str) -> str:
    """A document gives the same few dates again and again."""
    match = _TIMESTAMP.fullmatch(text.strip())
    if match is None:
        raise Invalid(f"{text[:60]!r} is not a date (RFC 3339 is expected)")
    year, month, day, hour, minute, second, fraction, offset = match.groups("")
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0),
            min(int(second or 0), 59), int(f"{fraction}000000"[:6]), _zone(offset),
        )  # fmt: skip
        if year != "0001":
            moment = moment.astimezone(UTC)
    except (ValueError, OverflowError) as wrong:
        raise Invalid(f"{text[:60]!r} is not a date: {wrong}") from wrong
    return f"{moment.isoformat(timespec='microseconds')[:26]}Z"


def _zone(offset: str) -> timezone:
    """A leap second is read as the second before it; a missing offset as UTC."""
    if offset in ("", "Z", "z"):
        return UTC
    minutes = int(offset[1:3]) * 60 + int(offset[-2:])
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))


def latest(now: str) -> str:
    """The last moment at which another's clock may be: a day past a `when()`."""
    return when((datetime.fromisoformat(now) + _AHEAD).isoformat())


def numbered(*numbers: int) -> str:
    """Version numbers of a document as text whose order is theirs: each padded to 12 digits."""
    return ".".join(f"{number:012d}" for number in numbers)
