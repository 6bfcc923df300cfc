"""SPDX 2 bills as they are scored, in JSON, YAML and tag-value. Files and snippets do not count.

Where SPDX 2 has no place for a field, an annotation may give it, one `name: value` a line.

Source: SPDX 2.3, sections 6 (document), 7 (package), 11 (relationship) and 12 (annotation).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from accord.assurance.profiles.bill import Agent, Bill, Component, Edges, Hash, Licence, kept
from accord.assurance.profiles.said import Said
from accord.core import json, yaml
from accord.core.errors import Invalid, TooLarge
from accord.core.limits import LIMITS
from accord.core.reading import Refused
from accord.supply.inventory.spdx.tagvalue import tags

T = TypeVar("T")

_SPEC = re.compile(r"SPDX-(2\.[0-9]{1,2})")
_CONTACT = re.compile(r"\(\s*([^()\s]+)\s*\)\s*$")
_PAIR = re.compile(r"^\s*([A-Za-z][\w:. -]{0,60}?)\s*[:=]\s*(\S.*)$", re.MULTILINE)
_TO_TARGET = frozenset(
    {
        "DEPENDS_ON", "CONTAINS", "STATIC_LINK", "DYNAMIC_LINK", "HAS_PREREQUISITE",
        "GENERATED_FROM", "DESCENDANT_OF",
    }
)  # fmt: skip
"""The element that stands first needs or holds the other."""
_TO_SOURCE = frozenset(
    {
        "DEPENDENCY_OF", "BUILD_DEPENDENCY_OF", "DEV_DEPENDENCY_OF", "OPTIONAL_DEPENDENCY_OF",
        "PROVIDED_DEPENDENCY_OF", "RUNTIME_DEPENDENCY_OF", "TEST_DEPENDENCY_OF", "CONTAINED_BY",
        "PREREQUISITE_FOR", "OPTIONAL_COMPONENT_OF", "PACKAGE_OF", "ANCESTOR_OF", "GENERATES",
    }
)  # fmt: skip
"""The other way round."""
_IDENTIFIERS = frozenset({"purl", "cpe22Type", "cpe23Type", "swid", "swh", "gitoid"})
_ADVICE = frozenset({"advisory", "fix", "security"})
_DOCUMENT = "SPDXRef-DOCUMENT"
_THREE = 3


class _Checksum(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    algorithm: str = ""
    checksum_value: str = ""


class _Reference(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    reference_type: str = ""
    reference_locator: str = ""


class _Annotation(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    comment: str = ""


class Package(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A package as the format has it."""

    id: str = msgspec.field(name="SPDXID", default="")
    name: str = ""
    version_info: str | None = None
    supplier: str | None = None
    originator: str | None = None
    package_file_name: str | None = None
    download_location: str | None = None
    homepage: str | None = None
    source_info: str | None = None
    license_concluded: str | None = None
    license_declared: str | None = None
    checksums: tuple[_Checksum, ...] | None = None
    external_refs: tuple[_Reference, ...] | None = None
    description: str | None = None
    summary: str | None = None
    comment: str | None = None
    release_date: str | None = None
    valid_until_date: str | None = None
    primary_package_purpose: str | None = None
    annotations: tuple[_Annotation, ...] | None = None


class _Named(msgspec.Struct, frozen=True, gc=False):
    """A package before anything but its identifier matters."""

    id: str = msgspec.field(name="SPDXID", default="")


class _Relationship(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    spdx_element_id: str = ""
    relationship_type: str = ""
    related_spdx_element: str = ""


class _Creation(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    created: str = ""
    creators: tuple[str, ...] = ()


class _Head(msgspec.Struct, frozen=True, rename="camel"):
    spdx_version: str = ""
    name: str = ""
    document_namespace: str = ""
    creation_info: _Creation = _Creation()
    document_describes: tuple[str, ...] | None = None


class _Document(_Head, frozen=True, rename="camel"):
    """The root of the JSON form. Lists stay undecoded, as views of the bytes."""

    packages: list[msgspec.Raw] | None = None
    relationships: list[msgspec.Raw] | None = None


_Entry = tuple[str, Any]
"""Place, and what stands there, undecoded."""
_Decode = Callable[[type[T], Any], T]


def read_json(data: bytes) -> Bill:
    """An SPDX 2 document in JSON.

    Raises:
        Invalid: not SPDX 2.
        Unreadable: not JSON.
        TooLarge: past a bound.

    """
    found = json.decode_as(_Document, data)
    return _bill(
        found,
        "JSON",
        _entries("/packages", found.packages),
        _entries("/relationships", found.relationships),
        _from_json,
    )


def read_yaml(data: bytes) -> Bill:
    """An SPDX 2 document in YAML; all values are text, as SPDX has it.

    Raises:
        Invalid: not SPDX 2.
        Unreadable: not YAML.
        TooLarge: past a bound.

    """
    value = yaml.decode(data)
    return _of_values(value, "YAML")


def _of_values(value: Any, syntax: str, places: tuple[str, ...] = ()) -> Bill:  # noqa: ANN401 - any document
    try:
        head = msgspec.convert(value, _Head, strict=False)
        lists = msgspec.convert(value, dict[str, Any])
    except msgspec.ValidationError as wrong:
        raise Invalid(str(wrong)) from wrong
    packages, relationships = (lists.get(name) or [] for name in ("packages", "relationships"))
    if not (isinstance(packages, list) and isinstance(relationships, list)):
        raise Invalid("`packages` and `relationships` are expected to be lists")
    placed = list(zip(places, packages, strict=True)) if places else _entries("/packages", packages)
    return _bill(head, syntax, placed, _entries("/relationships", relationships), _from_value)


def _entries(place: str, items: list[Any] | None) -> list[_Entry]:
    if items and len(items) > LIMITS.items:
        raise TooLarge(f"more than {LIMITS.items:,} items", place)
    return [(f"{place}/{index}", item) for index, item in enumerate(items or ())]


_DECODERS: dict[type, msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(kind) for kind in (Package, _Named, _Relationship)
}


def _from_json(kind: type[T], item: Any) -> T:  # noqa: ANN401 - what stands in a list
    try:
        found: T = _DECODERS[kind].decode(item)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise json.unreadable(wrong) from wrong
    return found


def _from_value(kind: type[T], item: Any) -> T:  # noqa: ANN401 - as above
    return msgspec.convert(item, kind, strict=False)


def _bill(
    head: _Head,
    syntax: str,
    packages: list[_Entry],
    relationships: list[_Entry],
    decode: _Decode[Any],
) -> Bill:
    version = _SPEC.fullmatch(head.spdx_version)
    if version is None:
        raise Invalid(f"{head.spdx_version[:40]!r} where SPDX-2.2 or SPDX-2.3 is expected")
    refused: list[Refused] = []
    ids = {
        package.id
        for _, package in _decoded(_Named, packages, decode, [])
        if package is not None and package.id
    }
    links = [
        link
        for _, link in _decoded(_Relationship, relationships, decode, refused)
        if link is not None
    ]
    described = {name for name in head.document_describes or () if name in ids} | {
        link.related_spdx_element
        for link in links
        if link.relationship_type == "DESCRIBES" and link.related_spdx_element in ids
    }
    product = next(iter(described)) if len(described) == 1 else ""
    return Bill(
        format="SPDX",
        spec=version.group(1),
        syntax=syntax,
        product=head.name,
        identifier=head.document_namespace,
        authors=tuple(
            Agent(name, _contacts(name))
            for name in head.creation_info.creators
            if not name.casefold().startswith("tool:")
        ),
        tools=tuple(
            name for name in head.creation_info.creators if name.casefold().startswith("tool:")
        ),
        timestamp=head.creation_info.created,
        edges=_edges(links, ids),
        components=lambda: _walk(packages, decode, product, refused),
        refused=refused,
    )


def _decoded(
    kind: type[T], items: Iterable[_Entry], decode: _Decode[Any], refused: list[Refused]
) -> Iterator[tuple[str, T | None]]:
    """Each item with its place; None for one that breaks the schema, refused by itself."""
    for place, item in items:
        try:
            found = decode(kind, item)
        except msgspec.ValidationError as wrong:
            refused.append(Refused(place, str(wrong)))
            found = None
        yield place, found


def _walk(
    packages: list[_Entry], decode: _Decode[Any], product: str, refused: list[Refused]
) -> Iterator[Component]:
    for place, package in _decoded(Package, packages, decode, refused):
        if package is None:
            yield Component(place=place)
        else:
            yield _component(package, place, is_product=package.id == product != "")


def _component(package: Package, place: str, *, is_product: bool) -> Component:
    refs = package.external_refs or ()
    agents = _some(package.supplier, package.originator)
    notes = [note.comment for note in package.annotations or () if note.comment]
    location = package.download_location
    return Component(
        place=place,
        ref=package.id,
        is_product=is_product,
        name=package.name,
        version=package.version_info or "",
        suppliers=_some(package.supplier),
        makers=_some(package.originator),
        contacts=tuple(contact for agent in agents for contact in _contacts(agent)),
        description=package.description or package.summary or "",
        licences=tuple(
            Licence(text, standing)
            for text, standing in (
                (package.license_declared, "declared"),
                (package.license_concluded, "concluded"),
            )
            if text
        ),
        hashes=tuple(Hash(c.algorithm, c.checksum_value) for c in package.checksums or ()),
        identifiers=tuple(r.reference_locator for r in refs if r.reference_type in _IDENTIFIERS),
        origins=_some(
            location,
            package.homepage,
            package.source_info,
            *(r.reference_locator for r in refs if r.reference_type == "purl"),
        ),
        deployables=_some(location),
        advice=tuple(r.reference_locator for r in refs if r.reference_type in _ADVICE),
        filename=package.package_file_name or "",
        released=package.release_date or "",
        ends=package.valid_until_date or "",
        comments=_some(package.comment, *notes),
        purposes=_some((package.primary_package_purpose or "").casefold()),
        properties=kept(pair for note in notes for pair in _PAIR.findall(note)),
    )


def _some(*texts: str | None) -> tuple[str, ...]:
    return tuple(text for text in texts if text)


def _contacts(agent: str) -> tuple[str, ...]:
    """The address in brackets after a name (7.5)."""
    found = _CONTACT.search(agent)
    return (found.group(1),) if found else ()


def _edges(links: list[_Relationship], ids: set[str]) -> Edges:
    """NONE says that there is nothing, NOASSERTION that it is not said (11.1)."""
    found = Edges()
    for link in links:
        kind, one, other = (
            link.relationship_type, link.spdx_element_id, link.related_spdx_element,
        )  # fmt: skip
        if kind in _TO_SOURCE:
            one, other = other, one
        elif kind not in _TO_TARGET:
            continue
        if _DOCUMENT in (one, other):
            continue
        if other in ids or other.startswith("DocumentRef-"):
            found.tell(one, Said.STATED)
            found.related.update((one, other))
        elif other == "NONE":
            found.tell(one, Said.STATED)
        elif other == "NOASSERTION":
            found.tell(one, Said.UNKNOWN)
    return found


_TAGS = {
    "SPDXID": "SPDXID",
    "PackageVersion": "versionInfo",
    "PackageSupplier": "supplier",
    "PackageOriginator": "originator",
    "PackageFileName": "packageFileName",
    "PackageDownloadLocation": "downloadLocation",
    "PackageHomePage": "homepage",
    "PackageSourceInfo": "sourceInfo",
    "PackageLicenseConcluded": "licenseConcluded",
    "PackageLicenseDeclared": "licenseDeclared",
    "PackageDescription": "description",
    "PackageSummary": "summary",
    "PackageComment": "comment",
    "ReleaseDate": "releaseDate",
    "ValidUntilDate": "validUntilDate",
    "PrimaryPackagePurpose": "primaryPackagePurpose",
}
_ELSEWHERE = frozenset({"FileName", "SnippetSPDXID", "LicenseID"})


class _Text:
    """What has been read of a tag-value document, in the shape of its JSON form."""

    def __init__(self) -> None:
        self.head: dict[str, str] = {}
        self.creators: list[str] = []
        self.packages: list[dict[str, Any]] = []
        self.places: list[str] = []
        self.relationships: list[dict[str, str]] = []
        self.notes: list[tuple[str, str]] = []
        self.about: dict[str, Any] | None = {}
        """The package that tags belong to; empty before the first, None in other things."""
        self.noted = ""

    def take(self, line: int, tag: str, value: str) -> None:
        if tag == "PackageName":
            self.about = {"name": value}
            self.packages.append(self.about)
            self.places.append(f"line {line}")
        elif tag == "Relationship":
            words = value.split()
            if len(words) == _THREE:
                names = ("spdxElementId", "relationshipType", "relatedSpdxElement")
                self.relationships.append(dict(zip(names, words, strict=True)))
        elif tag == "SPDXREF":
            self.noted = value
        elif tag == "AnnotationComment":
            self.notes.append((self.noted, value))
        elif tag in _ELSEWHERE:
            self.about = None
        elif self.about:
            self._package(self.about, tag, value)
        elif self.about is not None:
            if tag == "Creator":
                self.creators.append(value)
            self.head.setdefault(tag, value)

    def _package(self, package: dict[str, Any], tag: str, value: str) -> None:
        if tag in _TAGS:
            package.setdefault(_TAGS[tag], value)
        elif tag == "PackageChecksum":
            algorithm, _, content = value.partition(":")
            found = {"algorithm": algorithm.strip(), "checksumValue": content.strip()}
            package.setdefault("checksums", []).append(found)
        elif tag == "ExternalRef":
            words = value.split(maxsplit=2)
            if len(words) == _THREE:
                found = {"referenceType": words[1], "referenceLocator": words[2]}
                package.setdefault("externalRefs", []).append(found)

    def value(self) -> dict[str, Any]:
        """The document as its JSON form has it."""
        named = {package.get("SPDXID"): package for package in self.packages}
        for ref, comment in self.notes:
            if ref in named:
                named[ref].setdefault("annotations", []).append({"comment": comment})
        created = {"created": self.head.get("Created", ""), "creators": self.creators}
        return {
            "spdxVersion": self.head.get("SPDXVersion", ""),
            "name": self.head.get("DocumentName", ""),
            "documentNamespace": self.head.get("DocumentNamespace", ""),
            "creationInfo": created,
            "packages": self.packages,
            "relationships": self.relationships,
        }


def read_tag_value(data: bytes) -> Bill:
    """An SPDX 2 document in tag-value form.

    Raises:
        Invalid: not SPDX 2.
        Unreadable: not UTF-8, no tags, or a `<text>` that does not end.
        TooLarge: past a bound.

    """
    read = _Text()
    for line, tag, value in tags(data):
        read.take(line, tag, value)
    return _of_values(read.value(), "tag-value", tuple(read.places))
