"""Vulnerabilities that a CycloneDX document holds: statements about products, 1.4 to 1.7.

A statement in a bill about one of the bill's components holds within the bill's product and
nowhere else: the component is a subcomponent of what the statement speaks of. A vulnerability
that nobody has analysed says that the component is affected.

Source: CycloneDX 1.7 (ECMA-424), `vulnerabilities`.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from accord.core.errors import Invalid, TooLarge
from accord.core.limits import LIMITS
from accord.core.reading import Fact, NotEvaluated, Reading, Refused
from accord.core.times import numbered, when
from accord.supply.advisories.cyclonedx_vex import model, products
from accord.supply.advisories.cyclonedx_vex.model import (
    Affects,
    Analysis,
    Bom,
    Rating,
    Vulnerability,
)
from accord.supply.advisories.facts import Advisory, Score, Vex
from accord.supply.advisories.items import is_cve

_STATUSES = {
    "resolved": "fixed",
    "resolved_with_pedigree": "fixed",
    "exploitable": "affected",
    "in_triage": "under_investigation",
    "false_positive": "not_affected",
    "not_affected": "not_affected",
}
_JUSTIFICATIONS = {
    "code_not_present": "vulnerable_code_not_present",
    "code_not_reachable": "vulnerable_code_not_in_execute_path",
    "requires_configuration": "vulnerable_code_cannot_be_controlled_by_adversary",
    "requires_dependency": "component_not_present",
    "requires_environment": "vulnerable_code_cannot_be_controlled_by_adversary",
    "protected_by_compiler": "inline_mitigations_already_exist",
    "protected_at_runtime": "inline_mitigations_already_exist",
    "protected_at_perimeter": "inline_mitigations_already_exist",
    "protected_by_mitigating_control": "inline_mitigations_already_exist",
}
"""The OpenVEX word nearest to each of CycloneDX."""
_PREFIXES = {"CVSSv3": "CVSS:3.0/", "CVSSv31": "CVSS:3.1/", "CVSSv4": "CVSS:4.0/", "CVSSv2": ""}
_WORDS = ("none", "low", "medium", "high", "critical")
_HIGHEST = 10
_TITLE = 200


def read(data: bytes) -> Reading:
    """Advisories, scores and VEX statements of a CycloneDX document in JSON or XML.

    The reading has the subject and edition of the document as a bill, and no facts where the
    document holds no vulnerabilities. The bill itself is for the reader of inventories.

    Raises:
        Invalid: not a CycloneDX document by the schema.
        Unreadable: neither JSON nor XML, unsafe, or a key stands twice.
        TooLarge: past a bound.

    """
    start = data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    is_xml = start.startswith((b"<", b"\xff\xfe", b"\xfe\xff"))
    bom = model.from_xml(data) if is_xml else model.from_json(data)
    return _Statements(bom, strict=not is_xml).reading


class _Entry(msgspec.Struct, frozen=True):
    """One vulnerability of the document, with the names that it has."""

    found: Vulnerability
    place: str
    name: str
    aliases: tuple[str, ...]


class _Statements:
    """A reading in the making."""

    def __init__(self, bom: Bom, *, strict: bool) -> None:
        self._bom = bom
        self._strict = strict
        self._made = _made(bom)
        product = bom.metadata.component
        self._forms = products.by_reference(bom)
        self._product = products.forms(product) if product else ()
        self._product_ref = product.ref if product else ""
        self._supplier = _supplier(bom)
        people = [author.name for author in bom.metadata.authors if author.name]
        maker = bom.metadata.manufacturer.name or bom.metadata.supplier.name
        self._author = ", ".join(people) or maker or self._supplier
        self.reading = Reading(
            kind="CycloneDX VEX",
            subject=f"cyclonedx:{bom.serial}" if bom.serial else "",
            edition=numbered(bom.version) if bom.serial else self._made,
            title=f"{product.name} {product.version}".strip() if product else "",
        )
        if len(bom.vulnerabilities) > LIMITS.items:
            raise TooLarge(f"more than {LIMITS.items:,} items", "/vulnerabilities")
        for index, raw in enumerate(bom.vulnerabilities):
            self._read(raw, self._place(raw, index))

    def _place(self, raw: object, index: int) -> str:
        if self._strict:
            return f"/vulnerabilities/{index}"
        return f"line {raw['@line']}" if isinstance(raw, dict) else "line 1"

    def _read(self, raw: object, place: str) -> None:
        try:
            found = model.convert(Vulnerability, raw, place, strict=self._strict)
        except Invalid as wrong:
            self._refuse(wrong.place, wrong.reason)
            return
        given = [found.id, *(reference.id for reference in found.references)]
        known = list(dict.fromkeys(name for name in given if name))
        if not known:
            self._open(place, "no identifier", found.ref, "")
            return
        name = next((name for name in known if is_cve(name)), known[0])
        aliases = tuple(other for other in known if other != name)
        entry = _Entry(found, place, name, aliases)
        self.reading.facts.append(self._advisory(entry))
        self.reading.facts += self._scores(entry)
        self.reading.facts += self._statements(entry)

    def _refuse(self, place: str, reason: str) -> None:
        self.reading.refused.append(Refused(place, reason))

    def _open(self, place: str, reason: str, subject: str, name: str) -> None:
        self.reading.not_evaluated.append(NotEvaluated(place, reason, subject, name))

    def _under(self, place: str, step: str) -> str:
        return f"{place}/{step}" if self._strict else place

    def _when(self, text: str, place: str) -> str:
        try:
            return when(text, place)
        except Invalid as wrong:
            self._refuse(wrong.place, wrong.reason)
            return ""

    def _advisory(self, entry: _Entry) -> Fact:
        found = entry.found
        dates = {
            name: self._when(getattr(found, name), self._under(entry.place, name))
            for name in ("published", "updated", "rejected")
        }
        return Advisory(
            advisory=found.id or entry.name,
            vulnerability=entry.name,
            aliases=entry.aliases,
            publisher=found.source.name,
            title=" ".join(found.description.split())[:_TITLE],
            published=dates["published"],
            modified=dates["updated"] or self._made,
            withdrawn=dates["rejected"],
            place=entry.place,
        )

    def _scores(self, entry: _Entry) -> Iterator[Fact]:
        for index, rating in enumerate(entry.found.ratings):
            here = self._under(entry.place, f"ratings/{index}")
            word = rating.severity if rating.severity in _WORDS else ""
            is_cvss = rating.method in _PREFIXES
            score = rating.score if is_cvss else None
            if score is not None and not 0 <= score <= _HIGHEST:
                self._refuse(here, f"{score} is not a CVSS score: 0.0 to 10.0 is expected")
                continue
            vector = _vector(rating) if is_cvss else ""
            if vector or word or score is not None:
                yield Score(entry.name, vector, score, word, rating.source.name, here)

    def _statements(self, entry: _Entry) -> Iterator[Fact]:
        """One statement for each status, with the product's parts apart from products."""
        if not entry.found.affects:
            self._open(entry.place, "no product", entry.found.id or entry.name, entry.name)
        groups: dict[tuple[str, bool], dict[str, None]] = {}
        for index, affects in enumerate(entry.found.affects):
            here = self._under(entry.place, f"affects/{index}")
            for status, text in self._targets(affects, here, entry.name):
                key = (status or _status(entry.found), self._is_part(affects.ref))
                groups.setdefault(key, {})[text] = None
        for (status, is_part), texts in groups.items():
            yield self._statement(entry, status, tuple(texts), is_part=is_part)

    def _is_part(self, ref: str) -> bool:
        """Whether a reference is to a component of the product, and not to the product."""
        whole = bool(self._product or self._bom.serial)
        return whole and ref in self._forms and ref != self._product_ref

    def _targets(self, affects: Affects, place: str, name: str) -> Iterator[tuple[str, str]]:
        """Products of one entry, each with the status that the entry itself gives, if any.

        What holds for the product holds for the whole bill.
        """
        forms = self._resolve(affects.ref)
        if forms is None:
            reason = f'"{affects.ref[:120]}" is not in this document'
            self._refuse(self._under(place, "ref"), reason)
            return
        if not forms:
            self._open(place, "no identity", affects.ref, name)
        for form in forms:
            if affects.versions:
                yield from products.limited(form, affects.versions)
            else:
                yield "", form
        if affects.ref == self._product_ref and self._bom.serial and not affects.versions:
            yield "", self._bom.serial

    def _resolve(self, ref: str) -> tuple[str, ...] | None:
        """What a reference stands for: itself where it is a BOM-Link or, by leniency, a purl."""
        if ref in self._forms:
            return self._linked(ref)
        if ref.startswith(products.BOM_LINK) or products.is_purl(ref):
            return (ref,)
        return None

    def _linked(self, ref: str) -> tuple[str, ...]:
        """What a component of this document is called elsewhere, its BOM-Link at the end."""
        if not self._bom.serial:
            return self._forms[ref]
        serial = self._bom.serial.removeprefix("urn:uuid:")
        return (*self._forms[ref], f"{products.BOM_LINK}{serial}/{self._bom.version}#{ref}")

    def _statement(
        self, entry: _Entry, status: str, texts: tuple[str, ...], *, is_part: bool
    ) -> Vex:
        analysis = entry.found.analysis
        updated = analysis.updated or analysis.issued or entry.found.updated
        is_open = status in ("affected", "under_investigation")
        response = analysis.detail or entry.found.recommendation or ", ".join(analysis.response)
        return Vex(
            vulnerability=entry.name,
            status=status,
            products=self._whole(texts) if is_part else texts,
            subcomponents=texts if is_part else (),
            aliases=entry.aliases,
            justification=_justification(analysis) if status == "not_affected" else "",
            impact="" if is_open else analysis.detail,
            action=response if status == "affected" else "",
            author=self._author,
            supplier=self._supplier,
            at=self._when(updated, entry.place) or self._made,
            id=entry.found.ref,
            place=entry.place,
        )

    def _whole(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        """The bill's product, the bill itself, and each part within the bill by its BOM-Link."""
        bill = (self._bom.serial,) if self._bom.serial else ()
        links = (part for part in parts if part.startswith(products.BOM_LINK))
        return (*self._product, *bill, *links)


def _status(found: Vulnerability) -> str:
    """The status by the analysis; without one the component is affected."""
    if found.analysis.state:
        return _STATUSES[found.analysis.state]
    return "under_investigation" if found.analysis != Analysis() else "affected"


def _justification(analysis: Analysis) -> str:
    return _JUSTIFICATIONS.get(analysis.justification, "")


def _vector(rating: Rating) -> str:
    """A vector with the prefix that names its version, which CycloneDX leaves to `method`."""
    prefix = _PREFIXES[rating.method]
    whole = not rating.vector or rating.vector.startswith(("CVSS:", prefix or "CVSS:"))
    return rating.vector if whole else f"{prefix}{rating.vector}"


def _made(bom: Bom) -> str:
    """When the document was made; that its date is wrong is for the bill's reader to say."""
    try:
        return when(bom.metadata.timestamp)
    except Invalid:
        return ""


def _supplier(bom: Bom) -> str:
    """Who supplies the product. Since 1.6 `metadata.manufacturer` made the document instead."""
    metadata, product = bom.metadata, bom.metadata.component
    makers = [metadata.supplier, metadata.manufacture]
    if product is not None:
        makers = [product.supplier, metadata.supplier, product.manufacturer, metadata.manufacture]
    return next((maker.name for maker in makers if maker.name), "")
