"""SPDX 2.2 and 2.3 as tag-value text.

Source: SPDX 2.3, section 4.4 (one tag and value a line, `<text>` over several) and the tags that
sections 6, 7 and 11 name. A package begins with `PackageName`; tags of files, snippets and
licences that matter nowhere here are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from accord.core.errors import TooLarge, Unreadable
from accord.core.limits import LIMITS
from accord.core.reading import Reading, Refused
from accord.supply.inventory.spdx.bills import Places, reading_of_2
from accord.supply.inventory.spdx.document import (
    CreationInfo,
    Document,
    ExternalRef,
    File,
    Package,
    Relationship,
)

_TAG = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_OPEN, _CLOSE = "<text>", "</text>"
_FIELDS = {
    "PackageVersion": "version_info",
    "PackageSupplier": "supplier",
    "PackageOriginator": "originator",
    "PackageSourceInfo": "source_info",
    "PrimaryPackagePurpose": "primary_package_purpose",
}
_OTHERS = {"FileName": "file", "SnippetSPDXID": "snippet", "LicenseID": "licence"}
_THREE = 3


class _Started(msgspec.Struct):
    """A package whose lines are still being read."""

    line: int
    name: str
    id: str = ""
    fields: dict[str, str] = {}
    refs: list[ExternalRef] = []
    lines: list[int] = []


class _Text(msgspec.Struct):
    """What has been read so far."""

    head: dict[str, str] = {}
    about: str = ""
    """What the current tags belong to: nothing yet is the document itself."""
    packages: list[_Started] = []
    files: list[File] = []
    relationships: list[Relationship] = []
    relationship_lines: list[int] = []
    refused: list[Refused] = []


def read_tag_value(data: bytes) -> Reading:
    """An SPDX 2 document in tag-value form.

    Raises:
        Invalid: not SPDX 2.
        Unreadable: not UTF-8, no tags, or a `<text>` that does not end.
        TooLarge: past a bound.

    """
    read = _Text()
    for line, tag, value in tags(data):
        _take(read, line, tag, value)
    made = reading_of_2(_document(read), "tag-value", _places(read))
    made.refused[:0] = read.refused
    return made


def tags(data: bytes) -> Iterator[tuple[int, str, str]]:
    """Line number, tag and value of each entry; comments and blank lines say nothing."""
    lines = enumerate(_lines(data), 1)
    for number, line in lines:
        text = line.strip()
        if not text or text[0] == "#":
            continue
        tag, colon, value = text.partition(":")
        if not colon or not _TAG.fullmatch(tag.rstrip()):
            raise Unreadable(f"{text[:60]!r} is not `Tag: value`", f"line {number}")
        value = value.strip()
        if value.startswith(_OPEN):
            value = _text(number, value, lines)
        yield number, tag.rstrip(), value


def _lines(data: bytes) -> list[str]:
    if len(data) > LIMITS.bytes:
        raise TooLarge(f"{len(data):,} bytes; the limit is {LIMITS.bytes:,}")
    try:
        return data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as wrong:
        raise Unreadable(f"not UTF-8 text: {wrong}") from wrong


def _text(start: int, value: str, lines: Iterator[tuple[int, str]]) -> str:
    """A value between `<text>` and `</text>`, over as many lines as it takes."""
    parts, size, part = [], 0, value.removeprefix(_OPEN)
    while _CLOSE not in part:
        parts.append(part)
        size += len(part)
        if size > LIMITS.text:
            raise TooLarge(f"a text of more than {LIMITS.text:,} characters", f"line {start}")
        following = next(lines, None)
        if following is None:
            raise Unreadable("`<text>` begins here and never ends", f"line {start}")
        part = following[1].rstrip("\r")
    return "\n".join([*parts, part.partition(_CLOSE)[0]]).strip()


def _take(read: _Text, line: int, tag: str, value: str) -> None:
    """One entry, by what the entries before it have begun."""
    if tag == "PackageName":
        read.about = "package"
        read.packages.append(_Started(line, value))
    elif tag == "Relationship":
        _relationship(read, line, value)
    elif tag in _OTHERS:
        read.about = _OTHERS[tag]
        if read.about == "snippet":
            read.files.append(File(value))
    elif tag == "SPDXID" and read.about == "file":
        read.files.append(File(value))
    elif read.about == "package":
        _package_tag(read, line, tag, value)
    elif not read.about:
        read.head.setdefault(tag, value)


def _package_tag(read: _Text, line: int, tag: str, value: str) -> None:
    package = read.packages[-1]
    if tag == "SPDXID":
        package.id = package.id or value
    elif tag in _FIELDS:
        package.fields.setdefault(_FIELDS[tag], value)
    elif tag == "ExternalRef":
        words = value.split(maxsplit=2)
        if len(words) == _THREE:
            package.refs.append(ExternalRef(words[1], words[2]))
            package.lines.append(line)
        else:
            reason = f"{value[:60]!r}: category, type and locator are expected"
            read.refused.append(Refused(f"line {line}", reason))


def _relationship(read: _Text, line: int, value: str) -> None:
    words = value.split()
    if len(words) == _THREE:
        read.relationships.append(Relationship(*words))
        read.relationship_lines.append(line)
    else:
        reason = f"{value[:60]!r}: an identifier, a kind and an identifier are expected"
        read.refused.append(Refused(f"line {line}", reason))


def _document(read: _Text) -> Document:
    packages: list[Package | None] = []
    for started in read.packages:
        if not started.id:
            reason = f"package {started.name[:60]!r} has no SPDXID"
            read.refused.append(Refused(f"line {started.line}", reason))
            packages.append(None)
        else:
            refs = tuple(started.refs)
            packages.append(Package(started.id, started.name, external_refs=refs, **started.fields))
    return Document(
        spdx_version=read.head.get("SPDXVersion", ""),
        name=read.head.get("DocumentName", ""),
        document_namespace=read.head.get("DocumentNamespace", ""),
        creation_info=CreationInfo(read.head.get("Created", "")),
        packages=tuple(packages),
        files=tuple(read.files),
        relationships=tuple(read.relationships),
    )


def _places(read: _Text) -> Places:
    """Lines; entries keep the order of the text."""
    return Places(
        package=lambda index: f"line {read.packages[index].line}",
        reference=lambda index, ref: f"line {read.packages[index].lines[ref]}",
        relationship=lambda index: f"line {read.relationship_lines[index]}",
        described=lambda index: f"entry {index}",
        created="Created",
    )
