"""Waiting for a change, without a server."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from accord.flows.exchange.messages import Request, Response
from accord.web.door import waiting
from accord.web.door.waiting import Asks, NoRoom, Room, is_asked

CHANGES = Request("GET", "/accord/v1/changes", "since=x:7&wait=5")


class Store:
    """A log that grows, and a beat that says so."""

    def __init__(self) -> None:
        self.size = 7
        self.beats = 0
        self.asked = 0
        self.grow_while_answering = False

    def beat(self) -> int:
        return self.beats

    async def answer(self) -> Response:
        self.asked += 1
        body = json.dumps({"logs": [{"log": "x", "size": self.size}]}).encode()
        if self.grow_while_answering:
            self.size, self.beats, self.grow_while_answering = 8, self.beats + 1, False
        return Response(200, (), body)


async def run(call: Callable[[], object]) -> object:
    return call()


async def never() -> dict[str, Any]:
    await asyncio.sleep(60)
    return {}


def waited(store: Store, request: Request = CHANGES, receive: Any = never) -> tuple[float, bytes]:
    async def main() -> tuple[float, bytes]:
        room = Room(store.beat, lambda: False, run)
        start = time.monotonic()
        response = await room.until_changed(Asks("japan", request, store.answer, receive))
        return time.monotonic() - start, response.body

    return asyncio.run(main())


def test_a_change_while_the_door_answers_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The beat tells of it: the door is not asked for any other reason."""
    monkeypatch.setattr(waiting, "_AGAIN", 60)
    store = Store()
    store.grow_while_answering = True
    _, body = waited(store)
    assert b'"size": 8' in body


def test_who_has_gone_is_not_waited_for() -> None:
    async def gone() -> dict[str, Any]:
        await asyncio.sleep(0.1)
        return {"type": "http.disconnect"}

    assert waited(Store(), receive=gone)[0] < 0.6


@pytest.mark.parametrize(
    ("answer", "news"),
    [
        (Response(200, (), b'{"logs":[]}'), False),
        (Response(404, (), b"{}"), True),
        (Response(200, (), b"not JSON"), True),
        (Response(200, (), b'{"logs":[{"log":"y","size":7}]}'), True),
        (Response(200, (), b'{"logs":[{"log":"x","size":7}]}'), False),
    ],
)
def test_news(answer: Response, news: bool) -> None:  # noqa: FBT001 - a column of a table
    store = Store()

    async def said() -> Response:
        return answer

    store.answer = said  # type: ignore[method-assign]
    request = Request("GET", "/accord/v1/changes", "since=x:7&wait=1")
    assert (waited(store, request)[0] < 0.5) is news


def test_places_are_given_back() -> None:
    store = Store()

    async def main() -> None:
        room = Room(store.beat, lambda: False, run)

        async def ask(name: str) -> None:
            short = Request("GET", "/accord/v1/changes", "since=x:7&wait=1")
            await room.until_changed(Asks(name, short, store.answer, never))

        for _ in range(2):
            waiting = [asyncio.ensure_future(ask("japan")) for _ in range(4)]
            await asyncio.sleep(0.1)
            with pytest.raises(NoRoom):
                await ask("japan")
            await asyncio.gather(*waiting, ask("india"))
        assert not room._inside

    asyncio.run(main())


@pytest.mark.parametrize(
    "query",
    [
        "a=1&" * 20,
        "wait=-1",
        "wait=1e9",
        "wait=9999",
        "wait=\u0661",
        "wait",
        "=",
        "%ff=%ff&wait=%00",
    ],
)
def test_what_is_no_number_of_seconds_is_none(query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits asks the door at each look; this one asks it once."""
    monkeypatch.setattr(waiting, "_AGAIN", 0)
    store = Store()
    waited(store, Request("GET", "/accord/v1/changes", f"since=x:7&{query}"))
    assert store.asked == 1


def test_only_changes_wait() -> None:
    assert is_asked(CHANGES)
    assert not is_asked(Request("POST", CHANGES.path))
    assert not is_asked(Request("GET", "/accord/v1/logs"))
