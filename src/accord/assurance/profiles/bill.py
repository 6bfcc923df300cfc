"""A bill as it is scored: one shape for CycloneDX and SPDX, whatever it was written in.

The values are as the bill writes them. Whether a value says anything is for the checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from accord.assurance.profiles.said import Said, said
from accord.core.reading import Refused

Texts = tuple[str, ...]


class Licence(msgspec.Struct, frozen=True, gc=False):
    """One licence of a component."""

    text: str
    standing: str = ""
    """`declared` (by who made the component), `concluded` (by who made the bill), or empty."""
    is_named: bool = False
    """A name in somebody's own words, not an SPDX identifier or expression."""


class Hash(msgspec.Struct, frozen=True, gc=False):
    """One digest."""

    algorithm: str
    content: str


class Component(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One component; a field that the bill does not have is empty."""

    place: str = ""
    """JSON pointer or line."""
    ref: str = ""
    is_product: bool = False
    """The bill is about it."""
    name: str = ""
    version: str = ""
    suppliers: Texts = ()
    """Who supplies it, by the names in the bill."""
    makers: Texts = ()
    """Who made it: manufacturer, originator."""
    contacts: Texts = ()
    """Mail or web addresses of those."""
    description: str = ""
    licences: tuple[Licence, ...] = ()
    hashes: tuple[Hash, ...] = ()
    identifiers: Texts = ()
    """Package URL, CPE, SWID, SWHID, OmniBOR."""
    origins: Texts = ()
    """Where it comes from."""
    deployables: Texts = ()
    """Addresses of its deployable form."""
    deployable_hashes: tuple[Hash, ...] = ()
    sources: Texts = ()
    """Addresses of its source code."""
    source_hashes: tuple[Hash, ...] = ()
    security_texts: Texts = ()
    """Addresses of a security.txt (RFC 9116)."""
    advice: Texts = ()
    """Where its vulnerabilities are told: addresses of VEX documents and advisories."""
    filename: str = ""
    released: str = ""
    ends: str = ""
    """When it is no longer supported."""
    patches: Texts = ()
    """What was patched in it."""
    comments: Texts = ()
    purposes: Texts = ()
    """What its file is for, in SPDX: `executable`, `archive`, ..."""
    properties: Mapping[str, str] = {}
    """Further values by the last word of their names, in small letters: `bsi:component:archive`
    and `Archive` are both `archive`."""
    is_within: bool = False
    """It stands within another component."""
    has_within: bool = False
    """Other components stand within it."""


class Edges(msgspec.Struct):
    """What the bill says of how its components depend on one another, by their references."""

    told: dict[str, Said] = {}
    """Of each: whether what it depends on is stated (as something or as nothing)."""
    related: set[str] = set()
    """Whatever something else depends on or holds, or that itself does so."""
    complete: dict[str, Said] = {}
    """Of each: whether the bill says how complete that is."""
    vulnerable: set[str] = set()
    """Components of which the bill itself tells vulnerabilities."""

    def tell(self, ref: str, how: Said) -> None:
        """Note one statement; a better one counts, and one on nothing named counts for nothing."""
        if not ref:
            return
        self.told[ref] = max(how, self.told.get(ref, Said.MISSING))


class Agent(msgspec.Struct, frozen=True, gc=False):
    """Who made the bill."""

    name: str
    contacts: Texts = ()


class Bill(msgspec.Struct, kw_only=True):
    """A bill, whose components can be walked once."""

    format: str
    """`CycloneDX`, `SPDX`."""
    spec: str
    """Version of the format: `1.6`, `2.3`, `3.0.1`."""
    syntax: str
    product: str = ""
    release: str = ""
    identifier: str = ""
    """Serial number, namespace or `spdxId`."""
    authors: tuple[Agent, ...] = ()
    tools: Texts = ()
    timestamp: str = ""
    contexts: Texts = ()
    """At which stage of the product's life it was made: `build`, `operations`, ..."""
    has_vulnerabilities: bool = False
    edges: Edges
    components: Callable[[], Iterator[Component]]
    refused: list[Refused] = []
    """Components that break the schema, once they were walked; they count, and state nothing."""


def last_word(name: str) -> str:
    """Of the name of a property, what the checks know it by."""
    word = name.replace("/", ":").replace(".", ":").rpartition(":")[2].casefold()
    return word.replace("_", "").replace("-", "").replace(" ", "")


PROPERTIES = frozenset(
    {
        "archive", "comment", "comments", "criticality", "effectivelicence", "effectivelicense",
        "endoflife", "endoflifedate", "endofsupport", "eol", "executable", "filename", "notes",
        "origin", "componentorigin", "patchstatus", "releasedate", "structured",
        "usagerestriction", "usagerestrictions", "vulnerabilities",
    }
)  # fmt: skip
"""The properties that a check may ask for, by `last_word`; the others are not kept."""


def kept(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Those of some names and values that a check may ask for; the first that says most."""
    found: dict[str, str] = {}
    for name, value in pairs:
        word = last_word(name).removesuffix("property")
        if word in PROPERTIES and said(value) > said(found.get(word)):
            found[word] = value
    return found
