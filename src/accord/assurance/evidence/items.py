"""References to items, and dates and digests as evidence writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Final, TypeVar

import msgspec

from accord.core import json, yaml
from accord.core.errors import Invalid
from accord.core.limits import Limits

T = TypeVar("T")

BOUNDS: Final = Limits(bytes=64 << 20, depth=100, items=200_000)
"""Of one document of evidence: larger than any that is known, and small enough to hold."""
_ITEM = re.compile(r"[^\s#@]{1,100}@[^\s#@]{1,100}#\S(?:[^\n\r#]{0,198}\S)?")
_HEX = re.compile(r"[0-9a-f]+")
SIZES: Final = {
    "sha1": (40,), "gitCommit": (40, 64), "gitTree": (40, 64), "gitBlob": (40, 64),
    "gitTag": (40, 64), "sha224": (56,), "sha256": (64,), "sha384": (96,), "sha512": (128,),
    "sha512_224": (56,), "sha512_256": (64,), "sha3_256": (64,), "sha3_384": (96,),
    "sha3_512": (128,),
}  # fmt: skip
"""Hexadecimal digits of each algorithm of in-toto's digest sets."""
PROVES: Final = frozenset({"sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512"})
"""Algorithms whose equal digests prove equal bytes; SHA-1 no longer does."""


def item(text: str, place: str, catalogue: str = "") -> str:
    """A reference to an item; one without a catalogue is of the document's own.

    Raises:
        Invalid: it is not one.
    """
    whole = text.strip() if "#" in text or not catalogue else f"{catalogue}#{text.strip()}"
    if _ITEM.fullmatch(whole) is None:
        raise Invalid(f"{whole[:80]!r} is not `catalogue@version#identifier`", place)
    return whole


def is_item(text: str) -> bool:
    """Whether a text is a whole reference to an item."""
    return _ITEM.fullmatch(text) is not None


def digest(algorithm: str, text: str, place: str) -> str:
    """A digest of an artefact: hexadecimal, lower case, as long as its algorithm makes it.

    Raises:
        Invalid: it is not one.
    """
    lower = text.lower()
    sizes = SIZES.get(algorithm)
    if sizes is None:
        if not 0 < len(text) <= max(map(max, SIZES.values())):
            raise Invalid(f"a digest of {len(text):,} characters", place)
        return text
    if len(lower) not in sizes or _HEX.fullmatch(lower) is None:
        raise Invalid(f"{text[:80]!r} is not a digest of {algorithm}", place)
    return lower


def matches(text: str, patterns: Sequence[str]) -> bool:
    """Whether a text fits one of some patterns (`*`, `?`, `[...]`); no patterns fit everything."""
    return not patterns or any(fnmatchcase(text, pattern) for pattern in patterns)


def parse(kind: type[T], data: bytes, place: str = "", limits: Limits = BOUNDS) -> T:
    """A document of evidence in JSON or YAML as a value; a key that stands twice is refused.

    Raises:
        Invalid: not such a document; the place tells where.
    """
    try:
        if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
            json.decode_strict(data, limits)
            return json.decode_as(kind, data, limits)
        value = yaml.decode(data, limits)
    except Invalid as wrong:
        raise type(wrong)(wrong.reason, f"{place}{wrong.place}") from wrong
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as wrong:
        raise Invalid(*json.reason_and_place(wrong, place)) from wrong
