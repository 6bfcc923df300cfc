"""Verdicts and rules between partners: stated, shared, recognised, revoked, recalled, forged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import evidence_made as made
import msgspec
import pytest
from buyers_house import BUILD, Buyers, baseline
from house_of_nodes import Wire
from typer.testing import CliRunner

from accord import scenario
from accord.assurance.model import Level
from accord.cli.app import app
from accord.core.errors import Invalid
from accord.flows.assessing import recognise
from accord.flows.assessing.assess import Question, assess_one
from accord.flows.assessing.port import Made
from accord.flows.assessing.shown import shown as as_shown
from accord.flows.assessing.state import state
from accord.flows.evidence import issuers
from accord.flows.exchange.messages import Request, Response
from accord.flows.exchange.sharing import audience, share, wanted
from accord.flows.exchange.sharing.plan import Options
from accord.identity.markings import parse_tlp
from accord.identity.partners import Partner

ACCEPT, OPEN = "accept", "cannot decide"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Buyers]:
    house = Buyers(tmp_path)
    yield house
    house.close()


def test_a_verdict_counts_where_a_rule_recognises_it(house: Buyers) -> None:
    assert house.verdict("india", "in") == ACCEPT
    assert house.verdict("australia", "au") == OPEN
    house.share("india", house.state("india"))
    house.settle()
    assert house.verdict("australia", "au") == OPEN
    assert "au recognises nothing of in" in house.reasons("australia", "au")
    house.rule("au", "in")
    assert house.verdict("australia", "au") == ACCEPT
    assert house.verdict("japan", "jp") == OPEN


@pytest.mark.parametrize("rules_first", [True, False])
def test_a_chain_of_two_counts_in_any_order_and_falls_with_any_link(
    house: Buyers, *, rules_first: bool
) -> None:
    first = house.state("india")
    house.share("india", first)
    house.settle()
    rule, document = house.rule("au", "in")
    stated = house.state("australia")
    for digest in (document, stated) if rules_first else (stated, document):
        house.share("australia", digest)
        house.settle()
    house.rule("us", "au")
    assert house.verdict("united-states", "us") == OPEN
    assert "not onward" in house.reasons("united-states", "us")
    house.rule("us", "au", onward=True)
    assert house.verdict("united-states", "us") == ACCEPT
    ended = house.revoke("au", rule)
    house.share("australia", ended)
    house.settle()
    assert house.verdict("united-states", "us") == OPEN
    assert house.verdict("australia", "au") == OPEN
    assert "was revoked" in house.reasons("united-states", "us")


def test_a_revocation_is_final_whatever_comes_first(house: Buyers) -> None:
    house.share("india", house.state("india"))
    rule, document = house.rule("au", "in")
    ended = house.revoke("au", rule)
    house.share("australia", ended)
    house.sync("united-states", "australia")
    house.share("australia", document)
    house.settle()

    for name in house.nodes:
        (known,) = recognise.rules(house[name])
        assert (known.rule.revoked != "", known.stands, len(known.documents)) == (True, False, 2)


def test_a_revocation_is_not_taken_back(house: Buyers) -> None:
    rule, document = house.rule("au", "in")
    ended = house.revoke("au", rule)
    for digest in (document, ended):
        house.share("australia", digest)
    house.settle()
    with pytest.raises(Invalid, match="what is revoked stays revoked"):
        house.recall("australia", ended)
    house.recall("australia", document)
    house.settle()
    (known,) = recognise.rules(house["japan"])
    assert (known.rule.revoked != "", known.stands) == (True, False)


def test_a_newer_verdict_takes_the_place_of_the_older(house: Buyers) -> None:

    house.share("india", house.state("india"))
    house.rule("au", "in")
    house.settle()
    assert house.verdict("australia", "au") == ACCEPT
    issuers.end(house["india"], "Forge", "R. Ana", "its keys are lost")
    house.share("india", house.state("india"))
    house.settle()
    assert house.verdict("australia", "au") == OPEN


def test_a_recalled_verdict_counts_no_more_and_is_gone(house: Buyers) -> None:
    digest = house.state("india")
    house.share("india", digest)
    house.rule("au", "in")
    house.settle()
    australia = house["australia"]
    assert len(australia.reassess().events) == 6
    house.recall("india", digest)
    house.settle()
    change = australia.reassess()
    assert [(one.buyer, one.before, one.after) for one in change.events] == [("au", ACCEPT, OPEN)]
    with australia.assessing.view() as view:
        assert view.verdicts([("Lantern", "2.1")]) == []
    assert not australia.holdings.named(digest)


def test_a_recalled_rule_counts_no_more(house: Buyers) -> None:
    first = house.state("india")
    house.share("india", first)
    house.settle()
    _, document = house.rule("au", "in")
    for digest in (document, house.state("australia")):
        house.share("australia", digest)
    house.rule("us", "au", onward=True)
    house.settle()
    states = house["united-states"]
    assert len(states.reassess().events) == 6
    house.recall("australia", document)
    house.settle()
    events = states.reassess().events
    assert [(one.buyer, one.after) for one in events] == [("au", OPEN), ("us", OPEN)]
    assert "a rule of its chain is not" in house.reasons("united-states", "us")


def test_a_verdict_in_anothers_name_never_counts_and_says_so(house: Buyers) -> None:
    true = json.loads(house.body("india", house.state("india")))
    true["predicate"]["buyer"] = "jp"

    body = msgspec.json.format(msgspec.json.encode(true), indent=2) + b"\n"
    house.share("india", house.load("india", body))
    house.rule("au", "jp", level=Level.SELF_ASSERTED)
    house.settle()
    for name, buyer in (("australia", "au"), ("japan", "jp"), ("india", "in")):
        said = house.reasons(name, buyer)
        assert "cannot speak for jp: only japan does" in said
    assert house.verdict("australia", "au") == OPEN


def test_a_rule_in_anothers_name_never_counts(house: Buyers) -> None:
    house.share("india", house.state("india"))
    _, document = house.rule("au", "in")
    false = house.body("australia", document).replace(b'"by": "au"', b'"by": "jp"')
    house.share("india", house.load("india", false))
    house.settle()
    assert house.verdict("japan", "jp") == OPEN


def test_whoever_gives_the_same_bytes_takes_nothing_from_their_author(house: Buyers) -> None:
    """A partner that shares another's verdict as its own cannot make it count for nobody."""
    digest = house.state("india")
    house.rule("jp", "in")
    copied = house.load("australia", house.body("india", digest))
    house.share("australia", copied)
    house.settle()
    assert house.verdict("japan", "jp") == OPEN
    house.share("india", digest)
    house.settle()
    assert house.verdict("japan", "jp") == ACCEPT
    house.load("japan", house.body("india", digest))
    assert house.verdict("japan", "jp") == ACCEPT

    issuers.end(house["india"], "Forge", "R. Ana", "its keys are lost")
    house.share("india", house.state("india"))
    house.settle()
    assert house.verdict("japan", "jp") == OPEN


def test_a_rule_of_the_same_name_by_another_hides_nothing(house: Buyers) -> None:
    house.share("india", house.state("india"))
    house.settle()
    rule, document = house.rule("au", "in")
    same = house.body("australia", document).replace(b'"by": "au"', b'"by": "us"')
    house.share("united-states", house.load("united-states", same))
    house.settle()
    assert house.verdict("australia", "au") == ACCEPT
    assert rule.id.startswith("au-in-")


def test_the_type_of_product_is_the_authoritys_where_none_is_known_here(house: Buyers) -> None:

    house.rule("au", "in", without=("network device",))
    house.share("india", house.state("india"))
    house.settle()
    assert "leaves out products of an unknown type" in house.reasons("australia", "au")
    for type_, verdict in (("application", ACCEPT), ("network device", OPEN)):
        house.tick()
        india = house["india"]
        asked = Question(product="Lantern", release="2.1", buyers=("in",), type=type_)
        found = assess_one(india.assessing, india.me, india.clock.now(), asked)
        (stated,) = state(india, found, "R. Ana")
        house.share("india", stated.document)
        house.settle()
        assert house.verdict("australia", "au") == verdict


def test_a_statement_on_another_artefact_is_named_and_does_not_count(house: Buyers) -> None:
    true = house.body("india", house.state("india"))

    other = true.replace(made.ARTEFACT.removeprefix("sha256:").encode(), b"0" * 64)
    house.share("india", house.load("india", other))
    house.rule("au", "in")
    house.settle()
    assert house.verdict("australia", "au") == OPEN
    assert "another artefact" in house.reasons("australia", "au")


def test_what_was_let_in_names_the_item_and_its_chain(house: Buyers) -> None:
    digest = house.state("india")
    house.share("india", digest)
    rule, _ = house.rule("au", "in")
    house.settle()
    (support,) = house.assess("australia", "au").assessments[0].judged[0].supports
    assert support.item == BUILD
    assert [(link.rule, link.statement) for link in support.claim.links] == [
        (rule.id, f"sha256:{digest}")
    ]


def test_what_rests_on_a_verdict_goes_no_further_than_that(house: Buyers) -> None:
    """India tells Australia alone: Australia does not tell what follows from it to others."""
    house.share("india", house.state("india"), tlp="AMBER")
    house.rule("au", "in")
    house.settle()
    australia = house["australia"]
    found = wanted.find([house.state("australia")], australia.holdings)
    (no,) = share.share(australia.sharer, found, "all", Options(tlp=parse_tlp("GREEN"))).outcomes
    assert (no.what, no.rule) == ("refused", "rests-on")
    assert "a verdict of india marked TLP:AMBER" in no.reason


def test_a_verdict_for_one_audience_shows_to_nobody_else(house: Buyers) -> None:
    india = house["india"]
    audience.create(india.owner, "two", ["australia"], everyone=False)
    digest = house.state("india")
    house.share("india", digest, "two")
    house.settle()
    for name, node in house.nodes.items():
        bodies = [data for _, data in node.intake.bodies()]
        here = any(b'"predicateType": "urn:accord:verdict:1"' in data for data in bodies)
        assert here == (name in {"india", "australia"})
    assert "in" not in house.reasons("japan", "jp").split()


@pytest.mark.parametrize("shown", [True, False])
def test_no_document_is_named_that_is_not_here(house: Buyers, *, shown: bool) -> None:
    """Of a chain whose beginning went to others alone, only that it is not known is told."""
    first = house.state("india")
    audience.create(house["india"].owner, "two", ["australia"], everyone=False)
    house.share("india", first, "all" if shown else "two")
    house.settle()
    _, document = house.rule("au", "in")
    for digest in (document, house.state("australia")):
        house.share("australia", digest)
    house.rule("us", "au", onward=True)
    house.settle()
    assert house.verdict("united-states", "us") == (ACCEPT if shown else OPEN)
    for name, buyer in (("united-states", "us"), ("japan", "jp"), ("australia", "au")):
        found = house.assess(name, buyer)
        told = msgspec.json.encode(as_shown(found)).decode()
        with house[name].views.view() as view:
            here = {one.digest for one in view.list_documents(quarantined=False)}
        named = set(re.findall(r"[0-9a-f]{64}", told))
        assert named - here - {made.ARTEFACT.removeprefix("sha256:")} == set()
        begun = set(re.findall(r"sha256:([0-9a-f]{12})", told))
        assert all(any(one.startswith(begin) for one in named) for begin in begun)
        assert first in named or not shown or name == "japan"


def test_only_what_somebody_asked_about_is_kept(house: Buyers) -> None:
    japan = house["japan"]
    house.load("japan", dict(scenario.files())["bills/gridview-4.4.cdx.json"])
    assert japan.reassess().assessed == 1
    assert {one.product for one in japan.assessing.ledger.kept()} == {"Lantern"}
    assert japan.reassess().assessed == 0
    house.load("japan", dict(scenario.files())["bills/gridview-4.2.cdx.json"])
    assert japan.reassess().assessed == 0
    house.load("japan", house.body("india", house.state("india")))
    assert japan.reassess().assessed == 1


def test_an_older_verdict_that_comes_late_changes_nothing(house: Buyers) -> None:
    """Even where somebody else gave its bytes first, so that it is kept as theirs."""
    house.rule("jp", "in")
    older = house.state("india")
    issuers.end(house["india"], "Forge", "R. Ana", "its keys are lost")
    house.share("india", house.state("india"))
    house.settle()
    house.share("australia", house.load("australia", house.body("india", older)))
    house.settle()
    house.share("india", older)
    house.settle()
    assert house.verdict("japan", "jp") == OPEN


def test_what_takes_the_number_of_an_erased_document_is_noticed(house: Buyers) -> None:
    digest = house.state("india")
    other = house.load("india", house.body("india", digest).replace(b"Lantern", b"Candle"))
    house.share("india", other)
    house.rule("au", "in")
    house.settle()
    australia = house["australia"]
    australia.reassess()
    house.recall("india", other)
    house.settle()
    house.share("india", digest)
    house.settle()
    (event,) = australia.reassess().events
    assert (event.buyer, event.after) == ("au", ACCEPT)


def test_after_a_recall_a_verdict_may_be_stated_anew(house: Buyers) -> None:
    digest = house.state("india")
    house.share("india", digest)
    house.rule("au", "in")
    house.settle()
    house.recall("india", digest)
    house.settle()
    assert house.verdict("australia", "au") == OPEN
    house.share("india", house.state("india"))
    house.settle()
    assert house.verdict("australia", "au") == ACCEPT


def test_two_that_notice_the_same_change_tell_of_it_once(house: Buyers) -> None:
    india = house["india"]
    ledger = india.assessing.ledger
    before = ledger.mark()
    events = india.reassess().events
    mark = ledger.mark()
    assert mark is not None
    late = Made(kept=ledger.kept(), events=events, mark=mark)
    assert not ledger.keep(late, before)
    assert len(ledger.events()) == len(events)


def test_altered_bytes_never_count(house: Buyers, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not stand behind its commitment is quarantined, and nothing of it is a verdict."""
    house.share("india", house.state("india"))
    house.rule("au", "in")
    whole = Wire.send

    def altered(wire: Wire, partner: Partner, request: Request) -> Response:
        answer = whole(wire, partner, request)
        if partner.name == "india" and "/blobs" in request.path:
            body = bytearray(answer.body)
            body[-20] ^= 1
            return msgspec.structs.replace(answer, body=bytes(body))
        return answer

    monkeypatch.setattr(Wire, "send", altered)
    report = house.sync("australia", "india")
    assert not report.logs[0].new
    assert house.verdict("australia", "au") == OPEN


def test_commands_tell_how_many_verdicts_changed(house: Buyers, tmp_path: Path) -> None:
    house["india"].reassess()
    words = ["evidence", "issuer", "remove", "Forge", "--person", "R. Ana", "--why", "lost"]
    home = str(house["india"].settings.home)
    done = CliRunner().invoke(app, [*words, "--home", home])
    assert done.exit_code == 0, done.output
    assert "4 verdicts changed; `accord assess --changes`" in " ".join(done.stderr.split())
    file = tmp_path / "plain.json"
    file.write_bytes(baseline("au").replace(b"what au asks", b"what au needs"))
    done = CliRunner().invoke(app, ["load", str(file), "--home", home])
    assert "verdicts changed" not in done.output


@pytest.mark.parametrize("which", ["another artefact", "a day to come"])
def test_what_is_not_about_this_release_by_now_takes_no_place(house: Buyers, which: str) -> None:
    """A later word on another artefact, or one that a fast clock dates ahead, displaces nothing."""
    house.rule("au", "in")
    true = house.state("india")
    house.share("india", true)
    house.settle()
    assert house.verdict("australia", "au") == ACCEPT
    later = house.body("india", house.state("india"))
    if which == "another artefact":
        later = later.replace(made.ARTEFACT.removeprefix("sha256:").encode(), b"0" * 64)
    else:
        at = json.loads(later)["predicate"]["at"]
        later = later.replace(f'"at": "{at}"'.encode(), b'"at": "2026-12-31T00:00:00.000000Z"')
    house.share("india", house.load("india", later))
    house.settle()
    assert house.verdict("australia", "au") == ACCEPT
    reason = "another artefact" if which == "another artefact" else "counts from 2026-12-31"
    assert reason in house.reasons("australia", "au")
