"""Alerts on real nodes, of both databases, by real mail and a real server of the Bot API."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import doors
import httpx
import msgspec
import nodes
import pytest
import sharing
from alerting_house import OK, PLACE, TOKEN, WHO, AlertHouse, Reply, said
from buyers_house import Buyers
from evidence_made import PRODUCT, RELEASE

from accord.core.errors import Invalid, NotFound
from accord.flows.evidence.add import remove
from accord.flows.exchange import clients
from accord.flows.outreach.alerting import draft, egress
from accord.flows.outreach.alerting.draft import Wanted
from accord.flows.outreach.alerting.egress import Withheld
from accord.flows.outreach.alerting.port import Message, NotDelivered, Subscriber
from accord.identity.clients import Client
from accord.identity.markings import Tlp
from accord.outreach.alerts import model, pacing
from accord.outreach.alerts.rhythm import Rhythm
from accord.transport.messaging.telegram import MOST, fit
from accord.wiring import Node
from accord.wiring.outreaching import AlertDesk, carriers


@pytest.fixture
def house(node: Node, tmp_path: Path) -> Iterator[AlertHouse]:
    """On each database."""
    made = AlertHouse(node, tmp_path)
    yield made
    made.close()


@pytest.fixture
def home(here: Node, tmp_path: Path) -> Iterator[AlertHouse]:
    """On SQLite, where the database makes no difference."""
    made = AlertHouse(here, tmp_path)
    yield made
    made.close()


def test_an_alert_is_sent_updated_and_cancelled(house: AlertHouse) -> None:
    house.join("mail", "ana@example.org", "sector:Energy")
    house.join("mail", "bo@example.org", "region:jp")
    kept: list[Any] = []
    house.post.before = lambda: kept.extend(house.lines("alert:"))
    code = house.alert()
    assert house.deliver().sent == 1
    (mail,) = house.mails()
    assert mail["To"] == "ana@example.org"
    text = said(mail)
    assert code in text
    assert f"https://alerts.example/a/{code}" in text
    assert {(one["recipient"], one["decision"]) for one in kept} == {("public", "yes")}
    assert len(kept) == 2, "once at release, once before the batch"
    house.join("mail", "ana@example.org", "region:jp")
    kinds: list[model.Kind] = ["update", "cancel"]
    for kind in kinds:
        house.post.mails.clear()
        house.follow(code, kind)
        house.deliver()
        word = {"update": "Update", "cancel": "Cancelled"}[kind]
        assert house.to() == [f"ana@example.org: {word}: A flood of false bills"]
    with pytest.raises(Invalid, match="final"):
        draft.follow(house.desk, code, "update", WHO)
    assert house.counts() == {"sent": 3}


def test_nothing_comes_before_it_is_confirmed_and_looking_confirms_nothing(
    house: AlertHouse,
) -> None:
    house.want("mail", "ana@example.org")
    (mail,) = house.mails()
    found = re.search(r"/alerts/confirm/([\w-]{43})", said(mail))
    assert found
    assert house.alert()
    assert house.counts() == {}
    for _ in range(3):
        assert house.ask(f"/alerts/confirm/{found[1]}").status == 200
    assert [one.state for one in house.desk.subscribers.all()] == ["pending"]
    guess = house.ask(f"/alerts/confirm/{'A' * 43}")
    assert (guess.status, house.ask("/alerts/confirm/x", "POST").status) == (404, 404)
    assert house.ask(f"/alerts/confirm/{found[1]}", "POST").status == 200
    assert house.ask(f"/alerts/confirm/{found[1]}", "POST").body == guess.body
    assert house.release(house.draft().alert.code).matched.queued == 1


def test_a_link_to_confirm_ends_after_two_days(home: AlertHouse) -> None:
    home.want("mail", "ana@example.org")
    found = re.search(r"/alerts/confirm/([\w-]{43})", said(home.mails()[0]))
    assert found
    home.later(days=2, seconds=1)
    assert home.ask(f"/alerts/confirm/{found[1]}", "POST").status == 404


def test_a_stranger_changes_nothing_of_what_an_address_has(house: AlertHouse) -> None:
    house.join("mail", "ana@example.org", "sector:energy")
    house.want("mail", "ana@example.org", "region:jp")
    assert house.release(house.draft().alert.code).matched.queued == 1


def test_leaving_is_one_click_and_ends_everything(house: AlertHouse) -> None:
    house.join("mail", "ana@example.org")
    house.join("mail", "bo@example.org")
    code = house.alert()
    house.deliver()
    mail = next(one for one in house.mails() if one["To"] == "ana@example.org")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = mail["List-Unsubscribe"].strip("<>")
    assert address.startswith("https://alerts.example/alerts/leave/")
    path = address.removeprefix(PLACE.base)
    assert house.ask(path).status == 200
    assert len(house.desk.subscribers.all()) == 2, "looking ends nothing"
    house.follow(code, "update")
    assert house.ask(path, "POST", b"List-Unsubscribe=One-Click").status == 200
    assert [one.wanted.address for one in house.desk.subscribers.all()] == ["bo@example.org"]
    house.post.mails.clear()
    house.deliver()
    assert house.follow(code, "cancel").matched.queued == 1
    house.deliver()
    assert {one["To"] for one in house.mails()} == {"bo@example.org"}
    assert house.counts() == {"sent": 4, "left": 1}
    database = house.node.settings.home / "accord.sqlite"
    if database.exists() and not house.node.settings.database:
        assert b"ana@example.org" not in b"".join(
            bytes(str(row), "utf-8") for row in house.desk.subscribers.all()
        )


def test_it_goes_only_where_its_sources_may(house: AlertHouse) -> None:
    node = house.node
    known = Client(name="grid", organisation="Grid", kind="operator", tlp=Tlp.GREEN)
    clients.add(node.people, node.clock, node.entropy, known)
    house.join("mail", "ana@example.org")
    house.join("mail", "grid@example.org", recipient="client:grid")
    for tlp, source in ((Tlp.CLEAR, Tlp.GREEN), (Tlp.CLEAR, None), (Tlp.AMBER, Tlp.AMBER)):
        kept = house.draft(tlp, house.incident(source))
        with pytest.raises(Withheld, match="stays here"):
            house.release(kept.alert.code)
        assert house.counts() == {}
        assert house.lines("alert:")[0]["decision"] == "no"
    kept = house.draft(Tlp.GREEN)
    done = house.release(kept.alert.code)
    assert done.matched.queued == 1
    assert [one.partition(":")[0] for one in done.withheld] == ["public"]
    house.deliver()
    assert [one["To"] for one in house.mails()] == ["grid@example.org"]
    assert house.ask(f"/a/{kept.alert.code}").status == 404
    assert kept.alert.code.encode() not in house.ask("/alerts.json").body
    house.follow(kept.alert.code, "update")
    clients.revoke(node.people, node.clock, "grid")
    house.post.mails.clear()
    assert house.deliver().kept == 1
    assert house.mails() == []
    assert house.counts() == {"sent": 1, "kept": 1}


def test_an_unmarked_advisory_is_not_for_the_public(home: AlertHouse) -> None:
    nodes.give(home.node, [("a", nodes.osv("OSV-1", aliases=["CVE-2026-0001"])),
                           ("k", nodes.kev("CVE-2026-0001"))])  # fmt: skip
    made = draft.draft(home.desk, Wanted(source="advisory", name="CVE-2026-0001", person=WHO))
    info = made.alert.infos[0]
    assert (info.severity, info.urgency, info.certainty) == ("Severe", "Immediate", "Observed")
    assert info.headline == "Act now: attackers use a weakness in left-pad"
    assert info.instruction == "Install version 2.0.0 or a later one."
    assert len(made.alert.sources) >= 2
    assert made.alert.topics == (model.topic("product:left-pad"),)
    with pytest.raises(Withheld, match="stays here"):
        home.release(made.alert.code)
    assert draft.waiting(home.desk, made.alert.code).state == "draft"


def test_what_bears_no_marking_goes_where_the_nodes_default_may(home: AlertHouse) -> None:
    """Beside a marked object of the same bundle too: the bundle is told of as a whole."""
    node = home.node
    known = Client(name="grid", organisation="Grid", kind="operator", tlp=Tlp.AMBER)
    clients.add(node.people, node.clock, node.entropy, known)
    home.join("mail", "grid@example.org", recipient="client:grid")
    nodes.give(node, [("a", nodes.osv("OSV-1", aliases=["CVE-2026-0001"]))])
    wanted = Wanted(source="advisory", name="CVE-2026-0001", person=WHO, tlp=Tlp.AMBER)
    assert home.release(draft.draft(home.desk, wanted).alert.code).matched.queued == 1
    clear = sharing.stix("vulnerability", "CVE-2026-0002", Tlp.CLEAR)
    clear["name"] = "CVE-2026-0002"
    plain = sharing.stix("indicator", "b", None)
    bundle = nodes.text({"type": "bundle", "id": f"bundle--{uuid4()}", "objects": [clear, plain]})
    nodes.give(node, [("b", bundle)])
    kept = home.draft()
    digest = sha256(bundle).hexdigest()
    alert = msgspec.structs.replace(kept.alert, sources=(digest,), sent=home.clock.at)
    (said,) = egress.judge(home.desk, alert, ["public"])
    assert (said.given, said.rule) == (False, "derived")


def test_an_exposure_is_drafted_with_every_document_behind_it(home: AlertHouse) -> None:
    bill = nodes.bill()
    nodes.give(home.node, [("a", nodes.osv("OSV-1", aliases=["CVE-2026-0001"])), ("b", bill)])
    nodes.give(
        home.node, [("e", nodes.estate(("Grid", "Pump", "1", nodes.serial_of("Pump", "1"))))]
    )
    (found,) = home.node.exposures.all()
    made = draft.draft(home.desk, Wanted(source="exposure", name=found.id, person=WHO))
    assert model.topic("product:Pump") in made.alert.topics
    with home.node.views.view() as view:
        kinds = {view.document(one).kind for one in made.alert.sources}  # type: ignore[union-attr]
    assert {"OSV advisory"} <= kinds
    assert any("CycloneDX" in one for one in kinds)
    assert any("estate" in one.lower() for one in kinds), kinds
    assert "Grid" not in str(made.alert.infos)


def test_who_gets_it_is_as_told_row_by_row(house: AlertHouse) -> None:
    """One statement over all subscribers, against a loop over each."""
    rng = random.Random(7)
    wanted: list[Subscriber] = []
    topics = ["all", "sector:energy", "sector:water", "region:in", "product:pump"]
    for number in range(60):
        one = Subscriber(
            channel="mail", address=f"s{number}@example.org", floor=rng.randrange(5),
            topics=tuple(model.topic(t) for t in rng.sample(topics, rng.randrange(1, 4))),
            rhythm=Rhythm(zone=rng.choice(["UTC", "Asia/Tokyo"]), digest=rng.random() < 0.3),
        )  # fmt: skip
        wanted.append(one)
        secret = f"{number}"
        desk, now = house.desk, house.clock.at
        desk.subscribers.subscribe(one, f"token{number}", secret, "2999", now)
        if number % 7:
            assert desk.subscribers.confirm(secret, now)
    kept = house.draft()
    about = {"all", *(f"{t.kind}:{t.value}" for t in kept.alert.topics)}
    severity = model.SEVERITIES.index(kept.alert.severity)
    expected = {
        one.address
        for number, one in enumerate(wanted)
        if number % 7
        and one.floor <= severity
        and about & {f"{t.kind}:{t.value}" if t.value else t.kind for t in one.topics}
    }
    assert 5 < len(expected) < 50
    assert house.release(kept.alert.code).matched.queued == len(expected)
    house.later(days=2)
    house.deliver()
    assert {one["To"] for one in house.mails()} == expected


def test_quiet_hours_are_kept_and_what_is_extreme_comes_where_one_said_so(
    home: AlertHouse,
) -> None:
    home.clock.at = "2026-03-01T15:00:00.000000Z"  # midnight in Tokyo
    quiet: dict[str, Any] = {"zone": "Asia/Tokyo", "quiet_from": 22 * 60, "quiet_to": 7 * 60}
    home.join("mail", "asleep@example.org", rhythm=Rhythm(**quiet))
    home.join("mail", "woken@example.org", rhythm=Rhythm(**quiet, override=True))
    home.join("mail", "awake@example.org")
    home.alert()
    home.deliver()
    assert [one["To"] for one in home.mails()] == ["awake@example.org"]
    home.alert(severity="Extreme")
    home.post.mails.clear()
    home.deliver()
    assert sorted(one["To"] for one in home.mails()) == ["awake@example.org", "woken@example.org"]
    home.clock.at = "2026-03-01T22:00:00.000000Z"
    home.post.mails.clear()
    home.deliver()
    assert sorted(one["To"] for one in home.mails()) == [
        "asleep@example.org", "asleep@example.org", "woken@example.org"
    ]  # fmt: skip


def test_a_digest_is_one_mail_with_all(home: AlertHouse) -> None:
    home.join("mail", "ana@example.org", rhythm=Rhythm(digest=True))
    codes = [home.alert() for _ in range(3)]
    assert home.deliver().sent == 0
    home.later(days=1)
    assert home.deliver().sent == 3
    (mail,) = home.mails()
    assert all(code in said(mail) for code in codes)
    assert home.counts() == {"sent": 3}


def test_a_cap_a_day_makes_the_rest_wait(house: AlertHouse) -> None:
    house.join("mail", "ana@example.org", cap=2)
    codes = [house.alert() for _ in range(5)]
    assert (house.deliver().sent, len(house.mails())) == (2, 2)
    house.follow(codes[0], "cancel")
    house.deliver()
    assert len(house.mails()) == 3, "what follows an alert that one got comes all the same"
    house.later(days=1, hours=1)
    house.deliver()
    house.later(days=1, hours=1)
    house.deliver()
    assert house.counts() == {"sent": 6}
    assert all(one.attempts == 1 for one in house.desk.outbox.letters("sent", 10))


def test_what_was_not_sent_yet_is_replaced_by_what_follows_it(house: AlertHouse) -> None:
    quiet = Rhythm(zone="UTC", quiet_from=0, quiet_to=24 * 60 - 1)
    house.join("mail", "late@example.org", rhythm=quiet)
    code = house.alert()
    done = house.follow(code, "update").matched
    assert (done.queued, done.replaced) == (1, 1)
    done = house.follow(code, "cancel").matched
    assert (done.queued, done.replaced) == (0, 1), "who got nothing is not told that it is over"


def too_many(seconds: int) -> Reply:
    body = {"ok": False, "error_code": 429, "description": "Too Many Requests: retry later",
            "parameters": {"retry_after": seconds}}  # fmt: skip
    return (429, {}, body)


def test_a_bot_obeys_429_and_goes_on(house: AlertHouse) -> None:
    for chat in ("101", "102", "@channel"):
        house.join("telegram", chat)
    answers = iter([OK, too_many(17)])
    house.web.reply = lambda *_: next(answers)
    house.alert()
    done = house.deliver()
    assert (done.sent, done.later, len(house.web.got)) == (1, 1, 2)
    assert house.deliver().sent == 0
    house.later(seconds=16)
    assert house.deliver().sent == 0
    assert len(house.web.got) == 2, "not asked before the provider wants it"
    house.web.reply = lambda *_: OK
    house.later(seconds=2)
    assert house.deliver().sent == 2
    assert house.counts() == {"sent": 3}
    assert {one.attempts for one in house.desk.outbox.letters("sent", 9)} == {1}
    assert house.web.got[0][0] == f"/bot{TOKEN}/sendMessage"
    assert {value["chat_id"] for _, value in house.web.got} == {"101", "102", "@channel"}


def test_one_chat_that_is_gone_keeps_no_other_waiting(home: AlertHouse) -> None:
    gone = {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked"}
    for chat in ("1", "2", "3"):
        home.join("telegram", chat)
    home.web.reply = lambda _, value: (403, {}, gone) if value["chat_id"] == "2" else OK
    home.alert()
    done = home.deliver()
    assert (done.sent, done.dead) == (2, 1)
    (letter,) = home.desk.outbox.letters("dead", 9)
    assert letter.error.endswith("refused it (403)")
    home.web.reply = lambda *_: OK
    assert home.desk.outbox.again(letter.alert, home.clock.at) == 1
    assert home.deliver().sent == 1


def test_a_channel_that_fails_is_left_alone_and_tried_again(home: AlertHouse) -> None:
    for chat in range(12):
        home.join("telegram", f"{chat}")
    home.join("mail", "ana@example.org")
    home.web.reply = lambda *_: (502, {}, {})
    home.alert()
    done = home.deliver()
    assert len(home.web.got) == 5, "then the breaker opens"
    assert done.sent == 1, "mail goes on"
    home.deliver()
    assert len(home.web.got) == 5
    home.later(seconds=61)
    home.deliver()
    assert len(home.web.got) == 6, "one trial"
    home.web.reply = lambda *_: OK
    home.later(hours=2)
    home.deliver()
    assert home.counts() == {"sent": 13}
    assert home.desk.outbox.resting()["telegram"][0] == 0


def test_after_eight_tries_it_is_a_dead_letter(home: AlertHouse) -> None:
    home.join("webhook", f"{home.web.url}/hook?key=k")
    home.web.reply = lambda *_: (500, {}, {})
    home.alert()
    for _ in range(12):
        home.deliver()
        home.later(hours=7)
    assert len(home.web.got) == pacing.TRIES
    assert home.counts() == {"dead": 1}
    assert home.web.got[0][0] == "/hook?key=k"


def test_one_hook_that_fails_keeps_no_other_waiting(home: AlertHouse) -> None:
    for number in range(6):
        home.join("webhook", f"{home.web.url}/broken/{number}")
    home.join("webhook", f"{home.web.url}/slow")
    home.join("webhook", f"{home.web.url}/well")
    answers: dict[str, Reply] = {"/slow": (429, {"Retry-After": "90"}, {}), "/well": OK}
    home.web.reply = lambda path, _: answers.get(path, (500, {}, {}))
    home.alert()
    assert home.deliver().sent == 1, "the last one, after six that failed"
    assert home.desk.outbox.resting() == {}
    answers["/slow"] = OK
    home.later(seconds=89)
    assert home.deliver().sent == 0
    home.later(seconds=2)
    assert home.deliver().sent == 1
    keys = [value["key"] for path, value in home.web.got if path == "/slow"]
    assert len(keys) == 2
    assert len(set(keys)) == 1, "what is sent again has the same key"


def test_a_channel_that_is_not_set_up_is_told(home: AlertHouse) -> None:
    home.join("telegram", "1")
    home.alert()
    del home.carriers["telegram"]
    assert home.deliver().notes == ["telegram is not set up here: its messages wait"]
    assert home.counts() == {"queued": 1}


def test_a_refused_mail_address_is_dead_at_once(home: AlertHouse) -> None:
    home.join("mail", "ana@example.org")
    home.post.refuses = True
    home.alert()
    assert home.deliver().dead == 1
    assert home.desk.outbox.resting() == {}


def test_who_is_stopped_is_given_up_and_the_message_goes_again(house: AlertHouse) -> None:
    house.join("mail", "ana@example.org")
    house.alert()
    found = house.desk.outbox.claim("mail", house.clock.at, "2026-03-01T09:40:00.000000Z", 9)
    assert len(found) == 1
    assert house.desk.outbox.claim("mail", house.clock.at, "2999", 9) == []
    house.clock.at = "2026-03-01T09:39:59.000000Z"
    assert house.deliver().sent == 0
    house.clock.at = "2026-03-01T09:40:00.000000Z"
    done = house.deliver()
    assert (done.sent, done.again) == (1, 1)
    (letter,) = house.desk.outbox.letters("sent", 9)
    assert (letter.attempts, letter.again) == (1, 1)
    assert house.counts() == {"sent": 1}


def test_a_database_that_fails_leaves_neither_release_nor_queue(
    home: AlertHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.join("mail", "ana@example.org")
    kept = home.draft()
    monkeypatch.setattr("accord.store.outreach.alerts._QUEUE", "INSERT INTO nowhere {who}")
    with pytest.raises(Exception, match="nothing was kept"):
        home.release(kept.alert.code)
    assert draft.waiting(home.desk, kept.alert.code).state == "draft"
    assert home.counts() == {}
    assert home.lines("alert:") == []


def test_anyone_can_see_that_a_message_is_genuine(home: AlertHouse) -> None:
    code = home.alert()
    typed = code.lower().replace("-", "")
    for path in (f"/a/{code}", f"/a/{typed}"):
        page = home.ask(path)
        assert page.status == 200
        assert b"this node sent it" in page.body
        assert b"<script" not in page.body
    assert home.lines(f"alert:{code}")[0]["way"] == "page"
    false = home.ask("/a/AAAA-AAAA")
    assert false.status == 404
    assert b"sent no public message" in false.body
    waiting = home.draft()
    assert home.ask(f"/a/{waiting.alert.code}").status == 404
    assert home.ask(f"/alerts/{code}-1.cap").body.startswith(b"<?xml")
    assert home.ask(f"/alerts/{code}-2.cap").status == 404
    for path in ("/alerts.atom", "/alerts.json"):
        assert code.encode() in home.ask(path).body
    assert home.ask("/alerts.atom", "POST").status == 404


def test_words_of_others_do_not_run_in_a_page(home: AlertHouse) -> None:
    code = home.alert(headline="<script>x</script>", description='a"><img src=x>')
    body = home.ask(f"/a/{code}").body
    assert b"<script>" not in body
    assert b"<img" not in body


def test_an_edit_that_breaks_a_rule_changes_nothing(home: AlertHouse) -> None:
    kept = home.draft()
    code = kept.alert.code
    for wrong in (b"{", b'{"infos": []}', b'{"infos": [], "sent": "x"}'):
        with pytest.raises(Invalid):
            draft.edit(home.desk, code, wrong, WHO)
    assert draft.waiting(home.desk, code).alert == kept.alert
    draft.edit(home.desk, code, draft.editable(kept), WHO)
    assert draft.waiting(home.desk, code).alert == kept.alert
    home.release(code)
    with pytest.raises(NotFound, match="was released"):
        draft.edit(home.desk, code, draft.editable(kept), WHO)


def test_the_secret_of_a_bot_is_told_to_nobody(home: AlertHouse, here: Node) -> None:
    home.join("telegram", "1")
    home.web.reply = lambda *_: (404, {}, {"ok": False, "error_code": 404, "description": TOKEN})
    home.alert()
    home.deliver()
    told = f"{home.carriers['telegram']!r} {home.desk.outbox.letters('', 9)}"
    assert TOKEN not in told
    kept = b"".join(one.read_bytes() for one in here.settings.home.rglob("*") if one.is_file())
    assert TOKEN.encode() not in kept


def test_a_hook_within_our_own_network_is_not_written_to(home: AlertHouse) -> None:
    found = carriers(home.node, {})["webhook"]
    message = Message(address=home.web.url, key="k", subject="s", text="t", language="en",
                      leave="", alerts=())  # fmt: skip
    with pytest.raises(NotDelivered):
        found.send(message)
    assert home.web.got == []


def test_a_long_text_fits_with_its_code() -> None:
    text = (
        f"{'😀 long ' * 2000}\n\nTLP:CLEAR  cert  K7QF-3MZP\nhttps://alerts.example/a/K7QF-3MZP\n"
    )
    found = fit(text, "https://alerts.example/alerts/leave/x")
    assert len(found.encode("utf-16-le")) // 2 <= MOST
    assert "https://alerts.example/a/K7QF-3MZP" in found
    assert found.endswith("/alerts/leave/x")


BAD: list[dict[str, Any]] = [
    {"address": "ana"}, {"address": "a\r\nBcc: x@y"}, {"channel": "telegram", "address": "x y"},
    {"channel": "webhook", "address": "file:///etc/passwd"}, {"topics": ()}, {"cap": -1},
    {"floor": 9}, {"rhythm": Rhythm(zone="Nowhere/At")}, {"language": "e\nn"},
    {"rhythm": Rhythm(zone="../../etc/passwd")},
]  # fmt: skip


@pytest.mark.parametrize("wrong", BAD)
def test_what_cannot_be_wanted_is_refused(home: AlertHouse, wrong: dict[str, Any]) -> None:
    good: dict[str, Any] = {"channel": "mail", "address": "a@example.org"}
    made = Subscriber(**{**good, "topics": (model.topic("all"),), **wrong})
    from accord.flows.outreach.alerting.subscribe import subscribe  # noqa: PLC0415
    from accord.wiring.outreaching import zone  # noqa: PLC0415

    with pytest.raises(Invalid):
        subscribe(home.desk, home.carriers[made.channel], PLACE, made, zone)
    assert home.mails() == []
    assert home.desk.subscribers.all() == []


def test_the_commands_lead_from_a_draft_to_what_follows_it(
    home: AlertHouse, tmp_path: Path
) -> None:
    home.join("mail", "ana@example.org")
    place, name = home.node.settings.home, home.incident()
    made = nodes.run("alerts", "draft", "--from", "incident", name, "--person", WHO, home=place)
    code = made.stdout[:9]
    assert made.stdout.startswith(f"{code}-1 is a draft"), made.stderr
    words = nodes.run("alerts", "show", code, "--editable", home=place).stdout
    file = tmp_path / "words.json"
    file.write_text(words.replace("They look like ours.", "Do not pay."))
    assert nodes.run("alerts", "edit", code, file, "--person", WHO, home=place).returncode == 0
    done = nodes.run("alerts", "release", code, "--person", WHO, home=place)
    assert "1 messages wait" in done.stdout, done.stderr
    assert "Do not pay." in nodes.run("alerts", "show", code, "--cap", home=place).stdout
    assert "was released" in nodes.run("alerts", "drop", code, home=place).stderr
    for verb in ("update", "cancel"):
        assert nodes.run("alerts", verb, code, "--person", WHO, home=place).returncode == 0
        assert nodes.run("alerts", "drop", code, home=place).returncode == 0
    assert "ana@example.org" in nodes.run("alerts", "subscribers", home=place).stdout
    listed = msgspec.json.decode(nodes.run("alerts", "list", "--json", home=place).stdout)
    assert [one["identifier"] for one in listed["alerts"]] == [f"{code}-1"]
    assert listed["outbox"] == {"queued": 1}
    unset = nodes.run("alerts", "deliver", home=place)
    assert (unset.returncode, "set ACCORD_PUBLIC" in unset.stderr) == (1, True)
    assert nodes.run("alerts", "dead", home=place).stdout == "There are no dead letters.\n"
    assert "no alert" in nodes.run("alerts", "show", "nonsense", home=place).stderr


def test_the_door_shows_the_public_its_pages(home: AlertHouse) -> None:
    code = home.alert()
    parts = doors.parts(doors.Echo(), doors.Told("australia", None), home.node.clock)
    with (
        doors.serving(msgspec.structs.replace(parts, alerts=home.pages), None) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        assert b"this node sent it" in client.get(f"/a/{code}").content
        assert client.head("/alerts.atom").status_code == 200
        assert client.post(f"/alerts/leave/{'A' * 43}").status_code == 404
        assert client.delete("/alerts.json").status_code == 405
        assert client.get("/alertsx").status_code == 404
    with doors.serving(parts, None) as port:
        assert httpx.get(f"http://127.0.0.1:{port}/a/{code}").status_code == 404


def test_a_stated_verdict_is_drafted_with_its_document_and_the_one_before(tmp_path: Path) -> None:
    house = Buyers(tmp_path)
    node = house["india"]
    first = house.state("india")
    wanted = Wanted(source="verdict", name=f"{PRODUCT}@{RELEASE}", person=WHO)
    made = draft.draft(AlertDesk(node), wanted)
    assert made.alert.sources == (first,)
    assert f"was - and is {house.verdict('india', 'in')}." in made.alert.infos[0].description
    for tie in node.proofs.ties(PRODUCT):
        if "form" in tie.kind:
            remove(node, PRODUCT, tie.document, None, ("R. Ana", "gone"))
    second = house.state("india")
    made = draft.draft(AlertDesk(node), wanted)
    assert set(made.alert.sources) == {first, second}
    assert "was accept and is " in made.alert.infos[0].description
    (said,) = egress.judge(
        AlertDesk(node), msgspec.structs.replace(made.alert, sent=house.clock.at), ["public"]
    )
    assert not said.given, "nobody shared the verdict as CLEAR"
    with pytest.raises(NotFound, match="was stated"):
        draft.draft(AlertDesk(node), msgspec.structs.replace(wanted, name="Nothing@1"))
    house.close()
