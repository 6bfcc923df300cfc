"""The public asks for alerts by a form: confirmed from the mail, and never a bomb."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import doors
import httpx
import pytest
from alerting_house import PLACE, AlertHouse, said

from accord.outreach.alerts.model import SEVERITIES, Topic
from accord.web.door.server import configuration, listening
from accord.web.public.listener import PublicApp
from accord.web.public.rooms import rooms
from accord.web.public.subscribe import SubscribePages
from accord.wiring import Node
from accord.wiring.outreaching import zone


class Seconds:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def house(here: Node, tmp_path: Path) -> Iterator[AlertHouse]:
    made = AlertHouse(here, tmp_path)
    yield made
    made.close()


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def client(house: AlertHouse, seconds: Seconds) -> Iterator[httpx.Client]:
    form = SubscribePages(house.desk, house.carriers["mail"], PLACE, zone, seconds)
    app = PublicApp([form, house.pages], known_addresses=False)
    try:
        with (
            doors.heard_on(listening("127.0.0.1", 0), configuration(app, None)) as port,
            httpx.Client(base_url=f"http://127.0.0.1:{port}") as found,
        ):
            yield found
    finally:
        app.close()


def post(client: httpx.Client, **fields: str) -> httpx.Response:
    return client.post("/subscribe", files={name: (None, text) for name, text in fields.items()})


def test_who_confirms_by_the_mail_gets_alerts_as_asked(
    client: httpx.Client, house: AlertHouse
) -> None:
    assert "Your mail address" in client.get("/subscribe").text
    done = post(
        client, address="ana@example.org", topics="sector:Energy\r\nregion:AU", floor="Severe",
        language="ja", digest="yes", quiet="22:00-07:00", zone="Asia/Tokyo",
    )  # fmt: skip
    assert done.status_code == 200
    assert "Look into your mail" in done.text
    (mail,) = house.mails()
    (kept,) = house.desk.subscribers.all()
    assert kept.state == "pending"
    wanted = kept.wanted
    assert (wanted.channel, wanted.address, wanted.language) == ("mail", "ana@example.org", "ja")
    assert wanted.floor == SEVERITIES.index("Severe")
    assert set(wanted.topics) == {Topic("sector", "energy"), Topic("region", "au")}
    assert (wanted.rhythm.digest, wanted.rhythm.zone) == (True, "Asia/Tokyo")
    assert (wanted.rhythm.quiet_from, wanted.rhythm.quiet_to) == (22 * 60, 7 * 60)
    assert wanted.recipient == "public"
    found = re.search(r"(/alerts/confirm/[\w-]{43})", said(mail))
    assert found
    assert client.post(found[1]).status_code == 200
    assert [one.state for one in house.desk.subscribers.all()] == ["active"]


def test_an_address_is_asked_once_an_hour_and_the_page_tells_nothing(
    client: httpx.Client, house: AlertHouse, seconds: Seconds
) -> None:
    house.join("mail", "bo@example.org")
    names = ("bo", "new", "NEW", "bo")
    pages = {post(client, address=f"{name}@example.org").text for name in names}
    assert len(pages) == 1
    assert [one["To"] for one in house.mails()] == ["bo@example.org", "new@example.org"]
    seconds.now = 3_599
    post(client, address="bo@example.org")
    assert len(house.mails()) == 2
    seconds.now = 3_601
    post(client, address="bo@example.org")
    assert len(house.mails()) == 3


def test_only_so_many_addresses_are_asked_at_once(
    client: httpx.Client, house: AlertHouse, seconds: Seconds
) -> None:
    codes = [post(client, address=f"a{n}@example.org").status_code for n in range(32)]
    assert codes == [200] * 30 + [503] * 2
    assert len(house.mails()) == 30
    seconds.now = 2.1
    assert post(client, address="a31@example.org").status_code == 200


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"address": "nobody"}, "is not a mail address"),
        ({"address": "a@b.example\nBcc: x@y.example"}, "is not a mail address"),
        ({"address": "a@b.example", "topics": "<i>"}, "&lt;i&gt;"),
        ({"address": "a@b.example", "floor": "Worst"}, "one of Unknown"),
        ({"address": "a@b.example", "zone": "../etc/passwd"}, "is no time zone"),
        ({"address": "a@b.example", "quiet": "late"}, "is no span"),
        ({"address": "a@b.example", "recipient": "client:x"}, "another field"),
        ({"address": "a@b.example", "language": '"><b>'}, "is no language"),
    ],
)
def test_what_cannot_be_wanted_is_told_and_nothing_is_sent(
    client: httpx.Client, house: AlertHouse, fields: dict[str, str], why: str
) -> None:
    done = post(client, **fields)
    assert done.status_code == 422
    assert why in done.text
    assert "<i>" not in done.text
    assert "<b>" not in done.text
    assert house.mails() == []
    assert house.desk.subscribers.all() == []


def test_the_form_is_there_only_where_the_node_sends_mail(here: Node) -> None:
    environment = {"ACCORD_PUBLIC": "https://alerts.example"}
    mail = {"ACCORD_MAIL": "smtp://127.0.0.1:25", "ACCORD_MAIL_FROM": "a@au.example"}
    assert not any(one.owns("/subscribe") for one in rooms(here, environment))
    assert any(one.owns("/subscribe") for one in rooms(here, environment | mail))
