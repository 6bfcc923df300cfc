"""Patterns as SQL for DuckDB, over observations flattened to one row a value.

The relation `eav` has a row for each value: `n` (the observation), `seen`, `thing` (the object it
belongs to), `type`, `path`, `t` (`s` text, `n` number, `b` truth) and the value as `s` or `f`.
The relation `network` gives first and last address of the texts that are compared as networks.

Law (linear time): regular expressions run in RE2, which never looks at a text twice.

Source: STIX 2.1, section 9, as OASIS's stix2-matcher reads it, which is the oracle in tests.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from accord.core.errors import Invalid
from accord.exchange.hunting.patterns import (
    Compare,
    Expression,
    Joined,
    Moment,
    Observed,
    Path,
    Qualified,
    Test,
    Value,
)
from accord.exchange.hunting.values import network

MOST_BINDINGS: Final = 1_000_000
"""Combinations of observations at each step, past which no more are tried."""
_MOST_COPIES: Final = 64
"""Observations that are joined, repetitions of repetitions among them."""
LONGEST_VALUE: Final = 8_192
"""Bytes of a value that regular expressions look at: the engine cannot be stopped within one."""
_HEAVIEST: Final = 1_000
"""Instructions of a regular expression, about."""
_MANY_LETTERS: Final = 20
"""Instructions of a class of letters that are not ASCII."""
_PART: Final = re.compile(
    r"(?P<times>\{(?P<least>[0-9]{1,4})(?:,(?P<most>[0-9]{0,4}))?\})"
    r"|(?P<class>\[\^?\]?(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*\]|\\[pP](?:\{[^}]*\}|.))"
    r"|\\Q(?P<quoted>.*?)(?:\\E|$)|(?P<open>\()|(?P<close>\))|\\.|.",
    re.DOTALL,
)
_WILD: Final = {"%": ".*", "_": "."}
MOST_TIMES: Final = 8
"""Repetitions of what is joined to other observations."""


def leaves(tree: Expression) -> list[Observed]:
    """The single observations of a pattern, from left to right."""
    if isinstance(tree, Observed):
        return [tree]
    if isinstance(tree, Joined):
        return [*leaves(tree.left), *leaves(tree.right)]
    return leaves(tree.of)


def tests(holds: Compare) -> Iterator[Test]:
    """Every comparison of an observation."""
    if isinstance(holds, Test):
        yield holds
    else:
        for one in holds.parts:
            yield from tests(one)


def observation(leaf: Observed) -> str:
    """The observations that hold, as `n` and `seen`."""
    return f"SELECT n, any_value(seen) AS seen FROM ({_holds(leaf.holds)}) GROUP BY n"


def _holds(holds: Compare) -> str:
    """The objects that hold: comparisons joined by AND speak of one object."""
    if isinstance(holds, Test):
        return _of_path(holds.path, [holds])
    if holds.word == "AND":
        return " INTERSECT ".join(f"({_holds(one)})" for one in holds.parts)
    by_path: dict[Path, list[Test]] = {}
    for one in holds.parts:
        if isinstance(one, Test):
            by_path.setdefault(one.path, []).append(one)
    said = [_of_path(path, tests_) for path, tests_ in by_path.items()]
    said += [_holds(one) for one in holds.parts if not isinstance(one, Test)]
    return " UNION ".join(f"({one})" for one in said)


def _of_path(path: Path, of: Sequence[Test]) -> str:
    """The objects of which any of some comparisons of one value holds."""
    likes = [str(one.values[0]) for one in of if one.operator == "LIKE" and not one.negated]
    said = [_test(one) for one in of if one.operator != "LIKE" or one.negated]
    if len(likes) > 1:
        said.append(f"coalesce(t = 's' AND {_any_like(likes)}, FALSE)")
    elif likes:
        said.append(f"coalesce(t = 's' AND {_like(likes[0])}, FALSE)")
    where = f"type = {text(path.type)} AND path = {text(path.text)}"
    return f"SELECT DISTINCT n, seen, thing FROM eav WHERE {where} AND ({_any(said)})"


def _any(said: Sequence[str]) -> str:
    """Conditions joined by OR, nested as little as may be."""
    if len(said) == 1:
        return said[0]
    half = len(said) // 2
    return f"({_any(said[:half])}) OR ({_any(said[half:])})"


def _any_like(likes: Sequence[str]) -> str:
    """Many LIKEs as one expression, which looks at a text once."""
    ways = "|".join(_as_expression(unicodedata.normalize("NFC", one)) for one in likes)
    # Plain texts are looked for all at once; of those that are more, only so many.
    weight("|".join(_as_expression(one) for one in likes if _is_wild(one)))
    return f"regexp_matches(nfc_normalize(s), {text(f'(?s){ways}')})"


def _is_wild(like: str) -> bool:
    return any(one in like.strip("%") for one in _WILD)


def weight(expression: str) -> int:
    """About how many instructions a regular expression is, its repetitions written out.

    Raises:
        Invalid: more than may be.
    """
    within, last = [0], 0
    for part in _PART.finditer(expression):
        if part["open"]:
            within.append(0)
            continue
        if part["close"]:
            last = within.pop() if len(within) > 1 else 0
            within[-1] += last
        elif part["times"]:
            times = max(int(part["least"]), int(part["most"] or 0), 1)
            within[-1] += last * (times - 1)
            last *= times
        else:
            letters = part["class"]
            many = letters and (
                letters.startswith("\\") or not letters.isascii() or "\\p" in letters
            )
            last = _MANY_LETTERS if many else len(part["quoted"] or "x")
            within[-1] += last
        if within[-1] > _HEAVIEST:
            break
    if sum(within) > _HEAVIEST:
        raise Invalid(f"a regular expression of more than {_HEAVIEST:,} parts, repetitions counted")
    return sum(within)


def _as_expression(like: str) -> str:
    inner = like.strip("%")
    said = "".join(_WILD.get(one) or re.escape(one) for one in inner)
    begin = "" if like.startswith("%") else "^"
    return f"{begin}(?:{said})" + ("" if like.endswith("%") else "$")


def text(value: str) -> str:
    """A literal of SQL; a character of number 0, which cannot stand in one, is put in beside it."""
    parts = ["'" + part.replace("'", "''") + "'" for part in value.split("\x00")]
    return parts[0] if len(parts) == 1 else f"({' || chr(0) || '.join(parts)})"


def _test(test: Test) -> str:
    if test.exists:
        return "TRUE"
    if test.operator in {"<", ">", "<=", ">="}:
        known, said = _ordered(test.operator, test.values[0])
        return f"({known} AND ({said}) <> {_truth(negated=test.negated)})"
    negated = test.negated != (test.operator == "!=")
    if test.operator in {"=", "!="}:
        said = " OR ".join(_equal(value) for value in test.values) or "FALSE"
    else:
        value = test.values[0]
        assert isinstance(value, str)
        said = f"t = 's' AND {_OF_TEXT[test.operator](value)}"
    return f"(coalesce({said}, FALSE) <> {_truth(negated=negated)})"


def _truth(*, negated: bool) -> str:
    return "TRUE" if negated else "FALSE"


def _equal(value: Value | Moment) -> str:
    if isinstance(value, bool):
        return f"(t = 'b' AND s = '{str(value).lower()}')"
    if isinstance(value, (int, float)):
        return f"(t = 'n' AND f = {value!r}::DOUBLE)"
    if isinstance(value, Moment):
        return f"(t = 's' AND try_cast(s AS TIMESTAMPTZ) = {text(value.at)}::TIMESTAMPTZ)"
    return f"(t = 's' AND s = {text(_letters(value))})"


def _ordered(operator: str, value: Value | Moment) -> tuple[str, str]:
    """Whether there is an order between the two, and whether it is this."""
    if isinstance(value, bool):
        return "FALSE", "FALSE"
    if isinstance(value, (int, float)):
        return "t = 'n'", f"f {operator} {value!r}::DOUBLE"
    if isinstance(value, Moment):
        cast = "try_cast(s AS TIMESTAMPTZ)"
        said = f"{cast} {operator} {text(value.at)}::TIMESTAMPTZ"
        return f"t = 's' AND {cast} IS NOT NULL", said
    return "t = 's'", f"s {operator} {text(_letters(value))}"


def _letters(value: str | bytes) -> str:
    """Bytes compare with texts as letters of the same number."""
    return value if isinstance(value, str) else value.decode("latin-1")


def _like(value: str) -> str:
    if value.strip("%").count("%") > 1 and "_" in value:
        # Else each part is tried at each place, for each place of the part before.
        return _any_like([value])
    return f"nfc_normalize(s) LIKE {text(unicodedata.normalize('NFC', value))}"


def _matches(value: str) -> str:
    weight(value)
    said = f"regexp_matches(nfc_normalize(s), {text(unicodedata.normalize('NFC', value))})"
    return f"(strlen(s) <= {LONGEST_VALUE} AND {said})"


def _subset(value: str) -> str:
    first, last = network(value) or ("", "")
    return (
        "s IN (SELECT s FROM network"
        f" WHERE first >= {text(first)} AND last <= {text(last)} AND first <> '')"
    )


def _superset(value: str) -> str:
    first, last = network(value) or ("~", "")
    return f"s IN (SELECT s FROM network WHERE first <= {text(first)} AND last >= {text(last)})"


_OF_TEXT: Final = {
    "LIKE": _like, "MATCHES": _matches, "ISSUBSET": _subset, "ISSUPERSET": _superset,
}  # fmt: skip


def bindings(tree: Expression, names: Iterator[str], *, apart: bool = False) -> str:
    """Sets of observations that match, as `rows`, `first` and `last`.

    `names` are the relations of the leaves, in order. `apart`: others must not share a row with it.

    Raises:
        Invalid: more repetitions than can be joined.
    """
    if _copies(tree, apart=apart) > _MOST_COPIES:
        raise Invalid(f"more than {_MOST_COPIES} observations, repetitions counted, are joined")
    if isinstance(tree, Observed):
        return f"SELECT [n] AS rows, seen AS first, seen AS last FROM {next(names)}"
    if isinstance(tree, Qualified):
        return _qualified(tree, names, apart=apart)
    inner = apart or tree.word != "OR"
    left = bindings(tree.left, names, apart=inner)
    right = bindings(tree.right, names, apart=inner)
    if tree.word == "OR":
        return f"({left}) UNION ALL ({right})"
    after = " AND a.last <= b.first" if tree.word == "FOLLOWEDBY" else ""
    return (
        "SELECT list_concat(a.rows, b.rows) AS rows, least(a.first, b.first) AS first,"
        f" greatest(a.last, b.last) AS last FROM ({left}) a, ({right}) b"
        f" WHERE NOT list_has_any(a.rows, b.rows){after} LIMIT {MOST_BINDINGS}"
    )


def _copies(tree: Expression, *, apart: bool) -> int:
    if isinstance(tree, Observed):
        return 1
    if isinstance(tree, Joined):
        inner = apart or tree.word != "OR"
        return _copies(tree.left, apart=inner) + _copies(tree.right, apart=inner)
    times = tree.repeats or 1
    if times == 1 or (isinstance(tree.of, Observed) and not apart):
        return _copies(tree.of, apart=apart)
    return min(times, MOST_TIMES) * _copies(tree.of, apart=True)


def _qualified(tree: Qualified, names: Iterator[str], *, apart: bool) -> str:
    if tree.repeats is not None:
        return _repeated(tree.of, tree.repeats, names, apart=apart)
    inner = bindings(tree.of, names, apart=apart)
    if tree.within is not None:
        micros = round(tree.within * 1_000_000)
        where = f"epoch_us(last) - epoch_us(first) <= {micros}"
    else:
        where = (
            f"first >= {text(tree.start)}::TIMESTAMPTZ AND last < {text(tree.stop)}::TIMESTAMPTZ"
        )
    return f"SELECT * FROM ({inner}) WHERE {where}"


def _repeated(of: Expression, times: int, names: Iterator[str], *, apart: bool) -> str:
    inner = bindings(of, names, apart=True)
    if times == 1:
        return inner
    if isinstance(of, Observed) and not apart:
        # Rows that follow each other in time are the closest that there are.
        frame = f"(ORDER BY first, rows ROWS BETWEEN CURRENT ROW AND {times - 1} FOLLOWING)"
        return (
            f"SELECT * FROM (SELECT flatten(list(rows) OVER {frame}) AS rows,"
            f" min(first) OVER {frame} AS first, max(last) OVER {frame} AS last"
            f" FROM ({inner})) WHERE len(rows) = {times}"
        )
    if times > MOST_TIMES:
        raise Invalid(
            f"repeated {times} times beside other observations; the limit is {MOST_TIMES}"
        )
    found = inner
    for _ in range(times - 1):
        found = (
            "SELECT list_concat(a.rows, b.rows) AS rows, least(a.first, b.first) AS first,"
            f" greatest(a.last, b.last) AS last FROM ({inner}) a, ({found}) b"
            f" WHERE a.rows[1] < b.rows[1] AND NOT list_has_any(a.rows, b.rows)"
            f" LIMIT {MOST_BINDINGS}"
        )
    return found
