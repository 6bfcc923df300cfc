"""How much a hit says: strong, weak or suppressed, always with why.

Law (nothing is dropped in silence): a suppressed hit is counted and listed with its reason.

Source: MISP warning lists, `type` (`cidr`, `hostname`, `string`, `substring`, `regex`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal

import msgspec

from accord.core.errors import Invalid
from accord.core.json import decode_as
from accord.exchange.hunting.values import NORMAL, domain, host_of, network, nobodys

Strength = Literal["strong", "weak", "suppressed"]

_OLD: Final = 365
"""Days after which an indicator without an end says little."""
_SURE: Final = 50
"""Confidence below which it says little."""
_NAMES: Final = frozenset({"domain", "url"})
_ATTRIBUTES: Final[dict[str, tuple[str, ...]]] = {
    "ip": ("ip-src", "ip-dst", "domain|ip"),
    "domain": ("domain", "hostname", "domain|ip"),
    "url": ("url", "uri", "domain", "hostname"),
    "hash": ("md5", "sha1", "sha224", "sha256", "sha384", "sha512"),
    "mail": ("email-src", "email-dst", "target-email"),
    "file": ("filename",),
}
"""Attributes of MISP by kind of value: a list counts for what it says that it matches."""


class WarningList(msgspec.Struct):
    """One list of values that are known to be good, or to be shared by good and bad."""

    name: str
    values: list[str] = msgspec.field(name="list")
    type: str = "string"
    matching_attributes: list[str] = []


class Weighed(msgspec.Struct, frozen=True):
    """How much a hit says, and why."""

    strength: Strength
    why: tuple[str, ...]


def read(body: bytes) -> WarningList:
    """A warning list of MISP.

    Raises:
        Invalid: it is none.
    """
    return decode_as(WarningList, body)


class KnownGood:
    """Warning lists, looked up by value."""

    def __init__(self, lists: Iterable[WarningList]) -> None:
        self._exact: dict[str, dict[str, str]] = {kind: {} for kind in _ATTRIBUTES}
        self._networks: dict[int, dict[int, str]] = {}
        """By the length of the prefix: first address as a number, and the name of the list."""
        for one in lists:
            for kind, attributes in _ATTRIBUTES.items():
                asked = one.matching_attributes
                if asked and not any(name in asked for name in attributes):
                    continue
                self._take(kind, one)

    def _take(self, kind: str, one: WarningList) -> None:
        if one.type == "cidr":
            if kind == "ip":
                self._take_networks(one)
            return
        if one.type not in {"string", "hostname", "substring"}:
            return
        normal = domain if kind == "url" and one.type != "string" else NORMAL[kind]
        exact = self._exact[kind]
        for text in one.values:
            value = normal(text.strip().lstrip("."))
            if value:
                exact.setdefault(value, one.name)

    def _take_networks(self, one: WarningList) -> None:
        for text in one.values:
            found = network(text)
            if found is not None:
                first, last = (int(end, 16) for end in found)
                bits = 128 - (last - first).bit_length()
                self._networks.setdefault(bits, {}).setdefault(first, one.name)

    def about(self, kind: str, value: str) -> tuple[Strength, str] | None:
        """What the lists say of a value, which is in its normal form."""
        if kind == "ip":
            return self._about_address(value)
        found = self._exact.get(kind, {}).get(value)
        if found is not None:
            return "suppressed", f"{value} is on the list {found!r}"
        if kind in _NAMES:
            host = host_of(value) if kind == "url" else value
            for above in _above(host):
                found = self._exact["domain"].get(above)
                if found is not None and (above != host or kind == "url"):
                    return "weak", f"{above}, above it, is on the list {found!r}"
        return None

    def _about_address(self, value: str) -> tuple[Strength, str] | None:
        found = network(value)
        if found is None:
            return None
        if nobodys(value):
            return "suppressed", f"{value} is in a network that is nobody's on the Internet"
        first, last = (int(end, 16) for end in found)
        own = 128 - (last - first).bit_length()
        for bits in sorted(self._networks, reverse=True):
            if bits > own:
                continue
            name = self._networks[bits].get(first >> (128 - bits) << (128 - bits))
            if name is not None and bits == own:
                return "suppressed", f"{value} is on the list {name!r}"
            if name is not None:
                return "weak", f"a network around {value} is on the list {name!r}"
        return None


def _above(host: str) -> Iterable[str]:
    """A name and the names that it is under, down to two labels."""
    parts = host.split(".")
    return (".".join(parts[start:]) for start in range(max(1, len(parts) - 1)))


def weigh(  # noqa: PLR0913 - each is one thing that weighs
    known: tuple[Strength, str] | None,
    *,
    valid_from: str,
    valid_until: str,
    confidence: int | None,
    last: str,
    now: str,
    kind: str,
) -> Weighed:
    """How much a hit says.

    `last` is when it was seen last, or empty. An indicator counts for what was seen while it was
    valid; past its end it is weak, since whoever used it may still do.
    """
    why: list[str] = []
    seen = last or now
    if valid_until and seen >= valid_until:
        why.append(f"seen after the indicator's end, {valid_until[:10]}")
    elif not valid_until and _days(valid_from, seen) > _OLD:
        why.append(f"the indicator is of {valid_from[:10]} and has no end")
    if confidence is not None and confidence < _SURE:
        why.append(f"its maker's confidence is {confidence} of 100")
    if kind == "file":
        why.append("a file's name alone")
    if known is not None and known[0] == "suppressed":
        return Weighed("suppressed", (known[1], *why))
    if known is not None:
        why.append(known[1])
    if why:
        return Weighed("weak", tuple(why))
    return Weighed("strong", ("the indicator is valid, and on no list of known-good values",))


def _days(since: str, until: str) -> int:
    try:
        begun, ended = (datetime.fromisoformat(one[:10]) for one in (since, until))
    except ValueError:
        return 0
    return (ended - begun).days


def readable(body: bytes) -> WarningList | None:
    """A warning list, or None where the document is none after all."""
    try:
        return read(body)
    except Invalid:
        return None
