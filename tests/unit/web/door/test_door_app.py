"""The door's application by itself: how often, how much, and what a failure tells."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from doors import START, Echo, Tokens, Told, directory, new_signer, partner, parts, signed
from sqlalchemy.exc import OperationalError

from accord.core.clock import SystemClock
from accord.core.errors import AccordError
from accord.flows.exchange.messages import Request, Response
from accord.identity.gate import Gate
from accord.identity.recipients import Recipient
from accord.web import asgi
from accord.web.door import app as module
from accord.web.door import limits
from accord.web.door.app import DoorApp

AWAY = "203.0.113.9"
CANARY = "canary-7f3a"
Answer = tuple[int, dict[str, str], bytes]


class Broken(Echo):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def answer(self, caller: Recipient, request: Request) -> Response:
        raise self._error


async def ask(
    app: DoorApp, request: Request, address: str = AWAY, bodies: Sequence[bytes] | None = None
) -> Answer:
    """As a server would."""
    waiting = list(bodies if bodies is not None else [request.body])
    said: list[Any] = []

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.sleep(60)
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting) or bodies == [b""]}

    async def send(message: Any) -> None:
        said.append(message)

    scope = {
        "type": "http", "method": request.method, "path": request.path,
        "raw_path": request.path.encode(), "query_string": request.query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in request.headers],
        "client": (address, 1),
    }  # fmt: skip
    await app(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in said[0]["headers"]}
    return said[0]["status"], headers, b"".join(part["body"] for part in said[1:])


def asked(app: DoorApp, *requests: Request, address: str = AWAY) -> list[Answer]:
    async def run() -> list[Answer]:
        return [await ask(app, request, address) for request in requests]

    try:
        return asyncio.run(run())
    finally:
        app.close()


PLAIN = Request("GET", "/accord/v1/objects")


def told() -> Told:
    return Told("japan", directory(partner("australia", new_signer().key()), partner("japan")))


def wrong() -> Request:
    return signed(PLAIN, new_signer(), "japan", SystemClock().now())


def test_who_fails_often_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FAILED", limits.Rate(0.1, 3))
    answers = asked(DoorApp(parts(Echo(), told())), *[wrong() for _ in range(5)])
    assert [answer[0] for answer in answers] == [401, 401, 401, 429, 429]
    assert int(answers[-1][1]["retry-after"]) > 1


def test_a_key_that_nobody_has_here_lets_a_newer_directory_be_asked_for() -> None:
    known, called = new_signer(), list[str]()
    trust = Told("japan", directory(partner("australia", known.key()), partner("japan")))
    made = msgspec.structs.replace(parts(Echo(), trust), unknown=lambda: called.append("x"))
    mine = signed(PLAIN, known, "japan", SystemClock().now())
    altered = msgspec.structs.replace(mine, query="x=1")
    assert [one[0] for one in asked(DoorApp(made), mine, altered, PLAIN)][1:] == [401, 200]
    assert called == []
    assert asked(DoorApp(made), wrong())[0][0] == 401
    assert called == ["x"]


def test_this_machine_may_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several nodes on one machine, and a proxy, have one address."""
    monkeypatch.setattr(limits, "FAILED", limits.Rate(0.1, 3))
    requests = [wrong() for _ in range(5)]
    answers = asked(DoorApp(parts(Echo(), told())), *requests, address="127.0.0.1")
    assert [answer[0] for answer in answers] == [401] * 5


def test_the_public_behind_a_proxy_has_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it may ask as much as everybody together, and failures are counted for nobody."""
    monkeypatch.setattr(limits, "PUBLIC", limits.Rate(0.1, 2))
    monkeypatch.setattr(limits, "EVERYONE", limits.Rate(0.1, 4))
    monkeypatch.setattr(limits, "FAILED", limits.Rate(0.1, 1))
    made = msgspec.structs.replace(parts(Echo(), told()), known_addresses=False)
    answers = asked(DoorApp(made), *[wrong() for _ in range(3)], *[PLAIN] * 5)
    assert [answer[0] for answer in answers] == [401, 401, 401, 200, 200, 200, 200, 429]


def test_every_refusal_is_one_answer() -> None:
    requests = [
        wrong(),
        Request("GET", PLAIN.path, "", (("authorization", "Bearer x"),)),
        Request("GET", PLAIN.path, "", (("signature", "x"),)),
    ]
    answers = asked(DoorApp(parts(Echo(), told())), *requests)
    assert {answer[0] for answer in answers} == {401}
    assert {answer[2] for answer in answers} == {b'{"error":"not admitted"}'}
    names = {"accord-time", "retry-after", "content-type", "content-length"} | {*asgi.HEADERS}
    assert all(answer[1].keys() <= names for answer in answers)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (AccordError(CANARY), 500),
        (OperationalError(CANARY, None, Exception(CANARY)), 503),
    ],
    ids=["ours", "database"],
)
def test_a_failure_tells_nothing(error: Exception, status: int) -> None:
    (answer,) = asked(DoorApp(parts(Broken(error), told())), PLAIN)
    assert answer[0] == status
    assert CANARY not in str(answer)
    assert json.loads(answer[2])["error"]


def test_a_body_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BODY_SECONDS", 0.1)
    app = DoorApp(parts(Echo(), told()))
    answer = asyncio.run(ask(app, PLAIN, bodies=[b""]))
    app.close()
    assert answer[0] == 408


def test_few_long_bodies_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are not yet known may not fill the memory; what is short goes on beside."""
    monkeypatch.setattr(module, "_LONG_SECONDS", 0.3)
    monkeypatch.setattr(module, "_BODY_SECONDS", 0.3)
    headers = (("content-length", str(module.SMALL + 1)), ("signature", "x"))
    long = Request("POST", "/accord/v1/logs/x/acknowledgements", "", headers)
    short = msgspec.structs.replace(long, headers=(("content-length", "1"), headers[1]))
    app = DoorApp(parts(Echo(), told()))

    async def run() -> list[int]:
        slow = [asyncio.ensure_future(ask(app, long, bodies=[b""])) for _ in range(5)]
        await asyncio.sleep(0.1)
        quick = await ask(app, short)
        return [*[(await one)[0] for one in slow], quick[0]]

    assert asyncio.run(run()) == [408, 408, 408, 408, 429, 401]
    assert asyncio.run(ask(app, long))[0] == 401
    app.close()


def test_a_body_that_is_cut() -> None:
    door = Echo()
    app = DoorApp(parts(door, told()))

    async def run() -> list[Any]:
        said: list[Any] = []
        came = iter([{"type": "http.request", "body": b"x", "more_body": True}])

        async def receive() -> dict[str, Any]:
            return next(came, {"type": "http.disconnect"})

        async def send(message: Any) -> None:
            said.append(message)

        scope = {
            "type": "http", "method": "POST", "path": "/accord/v1/x", "raw_path": b"/accord/v1/x",
            "query_string": b"", "headers": [], "client": (AWAY, 1),
        }  # fmt: skip
        await app(scope, receive, send)
        return said

    assert asyncio.run(run())[0]["status"] == 400
    assert door.asked == []
    app.close()


class Slow(Echo):
    def answer(self, caller: Recipient, request: Request) -> Response:
        time.sleep(0.02)
        return super().answer(caller, request)


def overrun(*partners: Request) -> tuple[list[int], list[int]]:
    """Statuses of a hundred public requests at once, and of a partner's that come among them."""
    door, signer = Slow(), new_signer()
    known = directory(partner("australia", signer.key()), partner("japan"))
    old = Gate(START, Tokens())  # in its first second a gate admits nobody
    made = msgspec.structs.replace(parts(door, Told("japan", known)), gate=old)
    app = DoorApp(made)

    async def run() -> tuple[list[int], list[int]]:
        public = [ask(app, PLAIN, f"203.0.113.{number}") for number in range(100)]
        begun = [asyncio.ensure_future(one) for one in public]
        await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        mine = []
        for request in partners:
            fresh = signed(request, signer, "japan", SystemClock().now())
            mine.append(await ask(app, fresh))
        return [one[0] for one in await asyncio.gather(*begun)], [one[0] for one in mine]

    try:
        return asyncio.run(run())
    finally:
        app.close()


def test_a_door_that_is_overrun_says_so() -> None:
    """What waits for a thread is bounded; what is past the bound is told to come again."""
    statuses, _ = overrun()
    assert set(statuses) == {200, 429}
    assert statuses.count(200) >= asgi._QUEUE


def test_partners_have_a_reserve() -> None:
    _, answered = overrun(PLAIN, PLAIN, PLAIN)
    assert answered == [200, 200, 200]


def test_reserve() -> None:
    buckets = limits.Buckets(limits.Rate(each=2, burst=4))
    assert [buckets.take("a", 0) for _ in range(5)] == [0, 0, 0, 0, 0.5]
    assert buckets.take("b", 0) == 0
    assert buckets.take("a", 0.5) == 0
    assert buckets.take("a", 0.5) == 0.5
    assert [buckets.take("a", 100) for _ in range(5)] == [0, 0, 0, 0, 0.5]


def test_asking_takes_nothing() -> None:
    buckets = limits.Buckets(limits.Rate(each=1, burst=1))
    assert [buckets.take("a", 0, 0) for _ in range(3)] == [0, 0, 0]
    assert buckets.take("a", 0) == 0
    assert buckets.take("a", 0, 0) == 1


def test_buckets_are_bounded() -> None:
    buckets = limits.Buckets(limits.Rate(each=1, burst=2), most=100)
    for number in range(1_000):
        assert buckets.take(str(number), 0) == 0
    assert len(buckets._full) == 100
    buckets.take("last", 10)
    assert len(buckets._full) == 1
