"""In which language somebody reads: as the address says, or else as the browser asks.

Law (no cookie): the choice of a language stands in addresses alone; nothing of it is kept.
"""

from __future__ import annotations

import re
from html import escape
from typing import Final

from accord.core.errors import Invalid
from accord.flows.exchange.messages import Request
from accord.outreach.languages.catalogue import UNREVIEWED, Language, Say, chosen, languages

_ASKED: Final = re.compile(r"(?:^|&)lang=([a-z]{2,3})(?=&|$)")


class Reader(Say):
    """Says messages to one reader, whose choice goes on in every address."""

    def __init__(self, language: Language, *, asked: bool = False) -> None:
        """`asked`: the address names the language."""
        super().__init__(language)
        self._asked = asked

    def link(self, path: str) -> str:
        """An address of ours as an attribute of HTML; the choice goes with it."""
        return escape(f"{path}?lang={self.language}" if self._asked else path, quote=True)

    def wrong(self, error: Invalid | None) -> str:
        """What is wrong with a form, as HTML; nothing for None."""
        if error is None:
            return ""
        known = self.language == "en" or error.reason in self.of.messages
        said = (
            escape(self(error.reason)) if known else f'<span lang="en">{escape(str(error))}</span>'
        )
        return f'<p role="alert"><strong>{said}</strong></p>'

    def footer(self) -> str:
        """The languages to choose from, and whether a speaker reviewed this one; as HTML."""
        links = "".join(_link(one, current=one.code == self.language) for one in all_languages())
        note = ""
        if not self.reviewed:
            note = f'<p class="quiet">{self.html(UNREVIEWED)} <a href="?lang=en">English</a></p>'
        named = self.html("Language")
        return f'<footer>{note}<nav aria-label="{named}"><ul>{links}</ul></nav></footer>'


def all_languages() -> tuple[Language, ...]:
    """Every language that there is."""
    return tuple(languages().values())


def english() -> Reader:
    """Where nobody is known to read."""
    return Reader(languages()["en"])


def reader(request: Request) -> Reader:
    """Who reads the answer to a request."""
    asked = _ASKED.search(request.query)
    if asked and asked[1] in languages():
        return Reader(languages()[asked[1]], asked=True)
    return Reader(languages()[chosen(request.header("accept-language"), languages())])


def _link(one: Language, *, current: bool) -> str:
    mark = ' aria-current="true"' if current else ""
    return (
        f'<li><a href="?lang={one.code}" lang="{one.code}" hreflang="{one.code}" dir="'
        f'{one.direction}"{mark}>{escape(one.name)}</a></li>'
    )
