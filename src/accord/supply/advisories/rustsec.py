"""RustSec advisories: Markdown that begins with TOML in a fenced block.

The format says which versions are patched or unaffected; every other version is affected. The
order is SemVer's, so the rest is computed here.

Source: RustSec advisory format V4 (advisory-db, EXAMPLE_ADVISORY.md).
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

import msgspec

from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.reading import Reading
from accord.core.times import when
from accord.supply.advisories import cargo, severity
from accord.supply.advisories.facts import Advisory, Affected, Score
from accord.supply.advisories.items import is_cve, refuse
from accord.supply.products import ecosystems

_FENCE = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*```toml[ \t]*\r?\n(.*?)^```", re.DOTALL | re.MULTILINE)
_TITLE = re.compile(r"^#[ \t]+(\S.*?)[ \t]*$", re.MULTILINE)
_ID = re.compile(r"RUSTSEC-[0-9]{4}-[0-9]{4,9}")
_LONGEST = 256 * 1024
"""Bytes of TOML; the longest in the database has some thousand."""


class _About(msgspec.Struct, frozen=True):
    id: str
    package: str
    date: str
    aliases: list[str] = []
    related: list[str] = []
    cvss: str = ""
    informational: str = ""
    withdrawn: str = ""


class _Versions(msgspec.Struct, frozen=True):
    patched: list[str]
    unaffected: list[str] = []


class _Front(msgspec.Struct, frozen=True):
    advisory: _About
    versions: _Versions


def read(data: bytes) -> Reading:
    """One advisory. Its edition is the day of its publication or, later, of its withdrawal.

    Raises:
        Invalid: no TOML block at the beginning, or a field is missing or of the wrong type.
        Unreadable: not UTF-8, or not TOML.
        TooLarge: past a bound.

    """
    match = _FENCE.match(data)
    if match is None:
        reason = "not a RustSec advisory: it must begin with a block fenced by ```toml and ```"
        raise Invalid(reason, "line 1")
    front = _front(match[1])
    about = front.advisory
    # Advisories about the standard library and its tools carry their CVE identifier instead.
    if not _ID.fullmatch(about.id) and not is_cve(about.id):
        reason = f"{about.id[:60]!r} is not an identifier (RUSTSEC-YYYY-NNNN is expected)"
        raise Invalid(reason, "/advisory/id")
    title = _title(data[match.end() :])
    advisory = _advisory(about, title)
    edition = max(advisory.published, advisory.withdrawn)
    reading = Reading(
        "RustSec advisory", f"rustsec:{about.id}", edition, title or about.id, [advisory], [], []
    )
    try:
        reading.facts.append(_affected(front))
    except Invalid as wrong:
        reading.refused.append(refuse(wrong, "/versions"))
    if about.cvss:
        try:
            number, word = severity.rated(about.cvss)
            score = Score(about.id, about.cvss, number, word, "RustSec", "/advisory/cvss")
            reading.facts.append(score)
        except Invalid as wrong:
            reading.refused.append(refuse(wrong, "/advisory/cvss"))
    return reading


def _front(block: bytes) -> _Front:
    if len(block) > _LONGEST:
        raise TooLarge(f"{len(block):,} bytes of TOML; the limit is {_LONGEST:,}")
    try:
        value: dict[str, Any] = tomllib.loads(block.decode())
        return msgspec.convert(value, _Front)
    except msgspec.ValidationError as wrong:
        raise Invalid(f"{wrong} (in the TOML block)") from wrong
    except (ValueError, RecursionError) as wrong:
        raise Unreadable(f"not TOML: {wrong}") from wrong


def _title(text: bytes) -> str:
    """The first heading after the block."""
    try:
        match = _TITLE.search(text.decode())
    except UnicodeDecodeError as wrong:
        raise Unreadable(f"not UTF-8 text: {wrong}") from wrong
    return match[1] if match else ""


def _advisory(about: _About, title: str) -> Advisory:
    published = when(about.date, "/advisory/date")
    withdrawn = when(about.withdrawn, "/advisory/withdrawn")
    return Advisory(
        advisory=about.id,
        vulnerability=about.id,
        aliases=tuple(dict.fromkeys(about.aliases)),
        related=tuple(dict.fromkeys(about.related)),
        publisher="RustSec",
        title=f"{title} ({about.informational})" if about.informational else title,
        published=published,
        modified=max(published, withdrawn),
        withdrawn=withdrawn,
    )


def _affected(front: _Front) -> Affected:
    package, stream = ecosystems.package("crates.io", front.advisory.package)
    sound = [
        cargo.spans(text, f"/versions/{name}/{index}")
        for name, texts in (
            ("patched", front.versions.patched),
            ("unaffected", front.versions.unaffected),
        )
        for index, text in enumerate(texts)
    ]
    ranges = cargo.complement(sound)
    fixed = tuple(front.versions.patched) if not ranges else ()
    return Affected(front.advisory.id, package, stream, ranges, (), fixed, "/versions")
