"""Markings: whom a piece of information may go to (TLP), and how it may be used (PAP).

Law (the most restrictive wins): of several markings the strictest counts, member by member.
Law (nothing means nothing): of no marking at all the strictest that there is counts.

Source: FIRST, Traffic Light Protocol 2.0; OASIS, TLP 2.0 in STIX 2.1 (extension definition
`60a3c5c5-...`); STIX 2.1, section 7.2.1.4 (TLP 1); MISP, Permissible Actions Protocol.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache
from operator import attrgetter

import msgspec

from accord.core.errors import Invalid


class Tlp(IntEnum):
    """Traffic Light Protocol 2.0; a higher number is more restrictive."""

    CLEAR = 0
    GREEN = 1
    AMBER = 2
    AMBER_STRICT = 3
    RED = 4

    @property
    def word(self) -> str:
        """Its colour alone, as TLP 2.0 writes it: `AMBER+STRICT`."""
        return self.name.replace("_", "+")

    @property
    def label(self) -> str:
        """As TLP 2.0 writes it: `TLP:AMBER+STRICT`."""
        return f"TLP:{self.word}"


class Pap(IntEnum):
    """Permissible Actions Protocol; a higher number is more restrictive."""

    CLEAR = 0
    GREEN = 1
    AMBER = 2
    RED = 3

    @property
    def label(self) -> str:
        """As it is written: `PAP:AMBER`."""
        return f"PAP:{self.name}"


class Marking(msgspec.Struct, frozen=True, order=True):
    """What the originator allows."""

    tlp: Tlp
    pap: Pap = Pap.CLEAR
    release_at: str = ""
    """`when()` before which it goes to nobody (an embargo); empty: at once."""
    expires: str = ""
    """`when()` from which it is no longer given out, and is dropped by who holds it; or empty."""


UNMARKED = Tlp.AMBER
"""What counts where a document limits its use (PAP) but does not say whom it may go to."""

_tlp, _pap = attrgetter("tlp"), attrgetter("pap")
_release_at, _expires = attrgetter("release_at"), attrgetter("expires")

STRICTEST = Marking(Tlp.RED, Pap.RED)
"""What an empty set of markings comes to."""

_PREFIX = "marking-definition--"
TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
"""Under which a marking definition of STIX 2.1 says its TLP 2.0 colour."""

_CANONICAL = {
    Tlp.CLEAR: f"{_PREFIX}94868c89-83c2-464b-929b-a1a8aa3c8487",
    Tlp.GREEN: f"{_PREFIX}bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    Tlp.AMBER: f"{_PREFIX}55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    Tlp.AMBER_STRICT: f"{_PREFIX}939a9414-2ddd-4d32-a0cd-375ea402b003",
    Tlp.RED: f"{_PREFIX}e828b379-4e03-4974-9ac4-e53a884c97c1",
}
_FIRST = {
    f"{_PREFIX}613f2e26-407d-48c7-9eca-b8e91df99dc9": Tlp.CLEAR,
    f"{_PREFIX}34098fce-860f-48ae-8e50-ebd3cc5e41da": Tlp.GREEN,
    f"{_PREFIX}f88d31f6-486f-44da-b317-01333bde0b82": Tlp.AMBER,
    f"{_PREFIX}5e57c739-391a-4eb3-b6be-7d15ca92d5ed": Tlp.RED,
}
"""TLP 1, whose colours were defined once for all by STIX 2.0 and 2.1; WHITE is CLEAR today."""

STIX_TLP: dict[str, Tlp] = {identifier: tlp for tlp, identifier in _CANONICAL.items()} | _FIRST
"""The only marking definitions that mean a TLP colour; any other that seems to is a look-alike."""

_TLP_WORDS = {tlp.word: tlp for tlp in Tlp} | {
    "WHITE": Tlp.CLEAR,
    "AMBER_STRICT": Tlp.AMBER_STRICT,
    "AMBER-STRICT": Tlp.AMBER_STRICT,
    "AMBER STRICT": Tlp.AMBER_STRICT,
    "AMBER_AND_STRICT": Tlp.AMBER_STRICT,
}
_PAP_WORDS = {pap.name: pap for pap in Pap} | {"WHITE": Pap.CLEAR}
_TAG = re.compile(
    r"(?<![a-z])tlp(?=[^a-z]|v[0-9]|$|red|amber|green|clear|white)|^[^a-z]*pap(?![a-z])"
    r"|(?<![a-z])pap(?=\s*[:=])"
)
_WORDS = re.compile(r"traffic[\W_]*light|(?<![a-z])iep[0-9]*(?![a-z])|(?<![a-z])markings?(?![a-z])")
_NO_LETTER = re.compile(r"[^a-z+]+")
_NAME = re.compile(r"tlp|(?<![a-z])pap(?![a-z])")
_ALIKE = str.maketrans(
    "\u0442\u0440\u0430\u03c4\u03c1\u03b1\u1d1b\u029f\u1d18\u1d00\ua4d4\ua4e1\ua4d1\ua4ee"
    "\u13a2\u13de\u13e2\u13aa",
    "tpatpatlpatlpatlpa",
)
"""Letters of other alphabets (Cyrillic, Greek, small capitals, Lisu, Cherokee) that look like
those of TLP and PAP."""


_SHORT = 100
"""Characters of a tag that is remembered: the same ones stand in most objects."""
_UNSEEN = frozenset({"Cc", "Cf", "Mn", "Me", "Cs", "Co", "Cn"})


def strictest(markings: Iterable[Marking]) -> Marking:
    """What holds where several markings do: strictest TLP and PAP, latest embargo, first expiry.

    Of none at all it is `STRICTEST`: an empty set of evidence never passes.
    """
    found = list(markings)
    if not found:
        return STRICTEST
    if len(found) == 1:
        return found[0]
    return Marking(
        tlp=max(map(_tlp, found)),
        pap=max(map(_pap, found)),
        release_at=max(map(_release_at, found)),
        expires=min(filter(None, map(_expires, found)), default=""),
    )


def marking_id(tlp: Tlp) -> str:
    """STIX identifier of the TLP 2.0 marking definition of a colour."""
    return _CANONICAL[tlp]


def parse_tlp(text: str) -> Tlp:
    """A colour as people and formats write it: `amber+strict`, `TLP:WHITE`, `AMBER_AND_STRICT`.

    Raises:
        Invalid: no colour of TLP 1 or 2.
    """
    word = text.strip().upper().removeprefix("TLP:").strip()
    if word not in _TLP_WORDS:
        known = ", ".join(tlp.word for tlp in Tlp)
        raise Invalid(f"{text[:60]!r} is no TLP colour; write one of {known}")
    return _TLP_WORDS[word]


def parse_pap(text: str) -> Pap:
    """A colour of the Permissible Actions Protocol: `amber`, `PAP:WHITE`.

    Raises:
        Invalid: no such colour.
    """
    word = text.strip().upper().removeprefix("PAP:").strip()
    if word not in _PAP_WORDS:
        known = ", ".join(pap.name for pap in Pap)
        raise Invalid(f"{text[:60]!r} is no PAP colour; write one of {known}")
    return _PAP_WORDS[word]


def looks_marked(text: str, *, name: bool = False) -> bool:
    """Whether a text looks as if it said TLP or PAP, in whatever letters; `name`: of a member."""
    return bool((_NAME if name else _TAG).search(_folded(text)))


def _folded(text: str) -> str:
    """The letters that somebody sees: compatible ones as one, without marks and what is unseen."""
    if text.isascii() and text.isprintable():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_ALIKE)
    return "".join(one for one in plain if unicodedata.category(one) not in _UNSEEN)


def limits(tag: str) -> bool:
    """Whether a tag or a member's name looks as if it limited sharing, in TLP, PAP or otherwise.

    That is what looks marked, the Information Exchange Policy (IEP), a traffic light or a marking
    in words, and a colour of TLP alone.
    """
    plain = _folded(tag)
    alone = _NO_LETTER.sub(" ", plain).strip().upper()
    return bool(_TAG.search(plain) or _WORDS.search(plain)) or alone in _TLP_WORDS


_limits = lru_cache(1 << 12)(limits)


def from_tags(tags: Iterable[str]) -> tuple[Marking | None, tuple[str, ...]]:
    """What MISP-style tags say, and those that limit sharing in a way that is not known.

    `tlp:` and `PAP:` tags of any case and of both vocabularies count; tags of other namespaces
    are none of markings. `tlp:ex:chr`, `tlp:unclear`, misspelled colours and whatever else looks
    like a marking (`TLP_RED`, `tlp2:red`, `RED` alone, `iep:`, letters of other alphabets) are not
    known.
    Source: MISP taxonomies `tlp` (version 10) and `PAP` (version 3).
    """
    colours: list[Tlp] = []
    uses: list[Pap] = []
    unknown: list[str] = []
    for tag in tags:
        if not (_limits(tag) if len(tag) <= _SHORT else limits(tag)):
            continue
        try:
            if tag.lstrip()[:4].upper() == "PAP:":
                uses.append(parse_pap(tag))
            elif tag.lstrip()[:4].upper() == "TLP:":
                colours.append(parse_tlp(tag))
            else:
                unknown.append(tag)
        except Invalid:
            unknown.append(tag)
    if not colours and not uses:
        return None, tuple(unknown)
    return Marking(max(colours, default=UNMARKED), max(uses, default=Pap.CLEAR)), tuple(unknown)


def tags(marking: Marking, *, old: bool = False) -> tuple[str, ...]:
    """A marking as MISP tags: `tlp:amber+strict`, and `PAP:RED` where use is limited.

    `old` writes TLP 1, for who knows no other: it has no AMBER+STRICT, so that becomes RED.
    """
    colour = marking.tlp.word.lower()
    if old:
        colour = {"clear": "white", "amber+strict": "red"}.get(colour, colour)
    use = () if marking.pap is Pap.CLEAR else (marking.pap.label,)
    return (f"tlp:{colour}", *use)


def definition(tlp: Tlp) -> dict[str, object]:
    """The TLP 2.0 marking definition of a colour as an object of STIX 2.1."""
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": marking_id(tlp),
        "created": "2022-10-01T00:00:00.000Z",
        "name": tlp.label,
        "extensions": {
            TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": tlp.word.lower()}
        },
    }
