"""Indicators sorted into what one join finds and what needs a query of its own.

Law (cost): a plain value, however many there are of its kind, is one row of one table that is
joined once. Nearly all indicators are plain values.
Law (nothing is dropped in silence): an indicator that cannot be looked for is listed, with why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from accord.core.errors import Invalid
from accord.exchange.hunting.patterns import (
    LONGEST,
    Both,
    Compare,
    Expression,
    Joined,
    Observed,
    Test,
    parse,
)
from accord.exchange.hunting.values import NORMAL, Kind, net, network
from accord.identity.markings import STRICTEST, Marking


class Indicator(msgspec.Struct, frozen=True):
    """What somebody says is a sign of something bad."""

    id: str
    """STIX identifier."""
    version: str
    name: str
    pattern: str
    language: str
    """`stix`, or another language of patterns, which is not read."""
    valid_from: str
    valid_until: str
    confidence: int | None
    revoked: bool
    marking: Marking
    """The strictest that is known of it."""
    origin: str
    """The partner that sealed it, or empty."""
    learned: str
    taken: str = ""
    """When it was taken in, as text in that order; empty: it is not kept."""


class Exact(msgspec.Struct, frozen=True, array_like=True):
    """A value that is looked for, in its normal form."""

    kind: Kind
    value: str
    side: str
    """`src` or `dst`: only there; empty: anywhere."""
    number: int
    """Position of its indicator."""


class Range(msgspec.Struct, frozen=True, array_like=True):
    """A network that is looked for, as first and last address."""

    first: str
    last: str
    side: str
    number: int
    text: str


class Rest(msgspec.Struct, frozen=True):
    """A pattern that needs a query of its own."""

    number: int
    tree: Expression


class Plan(msgspec.Struct):
    """What is looked for, and how."""

    indicators: list[Indicator]
    exact: list[Exact]
    ranges: list[Range]
    rest: list[Rest]
    not_evaluated: list[tuple[str, str]]
    """Identifier of an indicator, and why it is not looked for."""


_SIMPLE: Final = re.compile(
    r"\[\s*([a-z0-9-]+):([^\s=!<>'\[\]]+|hashes\.'[^']+')\s*=\s*'([^'\\]*)'\s*\]"
)
_PATHS: Final[dict[tuple[str, str], tuple[tuple[Kind, ...], str]]] = {
    ("ipv4-addr", "value"): (("ip",), ""),
    ("ipv6-addr", "value"): (("ip",), ""),
    ("network-traffic", "src_ref.value"): (("ip", "domain"), "src"),
    ("network-traffic", "dst_ref.value"): (("ip", "domain"), "dst"),
    ("domain-name", "value"): (("domain",), ""),
    ("url", "value"): (("url",), ""),
    ("file", "name"): (("file",), ""),
    ("email-addr", "value"): (("mail",), ""),
    ("email-message", "from_ref.value"): (("mail",), "src"),
    ("email-message", "sender_ref.value"): (("mail",), "src"),
    ("email-message", "to_refs[*].value"): (("mail",), "dst"),
}
_HASHED: Final = frozenset({"file", "artifact", "x509-certificate"})
_REFERRED: Final = frozenset({"ipv4-addr", "ipv6-addr", "domain-name", "email-addr"})


def plan(indicators: Iterable[Indicator]) -> Plan:
    """What is looked for, of indicators that may be used."""
    made = Plan(list(indicators), [], [], [], [])
    for number, one in enumerate(made.indicators):
        if one.language != "stix":
            made.not_evaluated.append((one.id, f"a pattern in the language {one.language[:40]!r}"))
            continue
        if len(one.pattern) > LONGEST:
            why = f"a pattern of {len(one.pattern):,} characters; the limit is {LONGEST:,}"
            made.not_evaluated.append((one.id, why))
            continue
        simple = _SIMPLE.fullmatch(one.pattern)
        if simple and _value(made, number, simple[1], simple[2].replace("'", ""), simple[3]):
            continue
        try:
            _sort(made, number, parse(one.pattern))
        except Invalid as wrong:
            made.not_evaluated.append((one.id, f"its pattern is not understood: {wrong}"))
    return made


def plan_of(pattern: str, language: str = "stix") -> Plan:
    """What one pattern looks for, whoever says it."""
    one = Indicator("", "", "", pattern, language, "", "", None, False, STRICTEST, "", "")  # noqa: FBT003 - a field of the value
    return plan([one])


def _sort(made: Plan, number: int, tree: Expression) -> None:
    plain: list[tuple[str, str, str]] = []
    if _plain(tree, plain):
        taken = [_value(made, number, *one) for one in plain]
        if all(taken):
            return
        # What has no normal form is looked for as it is written.
        made.exact = [one for one in made.exact if one.number != number]
        made.ranges = [one for one in made.ranges if one.number != number]
    made.rest.append(Rest(number, tree))


def _plain(tree: Expression, found: list[tuple[str, str, str]]) -> bool:
    if isinstance(tree, Joined) and tree.word == "OR":
        return _plain(tree.left, found) and _plain(tree.right, found)
    return isinstance(tree, Observed) and _values(tree.holds, found)


def _values(holds: Compare, found: list[tuple[str, str, str]]) -> bool:
    if isinstance(holds, Both):
        parts = holds.parts
        if holds.word == "AND":
            types = [one for one in parts if _says_type(one)]
            parts = tuple(one for one in parts if one not in types)
            if len(parts) != 1 or not types or not _same_end(types, parts[0]):
                return False
        return all(_values(one, found) for one in parts)
    if holds.negated or holds.exists or holds.operator not in {"=", "ISSUBSET"}:
        return False
    kind = _kinds(holds.path.type, holds.path.text)
    if holds.operator == "ISSUBSET" and "ip" not in kind[0]:
        return False
    for value in holds.values:
        if not isinstance(value, str):
            return False
        found.append((holds.path.type, holds.path.text, value))
    return bool(kind[0] and holds.values)


def _says_type(holds: Compare) -> bool:
    """`network-traffic:dst_ref.type = 'ipv4-addr'`: what the value beside it says anyway."""
    return (
        isinstance(holds, Test)
        and not holds.negated
        and not holds.exists
        and holds.operator == "="
        and holds.path.text.endswith("_ref.type")
        and all(value in _REFERRED for value in holds.values)
    )


def _same_end(types: list[Compare], value: Compare) -> bool:
    if not isinstance(value, Test):
        return False
    end = (value.path.type, value.path.text.removesuffix(".value"))
    return all(
        isinstance(one, Test) and (one.path.type, one.path.text.removesuffix(".type")) == end
        for one in types
    )


def _kinds(kind: str, path: str) -> tuple[tuple[Kind, ...], str]:
    if path.startswith("hashes.") and kind in _HASHED:
        return ("hash",), ""
    return _PATHS.get((kind, path), ((), ""))


def _value(made: Plan, number: int, type_: str, path: str, text: str) -> bool:
    """Take a value up under its kind; whether it is one."""
    kinds, side = _kinds(type_, path)
    for kind in kinds:
        if kind == "ip" and "/" in text:
            found = network(text)
            if found is not None:
                made.ranges.append(Range(*found, side, number, net(text)))
                return True
        normal = NORMAL[kind](text)
        if normal:
            made.exact.append(Exact(kind, normal, side if kind != "domain" else "", number))
            return True
    return False
