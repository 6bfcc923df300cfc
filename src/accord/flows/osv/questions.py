"""A scanner's question, read into what the index is asked.

Source: osv.dev, `POST /v1/query` and `POST /v1/querybatch`. A package is named by ecosystem and
name, or by a package URL, and not by both; a version stands beside it or in the package URL.
"""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode

import msgspec

from accord.core.errors import AccordError, Invalid
from accord.core.json import decode_as
from accord.core.show import printable
from accord.flows.osv.port import Asked
from accord.supply.matching import schemes
from accord.supply.matching.interval import version_key
from accord.supply.products import ecosystems, identities
from accord.supply.products.identity import Identity

MOST = 1_000
"""Questions of one batch."""
_LONGEST = 2_048
_COMMIT = "commits are not evaluated by this node: ask by package and version, or by package URL"


_UNORDERABLE = "version {!r} has no place in the order of its ecosystem: it cannot be evaluated"
_TOLD = 100


class Wrong(AccordError):
    """The question breaks the rules of the interface."""


class _Package(msgspec.Struct, frozen=True):
    name: str | None = None
    ecosystem: str | None = None
    purl: str | None = None


class _Query(msgspec.Struct, frozen=True):
    commit: str | None = None
    version: str | None = None
    package: _Package | None = None
    page_token: str | None = None


class _Batch(msgspec.Struct, frozen=True):
    queries: list[_Query] = []


class Question(msgspec.Struct, frozen=True):
    """One question."""

    asked: tuple[Asked, ...]
    after: str = ""
    """The last identifier of the page before."""
    unordered: str = ""
    """Why its version meets no range: only where it is listed itself does it count."""


def read(data: bytes) -> Question:
    """One question.

    Raises:
        Wrong: it is none.
    """
    try:
        return _question(decode_as(_Query, data))
    except (Invalid, AccordError) as wrong:
        raise Wrong(str(wrong)) from wrong


def read_batch(data: bytes) -> list[Question]:
    """Many questions; where one of them is none, all are refused and it is named.

    Raises:
        Wrong: as for `read`, or more than `MOST`.
    """
    try:
        queries = decode_as(_Batch, data).queries
    except AccordError as wrong:
        raise Wrong(str(wrong)) from wrong
    if len(queries) > MOST:
        raise Wrong(f"too many queries: a batch takes {MOST:,}")
    found = []
    for number, query in enumerate(queries):
        try:
            found.append(_question(query))
        except AccordError as wrong:
            raise Wrong(f"query {number}: {wrong}") from wrong
    return found


def token(id_: str) -> str:
    """Where a page ends: an identifier that the caller was shown, so that it tells nothing new."""
    return urlsafe_b64encode(id_.encode()).decode()


def _question(query: _Query) -> Question:
    package, version = query.package or _Package(), query.version or ""
    if query.commit:
        raise Wrong(_COMMIT)
    for text in (version, package.name, package.ecosystem, package.purl, query.page_token):
        if text and (len(text) > _LONGEST or "\0" in text):
            raise Wrong("a member is too long, or holds a NUL")
    if package.purl:
        if package.name or package.ecosystem:
            raise Wrong("a package is named by its purl, or by ecosystem and name; not by both")
        names = _of_purl(package.purl, version)
    elif package.name and package.ecosystem:
        names = [Identity(*_of_ecosystem(package.ecosystem, package.name, version))]
    else:
        raise Wrong("name a package: by purl, or by ecosystem and name")
    return Question(tuple(_asked(names)), _after(query.page_token or ""), _unordered(names))


def _of_ecosystem(ecosystem: str, name: str, version: str) -> tuple[str, str, str]:
    package, stream = ecosystems.package(ecosystem, name)
    return package, version, stream


def _of_purl(text: str, version: str) -> list[Identity]:
    found = identities.of_purl(text)
    if version and any(one.version for one in found):
        raise Wrong("the version stands both in the purl and beside it")
    return [msgspec.structs.replace(one, version=one.version or version) for one in found]


def _asked(names: list[Identity]) -> list[Asked]:
    """What has a release is looked for in it and in none; what has no release, in all of them."""
    packages: dict[tuple[str, str], set[str]] = {}
    for one in names:
        packages.setdefault((one.package, one.version), set()).add(one.stream)
    found = []
    for (package, version), streams in packages.items():
        key = version_key(schemes.of_package(package), version)[0] if version else None
        every = streams == {""}
        where: list[str | None] = [None] if every else [*sorted(streams | {""})]
        found += [Asked(package, stream, key) for stream in where]
    return found


def _unordered(names: list[Identity]) -> str:
    for one in names:
        scheme = schemes.of_package(one.package)
        if one.version and scheme is not None and not version_key(scheme, one.version)[1]:
            return _UNORDERABLE.format(printable(one.version)[:_TOLD])
    return ""


def _after(text: str) -> str:
    try:
        return b64decode(text.encode("ascii"), b"-_", validate=True).decode()
    except ValueError as wrong:
        raise Wrong("the page token is none of this node") from wrong
