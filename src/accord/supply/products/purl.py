"""Package URLs, read and written by the package-url specification.

Source: ECMA-427 (Package-URL), sections on parsing and building; rules of single types from the
type definitions that stand beside the specification.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import quote, unquote

import msgspec

from accord.core.errors import Invalid
from accord.supply.products import purltypes

Qualifiers = tuple[tuple[str, str], ...]

_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9.+-]*")
_KEY = re.compile(r"[a-z][a-z0-9._-]*")
_UNSAFE = re.compile(r"[^A-Za-z0-9._~:-]")
_LONGEST = 8192
_CACHED = 1 << 16


class Purl(msgspec.Struct, frozen=True, gc=False):
    """A package URL, decoded and normalised by the rules of its type."""

    type: str
    """Lower case: `deb`, `npm`."""
    namespace: str
    """Segments joined by `/`; empty where there is none."""
    name: str
    version: str = ""
    qualifiers: Qualifiers = ()
    """Pairs of key and value, sorted by key; no empty values."""
    subpath: str = ""

    @property
    def package(self) -> str:
        """What advisories are about: `pkg:type/namespace/name` in the form that is compared.

        Stricter than the canonical text: what a registry or a distribution does not tell apart
        (case in NuGet, `_` in PyPI, `rhel` and `redhat`) is one package here.
        """
        return package(self.type, self.namespace, self.name)

    def qualifier(self, *keys: str) -> str:
        """Value of the first of these keys that is present, or empty text."""
        found = dict(self.qualifiers)
        return next((found[key] for key in keys if key in found), "")

    def __str__(self) -> str:
        """The canonical text of the specification."""
        slash = "/" if self.type == "git" else ""
        text = f"pkg:{self.type}/"
        if self.namespace:
            text += f"{_quoted(self.namespace, '/')}/"
        text += _quoted(self.name, slash)
        if self.version:
            text += f"@{_quoted(self.version)}"
        if self.qualifiers:
            text += "?" + "&".join(f"{key}={_quoted(value)}" for key, value in self.qualifiers)
        return f"{text}#{_quoted(self.subpath, '/')}" if self.subpath else text


def package(type_: str, namespace: str, name: str) -> str:
    """The compared form of a package's name, for parts that are already decoded."""
    namespace, name = purltypes.compared(type_, namespace, name)
    path = f"{namespace}/{name}" if namespace else name
    return f"pkg:{type_}/{_quoted(path, '/')}"


@lru_cache(_CACHED)
def parse(text: str) -> Purl:
    """A package URL from its text; what has one obvious meaning is repaired.

    Raises:
        Invalid: no package URL, or one that breaks the rules of its type.

    """
    if len(text) > _LONGEST:
        raise Invalid(f"{text[:80]!r}... is longer than {_LONGEST:,} characters")
    rest, _, subpath = text.strip().rpartition("#") if "#" in text else (text.strip(), "", "")
    rest, _, query = rest.partition("?")
    if rest[:4].lower() != "pkg:":
        raise Invalid(f"{text[:80]!r} is not a package URL: it must begin with `pkg:`")
    type_, slash, path = rest[4:].strip("/").partition("/")
    if not slash or not _TYPE.fullmatch(type_):
        raise Invalid(f"{text[:80]!r} is not a package URL: `pkg:type/name` is expected")
    path, version = _version(path, text)
    namespace, _, name = path.strip("/").rpartition("/")
    try:
        qualifiers = _pairs(query) if query else ()
        below = _segments(subpath, ("", ".", ".."))
        names = (_segments(namespace), _decoded(name))
        return _normalised(type_, names, _decoded(version), qualifiers, below)
    except Invalid as wrong:
        raise Invalid(f"{text[:80]!r} is not a package URL: {wrong.reason}") from wrong


def parse_strictly(text: str) -> Purl:
    """As `parse`, but qualifier keys must already be lower case, as the specification demands.

    Raises:
        Invalid: as for `parse`, or a key is not in canonical form.

    """
    query = text.rpartition("#")[0] if "#" in text else text
    for pair in query.partition("?")[2].split("&"):
        key = pair.partition("=")[0]
        if key != key.lower():
            raise Invalid(f"{text[:80]!r} has the qualifier key {key!r}: lower case is expected")
    return parse(text)


def build(
    type_: str,
    path: tuple[str, str],
    version: str = "",
    qualifiers: Mapping[str, str] | None = None,
    subpath: str = "",
) -> Purl:
    """A package URL from its decoded parts; the path is namespace and name.

    Raises:
        Invalid: a part is missing or breaks the rules of the type.

    """
    if not _TYPE.fullmatch(type_):
        raise Invalid(f"{type_[:40]!r} is not a type: letters, digits, `.`, `+`, `-` are expected")
    pairs = _sorted((key.lower(), value) for key, value in (qualifiers or {}).items())
    namespace, name = path
    return _normalised(type_, (namespace.strip("/"), name.strip("/")), version, pairs, subpath)


def _normalised(
    type_: str, path: tuple[str, str], version: str, qualifiers: Qualifiers, subpath: str
) -> Purl:
    type_, (namespace, name) = type_.lower(), path
    if not name:
        raise Invalid("it has no name")
    rule = purltypes.RULES.get(type_)
    if rule is not None:
        namespace, name, version = rule(namespace, name, version, dict(qualifiers))
    return Purl(type_, namespace, name, version, qualifiers, subpath)


def _version(path: str, text: str) -> tuple[str, str]:
    """Path and version. An `@` that begins a segment belongs to a scope, as in `@babel/core`."""
    at = path.rfind("@")
    if at < 0:
        return path, ""
    if at and path[at - 1] != "/":
        return path[:at], path[at + 1 :]
    if "/" not in path[at:]:
        raise Invalid(f"{text[:80]!r} is not a package URL: it has no name before `@`")
    return path, ""


def _segments(path: str, dropped: tuple[str, ...] = ("",)) -> str:
    """A namespace or subpath, decoded, without the segments that say nothing."""
    if not path:
        return ""
    return "/".join(_decoded(part) for part in path.split("/") if part.strip() not in dropped)


def _pairs(query: str) -> Qualifiers:
    """Qualifiers from their text."""
    pairs = []
    for part in query.split("&"):
        key, equals, value = part.partition("=")
        if not equals and part:
            raise Invalid(f"qualifier {part[:40]!r} has no `=`")
        pairs.append((key.lower(), _decoded(value)))
    return _sorted(pairs)


def _sorted(pairs: Iterable[tuple[str, str]]) -> Qualifiers:
    kept = sorted(pair for pair in pairs if pair[1])
    for key, _ in kept:
        if not _KEY.fullmatch(key):
            raise Invalid(f"{key[:40]!r} is not a qualifier key")
    if len({key for key, _ in kept}) != len(kept):
        raise Invalid("a qualifier key stands twice")
    return tuple(kept)


def _decoded(text: str) -> str:
    if "%" not in text:
        return text.strip()
    try:
        return unquote(text, errors="strict").strip()
    except UnicodeDecodeError as wrong:
        raise Invalid(f"{text[:40]!r} is not UTF-8 behind its percent signs") from wrong


def _quoted(text: str, safe: str = "") -> str:
    if not _UNSAFE.search(text):
        return text
    return quote(text, safe=f":{safe}")
