"""Published order facts, and what each scheme documents of itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from shared import real_members

from accord.supply.matching import schemes
from accord.supply.matching.versions import (
    alpine,
    bitnami,
    debian,
    golang,
    maven,
    nuget,
    packagist,
    pub,
    rpm,
    semver,
    vendor,
)
from accord.supply.matching.versions.encoding import LONGEST, Unorderable, exact, part

ASCENDING = {
    "semver": "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1"
    " 1.0.0 1.0.1 1.2.0 1.10.0 v2 2.1 99999999999999999999.0.0",
    "golang": "v0.0.0-20170915032832-14c0d48ead0c v0.0.0-20191109021931-daa7c04131f5 go1.13beta1"
    " go1.13rc1 go1.13 1.13.1 v2.0.0+incompatible go100.1",
    "pub": "1.0.0-pre 1.0.0-pre+build 1.0.0 1.0.0+1 1.0.0+2 1.0.0+10 1.0.0+a 1.0.0+a.1",
    "bitnami": "1.2.3-alpha 1.2.3-rc1 1.2.3 1.2.3-0 1.2.3-1 1.2.3-10 1.2.4",
    "pep440": "1.0.dev0 1.0a0.dev1 1.0a0 1.0a1 1.0b1 1.0rc1 1.0 1.0+a 1.0+a.1 1.0+1 1.0.post0"
    " 1.0.post1 1.0.1 1!0.1",
    "maven": "1-alpha-1-SNAPSHOT 1-alpha-1 1.0.0.Beta9 1.0-beta-10 1-m1 1-rc1 1-SNAPSHOT 1 1-sp"
    " 1-xyz 1-1 1.0.1 1.1",
    "rubygems": "1.0.a.0.b 1.0.a.0.0.b 1.0.a 1.0.a.0.0.1 1.0.a.0.1 1.0.a9"
    " 1.0.a.10 1.0.b1 1.0 1.0.0.1 1.0.1-x 1.0.1 1.2",
    "nuget": "1.0.0-ALPHA 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0 1.0.0.1-x 1.0.0.1 1.0.1",
    "packagist": "dev-main 1.0-dev 1.0a1 1.0-beta2 1.0RC1 1.0 1.0.0 1.0pl1 v1.1",
    "debian": "1.0~~ 1.0~rc1-1 1.0~rc1-1+b1 1.0 1.0-1~deb7u1 1.0-1 1.0-1ubuntu1 1.0-1+deb9u1 1.0a"
    " 1.0+a 1.0.1 1:0.1",
    "rpm": "1.0~rc1-1 1.0~rc1^git1-1 1.0 1.0- 1.0-0 1.0-1.ael7b 1.0-1.el7 1.0-1.2 1.0-2 1.0^git1-1"
    " 1.0a 1.0.1-1 1:0.1-1",
    "alpine": "1.0_alpha 1.0_alpha2 1.0_rc1 1.0 1.0-r0 1.0-r1 1.0_p1 1.0a 1.0.010 1.0.02 1.0.1"
    " 1.1 1.10",
    "cran": "0.1-1 0.1-1.0 0.1-4 0.01.5 0.2 0.9 0.75 1.0 1.0.0",
    "hackage": "0.1 0.1.0 0.1.0.0 0.1.1 0.10 1",
    "intdot": "0.9 1 1.0.1 1.2.3 1.10",
    "vendor": "1.0-0 1.0-rc1 1.0 1.0.0k 1.0.0za 1.0-h3 1.0p1 1.0_292 1.0CU9 1.0SP2"
    " 1.0SP2Update1 1.0sp10"
    " 1.0-3 1.0-49.15 1.0-51.1"
    " V1.1 15.2(4) 15.2(4)M 15.2(4)M3 15.2(10) 10000.14393.5717",
}

EQUAL = {
    "semver": "v1.2.3+a 1.2.3+b 1.2.3",
    "golang": "go1.21 v1.21.0 1.21",
    "pub": "1.2.3 v1.2.3 1.2.03",
    "pep440": "1.0 1 v1.0.0 1.0.0.0 0!1",
    "maven": "1 1.0 1-ga 1.0.0.Final 1.0-RELEASE 1.0.0-0.0 1..0",
    "rubygems": "1.0.a2 1.a.2 1.0.0.a2",
    "nuget": "1.0 1.0.0.0 1.0.00+meta 1",
    "packagist": "1.0RC1 1.0rc1 v1.0-rc.1 V1.0+rc1",
    "debian": "0:1.0 1.0-0 1.0 1.0-00 00:1.00",
    "rpm": "1.0 0:1.0 1.00 1_0 :1.0",
    "alpine": "1.2-r1 1.2-r01 01.2-r1",
    "cran": "1.0-1 1.0.1 1.00.01",
    "intdot": "1 1.0 01.0.0",
    "vendor": "1.0 v1.0.0 version.1 Release1.00 V.1.0.0.0",
    "bitnami": "2026.3.17-1 2026.03.17-01+x",
    "hackage": "1.0",
}

REFUSED = {
    "semver": "1.2.3.4|01.2.3|1.2.3-01|1.2.3-a..b|1.2.3-|1.2.3+|latest||1.2.3\n|1.2.x|\u0661.0.0",
    "golang": "(devel)|go1.2.3.4|go|go1.21 X:boringcrypto",
    "pub": "1.2.3--5|1.2.3-0x1F|1.2.3+a..b|any",
    "bitnami": "1.2-3|1.2.3.4|nightly.2026-03-10.0",
    "pep440": "0.1-bulbasaur|trunk|1.0-p1|2013-01-21T20:33:09+0100|1.0+|",
    "maven": "|1 0|1.é",
    "rubygems": "1beta|a|1..2|1.0.|",
    "nuget": "1.2.3.4.5|v1.0|1.0.0--5|1.0.0-a..b|1.0.0+.|",
    "packagist": "1.2.3.#|foo|1.0.|1..0|dev-|",
    "debian": "1_0|1.0-|a:1|:1|1:2-3:4|",
    "rpm": "",
    "alpine": "1-r|1.2A|6.6.2p1|1_foo|1..2|.1|a|1.0-r1-r2|",
    "cran": "1.0a|1..0|-1|",
    "hackage": "1.0-tag|01|1.|",
    "intdot": "1.0a|1.|",
    "vendor": "*|All versions|R2024a|1.2.x|1.2-x|1.0b2|2024-01-05|1.0-foo|1.2.3+4|n/a|SP2||1 SP2 x",
}


@pytest.mark.parametrize("scheme", schemes.SCHEMES, ids=lambda scheme: scheme.name)
def test_order(scheme: schemes.Scheme) -> None:
    versions = ASCENDING[scheme.name].split()
    keys = [scheme.order(version) for version in versions]
    assert [versions[keys.index(key)] for key in sorted(keys)] == versions
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("scheme", schemes.SCHEMES, ids=lambda scheme: scheme.name)
def test_equality(scheme: schemes.Scheme) -> None:
    assert len({scheme.order(version) for version in EQUAL[scheme.name].split()}) == 1


@pytest.mark.parametrize("scheme", schemes.SCHEMES, ids=lambda scheme: scheme.name)
def test_refusal(scheme: schemes.Scheme) -> None:
    for version in REFUSED[scheme.name].split("|"):
        with pytest.raises(Unorderable, match="has no place in the"):
            scheme.order(version)


@pytest.mark.parametrize("scheme", schemes.SCHEMES, ids=lambda scheme: scheme.name)
@pytest.mark.parametrize("piece", ["1", "1.", "-1", "1a", "_p", "~", ".a", "1-", " ", "+0", "(1)"])
def test_hostile_lengths_are_refused_at_once(scheme: schemes.Scheme, piece: str) -> None:
    for tail in ("", "1", "!"):
        with pytest.raises(Unorderable):
            scheme.order("1" + piece * 200_000 + tail)


def test_the_longest_version_has_a_key() -> None:
    assert semver.key("9" * (LONGEST - 4) + ".1.1") > semver.key("8" * (LONGEST - 4) + ".1.1")
    with pytest.raises(Unorderable):
        semver.key("9" * (LONGEST + 1))


def test_short_names_for_short_things() -> None:
    assert part("007") == part("7") == b"\x02\x017"
    assert exact("\ud800") != exact("?")


def test_packagist_branches_equal_only_themselves() -> None:
    assert packagist.key("dev-main") != packagist.key("dev-master")
    assert packagist.key("dev-main") < packagist.key("0")


def test_maven_order_is_total_where_mavens_own_is_not() -> None:
    below, plain, above = map(maven.key, ("1-alpha", "1", "1.sp.1"))
    assert below < plain < above


def test_nuget_labels_past_32_bits_are_text() -> None:
    assert nuget.key("1.0.0-9999999999") > nuget.key("1.0.0-20230101123456")
    assert nuget.key("1.0.0-2147483647") < nuget.key("1.0.0-10000000000")


def test_pub_identifiers_past_64_bits_are_text() -> None:
    assert pub.key("1.0.0-9223372036854775808") > pub.key("1.0.0-9223372036854775807")
    assert pub.key("1.0.0-9223372036854775807") < pub.key("1.0.0--a")
    assert pub.key("1.0.0-99223372036854775808") < pub.key("1.0.0-a")


def test_vendors_words() -> None:
    assert vendor.key("7.1 SP2") == vendor.key("7.1 Service Pack 2") == vendor.key("v7.1sp2")
    assert vendor.key("2021 CU9") < vendor.key("2021 CU10")
    assert vendor.key("8u292") == vendor.key("8_292") == vendor.key("8 Update 292")
    assert vendor.key("1.0.2zb") > vendor.key("1.0.2za") > vendor.key("1.0.2z")


def test_characters_without_weight() -> None:
    assert rpm.key("1.1.\u03b1") == rpm.key("1.1.\u03b2\u03b2") == rpm.key("1.1")
    assert debian.key("1.0-1") != debian.key("1.0.1")
    assert bitnami.key("1.2.3+a") == bitnami.key("1.2.3")
    assert alpine.key("1.0") != alpine.key("1.00")
    assert golang.key("v2.0.0+incompatible") == golang.key("v2.0.0")


def facts() -> Iterator[tuple[str, str, str, str]]:
    """Ecosystem, version, relation, version; for every line of every file of facts."""
    for name, data in real_members("data/versions/osv-scalibr.zip", ".txt"):
        ecosystem = name.rpartition("/")[2].partition("-versions")[0]
        for line in data.decode().splitlines():
            if line.strip() and not line.startswith(("#", "//")):
                first, relation, second = line.split()
                yield ecosystem, first, relation, second


BEFORE_MAVEN_387 = {
    "1.0.0-RC16 1.0.0.RC8-beta", "1.0.0-gradle-rework-beta3 1.0.0.RC7-3", "2.9.0-1 2.9.0.RC1",
    "6.1.12.rc5 6.1.12rc1", "1.1.31.sec10 1.1.31_noneautotype",
    "1.1.34.sec10 1.1.34_noneautotype", "1.1.46.sec10 1.1.46_noneautotype",
    "1.2.8.sec10_noneautotype 1.2.8_noneautotype", "1.2.31.sec10 1.2.31_noneautotype",
    "1.2.48.sec10 1.2.48_noneautotype", "1.2.50.sec10 1.2.50_noneautotype",
    "1.2.54.sec10 1.2.54_noneautotype", "1.2.57.sec10 1.2.57_noneautotype",
    "1.2.60.sec10 1.2.60_noneautotype", "1.2.67.sec10 1.2.67_noneautotype",
    "1.0.0rc0 1.0.beta8", "1.5.9.RC1 1.5.9-RC0", "1.1.0-01-glassfish 1.1.0.Beta1", "1-1 1-ga-1",
}  # fmt: skip
"""Pairs that are recorded in the order of Maven before 3.8.7, which treated `.X` unlike `-X`;
Maven 3.8.7 itself compares each the other way."""

UNORDERABLE = {"alpine": 95, "packagist": 6, "pub": 1, "pypi": 80, "rubygems": 2, "semver": 1}
"""Lines with a version that is none of its ecosystem's: apk refuses `6.6.2p1`, PEP 440 refuses
`0.1-bulbasaur`, Gem::Version refuses `1beta`, no order has a fifth number or a `#`."""


def test_agreement_with_published_facts() -> None:
    agreed: Counter[str] = Counter()
    unorderable: Counter[str] = Counter()
    contradicted = set()
    for ecosystem, first, relation, second in facts():
        scheme = schemes.of_ecosystem(ecosystem)
        assert scheme is not None, ecosystem
        found = schemes.compare(scheme, first, second)
        if found == "unorderable":
            unorderable[ecosystem] += 1
        elif found in relation:
            agreed[ecosystem] += 1
        else:
            contradicted.add(f"{first} {second}")
    assert contradicted == BEFORE_MAVEN_387
    assert unorderable == UNORDERABLE
    assert agreed.total() > 71_000
