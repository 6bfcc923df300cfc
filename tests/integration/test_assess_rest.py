"""What verdicts rest on over time: conditions that roll on, evidence's own dates, kept types."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import evidence_made as made
import msgspec
import nodes
import pytest
from assessing_made import (
    GUARDED,
    STRICT,
    assessed,
    baseline,
    form,
    provenance,
    requirement,
    verdicts,
)
from buyers_house import BEFORE, Buyers
from evidence_made import PRODUCT, RELEASE, Desk, Key
from typer.testing import CliRunner, Result

from accord.assurance.assessing.baseline import Baseline, Need, Table
from accord.assurance.assessing.judging import Claims, judge
from accord.assurance.assessing.recognition import Found, Recognition, Rule, Statement
from accord.assurance.crosswalks.carrying import Crosswalk
from accord.assurance.evidence import records
from accord.assurance.model import Level, Link
from accord.assurance.statements import verdict
from accord.assurance.statements.facts import Verdict
from accord.cli import show
from accord.cli.app import app
from accord.core.errors import Invalid, NotFound
from accord.flows.evidence.add import remove
from accord.flows.evidence.issuers import end
from accord.flows.evidence.types import Typed, say
from accord.flows.rebuild import rebuild

CONDITIONAL, OPEN = "accept with conditions", "cannot decide"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    nodes.give(desk.node, [("strict", STRICT)])
    return desk


def lab(desk: Desk) -> str:
    """A third party's word on what the supplier says alone; its document's digest."""
    key = Key()
    desk.issuer("Lab", "assessor", keys=key.given)
    data = made.envelope(made.result(GUARDED), key)
    desk.add(data)
    return sha256(data).hexdigest()


def conditional(desk: Desk) -> None:
    desk.add(form(GUARDED))
    provenance(desk, Key())
    desk.node.reassess()


def due(desk: Desk, **more: str) -> list[tuple[str, str]]:
    (one,) = assessed(desk, "strict", **more).assessments
    return [(it.since[:10], it.by[:10]) for it in one.conditions]


def test_a_condition_is_due_from_the_first_verdict_with_it(desk: Desk) -> None:
    conditional(desk)
    desk.at("2026-12-10T12:00:00.000000Z")
    assert due(desk) == [("2026-11-23", "2026-12-23")]
    desk.node.reassess(every=True)
    assert due(desk) == [("2026-11-23", "2026-12-23")]
    desk.at("2026-12-24T12:00:00.000000Z")
    (found,) = assessed(desk, "strict").assessments
    assert (found.verdict, found.conditions) == (OPEN, ())
    assert "the condition stood since 2026-11-23" in found.reasons[0]
    (event,) = desk.node.reassess().events
    assert (event.before, event.after) == (CONDITIONAL, OPEN)
    assert event.why == "a condition is past its date"
    # Nothing but a plain acceptance lets it begin anew.
    desk.at("2027-01-10T12:00:00.000000Z")
    desk.node.reassess(every=True)
    assert verdicts(desk, "strict") == {"strict": OPEN}
    assert verdicts(desk, "strict", as_of="2026-12-01T00:00:00.000000Z") == {"strict": CONDITIONAL}


def test_a_plain_acceptance_lets_the_next_condition_begin_anew(desk: Desk) -> None:
    conditional(desk)
    desk.at("2026-12-01T12:00:00.000000Z")
    digest = lab(desk)
    desk.node.reassess()
    assert verdicts(desk, "strict") == {"strict": "accept"}
    desk.at("2026-12-20T12:00:00.000000Z")
    remove(desk, PRODUCT, digest, RELEASE, ("Ana", "withdrawn"))
    desk.node.reassess()
    assert due(desk) == [("2026-12-20", "2027-01-19")]
    assert due(desk, as_of="2026-11-30T00:00:00.000000Z") == [("2026-11-23", "2026-12-23")]


def test_what_could_not_be_decided_between_gives_no_more_time(desk: Desk) -> None:
    desk.add(form(GUARDED))
    key = Key()
    provenance(desk, key)
    desk.node.reassess()
    desk.at("2026-12-01T12:00:00.000000Z")
    end(desk, "Forge", person="Ana", why="a doubt")
    desk.node.reassess()
    assert verdicts(desk, "strict") == {"strict": OPEN}
    desk.at("2026-12-10T12:00:00.000000Z")
    desk.issuer("Forge", "builder", keys=key.given, identities=(made.BUILDER,))
    desk.node.reassess()
    assert due(desk) == [("2026-11-23", "2026-12-23")]


def test_a_look_starts_nothing(desk: Desk) -> None:
    desk.add(form(GUARDED))
    provenance(desk, Key())
    assert due(desk) == [("", "2026-12-23")]
    desk.at("2026-12-10T12:00:00.000000Z")
    assert due(desk) == [("", "2027-01-09")]


def old(house: Buyers, name: str, buyer: str) -> list[str]:
    (one,) = house.assess(name, buyer).assessments
    return [s.claim.issued[:10] for judged in one.judged for s in judged.supports if s.claim.links]


def test_recognised_evidence_is_as_old_as_it_is_through_every_link(tmp_path: Path) -> None:
    house = Buyers(tmp_path)
    house.share("india", house.state("india"))
    house.settle()
    _, document = house.rule("au", "in")
    house.share("australia", document)
    house.share("australia", house.state("australia"))
    house.settle()
    house.rule("us", "au", onward=True)
    assert BEFORE in old(house, "australia", "au")
    assert set(old(house, "united-states", "us")) == {BEFORE}
    house.close()


def test_days_and_expiry_of_a_baseline_are_about_the_evidence() -> None:
    """A chain of two: the younger word of the one between makes nothing younger, or longer."""
    early, late, ends = (f"2026-{day}T00:00:00.000000Z" for day in ("02-01", "03-01", "09-01"))
    rules = [
        Rule(id="a", by="us", of="au", onward=True, since=early),
        Rule(id="b", by="au", of="jp", since=early),
    ]
    link = Link("b", "sha256:1")
    verified = Found(GUARDED, Level.VERIFIED, issued=early, expires=ends)
    relayed = Found(GUARDED, Level.VERIFIED, links=(link,), issued=late)
    statements = [
        Statement(id="sha256:1", authority="jp", at=late, found=(verified,)),
        Statement(id="sha256:2", authority="au", at=late, found=(relayed,)),
    ]
    now = "2026-05-01T00:00:00.000000Z"
    (claim,), _ = Recognition(rules, statements, "", now).of("us")
    assert (claim.issued, claim.expires) == (early, ends)
    need = Need(id="n", title="N", items=((GUARDED,),), level=Level.VERIFIED, days=80)
    table = Table([Baseline(name="us", needs=(need,))], Crosswalk(()))
    assert judge(need, Claims([claim], table, now), table).level == Level.UNKNOWN
    fresh = msgspec.structs.replace(claim, issued=late)
    assert judge(need, Claims([fresh], table, now), table).met
    undated = msgspec.structs.replace(verified, issued="")
    statements[0] = msgspec.structs.replace(statements[0], found=(undated,))
    (claim,), _ = Recognition(rules, statements, "", now).of("us")
    assert claim.issued == ""
    assert Recognition(rules, statements, "", ends).of("us")[0] == []


def test_a_type_is_the_same_however_it_is_written() -> None:
    rule = Rule(id="a", by="us", of="au", since="2026-01-01", without=("Network-Device",))
    said = Statement(
        id="sha256:1", authority="au", at="2026-01-02", type="network device",
        found=(Found(GUARDED, Level.VERIFIED),),
    )  # fmt: skip
    assert Recognition([rule], [said], "", "2026-02-01").of("us")[0] == []


def test_an_older_statement_counts_as_issued_at_its_own_date(desk: Desk) -> None:
    conditional(desk)
    found = assessed(desk, "strict")
    release = verdict.Release(product=PRODUCT, release=RELEASE, digests=(made.ARTEFACT,))
    body = verdict.write(found.assessments[0], release, found.now, "Ana")
    (fact,) = verdict.read(body).facts
    assert isinstance(fact, Verdict)
    dates = {one.item: one.issued for one in verdict.known(fact, "d").found}
    assert dates[GUARDED] == "2026-10-01T00:00:00.000000Z"
    items = msgspec.json.decode(fact.found)
    for one in items:
        one.pop("issued")
    older = msgspec.structs.replace(fact, found=msgspec.json.encode(items).decode())
    assert {one.issued for one in verdict.known(older, "d").found} == {None}


def test_a_kept_type_decides_until_a_question_says_otherwise(desk: Desk) -> None:
    routers = baseline("routers", requirement("g", GUARDED, "self-asserted"), scope=["router"])
    nodes.give(desk.node, [("routers", routers)])
    desk.add(form(GUARDED))
    desk.node.reassess()
    assert verdicts(desk, "routers") == {"routers": OPEN}
    assert say(desk, Typed(product=PRODUCT, type="Router", person="Ana", why="its manual"))
    assert not say(desk, Typed(product=PRODUCT, type="router", person="Bo"))
    events = {(one.buyer, one.before, one.after) for one in desk.node.reassess().events}
    assert ("routers", OPEN, "accept") in events
    assert assessed(desk, "routers").release.type == "router"
    assert verdicts(desk, "routers", type="operating system") == {"routers": OPEN}
    rebuild(desk.node.intake)
    assert verdicts(desk, "routers") == {"routers": "accept"}
    (kept,) = desk.proofs.types()
    assert (kept.type, kept.person, kept.why) == ("router", "Ana", "its manual")
    desk.at("2026-11-24T12:00:00.000000Z")
    say(desk, Typed(product=PRODUCT, type="switch", person="Ana", release=RELEASE))
    assert verdicts(desk, "routers") == {"routers": OPEN}
    desk.at("2026-11-25T12:00:00.000000Z")
    say(desk, Typed(product=PRODUCT, type="", person="Ana", release=RELEASE))
    assert verdicts(desk, "routers") == {"routers": "accept"}
    # Two people of one moment who differ: nobody knows.
    for person, type_ in (("Ana", "switch"), ("Bo", "router")):
        record = records.TypeRecord(
            accord="product type", product=PRODUCT, type=type_, person=person,
            at="2026-11-25T12:00:00Z",
        )  # fmt: skip
        nodes.give(desk.node, [(person, records.write(record))])
    assert verdicts(desk, "routers") == {"routers": OPEN}
    with pytest.raises(NotFound, match="accord evidence types"):
        say(desk, Typed(product="Torch", type="", person="Ana"))


def run(desk: Desk, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--home", str(desk.node.settings.home)])


@pytest.mark.parametrize(
    "words",
    [
        ("--fail",), ("--for", "strict"), ("--state", "--person", "Ana"), ("--limit", "3"),
        ("--as-of", "2026-11-01"), ("--release", "1"), ("--after", "3"),
        ("--changes", "--fail"), ("Lantern", "--output", "x"), ("Lantern", "--after", "1"),
        ("Lantern", "--tender", "x"), ("--tender", "x", "--for", "us"),
    ],
)  # fmt: skip
def test_no_option_is_passed_over_in_silence(desk: Desk, words: tuple[str, ...]) -> None:
    done = run(desk, "assess", *words)
    assert done.exit_code == 2
    assert "means nothing with" in done.output or "name the form with --export" in done.output


def test_a_program_follows_changes_from_a_mark(desk: Desk) -> None:
    conditional(desk)
    every = [json.loads(line) for line in run(desk, "assess", "--events").output.splitlines()]
    assert [one["number"] for one in every] == sorted(one["number"] for one in every)
    strict = next(one for one in every if one["buyer"] == "strict")
    assert (strict["product"], strict["before"], strict["after"]) == (PRODUCT, "", CONDITIONAL)
    mark = str(every[-1]["number"])
    assert run(desk, "assess", "--events", "--after", mark).output == ""
    only = run(desk, "assess", "--events", "--for", "strict").output
    assert [json.loads(line) for line in only.splitlines()] == [strict]


def test_a_type_is_recorded_and_listed_by_commands(desk: Desk) -> None:
    desk.add(form(GUARDED))
    done = run(desk, "evidence", "type", PRODUCT, "Router", "--person", "Ana", "--why", "seen")
    assert done.exit_code == 0, done.output
    assert "by Ana on" in run(desk, "evidence", "types").output
    assert "Lantern 2.1, router, as of" in run(desk, "assess", PRODUCT).output
    assert run(desk, "evidence", "type", PRODUCT, "--person", "Ana").exit_code == 2
    gone = run(desk, "evidence", "type", PRODUCT, "--remove", "--person", "Ana")
    assert gone.exit_code == 0, gone.output
    assert "No type" in run(desk, "evidence", "types").output


def test_six_offers_stand_side_by_side_in_80_columns(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.add(form(GUARDED))
    long = "Substation gateway with a very long name " * 3
    names = [PRODUCT, *(f"{long}{number}" for number in range(5))]
    nodes.give(desk.node, [(one, nodes.bill(one, RELEASE)) for one in names[1:]])
    lines = [f"  - {{product: {one}, release: '2.1', supplier: Maker}}\n" for one in names]
    file = tmp_path / "tender.yaml"
    file.write_text("buyer: strict\noffers:\n" + "".join(lines))
    monkeypatch.setattr(show, "WIDTH", 80)
    done = run(desk, "assess", "--tender", str(file))
    assert done.exit_code == 0, done.output
    assert max(map(len, done.output.splitlines())) <= 80
    assert all(" ".join(one.split()) in " ".join(done.output.split()) for one in names)
    assert "S!  ?!  ?!  ?!  ?!  ?!  guarded guarded is done" in done.output
    # Another may offer the same; nobody may do so twice, with or without the release's name.
    file.write_text(file.read_text() + f"  - {{product: {PRODUCT}, supplier: Reseller}}\n")
    assert run(desk, "assess", "--tender", str(file)).exit_code == 0
    file.write_text(file.read_text() + f"  - {{product: {PRODUCT}, supplier: maker}}\n")
    done = run(desk, "assess", "--tender", str(file))
    assert done.exit_code != 0
    assert "first at /offers/0 (line 3)" in str(done.exception or done.output)
    assert "(line 10)" in str(done.exception or done.output)


def test_a_root_that_pins_nobody_is_refused(desk: Desk) -> None:
    with pytest.raises(Invalid, match="pins nobody"):
        desk.issuer("Lab", "assessor", keys=Key().given, trust_root=b"{}")
