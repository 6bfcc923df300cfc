"""Product life cycles as endoflife.date publishes them: YAML front matter of a Markdown page.

The file has no date of its own. The newest release that it lists tells how recent it is, and is
taken as its edition: a later edition of the file knows at least as new a release.

Source: endoflife-date/endoflife.date, CONTRIBUTING.md and the product schema.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from accord.core.errors import Invalid
from accord.core.reading import Fact, Reading, Refused
from accord.core.times import when
from accord.core.yaml import decode
from accord.supply.advisories.facts import LifeCycle
from accord.supply.advisories.items import refuse
from accord.supply.products import cpe, purl

_FRONT = re.compile(
    rb"\A(?:\xef\xbb\xbf)?---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE
)
_DAY = 10


class _Product(msgspec.Struct, frozen=True):
    title: str
    permalink: str
    releases: list[Any]
    identifiers: list[Any] | None = None


class _Release(msgspec.Struct, frozen=True, rename="camel"):
    release_cycle: str
    eol: str | bool | None = None
    release_date: str | None = None
    latest: str | None = None
    latest_release_date: str | None = None


def read(data: bytes) -> Reading:
    """Every release cycle of one product.

    Raises:
        Invalid: no front matter, or no product of endoflife.date in it.
        Unreadable: not YAML.
        TooLarge: past a bound.

    """
    match = _FRONT.match(data)
    if match is None:
        raise Invalid("not a product page: front matter between lines of `---` is expected")
    try:
        product = msgspec.convert(decode(match[1]), _Product)
    except msgspec.ValidationError as wrong:
        raise Invalid(f"not a product of endoflife.date: {wrong}") from wrong
    name = product.permalink.strip("/")
    if not name:
        raise Invalid("the product has no name", "/permalink")
    refused: list[Refused] = []
    packages = _packages(product.identifiers or [], refused)
    facts: list[Fact] = []
    newest = ""
    for index, item in enumerate(product.releases):
        place = f"/releases/{index}"
        try:
            release = msgspec.convert(item, _Release)
            latest = when(release.latest_release_date or "", f"{place}/latestReleaseDate")
            facts.append(_cycle(name, release, packages, place))
            newest = max(newest, latest)
        except msgspec.ValidationError as wrong:
            refused.append(Refused(place, str(wrong)))
        except Invalid as wrong:
            refused.append(refuse(wrong, place))
    newest = newest or _first_release(facts)
    return Reading(
        "endoflife product", f"endoflife:{name}", newest, product.title, facts, refused, []
    )


def _packages(identifiers: list[Any], refused: list[Refused]) -> tuple[str, ...]:
    """Package URLs and CPE names; Repology's names are nobody else's."""
    found: dict[str, None] = {}
    for index, item in enumerate(identifiers):
        place = f"/identifiers/{index}"
        if not isinstance(item, dict):
            refused.append(Refused(place, "`purl`, `cpe` or `repology` and a name is expected"))
            continue
        try:
            for kind, text in item.items():
                package = _package(kind, text)
                if package:
                    found[package] = None
        except Invalid as wrong:
            refused.append(Refused(place, wrong.reason))
    return tuple(found)


def _package(kind: str, text: object) -> str:
    if kind not in ("purl", "cpe"):
        return ""
    if not isinstance(text, str):
        raise Invalid(f"the {kind} must be text")
    return purl.parse(text).package if kind == "purl" else cpe.parse(text).package


def _cycle(name: str, found: _Release, packages: tuple[str, ...], place: str) -> LifeCycle:
    """`eol` is a day, true (ended, on a day unknown) or false (no end announced)."""
    end = when(found.eol, f"{place}/eol")[:_DAY] if isinstance(found.eol, str) else ""
    return LifeCycle(
        product=name,
        cycle=found.release_cycle,
        released=when(found.release_date or "", f"{place}/releaseDate")[:_DAY],
        end=end,
        ended=found.eol is True,
        latest=found.latest or "",
        packages=packages,
        place=place,
    )


def _first_release(facts: list[Fact]) -> str:
    """The newest cycle's own first day, where no later release is listed."""
    days = (fact.released for fact in facts if isinstance(fact, LifeCycle))
    return when(max(days, default=""))
