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

    def __init__(self, language: Language, *, asked: bool = False, rest: str | None = "") -> None:
        """`asked`: the address names the language.

        `rest` is what else its query says; None: the page cannot be asked for again.
        """
        super().__init__(language)
        self._asked, self._rest = asked, rest

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
        note = "" if self.reviewed else f'<p class="quiet">{self.html(UNREVIEWED)}</p>'
        if self._rest is None:
            return f"<footer>{note}</footer>"
        links = "".join(self._other(one) for one in all_languages())
        named = self.html("Language")
        return f'<footer>{note}<nav aria-label="{named}"><ul>{links}</ul></nav></footer>'

    def _other(self, one: Language) -> str:
        """A link to the same page in a language."""
        at = escape(f"?{self._rest}&lang={one.code}" if self._rest else f"?lang={one.code}")
        mark = ' aria-current="true"' if one.code == self.language else ""
        return (
            f'<li><a href="{at}" lang="{one.code}" hreflang="{one.code}" dir="{one.direction}"'
            f"{mark}>{escape(one.name)}</a></li>"
        )


def all_languages() -> tuple[Language, ...]:
    """Every language that there is."""
    return tuple(languages().values())


def english() -> Reader:
    """Where nobody is known to read."""
    return Reader(languages()["en"])


def reader(request: Request) -> Reader:
    """Who reads the answer to a request."""
    asked = _ASKED.search(request.query)
    others = [one for one in request.query.split("&") if one and not one.startswith("lang=")]
    rest = "&".join(others) if request.method == "GET" else None
    if asked and asked[1] in languages():
        return Reader(languages()[asked[1]], asked=True, rest=rest)
    code = chosen(request.header("accept-language"), languages())
    return Reader(languages()[code], rest=rest)
