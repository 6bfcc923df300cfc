"""The closed list of checks that a profile of SBOM fields may name; each looks at one thing.

A profile is data; what can be asked is code. A check answers how the bill fills the field, and
never guesses: where the format has no place for a field, the field is missing.

Source: the mappings to formats that the checks' own profiles name; SPDX 3.0.1, annex on licence
expressions, for the shape of an expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from accord.assurance.profiles.bill import Bill, Component, Edges, Hash
from accord.assurance.profiles.said import Said, best, said
from accord.core.errors import Invalid
from accord.core.times import when

OfBill = Callable[[Bill], Said]
OfComponent = Callable[[Component, Edges], Said]

_HEX: Final = {
    "MD5": 32, "SHA1": 40, "SHA224": 56, "SHA256": 64, "SHA384": 96, "SHA512": 128,
    "SHA3224": 56, "SHA3256": 64, "SHA3384": 96, "SHA3512": 128,
    "BLAKE2B256": 64, "BLAKE2B384": 96, "BLAKE2B512": 128, "BLAKE3": 64,
}  # fmt: skip
"""Hexadecimal digits of a digest, by algorithm without its punctuation."""
_DIGEST: Final = re.compile(r"[0-9A-Fa-f]{8,256}")
_LICENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:+-]*")
_JOINS: Final = frozenset({"AND", "OR", "WITH"})
_ADDRESS: Final = re.compile(r"(?:mailto:)?[^\s@]+@[^\s@]+\.[^\s@]+|https?://[^\s/]+\S*")
_LEAST: Final = {"CycloneDX": (1, 6), "SPDX": (3, 0, 1)}
_NUMBERS: Final = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4})*")


def _hashes(hashes: tuple[Hash, ...], algorithm: str = "") -> Said:
    """A digest counts when it has the length that its algorithm gives."""
    found = Said.MISSING
    for one in hashes:
        name = one.algorithm.upper().replace("-", "").replace("_", "").replace("/", "")
        if algorithm and name != algorithm:
            continue
        how = said(one.content)
        if how is Said.STATED:
            if (
                _DIGEST.fullmatch(one.content.strip())
                and name
                and len(one.content.strip()) == _HEX.get(name, len(one.content.strip()))
            ):
                return Said.STATED
            how = Said.UNKNOWN
        found = max(found, how)
    return found


def _licences(component: Component, standing: str = "", *, spdx: bool = False) -> Said:
    """NONE is a statement of SPDX: there is no licence."""
    found = Said.MISSING
    for licence in component.licences:
        if standing and licence.standing != standing:
            continue
        text = licence.text.strip()
        how = Said.STATED if text == "NONE" else said(text)
        if how is Said.STATED and spdx and (licence.is_named or not is_expression(text)):
            how = Said.UNKNOWN
        if how is Said.STATED:
            return how
        found = max(found, how)
    return found


def is_expression(text: str) -> bool:
    """Whether a text has the shape of an SPDX licence expression; no list of licences is asked."""
    wants_licence, depth = True, 0
    for word in text.replace("(", " ( ").replace(")", " ) ").split():
        if word == "(":
            if not wants_licence:
                return False
            depth += 1
        elif word == ")":
            depth -= 1
            if wants_licence or depth < 0:
                return False
        elif word.upper() in _JOINS:
            if wants_licence:
                return False
            wants_licence = True
        elif wants_licence and _LICENCE.fullmatch(word):
            wants_licence = False
        else:
            return False
    return not wants_licence and depth == 0


def _date(text: str) -> Said:
    how = said(text)
    if how is not Said.STATED:
        return how
    try:
        when(text)
    except Invalid:
        return Said.UNKNOWN
    return how


def _contacts(texts: tuple[str, ...]) -> Said:
    found = best(texts)
    if found is Said.STATED and not any(_ADDRESS.fullmatch(text.strip()) for text in texts):
        return Said.UNKNOWN
    return found


def _property(*words: str) -> OfComponent:
    def check(component: Component, _: Edges) -> Said:
        if not component.properties:
            return Said.MISSING
        return best(component.properties.get(word) for word in words)

    return check


def _either(first: OfComponent, *others: OfComponent) -> OfComponent:
    def check(component: Component, edges: Edges) -> Said:
        found = first(component, edges)
        for other in others:
            if found is Said.STATED:
                break
            found = max(found, other(component, edges))
        return found

    return check


def _purpose(*words: str) -> OfComponent:
    """SPDX says what a file is; what it does not say so is not said to be otherwise."""

    def check(component: Component, _: Edges) -> Said:
        return Said.STATED if any(word in component.purposes for word in words) else Said.MISSING

    return check


def _relationship(component: Component, edges: Edges) -> Said:
    """Something depends on it or holds it, or what it depends on is told."""
    if component.is_within or component.has_within:
        return Said.STATED
    if component.ref and component.ref in edges.related:
        return Said.STATED
    return edges.told.get(component.ref, Said.MISSING)


def _dependencies(component: Component, edges: Edges) -> Said:
    return edges.told.get(component.ref, Said.MISSING)


def _dependencies_and_completeness(component: Component, edges: Edges) -> Said:
    """What it depends on is told, and how complete that is, be it that this is not known."""
    told = edges.told.get(component.ref, Said.MISSING)
    said_so = edges.complete.get(component.ref, Said.MISSING)
    if said_so is Said.STATED:
        return Said.STATED if told >= Said.UNKNOWN else Said.MISSING
    return min(told, Said.UNKNOWN)


def _vulnerabilities(component: Component, edges: Edges) -> Said:
    if component.ref and component.ref in edges.vulnerable:
        return Said.STATED
    said_so = component.properties.get("vulnerabilities", "") if component.properties else ""
    if said_so.strip().casefold() == "none":
        return Said.STATED
    return max(best((said_so,)), best(component.advice))


def _format(bill: Bill) -> Said:
    least = _LEAST.get(bill.format)
    if least is None or not _NUMBERS.fullmatch(bill.spec):
        return Said.MISSING
    return Said.STATED if tuple(map(int, bill.spec.split("."))) >= least else Said.MISSING


OF_BILL: Final[dict[str, OfBill]] = {
    "bill-author": lambda b: best(agent.name for agent in b.authors),
    "bill-author-contact": lambda b: _contacts(tuple(c for a in b.authors for c in a.contacts)),
    "bill-context": lambda b: best(b.contexts),
    "bill-format": _format,
    "bill-identifier": lambda b: said(b.identifier),
    "bill-timestamp": lambda b: _date(b.timestamp),
    "bill-tool": lambda b: best(b.tools),
    "bill-without-vulnerabilities": (
        lambda b: Said.MISSING if b.has_vulnerabilities else Said.STATED
    ),
}
"""Checks of a bill as a whole."""

OF_COMPONENT: Final[dict[str, OfComponent]] = {
    "archive": _either(_property("archive"), _purpose("archive")),
    "comments": _either(lambda c, _: best(c.comments), _property("comments", "comment", "notes")),
    "contact": lambda c, _: _contacts(c.contacts),
    "criticality": _property("criticality"),
    "dependencies": _dependencies,
    "dependencies-and-completeness": _dependencies_and_completeness,
    "deployable-address": lambda c, _: best(c.deployables),
    "deployable-hash-sha512": lambda c, _: _hashes(c.deployable_hashes, "SHA512"),
    "description": lambda c, _: said(c.description),
    "effective-licence": _property("effectivelicence", "effectivelicense"),
    "end-of-life": _either(
        lambda c, _: _date(c.ends), _property("endoflife", "endoflifedate", "endofsupport", "eol")
    ),
    "executable": _either(_property("executable"), _purpose("executable", "application")),
    "filename": _either(lambda c, _: said(c.filename), _property("filename")),
    "hash": lambda c, _: _hashes(c.hashes or c.deployable_hashes),
    "identifier": lambda c, _: best(c.identifiers),
    "licence": lambda c, _: _licences(c),
    "licence-concluded": lambda c, _: _licences(c, "concluded", spdx=True),
    "licence-declared": lambda c, _: _licences(c, "declared", spdx=True),
    "name": lambda c, _: said(c.name),
    "origin": _either(_property("origin", "componentorigin"), lambda c, _: best(c.origins)),
    "patch-status": _either(_property("patchstatus"), lambda c, _: best(c.patches)),
    "producer": lambda c, _: best((*c.makers, *c.suppliers)),
    "relationship": _relationship,
    "release-date": _either(lambda c, _: _date(c.released), _property("releasedate")),
    "security-txt": lambda c, _: best(c.security_texts),
    "source-address": lambda c, _: best(c.sources),
    "source-hash": lambda c, _: _hashes(c.source_hashes),
    "structured": _either(_property("structured"), _purpose("container", "firmware")),
    "supplier": lambda c, _: best(c.suppliers),
    "usage-restrictions": _property("usagerestrictions", "usagerestriction"),
    "version": lambda c, _: said(c.version),
    "vulnerabilities": _vulnerabilities,
}
"""Checks of each component."""
