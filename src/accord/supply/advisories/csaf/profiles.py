"""Mandatory tests 6.1.15, 6.1.26, 6.1.27.1 to 6.1.27.11 and 6.1.28: profiles and languages.

Source: CSAF 2.0, sections 4 (profiles) and 6.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import UNSET

from accord.supply.advisories.csaf.document import Concerning, Failure, View

_INFORMATIONAL = "csaf_informational_advisory"
_INCIDENT = "csaf_security_incident_response"
_ADVISORY = "csaf_security_advisory"
_VEX = "csaf_vex"
_PROFILES = frozenset({"csaf_base", _INFORMATIONAL, _INCIDENT, _ADVISORY, _VEX})
_SEPARATORS = re.compile(r"[\s_-]+")
_RESERVED = frozenset(
    form.replace("_", "")
    for name in _PROFILES - {"csaf_base"}
    for form in (name, name.removeprefix("csaf_"))
)
_TELLING = frozenset({"description", "details", "general", "summary"})


def translator(view: View) -> Iterator[Failure]:
    """6.1.15: a translator names the language of the source."""
    head = view.csaf.document
    if head.publisher.category == "translator" and head.source_lang in {UNSET, ""}:
        yield Failure("6.1.15", "a translator names source_lang", "/document/source_lang")


def prohibited_category(view: View) -> Iterator[Failure]:
    """6.1.26: no category looks like a profile without being one."""
    category = view.csaf.document.category
    if category in _PROFILES:
        return
    bare = _SEPARATORS.sub("", category).lower()
    if category.lower().startswith("csaf_") or bare in _RESERVED:
        reason = f"{category[:80]!r} is the reserved name of a profile, or reads like one"
        yield Failure("6.1.26", reason, "/document/category")


def document_notes(view: View) -> Iterator[Failure]:
    """6.1.27.1: an informational advisory or incident report has a note that tells something."""
    head = view.csaf.document
    if head.category in {_INFORMATIONAL, _INCIDENT} and not any(
        note.category in _TELLING for note in head.notes
    ):
        reason = "a note of category description, details, general or summary is missing"
        yield Failure("6.1.27.1", reason, "/document/notes")


def document_references(view: View) -> Iterator[Failure]:
    """6.1.27.2: an informational advisory or incident report links to an external source."""
    head = view.csaf.document
    if head.category in {_INFORMATIONAL, _INCIDENT} and not any(
        reference.category == "external" for reference in head.references
    ):
        reason = "a reference of category external is missing"
        yield Failure("6.1.27.2", reason, "/document/references")


def no_vulnerabilities(view: View) -> Iterator[Failure]:
    """6.1.27.3: an informational advisory has no vulnerabilities."""
    if view.csaf.document.category == _INFORMATIONAL and view.csaf.vulnerabilities:
        reason = "an informational advisory lists no vulnerabilities"
        yield Failure("6.1.27.3", reason, "/vulnerabilities")


def product_tree(view: View) -> Iterator[Failure]:
    """6.1.27.4: a security advisory or VEX document has a product tree."""
    if view.csaf.document.category in {_ADVISORY, _VEX} and view.csaf.product_tree is UNSET:
        yield Failure("6.1.27.4", "the product tree is missing", "/product_tree")


def vulnerability_notes(view: View) -> Iterator[Failure]:
    """6.1.27.5: each vulnerability of a security advisory or VEX document has notes."""
    if view.csaf.document.category not in {_ADVISORY, _VEX}:
        return
    for at, item in enumerate(view.csaf.vulnerabilities):
        if not item.notes:
            yield Failure("6.1.27.5", "notes are missing", f"/vulnerabilities/{at}/notes")


def product_status(view: View) -> Iterator[Failure]:
    """6.1.27.6: each vulnerability of a security advisory has a product status."""
    if view.csaf.document.category != _ADVISORY:
        return
    for at, item in enumerate(view.csaf.vulnerabilities):
        if item.product_status is UNSET:
            place = f"/vulnerabilities/{at}/product_status"
            yield Failure("6.1.27.6", "the product status is missing", place)


def vex_product_status(view: View) -> Iterator[Failure]:
    """6.1.27.7: each vulnerability of a VEX document has a status that VEX knows."""
    if view.csaf.document.category != _VEX:
        return
    for at, item in enumerate(view.csaf.vulnerabilities):
        status = item.product_status
        if status is UNSET or not (
            status.fixed
            or status.known_affected
            or status.known_not_affected
            or status.under_investigation
        ):
            reason = "fixed, known_affected, known_not_affected or under_investigation is expected"
            yield Failure("6.1.27.7", reason, f"/vulnerabilities/{at}/product_status")


def vulnerability_id(view: View) -> Iterator[Failure]:
    """6.1.27.8: each vulnerability of a VEX document has a CVE or another identifier."""
    if view.csaf.document.category != _VEX:
        return
    for at, item in enumerate(view.csaf.vulnerabilities):
        if not item.cve and not item.ids:
            yield Failure("6.1.27.8", "cve or ids is expected", f"/vulnerabilities/{at}")


def impact_statement(view: View) -> Iterator[Failure]:
    """6.1.27.9: in a VEX document, what is not affected has a flag or an impact statement."""
    if view.csaf.document.category != _VEX:
        return
    for at, item in enumerate(view.csaf.vulnerabilities):
        if item.product_status is UNSET:
            continue
        impacts = tuple(threat for threat in item.threats if threat.category == "impact")
        place = f"/vulnerabilities/{at}/product_status/known_not_affected"
        wanted = item.product_status.known_not_affected
        yield from _unspoken(
            "6.1.27.9", "impact", wanted, _covered(view, item.flags + impacts), place
        )


def action_statement(view: View) -> Iterator[Failure]:
    """6.1.27.10: in a VEX document, what is affected has an action statement."""
    if view.csaf.document.category != _VEX:
        return
    for at, item in enumerate(view.csaf.vulnerabilities):
        if item.product_status is UNSET:
            continue
        place = f"/vulnerabilities/{at}/product_status/known_affected"
        wanted = item.product_status.known_affected
        yield from _unspoken(
            "6.1.27.10", "action", wanted, _covered(view, item.remediations), place
        )


def _covered(view: View, statements: tuple[Concerning, ...]) -> set[str]:
    return {product for statement in statements for product in view.concerned(statement)}


def _unspoken(
    test: str, what: str, wanted: tuple[str, ...], covered: set[str], place: str
) -> Iterator[Failure]:
    for n, product in enumerate(wanted):
        if product not in covered:
            yield Failure(test, f"product {product!r} has no {what} statement", f"{place}/{n}")


def vulnerabilities(view: View) -> Iterator[Failure]:
    """6.1.27.11: a security advisory or VEX document has vulnerabilities."""
    if view.csaf.document.category in {_ADVISORY, _VEX} and not view.csaf.vulnerabilities:
        yield Failure("6.1.27.11", "the vulnerabilities are missing", "/vulnerabilities")


def translation(view: View) -> Iterator[Failure]:
    """6.1.28: the language of the document is not that of its source."""
    head = view.csaf.document
    if head.lang is UNSET or head.source_lang is UNSET:
        return
    if head.lang.lower() == head.source_lang.lower():
        reason = f"lang and source_lang are both {head.lang!r}"
        yield Failure("6.1.28", reason, "/document/source_lang")
