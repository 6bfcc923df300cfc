"""Vendor and product names as people write them, brought to one form.

What only a name suggests is a candidate: a person confirms it, or the reviewed table names the
CPE that it stands for.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from accord.supply.products.aliases import REVIEWED

_NOT_WORD = re.compile(r"[^\w]+|_+")
_NOTHING = frozenset({"", "n a", "na", "unknown", "unspecified", "none", "noassertion", "various"})
_LEGAL_FORMS = frozenset(
    {
        "ab", "ag", "as", "asa", "bv", "co", "company", "corp", "corporation", "gmbh", "inc",
        "incorporated", "kg", "kgaa", "kk", "limited", "llc", "llp", "ltd", "nv", "oy", "oyj",
        "plc", "pty", "pvt", "sa", "sarl", "sas", "se", "spa", "srl",
    }
)  # fmt: skip
_ORGANISATIONS = ("software foundation", "foundation")
_DOTTED = re.compile(r"\b((?:[^\W\d_]\.){2,})")
_LONGEST = 512
"""What is longer is a text, not a name, and could never be found again by a person."""
_CACHED = 1 << 15


@lru_cache(_CACHED)
def package(vendor: str, product: str) -> str:
    """`name:vendor/product` in one spelling; empty where there is no product to go by.

    Case, accents' encoding, punctuation and the legal form of the vendor do not count, nor does
    the vendor's name where it is repeated before the product.
    """
    if len(vendor) > _LONGEST or len(product) > _LONGEST:
        return ""
    maker_, thing = maker(vendor), words(product)
    if thing in _NOTHING:
        return ""
    if maker_ and thing.startswith(f"{maker_} "):
        thing = thing[len(maker_) + 1 :]
    return f"name:{maker_}/{thing}"


def reviewed(name: str) -> tuple[str, ...]:
    """CPE packages that a person has confirmed for a `name:vendor/product`, or none."""
    return REVIEWED.get(name, ())


def words(text: str) -> str:
    """Lower case words with single spaces. `S.p.A.` is one word; `&` and `/` separate."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = _DOTTED.sub(lambda match: match[1].replace(".", "") + " ", f"{text} ")
    return _NOT_WORD.sub(" ", text).strip()


@lru_cache(_CACHED)
def maker(vendor: str) -> str:
    """A vendor without legal forms at its end; a name of nothing else stays as it is."""
    said = words(vendor)
    if said in _NOTHING:
        return ""
    kept = said.split()
    while len(kept) > 1 and kept[-1] in _LEGAL_FORMS:
        kept.pop()
    name = " ".join(kept)
    for ending in _ORGANISATIONS:
        name = name.removesuffix(f" {ending}")
    return name
