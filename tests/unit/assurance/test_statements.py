"""What authorities state, and what is read of it."""

from __future__ import annotations

import json

import msgspec
import pytest

from accord.assurance.assessing.baseline import Baseline, Need, Table
from accord.assurance.assessing.deciding import Assessment, assess_all
from accord.assurance.assessing.recognition import Rule
from accord.assurance.model import Claim, Level, Link
from accord.assurance.statements import rule, standard, verdict
from accord.assurance.statements.facts import Recognition, Verdict
from accord.core.errors import Invalid

NOW = "2026-11-23T12:00:00.000000Z"
EARLIER = "2026-11-01T00:00:00.000000Z"
SLSA, PS = "slsa@1.0#build-l2", "ssdf@1.1#PS.2.1"
RELEASE = verdict.Release(
    product="GridView", release="4.2", type="application", digests=("sha256:" + "a" * 64,)
)


class Nothing:
    def sources(self, item: str) -> tuple[()]:
        return ()


def assessed(*claims: Claim) -> Assessment:
    baseline = Baseline(
        name="in",
        version="2026.1",
        needs=(
            Need(id="PR-1", title="built by a platform", items=((SLSA,),), level=Level.VERIFIED),
            Need(id="PR-2", title="integrity", items=((PS,),), level=Level.THIRD_PARTY, grace=30),
        ),
    )
    return assess_all(Table([baseline], Nothing()), claims, NOW)[0]


BUILT = Claim(item=SLSA, level=Level.VERIFIED, kind="provenance", evidence="sha256:" + "b" * 64)
SAID = Claim(
    item=PS, level=Level.SELF_ASSERTED, kind="attestation form", issuer="supplier", issued=EARLIER
)


def test_a_verdict_is_read_as_it_was_stated() -> None:
    found = assessed(BUILT, SAID)
    body = verdict.write(found, RELEASE, NOW, "R. Iyer")
    reading = verdict.read(body)
    (fact,) = reading.facts
    assert isinstance(fact, Verdict)
    assert (fact.authority, fact.product, fact.release) == ("in", "GridView", "4.2")
    assert (fact.verdict, fact.digests) == ("accept with conditions", RELEASE.digests)
    known = verdict.known(fact, "c" * 64)
    assert {one.item: one.level for one in known.found} == {
        SLSA: Level.VERIFIED, PS: Level.SELF_ASSERTED,
    }  # fmt: skip
    assert reading.edition == NOW
    assert body == verdict.write(found, RELEASE, NOW, "R. Iyer")


def test_a_denial_and_what_was_recognised_are_stated() -> None:
    denied = Claim(item=PS, holds=False, level=Level.VERIFIED, kind="fact", why="an open KEV")
    link = Link("r1", "sha256:" + "d" * 64)
    let_in = msgspec.structs.replace(BUILT, kind="recognised verdict", issuer="jp", links=(link,))
    (fact,) = verdict.read(verdict.write(assessed(let_in, denied), RELEASE, NOW, "A")).facts
    assert isinstance(fact, Verdict)
    found = {one.item: one for one in verdict.known(fact, "c" * 64).found}
    assert fact.verdict == "reject"
    assert found[PS].denied
    assert found[SLSA].links == (link,)


def test_a_release_without_a_digest_is_not_stated() -> None:
    nameless = msgspec.structs.replace(RELEASE, digests=())
    with pytest.raises(Invalid, match="accord evidence add"):
        verdict.write(assessed(BUILT), nameless, NOW, "A")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"buyer": "in"', '"buyer": ""', "names buyer"),
        ('"verdict": "accept with conditions"', '"verdict": "fine"', "fine"),
        ('"verdict": "verified"', '"verdict": "sure"', "sure"),
        ("urn:accord:verdict:1", "urn:accord:verdict:2", "predicateType"),
        ('"sha256": "aaaa', '"sha256": "zzzz', "SHA-256"),
        (f'"at": "{NOW}"', '"at": "soon"', "not a date"),
        (f'"at": "{NOW}"', '"at": ""', "has a date"),
        ('"person": "A"', '"person": "A", "more": 1', "more"),
        ('"buyer": "in"', '"buyer": "us", "buyer": "in"', "uplicate|twice"),
        ("\n", "\n ", "one form"),
    ],
)
def test_what_is_no_verdict_is_refused(old: str, new: str, reason: str) -> None:
    body = verdict.write(assessed(BUILT, SAID), RELEASE, NOW, "A").decode()
    assert old in body
    with pytest.raises(Invalid) as wrong:
        verdict.read(body.replace(old, new, 1).encode())
    assert any(part in f"{wrong.value} {wrong.value.place}" for part in reason.split("|"))


RULE = Rule(
    id="au-in-1", by="au", of="in", items=("ssdf@1.1#*",), without=("network device",),
    since=EARLIER, until="2027-11-01T00:00:00.000000Z", person="J. Ward", why="mutual agreement",
)  # fmt: skip


def facts(*bodies: bytes) -> list[Recognition]:
    found = []
    for body in bodies:
        (fact,) = rule.read(body).facts
        assert isinstance(fact, Recognition)
        found.append(fact)
    return found


def test_a_rule_is_read_as_it_was_stated() -> None:
    assert rule.known(facts(rule.write(RULE, NOW))) == [RULE]


def test_what_is_revoked_stays_revoked() -> None:
    ended = msgspec.structs.replace(RULE, revoked=NOW, person="K. Lee", why="a breach")
    for order in ([RULE, ended, RULE], [ended, RULE], [RULE, ended]):
        (found,) = rule.known(facts(*(rule.write(one, NOW) for one in order)))
        assert found.revoked == NOW
        assert not found.stands(NOW)
        assert found.stands(EARLIER)


def test_a_rule_that_is_stated_in_two_ways_does_not_count() -> None:
    wider = msgspec.structs.replace(RULE, items=("*",))
    (found,) = rule.known(facts(rule.write(RULE, NOW), rule.write(wider, NOW)))
    assert not found.stands(NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"of": "au"},
        {"by": "A B"},
        {"items": ()},
        {"level": Level.UNKNOWN},
        {"until": EARLIER},
        {"person": ""},
        {"since": ""},
    ],
)
def test_what_is_no_rule_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        rule.read(rule.write(msgspec.structs.replace(RULE, **change), NOW))


def test_others_read_what_was_found_to_hold() -> None:
    found = json.loads(standard.svr(assessed(BUILT, SAID), RELEASE, NOW, "urn:accord:node:india"))
    assert found["_type"] == "https://in-toto.io/Statement/v1"
    assert found["subject"] == [{"name": "GridView 4.2", "digest": {"sha256": "a" * 64}}]
    assert found["predicate"]["properties"] == [
        "ACCORD_IN_ACCEPT_WITH_CONDITIONS",
        "ACCORD_IN_PR_1",
    ]
    assert found["predicate"]["timeCreated"] == "2026-11-23T12:00:00Z"
    with pytest.raises(Invalid, match="nothing"):
        standard.svr(assessed(), RELEASE, NOW, "urn:accord:node:india")


def test_a_slsa_summary_passes_or_fails() -> None:
    sure = msgspec.structs.replace(SAID, level=Level.THIRD_PARTY)
    passed = json.loads(standard.vsa(assessed(BUILT, sure), RELEASE, NOW, "urn:x"))["predicate"]
    assert (passed["verificationResult"], passed["verifiedLevels"]) == (
        "PASSED", ["SLSA_BUILD_LEVEL_2"],
    )  # fmt: skip
    assert passed["slsaVersion"] == "1.0"
    denied = msgspec.structs.replace(BUILT, holds=False)
    failed = json.loads(standard.vsa(assessed(denied), RELEASE, NOW, "urn:x"))["predicate"]
    assert failed["verificationResult"] == "FAILED"
    with pytest.raises(Invalid, match="passes or fails"):
        standard.vsa(assessed(BUILT, SAID), RELEASE, NOW, "urn:x")
