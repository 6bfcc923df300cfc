"""Releases assessed on a node: evidence and facts in, verdicts and what is missing out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import evidence_made as made
import msgspec
import nodes
import pytest
from assessing_made import (
    BUILT,
    CLEAN,
    CONTACT,
    GUARDED,
    PLAIN,
    PROMPT,
    SAFE,
    STRICT,
    assessed,
    baseline,
    changes,
    form,
    provenance,
    requirement,
    verdicts,
)
from evidence_made import NOW, PRODUCT, RELEASE, Desk, Key

from accord.assurance.assessing.recognition import Rule
from accord.assurance.evidence.errors import WrongSubject
from accord.assurance.statements import verdict
from accord.assurance.statements.facts import Verdict
from accord.core.errors import Invalid, NotFound
from accord.flows.assessing import recognise, state
from accord.flows.assessing.assess import Question, assess_one
from accord.flows.assessing.tender import compare, read_tender
from accord.flows.evidence.add import remove
from accord.flows.evidence.issuers import end
from accord.flows.judge import confirm
from accord.flows.rebuild import rebuild

OTHER = nodes.kev("CVE-2020-9999", released="2026-01-01T00:00:00Z")
"""A catalogue, so that what it does not name is known not to be exploited."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    found = Desk(tmp_path)
    nodes.give(found.node, [("strict", STRICT), ("plain", PLAIN), ("safe", SAFE), ("kev", OTHER)])
    # Of this package nothing is said, but of others from where it is.
    nodes.give(found.node, [("osv", nodes.osv("CVE-2020-0001", "right-pad"))])
    return found


def test_nothing_is_not_enough(desk: Desk) -> None:
    nodes.give(desk.node, [("bill", nodes.bill(PRODUCT, RELEASE))])
    found = verdicts(desk)
    # The bill alone answers one thing: nothing that is known to be exploited is in it.
    assert found == {"plain": "cannot decide", "safe": "accept", "strict": "cannot decide"}
    with pytest.raises(NotFound, match="accord evidence add"):
        assess_one(desk.node.assessing, "", NOW, Question(product="Nobody's"))
    with pytest.raises(Invalid, match="'nobody' has no baseline here; use one of"):
        assessed(desk, "nobody")


def test_the_suppliers_word_is_enough_for_some_and_a_condition_for_others(desk: Desk) -> None:
    desk.add(form(GUARDED))
    provenance(desk, Key())
    found = assessed(desk, "plain", "strict")
    plain, strict = found.assessments
    assert (plain.verdict, strict.verdict) == ("accept", "accept with conditions")
    (condition,) = strict.conditions
    assert (condition.need, condition.by[:10]) == ("guarded", "2026-12-23")
    (missing,) = found.missing
    assert (missing.item, missing.level.words) == (GUARDED, "third party")
    assert missing.unlocks == (("strict", "guarded"),)
    assert missing.accepts == ("strict",)


def test_a_third_partys_word_is_enough_for_all(desk: Desk) -> None:
    key = Key()
    desk.issuer("Lab", "assessor", keys=key.given)
    provenance(desk, Key())
    desk.add(made.envelope(made.result(GUARDED), key))
    assert verdicts(desk, "plain", "strict") == {"plain": "accept", "strict": "accept"}
    end(desk, "Lab", person="Ana", why="lost its licence")
    assert verdicts(desk, "plain", "strict") == {
        "plain": "cannot decide", "strict": "cannot decide",
    }  # fmt: skip


LEFT_PAD = nodes.osv("CVE-2026-0001")
EXPLOITED = nodes.kev("CVE-2026-0001")


def test_a_fact_contradicts_and_both_sides_are_named(desk: Desk) -> None:
    nodes.give(desk.node, [("bill", nodes.bill(PRODUCT, RELEASE)), ("advisory", LEFT_PAD)])
    desk.add(form("ssdf@1.1#RV.2.2"))
    response = baseline("response", requirement("answers", "ssdf@1.1#RV.2.2", "self-asserted"))
    nodes.give(desk.node, [("response", response)])
    assert verdicts(desk, "safe", "response") == {"safe": "accept", "response": "accept"}
    nodes.give(desk.node, [("kev", EXPLOITED)])
    found = assessed(desk, "safe", "response")
    safe, answers = found.assessments
    assert (safe.verdict, answers.verdict) == ("reject", "reject")
    (reason,) = answers.reasons
    assert "Lantern Works (attestation form)" in reason
    assert "CVE-2026-0001 in left-pad 1.0.0 is known to be exploited since 2026-01-10" in reason
    (denial,) = answers.judged[0].denials
    with desk.node.views.view() as view:
        document = view.document(denial.evidence.removeprefix("sha256:"))
    assert document is not None
    assert document.kind == "OSV advisory"


def test_what_is_repaired_by_a_statement_contradicts_no_more(desk: Desk) -> None:
    nodes.give(
        desk.node,
        [("bill", nodes.bill(PRODUCT, RELEASE)), ("advisory", LEFT_PAD), ("kev", EXPLOITED)],
    )
    assert verdicts(desk, "safe") == {"safe": "reject"}
    exposure = next(one for one in desk.node.exposures.all() if one.product == PRODUCT)
    confirm(desk.node, exposure.id, "not_affected", person="Ana", why="not reachable")
    assert verdicts(desk, "safe") == {"safe": "accept"}


def test_an_old_answer_is_no_evidence_any_more(desk: Desk) -> None:
    desk.add(form(GUARDED))
    assert assessed(desk, "plain").assessments[0].until[:10] == "2027-01-09"
    assert changes(desk)
    assert changes(desk) == []
    desk.at("2027-01-09T00:00:00.000000Z")
    assert changes(desk) == [("plain", "accept", "cannot decide")]
    assert verdicts(desk, "plain") == {"plain": "cannot decide"}
    assert verdicts(desk, "plain", as_of=NOW) == {"plain": "accept"}


def test_as_of_an_earlier_day_counts_what_was_known_then(desk: Desk) -> None:
    nodes.give(desk.node, [("bill", nodes.bill(PRODUCT, RELEASE)), ("advisory", LEFT_PAD)])
    nodes.give(desk.node, [("kev", EXPLOITED)], "2026-06-01T00:00:00.000000Z")
    assert verdicts(desk, "safe") == {"safe": "reject"}
    before = verdicts(desk, "safe", as_of="2026-03-01T00:00:00.000000Z")
    assert before == {"safe": "accept"}


def test_whatever_touches_a_release_changes_its_verdict(desk: Desk) -> None:
    """Each is noticed by an update that looks at what is touched, as by one at everything."""
    nodes.give(desk.node, [("bill", nodes.bill(PRODUCT, RELEASE)), ("advisory", LEFT_PAD)])
    nodes.give(desk.node, [("other", nodes.bill("Other", "1", ["pkg:npm/right-pad@1.0.0"]))])
    first = desk.node.reassess(every=True)
    assert first.assessed == 2
    assert desk.node.reassess().assessed == 0
    added = desk.add(form(GUARDED))
    assert ("plain", "cannot decide", "accept") in changes(desk)
    nodes.give(desk.node, [("kev", EXPLOITED)])
    change = desk.node.reassess()
    assert change.assessed == 1
    assert [(one.buyer, one.after) for one in change.events if one.buyer == "safe"] == [
        ("safe", "reject")
    ]
    remove(desk, PRODUCT, added.taken[0].digest, None, ("Ana", "it was a draft"))
    assert ("plain", "accept", "cannot decide") in changes(desk)
    later = baseline("plain", requirement("x", CLEAN, "verified"), version="2", since="2026-02-01")
    nodes.give(desk.node, [("plain", later)])
    kept = {(k.product, k.buyer): k.verdict for k in desk.node.assessing.ledger.kept()}
    desk.node.reassess()
    again = desk.node.assessing.ledger.kept()
    whole = {(k.product, k.buyer): k.verdict for k in again}
    assert whole.keys() == kept.keys()
    events = desk.node.assessing.ledger.events(PRODUCT)
    assert [number for number, _ in events] == sorted(number for number, _ in events)


def test_evidence_that_goes_takes_its_release_along(desk: Desk) -> None:
    added = desk.add(form(GUARDED))
    desk.node.reassess()
    assert {one.product for one in desk.node.assessing.ledger.kept()} == {PRODUCT}
    remove(desk, PRODUCT, added.taken[0].digest, None, ("Ana", "of another product"))
    assert set(changes(desk)) >= {("plain", "accept", "no longer known")}
    assert desk.node.assessing.ledger.kept() == []


def test_two_versions_of_one_day_are_no_baseline(desk: Desk) -> None:
    desk.add(form(GUARDED))
    rival = baseline("plain", requirement("x", CLEAN, "verified"), version="2")
    nodes.give(desk.node, [("rival", rival)])
    with pytest.raises(Invalid, match=r"plain cannot be used: .*2026-01-01"):
        verdicts(desk, "plain")


def test_names_differ_in_case_only_by_habit(desk: Desk) -> None:
    nodes.give(desk.node, [("bill", nodes.bill(PRODUCT.upper(), RELEASE))])
    desk.add(form(GUARDED))
    asked = Question(product=PRODUCT.lower(), buyers=("plain", "safe"))
    found = assess_one(desk.node.assessing, "", NOW, asked)
    assert [one.verdict for one in found.assessments] == ["accept", "accept"]


def test_a_contact_that_is_claimed_must_be_named(desk: Desk) -> None:
    nodes.give(desk.node, [("c", baseline("c", requirement("contact", CONTACT, "self-asserted")))])
    desk.add(form(CONTACT))
    found = assessed(desk, "c").assessments[0]
    assert found.verdict == "reject"
    assert (
        "Lantern Works claims ssdf@1.1#RV.1.3, and no document names where to report"
        in (found.reasons[0])
    )
    desk.add(form(CONTACT, contact="mailto:psirt@lantern.example", date="2026-10-02"))
    assert verdicts(desk, "c") == {"c": "accept"}


def test_a_late_answer_contradicts_the_claim(desk: Desk) -> None:
    prompt = baseline("prompt", requirement("prompt", PROMPT, "verified"))
    published = nodes.osv("CVE-2026-0001", published="2026-01-05T00:00:00Z")
    nodes.give(
        desk.node,
        [("b", prompt), ("bill", nodes.bill(PRODUCT, RELEASE)), ("advisory", published)],
    )
    assert verdicts(desk, "prompt") == {"prompt": "cannot decide"}
    desk.add(form(GUARDED, responds_within_days=30))
    found = assessed(desk, "prompt").assessments[0]
    assert found.verdict == "reject"
    assert (
        "published on 2026-01-05, was not answered; Lantern Works claims 30 days"
        in (found.reasons[0])
    )


def described(digest: str) -> bytes:
    body: dict[str, Any] = json.loads(nodes.bill(PRODUCT, RELEASE))
    body["metadata"]["component"]["hashes"] = [{"alg": "SHA-256", "content": digest}]
    return json.dumps(body).encode()


def test_a_bill_of_another_artefact_contradicts_the_provenance(desk: Desk) -> None:
    agrees = baseline("agrees", requirement("a", "fact@1#bill-matches-provenance", "verified"))
    nodes.give(desk.node, [("b", agrees)])
    provenance(desk, Key())
    desk.add(described(made.ARTEFACT.removeprefix("sha256:")))
    assert verdicts(desk, "agrees") == {"agrees": "accept"}
    with pytest.raises(WrongSubject, match="is no artefact of Lantern"):
        desk.add(described("0" * 64))


def test_another_artefact_in_a_bill_that_was_only_loaded_is_no_evidence(desk: Desk) -> None:
    """Nobody tied it to the release, so what it says of its artefact counts for nothing."""
    provenance(desk, Key())
    nodes.give(desk.node, [("bill", described("0" * 64))])
    agrees = baseline("agrees", requirement("a", "fact@1#bill-matches-provenance", "verified"))
    nodes.give(desk.node, [("b", agrees)])
    assert verdicts(desk, "agrees") == {"agrees": "cannot decide"}


def test_what_was_signed_gives_way_to_nobody_who_only_says_the_name(desk: Desk) -> None:
    key = Key()
    desk.issuer("Lab", "assessor", keys=key.given)
    provenance(desk, Key())
    desk.add(made.envelope(made.result(GUARDED), key))
    said = {"id": "Lab"}
    later = {"verifier": said, "timeCreated": "2026-11-20T00:00:00Z", "properties": [GUARDED]}
    desk.add(made.statement("https://in-toto.io/attestation/svr/v0.1", later, made.ARTEFACT))
    assert verdicts(desk, "strict") == {"strict": "accept"}


def test_nobody_is_believed_about_what_a_node_finds_by_itself(desk: Desk) -> None:
    desk.add(form(CLEAN, "sbom@ntia-2021#all", "sigstore@1#signed"))
    own = baseline("own", requirement("clean", CLEAN, "self-asserted"))
    nodes.give(desk.node, [("own", own)])
    assert verdicts(desk, "own") == {"own": "cannot decide"}


def test_without_a_catalogue_nothing_is_known_not_to_be_exploited(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    nodes.give(desk.node, [("safe", SAFE), ("bill", nodes.bill(PRODUCT, RELEASE))])
    assert verdicts(desk, "safe") == {"safe": "cannot decide"}


@pytest.mark.parametrize(
    "components",
    [
        (),
        ({"name": "openssl", "version": "1.0.1"},),
        ("pkg:generic/openssl@1.0.1",),
        ({"type": "file", "name": "main.c"},),
    ],
)
def test_what_cannot_be_looked_up_is_not_clean(desk: Desk, components: tuple[Any, ...]) -> None:
    nodes.give(desk.node, [("bill", nodes.bill(PRODUCT, RELEASE, components))])
    assert verdicts(desk, "safe") == {"safe": "cannot decide"}


def test_ends_of_life_contradict(desk: Desk) -> None:
    supported = baseline("s", requirement("s", "fact@1#supported-components", "verified"))
    cycle = (
        b"---\ntitle: Left pad\npermalink: /left-pad\nidentifiers:\n  - purl: pkg:npm/left-pad\n"
        b"releases:\n  - releaseCycle: '1'\n    releaseDate: 2020-01-01\n    eol: 2024-05-01\n---\n"
    )
    nodes.give(desk.node, [("s", supported), ("bill", nodes.bill(PRODUCT, RELEASE))])
    assert verdicts(desk, "s") == {"s": "cannot decide"}
    nodes.give(desk.node, [("cycle", cycle)])
    found = assessed(desk, "s").assessments[0]
    assert found.verdict == "reject"
    assert "support of left-pad 1.0.0 ended on 2024-05-01" in found.reasons[0]


def test_profiles_of_fields_are_counted(desk: Desk) -> None:
    fields = baseline("f", requirement("f", "sbom@ntia-2021#component-name", "verified"))
    nodes.give(desk.node, [("f", fields)])
    desk.add(nodes.bill(PRODUCT, RELEASE))
    found = assessed(desk, "f").assessments[0]
    assert found.verdict == "accept"
    assert found.judged[0].supports[0].claim.why == "2 of 2 components"


def test_kept_verdicts_survive_a_rebuild(desk: Desk) -> None:
    desk.add(form(GUARDED), nodes.bill(PRODUCT, RELEASE))
    desk.node.reassess()
    before = [msgspec.to_builtins(one) for one in desk.node.assessing.ledger.kept()]
    rebuild(desk.node.intake)
    desk.node.reassess()
    assert [msgspec.to_builtins(one) for one in desk.node.assessing.ledger.kept()] == before


def test_offers_side_by_side(desk: Desk) -> None:
    desk.add(form(GUARDED))
    nodes.give(desk.node, [("bill", nodes.bill("Torch", "9"))])
    tender = read_tender(
        b"tender: Lamps\nbuyer: plain\noffers:\n"
        b"  - {product: Torch, release: '9'}\n  - {product: Lantern}\n"
    )
    found = compare(desk.node.assessing, "", NOW, tender)
    assert [one.verdict for one in found.assessments] == ["cannot decide", "accept"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"buyer: plain\noffers: []\n", "0 offers"),
        (b"buyer: plain\n", "offers"),
        (b"buyer: plain\noffers: [{product: A}, {product: a}]\n", "offered twice"),
        (b"buyer: plain\noffers: [{product: A, price: 3}]\n", "price"),
        (b"{", "YAML|not"),
    ],
)
def test_what_is_no_tender_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(Invalid) as wrong:
        read_tender(data)
    assert any(word in str(wrong.value) for word in reason.split("|"))


def test_a_verdict_is_stated_once_the_release_has_a_digest(desk: Desk) -> None:
    desk.add(form(GUARDED))
    (stated,) = state.state(desk.node, assessed(desk, "plain"), "Ana")
    with desk.node.views.view() as view:
        body = view.body(stated.document)
    (fact,) = verdict.read(body).facts
    assert isinstance(fact, Verdict)
    assert (fact.authority, fact.verdict, fact.digests) == ("plain", "accept", (made.ARTEFACT,))


def test_another_buyers_verdict_counts_by_a_rule_until_it_is_revoked(desk: Desk) -> None:
    desk.add(form(GUARDED))
    provenance(desk, Key())
    desk.add(made.provenance(), artefacts=frozenset({made.ARTEFACT}))
    state.state(desk.node, assessed(desk, "strict"), "Ana")
    other = baseline("trusting", requirement("built", BUILT, "verified", accepts=["report"]))
    nodes.give(desk.node, [("trusting", other)])
    assert verdicts(desk, "trusting") == {"trusting": "cannot decide"}
    rule = Rule(
        id="", by="trusting", of="strict", items=("slsa@1.0#*",), since=NOW, person="Ana",
        why="an agreement",
    )  # fmt: skip
    named, _ = recognise.add(desk.node, rule)
    found = assessed(desk, "trusting").assessments[0]
    assert found.verdict == "accept"
    (support,) = found.judged[0].supports
    assert [link.rule for link in support.claim.links] == [named.id]
    desk.node.reassess()
    desk.at("2026-11-24T12:00:00.000000Z")
    recognise.revoke(desk.node, named.id, person="Ana", why="a breach")
    assert ("trusting", "accept", "cannot decide") in changes(desk)
    with pytest.raises(Invalid, match="was revoked on 2026-11-24"):
        recognise.revoke(desk.node, named.id, person="Ana", why="again")


def test_postgresql_assesses_alike(tmp_path: Path, empty_url: str) -> None:
    desk = Desk(tmp_path, url=empty_url)
    nodes.give(desk.node, [("strict", STRICT), ("plain", PLAIN), ("safe", SAFE), ("kev", OTHER)])
    nodes.give(desk.node, [("bill", nodes.bill(PRODUCT, RELEASE)), ("advisory", LEFT_PAD)])
    desk.add(form(GUARDED))
    provenance(desk, Key())
    assert desk.node.reassess().assessed == 1
    nodes.give(desk.node, [("kev", EXPLOITED)])
    assert ("safe", "accept", "reject") in changes(desk)
    assert verdicts(desk) == {
        "plain": "accept", "safe": "reject", "strict": "accept with conditions",
    }  # fmt: skip
