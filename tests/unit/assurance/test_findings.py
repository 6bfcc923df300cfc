"""What a node finds by itself, for and against what is claimed."""

from __future__ import annotations

import msgspec
import pytest

from accord.assurance.assessing.findings import (
    AGREES,
    CONTACT,
    EXPLOITED,
    IN_TIME,
    SUPPORTED,
    Ended,
    Named,
    OpenVulnerability,
    Shipped,
    findings,
)
from accord.assurance.model import Claim, Level

NOW = "2026-11-23T12:00:00.000000Z"
JULY, AUGUST, OCTOBER = (f"2026-{month}-01T00:00:00.000000Z" for month in ("07", "08", "10"))
BILL, PROVENANCE = "b" * 64, "c" * 64
DISCLOSES = "ssdf@1.1#RV.1.3"


def found(shipped: Shipped, *claims: Claim) -> dict[str, list[bool]]:
    """Whether each item holds, claim by claim."""
    answer: dict[str, list[bool]] = {}
    for one in findings(shipped, claims, NOW, frozenset({DISCLOSES})):
        assert one.level == Level.VERIFIED
        assert one.why
        answer.setdefault(one.item, []).append(one.holds)
    return answer


def said(item: str) -> Claim:
    return Claim(item=item, level=Level.SELF_ASSERTED, kind="attestation form", issuer="Gridworks")


def test_nothing_known_is_no_claim() -> None:
    assert found(Shipped()) == {}


KEV = OpenVulnerability(
    vulnerability="CVE-2021-44228", component="log4j-core", exploited="2021-12-10", document=BILL
)
CLEAN = Shipped(bills=(BILL,), counted=3)


@pytest.mark.parametrize(
    ("shipped", "expected"),
    [
        (CLEAN, [True]),
        (msgspec.structs.replace(CLEAN, unknown=1), None),
        (msgspec.structs.replace(CLEAN, counted=0), None),
        (msgspec.structs.replace(CLEAN, bills=()), None),
        (msgspec.structs.replace(CLEAN, vulnerabilities=(KEV, KEV)), [False, False]),
        (msgspec.structs.replace(CLEAN, unknown=2, vulnerabilities=(KEV,)), [False]),
        (
            msgspec.structs.replace(
                CLEAN,
                vulnerabilities=(msgspec.structs.replace(KEV, open=False, closed=Level.VERIFIED),),
            ),
            [True],
        ),
        (
            msgspec.structs.replace(
                CLEAN, vulnerabilities=(msgspec.structs.replace(KEV, exploited=""),)
            ),
            [True],
        ),
    ],
)
def test_known_exploited(shipped: Shipped, expected: list[bool] | None) -> None:
    assert found(shipped).get(EXPLOITED) == expected


def test_a_contradiction_names_both_sides_and_the_document() -> None:
    (one,) = findings(msgspec.structs.replace(CLEAN, vulnerabilities=(KEV,)), [], NOW)
    assert "CVE-2021-44228 in log4j-core" in one.why
    assert "2021-12-10" in one.why
    assert one.evidence == f"sha256:{BILL}"


def test_end_of_life() -> None:
    old = Ended("python 3.8", "2024-10-07", BILL)
    assert found(Shipped(ended=(old,)))[SUPPORTED] == [False]
    assert found(Shipped(ended=(old,), supported=True))[SUPPORTED] == [False]
    assert found(Shipped(supported=True))[SUPPORTED] == [True]


def named(name: str, digest: str = "", document: str = BILL) -> Named:
    return Named(name, digest, document, Level.VERIFIED)


@pytest.mark.parametrize(
    ("shipped", "expected"),
    [
        (
            Shipped(billed=(named("a", "sha256:1"),), built=(named("a", "sha256:1", PROVENANCE),)),
            [True],
        ),
        (
            Shipped(billed=(named("a", "sha256:1"),), built=(named("a", "sha256:2", PROVENANCE),)),
            [False],
        ),
        (
            Shipped(billed=(named("a", "sha512:1"),), built=(named("a", "sha256:2", PROVENANCE),)),
            None,
        ),
        (Shipped(billed=(named("a"),), built=(named("a", "sha256:2", PROVENANCE),)), None),
        (
            Shipped(
                components=("pkg:npm/a@1.0?x=y", "pkg:npm/b@2"),
                made_from=(named("pkg:npm/a@1.1", "", PROVENANCE),),
            ),
            [False],
        ),
        (
            Shipped(
                components=("pkg:npm/a@1.0", "pkg:npm/a@1.1"),
                made_from=(named("pkg:npm/a@1.1", "", PROVENANCE), named("git+https://x@abc")),
            ),
            None,
        ),
    ],
)
def test_bill_and_provenance(shipped: Shipped, expected: list[bool] | None) -> None:
    assert found(shipped).get(AGREES) == expected


def answered(published: str, answer: str) -> OpenVulnerability:
    return OpenVulnerability(
        vulnerability="CVE-2026-1",
        component="x",
        published=published,
        answered=answer,
        arrived=answer,
    )


@pytest.mark.parametrize(
    ("published", "answer", "expected"),
    [
        (JULY, AUGUST, [False]),
        (JULY, "2026-07-20T00:00:00.000000Z", [True]),
        (OCTOBER, "", [False]),
        ("2026-11-20T00:00:00.000000Z", "", None),
        ("", AUGUST, None),
    ],
)
def test_answers_in_time(published: str, answer: str, expected: list[bool] | None) -> None:
    shipped = Shipped(vulnerabilities=(answered(published, answer),))
    assert found(shipped, said("fact@1#responds-within-30")).get(IN_TIME) == expected
    assert IN_TIME not in found(shipped)


@pytest.mark.parametrize(
    ("closed", "expected"),
    [(Level.UNKNOWN, None), (Level.SELF_ASSERTED, Level.SELF_ASSERTED)],
)
def test_what_a_supplier_closes_is_its_word(closed: Level, expected: Level | None) -> None:
    one = msgspec.structs.replace(KEV, open=False, closed=closed)
    made = findings(msgspec.structs.replace(CLEAN, vulnerabilities=(one,)), [], NOW)
    assert [(claim.level, claim.holds) for claim in made] == (
        [(expected, True)] if expected else []
    )


@pytest.mark.parametrize("level", [Level.UNKNOWN, Level.SELF_ASSERTED, Level.THIRD_PARTY])
def test_provenance_proves_as_far_as_it_is_believed(level: Level) -> None:
    built = Named("a", "sha256:1", PROVENANCE, level)
    made = findings(Shipped(billed=(named("a", "sha256:1"),), built=(built,)), [], NOW)
    assert [one.level for one in made] == ([Level.SELF_ASSERTED] if level else [])


def test_one_unequal_digest_contradicts_and_a_weak_one_proves_nothing() -> None:
    weak, ours, theirs = (named("a", one) for one in ("sha1:1", "sha256:1", "sha256:2"))
    assert found(Shipped(billed=(weak, ours), built=(weak, theirs)))[AGREES] == [False]
    assert AGREES not in found(Shipped(billed=(weak,), built=(weak,)))


def test_the_shortest_claim_counts() -> None:
    shipped = Shipped(vulnerabilities=(answered(JULY, "2026-07-20T00:00:00.000000Z"),))
    claims = [said("fact@1#responds-within-90"), said("fact@1#responds-within-7")]
    assert found(shipped, *claims)[IN_TIME] == [False]
    (one,) = findings(shipped, claims, NOW)
    assert "Gridworks claims 7 days" in one.why


def test_a_contact_that_is_not_there() -> None:
    assert found(Shipped(), said(DISCLOSES))[CONTACT] == [False]
    assert found(Shipped(contacts=("mailto:psirt@gridworks.example",)), said(DISCLOSES)) == {
        CONTACT: [True]
    }
    assert CONTACT not in found(Shipped(), said("ssdf@1.1#PS.1.1"))
