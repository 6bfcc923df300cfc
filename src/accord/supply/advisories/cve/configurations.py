"""CPE match criteria of a container (`cpeApplicability`), as the NVD and CNAs write them.

Source: CVE Record Format 5.1, `cpeApplicability`; NIST IR 7698. What must be present beside the
vulnerable product (`AND` with criteria that are not vulnerable) is not weighed: the product
counts as affected wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from accord.core.errors import Invalid
from accord.supply.advisories.cve.wording import BEGINNING
from accord.supply.advisories.facts import Affected, Event
from accord.supply.products import cpe


class Match(msgspec.Struct, frozen=True, rename="camel"):
    """One CPE name, with bounds where its version is `*`."""

    criteria: str
    vulnerable: bool = True
    version_start_including: str | None = None
    version_start_excluding: str | None = None
    version_end_including: str | None = None
    version_end_excluding: str | None = None


class Node(msgspec.Struct, frozen=True, rename="camel"):
    """Criteria under one operator."""

    cpe_match: list[Match] = []
    operator: str = "OR"
    negate: bool = False


class Configuration(msgspec.Struct, frozen=True):
    """Nodes under one operator."""

    nodes: list[Node] = []
    operator: str = "OR"
    negate: bool = False


def affected(
    found: Configuration, vulnerability: str, place: str
) -> Iterator[Affected | tuple[str, str, str]]:
    """Each vulnerable product, or place, reason and name of one that cannot be evaluated.

    Raises:
        Invalid: a criterion is not a CPE name.

    """
    for number, node in enumerate(found.nodes):
        for index, match in enumerate(node.cpe_match):
            here = f"{place}/nodes/{number}/cpeMatch/{index}"
            if found.negate or node.negate:
                yield here, "negated configuration", match.criteria
            elif match.vulnerable:
                yield _affected(match, vulnerability, here)


def _affected(match: Match, vulnerability: str, place: str) -> Affected | tuple[str, str, str]:
    try:
        name = cpe.parse(match.criteria)
    except Invalid as wrong:
        raise Invalid(wrong.reason, f"{place}/criteria") from wrong
    if not name.package:
        return place, "no identity", match.criteria
    events = _events(match)
    if events:
        return Affected(vulnerability, name.package, "", (events,), place=place)
    if name.release:
        return Affected(vulnerability, name.package, versions=(name.release,), place=place)
    if match.criteria.split(":")[5:6] == ["-"]:
        return place, "no version", match.criteria
    return Affected(vulnerability, name.package, "", ((BEGINNING,),), place=place)


def _events(match: Match) -> tuple[Event, ...]:
    lower = [
        Event(kind, bound)
        for kind, bound in (
            ("introduced", match.version_start_including),
            ("after", match.version_start_excluding),
        )
        if bound
    ]
    upper = [
        Event(kind, bound)
        for kind, bound in (
            ("fixed", match.version_end_excluding),
            ("last_affected", match.version_end_including),
        )
        if bound
    ]
    return (*(lower[:1] or [BEGINNING]), *upper[:1]) if lower or upper else ()
