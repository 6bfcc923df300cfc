"""Attestation forms, certificates and reports, described in a form of accord's own.

Such evidence has no common machine-readable format: it is a page that somebody signed. What it says
is written down in JSON or YAML, and the page is kept beside it under its digest.

Source: docs/evidence.md.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

from accord.assurance.evidence import facts
from accord.assurance.evidence.described import CONTACT, RESPONDS
from accord.assurance.evidence.draft import Draft
from accord.assurance.evidence.items import item, parse
from accord.core.errors import Invalid
from accord.core.reading import Reading
from accord.core.times import when

FORM: Final = "attestation form"
CERTIFICATE: Final = "certificate"
_LONGEST = 9_999
"""Days."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_CATALOGUE = re.compile(r"[^\s#@]{1,100}@[^\s#@]{1,100}")


class _Signatory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    title: str = ""


class _Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    item: str
    answer: Literal["yes", "no", "plan"]
    by: str = ""
    why: str = ""


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A producer's own word on the items of a form."""

    evidence: Literal["attestation form"]
    catalogue: str = ""
    """Of the items that do not name their own."""
    producer: str
    product: str
    releases: list[str] = []
    """Empty: every release."""
    signed_by: _Signatory
    date: str
    expires: str = ""
    document: str = ""
    """`sha256:` and the digest of the signed page."""
    contact: str = ""
    """Where vulnerabilities may be reported."""
    responds_within_days: int = 0
    """Within so many days it answers an advisory; 0: it does not say."""
    items: list[_Answer]


class _Found(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    item: str
    holds: bool = True
    why: str = ""


class Described(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A certificate or a report of somebody else."""

    evidence: Literal["certificate", "report"]
    scheme: str
    """Under which rules: `Common Criteria`, `ISO/IEC 27001:2022`, `penetration test`."""
    number: str = ""
    issuer: str
    holder: str = ""
    product: str
    releases: list[str] = []
    scope: str = ""
    issued: str
    expires: str = ""
    document: str = ""
    """`sha256:` and the digest of the page itself."""
    catalogue: str = ""
    items: list[str | _Found]


class _Kind(msgspec.Struct, frozen=True):
    evidence: Literal["attestation form", "certificate", "report"]


def read(data: bytes) -> Reading:
    """A form, certificate or report as facts.

    Raises:
        Invalid: a member is missing or unknown, or is not what it must be.
    """
    if parse(_Kind, data).evidence == FORM:
        return _form(parse(Form, data))
    return _described(parse(Described, data))


def _form(found: Form) -> Reading:
    _common(found.product, found.releases, found.catalogue, found.document)
    for place, text in (("/producer", found.producer), ("/signed_by/name", found.signed_by.name)):
        _said(text, place)
    draft = Draft(
        facts.FORM,
        FORM,
        issuer=found.producer,
        issued=_date(found.date, "/date"),
        expires=when(found.expires, "/expires"),
        title=f"{FORM} of {found.producer} for {found.product}",
        product=found.product,
        releases=tuple(found.releases),
        attached=found.document,
    )
    _in_order(draft)
    if found.contact:
        draft.yes(CONTACT, "/contact", found.contact.strip())
    if found.responds_within_days:
        if not 0 < found.responds_within_days <= _LONGEST:
            raise Invalid(f"a number from 1 to {_LONGEST:,} is expected", "/responds_within_days")
        draft.yes(f"{RESPONDS}{found.responds_within_days}", "/responds_within_days")
    seen: set[str] = set()
    for index, one in enumerate(found.items):
        place = f"/items/{index}"
        named = _once(item(one.item, f"{place}/item", found.catalogue), seen, place)
        if (one.answer == facts.PLAN) != bool(one.by):
            raise Invalid("a plan says by when, and nothing else does", f"{place}/by")
        if one.answer == facts.PLAN:
            draft.plan(named, place, when(one.by, f"{place}/by"), one.why)
        elif one.answer == facts.YES:
            draft.yes(named, place, one.why)
        else:
            draft.no(named, place, one.why)
    _some(draft)
    return draft.reading(FORM)


def _described(found: Described) -> Reading:
    _common(found.product, found.releases, found.catalogue, found.document)
    for place, text in (("/issuer", found.issuer), ("/scheme", found.scheme)):
        _said(text, place)
    kind = facts.CERTIFICATE if found.evidence == CERTIFICATE else facts.REPORT
    draft = Draft(
        kind,
        f"{found.evidence}: {found.scheme}",
        issuer=found.issuer,
        issued=_date(found.issued, "/issued"),
        expires=when(found.expires, "/expires"),
        title=f"{found.scheme} {found.number}".strip() + f" by {found.issuer}",
        product=found.product,
        releases=tuple(found.releases),
        attached=found.document,
    )
    _in_order(draft)
    seen: set[str] = set()
    for index, one in enumerate(found.items):
        place = f"/items/{index}"
        entry = _Found(one) if isinstance(one, str) else one
        named = _once(item(entry.item, place, found.catalogue), seen, place)
        (draft.yes if entry.holds else draft.no)(named, place, entry.why or found.scope)
    _some(draft)
    return draft.reading(found.evidence)


def _common(product: str, releases: list[str], catalogue: str, document: str) -> None:
    _said(product, "/product")
    for index, release in enumerate(releases):
        _said(release, f"/releases/{index}")
    if catalogue and _CATALOGUE.fullmatch(catalogue) is None:
        raise Invalid(f"{catalogue[:80]!r} is not `catalogue@version`", "/catalogue")
    if document and _DIGEST.fullmatch(document) is None:
        raise Invalid("`sha256:` and 64 hexadecimal digits are expected", "/document")


def _said(text: str, place: str) -> None:
    if not text.strip():
        raise Invalid("must not be empty", place)


def _date(text: str, place: str) -> str:
    _said(text, place)
    return when(text, place)


def _in_order(draft: Draft) -> None:
    if draft.expires and draft.expires <= draft.issued:
        raise Invalid("it expires before it was issued", "/expires")


def _once(named: str, seen: set[str], place: str) -> str:
    if named in seen:
        raise Invalid(f"{named} stands twice", place)
    seen.add(named)
    return named


def _some(draft: Draft) -> None:
    if not draft.assertions:
        raise Invalid("at least one item is expected: empty evidence proves nothing", "/items")
