"""An ask is sent by real mail, answered by its link at a real door's application, and fixed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import evidence_made as made
import pytest
from buyers_house import FORM, WHO, agreed, baseline, terms
from evidence_made import PRODUCT, RELEASE
from mail_house import TO, Sent

from accord.core.errors import Invalid
from accord.demand.asks import consent
from accord.demand.asks.joint import tally
from accord.flows.demand.asks import agree, answer, effect
from accord.flows.demand.asks.egress import Kept
from accord.flows.demand.asks.port import NotSent
from accord.flows.demand.asks.send import hashed
from accord.flows.demand.scoreboard import scores
from accord.flows.evidence.add import remove
from accord.flows.exchange import clients
from accord.identity.clients import Client
from accord.identity.markings import Tlp
from accord.transport import mail
from accord.transport.mail import server
from accord.web.door.asks import AskPages


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Sent]:
    house = Sent(tmp_path)
    yield house
    house.close()


BILL = b'{"bomFormat":"CycloneDX","specVersion":"1.5","version":2,"components":[]}'


def unproven(house: Sent, *names: str) -> None:
    """Nobody has the supplier's form any more: what it promised is unknown."""
    for name in names or house.nodes:
        node = house[name]
        house._add(node, BILL)
        (tie,) = [one for one in node.proofs.ties(PRODUCT) if "form" in one.kind]
        remove(node, PRODUCT, tie.document, None, WHO)


def test_a_joint_ask_goes_by_mail_and_its_receipt_is_kept_before(house: Sent) -> None:
    id_ = agreed(house, "australia", "india")
    kept: list[Any] = []
    house.post.before = lambda: kept.extend(house.lines())
    secret = house.send(id_)
    (encrypted, text) = house.post.mails[0]
    assert encrypted
    assert b"Please say how you plan.\r\nIn a page." in text
    assert b"Asked together by: australia, india" in text
    mine = [one for one in kept if one["object"] == f"ask:{id_}"]
    assert [(one["way"], one["recipient"], one["decision"]) for one in mine] == [
        ("alert", "public", "yes")
    ]
    found = agree.one(house["australia"], id_)
    assert (found.state, found.steps[0].recipient) == ("sent", TO)
    link = house["australia"].asks.link(hashed(secret))
    assert link is not None
    assert secret not in str(link)
    database = b"".join(
        one.read_bytes() for one in house["australia"].settings.home.rglob("*") if one.is_file()
    )
    assert hashed(secret).encode() in database
    assert secret.encode() not in database


def test_an_ask_agreed_by_too_few_is_not_sent(house: Sent) -> None:
    id_, document = agree.agree(house["australia"], terms("australia", "india"), WHO)
    house.share("australia", document, tlp="CLEAR")
    with pytest.raises(Invalid, match="not joint: india did not consent"):
        house.send(id_)
    assert not house.post.heard
    assert not [one for one in house.lines() if one["object"].startswith("ask:")]


def test_a_withdrawn_consent_closes_the_link(house: Sent) -> None:
    id_ = agreed(house, "australia", "india")
    secret = house.send(id_)
    house.tick()
    _, ended = agree.withdraw(house["india"], id_, WHO)
    house.share("india", ended, tlp="CLEAR")
    house.settle()
    assert house.ask(secret).status == 410
    assert house.say(secret).status == 410
    with pytest.raises(Invalid, match="not joint"):
        house.send(id_)


def test_it_goes_only_where_every_consent_may_go(house: Sent) -> None:
    node = house["australia"]
    known = Client(name="lantern", organisation="Lantern Works", kind="supplier", tlp=Tlp.GREEN)
    clients.add(node.people, node.clock, node.entropy, known)
    asks = {
        tlp: agreed(house, "australia", "india", tlp=tlp, text=tlp)
        for tlp in ("CLEAR", "GREEN", "AMBER")
    }
    for tlp, client in (("GREEN", ""), ("AMBER", ""), ("AMBER", "lantern")):
        with pytest.raises(Kept, match="stays here"):
            house.send(asks[tlp], tlp=Tlp.CLEAR, client=client)
        assert house.lines()[0]["decision"] == "no"
    assert not house.post.heard
    assert house.ask(house.send(asks["CLEAR"])).status == 200
    secret = house.send(asks["GREEN"], tlp=Tlp.GREEN, client="lantern")
    assert house.ask(secret).status == 200
    clients.revoke(node.people, node.clock, "lantern")
    assert house.ask(secret).status == 404


def test_looking_uses_nothing_and_an_answer_uses_the_link(house: Sent) -> None:
    secret = house.send(agreed(house, "australia"))
    for method in ("HEAD", "GET", "HEAD", "GET"):
        assert house.ask(secret, method).status == 200
    page = house.ask(secret)
    assert b"<script" not in page.body
    assert b"Please say how you plan." in page.body
    assert house.say(secret).status == 200
    assert house.say(secret).status == 410
    assert house.ask(secret).status == 410
    assert house.lines()[0]["way"] == "page"


def test_a_guessed_or_expired_link_shows_nothing(house: Sent) -> None:
    id_ = agreed(house, "australia")
    secret = house.send(id_, days=3)
    found = {house.ask(guess).body for guess in ("A" * 43, secret[:-1] + "-", "a", "../x", "%00")}
    assert len(found) == 1
    assert house.ask("A" * 43).status == 404
    assert house.say("A" * 43).status == 404
    house.clock.at = "2026-03-04T09:30:00.000000Z"
    assert house.ask(secret).status == 410
    assert house.say(secret).status == 410
    assert agree.one(house["australia"], id_).state == "sent"


def test_the_store_lets_a_link_be_taken_once_while_it_is_good(house: Sent) -> None:
    kept, now = house["australia"].asks, house.clock.at
    first, second = (hashed(house.send(agreed(house, "australia", text=t))) for t in "ab")
    later = now.replace("2026", "2027")
    assert [kept.take(first, now), kept.take(first, now), kept.take(first, later)] == [
        True, False, False
    ]  # fmt: skip
    kept.give_back(first, later)
    assert not kept.take(first, now)
    kept.give_back(first, now)
    assert [kept.take(first, later), kept.take(first, now)] == [False, True]
    assert [kept.take(hashed("x"), now), kept.take(second, now)] == [False, True]


def test_a_node_restored_from_an_old_state_answers_no_link(house: Sent) -> None:
    secret = house.send(agreed(house, "australia"))
    node = house["australia"]
    house.pages = AskPages(node, node.people.clients, lambda: "an old state")
    assert (house.ask(secret).status, house.say(secret).status) == (503, 503)


def test_a_new_link_ends_the_one_before(house: Sent) -> None:
    id_ = agreed(house, "australia")
    first, second = house.send(id_), house.send(id_)
    assert (house.ask(first).status, house.ask(second).status) == (410, 200)


def test_an_answer_is_evidence_and_changes_the_verdict(house: Sent) -> None:
    unproven(house, "australia")
    id_ = agreed(house, "australia")
    before = house.assess("australia", "au").assessments[0].judged
    assert [one.met for one in before if one.need.id == "plan"] == [False]
    secret = house.send(id_)
    house.tick()
    bill = b'{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":[]}'
    assert house.say(secret, ("../../etc/passwd", bill), text="we <b>do</b>").status == 200
    judged = house.assess("australia", "au").assessments[0].judged
    (after,) = [one for one in judged if one.need.id == "plan"]
    assert (after.met, after.verdict) == (True, "self-asserted")
    found = agree.one(house["australia"], id_)
    assert (found.state, found.in_time, len(found.steps[-1].documents)) == ("answered", True, 2)
    (fixed,) = effect.find(house["australia"])
    assert (fixed.state, fixed.steps[-1].found) == ("fixed", True)
    told = tally([fixed], house.clock.at)
    assert (told.agreed, told.sent, told.answered_in_time, told.fixed) == (1, 1, 1, 1)
    assert told.verdicts_changed == 1
    board = {one.measure.id: one for one in scores(house["australia"], house.clock.at, []).rows}
    counted = [board[f"asks-{step}"].now for step in ("agreed", "answered", "fixed")]
    assert counted == [1, 1, 1]
    assert board["asks-answered"].source == "answers here, 1 in time; 0 are past their day"
    earlier = scores(house["australia"], found.steps[0].at, []).rows
    assert [one.now for one in earlier if one.measure.id == "asks-fixed"] == [0]
    assert effect.find(house["australia"]) == []


def test_it_is_fixed_only_where_every_buyer_that_consents_says_so(house: Sent) -> None:
    id_ = agreed(house, "australia", "india")
    house.send(id_)
    unproven(house, "australia")
    assert effect.find(house["australia"]) == []
    house._add(house["australia"], made.form(
        catalogue="ssdf@1.1", date="2026-02-21",
        items=[{"item": "PO.1.1", "answer": "yes", "why": "once more"}],
    ))  # fmt: skip
    assert [one.id for one in effect.find(house["australia"])] == [id_]


def test_what_nobody_or_not_everybody_asks_for_is_not_found_fixed(house: Sent) -> None:
    other = agreed(house, "australia", requirement="ssdf@1.1#PW.1.1")
    both = agreed(house, "australia", "india")
    for id_ in (other, both):
        house.send(id_)
    theirs = baseline("in").replace(b'"india"', b'"somebody"').replace(b"2026.t", b"2026.u")
    house.load("australia", theirs.replace(b"2026-02-01", b"2026-02-02"))
    assert effect.find(house["australia"]) == []


def test_a_person_may_say_that_it_is_fixed(house: Sent) -> None:
    id_ = agreed(house, "australia")
    with pytest.raises(Invalid, match="what was sent"):
        effect.fixed(house["australia"], id_, RELEASE, WHO)
    house.send(id_)
    with pytest.raises(Exception, match="none of its products"):
        effect.fixed(house["australia"], id_, "9.9", WHO)
    found = effect.fixed(house["australia"], id_, RELEASE, WHO)
    assert (found.state, found.steps[-1].found, found.steps[-1].person) == (
        "fixed",
        False,
        "R. Ana",
    )


VEX = (
    b'{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://x.example/1","author":"x",'
    b'"timestamp":"2026-01-01T00:00:00Z","version":1,"statements":[{"vulnerability":'
    b'{"name":"CVE-2026-1"},"products":[{"@id":"pkg:generic/a@1"}],"status":"not_affected",'
    b'"justification":"component_not_present"}]}'
)


HOSTILE = {
    "x.txt": b"hello", "x.json": b"{", "x": b"", "vex": VEX,
    "own": b'{"accord":"issuer","name":"Evil","role":"authority","person":"me","why":"x",'
           b'"at":"2026-01-01"}',
    "baseline": baseline("au").replace(b"verified", b"self-asserted"),
    "consent": consent.write(
        terms("india"), "india", WHO, "2026-02-01T00:00:00.000000Z", agreed=True
    ),
    "estate.yaml": b"estate:\n  - operator: a\n",
    "k.pem": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
}  # fmt: skip


def test_a_hostile_file_is_refused_whole_and_the_link_stays_good(house: Sent) -> None:
    secret = house.send(agreed(house, "australia"))
    before = house["australia"].intake.known()
    for name, data in HOSTILE.items():
        assert house.say(secret, ("good", BILL), (name, data)).status == 422, name
    assert house.say(secret, *[("same", BILL)] * 21).status == 422
    assert house["australia"].intake.known() == before
    assert house.say(secret).status == 200


BAD: tuple[tuple[dict[str, str], int], ...] = (
    ({"answer": "maybe"}, 422), ({"text": ""}, 422), ({"text": "a\x1b]0;"}, 422),
    ({"text": "a" * 4_001}, 422), ({"answer": "plan"}, 422), ({"other": "x"}, 400),
    ({"answer": "plan", "promised": "2026-13-01"}, 422),
    ({"answer": "plan", "promised": "2020-01-01"}, 422), ({"release": "a" * 101}, 422),
)  # fmt: skip


def test_an_answer_that_is_none_is_told_and_shown_again(house: Sent) -> None:
    secret = house.send(agreed(house, "australia"))
    for said, status in BAD:
        assert house.say(secret, **said).status == status, said
    for body in (b"", b"--B--", b"--B\r\n\r\n", b"x" * 99, b"--B\r\nA\r\n\r\n\r\n--B--"):
        assert house.ask(secret, "POST", body, "multipart/form-data; boundary=B").status == 400
    assert house.ask(secret, "POST", b"answer=done", "text/plain").status == 400
    assert house.ask(secret).status == 200


def test_what_evidence_says_of_a_removal_stays_here(house: Sent) -> None:
    unproven(house, "australia")
    secret = house.send(agreed(house, "australia"))
    answered = house.say(secret, ("form", FORM))
    assert answered.status == 422
    assert b"R. Ana" not in answered.body
    assert house.say(secret).status == 200


def test_by_hand_is_the_same_and_a_plan_has_a_day(house: Sent) -> None:
    unproven(house, "australia")
    id_ = agreed(house, "australia")
    plan = answer.Answer(answer="plan", text="soon", promised="2026-04-01")
    with pytest.raises(Invalid, match="what was sent"):
        answer.by_hand(house["australia"], id_, plan, "R. Ana")
    house.send(id_)
    found = answer.by_hand(house["australia"], id_, plan, "R. Ana")
    assert (found.state, found.steps[-1].promised) == ("answered", "2026-04-01")
    assert effect.find(house["australia"]) == []


def test_mail_that_is_not_taken_ends_the_link(house: Sent, caplog: Any) -> None:
    id_ = agreed(house, "australia")
    house.post.refuses = True
    with caplog.at_level(logging.DEBUG), pytest.raises(NotSent, match="refused"):
        house.send(id_)
    assert agree.one(house["australia"], id_).state == "agreed"
    house.post.refuses, house.post.admits = False, False
    with pytest.raises(NotSent, match="does not admit") as wrong:
        house.mailer(user="a", password="hunter2").send(TO, b"x")
    assert "hunter2" not in f"{wrong.value} {wrong.value.__cause__!r} {caplog.text}"


def test_mail_goes_in_clear_to_this_machine_alone(tmp_path: Path) -> None:
    house = Sent(tmp_path, tls=False)
    try:
        house.send(agreed(house, "australia"))
        assert house.post.mails[0][0] is False
        assert not mail._is_here("mail.example")
    finally:
        house.close()


def test_a_server_of_another_certificate_is_not_given_mail(house: Sent) -> None:
    with pytest.raises(NotSent, match="did not take"):
        house.mailer(authorities="").send(TO, b"x")
    assert not house.post.mails


@pytest.mark.parametrize(
    "environment",
    [
        {}, {"ACCORD_MAIL": "smtp://h"}, {"ACCORD_MAIL": "http://h", "ACCORD_MAIL_FROM": "a@b"},
        {"ACCORD_MAIL": "smtp://u:secret@h", "ACCORD_MAIL_FROM": "a@b"},
        {"ACCORD_MAIL": "smtp://h:x", "ACCORD_MAIL_FROM": "a@b"},
    ],
)  # fmt: skip
def test_settings_that_are_none_are_told_without_the_secret(environment: dict[str, str]) -> None:
    with pytest.raises(Invalid) as wrong:
        server(environment)
    assert "secret" not in str(wrong.value)


def test_an_address_that_is_none_sends_nothing(house: Sent) -> None:
    id_ = agreed(house, "australia")
    for to in ("x", "a@b\r\nBcc: c@d", "a@b,c@d", "<a@b>", ""):
        with pytest.raises(Invalid, match="not a mail address"):
            house.send(id_, to=to)
    assert not house.post.heard
