"""STIX patterns: text in, a tree out.

Source: STIX 2.1, section 9 (patterning), and the grammar of OASIS's stix2-patterns, against which
the reader is tested.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from typing import Final, Literal

import msgspec

from accord.core.errors import Invalid, TooLarge
from accord.core.times import when

LONGEST: Final = 1 << 17
"""Characters of a pattern."""
_DEEPEST: Final = 40
_MOST: Final = 20_000
"""Words of a pattern."""
_DIGITS: Final = 64
"""Characters of a number: past any that a log holds, and within what every engine reads."""
_MOST_QUALIFIERS: Final = 100
_MOST_JOINED: Final = 30
"""Observations that must be there together, or one after the other."""

Operator = Literal["=", "!=", "<", ">", "<=", ">=", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"]
Value = str | int | float | bool | bytes


class Moment(msgspec.Struct, frozen=True):
    """A timestamp in a pattern, as `when()`."""

    at: str


class Path(msgspec.Struct, frozen=True):
    """What is looked at: a type of object, and the way to a value in it."""

    type: str
    steps: tuple[str | int, ...]
    """Names and positions; -1 is every position (`[*]`)."""

    @property
    def text(self) -> str:
        """The steps as one text: `hashes.MD5`, `protocols[*]`."""
        parts = [f"[{'*' if s < 0 else s}]" if isinstance(s, int) else f".{s}" for s in self.steps]
        return "".join(parts).removeprefix(".")


class Test(msgspec.Struct, frozen=True):
    """One comparison."""

    path: Path
    operator: Operator
    values: tuple[Value | Moment, ...]
    """Of a set (`IN`, whose operator is `=`) every one; else a single one."""
    negated: bool = False
    exists: bool = False
    """Only whether there is a value there."""


class Both(msgspec.Struct, frozen=True):
    """Comparisons that must all hold of one object, or of which any must."""

    word: Literal["AND", "OR"]
    parts: tuple[Compare, ...]


class Observed(msgspec.Struct, frozen=True):
    """What one observation must hold: `[...]`."""

    holds: Compare


class Joined(msgspec.Struct, frozen=True):
    """Observations that must be there together, one of them, or one after the other."""

    word: Literal["AND", "OR", "FOLLOWEDBY"]
    left: Expression
    right: Expression


class Qualified(msgspec.Struct, frozen=True):
    """An expression within a time, so many times, or between two moments."""

    of: Expression
    within: float | None = None
    """Seconds."""
    repeats: int | None = None
    start: str = ""
    """`when()`; with `stop`, which is no longer within."""
    stop: str = ""


Compare = Test | Both
Expression = Observed | Joined | Qualified

_TOKEN: Final = re.compile(
    r"""(?P<space>(?:\s|//[^\n\r]*|/\*.*?\*/)+)
    |(?P<time>t'[^']*')
    |(?P<hex>h'(?:[0-9a-fA-F]{2})*')
    |(?P<binary>b'[A-Za-z0-9+/=]*')
    |(?P<text>'(?:[^'\\]|\\['\\])*')
    |(?P<number>[+-]?(?:[0-9]+\.[0-9]+|\.[0-9]+|0(?![0-9])|[1-9][0-9]*))
    |(?P<word>[A-Za-z_][A-Za-z0-9_-]*)
    |(?P<sign>==|!=|<>|<=|>=|[=<>\[\]().,:*])""",
    re.VERBOSE | re.DOTALL,
)
_SIGNS: Final[dict[str, Operator]] = {
    "=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">=",
}  # fmt: skip
_WORDS: Final[dict[str, Operator]] = {
    "LIKE": "LIKE", "MATCHES": "MATCHES", "ISSUBSET": "ISSUBSET", "ISSUPERSET": "ISSUPERSET",
}  # fmt: skip
_KEYWORDS: Final = frozenset({
    "AND", "OR", "NOT", "FOLLOWEDBY", "LIKE", "MATCHES", "ISSUPERSET", "ISSUBSET", "EXISTS", "LAST",
    "IN", "START", "STOP", "SECONDS", "true", "false", "WITHIN", "REPEATS", "TIMES",
})  # fmt: skip
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?Z"
)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def parse(text: str) -> Expression:
    """The tree of a pattern.

    Raises:
        Invalid: it breaks the grammar; the place is `character N`.
        TooLarge: past a bound.
    """
    if len(text) > LONGEST:
        raise TooLarge(f"a pattern of {len(text):,} characters; the limit is {LONGEST:,}")
    return _Reader(text).whole()


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str, int]] = []
        self._at = 0
        self._depth = self._joined = self._qualifiers = 0
        place = 0
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None:
                raise Invalid(f"{text[place : place + 20]!r} is not understood", _here(place))
            if found.lastgroup == "number" and len(found[0]) > _DIGITS:
                why = f"a number of {len(found[0]):,} characters; the limit is {_DIGITS}"
                raise TooLarge(why, _here(place))
            if found.lastgroup != "space":
                self._tokens.append((str(found.lastgroup), found[0], place))
            place = found.end()
            if len(self._tokens) > _MOST:
                raise TooLarge(f"a pattern of more than {_MOST:,} words")
        self._tokens.append(("end", "", len(text)))

    def whole(self) -> Expression:
        found = self._observations()
        if self._kind != "end":
            raise self._unexpected("the end")
        return found

    @property
    def _kind(self) -> str:
        return self._tokens[self._at][0]

    @property
    def _text(self) -> str:
        return self._tokens[self._at][1]

    def _unexpected(self, expected: str) -> Invalid:
        _, text, place = self._tokens[self._at]
        return Invalid(f"{expected} is expected, not {text[:40]!r}", _here(place))

    def _take(self, *texts: str) -> bool:
        """Whether the next is one of these signs or words; then it is passed."""
        if self._kind in {"sign", "word"} and self._text in texts:
            self._at += 1
            return True
        return False

    def _must(self, text: str) -> None:
        if not self._take(text):
            raise self._unexpected(repr(text))

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise TooLarge(f"nested deeper than {_DEEPEST}", _here(self._tokens[self._at][2]))

    def _observations(self) -> Expression:
        found = self._either()
        while self._take("FOLLOWEDBY"):
            self._count()
            found = Joined("FOLLOWEDBY", found, self._either())
        return found

    def _either(self) -> Expression:
        found, parts = self._all(), list[Compare]()
        while self._take("OR"):
            other = self._all()
            if isinstance(found, Observed) and isinstance(other, Observed):
                # `[a] OR [b]` holds of an observation where `[a OR b]` does.
                parts.append(other.holds)
                continue
            self._count()
            found, parts = Joined("OR", _either(parts, found), other), []
        return _either(parts, found)

    def _count(self) -> None:
        self._joined += 1
        if self._joined > _MOST_JOINED:
            why = f"more than {_MOST_JOINED} observations are joined"
            raise TooLarge(why, _here(self._tokens[self._at][2]))

    def _count_qualifier(self) -> None:
        self._qualifiers += 1
        if self._qualifiers > _MOST_QUALIFIERS:
            why = f"more than {_MOST_QUALIFIERS} qualifiers"
            raise TooLarge(why, _here(self._tokens[self._at][2]))

    def _all(self) -> Expression:
        found = self._one()
        while self._take("AND"):
            self._count()
            found = Joined("AND", found, self._one())
        return found

    def _one(self) -> Expression:
        found: Expression
        if self._take("["):
            found = Observed(self._any_test())
            self._must("]")
        elif self._take("("):
            self._deeper()
            found = self._observations()
            self._must(")")
            self._depth -= 1
        else:
            raise self._unexpected("'[' or '('")
        return self._qualified(found)

    def _qualified(self, found: Expression) -> Expression:
        """An expression with the qualifiers behind it, each around what stands before it."""
        while True:
            if self._text in {"WITHIN", "REPEATS", "START"}:
                self._count_qualifier()
            if self._take("WITHIN"):
                found = Qualified(found, within=self._seconds())
                self._must("SECONDS")
            elif self._take("REPEATS"):
                found = Qualified(found, repeats=self._times())
                self._must("TIMES")
            elif self._take("START"):
                start = self._moment()
                self._must("STOP")
                found = Qualified(found, start=start, stop=self._moment())
            else:
                return found

    def _seconds(self) -> float:
        try:
            number = float(self._text) if self._kind == "number" else 0.0
        except ValueError:
            number = 0.0
        if not 0 < number < float("inf"):
            raise self._unexpected("a number of seconds above zero")
        self._at += 1
        return number

    def _times(self) -> int:
        if self._kind != "number" or not self._text.lstrip("+").isdigit() or int(self._text) < 1:
            raise self._unexpected("a whole number above zero")
        self._at += 1
        return int(self._tokens[self._at - 1][1])

    def _moment(self) -> str:
        if self._kind != "time":
            raise self._unexpected("a time such as t'2026-01-01T00:00:00Z'")
        value = self._literal()
        assert isinstance(value, Moment)
        return value.at

    def _any_test(self) -> Compare:
        parts = [self._all_tests()]
        while self._take("OR"):
            parts.append(self._all_tests())
        return parts[0] if len(parts) == 1 else Both("OR", tuple(parts))

    def _all_tests(self) -> Compare:
        parts = [self._test()]
        while self._take("AND"):
            parts.append(self._test())
        return parts[0] if len(parts) == 1 else Both("AND", tuple(parts))

    def _test(self) -> Compare:
        if self._take("("):
            self._deeper()
            found = self._any_test()
            self._must(")")
            self._depth -= 1
            return found
        if self._take("EXISTS"):
            return Test(self._path(), "=", (), exists=True)
        path = self._path()
        negated = self._take("NOT")
        if self._take("IN"):
            return Test(path, "=", self._set(), negated)
        if self._kind == "sign" and self._text in _SIGNS:
            sign = self._text
            self._at += 1
            if sign not in {"=", "==", "!=", "<>"} and self._text in {"true", "false"}:
                raise self._unexpected("a value that has an order")
            return Test(path, _SIGNS[sign], (self._literal(),), negated)
        if self._kind == "word" and self._text in _WORDS:
            operator = _WORDS[self._text]
            self._at += 1
            if self._kind != "text":
                raise self._unexpected("a text")
            return Test(path, operator, (self._literal(),), negated)
        raise self._unexpected("an operator")

    def _path(self) -> Path:
        if self._kind != "word" or self._text in _KEYWORDS:
            raise self._unexpected("a type of object")
        kind = self._text
        self._at += 1
        self._must(":")
        steps: list[str | int] = [self._name()]
        while True:
            if self._take("."):
                steps.append(self._name())
            elif self._take("["):
                steps.append(self._position())
                self._must("]")
            else:
                return Path(kind, tuple(steps))

    def _name(self) -> str:
        if self._kind == "text":
            return str(self._literal())
        if self._kind != "word" or self._text in _KEYWORDS or not _NAME.fullmatch(self._text):
            raise self._unexpected("the name of a property")
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _position(self) -> int:
        if self._take("*"):
            return -1
        if self._kind != "number" or not self._text.lstrip("+").isdigit():
            raise self._unexpected("a position or '*'")
        self._at += 1
        return int(self._tokens[self._at - 1][1])

    def _set(self) -> tuple[Value | Moment, ...]:
        self._must("(")
        if self._take(")"):
            return ()
        found = [self._literal()]
        while self._take(","):
            found.append(self._literal())
        self._must(")")
        return tuple(found)

    def _literal(self) -> Value | Moment:
        kind, text, _ = self._tokens[self._at]
        self._at += 1
        try:
            return _value(kind, text)
        except (Invalid, ValueError, binascii.Error):
            self._at -= 1
            raise self._unexpected("a value") from None


def _either(parts: list[Compare], found: Expression) -> Expression:
    """What was found, or any of these parts, which stood beside it."""
    if not parts or not isinstance(found, Observed):
        return found
    return Observed(Both("OR", (found.holds, *parts)))


def _here(place: int) -> str:
    return f"character {place + 1}"


def _value(kind: str, text: str) -> Value | Moment:
    """The value of a literal.

    Raises:
        ValueError: it is none.
        Invalid: a time that there is not.
    """
    if kind == "text":
        return re.sub(r"\\(['\\])", r"\1", text[1:-1])
    if kind == "number":
        return float(text) if "." in text else int(text)
    if kind == "time":
        if not _TIME.fullmatch(text[2:-1]):
            raise ValueError(text)
        return Moment(when(text[2:-1]))
    if kind == "hex":
        return bytes.fromhex(text[2:-1])
    if kind == "binary":
        return b64decode(text[2:-1], validate=True)
    if kind == "word" and text in {"true", "false"}:
        return text == "true"
    raise ValueError(text)
