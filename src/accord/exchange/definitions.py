"""Marking definitions of STIX: what each says, and which only look like what they are not.

TLP is the canonical definitions and nothing else. PAP has no canonical identifier, so that it is
read from wherever it is written. Statements are text for people: one that is, sentence by sentence,
a known form of copyright notice or open licence limits no sharing; any other is not understood, and
what is not understood is unknown.

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
_YEARS = r"(?:19|20)\d\d(?:\s?[-\u2013]\s?(?:19|20)\d\d)?"
_SIGN = r"(?:(?:Copyright|COPYRIGHT)(?:\s(?:\([cC]\)|\u00a9))?|\u00a9|\([cC]\))"
_ORGANISATION = (
    r"(?:Agency|Association|Authority|CERT|CSIRT|CIRT|Center|Centre|Co|Commission|Company"
    r"|Corp|Corporation|Department|Foundation|GmbH|Group|Inc|Industries|Institute|KK|LLC|LLP|Labs"
    r"|Laboratories|Laboratory|Limited|Ltd|Ministry|Office|Organisation|Organization"
    r"|Pty Ltd|Pvt Ltd|SA|SE|SAS|Systems|Technologies|University)"
)
_HOLDER = rf"(?:[Tt]he\s)?(?:[A-Z][\w&'-]*,?\s(?:of\s|and\s)?){{0,6}}{_ORGANISATION}"
_LICENCE = (
    r"(?:CC[ -]BY(?:-(?:SA|NC|ND|NC-SA|NC-ND))?[ -][1-4]\.0|CC0[ -]1\.0"
    r"|(?:the\s)?Apache(?:\sLicense,?(?:\sVersion)?)?[ -]2\.0|(?:the\s)?MIT\s[Ll]icen[cs]e)"
)
_NOTICE = re.compile(
    rf"(?:{_SIGN},?\s{_YEARS},?\s(?:by\s)?{_HOLDER}|{_SIGN},?\s{_HOLDER},?\s{_YEARS}"
    rf"|[Ll]icen[cs]ed\sunder\s{_LICENCE}|{_LICENCE}|All\s[Rr]ights\s[Rr]eserved"
    r"|MITRE ATT&CK(?:\u00ae)?(?:\sand\sATT&CK(?:\u00ae)?)?\s(?:is\sa|are)\sregistered\strademarks?"
    r"(?:\sof\sThe\sMITRE\sCorporation)?)\.?"
)
"""One sentence that says who holds the rights, or under which open licence: known whole, or not."""
_LIMITS_SHARING = re.compile(
    r"\b(not?|only|never|without|restrict\w*|confidential\w*|classified|internal|prohibit\w*"
    r"|distribut\w*|disclos\w*|shar(e|ed|ing)|releas\w*|NOFORN|FOUO|secret|sensitive|private"
    r"|eyes|keep|need|TLP|PAP|NDA|members?|law|enforcement|diffus\w*|for|under|to)\b",
    re.IGNORECASE,
)
"""Words that no holder of rights has in its name, as far as a machine may trust it."""
_FIXED = re.compile(r"[Ll]icen[cs]ed|CC|All|MITRE ATT&CK|Apache|MIT|the\s")
_SENTENCES = re.compile(r"(?<=\.)\s(?=[A-Z\u00a9(])")
_USE = re.compile(r"|custom|statement|PAP|(PAP:\s*)?(CLEAR|WHITE|GREEN|AMBER|RED)", re.IGNORECASE)
"""What stands beside PAP in a definition of it."""


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
    if not all(_USE.fullmatch(text.strip()) or _is_notice(text) for text in _texts(value)):
        return None
    found = [text for text in _texts(value) if _PAP.fullmatch(text.strip())]
    if isinstance(definition, dict):
        found += [str(text) for key, text in definition.items() if key.lower() == "pap"]
    try:
        return max((parse_pap(text) for text in found), default=None)
    except Invalid:
        return None


def _notice(value: dict[str, Any]) -> bool:
    """Whether every text of a statement is a known notice, sentence by sentence."""
    definition = value.get("definition")
    if value.get("definition_type") != "statement" or not isinstance(definition, dict):
        return False
    if definition.keys() != {"statement"} or value.get("extensions"):
        return False
    others = [text for text in _texts({**value, "definition_type": None}) if text.strip()]
    return bool(definition["statement"]) and all(_is_notice(text) for text in others)


def _is_notice(text: str) -> bool:
    sentences = _SENTENCES.split(" ".join(text.split()))
    return all(_NOTICE.fullmatch(one) and not _limits(one) for one in sentences)


def _limits(sentence: str) -> bool:
    """Whether the part that anybody may word, who holds the rights, limits something."""
    free = not _FIXED.match(sentence)
    return free and _LIMITS_SHARING.search(sentence) is not None
