"""Identifiers of items as the catalogue itself writes them.

People write `P0.3.1` with a zero, `RV 2.2` with a space and `1f` without its hyphen. Where a
catalogue says what its identifiers look like, the fewest such slips that lead to one are undone,
two at most; where none do, it is said to be unlike its catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import combinations

from accord.assurance.catalogues.names import known

_Slip = Callable[[str], str]
_SLIPS: tuple[_Slip, ...] = (
    lambda text: re.sub(r"\s+", ".", text),
    lambda text: re.sub(r"\s+", "", text),
    lambda text: re.sub(r"^([A-Za-z]+)0(?=\.)", r"\1O", text),
    lambda text: re.sub(r"^([A-Za-z]+)\.(?=\d)", r"\1", text),
    lambda text: re.sub(r"(\d)([a-z])$", r"\1-\2", text),
    str.upper,
)


_MOST_SLIPS = 2
_LONGEST = 80


class Unlike(ValueError):
    """An identifier that its catalogue cannot have."""


def normal(catalogue: str, text: str) -> str:
    """The identifier that was meant.

    Raises:
        Unlike: the catalogue says what its identifiers look like, and this leads to none.
    """
    found = _normal(catalogue, text)
    if found is None:
        raise Unlike(text)
    return found


@lru_cache(1 << 14)
def _normal(catalogue: str, text: str) -> str | None:
    about = known(catalogue)
    plain = " ".join(text.split())
    plain = about.also.get(plain, plain)
    if not about.identifiers:
        return plain
    shape = re.compile(about.identifiers)
    most = _MOST_SLIPS if len(plain) <= _LONGEST else 0
    for count in range(most + 1):
        for slips in combinations(_SLIPS, count):
            undone = plain
            for slip in slips:
                undone = slip(undone)
            if shape.fullmatch(undone):
                return undone
    return None
