"""Alerts by WhatsApp: a server that speaks the Cloud API, and what it tells later."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import doors
import httpx
import pytest
from alerting_house import TOKEN, AlertHouse, Reply

from accord.core.errors import Invalid
from accord.transport.messaging.whatsapp import MOST_TEXT, line
from accord.web.door.server import configuration, listening
from accord.web.public.listener import PublicApp
from accord.web.public.whatsapp import AT, WhatsAppHook
from accord.wiring import Node
from accord.wiring.outreaching import carriers, whatsapp_secrets

SECRET, WORD = "the-secret-of-the-app", "our-word"
ANA, BO = "+919876543210", "+81312345678"
FINE: Reply = (200, {}, {"messaging_product": "whatsapp", "messages": [{"id": "wamid.1"}]})


@pytest.fixture
def house(node: Node, tmp_path: Path) -> Iterator[AlertHouse]:
    made = AlertHouse(node, tmp_path)
    made.web.reply = lambda *_: FINE
    yield made
    made.close()


@pytest.fixture
def hook(house: AlertHouse) -> Iterator[str]:
    app = PublicApp([WhatsAppHook(house.desk, SECRET, WORD)], known_addresses=False)
    with doors.heard_on(listening("127.0.0.1", 0), configuration(app, None)) as port:
        yield f"http://127.0.0.1:{port}{AT}"
    app.close()


def failing(code: int, status: int = 400) -> Reply:
    """How the Cloud API refuses."""
    return (status, {}, {"error": {"message": "x", "type": "OAuthException", "code": code}})


def status(key: str, said: str, code: int = 0) -> dict[str, Any]:
    """One status as the provider tells it."""
    errors = [{"code": code, "title": "x"}] if code else []
    return {"id": "wamid.1", "status": said, "timestamp": "1", "recipient_id": "1",
            "biz_opaque_callback_data": key, "errors": errors}  # fmt: skip


def tell(hook: str, secret: str = SECRET, **value: Any) -> httpx.Response:
    """A signed batch of events."""
    entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
    body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
    mac = hmac.new(secret.encode(), body, "sha256").hexdigest()
    return httpx.post(hook, content=body, headers={"x-hub-signature-256": f"sha256={mac}"})


def keys(house: AlertHouse) -> list[str]:
    """What each message that was sent is told by."""
    return [value["biz_opaque_callback_data"] for _, value in house.web.got]


def test_an_alert_is_an_approved_template_in_its_readers_language(house: AlertHouse) -> None:
    house.join("whatsapp", ANA, language="hi")
    code = house.alert()
    assert house.deliver().sent == 1
    ((path, value),) = house.web.got
    assert path == "/v23.0/1065/messages"
    sent = {name.lower(): text for name, text in house.web.headers[-1].items()}
    assert sent["authorization"] == f"Bearer {TOKEN}"
    assert (value["to"], value["type"]) == (ANA[1:], "template")
    template = value["template"]
    assert (template["name"], template["language"]) == ("accord_alert", {"code": "hi"})
    texts = [one["text"] for one in template["components"][0]["parameters"]]
    assert len(texts) == 3
    assert code in texts[1]
    assert "/alerts/leave/" in texts[2]
    assert all(texts)
    assert not any("\n" in one or "\t" in one or "     " in one for one in texts)
    assert sum(map(len, texts)) <= 1_024


def test_too_many_is_waited_for_and_one_that_is_gone_keeps_no_other_waiting(
    house: AlertHouse,
) -> None:
    for number in (ANA, BO):
        house.join("whatsapp", number)
    house.alert()
    answers = iter([failing(130_429, 429)])
    house.web.reply = lambda *_: next(answers, FINE)
    assert house.deliver().sent == 0
    assert house.counts() == {"queued": 2}
    house.later(minutes=2)
    house.web.reply = lambda _, value: failing(131_026) if value["to"] == ANA[1:] else FINE
    done = house.deliver()
    assert (done.sent, done.dead) == (1, 1)
    assert house.counts() == {"dead": 1, "sent": 1}
    tries = {one.state: one.attempts for one in house.desk.outbox.letters("", 9)}
    assert tries == {"dead": 1, "sent": 1}, "what was refused for the time being was no try"


def test_what_failed_late_is_sent_again_and_what_arrived_has_arrived(
    house: AlertHouse, hook: str
) -> None:
    house.join("whatsapp", ANA)
    house.alert()
    house.deliver()
    (key,) = keys(house)
    house.later(hours=5)
    assert tell(hook, statuses=[status(key, "sent"), status(key, "failed", 131_000)]).is_success
    assert house.counts() == {"queued": 1}
    assert tell(hook, statuses=[status(key, "failed", 131_000)]).is_success
    house.later(minutes=2)
    assert house.deliver().sent == 1
    assert keys(house) == [key, key]
    tell(hook, statuses=[status(key, "delivered")])
    tell(hook, statuses=[status(key, "read"), status(key, "failed", 131_000)])
    assert house.counts() == {"delivered": 1}
    assert house.deliver().sent == 0
    house.follow(key[:9], "cancel")
    assert house.deliver().sent == 1, "whoever got it is told that it is over"


def test_what_cannot_arrive_is_dead_and_what_was_replaced_stays_so(
    house: AlertHouse, hook: str
) -> None:
    house.join("whatsapp", ANA)
    first, second = house.alert(), house.alert()
    house.deliver()
    one, other = sorted(keys(house), key=lambda key: not key.startswith(first))
    tell(hook, statuses=[status(one, "failed", 131_026)])
    assert house.counts() == {"dead": 1, "sent": 1}
    house.follow(second, "update")
    house.deliver()
    tell(hook, statuses=[status(other, "failed", 131_000)])
    assert house.counts() == {"dead": 1, "replaced": 1, "sent": 1}


def test_what_fails_again_and_again_ends_as_a_dead_letter(house: AlertHouse, hook: str) -> None:
    house.join("whatsapp", ANA)
    house.alert()
    for _ in range(12):
        house.deliver()
        tell(hook, statuses=[status(keys(house)[0], "failed", 131_000)])
        house.later(hours=7)
    assert house.counts() == {"dead": 1}
    assert len(house.web.got) == 8


@pytest.mark.parametrize("word", ["STOP", " stop\n", "\u505c\u6b62", "Berhenti"])
def test_who_answers_stop_has_left(house: AlertHouse, hook: str, word: str) -> None:
    for number in (ANA, BO):
        house.join("whatsapp", number)
    chat = {"from": ANA[1:], "type": "text", "text": {"body": "Thanks, do not stop"}}
    assert tell(hook, messages=[chat]).is_success
    assert len(house.desk.subscribers.all()) == 2
    assert tell(hook, messages=[chat | {"text": {"body": word}}]).is_success
    assert [one.wanted.address for one in house.desk.subscribers.all()] == [BO]


def test_nothing_is_believed_without_the_signature(house: AlertHouse, hook: str) -> None:
    house.join("whatsapp", ANA)
    house.alert()
    house.deliver()
    (key,) = keys(house)
    assert tell(hook, "another", statuses=[status(key, "failed", 131_026)]).status_code == 401
    assert httpx.post(hook, content=b"{}").status_code == 401
    odd = {b"x-hub-signature-256": "\u00fc".encode()}
    assert httpx.post(hook, content=b"{}", headers=odd).status_code in (400, 401)
    assert house.counts() == {"sent": 1}


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"entry": 1}', b"\xff", b"[" * 100_000], ids=range(5)
)
def test_what_is_no_batch_is_refused(hook: str, body: bytes) -> None:
    mac = hmac.new(SECRET.encode(), body, "sha256").hexdigest()
    answer = httpx.post(hook, content=body, headers={"x-hub-signature-256": f"sha256={mac}"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "key", ["", "x", "K7QF-3MZP-1.1.mail", "K7QF-3MZP-1.1.whatsapp\n", "K7QF-3MZP-1.0.whatsapp",
            "confirm.abc", "K7QF-3MZP-1.9.whatsapp"],
)  # fmt: skip
def test_a_key_that_is_none_of_ours_changes_nothing(house: AlertHouse, hook: str, key: str) -> None:
    assert tell(hook, statuses=[status(key, "failed", 1), status(key, "delivered")]).is_success
    assert house.counts() == {}


def test_the_address_is_verified_by_its_word(hook: str) -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": WORD, "hub.challenge": "1158201444"}
    assert httpx.get(hook, params=asked).text == "1158201444"
    for wrong in ({"hub.verify_token": "x"}, {"hub.mode": "x"}, {"hub.verify_token": ""}):
        assert httpx.get(hook, params=asked | wrong).status_code == 403
    assert httpx.get(hook, params=asked | {"hub.challenge": "<b>"}).status_code == 400


def test_a_text_becomes_one_line_that_keeps_its_code() -> None:
    text = "a b\n" * 500 + "\n\nTLP:CLEAR  au  K7QF-3MZP\nhttps://alerts.example/a/K7QF-3MZP\n"
    made = line(text, MOST_TEXT)
    assert len(made) <= MOST_TEXT
    assert made.endswith("[...] TLP:CLEAR au K7QF-3MZP https://alerts.example/a/K7QF-3MZP")
    assert line("a\n\n b", 10) == "a b"


def test_the_environment_says_it_whole(node: Node) -> None:
    told = {"ACCORD_WHATSAPP_TOKEN": TOKEN, "ACCORD_WHATSAPP_NUMBER": "1065"}
    made = carriers(node, told)["whatsapp"]
    assert TOKEN not in repr(made)
    with pytest.raises(Invalid, match="digits"):
        carriers(node, told | {"ACCORD_WHATSAPP_NUMBER": "1/65"})
    assert whatsapp_secrets({}) is None
    both = {"ACCORD_WHATSAPP_SECRET": SECRET, "ACCORD_WHATSAPP_VERIFY": WORD}
    assert whatsapp_secrets(both) == (SECRET, WORD)
    with pytest.raises(Invalid, match="both"):
        whatsapp_secrets({"ACCORD_WHATSAPP_SECRET": SECRET})
