"""No pattern ends a hunt: whatever it says, it is looked for, or told as not evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hunted import of_pattern
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accord.core.errors import Invalid
from accord.exchange.hunting.known_good import KnownGood
from accord.exchange.hunting.patterns import parse
from accord.exchange.hunting.plan import plan
from accord.store.hunting.engine import DuckEngine

pytest.importorskip("duckdb")

_LONG = "NINES"
"""Stands for a number of 5,000 digits."""
_NUMBERS = st.sampled_from([_LONG, f"-{_LONG}", f"{_LONG}.5", f".{_LONG}", "9" * 64, "+1", "0"])
_TEXTS = st.sampled_from([
    "evil.example", " 5.6.0.0/16", "5.6.0.0/16 ", "fe80::%1/10", "::/0", "\0", "\ud800", "%", "a_%",
    "(", "[^", "(?P<x>a)\\\\1", "a{1001}", "((a{99}){99}){99}", "\\\\x{110000}", "http://[", "//@:",
    "xn--\u00df", "\u3002.", "a\tb\nc", "1:2:3", "\U0001f600",
])  # fmt: skip
_LITERALS = st.one_of(
    _NUMBERS,
    _TEXTS.map("'{}'".format),
    st.text(max_size=8).map("'{}'".format),
    st.sampled_from([
        "true", "h'00ff'", "h'0'", "b'AP8='", "b'='", "t'0001-01-01T00:00:00Z'",
        "t'0000-01-01T00:00:00Z'", "t'9999-12-31T23:59:60.999999999999Z'",
        "t'2030-02-30T00:00:00Z'",
    ]),
)  # fmt: skip
_PATHS = st.one_of(
    st.sampled_from([
        "ipv4-addr:value", "domain-name:value", "url:value", "file:name", "a:b", "file:hashes.MD5",
        "network-traffic:dst_port", "network-traffic:dst_ref.value", "email-addr:value",
        "x:'\0'[*].\u00e9", "x:'\ud800'",
    ]),
    _NUMBERS.map("a:b[{}]".format),
)  # fmt: skip
_TESTS = st.one_of(
    st.builds(
        "{} {} {}".format,
        _PATHS,
        st.sampled_from(["=", "!=", ">", "<=", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"]),
        _LITERALS,
    ),
    st.builds("{} NOT IN ({})".format, _PATHS, st.lists(_LITERALS, max_size=3).map(",".join)),
    _PATHS.map("EXISTS {}".format),
)
_QUALIFIERS = st.one_of(
    st.builds("WITHIN {} SECONDS".format, _NUMBERS),
    st.builds("REPEATS {} TIMES".format, st.one_of(_NUMBERS, st.integers(0, 9).map(str))),
    st.builds("START {} STOP {}".format, _LITERALS, _LITERALS),
    st.integers(1, 3000).map(lambda n: "WITHIN 9 SECONDS " * n),
)
PATTERNS = st.one_of(
    st.text(max_size=30),
    st.recursive(
        _TESTS.map("[{}]".format),
        lambda inner: st.one_of(
            st.builds(
                "({} {} {})".format, inner, st.sampled_from(["AND", "OR", "FOLLOWEDBY"]), inner
            ),
            st.builds("{} {}".format, inner, _QUALIFIERS),
        ),
        max_leaves=3,
    ),
)


def whole(pattern: str) -> str:
    return pattern.replace(_LONG, "9" * 5000)


_GOOD = "[domain-name:value = 'evil.example']"


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(PATTERNS)
@example(f"[a:b = 'c'] REPEATS {_LONG} TIMES")
@example(f"[a:b = 'c'] WITHIN {_LONG} SECONDS")
@example(f"[a:b[{_LONG}] = 'x']")
@example(f"[a:b IN (1, -{_LONG})]")
def test_a_pattern_is_read_or_invalid_and_nothing_else(pattern: str) -> None:
    try:
        parse(whole(pattern))
    except Invalid:
        return


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckEngine]:
    made = DuckEngine(tmp_path_factory.mktemp("archive"))
    yield made
    made.close()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(PATTERNS, min_size=1, max_size=3))
@example([f"[a:b = 'c'] REPEATS {_LONG} TIMES"])
@example(["[ipv4-addr:value = ' 5.6.0.0/16']", "[ipv4-addr:value ISSUBSET '5.6.0.0/16 ']"])
@example(["[domain-name:value LIKE '\ud800']", "[domain-name:value = '\ud800']"])
def test_beside_any_pattern_what_is_good_is_found(
    engine: DuckEngine, tmp_path_factory: pytest.TempPathFactory, patterns: list[str]
) -> None:
    log: Path = tmp_path_factory.getbasetemp() / "any.log"
    log.write_text("2030-01-01T00:00:00Z q evil.example 5.6.7.8 fe80::1 http://evil.example/x\n")
    made = plan(of_pattern(n, whole(one)) for n, one in enumerate([*patterns, _GOOD]))
    engine.begin(made)
    done = engine.search(log, "any.log", None, "", keep=False)
    lists = KnownGood([])
    for hit in done.hits:
        for value in (hit.told, hit.value):
            lists.about(hit.kind, value)
    assert (len(patterns), "evil.example") in {(one.number, one.value) for one in done.hits}
    assert done.troubles == []
