"""Personal data holds an object until a person decides; then the share goes on, or never does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodes
import pytest
import sharing
from exchange_nodes import HandClock
from sharing import entries, give, house, indicator, load, one, shared, stix
from sqlalchemy import select
from typer.testing import CliRunner

from accord.cli import app as cli
from accord.core.clock import SystemClock
from accord.core.errors import Invalid, NotFound
from accord.exchange.envelope import peek
from accord.exchange.personal import detector
from accord.exchange.personal.finds import Find
from accord.flows.exchange.accounts import receipts
from accord.flows.exchange.sharing import audience, recall, review
from accord.flows.exchange.sharing.screening import PersonalScreen
from accord.identity.markings import Tlp
from accord.store.exchange import tables
from accord.store.exchange.screening import SqlScans
from accord.wiring import Node

MAIL = "jane.roe@utility.com"
TEXT = f"The victim was {MAIL}; ask her."
WHO = ("Asha", "the operator agreed")


@pytest.fixture
def today(tmp_path: Path) -> Iterator[Node]:
    """By the clock of the machine, as the commands go."""
    made = house(tmp_path, clock=SystemClock())
    yield made
    made.engine.dispose()


def held(node: Node, name: str = "a", **more: Any) -> int:
    """An object with personal data, held; gives the number of its review."""
    (outcome,) = give(node, "pair", indicator(name, description=TEXT, **more))
    assert outcome.what == "held for review"
    assert not entries(node)
    return outcome.review


def bodies(node: Node, name: str = "pair") -> list[bytes]:
    """What the live entries of an audience's log commit to."""
    ids = [row.shared_id for row in sharing.rows(node, name) if row.state == "live"]
    return [peek(node.sharing.envelopes([number])[number]).body for number in ids]


def test_it_waits_and_nothing_is_in_a_log(node: Node) -> None:
    number = held(node)
    (waiting,) = node.reviews.reviews(waiting=True)
    assert (waiting.number, waiting.audience, waiting.outcome) == (number, "pair", "")
    (again,) = shared(node, waiting.object, "pair").outcomes
    assert again.review == number
    assert not entries(node)


def test_release_shares_it_as_it_is(node: Node) -> None:
    number = held(node)
    decided = review.release(node.sharer, node.reviews, number, *WHO)
    assert [one.outcome for one in decided.reviews] == ["released"]
    assert decided.shared[0].counts == {"shared": 1}
    (body,) = bodies(node)
    assert MAIL.encode() in body
    (kept,) = node.reviews.reviews(waiting=False)
    assert (kept.person, kept.why, kept.decided) == (*WHO, node.clock.now())
    assert node.reviews.body(number) == b""


def test_redact_shares_a_new_object_without_it(node: Node) -> None:
    number = held(node)
    decided = review.redact(node.sharer, node.reviews, number, *WHO)
    (outcome,) = decided.shared[0].outcomes
    assert (outcome.what, outcome.redacted) == ("shared", True)
    (body,) = bodies(node)
    assert MAIL.encode() not in body
    assert json.loads(body)["description"] == "The victim was [removed]; ask her."
    assert json.loads(body)["id"] != decided.reviews[0].object
    assert [o.what for o in shared(node, decided.reviews[0].object, "pair").outcomes] == [
        "already shared"
    ]


def test_withdraw_keeps_it_here_until_somebody_decides_anew(node: Node, clock: HandClock) -> None:
    number = held(node)
    review.withdraw(node.reviews, number, *WHO, now=node.clock.now())
    name = node.reviews.reviews(waiting=False)[0].object
    refused = one(node, name, "pair")
    assert (refused.what, refused.rule) == ("refused", "withdrawn")
    assert node.reviews.reviews(waiting=True) == []
    clock.at = "2026-03-05T09:00:00.000000Z"
    again = review.release(node.sharer, node.reviews, number, *WHO)
    assert [r.number for r in again.reviews] == [number + 1]
    assert again.shared[0].counts == {"shared": 1}
    assert [r.outcome for r in node.reviews.reviews(waiting=False)] == ["withdrawn", "released"]


def test_what_was_decided_is_not_decided_again(node: Node) -> None:
    number = held(node)
    review.release(node.sharer, node.reviews, number, *WHO)
    with pytest.raises(Invalid, match="accord recall"):
        review.withdraw(node.reviews, number, *WHO, now=node.clock.now())
    verdict = review._verdict(node.clock.now(), "released", *WHO)
    with pytest.raises(Invalid, match="meanwhile"):
        node.reviews.decide(number, verdict, review._line(verdict))
    with pytest.raises(NotFound):
        review.get(node.reviews, number + 7)


@pytest.mark.parametrize("who", [("", "why"), ("Asha", " "), ("A" * 2_001, "why")])
def test_a_decision_has_a_person_and_a_reason(here: Node, who: tuple[str, str]) -> None:
    number = held(here)
    for decide in (review.release, review.redact):
        with pytest.raises(Invalid):
            decide(here.sharer, here.reviews, number, *who)
    with pytest.raises(Invalid):
        review.withdraw(here.reviews, number, *who, now=here.clock.now())
    assert len(here.reviews.reviews(waiting=True)) == 1
    assert not entries(here)


def test_every_share_of_the_same_bytes_goes_on(node: Node) -> None:
    audience.create(node.owner, "other", ["japan"])
    digest = load(node, indicator("a", tlp=Tlp.GREEN, description=TEXT))
    shared(node, digest, "pair")
    shared(node, digest, "other", tlp=Tlp.AMBER)
    first, second = node.reviews.reviews(waiting=True)
    decided = review.release(node.sharer, node.reviews, second.number, *WHO)
    assert [r.number for r in decided.reviews] == [first.number, second.number]
    assert len(bodies(node)) == len(bodies(node, "other")) == 1
    assert [s.outcomes[0].tlp for s in decided.shared] == ["GREEN", "AMBER"]


def test_a_new_version_is_looked_through_anew(node: Node) -> None:
    number = held(node)
    review.release(node.sharer, node.reviews, number, *WHO)
    later = indicator("a", description=TEXT + "!", modified=sharing.LATER)
    (outcome,) = give(node, "pair", later)
    assert outcome.what == "held for review"
    assert outcome.review != number


def test_seen_is_decided(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a later version of the detector finds, nobody has seen; a person's no stays a no."""
    body = json.dumps({"description": TEXT}).encode()
    screen = PersonalScreen(SqlScans(node.engine))
    numbers = {name: held(node, name, labels=[name]) for name in ("a", "b", "c")}
    rows = {one.number: one for one in node.reviews.reviews(waiting=True)}
    texts = {name: node.reviews.body(number) for name, number in numbers.items()}
    review.release(node.sharer, node.reviews, numbers["a"], *WHO)
    review.redact(node.sharer, node.reviews, numbers["b"], *WHO)
    review.withdraw(node.reviews, numbers["c"], *WHO, now=node.clock.now())

    def states() -> list[str]:
        asked = [(rows[numbers[name]].digest, texts[name], "") for name in texts]
        found = screen.screen([*asked, ("0" * 64, body, "")])
        return [found[digest].state for digest, _, _ in asked]

    assert states() == ["free", "redacted", "withdrawn"]
    monkeypatch.setattr(detector, "VERSION", "next")
    assert states() == ["found", "found", "withdrawn"]
    monkeypatch.setattr(detector, "VERSION", "blind")
    monkeypatch.setattr(detector, "find", lambda *_: ())
    assert states() == ["free", "redacted", "withdrawn"]


def test_bytes_are_looked_through_once(here: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[bytes] = []
    real = detector.find

    def find(body: bytes, media: str) -> tuple[Find, ...]:
        calls.append(body)
        return real(body, media)

    monkeypatch.setattr(detector, "find", find)
    digest = load(here, indicator("a"), indicator("b", description=TEXT))
    for _ in range(3):
        shared(here, digest, "pair")
    assert len(calls) == 2


def test_each_decision_is_a_receipt(node: Node) -> None:
    number = held(node)
    review.release(node.sharer, node.reviews, number, *WHO)
    (line,) = [
        line for line in receipts.lines(node.receipts, [], [], "", 0) if line.way == review.WAY
    ]
    (kept,) = node.reviews.reviews(waiting=False)
    assert (line.object, line.digest, line.decision) == (kept.object, kept.digest, "released")
    assert (line.recipient, line.rule) == ("audience:pair", f"review {number}")
    assert not receipts.verify(node.receipts, node.trust.directory()).wrong


def test_show_masks_but_with_plain(here: Node) -> None:
    number = held(here)
    (masked,) = review.show(here.reviews, number)
    assert (masked.kind, masked.place) == ("mail address", "/description")
    assert (masked.before, masked.after) == ("The victim was ", "; ask her.")
    assert masked.text == "j" + "\u00b7" * (len(MAIL) - 1)
    (plain,) = review.show(here.reviews, number, plain=True)
    assert plain.text == MAIL


def test_the_text_around_is_masked_too(here: Node) -> None:
    person = stix(
        "identity", "p", name="Jane Roe", identity_class="individual",
        description="Jane Roe, jane.roe@utility.com, tel. +61 2 9374 4000",
    )  # fmt: skip
    (outcome,) = give(here, "pair", person)
    for find in review.show(here.reviews, outcome.review):
        whole = find.before + find.text + find.after
        assert "oe" not in whole
        assert "9374" not in whole


def test_a_recalled_object_is_not_shared_by_its_review(here: Node) -> None:
    give(here, "pair", indicator("a"))
    (outcome,) = give(here, "pair", indicator("a", description=TEXT, modified=sharing.LATER))
    number = outcome.review
    recall.recall(here.recaller, outcome.object, "wrong")
    with pytest.raises(Invalid, match="not kept"):
        review.show(here.reviews, number)
    decided = review.release(here.sharer, here.reviews, number, *WHO)
    assert decided.shared[0].counts == {"refused": 1}
    assert not bodies(here)


def test_a_whole_document_waits_and_goes_on(node: Node) -> None:
    advisory = nodes.osv("OSV-1", details=f"Reported by {MAIL}")
    digest = nodes.give(node, [("a.json", advisory)]).digests[0]
    (outcome,) = shared(node, digest, "pair").outcomes
    assert outcome.what == "held for review"
    decided = review.redact(node.sharer, node.reviews, outcome.review, *WHO)
    assert decided.shared[0].counts == {"shared": 1}
    (body,) = bodies(node)
    assert json.loads(body)["details"] == "Reported by [removed]"
    assert MAIL.encode() not in body


def test_a_gone_audience_leaves_the_decision_standing(here: Node) -> None:
    number = held(here)
    with here.engine.begin() as connection:
        connection.execute(tables.review.update().values(audience="gone"))
    decided = review.release(here.sharer, here.reviews, number, *WHO)
    assert len(decided.failed) == 1
    assert [r.outcome for r in here.reviews.reviews(waiting=False)] == ["released"]


def run(node: Node, *words: str) -> Any:
    return CliRunner().invoke(cli.app, [*words, "--home", str(node.settings.home)])


def test_the_commands(today: Node) -> None:
    number = str(held(today))
    assert number in run(today, "review", "list").output
    told = run(today, "review", "show", number).output
    assert "mail address in /description" in told
    assert MAIL not in told
    assert MAIL in run(today, "review", "show", number, "--plain").output
    assert json.loads(run(today, "review", "show", number, "--json").output)["finds"]
    decide = ("review", "redact", number, "--why", "not needed")
    assert run(today, *decide).exit_code == 2
    assert run(today, *decide, "--person", " ").exit_code == 2
    done = run(today, *decide, "--person", "Asha")
    assert done.exit_code == 0, done.output
    assert f"Review {number} is redacted, by Asha." in done.output
    assert "shared" in done.output
    assert "Nothing waits" in run(today, "review", "list").output
    every = json.loads(run(today, "review", "list", "--all", "--json").output)
    assert [(r["outcome"], r["person"]) for r in every] == [("redacted", "Asha")]
    with today.engine.connect() as connection:
        assert MAIL not in str(list(connection.execute(select(tables.scan))))


def test_withdraw_and_release_on_the_command_line(today: Node) -> None:
    number = str(held(today))
    words = ("--why", "why", "--person", "Asha")
    assert run(today, "review", "withdraw", number, *words).exit_code == 0
    done = run(today, "review", "release", number, *words)
    assert done.exit_code == 0, done.output
    assert len(bodies(today)) == 1
    failed = run(today, "review", "release", str(int(number) + 1), *words)
    assert isinstance(failed.exception, Invalid)
