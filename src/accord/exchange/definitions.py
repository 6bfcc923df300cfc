"""Marking definitions of STIX: what each says, and which only look like what they are not.

TLP is the canonical definitions and nothing else. PAP has no canonical identifier, so that it is
read from wherever it is written. Statements are text for people: one that is a notice of copyright
or licence limits no sharing; any other is not understood, and what is not understood is unknown.

Source: STIX 2.1, section 7.2.1; OASIS, TLP 2.0 extension definition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from accord.core import json
from accord.core.errors import Invalid
from accord.core.limits import Limits
from accord.identity.markings import STIX_TLP, TLP_EXTENSION, Pap, Tlp, parse_pap, parse_tlp

LIMITS = Limits(bytes=16 * 1024 * 1024, depth=100)
"""Bounds of one STIX object."""

_PAP = re.compile(r"PAP:\s*[A-Z]+", re.IGNORECASE)
_TLP = re.compile(r"TLP\b", re.IGNORECASE)
_NOTICE = re.compile(
    r"(©|\(c\)\s|\bcopyright\b|\blicen[cs]ed?\b|\bCC[ -](BY|0)\b|\bterms of use\b)", re.IGNORECASE
)
_LIMITS_SHARING = re.compile(
    r"\b(not|no|only|never|without|restrict\w*|confidential|classified|internal|prohibit\w*"
    r"|distribut\w*|disclos\w*|shar(e|ed|ing)|releas\w*|NOFORN|secret|sensitive)\b",
    re.IGNORECASE,
)


class Definition(msgspec.Struct, frozen=True):
    """What a marking definition says. With none of its members set, it is not understood."""

    id: str
    tlp: Tlp | None = None
    pap: Pap | None = None
    notice: bool = False
    """A notice of copyright or licence, which limits no sharing."""

    @property
    def known(self) -> bool:
        """Whether a machine can follow it."""
        return self.tlp is not None or self.pap is not None or self.notice


def read_definition(body: bytes) -> Definition:
    """One marking-definition object.

    Raises:
        Invalid: no marking definition, or one that looks like TLP under another identifier or in
            another colour than the canonical ones.
    """
    return of_value(json.decode_strict(body, LIMITS))


def of_value(value: Any) -> Definition:  # noqa: ANN401 - JSON is any value until looked at
    """As `read_definition`, of what is decoded already."""
    if not isinstance(value, dict) or value.get("type") != "marking-definition":
        raise Invalid("a marking-definition is expected", "/type")
    identifier = str(value.get("id", ""))
    colours = set(_colours(value))
    canonical = STIX_TLP.get(identifier)
    if canonical is not None:
        if colours - {canonical}:
            raise Invalid(f"{identifier} is {canonical.label}, and says something else", "/id")
        return Definition(identifier, tlp=canonical)
    if colours or any(_TLP.match(text.strip()) for text in _texts(value)):
        raise Invalid(f"{identifier} looks like TLP and is not its marking definition", "/id")
    pap = _pap(value)
    return Definition(identifier, pap=pap, notice=pap is None and _notice(value))


def _colours(value: dict[str, Any]) -> Iterator[Tlp | None]:
    """What it says of TLP in the places where TLP is said; None: no colour of TLP."""
    definition, extensions = value.get("definition"), value.get("extensions")
    if isinstance(definition, dict) and "tlp" in definition:
        yield _colour(definition["tlp"])
    elif value.get("definition_type") == "tlp":
        yield None
    if isinstance(extensions, dict) and TLP_EXTENSION in extensions:
        extension = extensions[TLP_EXTENSION]
        yield _colour(extension.get("tlp_2_0") if isinstance(extension, dict) else None)


def _colour(value: Any) -> Tlp | None:  # noqa: ANN401 - as of_value
    try:
        return parse_tlp(value) if isinstance(value, str) else None
    except Invalid:
        return None


def _texts(value: dict[str, Any]) -> Iterator[str]:
    """The texts in which the tools of the field write what a definition means."""
    definition = value.get("definition")
    inside = definition.values() if isinstance(definition, dict) else (definition,)
    outside = ("name", "definition_type", "x_opencti_definition", "x_opencti_definition_type")
    for text in (*(value.get(name) for name in outside), *inside):
        if isinstance(text, str):
            yield text


def _pap(value: dict[str, Any]) -> Pap | None:
    """PAP as a statement, a name, or a definition of the type `PAP`."""
    definition = value.get("definition")
    found = [text for text in _texts(value) if _PAP.fullmatch(text.strip())]
    if isinstance(definition, dict):
        found += [str(text) for key, text in definition.items() if key.lower() == "pap"]
    try:
        return max((parse_pap(text) for text in found), default=None)
    except Invalid:
        return None


def _notice(value: dict[str, Any]) -> bool:
    definition = value.get("definition")
    text = definition.get("statement") if isinstance(definition, dict) else None
    if value.get("definition_type") != "statement" or not isinstance(text, str):
        return False
    return bool(_NOTICE.search(text)) and not _LIMITS_SHARING.search(text)
