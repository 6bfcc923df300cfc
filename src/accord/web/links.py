"""Addresses of pages. Any name survives in them: it is quoted whole, slashes too.

Law (round trip): the name that a page reads from its address is the name that the link was made of.

Source: RFC 3986, section 2 (percent-encoding) and section 3.3 (dot segments, which browsers
remove).
"""

from __future__ import annotations

from urllib.parse import quote, unquote

import msgspec

from accord.core.errors import Invalid

ENDINGS = ("json", "csv", "html")
LONGEST = 1_000
"""Characters of the longest name that has a page of its own."""


class Links(msgspec.Struct, frozen=True):
    """Makes addresses that stay on the day that is looked at."""

    as_of: str = ""
    """The day, as the person wrote it; empty is now."""

    def to(self, path: str, **query: object) -> str:
        """An address with those parts of a query that are not empty."""
        asked = {**query, "as_of": self.as_of}
        pairs = [f"{name}={quote(str(value), safe='')}" for name, value in asked.items() if value]
        return f"{path}?{'&'.join(pairs)}" if pairs else path

    def named(self, path: str, name: str) -> str:
        """Address of the page of one thing; empty where the name is empty or too long for one."""
        if not name or len(name) > LONGEST or not printable(name):
            return ""
        return self.to(f"{path}/{segment(name)}")

    def exposure(self, id_: str) -> str:
        """Page of one exposure."""
        return self.named("/exposures", id_)

    def advisory(self, name: str) -> str:
        """Page of one vulnerability, by any name."""
        return self.named("/advisories", name)

    def operator(self, name: str) -> str:
        """Page of one operator."""
        return self.named("/operators", name)

    def document(self, digest: str) -> str:
        """Page of one document."""
        return self.named("/documents", digest)

    def product(self, name: str, release: str = "") -> str:
        """Page of one product, or of one release of it."""
        if not name or len(name) > LONGEST or len(release) > LONGEST:
            return ""
        if not printable(name) or not printable(release):
            return ""
        return self.to("/products", name=name, release=release)

    def assessment(self, product: str, release: str, *more: str) -> str:
        """Page of the verdicts on one release, which may be nameless; `supplier` after it."""
        names = (product, release)
        if not product or any(len(one) > LONGEST or not printable(one) for one in names):
            return ""
        return self.to("/".join(("/assessments", *map(segment, (*names, *more)))))

    def component(self, purl: str, name: str) -> str:
        """The list, limited to one component."""
        wanted = purl or name
        if not wanted or len(wanted) > LONGEST or not printable(wanted):
            return ""
        return self.to("/exposures", component=wanted)


def printable(text: str) -> bool:
    """Whether a text may stand in an address: no control characters, no lone surrogates."""
    return not any(c < " " or "\x7f" <= c <= "\x9f" or "\ud800" <= c <= "\udfff" for c in text)


def segment(name: str) -> str:
    """A name as the last part of a path.

    A name that ends like one of the forms of a page, or that a browser or a server would shorten,
    is followed by `.html`.
    """
    quoted = quote(name, safe="")
    ends = name.rpartition(".")[2] in ENDINGS and "." in name
    shortened = not name.strip(".") or name.startswith("/") or name.endswith("/")
    return f"{quoted}.html" if ends or shortened else quoted


def parted(raw: str) -> tuple[str, str]:
    """Name and form (`html`, `json`, `csv`) of the last part of a path.

    Raises:
        Invalid: not percent-encoded UTF-8.
    """
    stem, dot, ending = raw.rpartition(".")
    form = ending if dot and ending in ENDINGS else "html"
    quoted = stem if dot and ending in ENDINGS else raw
    try:
        return unquote(quoted, errors="strict"), form
    except UnicodeDecodeError as wrong:
        raise Invalid(f"the address {raw[:60]!r} is not UTF-8") from wrong
