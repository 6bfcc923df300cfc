"""What a request asks for, read from its address alone and within bounds."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qsl, quote

import msgspec

from accord.core.errors import Invalid
from accord.core.times import when
from accord.web.links import LONGEST, Links, parted, printable, segment

ROWS = 100
"""Rows on one page of a list."""
_PARAMETERS = 20
_DAY = len("YYYY-MM-DD")


class Asked(msgspec.Struct, frozen=True):
    """One request."""

    stem: str
    """First part of the path, without an ending: `/exposures`."""
    name: str
    """What follows the first part of the path, decoded; empty for a list."""
    form: str
    """`html`, `json` or `csv`."""
    query: dict[str, str]
    """Every parameter that is not empty, besides `as_of`."""
    as_of: str
    """As the person wrote it."""
    moment: str
    """`when()` to look at; empty is now."""
    steps: tuple[str, ...] = ()
    """What follows the first part of the path, divided at its slashes, where names follow names."""

    @property
    def links(self) -> Links:
        """Makes links that stay on the same day."""
        return Links(self.as_of)

    @property
    def page(self) -> int:
        """Number of the page of a list, from 1.

        Raises:
            Invalid: not a number.
        """
        text = self.query.get("page", "1")
        if not (text.isascii() and text.isdigit() and int(text[:9]) > 0 and len(text) <= 9):  # noqa: PLR2004 - digits of a billion
            raise Invalid(f"{text[:60]!r} is not the number of a page: the first is 1")
        return int(text)

    @property
    def offset(self) -> int:
        """Rows before this page."""
        return (self.page - 1) * ROWS

    def here(self, ending: str = "", **changes: object) -> str:
        """The address of this page with changes to its query; empty takes a parameter away."""
        return self.links.to(self._path(ending), **{**self.query, **changes})

    def _path(self, ending: str) -> str:
        if self.steps:
            *before, last = self.steps
            end = f"{quote(last, safe='')}.{ending}" if ending else segment(last)
            return "/".join((self.stem, *map(segment, before), end))
        if self.name:
            last = f"{quote(self.name, safe='')}.{ending}" if ending else segment(self.name)
            return f"{self.stem}/{last}"
        if ending and self.stem == "/":
            return f"/exposures.{ending}"
        return f"{self.stem}.{ending}" if ending else self.stem


def read(
    raw_path: str, raw_query: str, allowed: Collection[str], *, divided: bool = False
) -> Asked:
    """A request from its path and query, as they stood on the wire.

    Where `divided`, several names may follow the first part of the path, each quoted whole.

    Raises:
        Invalid: a parameter is unknown, is given twice, is too long, or is not text; or
            there are too many.
    """
    query = _query(raw_query, {*allowed, "as_of"})
    first, _, rest = raw_path.lstrip("/").partition("/")
    stem, form = parted(first)
    steps: tuple[str, ...] = ()
    if divided and rest:
        steps, form = _steps(rest)
    name, form = parted(rest) if rest and not steps else ("", form)
    for one in steps or (name,):
        if not printable(one):
            raise Invalid("the address holds control characters")
        if len(one) > LONGEST:
            raise Invalid(f"the name in the address is longer than {LONGEST:,} characters")
    as_of = query.pop("as_of", "")
    return Asked(f"/{stem}", name, form, query, as_of, moment(as_of), steps)


def _steps(raw: str) -> tuple[tuple[str, ...], str]:
    """Names that follow each other, and the form of the last; only the last has one."""
    *before, last = raw.split("/")
    name, form = parted(last)
    return (*map(_step, before), name), form


def _step(raw: str) -> str:
    name, form = parted(raw)
    return name if form == "html" else parted(f"{raw}.html")[0]


def _query(raw: str, allowed: Collection[str]) -> dict[str, str]:
    if raw.count("&") >= _PARAMETERS:
        raise Invalid(f"the query after the ? holds more than {_PARAMETERS} parameters: use fewer")
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError as wrong:
        raise Invalid("the query after the ? cannot be read as UTF-8 parameters") from wrong
    query: dict[str, str] = {}
    for name, value in pairs:
        if name not in allowed:
            known = ", ".join(sorted(allowed))
            raise Invalid(f"there is no parameter {name[:60]!r} here: use {known}")
        if name in query:
            raise Invalid(f"the parameter {name!r} is given twice")
        if len(value) > LONGEST:
            raise Invalid(f"the parameter {name!r} is longer than {LONGEST:,} characters")
        if not printable(value):
            raise Invalid(f"the parameter {name!r} holds control characters")
        query[name] = value.strip()
    return {name: value for name, value in query.items() if value}


def moment(day: str) -> str:
    """The end of a day, or a time, as times are kept; empty is now.

    Raises:
        Invalid: not a date.
    """
    at = when(day, "as_of")
    if len(day) != _DAY:
        return at
    return at.replace("T00:00:00.000000Z", "T23:59:59.999999Z")
