"""What of a collection is asked for: filters, page and place.

Law (bound): a place in a list belongs to the question that it came from; with another it is none.

Source: TAXII 2.1, sections 3.4 and 3.5.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from urllib.parse import parse_qsl

import msgspec

from accord.core.errors import Invalid

MOST = 1000
"""Objects of a page; who asks for more gets so many."""
VALUES = 500
"""Values of all filters together."""

IDS, TYPES, VERSIONS, SPECS = "match[id]", "match[type]", "match[version]", "match[spec_version]"
_WORDS = frozenset({"first", "last", "all"})
_LIMIT = re.compile(r"0*([1-9][0-9]*)", re.ASCII)
_VALUE = re.compile(r"[0-9A-Za-z_.:+-]{1,300}", re.ASCII)
_SPEC = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", re.ASCII | re.IGNORECASE
)
_TOKEN = re.compile(r"[0-9A-Za-z_-]{22}", re.ASCII)
_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIELDS = 20
_DIGITS = 18
"""Of a limit that are looked at: more than these are more than any page holds."""
_EARLIEST = -1
_LATEST = (datetime.max.replace(tzinfo=UTC) - _BEGIN) // _MICROSECOND
"""The last moment that there is: no item has a place past it."""


class Filters(msgspec.Struct, frozen=True):
    """A question about the objects of a collection."""

    after: int = _EARLIEST
    """Only what was added later, in microseconds since 1970."""
    ids: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    words: frozenset[str] = frozenset({"last"})
    """`first`, `last` and `all` of the versions."""
    versions: tuple[str, ...] = ()
    """Versions by their exact time, as `when()`."""
    specs: tuple[str, ...] = ()
    limit: int = MOST
    place: int = _EARLIEST
    """The last item of the page before; what follows it is asked for."""
    bound: bytes = b""
    """A digest of the question without page and place."""

    @property
    def start(self) -> int:
        """What was added later than this is asked for."""
        return max(self.after, self.place)


def read(query: str, about: str, known: Iterable[str]) -> Filters:
    """A query as filters; `about` is what it is asked of, `known` the filters that hold there.

    Parameters that are not TAXII's are passed over. Its own stand once (section 3.4).

    Raises:
        Invalid: a filter, a limit or a place is none, or stands twice.
    """
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    except ValueError as wrong:
        raise Invalid("the query cannot be read") from wrong
    given = dict(pairs)
    ours = {"added_after", "limit", "next", *known}
    strange = [name for name in given if name.startswith("match[") and name not in ours]
    if strange:
        raise Invalid(f"no such filter here: {strange[0][:40]!r}")
    names = [name for name, _ in pairs]
    twice = [name for name in ours & given.keys() if names.count(name) > 1]
    if twice:
        raise Invalid(f"{min(twice)} stands twice in the query; values are separated by commas")
    values = {name: _values(given[name]) for name in known if name in given}
    if sum(map(len, values.values())) > VALUES:
        raise Invalid(f"more than {VALUES} values to match")
    words, versions = _versions(values.get(VERSIONS, ("last",)))
    specs = values.get(SPECS, ())
    if not all(map(_SPEC.fullmatch, specs)):
        raise Invalid("a spec_version is two numbers, such as 2.1")
    after = micros(_moment(given["added_after"])) if "added_after" in given else _EARLIEST
    filters = Filters(
        after, values.get(IDS, ()), values.get(TYPES, ()), words, versions, specs,
        _limit(given.get("limit")),
    )  # fmt: skip
    bound = _bound(about, filters)
    place = _place(given["next"], bound) if "next" in given else _EARLIEST
    return msgspec.structs.replace(filters, place=place, bound=bound)


def token(place: int, filters: Filters) -> str:
    """Where a page ends, for who asks the same question on."""
    return urlsafe_b64encode(place.to_bytes(8, "big") + filters.bound).decode().rstrip("=")


def _place(text: str, bound: bytes) -> int:
    data = urlsafe_b64decode(f"{text}==") if _TOKEN.fullmatch(text) else b""
    if data[8:] != bound:
        raise Invalid("this `next` is not one of these filters; begin without it")
    place = int.from_bytes(data[:8], "big")
    if place > _LATEST:
        raise Invalid("this `next` names a time that is none; begin without it")
    return place


def _bound(about: str, filters: Filters) -> bytes:
    sets = (filters.ids, filters.types, filters.words, filters.versions, filters.specs)
    same = (about, filters.after, [sorted(set(one)) for one in sets])
    return blake2b(msgspec.json.encode(same), digest_size=8).digest()


def _values(text: str) -> tuple[str, ...]:
    values = tuple(text.split(","))
    if not all(map(_VALUE.fullmatch, values)):
        raise Invalid("a filter has values, separated by commas")
    return values


def _versions(values: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    words = frozenset(values) & _WORDS
    return words, tuple(_moment(one) for one in values if one not in words)


def _limit(text: str | None) -> int:
    if text is None:
        return MOST
    found = _LIMIT.fullmatch(text)
    if found is None:
        raise Invalid("a limit is a whole number from 1 on")
    return min(int(found[1][:_DIGITS]), MOST)


def _moment(text: str) -> str:
    """A STIX timestamp as `when()`; what is finer than a microsecond falls away."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise Invalid("a time is written as 2026-01-31T00:00:00.000000Z")
    moment = f"{found[1]}T{found[2]}.{(found[3] or '0')[:6]:0<6}Z"
    try:
        datetime.fromisoformat(moment)
    except ValueError as wrong:
        raise Invalid("no such time") from wrong
    return moment


def micros(moment: str) -> int:
    """A `when()` in microseconds since 1970."""
    return (datetime.fromisoformat(moment) - _BEGIN) // _MICROSECOND


def moment(microseconds: int) -> str:
    """Microseconds since 1970 as `when()`."""
    at = _BEGIN + timedelta(microseconds=microseconds)
    return f"{at.isoformat(timespec='microseconds')[:26]}Z"
