"""The part of a CycloneDX document that statements about vulnerabilities are made of.

Source: CycloneDX 1.7 (ECMA-424), `vulnerabilities`; in the shape of the JSON form.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

import msgspec

from accord.core import json, xml
from accord.core.errors import Invalid

T = TypeVar("T")

NAMESPACE = "http://cyclonedx.org/schema/bom/"
"""What the namespace of every XML form begins with; the version follows."""

SPECS = ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
"""Versions of the format. Vulnerabilities stand in documents since 1.4."""

Serial = Annotated[
    str, msgspec.Meta(pattern=r"^(urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?\Z")
]
"""`serialNumber`: a UUID as a URN (RFC 4122), or empty."""

State = Literal[
    "", "resolved", "resolved_with_pedigree", "exploitable", "in_triage", "false_positive",
    "not_affected",
]  # fmt: skip
"""`analysis.state`; empty where nobody has analysed."""


class Named(msgspec.Struct, frozen=True, gc=False):
    """A source, supplier, manufacturer, provider or author."""

    name: str = ""


class Component(msgspec.Struct, frozen=True, gc=False):
    """A component, as far as statements need it."""

    name: str
    ref: str = msgspec.field(default="", name="bom-ref")
    version: str = ""
    group: str = ""
    publisher: str = ""
    supplier: Named = Named()
    manufacturer: Named = Named()
    purl: str = ""
    cpe: str = ""
    components: list[Component] = []


class Service(msgspec.Struct, frozen=True, gc=False):
    """A service, as far as statements need it."""

    name: str
    ref: str = msgspec.field(default="", name="bom-ref")
    version: str = ""
    group: str = ""
    provider: Named = Named()
    services: list[Service] = []


class Reference(msgspec.Struct, frozen=True, gc=False):
    """Another name of the same vulnerability, with the source that gave it."""

    id: str = ""


class Rating(msgspec.Struct, frozen=True, gc=False):
    """A severity by some method."""

    source: Named = Named()
    score: float | None = None
    severity: str = ""
    method: str = ""
    vector: str = ""


class Analysis(msgspec.Struct, frozen=True, gc=False):
    """What somebody found out about a vulnerability in the product."""

    state: State = ""
    justification: str = ""
    response: list[str] = []
    detail: str = ""
    issued: str = msgspec.field(default="", name="firstIssued")
    updated: str = msgspec.field(default="", name="lastUpdated")


class Version(msgspec.Struct, frozen=True, gc=False):
    """One version or range of an affected component."""

    version: str = ""
    range: str = ""
    """A range in VERS notation."""
    status: Literal["", "affected", "unaffected", "unknown"] = ""

    def __post_init__(self) -> None:
        """One of the two must be there, and a range must be one."""
        if bool(self.version) == bool(self.range):
            raise ValueError("either `version` or `range` is expected")
        if self.range and not self.range.startswith("vers:"):
            raise ValueError(f"{self.range[:60]!r} is not a range: `vers:` is expected")


class Affects(msgspec.Struct, frozen=True, gc=False):
    """A component that a vulnerability affects, by reference or BOM-Link."""

    ref: str
    versions: list[Version] = []


class Vulnerability(msgspec.Struct, frozen=True, gc=False):
    """One entry of `vulnerabilities`."""

    ref: str = msgspec.field(default="", name="bom-ref")
    id: str = ""
    source: Named = Named()
    references: list[Reference] = []
    ratings: list[Rating] = []
    description: str = ""
    recommendation: str = ""
    published: str = ""
    updated: str = ""
    rejected: str = ""
    analysis: Analysis = Analysis()
    affects: list[Affects] = []


class Metadata(msgspec.Struct, frozen=True, gc=False):
    """What a document says about itself."""

    timestamp: str = ""
    component: Component | None = None
    authors: list[Named] = []
    supplier: Named = Named()
    manufacturer: Named = Named()
    manufacture: Named = Named()


class Bom(msgspec.Struct, frozen=True):
    """A document. Vulnerabilities are converted one by one, so that one alone can be refused."""

    spec: str = msgspec.field(default="", name="specVersion")
    format: str = msgspec.field(default="", name="bomFormat")
    serial: Serial = msgspec.field(default="", name="serialNumber")
    version: Annotated[int, msgspec.Meta(ge=1, le=999_999_999_999)] = 1
    metadata: Metadata = Metadata()
    components: list[Component] = []
    services: list[Service] = []
    vulnerabilities: list[Any] = []


def _analysis(value: dict[str, Any], _line: int) -> dict[str, Any]:
    """Responses have a list around them in XML only."""
    return {**value, "response": value.get("responses", [])}


def _with_line(value: dict[str, Any], line: int) -> dict[str, Any]:
    return {**value, "@line": line}


GRAMMAR = xml.Grammar(
    texts=frozenset(
        {
            "timestamp", "name", "version", "group", "publisher", "purl", "cpe", "id", "range",
            "status", "ref", "description", "recommendation", "published", "updated", "rejected",
            "state", "justification", "response", "detail", "firstIssued", "lastUpdated", "score",
            "severity", "method", "vector",
        }
    ),
    objects=frozenset(
        {
            "metadata", "supplier", "manufacturer", "manufacture", "provider", "source",
            "rating", "reference", "target", "author", "component", "service",
        }
    ),
    lists=frozenset(
        {
            "components", "services", "vulnerabilities", "references", "ratings", "authors",
            "affects", "versions", "responses",
        }
    ),
    built={"vulnerability": _with_line, "analysis": _analysis},
)  # fmt: skip
"""The XML form, brought to the shape of the JSON form."""


def from_json(data: bytes) -> Bom:
    """A JSON document, its vulnerabilities still plain values.

    Raises:
        Invalid: not a CycloneDX document by the schema.
        Unreadable: not JSON, or a key stands twice.

    """
    bom = _bom(json.decode_strict(data), "", strict=True)
    if bom.format != "CycloneDX":
        raise Invalid(f"{bom.format[:60]!r} where `CycloneDX` is expected", "/bomFormat")
    if bom.spec not in SPECS:
        raise Invalid(f"version {bom.spec[:20]!r} is not known; 1.2 to 1.7 are", "/specVersion")
    return bom


def from_xml(data: bytes) -> Bom:
    """An XML document, its vulnerabilities still plain values, each with its `@line`.

    Raises:
        Invalid: not a CycloneDX document by the schema.
        Unreadable: not XML, or unsafe.

    """
    root = xml.read(data, GRAMMAR)
    if root.name != "bom" or root.namespace.removeprefix(NAMESPACE) not in SPECS:
        name = f"<{root.name}> of {root.namespace or 'no namespace'}"
        raise Invalid(f"{name[:90]} where <bom> of {NAMESPACE}1.x is expected", "line 1")
    return _bom(root.value, "line 1", strict=False)


def _bom(value: Any, place: str, *, strict: bool) -> Bom:  # noqa: ANN401 - any document
    """The document without those components and services that break the schema.

    Statements are read all the same; the reader of inventories refuses each such item.
    """
    try:
        return convert(Bom, value, place, strict=strict)
    except Invalid:
        if not isinstance(value, dict):
            raise
    lists = {
        name: [one for one in value[name] if _fits(kind, one, strict=strict)]
        for name, kind in (("components", Component), ("services", Service))
        if isinstance(value.get(name), list)
    }
    return convert(Bom, {**value, **lists}, place, strict=strict)


def _fits(kind: type[T], value: object, *, strict: bool) -> bool:
    try:
        convert(kind, value, "", strict=strict)
    except Invalid:
        return False
    return True


def convert(kind: type[T], value: object, place: str, *, strict: bool) -> T:
    """A plain value as a type; `strict` where texts must not stand for numbers.

    Raises:
        Invalid: it does not fit; the place is below `place` where that is a JSON pointer.

    """
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as wrong:
        reason, _, path = str(wrong).partition(" - at `$")
        steps = path.strip("`").replace("[", "/").replace("]", "").replace(".", "/")
        if place.startswith("line"):
            raise Invalid(f"{reason} ({steps.strip('/')})" if steps else reason, place) from wrong
        raise Invalid(reason, f"{place}{steps}") from wrong
