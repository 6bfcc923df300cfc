"""Version orders: each equals its ecosystem's own, and bytes compare alike in every engine."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
import semver as semver_library
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version
from property import strategies as generated
from univers.gem import GemVersion
from univers.nuget import Version as NugetVersion

from accord.supply.matching import schemes
from accord.supply.matching.versions import (
    alpine,
    cran,
    debian,
    golang,
    hackage,
    intdot,
    maven,
    nuget,
    packagist,
    pep440,
    pub,
    rpm,
    rubygems,
    semver,
    vendor,
)
from accord.supply.matching.versions.encoding import Unorderable, natural

FEW = settings(max_examples=400, deadline=None)
JARS = (
    Path("/usr/share/maven-repo/org/apache/maven/maven-artifact/3.8.7/maven-artifact-3.8.7.jar"),
    Path("/usr/share/java/maven-artifact-3.x.jar"),
)


def sign(a: bytes, b: bytes) -> int:
    return (a > b) - (a < b)


def compared(key: Callable[[str], bytes], a: str, b: str) -> int:
    return sign(key(a), key(b))


@FEW
@given(a=st.from_regex(r"[0-9]{1,300}", fullmatch=True), b=st.integers(min_value=0).map(str))
def test_natural_numbers(a: str, b: str) -> None:
    assert sign(natural(a), natural(b)) == (int(a) > int(b)) - (int(a) < int(b))
    assert natural(a) == natural(b) or not natural(b).startswith(natural(a))


@FEW
@given(a=generated.semver_versions, b=generated.semver_versions)
def test_semver_order(a: str, b: str) -> None:
    expected = semver_library.Version.parse(a).compare(b)
    assert compared(semver.key, a, b) == expected
    assert compared(golang.key, f"v{a}", b) == expected


@FEW
@given(a=generated.semver_versions, b=generated.semver_versions)
def test_pub_order_is_semver_order_but_for_build_metadata(a: str, b: str) -> None:
    expected = semver_library.Version.parse(a).compare(b)
    assert compared(pub.key, a, b) == (expected or a.count("+") - b.count("+"))


@FEW
@given(a=generated.pep440_versions, b=generated.pep440_versions)
def test_pep440_order(a: str, b: str) -> None:
    first, second = Version(a), Version(b)
    assert compared(pep440.key, a, b) == (first > second) - (first < second)


@FEW
@given(text=st.text("019.-_+!abcdeoprstvx ", max_size=9))
def test_pep440_refuses_what_packaging_refuses(text: str) -> None:
    try:
        Version(text)
    except ValueError:
        with pytest.raises(Unorderable):
            pep440.key(text)
    else:
        pep440.key(text)


@FEW
@given(a=generated.rubygems_versions, b=generated.rubygems_versions)
def test_rubygems_order(a: str, b: str) -> None:
    first, second = GemVersion(a), GemVersion(b)  # type: ignore[no-untyped-call]
    assert compared(rubygems.key, a, b) == (first > second) - (first < second)


@FEW
@given(a=generated.nuget_versions, b=generated.nuget_versions)
def test_nuget_order(a: str, b: str) -> None:
    first, second = (NugetVersion.from_string(text) for text in (a, b))  # type: ignore[no-untyped-call]
    assert compared(nuget.key, a, b) == (first > second) - (first < second)


@FEW
@given(a=generated.dotted_versions, b=generated.dotted_versions)
def test_dotted_numbers(a: str, b: str) -> None:
    first, second = ([int(part) for part in text.split(".")] for text in (a, b))
    plain = (first > second) - (first < second)
    assert compared(cran.key, a, b) == plain
    assert compared(hackage.key, a, b) == plain
    width = max(len(first), len(second))
    first += [0] * (width - len(first))
    second += [0] * (width - len(second))
    padded = (first > second) - (first < second)
    for key in (intdot.key, vendor.key, maven.key, rubygems.key, pep440.key):
        assert compared(key, a, b) == padded


@FEW
@given(a=generated.alpine_versions, b=generated.alpine_versions)
def test_alpine_order(a: str, b: str) -> None:
    assert compared(alpine.key, a, b) == apk_compare(a, b)


def apk_tokens(version: str) -> list[tuple[int, str]]:
    """Kinds of tokens as apk-tools numbers them, with their text."""
    body, _, revision = version.partition("-r")
    body, _, commit = body.partition("~")
    body, *suffixes = body.split("_")
    letter = body[-1] if body[-1].isalpha() else ""
    first, *rest = body.removesuffix(letter).split(".")
    tokens = [(0, first), *((1, digits) for digits in rest)]
    tokens += [(2, letter)] if letter else []
    for suffix in suffixes:
        word = suffix.rstrip("0123456789")
        tokens += [(3, word)] + ([(4, suffix[len(word) :])] if suffix != word else [])
    tokens += [(5, commit)] if commit else []
    tokens += [(6, revision)] if revision else []
    return [*tokens, (7, "")]


SUFFIXES = ["alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p"]


def apk_compare(a: str, b: str) -> int:
    """Token by token, as the source of apk-tools 3 describes it."""
    for (kind, text), (other_kind, other) in zip(apk_tokens(a), apk_tokens(b), strict=False):
        if kind != other_kind:
            for mine, words, result in ((kind, text, -1), (other_kind, other, 1)):
                if mine == 3 and SUFFIXES.index(words) < SUFFIXES.index(""):
                    return result
            return (kind < other_kind) - (kind > other_kind)
        result = apk_value(kind, text, other)
        if result:
            return result
    return 0


def apk_value(kind: int, a: str, b: str) -> int:
    if kind == 3:
        x, y = SUFFIXES.index(a), SUFFIXES.index(b)
        return (x > y) - (x < y)
    if kind in (2, 5, 7) or (kind == 1 and "0" in (a[0], b[0])):
        return (a > b) - (a < b)
    return (int(a) > int(b)) - (int(a) < int(b))


@FEW
@given(a=generated.packagist_versions, b=generated.packagist_versions)
def test_packagist_order(a: str, b: str) -> None:
    assert compared(packagist.key, a, b) == php_compare(php_parts(a), php_parts(b))


def php_parts(version: str) -> list[str]:
    """PHP's canonical form: split where digits and letters meet, and at separators."""
    canonical = ""
    for character in version.removeprefix("v"):
        last = canonical[-1:]
        if character in "-_+.":
            canonical += "." if last != "." else ""
        elif last not in ("", ".") and last.isdigit() != character.isdigit():
            canonical += f".{character}"
        else:
            canonical += character
    return canonical.split(".")


def php_level(part: str) -> int:
    names = (("dev", 0), ("alpha", 1), ("a", 1), ("beta", 2), ("b", 2), ("RC", 3), ("rc", 3),
             ("#", 4), ("pl", 5), ("p", 5))  # fmt: skip
    return next((level for name, level in names if part.startswith(name)), -1)


def php_compare(a: list[str], b: list[str]) -> int:
    for x, y in zip(a, b, strict=False):
        if x.isdigit() and y.isdigit():
            result = (int(x) > int(y)) - (int(x) < int(y))
        else:
            left, right = (php_level("#" if one.isdigit() else one) for one in (x, y))
            result = (left > right) - (left < right)
        if result:
            return result
    if len(a) == len(b):
        return 0
    longer, sense = (a, 1) if len(a) > len(b) else (b, -1)
    rest = longer[min(len(a), len(b))]
    if rest.isdigit():
        return sense
    return sense * ((php_level(rest) > 4) - (php_level(rest) < 4))


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="dpkg is not on this machine")
def test_debian_order() -> None:
    versions = generated.sample(generated.debian_versions, 500)
    script = "".join(
        f"if dpkg --compare-versions '{a}' lt '{b}'; then echo -1;"
        f" elif dpkg --compare-versions '{a}' gt '{b}'; then echo 1; else echo 0; fi\n"
        for a, b in pairwise(versions)
    )
    assert output(["sh"], script) == signs(debian.key, versions)


@pytest.mark.skipif(shutil.which("rpm") is None, reason="rpm is not on this machine")
def test_rpm_order() -> None:
    versions = generated.sample(generated.rpm_versions, 1500)
    lines = "".join(f'print(rpm.vercmp("{a}", "{b}") .. "\\n")\n' for a, b in pairwise(versions))
    assert output(["rpm", "--eval", f"%{{lua:\n{lines}}}"]) == signs(rpm.key, versions)


def output(command: list[str], given_text: str = "") -> list[int]:
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(
        command, input=given_text, capture_output=True, text=True, check=True, env=environment
    )
    return [int(line) for line in done.stdout.split()]


def signs(key: Callable[[str], bytes], versions: list[str]) -> list[int]:
    return [compared(key, a, b) for a, b in pairwise(versions)]


def maven_signs(pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """How Maven 3.8.7 itself compares each pair."""
    jar = next((one for one in JARS if one.exists()), None)
    if jar is None or shutil.which("java") is None:
        pytest.skip("Maven 3.8.7 is not on this machine (Debian's libmaven3-core-java has it)")
    classes = f"{jar}:/usr/share/java/commons-lang3.jar"
    name = "org.apache.maven.artifact.versioning.ComparableVersion"
    versions = [version for pair in pairs for version in pair]
    done = subprocess.run(
        ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", classes, name, *versions],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = {}
    for line in done.stdout.splitlines():
        words = line.split()
        if len(words) == 3 and words[1] in ("<", "==", ">"):
            found[words[0], words[2]] = {"<": -1, "==": 0, ">": 1}[words[1]]
    return found


def test_maven_order() -> None:
    """Equal to Maven's, unless Maven contradicts itself by way of a common beginning."""
    versions = generated.sample(generated.maven_versions, 3000)
    found = maven_signs(pairwise(versions))
    assert len(found) > 2900
    wrong = [pair for pair, expected in found.items() if compared(maven.key, *pair) != expected]
    assert len(wrong) < len(found) / 20
    beginnings = {pair: common_beginnings(*pair) for pair in wrong}
    asked = [
        pair for (a, b), every in beginnings.items() for c in every for pair in ((a, c), (c, b))
    ]
    said = maven_signs(asked) if asked else {}
    for (a, b), every in beginnings.items():
        ours = compared(maven.key, a, b)
        assert any(said[a, c] in (0, ours) and said[c, b] in (0, ours) for c in every), (a, b)


def common_beginnings(a: str, b: str) -> list[str]:
    """Plain versions by way of which two others may compare."""
    return sorted({text[:place] for text in (a, b) for place in range(1, len(text) + 1)})


ALL = {
    "semver": generated.semver_versions,
    "golang": generated.semver_versions,
    "pub": generated.semver_versions,
    "bitnami": generated.semver_versions,
    "pep440": generated.pep440_versions,
    "maven": generated.maven_versions,
    "rubygems": generated.rubygems_versions,
    "nuget": generated.nuget_versions,
    "packagist": generated.packagist_versions,
    "debian": generated.debian_versions,
    "rpm": generated.rpm_versions,
    "alpine": generated.alpine_versions,
    "cran": generated.dotted_versions,
    "hackage": generated.dotted_versions,
    "intdot": generated.dotted_versions,
    "vendor": generated.vendor_versions,
}


@pytest.mark.parametrize("scheme", schemes.SCHEMES, ids=lambda scheme: scheme.name)
def test_keys_stand_within_their_bounds(scheme: schemes.Scheme) -> None:
    for version in generated.sample(ALL[scheme.name], 60):
        key = scheme.order(version)
        assert key
        assert key[0] < 0xFD


@pytest.mark.parametrize("scheme", schemes.SCHEMES, ids=lambda scheme: scheme.name)
@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=12))
def test_any_text_has_a_key_or_is_unorderable(scheme: schemes.Scheme, text: str) -> None:
    try:
        assert scheme.order(text)[0] < 0xFD
    except Unorderable:
        assert schemes.compare(scheme, text, "1") == "unorderable"


def every_key() -> list[bytes]:
    return [
        schemes.key(scheme, version)
        for scheme in schemes.SCHEMES
        for version in generated.sample(ALL[scheme.name], 40)
    ]


def test_sqlite_compares_keys_as_python_does() -> None:
    keys = every_key()
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE k (k BLOB)")
        database.executemany("INSERT INTO k VALUES (?)", [(key,) for key in keys])
        found = [row[0] for row in database.execute("SELECT k FROM k ORDER BY k")]
        less = database.execute("SELECT count(*) FROM k a JOIN k b ON a.k < b.k").fetchone()[0]
    database.close()
    assert found == sorted(keys)
    assert less == sum(a < b for a in keys for b in keys)


def test_duckdb_compares_keys_as_python_does() -> None:
    keys = every_key()
    with duckdb.connect() as database:
        database.execute("CREATE TABLE k (k BLOB)")
        database.executemany("INSERT INTO k VALUES (?)", [(key,) for key in keys])
        found = database.execute("SELECT k FROM k ORDER BY k").fetchall()
        less = database.execute("SELECT count(*) FROM k a JOIN k b ON a.k < b.k").fetchall()
    assert [row[0] for row in found] == sorted(keys)
    assert less == [(sum(a < b for a in keys for b in keys),)]
