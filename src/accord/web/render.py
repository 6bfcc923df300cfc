"""Pages as bytes: HTML by a template, JSON, CSV."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from importlib.resources import files
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from accord import __version__
from accord.core.errors import Invalid
from accord.core.times import when
from accord.web import text
from accord.web.asked import Asked
from accord.web.links import Links
from accord.web.pages.parts import Page

_DAY = len("YYYY-MM-DD")
_SECTIONS = (
    ("Exposures", "/exposures"),
    ("Operators", "/operators"),
    ("Products", "/products"),
    ("Vulnerabilities", "/advisories"),
    ("Assessments", "/assessments"),
    ("Demand", "/demand"),
    ("Documents", "/documents"),
    ("Not evaluated", "/unevaluated"),
)


class Section(msgspec.Struct, frozen=True):
    """One entry of the navigation."""

    name: str
    """Its name."""
    href: str
    """Its address."""
    here: bool
    """Whether the page belongs to it."""


class Kept(msgspec.Struct, frozen=True):
    """A parameter of the address that a form on the page keeps."""

    name: str
    """Name of the parameter."""
    value: str
    """Its value."""


class Shell(msgspec.Struct, frozen=True, kw_only=True):
    """What stands around every page."""

    sections: tuple[Section, ...]
    """The navigation."""
    home_href: str
    """Address of the first page."""
    as_of: str
    """The day that is looked at; empty: now."""
    now_href: str
    """Address of the same page, now."""
    action: str
    """Address of the same page without its query, for the form that chooses a day."""
    kept: tuple[Kept, ...]
    """Parameters that this form keeps."""
    word: str
    """What stands in the search box."""
    json_href: str
    """Address of the page's data; empty: it has none."""
    csv_href: str
    """Address of the page's table; empty: it has none."""
    style: str
    """Address of the stylesheet."""
    icon: str
    """Address of the icon."""
    version: str
    """Of accord."""
    now: str
    """`when()` the page was made."""


class Static:
    """The stylesheet and the icon, each under an address that changes with its bytes."""

    def __init__(self) -> None:
        folder = files("accord.web") / "static"
        self._files = {name: (folder / name).read_bytes() for name in ("accord.css", "accord.svg")}

    def get(self, name: str) -> bytes | None:
        """The bytes of a file, by its name alone."""
        return self._files.get(name)

    def address(self, name: str) -> str:
        """Where the file is."""
        return f"/static/{name}?v={hashlib.sha256(self._files[name]).hexdigest()[:12]}"


class Renderer:
    """Makes HTML; templates escape and bound everything and know no undefined word."""

    def __init__(self, static: Static) -> None:
        self._static = static
        self.environment = Environment(
            loader=PackageLoader("accord.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            finalize=text.shown,
        )
        self.environment.filters |= {
            "ago": ago,
            "count": _count,
            "slug": _slug,
            "percent": _percent,
            "whole": text.whole,
            "sentence": text.sentence,
            "listed": text.listed,
            "document": _document,
        }

    def html(self, page: Page, shell: Shell) -> bytes:
        """A page for a browser."""
        template = self.environment.get_template(page.template)
        return template.render(context(page, shell)).encode()

    def shell(self, asked: Asked | None, now: str, *, table: bool = False) -> Shell:
        """What stands around a page; around an error, nothing is known of what was asked."""
        asked = asked or Asked("", "", "html", {}, "", "")
        links = asked.links
        return Shell(
            sections=tuple(
                Section(name, links.to(href), href in (asked.stem, f"{asked.stem}exposures"))
                for name, href in _SECTIONS
            ),
            home_href=links.to("/"),
            as_of=asked.as_of,
            now_href=msgspec.structs.replace(asked, as_of="").here() if asked.stem else "/",
            action=msgspec.structs.replace(asked, form="html", query={}, as_of="").here() or "/",
            kept=tuple(Kept(*pair) for pair in asked.query.items() if pair[0] != "page"),
            word=asked.query.get("q", ""),
            json_href=asked.here("json") if asked.stem else "",
            csv_href=asked.here("csv", page="") if table else "",
            style=self._static.address("accord.css"),
            icon=self._static.address("accord.svg"),
            version=__version__,
            now=now,
        )


def context(page: Page, shell: Shell) -> dict[str, Any]:
    """The words that a template knows: the fields of its page, and `shell`."""
    return {"shell": shell, **{name: getattr(page, name) for name in page.__struct_fields__}}


def as_json(page: Page) -> bytes:
    """A page's data, with no text longer than 10,000 characters and nothing that drives."""
    data = msgspec.json.encode(page)
    if len(data) > text.KEPT:
        data = msgspec.json.encode(text.bounded(msgspec.to_builtins(page)))
    return text.undriven(msgspec.json.format(data, indent=2))


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A table. A cell that a spreadsheet would run is kept as text."""
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([text.cell(value) for value in row] for row in rows)
    return output.getvalue().encode("utf-8", "replace")


_STEPS = ((365, "year"), (30, "month"), (7, "week"), (1, "day"))


def ago(day: str, now: str) -> str:
    """A day relative to now, in words; empty where it is no day.

    >>> ago("2026-03-14", "2026-03-16T10:00:00.000000Z")
    '2 days ago'
    """
    try:
        then, today = (datetime.fromisoformat(when(at[:_DAY])) for at in (day, now))
    except (Invalid, ValueError):
        return ""
    days = (today - then).days
    for size, unit in _STEPS:
        if abs(days) >= size:
            number = abs(days) // size
            words = f"{number} {unit}{'s' if number > 1 else ''}"
            return f"{words} ago" if days > 0 else f"in {words}"
    return "today"


def _document(digest: str, as_of: str) -> str:
    """Address of the document of a digest after `sha256:`."""
    return Links(as_of).document(digest.removeprefix("sha256:"))


def _count(number: int | Decimal) -> str:
    return f"{number:,}"


def _slug(word: str) -> str:
    """A word of a vocabulary as the name of a style."""
    return word.replace("*", "-star").replace(" ", "-").replace("_", "-")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
