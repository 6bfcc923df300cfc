"""Whether a name looks like one that is protected: other letters, a slip, or the name within.

Law (itself): a protected name, and every name under one, looks like nothing.

Source: Unicode Technical Standard 39, section 4 (skeletons), with the letters that machines print
alike (`rn`, `vv`, `0`, `1`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Final

from ada_url import idna_to_unicode
from confusable_homoglyphs.confusables import confusables_data

from accord.outreach import addresses
from accord.outreach.dangers.model import Protected

_SHORT: Final = 4
"""Letters of a label, from which the same under another suffix looks like it."""
_TOKEN: Final = 5
"""Letters of a label, from which it counts as a part of another between hyphens."""
_SLIP: Final = 6
"""Letters of a label, from which one letter more, less or other looks like it."""
COMMON: Final = frozenset({"digital", "login", "mail", "online", "portal", "service", "services"})
"""Labels that many bear: alone they make nothing alike."""
PAIRS: Final = (("rn", "m"), ("vv", "w"))
ALIKE: Final[Mapping[str, str]] = {"0": "o", "1": "l", "i": "l", "5": "s"}


def like(host: str, protected: Iterable[Protected]) -> Protected | None:
    """The protected name that a host looks like, the first by name; None: none."""
    if addresses.is_address(host):
        return None
    own = addresses.registrable(host)
    known = sorted(protected)
    if any(one.name == own for one in known):
        return None
    label = _first(own)
    skeleton, labels = skeleton_of(label), host.split(".")
    tokens = set(map(skeleton_of, re.split(r"[-_]", label)))
    for one in known:
        its = _first(one.name)
        if _alike(label, skeleton, tokens, its) or _inside(labels, own, one.name):
            return one
    return None


def skeleton_of(label: str) -> str:
    """A label as it looks: accents gone, letters of other scripts as those that look like them."""
    shown = idna_to_unicode(label) if label.startswith("xn--") else label
    plain = "".join(
        one for one in unicodedata.normalize("NFKD", shown.casefold())
        if not unicodedata.combining(one)
    )  # fmt: skip
    table = confusable()
    text = "".join(table.get(one, one) for one in plain)
    for pair, one in PAIRS:
        text = text.replace(pair, one)
    return "".join(ALIKE.get(one, one) for one in text)


@cache
def confusable() -> dict[str, str]:
    """Letters that look like one of ASCII, with that one."""
    table = {}
    for letter, others in confusables_data.items():
        if len(letter) != 1 or letter.isascii():
            continue
        plain = sorted({
            one["c"].lower() for one in others
            if len(one["c"]) == 1 and one["c"].isascii() and one["c"].isalnum()
        })  # fmt: skip
        if plain:
            table[letter] = table[letter.casefold()[:1]] = plain[-1]
    return table


@lru_cache(1 << 12)
def _first(name: str) -> str:
    return name.partition(".")[0]


def _alike(label: str, skeleton: str, tokens: set[str], its: str) -> bool:
    same = skeleton_of(its)
    if its in COMMON:
        return skeleton == same and label != its
    if skeleton == same:
        return label != its or len(its) >= _SHORT
    if len(its) >= _TOKEN and len(tokens) > 1 and same in tokens:
        return True
    return len(its) >= _SLIP and _one_slip(skeleton, same)


def _inside(labels: list[str], own: str, name: str) -> bool:
    """Whether a protected name stands before what somebody else registered."""
    before = labels[: len(labels) - own.count(".") - 1]
    its = name.split(".")
    whole = any(before[at : at + len(its)] == its for at in range(len(before)))
    return whole or "-".join(its) in before or "-".join(its) == labels[len(before)]


def _one_slip(first: str, second: str) -> bool:
    """Whether one letter more, less or other, or two that changed places, make the difference."""
    if abs(len(first) - len(second)) > 1:
        return False
    start = 0
    while start < min(len(first), len(second)) and first[start] == second[start]:
        start += 1
    one, two = first[start:], second[start:]
    return (
        one[1:] == two[1:] or one[1:] == two or one == two[1:]
        or (one[:2] == two[1::-1] and one[2:] == two[2:])
    )  # fmt: skip
