from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version
from shared import real_members

from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.reading import Reading
from accord.supply.advisories import cargo, rustsec
from accord.supply.advisories.facts import Advisory, Affected, Event, Score

PAGE = """```toml
[advisory]
id = "RUSTSEC-2030-0001"
package = "acme-gate"
date = "2030-02-03"
aliases = ["CVE-2030-0001"]
related = ["CVE-2030-0002"]
cvss = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:H"

[versions]
patched = [">= 1.5.1, < 1.6.0", ">= 1.6.3"]
unaffected = ["< 0.3.0"]
```

# Gate opens by itself

Text.
"""


def read(old: str = "", new: str = "") -> Reading:
    assert old in PAGE
    return rustsec.read(PAGE.replace(old, new).encode())


def test_what_is_neither_patched_nor_unaffected_is_affected() -> None:
    reading = read()
    assert (reading.subject, reading.edition) == (
        "rustsec:RUSTSEC-2030-0001",
        "2030-02-03T00:00:00.000000Z",
    )
    advisory, affected, score = reading.facts
    assert isinstance(advisory, Advisory)
    assert advisory.aliases == ("CVE-2030-0001",)
    assert advisory.related == ("CVE-2030-0002",)
    assert advisory.title == "Gate opens by itself"
    assert isinstance(affected, Affected)
    assert affected.package == "pkg:cargo/acme-gate"
    assert affected.ranges == (
        (Event("introduced", "0.3.0"), Event("fixed", "1.5.1")),
        (Event("introduced", "1.6.0"), Event("fixed", "1.6.3")),
    )
    assert isinstance(score, Score)
    assert score.score == 8.2


def ranges(patched: str, unaffected: str = "") -> list[str]:
    """As text: `[a, b)`, with `]` after what is still affected and `(` before what is not."""
    spans = [cargo.spans(one) for one in (patched, unaffected) if one]
    opening = {"introduced": "[", "after": "("}
    closing = {"fixed": ")", "last_affected": "]"}
    found = []
    for events in cargo.complement(spans):
        text = opening[events[0].kind] + events[0].version
        if len(events) > 1:
            text += "," + events[1].version + closing[events[1].kind]
        found.append(text)
    return found


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        (">= 1.2.3", ["[0,1.2.3)"]),
        ("> 1.2.3", ["[0,1.2.3]"]),
        ("<= 1.2.3", ["(1.2.3"]),
        ("< 1.2", ["[1.2.0"]),
        ("<= 1.2", ["[1.3.0"]),
        ("> 1.2", ["[0,1.3.0)"]),
        ("^1.2.3", ["[0,1.2.3)", "[2.0.0"]),
        ("1.2.3", ["[0,1.2.3)", "[2.0.0"]),
        ("^ 0.2.3", ["[0,0.2.3)", "[0.3.0"]),
        ("^0.0.3", ["[0,0.0.3)", "[0.0.4"]),
        ("^0.0", ["[0,0.0.0)", "[0.1.0"]),
        ("^0", ["[0,0.0.0)", "[1.0.0"]),
        ("~1.2.3", ["[0,1.2.3)", "[1.3.0"]),
        ("~1", ["[0,1.0.0)", "[2.0.0"]),
        ("1.2.*", ["[0,1.2.0)", "[1.3.0"]),
        ("1.*", ["[0,1.0.0)", "[2.0.0"]),
        ("=1.2.3", ["[0,1.2.3)", "(1.2.3"]),
        ("= 1.2", ["[0,1.2.0)", "[1.3.0"]),
        (">=1.0.0-alpha.1 ", ["[0,1.0.0-alpha.1)"]),
        ("< 0.3, >= 0.2", ["[0,0.2.0)", "[0.3.0"]),
        ("*", []),
        ("> 2.0.0, < 1.0.0", ["[0"]),
    ],
)
def test_a_requirement_leaves_its_complement(requirement: str, expected: list[str]) -> None:
    assert ranges(requirement) == expected


def test_nothing_patched_affects_everything() -> None:
    reading = read('[">= 1.5.1, < 1.6.0", ">= 1.6.3"]\nunaffected = ["< 0.3.0"]', "[]")
    affected = reading.facts[1]
    assert isinstance(affected, Affected)
    assert affected.ranges == ((Event("introduced", "0"),),)


def test_spans_that_overlap_or_meet_are_one() -> None:
    assert ranges(">= 1.0.0, < 3.0.0", "< 2.0.0") == ["[3.0.0"]
    assert ranges(">= 1.0.0", "< 1.0.0") == []
    assert ranges(">= 1.0.0, < 9.0.0", ">= 2.0.0, < 3.0.0") == ["[0,1.0.0)", "[9.0.0"]


numbers = st.integers(0, 3)
pres = st.sampled_from(["", "", "-alpha", "-alpha.1", "-alpha.beta", "-2", "-10", "-rc.1"])
versions = st.builds(lambda a, b, c, pre: f"{a}.{b}.{c}{pre}", numbers, numbers, numbers, pres)
comparators = st.builds(
    lambda sign, version: sign + version, st.sampled_from(["<", "<=", ">", ">=", "="]), versions
)
requirements = st.lists(comparators, min_size=1, max_size=2).map(", ".join)


def satisfies(version: str, requirement: str) -> bool:
    found = Version.parse(version)
    return all(found.match(part.replace("=", "==") if part[0] == "=" else part)
               for part in requirement.split(", "))  # fmt: skip


def holds(events: tuple[Event, ...], version: str) -> bool:
    found = Version.parse(version)
    for event in events:
        if event == Event("introduced", "0"):
            continue
        order = found.compare(event.version)
        inside = {
            "introduced": order >= 0, "after": order > 0,
            "fixed": order < 0, "last_affected": order <= 0,
        }  # fmt: skip
        if not inside[event.kind]:
            return False
    return True


@given(st.lists(requirements, max_size=4), versions)
def test_complement_is_everything_else(sound: list[str], version: str) -> None:
    affected = cargo.complement([cargo.spans(one) for one in sound])
    allowed = any(satisfies(version, one) for one in sound)
    assert any(holds(events, version) for events in affected) is not allowed


@given(versions, versions)
def test_the_order_is_semver(first: str, second: str) -> None:
    assert (cargo.key(first) < cargo.key(second)) == (Version.parse(first) < Version.parse(second))


def test_withdrawn_and_informational_stay_advisories() -> None:
    reading = read(
        'date = "2030-02-03"',
        'date = "2030-02-03"\nwithdrawn = "2030-04-05"\ninformational = "unsound"',
    )
    advisory = reading.facts[0]
    assert isinstance(advisory, Advisory)
    assert advisory.withdrawn == reading.edition == "2030-04-05T00:00:00.000000Z"
    assert advisory.title.endswith("(unsound)")


@pytest.mark.parametrize(
    "requirement",
    ["latest", ">= one", ">= 1.2.3.4", "", "1.2.3 || 2", "==1", ">= 01.2.3", "9" * 600],
)
def test_a_bad_requirement_refuses_the_versions_only(requirement: str) -> None:
    reading = read("< 0.3.0", requirement)
    assert [one.place for one in reading.refused] == ["/versions/unaffected/0"]
    assert [type(fact) for fact in reading.facts] == [Advisory, Score]


def test_a_bad_vector_is_refused_alone() -> None:
    reading = read("CVSS:3.1/AV:N/", "CVSS:3.1/")
    assert [one.place for one in reading.refused] == ["/advisory/cvss"]
    assert len(reading.facts) == 2


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"# Title", Invalid),
        (b"```toml\n[advisory]\n", Invalid),
        (b"```toml\n[advisory]\n```\n", Invalid),
        (PAGE.replace("RUSTSEC-2030-0001", "ACME-1").encode(), Invalid),
        (PAGE.replace('"2030-02-03"', '"soon"').encode(), Invalid),
        (PAGE.replace('package = "acme-gate"', "package = 1").encode(), Invalid),
        (PAGE.replace('package = "acme-gate"', "package = ").encode(), Unreadable),
        (PAGE.replace("[versions]", 'id = "twice"\nid = "twice"\n[versions]').encode(), Unreadable),
        (PAGE.replace('["< 0.3.0"]', "[" * 5000).encode(), Unreadable),
        (b"```toml\nx = '\xff'\n```\n", Unreadable),
        (PAGE.encode() + b"\xff", Unreadable),
        (b"```toml\n#" + b"x" * 300_000 + b"\n```\n", TooLarge),
    ],
)
def test_what_is_no_advisory_is_refused(data: bytes, error: type[Invalid]) -> None:
    with pytest.raises(error):
        rustsec.read(data)


def test_the_real_advisories() -> None:
    found = [rustsec.read(data) for _, data in real_members("data/osv/rustsec-source.zip", ".md")]
    assert len(found) == 1225
    assert not any(reading.refused for reading in found)
