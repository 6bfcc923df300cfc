"""Product statuses as VEX statements, products with one statement listed together.

Source: CSAF 2.0, sections 3.2.3.5 (flags), 3.2.3.9 (product status), 3.2.3.12 (remediations),
3.2.3.14 (threats) and 4.5 (VEX profile).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec
from msgspec import UNSET

from accord.core.reading import NotEvaluated
from accord.core.times import when
from accord.supply.advisories.csaf.document import Remediation, Threat, View, Vulnerability
from accord.supply.advisories.csaf.entries import Entry
from accord.supply.advisories.facts import Vex

_STATUSES = {
    "known_not_affected": "not_affected",
    "first_fixed": "fixed",
    "fixed": "fixed",
    "under_investigation": "under_investigation",
    "known_affected": "affected",
}
_CLOSING = frozenset({"not_affected", "fixed"})
RANGED = "version range in a VEX statement"


class _Texts(msgspec.Struct, frozen=True):
    """What a vulnerability says about single products."""

    justification: dict[str, str]
    impact: dict[str, str]
    action: dict[str, str]


class Statements(msgspec.Struct):
    """VEX statements, and the products for which none could be made."""

    vex: list[Vex] = []
    not_evaluated: list[NotEvaluated] = []


_Key = tuple[str, str, str, str]


def statements(view: View, at: int, vulnerability: str, entries: dict[str, Entry]) -> Statements:
    """The statements of one vulnerability, in document order."""
    item, found = view.csaf.vulnerabilities[at], Statements()
    if item.product_status is UNSET:
        return found
    texts, shared = _texts(view, item), _shared(view, at, vulnerability)
    for status, word in _STATUSES.items():
        place = f"/vulnerabilities/{at}/product_status/{status}"
        groups: dict[_Key, dict[str, None]] = {}
        for n, product in enumerate(getattr(item.product_status, status)):
            entry = entries[product]
            reason = _trouble(entry, word)
            if reason:
                trouble = NotEvaluated(f"{place}/{n}", reason, entry.name, vulnerability)
                found.not_evaluated.append(trouble)
                continue
            key = (entry.platform, *_said(texts, product, word))
            groups.setdefault(key, {}).update(dict.fromkeys(_forms(entry)))
        for key, products in groups.items():
            found.vex.append(_vex(shared, key, status, tuple(products)))
    return found


def _trouble(entry: Entry, word: str) -> str:
    """Why no statement can be made of a product.

    A statement that closes the matter must not reach further than its words: a range cannot be
    said in a list of products. One that leaves it open may name the product as a whole.
    """
    if not entry.product:
        return "no identity"
    ranged = entry.span.words or (entry.span.ranges and not entry.span.whole)
    return RANGED if ranged and word in _CLOSING else ""


def _forms(entry: Entry) -> Iterable[str]:
    if len(entry.span.versions) > 1 and entry.product.startswith("name:"):
        return [f"{entry.product}@{version}" for version in entry.span.versions]
    return [entry.product]


def _said(texts: _Texts, product: str, word: str) -> tuple[str, str, str]:
    if word == "not_affected":
        return texts.justification.get(product, ""), texts.impact.get(product, ""), ""
    if word == "affected":
        return "", "", texts.action.get(product, "")
    return "", "", ""


def _texts(view: View, item: Vulnerability) -> _Texts:
    """Flags, impacts and remediations by product, only where a status needs them."""
    status, texts = item.product_status, _Texts({}, {}, {})
    if status is UNSET:
        return texts
    if status.known_not_affected:
        for flag in item.flags:
            texts.justification.update(dict.fromkeys(view.concerned(flag), flag.label))
        impacts = (threat for threat in item.threats if threat.category == "impact")
        texts.impact.update(_joined(view, impacts))
    if status.known_affected:
        texts.action.update(_joined(view, item.remediations))
    return texts


def _joined(view: View, items: Iterable[Threat | Remediation]) -> dict[str, str]:
    """The details of every item that speaks of a product, one paragraph each."""
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for item in items:
        for product in view.concerned(item):
            found[product][item.details] = None
    joined: dict[tuple[str, ...], str] = {}
    return {
        product: joined.setdefault(tuple(details), "\n\n".join(details))
        for product, details in found.items()
    }


def _shared(view: View, at: int, vulnerability: str) -> Vex:
    """What every statement of a vulnerability has in common."""
    head = view.csaf.document
    publisher = head.publisher
    return Vex(
        vulnerability=vulnerability,
        status="",
        products=(),
        author=publisher.name,
        supplier=publisher.name if publisher.category == "vendor" else "",
        at=when(head.tracking.current_release_date),
        id=head.tracking.id,
        place=f"/vulnerabilities/{at}/product_status",
    )


def _vex(shared: Vex, key: _Key, status: str, products: tuple[str, ...]) -> Vex:
    """A component on a platform is a subcomponent of it, so that the statement stays there."""
    platform, justification, impact, action = key
    return msgspec.structs.replace(
        shared,
        status=_STATUSES[status],
        products=(platform,) if platform else products,
        subcomponents=products if platform else (),
        justification=justification,
        impact=impact,
        action=action,
        place=f"{shared.place}/{status}",
    )
