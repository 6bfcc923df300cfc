"""CSAF 2.0 advisories and VEX documents as facts.

Source: OASIS Common Security Advisory Framework 2.0.
"""

from __future__ import annotations

import re

from msgspec import UNSET

from accord.core.reading import Fact, NotEvaluated, Reading
from accord.core.times import numbered, when
from accord.supply.advisories.csaf.affected import Template, placed, template
from accord.supply.advisories.csaf.document import ProductStatus, View, Vulnerability
from accord.supply.advisories.csaf.entries import Entry, entries
from accord.supply.advisories.csaf.revisions import order
from accord.supply.advisories.csaf.validation import validated
from accord.supply.advisories.csaf.vex import statements
from accord.supply.advisories.facts import Advisory, Score

_GLOBAL = re.compile(
    r"(?:CVE-\d{4}-\d{4,}|GHSA(?:-[0-9a-z]{4}){3}|EUVD-\d{4}-\d+|GCVE-\d+-\d{4}-\d+"
    r"|(?:PYSEC|RUSTSEC|GO|OSV|DSA|JVNDB)-\d{4}-\d+)",
    re.IGNORECASE,
)
"""Identifiers that mean one vulnerability wherever they stand. Numbers of bug trackers do not:
a bug may cover several vulnerabilities, and another tracker has the same number."""


def read(data: bytes) -> Reading:
    """Read a CSAF 2.0 document.

    One `Advisory` for each vulnerability, with its highest scores, what it affects, and a `Vex`
    for each status, with the products that share one statement. Later revisions have a higher
    edition: the release date, then the version.

    Raises:
        Unreadable: not JSON, or a key stands twice.
        TooLarge: past a bound.
        Invalid: the schema or a mandatory test (section 6.1) is broken; the reason names it.

    """
    view = validated(data)
    head = view.csaf.document
    reading = Reading(
        kind="CSAF VEX" if head.category == "csaf_vex" else "CSAF advisory",
        subject=f"csaf:{head.publisher.namespace.rstrip('/')}/{head.tracking.id}",
        edition=_edition(view),
        title=head.title,
        facts=[],
        refused=[],
        not_evaluated=[],
    )
    products, templates = entries(view), _Templates()
    for at, item in enumerate(view.csaf.vulnerabilities):
        name = item.cve or f"{head.tracking.id}#{at + 1}"
        reading.facts.append(_advisory(view, item, name, f"/vulnerabilities/{at}"))
        reading.facts += _scores(view, at, name)
        facts, troubles = _status(view, at, name, products, templates)
        reading.facts += facts
        reading.not_evaluated += troubles
    return reading


def _edition(view: View) -> str:
    tracking = view.csaf.document.tracking
    major, minor, patch, released, _ = order(tracking.version)
    version = numbered(major, minor, patch, int(released))
    return f"{when(tracking.current_release_date)} {version}"


def _advisory(view: View, item: Vulnerability, name: str, place: str) -> Advisory:
    head = view.csaf.document
    aliases = (other.text for other in item.ids if _GLOBAL.fullmatch(other.text))
    return Advisory(
        advisory=head.tracking.id,
        vulnerability=name,
        aliases=tuple(alias for alias in dict.fromkeys(aliases) if alias != name),
        publisher=head.publisher.name,
        title=item.title or head.title,
        published=when(head.tracking.initial_release_date),
        modified=when(head.tracking.current_release_date),
        place=place,
    )


def _scores(view: View, at: int, name: str) -> list[Score]:
    """The highest score of CVSS 3, then that of CVSS 2; products may have different ones."""
    best: dict[str, Score] = {}
    for n, score in enumerate(view.csaf.vulnerabilities[at].scores):
        for kind, cvss in (("cvss_v3", score.cvss_v3), ("cvss_v2", score.cvss_v2)):
            if cvss is UNSET:
                continue
            number = float(cvss["baseScore"])
            if kind in best and (best[kind].score or 0.0) >= number:
                continue
            best[kind] = Score(
                vulnerability=name,
                vector=cvss["vectorString"],
                score=number,
                word=str(cvss.get("baseSeverity", "")).lower(),
                source=view.csaf.document.publisher.name,
                place=f"/vulnerabilities/{at}/scores/{n}/{kind}",
            )
    return [best[kind] for kind in sorted(best, reverse=True)]


class _Templates:
    """Templates by product status, for one document; many of its vulnerabilities share one."""

    def __init__(self) -> None:
        self._known: dict[ProductStatus, Template] = {}

    def of(self, status: ProductStatus, products: dict[str, Entry]) -> Template:
        """The template of a status, made once."""
        found = self._known.get(status)
        if found is None:
            found = self._known[status] = template(status, products)
        return found


def _status(
    view: View, at: int, name: str, products: dict[str, Entry], templates: _Templates
) -> tuple[list[Fact], list[NotEvaluated]]:
    """What is affected, then the statements; each product is complained of once."""
    status = view.csaf.vulnerabilities[at].product_status
    if status is UNSET:
        return [], []
    place = f"/vulnerabilities/{at}/product_status"
    found = templates.of(status, products)
    spoken = statements(view, at, name, products)
    troubles = [
        NotEvaluated(place + item.place, item.reason, item.subject, name)
        for item in found.not_evaluated
    ]
    seen = {(item.reason, item.subject) for item in troubles}
    troubles += [item for item in spoken.not_evaluated if (item.reason, item.subject) not in seen]
    return [*placed(found, name, place), *spoken.vex], troubles
