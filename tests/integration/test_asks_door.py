"""Links of suppliers at a real door: over TLS, within bounds, and as commands send them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import evidence_made as made
import httpx
import pytest
from buyers_house import BUILD, WHO, agreed
from mail_house import Sent
from typer.testing import CliRunner

from accord.cli.app import app
from accord.flows.demand.asks import agree
from accord.web.door.app import ANSWER
from accord.web.door.server import DoorServer


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Sent]:
    house = Sent(tmp_path)
    yield house
    house.close()


@pytest.fixture
def door(house: Sent) -> Iterator[httpx.Client]:
    server = DoorServer(house["australia"], "127.0.0.1", 0, plain=True)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    with httpx.Client(base_url=server.address, timeout=20) as client:
        yield client
    server.stop()
    thread.join(10)


def test_a_supplier_answers_at_the_door(house: Sent, door: httpx.Client) -> None:
    id_ = agreed(house, "australia")
    path = f"/asks/{house.send(id_)}"
    assert [door.request(how, path).status_code for how in ("HEAD", "GET", "PUT")] == [
        200,
        200,
        405,
    ]
    page = door.get(path)
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "private, no-store"
    assert "form-action 'self'" in page.headers["content-security-policy"]
    huge = {"files": ("bill.json", b"x" * (ANSWER + 1))}
    said = {"answer": "done", "text": "we do"}
    assert door.post(path, data=said, files=huge).status_code == 413
    assert door.post(f"/asks/{'A' * 43}", data=said, files=huge).status_code == 413
    bill = b'{"bomFormat":"CycloneDX","specVersion":"1.5","version":3,"components":[%s]}'
    wide = bill % b",".join(
        b'{"type":"library","name":"part-%d","version":"1"}' % number for number in range(3_000)
    )
    files = {"files": ("..\\..\\bill.json", wide)}
    assert door.post(path, data=said, files=files).status_code == 200
    assert door.post(path, data=said, files=files).status_code == 413
    assert door.get(path).status_code == 410
    assert agree.one(house["australia"], id_).state == "answered"


def test_two_answers_at_once_use_a_link_once(house: Sent, door: httpx.Client) -> None:
    id_ = agreed(house, "australia")
    path = f"/asks/{house.send(id_)}"
    found: list[int] = []

    def say(number: int) -> None:
        said = {"answer": "done", "text": f"answer {number}"}
        sent = httpx.post(
            f"{door.base_url}{path}", data=said, files={"files": ("", b"")}, timeout=20
        )
        found.append(sent.status_code)

    threads = [threading.Thread(target=say, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(found) == [200, 410, 410, 410, 410, 410]
    steps = agree.one(house["australia"], id_).steps
    assert [one.step for one in steps] == ["sent", "answered"]


def test_the_commands(house: Sent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = str(house["australia"].settings.home)
    monkeypatch.setenv("ACCORD_HOME", home)
    monkeypatch.setenv("ACCORD_PERSON", "R. Ana")
    monkeypatch.setenv("ACCORD_MAIL", f"smtp://127.0.0.1:{house.post.port}")
    monkeypatch.setenv("ACCORD_MAIL_FROM", "a@au.example")
    monkeypatch.setenv("ACCORD_MAIL_AUTHORITIES", house.post.authorities)

    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["asks", *words])
        assert done.exit_code == code, (done.output, done.exception)
        return str(done.output)

    assert "No asks yet" in run("list")
    run("agree", "Lantern Works", BUILD, "--product", made.PRODUCT, "--due", "2099-01-01")
    (ask,) = agree.every(house["australia"])
    assert "agreed, due 2099-01-01" in run("list")
    run("agree", ask.id[:9], code=1)
    run("agree", ask.id[:9], "--due", "2099-01-02", code=2)
    sent = run("send", ask.id[:9], "--to", "s@l.example", "--door", "https://au.example/")
    assert "was sent to s@l.example" in sent
    assert house.post.mails
    (tmp_path / "bill.json").write_bytes(
        b'{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":[]}'
    )
    run("answer", ask.id[:9], str(tmp_path / "bill.json"), "--answer", "done", "--text", "built so")
    assert "0 asks are fixed" in run("fixed")
    run("fixed", ask.id[:9], code=2)
    assert "fixed on" in run("fixed", ask.id[:9], "--release", made.RELEASE)
    shown = run("show", ask.id[:9])
    assert "when sent: met in 0 of 1 verdicts" in shown
    assert '"answered_in_time": 1' in run("list", "--json")
    run("withdraw", ask.id[:9], "--why", WHO[1])
    assert "consents no longer" in run("show", ask.id[:9])
