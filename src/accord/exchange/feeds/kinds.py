"""The kinds of feeds: how each is read, how often, and which documents it may bring.

Law (kinds): a feed brings what its kind is for, and nothing else. What a person's decision is made
of, and what operators run, comes from this node's own people alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from accord.core.errors import NotFound
from accord.exchange.feeds.csaf import Csaf
from accord.exchange.feeds.errors import Misanswered
from accord.exchange.feeds.misp import Misp, not_named
from accord.exchange.feeds.taxii import Taxii
from accord.exchange.feeds.values import Answer, Ask, Item, Position, Read, Reader

_ANY: Final = (
    "ATT&CK", "CSAF", "CVE", "CycloneDX VEX", "EPSS", "KEV", "MISP", "OpenVEX", "OSV", "RustSec",
    "STIX", "endoflife", "life cycle",
)  # fmt: skip
"""What publishers say of vulnerabilities and threats; neither bills, which say what is run, nor
decisions, nor the tables by which they are made."""


class File:
    """One file, which is a document or an archive of many."""

    def begin(self, url: str) -> tuple[Ask, ...]:
        """The file."""
        return (Ask(url=url, role="document", conditional=True),)

    def read(self, _ask: Ask, _answer: Answer, _position: Position, /) -> Read:
        """A file is no index.

        Raises:
            Misanswered: always.
        """
        raise Misanswered("a file leads to nothing else")


def _any(_item: Item, _body: bytes) -> str:
    return ""


class Kind(msgspec.Struct, frozen=True):
    """One kind."""

    reader: Reader
    every: str
    """How often it is asked, where nobody says otherwise."""
    brings: tuple[str, ...]
    """How the kinds of documents begin that it may bring."""
    url: str = ""
    """Where it is, where nobody says otherwise."""
    refused: Callable[[Item, bytes], str] = _any
    """Why a document is not the one that its index names; empty: it is."""

    def admits(self, document: str) -> bool:
        """Whether it may bring documents of a kind."""
        return document.startswith(self.brings)


KINDS: Final[dict[str, Kind]] = {
    "taxii": Kind(Taxii(), "15m", ("STIX",)),
    "misp": Kind(Misp(), "1h", ("MISP event",), refused=not_named),
    "csaf": Kind(Csaf(), "6h", ("CSAF",)),
    "osv": Kind(File(), "6h", ("OSV",)),
    "kev": Kind(
        File(), "6h", ("KEV",),
        "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
    ),
    "epss": Kind(
        File(), "1d", ("EPSS",),
        "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
    ),
    "url": Kind(File(), "1d", _ANY),
}  # fmt: skip


def kind_of(name: str) -> Kind:
    """A kind by its name.

    Raises:
        NotFound: there is none.
    """
    if name not in KINDS:
        raise NotFound(f"{name!r} is no kind of feed: use one of {', '.join(KINDS)}")
    return KINDS[name]
