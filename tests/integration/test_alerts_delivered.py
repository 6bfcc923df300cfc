"""The outbox of alerts, by real mail, hooks, and a real server of the Bot API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alerting_house import OK, TOKEN, AlertHouse, Reply, said

from accord.flows.outreach.alerting.port import Message, NotDelivered
from accord.outreach.alerts import pacing
from accord.outreach.alerts.rhythm import Rhythm
from accord.transport.messaging.telegram import MOST, fit
from accord.wiring import Node
from accord.wiring.outreaching import carriers


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
