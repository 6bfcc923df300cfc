"""OpenVEX documents: who says which products a vulnerability affects, 0.0.1 to 0.2.0.

A statement inherits author, date and supplier from its document. Products whose subcomponents
differ become statements of their own, so that each limits what it should.

Source: OpenVEX specification 0.2.0, sections "Document", "Statement", "Product" and "Status
labels"; 0.0.1 for vulnerabilities and products that are plain strings.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeVar

import msgspec

from accord.core.errors import Invalid, TooLarge
from accord.core.json import decode_strict
from accord.core.limits import LIMITS
from accord.core.reading import NotEvaluated, Reading, Refused
from accord.core.times import numbered, when
from accord.supply.advisories.facts import Vex
from accord.supply.advisories.items import is_cve
from accord.supply.products import cpe, purl

T = TypeVar("T")

_CONTEXT = "https://openvex.dev/ns"
_CONTEXTS = ("", "/v0.0.0", "/v0.0.1", "/v0.0.2", "/v0.1.0", "/v0.2.0")
_DIGITS_AT_MOST = 12
_HIGHEST_VERSION = 10**_DIGITS_AT_MOST - 1

Justification = Literal[
    "",
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
]
"""Why a product is not affected (OpenVEX, "Status justifications")."""


class _Vulnerability(msgspec.Struct, frozen=True):
    name: str
    aliases: list[str] = []


class _Component(msgspec.Struct, frozen=True):
    id: str = msgspec.field(default="", name="@id")
    identifiers: dict[str, str] = {}
    hashes: dict[str, str] = {}


class _Product(_Component, frozen=True):
    subcomponents: list[_Component | str] = []


class _Statement(msgspec.Struct, frozen=True):
    vulnerability: _Vulnerability | str
    status: Literal["not_affected", "affected", "fixed", "under_investigation"]
    id: str = msgspec.field(default="", name="@id")
    products: list[_Product | str] = []
    subcomponents: list[_Component | str] = []
    justification: Justification = ""
    impact_statement: str = ""
    action_statement: str = ""
    supplier: str = ""
    timestamp: str = ""
    last_updated: str = ""


class _Document(msgspec.Struct, frozen=True):
    context: str = msgspec.field(name="@context")
    id: str = msgspec.field(name="@id")
    author: str
    statements: list[Any]
    version: int | str = ""
    timestamp: str = ""
    last_updated: str = ""
    supplier: str = ""


def read(data: bytes) -> Reading:
    """VEX statements of an OpenVEX document.

    A statement that breaks a rule is refused alone. One without products is not evaluated.

    Raises:
        Invalid: not an OpenVEX document, or without identifier, author or statements.
        Unreadable: not JSON, or a key stands twice.
        TooLarge: past a bound.

    """
    document = _convert(_Document, decode_strict(data), "")
    _check(document)
    return _Statements(document).reading


def _check(document: _Document) -> None:
    version = document.context.removeprefix(_CONTEXT)
    if version == document.context or version.rstrip("/") not in _CONTEXTS:
        reason = f"{document.context[:80]!r} is not known; {_CONTEXT}/v0.2.0 is, and older ones"
        raise Invalid(reason, "/@context")
    for name in ("id", "author"):
        if not getattr(document, name).strip():
            raise Invalid("empty", "/@id" if name == "id" else f"/{name}")
    if len(document.statements) > LIMITS.items:
        raise TooLarge(f"more than {LIMITS.items:,} items", "/statements")


def _convert(kind: type[T], value: object, place: str) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as wrong:
        reason, _, path = str(wrong).partition(" - at `$")
        steps = path.strip("`").replace("[", "/").replace("]", "").replace(".", "/")
        raise Invalid(reason, f"{place}{steps}") from wrong


class _Statements:
    """A reading in the making."""

    def __init__(self, document: _Document) -> None:
        self._document = document
        self._latest = ""
        self.reading = Reading(
            kind="OpenVEX document", subject=f"openvex:{document.id}", title=document.author
        )
        self._made = self._when(document.last_updated, "/last_updated") or self._when(
            document.timestamp, "/timestamp"
        )
        for index, raw in enumerate(document.statements):
            self._read(raw, f"/statements/{index}")
        self.reading.edition = self._edition()

    def _edition(self) -> str:
        """By version; a document that has none, by its date or that of its latest statement."""
        version = self._document.version
        if version == "":
            return self._made or self._latest
        if isinstance(version, str) and version.isdecimal() and len(version) <= _DIGITS_AT_MOST:
            version = int(version)
        if isinstance(version, int) and 0 <= version <= _HIGHEST_VERSION:
            return numbered(version)
        told = repr(version[:40]) if isinstance(version, str) else "this number"
        raise Invalid(f"{told} is not a version: up to 12 digits are expected", "/version")

    def _refuse(self, place: str, reason: str) -> None:
        self.reading.refused.append(Refused(place, reason))

    def _when(self, text: str, place: str) -> str:
        try:
            return when(text, place)
        except Invalid as wrong:
            self._refuse(wrong.place, wrong.reason)
            return ""

    def _read(self, raw: object, place: str) -> None:
        try:
            found = _convert(_Statement, raw, place)
            self._require_reasons(found, place)
            self.reading.facts += list(self._statements(found, place))
        except Invalid as wrong:
            self._refuse(wrong.place or place, wrong.reason)

    def _require_reasons(self, found: _Statement, place: str) -> None:
        """What a status demands beside it.

        To leave out a statement that says `affected` would be worse than to keep it without advice.
        """
        if found.status == "not_affected" and not (found.justification or found.impact_statement):
            raise Invalid("`not_affected` needs `justification` or `impact_statement`", place)
        if found.status == "affected" and not found.action_statement:
            self._refuse(place, "`affected` needs `action_statement`; the statement is kept")

    def _statements(self, found: _Statement, place: str) -> Iterator[Vex]:
        name, aliases = _names(found.vulnerability, place)
        groups: dict[tuple[str, ...], dict[str, None]] = {}
        for index, product in enumerate(found.products):
            here = f"{place}/products/{index}"
            forms = _forms(product, here)
            if not forms:
                self.reading.not_evaluated.append(NotEvaluated(here, "no identity", place, name))
                continue
            within = _within(product, found, here)
            groups.setdefault(within, {}).update(dict.fromkeys(forms))
        if not found.products:
            self.reading.not_evaluated.append(NotEvaluated(place, "no product", place, name))
        at = self._at(found, place)
        for within, products in groups.items():
            yield Vex(
                vulnerability=name,
                status=found.status,
                products=tuple(products),
                subcomponents=within,
                aliases=aliases,
                justification=found.justification,
                impact=found.impact_statement,
                action=found.action_statement,
                author=self._document.author,
                supplier=found.supplier or self._document.supplier,
                at=at,
                id=found.id,
                place=place,
            )

    def _at(self, found: _Statement, place: str) -> str:
        """When the statement was last made, by its own word or that of its document."""
        own = self._when(found.last_updated, f"{place}/last_updated")
        own = own or self._when(found.timestamp, f"{place}/timestamp")
        self._latest = max(self._latest, own)
        return own or self._made


def _names(given: _Vulnerability | str, place: str) -> tuple[str, tuple[str, ...]]:
    """The CVE identifier where one is given, and the other names."""
    known = [given] if isinstance(given, str) else [given.name, *given.aliases]
    known = [name for name in dict.fromkeys(known) if name.strip()]
    if not known:
        raise Invalid("nothing names the vulnerability", f"{place}/vulnerability")
    name = next((name for name in known if is_cve(name)), known[0])
    return name, tuple(other for other in known if other != name)


def _within(product: _Product | str, found: _Statement, place: str) -> tuple[str, ...]:
    """Subcomponents of the product or, in 0.0.1, of the statement."""
    own = [] if isinstance(product, str) else product.subcomponents
    forms: dict[str, None] = {}
    for index, part in enumerate(own or found.subcomponents):
        given = _forms(part, f"{place}/subcomponents/{index}")
        if not given:
            # Without this part the statement would speak of more than it says.
            raise Invalid("nothing names the subcomponent", f"{place}/subcomponents/{index}")
        forms.update(dict.fromkeys(given))
    return tuple(forms)


def _forms(part: _Component | str, place: str) -> tuple[str, ...]:
    """Every name of a product: identifier, package URL, CPE names, digest."""
    if isinstance(part, str):
        return (_checked(part, place),) if part else ()
    names = [part.id, *(part.identifiers.get(key, "") for key in ("purl", "cpe23", "cpe22"))]
    digests = (part.hashes.get(key, "") for key in ("sha-256", "sha256"))
    names += [f"sha256:{digest.lower()}" for digest in digests if digest]
    return tuple(dict.fromkeys(_checked(name, place) for name in names if name))


def _checked(name: str, place: str) -> str:
    """The name, once what claims to be a package URL or CPE name is one."""
    try:
        if name.startswith("pkg:"):
            purl.parse(name)
        elif name.startswith("cpe:"):
            cpe.parse(name)
    except Invalid as wrong:
        raise Invalid(wrong.reason, place) from wrong
    return name
