"""What a document is, told by its content alone; names and endings of files are not looked at.

Every answer is the name of a reader in `accord.flows.read`, or of a kind that the node keeps
without reading, or None: not recognised.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import attrgetter

import msgspec

from accord.assurance.statements import rule, verdict
from accord.core import json
from accord.core.errors import Unreadable
from accord.demand.asks import consent
from accord.demand.private.asking import question as pool_question
from accord.demand.private.asking import share as pool_share
from accord.demand.private.asking import word as pool_word

Raw = msgspec.Raw | msgspec.UnsetType
_UNSET = msgspec.UNSET

_BOM = b"\xef\xbb\xbf"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_HEAD = 4096


class _Sniff(msgspec.Struct):
    """The members of a JSON object that tell formats apart, left undecoded."""

    bom_format: Raw = msgspec.field(name="bomFormat", default=_UNSET)
    spdx_version: Raw = msgspec.field(name="spdxVersion", default=_UNSET)
    spdx_cased: Raw = msgspec.field(name="SPDXVersion", default=_UNSET)
    context: Raw = msgspec.field(name="@context", default=_UNSET)
    graph: Raw = msgspec.field(name="@graph", default=_UNSET)
    data_type: Raw = msgspec.field(name="dataType", default=_UNSET)
    cve_metadata: Raw = msgspec.field(name="cveMetadata", default=_UNSET)
    document: Raw = _UNSET
    type: Raw = _UNSET
    spec_version: Raw = msgspec.field(name="specVersion", default=_UNSET)
    objects: Raw = _UNSET
    id: Raw = _UNSET
    modified: Raw = _UNSET
    affected: Raw = _UNSET
    schema_version: Raw = _UNSET
    catalog_version: Raw = msgspec.field(name="catalogVersion", default=_UNSET)
    vulnerabilities: Raw = _UNSET
    statements: Raw = _UNSET
    mapping_objects: Raw = _UNSET
    metadata: Raw = _UNSET
    accord: Raw = _UNSET
    event: Raw = msgspec.field(name="Event", default=_UNSET)
    response: Raw = _UNSET
    info: Raw = _UNSET
    attribute: Raw = msgspec.field(name="Attribute", default=_UNSET)
    matching_attributes: Raw = _UNSET
    list: Raw = _UNSET
    namespace: Raw = _UNSET
    predicates: Raw = _UNSET
    values: Raw = _UNSET
    uuid: Raw = _UNSET
    catalog: Raw = _UNSET
    mapping_collection: Raw = msgspec.field(name="mapping-collection", default=_UNSET)
    media_type: Raw = msgspec.field(name="mediaType", default=_UNSET)
    evidence: Raw = _UNSET
    evaluations: Raw = _UNSET
    suites: Raw = msgspec.field(name="evaluation-suites", default=_UNSET)
    baseline: Raw = _UNSET
    catalogue: Raw = _UNSET
    scorecard: Raw = _UNSET
    checks: Raw = _UNSET
    statement_type: Raw = msgspec.field(name="_type", default=_UNSET)
    predicate_type: Raw = msgspec.field(name="predicateType", default=_UNSET)
    payload_type: Raw = msgspec.field(name="payloadType", default=_UNSET)
    feed: Raw = _UNSET
    packages: Raw = _UNSET
    updated_at: Raw = _UNSET
    hub_id: Raw = msgspec.field(name="ID", default=_UNSET)
    hub_sources: Raw = msgspec.field(name="Sources", default=_UNSET)
    tests: Raw = _UNSET
    tasks: Raw = _UNSET
    groups: Raw = _UNSET
    versions: Raw = _UNSET
    contracts: Raw = _UNSET
    rates: Raw = _UNSET
    suppliers: Raw = _UNSET

    def has(self, *names: str) -> bool:
        # Asked a dozen times of each document: a loop costs half of what `all` does.
        for name in names:  # noqa: SIM110
            if getattr(self, name) is _UNSET:
                return False
        return True

    def text(self, name: str) -> str:
        """A string member without its quotes; empty where there is none."""
        raw = getattr(self, name)
        return bytes(raw).strip(b'"').decode("utf-8", "replace") if raw is not _UNSET else ""


_DECODER = msgspec.json.Decoder(_Sniff)
_OBJECT, _BUNDLE, _EVENT = "STIX object", b'"bundle"', "MISP event"
_EARLIER = (
    "accord", "bom_format", "spdx_version", "spdx_cased", "context", "data_type", "cve_metadata",
    "catalog_version", "mapping_objects", "document", "evidence",
)  # fmt: skip
"""Members by which something may be what stands before `STIX object` in the table."""
_NOTHING = (_UNSET,) * len(_EARLIER)
_before_objects = attrgetter(*_EARLIER)


def recognise(data: bytes) -> str | None:
    """Name of the reader, or of the kept kind, for a document; None where nothing fits.

    Raises:
        Unreadable: empty, not UTF-8, or it begins as JSON and is not one JSON document.
        TooLarge: JSON past a bound.
    """
    data = data.removeprefix(_BOM).lstrip()
    if not data:
        raise Unreadable("an empty file; there is nothing to read")
    if data.startswith(_WIDE_MARKS) or b"\x00" in data[:2]:
        return _wide(data)
    if data.startswith(b"{"):
        return _json_object(data)
    if data.startswith(b"["):
        return _json_list(data)
    if data.startswith(b"<"):
        return _xml(data)
    if data.startswith(b"%PDF-"):
        return "PDF page"
    return _text(data)


def _wide(data: bytes) -> str | None:
    """Of what is not UTF-8, only XML is read: its standard demands UTF-16 (section 4.3.3)."""
    head = data[:_HEAD].decode("utf-16", "replace") if data.startswith(_WIDE_MARKS) else ""
    if not head.lstrip().startswith("<"):
        raise Unreadable("UTF-16 or UTF-32 text; save it as UTF-8 and load it again")
    return _xml(head.encode("utf-8", "replace"))


def _json_object(data: bytes) -> str | None:
    json.check(data)
    try:
        seen = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        if "trailing characters" in str(wrong):
            reason = f"more than one JSON document; give each as a file of its own ({wrong})"
            raise Unreadable(reason) from wrong
        raise json.unreadable(wrong, data) from wrong
    if _is_threat(seen):
        return _OBJECT
    for name, fits in _JSON:
        if fits(seen):
            return name
    return None


def _json_list(data: bytes) -> str:
    """MISP gives several events as a list; nothing else that is read is one."""
    found = json.decode(data)
    if found and all(isinstance(one, dict) and "Event" in one for one in found):
        return _EVENT
    raise Unreadable("a JSON list; give each document of it as a file of its own")


def _is_threat(seen: _Sniff) -> bool:
    """Whether the table would say `STIX object`: what partners exchange, told by few looks."""
    kind = seen.type
    return (
        kind is not _UNSET
        and seen.id is not _UNSET
        and _before_objects(seen) == _NOTHING
        and b"--" in bytes(seen.id)
        and bytes(kind) != _BUNDLE
    )


def _context(seen: _Sniff, word: str) -> bool:
    return seen.has("context") and word in bytes(seen.context).decode("utf-8", "replace")  # type: ignore[arg-type]


_JSON: tuple[tuple[str, Callable[[_Sniff], bool]], ...] = (
    ("accord record", lambda s: s.has("accord")),
    ("description of evidence", lambda s: s.has("evidence")),
    ("CycloneDX JSON", lambda s: s.has("bom_format")),
    ("SPDX JSON", lambda s: s.has("spdx_version") or s.has("spdx_cased")),
    ("OpenVEX", lambda s: _context(s, "openvex")),
    ("SPDX JSON-LD", lambda s: _context(s, "spdx.org/rdf") or (s.has("context", "graph"))),
    ("CVE record", lambda s: s.has("data_type") or s.has("cve_metadata")),
    ("STIX bundle", lambda s: s.text("type") == "bundle"),
    ("KEV catalogue", lambda s: s.has("catalog_version", "vulnerabilities")),
    ("ATT&CK mapping", lambda s: s.has("mapping_objects", "metadata")),
    ("CSAF", lambda s: s.has("document")),
    (_OBJECT, lambda s: s.has("type") and "--" in s.text("id")),
    ("OSV JSON", lambda s: s.has("id") and (s.has("modified") or s.has("schema_version"))),
    (_EVENT, lambda s: s.has("event") or s.has("response") or s.has("info", "attribute")),
    ("MISP warning list", lambda s: s.has("list", "matching_attributes") or s.has("list", "type")),
    ("MISP taxonomy", lambda s: s.has("namespace", "predicates")),
    ("MISP galaxy cluster", lambda s: s.has("values", "uuid")),
    ("OSCAL catalogue", lambda s: s.has("catalog")),
    ("OSCAL mapping collection", lambda s: s.has("mapping_collection")),
    ("evaluation results", lambda s: s.has("suites") or s.has("evaluations", "metadata")),
    ("Sigstore bundle", lambda s: "dev.sigstore.bundle" in s.text("media_type")),
    ("baseline", lambda s: s.has("baseline")),
    ("catalogue", lambda s: s.has("catalogue")),
    ("Scorecard result", lambda s: s.has("scorecard", "checks")),
    ("verdict", lambda s: s.text("predicate_type") == verdict.PREDICATE),
    ("recognition", lambda s: s.text("predicate_type") == rule.PREDICATE),
    (pool_question.KIND, lambda s: s.text("predicate_type") == pool_question.PREDICATE),
    (pool_share.KIND, lambda s: s.text("predicate_type") == pool_share.PREDICATE),
    (pool_word.KIND, lambda s: s.text("predicate_type") == pool_word.PREDICATE),
    (consent.KIND, lambda s: s.text("predicate_type") == consent.PREDICATE),
    ("in-toto statement", lambda s: s.has("statement_type") or s.has("predicate_type")),
    ("DSSE envelope", lambda s: s.has("payload_type")),
    ("ROLIE feed", lambda s: s.has("feed")),
    ("VEX hub index", lambda s: s.has("packages", "updated_at")),
    ("VEX hub manifest", lambda s: s.has("hub_id", "hub_sources") or s.has("versions")),
    ("test suite", lambda s: s.has("tests")),
    ("contracts JSON", lambda s: s.has("contracts")),
    ("rates JSON", lambda s: s.has("rates")),
    ("suppliers JSON", lambda s: s.has("suppliers")),
    ("P-SSCRM catalogue", lambda s: s.has("groups") and b'"practices"' in bytes(s.groups)),  # type: ignore[arg-type]
)
"""In this order: the first that fits is the answer."""

_XML_PROLOG = re.compile(rb"(?s)\s*(?:<\?.*?\?>|<!--.*?-->)")
_XML_ROOT = re.compile(rb"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)([^>]*)")


def _xml(data: bytes) -> str | None:
    """By the first element; what a comment before it holds does not count."""
    place = 0
    while match := _XML_PROLOG.match(data, place):
        place = match.end()
    root = _XML_ROOT.search(data, place)
    if root is None:
        return None
    name, attributes = root.groups()
    if name == b"bom" and b"cyclonedx.org" in attributes:
        return "CycloneDX XML"
    return "Maven project" if b"maven.apache.org/POM" in attributes else None


_FIRST = rb"(?s)\A(?:---[^\n]*\n|\s|#[^\n]*\n)*[\"']?%s[\"']?:\s"
"""A member that stands first, whatever comments come before it."""
_TEXT = (
    ("description of evidence", re.compile(_FIRST % b"evidence")),
    ("baseline", re.compile(_FIRST % b"baseline")),
    ("catalogue", re.compile(_FIRST % b"catalogue")),
    ("contracts YAML", re.compile(_FIRST % b"contracts")),
    ("rates YAML", re.compile(_FIRST % b"rates")),
    ("suppliers YAML", re.compile(_FIRST % b"suppliers")),
    ("SPDX tag-value", re.compile(rb"(?m)^SPDXVersion:\s*SPDX-")),
    ("RustSec", re.compile(rb"\A```toml\s")),
    ("endoflife", re.compile(rb"(?s)\A---\s.*^(title|releases|permalink|category):", re.MULTILINE)),
    (
        "EPSS CSV",
        re.compile(rb"\A(#[^\n]*model_version|[\"']?cve[\"']?,\s*[\"']?epss)", re.IGNORECASE),
    ),
    ("KEV CSV", re.compile(rb"\A[\"']?cveID[\"']?,", re.IGNORECASE)),
    ("SSVC table", re.compile(rb"\Arow,[^\n]* v\d+\.\d+")),
    ("SPDX YAML", re.compile(rb"(?m)^[\"']?spdxVersion[\"']?:\s*[\"']?SPDX-")),
    ("estate YAML", re.compile(rb"(?m)^(estate|operators|deployments):")),
    ("evaluation results", re.compile(rb"(?m)^[\"']?evaluation(?:-suite)?s[\"']?:")),
    ("OSV YAML", re.compile(rb"(?m)^[\"']?(id|schema_version|modified)[\"']?:\s")),
    ("OSPS catalogue", re.compile(rb"(?m)^controls:\s*$")),
    ("version facts", re.compile(rb"(?m)^[^\s#<=>]\S* (<|=|>|<=|>=) \S+\s*$")),
)


_ANYWHERE = frozenset({
    "SPDX tag-value", "SPDX YAML", "estate YAML", "OSV YAML", "OSPS catalogue", "baseline",
    "catalogue", "evaluation results", "contracts YAML", "rates YAML", "suppliers YAML",
})  # fmt: skip
"""What may begin with a long comment, or with another member of many lines."""


def _text(data: bytes) -> str | None:
    head = data[:_HEAD]
    if b"\x00" in head:
        return None
    for name, pattern in _TEXT:
        if pattern.search(head):
            return name
    table = _table(head)
    if table is not None:
        return table
    return next(
        (name for name, pattern in _TEXT if name in _ANYWHERE and pattern.search(data)), None
    )


_TABLES: tuple[tuple[str, tuple[frozenset[str], ...]], ...] = (
    ("estate CSV", (frozenset({"operator", "company"}), frozenset({"product"}))),
    (
        "contracts CSV",
        (frozenset({"contract", "contract number"}), frozenset({"supplier", "vendor"})),
    ),
    ("rates CSV", (frozenset({"currency"}), frozenset({"base"}), frozenset({"rate"}))),
)
"""Tables by their headings: of each group of columns one must be there."""


def _table(head: bytes) -> str | None:
    """A table that people keep, by its heading."""
    lines = [
        line
        for line in head.splitlines()
        if line.strip() and not line.lstrip(b'"').startswith(b"#")
    ]
    words = re.split(rb"[,;\t]", lines[0].lower().replace(b'"', b"")) if lines else []
    names = {b" ".join(re.split(rb"[\s_-]+", word.strip())).decode("utf-8", "replace")
             for word in words}  # fmt: skip
    return next((name for name, groups in _TABLES if all(group & names for group in groups)), None)
