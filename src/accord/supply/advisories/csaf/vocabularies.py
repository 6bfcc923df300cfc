"""Mandatory tests 6.1.11 to 6.1.13: weaknesses, languages and package URLs exist.

The names of weaknesses are those of every CWE release up to 4.17, because a document keeps the
name that its weakness had when it was written. The language subtags are those of the IANA
registry of 2025-08-25.
Source: CSAF 2.0, section 6.1; RFC 5646, section 2.2.9 (what a valid tag is).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files

from msgspec import UNSET

from accord.core.errors import Invalid
from accord.supply.advisories.csaf.document import Failure, View
from accord.supply.products import purl

_WEAKNESS = re.compile(r"CWE-[1-9][0-9]{0,5}")
_PURL = re.compile(r"pkg:[A-Za-z.\-+][A-Za-z0-9.\-+]*/.+")
_TAG = re.compile(
    r"(?:(?P<language>[a-z]{2,3})(?P<extlang>(?:-[a-z]{3}){0,3})|(?P<long>[a-z]{4,8}))"
    r"(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|[0-9]{3}))?"
    r"(?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)"
    r"(?P<extensions>(?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*)"
    r"(?:-x(?:-[a-z0-9]{1,8})+)?"
)
_PRIVATE = re.compile(r"x(?:-[a-z0-9]{1,8})+|i-default|i-mingo")
_EXTENSIONS = frozenset({"t", "u"})
"""Singletons in the IANA registry of language tag extensions."""


def weaknesses(view: View) -> Iterator[Failure]:
    """6.1.11: a CWE exists and has the name that is given."""
    for at, item in enumerate(view.csaf.vulnerabilities):
        if item.cwe is UNSET:
            continue
        place, names = f"/vulnerabilities/{at}/cwe", _weaknesses().get(item.cwe.id)
        if names is None or not _WEAKNESS.fullmatch(item.cwe.id):
            yield Failure("6.1.11", f"{item.cwe.id[:20]!r} is not a weakness", f"{place}/id")
        elif item.cwe.name not in names:
            reason = f"{item.cwe.id} is {names[0]!r}, not {item.cwe.name[:100]!r}"
            yield Failure("6.1.11", reason, f"{place}/name")


def languages(view: View) -> Iterator[Failure]:
    """6.1.12: the languages of the document and its source are valid tags."""
    head = view.csaf.document
    for name, tag in (("lang", head.lang), ("source_lang", head.source_lang)):
        if tag is not UNSET and not is_language(tag):
            reason = f"{tag[:40]!r} is not a valid language tag (RFC 5646)"
            yield Failure("6.1.12", reason, f"/document/{name}")


def package_urls(view: View) -> Iterator[Failure]:
    """6.1.13: a package URL is valid."""
    for place, product in view.products:
        helper = product.product_identification_helper
        if helper is UNSET or helper.purl is UNSET:
            continue
        reason = _purl_fault(helper.purl)
        if reason:
            where = f"{place}/product_identification_helper/purl"
            yield Failure("6.1.13", f"{helper.purl[:80]!r} is not a package URL: {reason}", where)


def _purl_fault(text: str) -> str:
    if not _PURL.fullmatch(text):
        return "pkg:type/name is expected"
    try:
        purl.parse(text)
    except Invalid as wrong:
        return wrong.reason
    return ""


@lru_cache(maxsize=1024)
def is_language(tag: str) -> bool:
    """Whether a language tag is well-formed and made of registered subtags, none repeated."""
    tag = tag.lower()
    if _PRIVATE.fullmatch(tag):
        return True
    match = _TAG.fullmatch(tag)
    if match is None:
        return False
    known, part = _subtags(), match.groupdict("")
    extended, variants = part["extlang"].split("-")[1:], part["variants"].split("-")[1:]
    singletons = [word for word in part["extensions"].split("-") if len(word) == 1]
    return (
        (part["language"] or part["long"]) in known["language"]
        and len(extended) <= 1
        and known["extlang"].issuperset(extended)
        and (not part["script"] or part["script"] in known["script"])
        and (not part["region"] or part["region"] in known["region"])
        and known["variant"].issuperset(variants)
        and len(set(variants)) == len(variants)
        and _EXTENSIONS.issuperset(singletons)
        and len(set(singletons)) == len(singletons)
    )


@cache
def _weaknesses() -> dict[str, tuple[str, ...]]:
    """Names by CWE identifier, the present name first."""
    text = files(__package__).joinpath("cwe.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in text.split("\n") if line)
    return {f"CWE-{number}": tuple(names) for number, *names in rows}


@cache
def _subtags() -> dict[str, frozenset[str]]:
    """Registered subtags by kind; `aa[abc]` stands for `aaa aab aac`, `qaa..qtz` for a range."""
    found: dict[str, set[str]] = {}
    text = files(__package__).joinpath("subtags.txt").read_text("utf-8")
    for line in text.splitlines():
        kind, *words = line.split()
        for word in words:
            found.setdefault(kind, set()).update(_expanded(word))
    return {kind: frozenset(tags) for kind, tags in found.items()}


def _expanded(word: str) -> list[str]:
    first, _, last = word.partition("..")
    if last:
        return _between(first, last)
    stem, _, endings = word.rstrip("]").partition("[")
    return [stem + ending for ending in endings] or [word]


def _between(first: str, last: str) -> list[str]:
    """Every tag of letters from one to another, in alphabetical order."""
    tags = [first]
    while tags[-1] != last:
        stem = tags[-1].rstrip("z")
        tail = "a" * (len(first) - len(stem))
        tags.append(stem[:-1] + chr(ord(stem[-1]) + 1) + tail)
    return tags
