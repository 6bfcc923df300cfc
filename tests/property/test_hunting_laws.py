"""Patterns as SQL find what OASIS's own matcher finds, and are read as its grammar says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stix2matcher.matcher import match
from stix2patterns.exceptions import ParseException
from stix2patterns.v21.pattern import Pattern

from accord.core.errors import Invalid
from accord.exchange.hunting import sql, values
from accord.exchange.hunting.flat import flat
from accord.exchange.hunting.patterns import parse

_DATABASE = duckdb.connect(config={"threads": "1"})
_DATABASE.execute("SET GLOBAL TimeZone='UTC'")
_BEGIN = datetime(2030, 1, 1, tzinfo=UTC)
TEXTS = ["evil.example", "a.evil.example", "Evil", "a%b_c", "", "10.0.0.1", "né.example", "it's\\"]
ADDRESSES = ["10.0.0.1", "10.0.1.7", "192.0.2.0/24", "192.0.2.128/25", "2001:db8::1"]
NETWORKS = ["10.0.0.0/16", "192.0.2.128/25", "0.0.0.0/0", "10.0.0.1", "2001:db8::/32"]


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _time(seconds: int) -> str:
    return (_BEGIN + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@st.composite
def observations(draw: st.DrawFn) -> list[dict[str, Any]]:
    found = []
    for number in range(draw(st.integers(1, 5))):
        at = _time(draw(st.integers(0, 20)))
        objects: dict[str, Any] = {
            "0": {"type": "ipv4-addr", "value": draw(st.sampled_from(ADDRESSES))},
            "1": {"type": "domain-name", "value": draw(st.sampled_from(TEXTS))},
            "2": {
                "type": "network-traffic",
                "dst_ref": draw(st.sampled_from(["0", "1"])),
                "dst_port": draw(st.sampled_from([80, 443])),
                "is_active": draw(st.booleans()),
                "protocols": draw(st.lists(st.sampled_from(["tcp", "http"]), max_size=2)),
            },
            "3": {
                "type": "file",
                "name": draw(st.sampled_from(TEXTS)),
                "size": draw(st.sampled_from([1, 2.5, 3])),
                "magic_number_hex": draw(st.sampled_from(["4d5a", "00ff"])),
                "hashes": {"MD5": draw(st.sampled_from(["aa", "bb"]))},
                "created": draw(st.sampled_from([_time(0), _time(60)])),
            },
        }
        kept = draw(st.sets(st.sampled_from(["1", "2", "3"])))
        objects = {key: one for key, one in objects.items() if key in {*kept, "0"}}
        if "2" in objects and objects["2"]["dst_ref"] not in objects:
            objects["2"]["dst_ref"] = "0"
        found.append({
            "type": "observed-data",
            "id": f"observed-data--{number:08x}-0000-4000-8000-000000000000",
            "created": at, "modified": at, "number_observed": 1,
            "first_observed": at, "last_observed": at, "objects": objects,
        })  # fmt: skip
    return found


_TEXT = st.sampled_from(TEXTS).map(_quoted)
_NUMBER = st.sampled_from(["1", "2.5", "80", "443", "-3"])
_ANY = st.one_of(_TEXT, _NUMBER, st.sampled_from(["true", "false", "h'4d5a'", "b'AP8='"]))
_PATH = st.sampled_from([
    "ipv4-addr:value", "domain-name:value", "network-traffic:dst_ref.value",
    "network-traffic:dst_port", "network-traffic:is_active", "network-traffic:protocols[*]",
    "network-traffic:protocols[1]", "file:name", "file:size", "file:magic_number_hex",
    "file:hashes.MD5", "file:hashes.'MD5'", "file:nothing",
])  # fmt: skip
_NOT = st.sampled_from(["", "NOT "])
_LIKE = st.sampled_from(["'%evil%'", "'e_il%'", "'%'", "'a%b_c'", "'evil'", "'%\\\\'"])
_REGEX = st.sampled_from(["'evil'", "'^e.il'", "'[0-9]+'", "'(a|b)\\\\.'", "'example$'", "'é'"])
_MOMENT = st.builds(lambda n: f"t'{_time(n)}'", st.sampled_from([0, 30, 60]))
TESTS = st.one_of(
    st.builds("{} {}{} {}".format, _PATH, _NOT, st.sampled_from(["=", "!="]), _ANY),
    st.builds(
        "{} {}{} {}".format,
        _PATH, _NOT, st.sampled_from(["<", ">", "<=", ">="]), st.one_of(_TEXT, _NUMBER),
    ),
    st.builds(
        "{} {}IN ({})".format,
        _PATH, _NOT, st.lists(_TEXT, min_size=1, max_size=3).map(", ".join),
    ),
    # To the oracle true is one of (1), though it is not equal to 1: types are not mixed here.
    st.builds(
        "{} {}IN ({})".format,
        _PATH.filter(lambda path: "is_active" not in path),
        _NOT, st.lists(_NUMBER, min_size=1).map(", ".join),
    ),
    st.builds("{} {}LIKE {}".format, st.sampled_from(["file:name", "file:size"]), _NOT, _LIKE),
    st.builds("{} {}MATCHES {}".format, st.sampled_from(["file:name", "file:size"]), _NOT, _REGEX),
    st.builds(
        "ipv4-addr:value {}{} {}".format,
        _NOT, st.sampled_from(["ISSUBSET", "ISSUPERSET"]), st.sampled_from(NETWORKS).map(_quoted),
    ),
    st.builds(
        "file:created {}{} {}".format, _NOT, st.sampled_from(["=", "!=", "<", ">="]), _MOMENT
    ),
)  # fmt: skip
HOLDS = st.recursive(
    TESTS,
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["AND", "OR"]), inner),
    max_leaves=4,
)
QUALIFIER = st.one_of(
    st.builds("WITHIN {} SECONDS".format, st.sampled_from(["1", "5", "0.5"])),
    st.builds("REPEATS {} TIMES".format, st.integers(1, 3)),
    st.builds(
        lambda a, b: f"START t'{_time(a)}' STOP t'{_time(b)}'",
        st.integers(0, 20), st.integers(0, 20),
    ),
)  # fmt: skip
PATTERNS = st.recursive(
    HOLDS.map("[{}]".format),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["AND", "OR", "FOLLOWEDBY"]), inner),
        st.builds("({}) {}".format, inner, QUALIFIER),
    ),
    max_leaves=3,
)


def found_by_sql(pattern: str, observed: list[dict[str, Any]]) -> bool:
    tree = parse(pattern)
    database = _DATABASE.cursor()
    database.execute(
        "CREATE OR REPLACE TEMP TABLE eav (n BIGINT, seen TIMESTAMPTZ, thing VARCHAR,"
        " type VARCHAR, path VARCHAR, t VARCHAR, s VARCHAR, f DOUBLE)"
    )
    database.execute(
        "CREATE OR REPLACE TEMP TABLE network (s VARCHAR, first VARCHAR, last VARCHAR)"
    )
    rows, texts = [], set()
    for number, one in enumerate(observed):
        for name, thing in one["objects"].items():
            for value in flat(thing, one["objects"]):
                rows.append((number, one["first_observed"], name, *value))
                texts.add(value.s)
    database.executemany("INSERT INTO eav VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    networks = [(s, *found) for s in texts if s and (found := values.network(s))]
    if networks:
        database.executemany("INSERT INTO network VALUES (?, ?, ?)", networks)
    names = []
    for number, leaf in enumerate(sql.leaves(tree)):
        database.execute(f"CREATE OR REPLACE TEMP TABLE leaf{number} AS {sql.observation(leaf)}")
        names.append(f"leaf{number}")
    return bool(database.execute(f"SELECT 1 FROM ({sql.bindings(tree, iter(names))})").fetchone())


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(PATTERNS, observations())
def test_sql_finds_what_the_matcher_of_oasis_finds(
    pattern: str, observed: list[dict[str, Any]]
) -> None:
    try:
        expected = bool(match(pattern, observed, stix_version="2.0"))
    except Exception:  # noqa: BLE001 - what the oracle cannot do says nothing
        return
    assert found_by_sql(pattern, observed) == expected


def test_bytes_may_hold_the_number_zero() -> None:
    observed = [{
        "first_observed": _time(0), "objects": {"0": {"type": "file", "magic_hex": "00ff00"}},
    }]  # fmt: skip
    assert found_by_sql("[file:magic_hex = h'00ff00']", observed)
    assert not found_by_sql("[file:magic_hex = h'ff']", observed)


def test_true_is_no_number() -> None:
    objects = {"0": {"type": "network-traffic", "is_active": True}}
    observed = [{"first_observed": _time(0), "objects": objects}]
    assert found_by_sql("[network-traffic:is_active IN (true)]", observed)
    for pattern in ("= 1", "IN (1)", "> 0"):
        assert not found_by_sql(f"[network-traffic:is_active {pattern}]", observed)


_LEAF = st.sampled_from([f"[ipv4-addr:value = '{one}']" for one in ADDRESSES[:2]])
TIMED = st.recursive(
    _LEAF,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["AND", "FOLLOWEDBY"]), inner),
        st.builds("({}) {}".format, inner, QUALIFIER.filter(lambda one: "START" not in one)),
    ),
    max_leaves=3,
)


@st.composite
def addressed(draw: st.DrawFn) -> list[dict[str, Any]]:
    found = []
    for number in range(draw(st.integers(1, 4))):
        at = _time(draw(st.integers(0, 8)))
        value = draw(st.sampled_from(ADDRESSES[:2]))
        found.append({
            "type": "observed-data",
            "id": f"observed-data--{number:08x}-0000-4000-8000-000000000000",
            "created": at, "modified": at, "number_observed": 1,
            "first_observed": at, "last_observed": at,
            "objects": {"0": {"type": "ipv4-addr", "value": value}},
        })  # fmt: skip
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(TIMED, addressed())
def test_sql_joins_observations_in_time_as_the_matcher_of_oasis_does(
    pattern: str, observed: list[dict[str, Any]]
) -> None:
    expected = bool(match(pattern, observed, stix_version="2.0"))
    assert found_by_sql(pattern, observed) == expected


@settings(deadline=None)
@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_start_is_within_and_stop_is_not(start: int, stop: int, seen: int) -> None:
    """The oracle cannot read this qualifier in the form of STIX 2.0."""
    observed = [{
        "first_observed": _time(seen), "objects": {"0": {"type": "url", "value": "x"}},
    }]  # fmt: skip
    pattern = f"[url:value = 'x'] START t'{_time(start)}' STOP t'{_time(stop)}'"
    assert found_by_sql(pattern, observed) == (start <= seen < stop)


BROKEN = st.text(alphabet="[]()'=<>!:. \\abANDORNOTINt19*,", max_size=30)


@settings(max_examples=500, deadline=None)
@given(
    st.one_of(PATTERNS, BROKEN, st.tuples(PATTERNS, st.integers(0, 60)).map(lambda p: p[0][: p[1]]))
)
def test_a_pattern_is_read_where_the_grammar_reads_it(pattern: str) -> None:
    try:
        Pattern(pattern)
        said = True
    except ParseException:
        said = False
    except Exception:  # noqa: BLE001 - the library trips over some texts
        return
    try:
        parse(pattern)
        read = True
    except Invalid:
        read = False
    assert read == said
