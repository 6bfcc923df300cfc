"""Two nodes' doors on this machine: TLS, signatures, replays, a proxy, waiting, and bounds."""

from __future__ import annotations

import json
import os
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import pytest
from doors import (
    TOKEN,
    Echo,
    Told,
    directory,
    new_signer,
    partner,
    parts,
    serving,
    signed,
    wait_for,
)

from accord.core.clock import SystemClock
from accord.flows.exchange.carrying import Refused, Unreachable
from accord.flows.exchange.messages import Request, Response
from accord.identity.keys import LibrarySigner
from accord.identity.partners import Directory, Partner
from accord.transport.http import HttpCarrier, Limits
from accord.transport.tls import client_context, ensure_certificate, server_context
from accord.web.door import limits, waiting

LOGS = Request("GET", "/accord/v1/logs")
BLOBS = Request("POST", "/accord/v1/logs/x/blobs", "", (), b"c" * 32_000)


def now() -> str:
    return SystemClock().now()


class Here:
    """One node as its partners meet it."""

    def __init__(self, name: str, home: Path) -> None:
        self.name = name
        self.home = home
        self.signer: LibrarySigner = new_signer()
        self.pin = ensure_certificate(home, name)
        self.trust = Told(name, None)
        self.door = Echo()
        self.ports: tuple[int, ...] = ()
        self.carrier = HttpCarrier(lambda: self.signer, SystemClock(), secrets.token_bytes)

    @property
    def partner(self) -> Partner:
        addresses = tuple(f"https://127.0.0.1:{port}" for port in self.ports)
        made = partner(self.name, self.signer.key(), certificates=(self.pin,))
        return msgspec.structs.replace(made, addresses=addresses)


def introduce(*nodes: Here) -> Directory:
    known = directory(*(node.partner for node in nodes))
    for node in nodes:
        node.trust.known = known
    return known


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Here, Here]]:
    """Australia and Japan, both serving."""
    australia = Here("australia", tmp_path_factory.mktemp("australia"))
    japan = Here("japan", tmp_path_factory.mktemp("japan"))
    introduce(australia, japan)
    with (
        serving(parts(australia.door, australia.trust), australia.home) as first,
        serving(parts(japan.door, japan.trust), japan.home) as second,
    ):
        australia.ports, japan.ports = (first,), (second,)
        introduce(australia, japan)
        yield australia, japan
    australia.carrier.close()
    japan.carrier.close()


def test_each_knows_who_asks(two: tuple[Here, Here]) -> None:
    australia, japan = two
    for asking, asked in ((australia, japan), (japan, australia)):
        response = asking.carrier.send(asked.partner, BLOBS)
        assert response.body == f"partner:{asking.name}".encode()
        caller, request = asked.door.asked[-1]
        assert (caller.kind, caller.name) == ("partner", asking.name)
        assert (request.method, request.path, request.body) == ("POST", BLOBS.path, BLOBS.body)


def test_every_answer_has_its_headers(two: tuple[Here, Here]) -> None:
    australia, japan = two
    path = "/accord/v1/logs/x/tile/0/000"
    forever = "private, max-age=31536000, immutable"
    japan.door.answers[path] = Response(200, (("cache-control", forever),), b"t")
    tile = australia.carrier.send(japan.partner, Request("GET", path))
    plain = australia.carrier.send(japan.partner, LOGS)
    assert tile.header("cache-control") == forever
    assert plain.header("cache-control") == "private, no-store"
    for response in (tile, plain):
        assert response.header("x-content-type-options") == "nosniff"
        assert response.header("server") == ""


def test_a_long_answer_is_whole(two: tuple[Here, Here]) -> None:
    australia, japan = two
    body = os.urandom(16 << 20)
    japan.door.answers["/accord/v1/long"] = Response(200, (), body)
    assert australia.carrier.send(japan.partner, Request("GET", "/accord/v1/long")).body == body


@contextmanager
def connected(to: Here) -> Iterator[httpx.Client]:
    """A client that sends what it is told, over TLS, and signs nothing."""
    context = client_context([to.pin], SystemClock())
    with httpx.Client(
        verify=context, base_url=f"https://127.0.0.1:{to.ports[0]}", trust_env=False
    ) as client:
        yield client


def sent(client: httpx.Client, request: Request) -> httpx.Response:
    url = f"{request.path}?{request.query}" if request.query else request.path
    return client.request(request.method, url, headers=list(request.headers), content=request.body)


def in_time(asking: Here, asked: Here, request: Request) -> Request:
    """Signed as the carrier signs, in the other's time: its door may just have begun."""
    asking.carrier.send(asked.partner, LOGS)
    at = asking.carrier._in_time_of(asked.partner)
    return signed(request, asking.signer, asked.name, at)


def test_a_captured_request_is_refused(two: tuple[Here, Here]) -> None:
    """Sent again as it was; to another partner; and with its parts changed."""
    australia, japan = two
    with connected(japan) as client:
        captured = in_time(australia, japan, BLOBS)
        assert sent(client, captured).status_code == 200
        before = len(japan.door.asked)
        again = sent(client, captured)
        assert again.status_code == 401
        assert again.json() == {"error": "not admitted"}
        assert again.headers["accord-time"][:10] == now()[:10]
        for changes in ({"body": b"d" * 32_000}, {"path": "/accord/v1/logs/y/blobs"},
                        {"query": "a=1"}, {"method": "GET", "body": b""}):  # fmt: skip
            fresh = in_time(australia, japan, BLOBS)
            changed = sent(client, msgspec.structs.replace(fresh, **changes))
            assert (changed.status_code, changed.content) == (401, again.content)
        assert {request.path for _, request in japan.door.asked[before:]} == {LOGS.path}
    with connected(australia) as client:
        elsewhere = in_time(australia, japan, BLOBS)
        assert sent(client, elsewhere).status_code == 401


def test_a_token_or_nothing(two: tuple[Here, Here]) -> None:
    _, japan = two
    with connected(japan) as client:
        assert client.get("/accord/v1/objects").text == "public"
        bearer = {"authorization": f"Bearer {TOKEN}"}
        assert client.get("/accord/v1/objects", headers=bearer).text == "client:grid-siem"
        wrong = {"authorization": f"Bearer {TOKEN[:-1]}x"}
        assert client.get("/accord/v1/objects", headers=wrong).status_code == 401


def test_a_partner_that_left_is_refused_at_once(tmp_path: Path) -> None:
    australia, japan = Here("australia", tmp_path / "a"), Here("japan", tmp_path / "j")
    introduce(australia, japan)
    with serving(parts(japan.door, japan.trust), japan.home) as port:
        japan.ports = (port,)
        assert australia.carrier.send(japan.partner, LOGS).status == 200
        left = msgspec.structs.replace(australia.partner, removed=now())
        japan.trust.known = directory(left, japan.partner)
        with pytest.raises(Refused):
            australia.carrier.send(japan.partner, LOGS)
        rotated = msgspec.structs.replace(australia.signer.key(), revoked=now())
        japan.trust.known = directory(partner("australia", rotated), japan.partner)
        with pytest.raises(Refused):
            australia.carrier.send(japan.partner, LOGS)
    australia.carrier.close()


def test_a_restarted_door_takes_no_captured_request(tmp_path: Path) -> None:
    australia, japan = Here("australia", tmp_path / "a"), Here("japan", tmp_path / "j")
    introduce(australia, japan)
    with serving(parts(japan.door, japan.trust), japan.home) as port:
        japan.ports = (port,)
        ahead = in_time(australia, japan, LOGS)
        with connected(japan) as client:
            assert sent(client, ahead).status_code == 200
    with serving(parts(japan.door, japan.trust), japan.home) as port:
        japan.ports = (port,)
        with connected(japan) as client:
            assert sent(client, ahead).status_code == 401
        assert australia.carrier.send(japan.partner, LOGS).status == 200
    australia.carrier.close()


class Proxy:
    """A proxy that ends TLS and speaks plain HTTP behind, under its own name."""

    def __init__(self, keys: Path, behind: int) -> None:
        self._context = server_context(keys)
        self._behind = behind
        self._heard = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._heard.getsockname()[1]
        self.passed = b""
        threading.Thread(target=self._run, daemon=True).start()

    def close(self) -> None:
        self._heard.close()

    def _run(self) -> None:
        while True:
            try:
                front = self._context.wrap_socket(self._heard.accept()[0], server_side=True)
            except OSError:
                return
            back = socket.create_connection(("127.0.0.1", self._behind))
            for one, other in ((front, back), (back, front)):
                threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while some := one.recv(65_536):
                if isinstance(one, ssl.SSLSocket):
                    host = b"host: 127.0.0.1:%d" % self.port
                    some = some.replace(host, b"Host: door.internal\r\nX-Forwarded-For: 1.2.3.4")
                    self.passed += some
                other.sendall(some)
        except OSError:
            pass
        finally:
            other.close()


def test_behind_a_proxy(tmp_path: Path) -> None:
    """The proxy's certificate is the pinned one; it changes the host, and adds headers."""
    australia, japan = Here("australia", tmp_path / "a"), Here("japan", tmp_path / "j")
    introduce(australia, japan)
    made = msgspec.structs.replace(parts(japan.door, japan.trust), known_addresses=False)
    with serving(made, None) as port:
        proxy = Proxy(japan.home, port)
        japan.ports = (proxy.port,)
        try:
            response = australia.carrier.send(japan.partner, BLOBS)
            assert response.body == b"partner:australia"
            assert b"Host: door.internal" in proxy.passed
            captured = b"".join(proxy.passed.rpartition(b"POST ")[1:])
            with socket.create_connection(("127.0.0.1", port)) as plain:
                plain.sendall(captured)
                assert plain.recv(100).startswith(b"HTTP/1.1 401")
        finally:
            proxy.close()
    australia.carrier.close()


def logs(size: int) -> bytes:
    return json.dumps({"logs": [{"log": "x", "name": "n", "origin": "o", "size": size}]}).encode()


CHANGES = Request("GET", "/accord/v1/changes", "since=x:7&wait=20")


class Waiting:
    """Japan, whose logs a test lets grow."""

    def __init__(self, tmp_path: Path) -> None:
        self.australia, self.japan = (
            Here("australia", tmp_path / "a"),
            Here("japan", tmp_path / "j"),
        )
        introduce(self.australia, self.japan)
        self.beats = 0
        self.count = 0
        self.stop = False
        self.japan.door.logs = logs(7)
        self.made = parts(
            self.japan.door, self.japan.trust, beat=self.beat, stopping=lambda: self.stop
        )

    def beat(self) -> int:
        self.count += 1
        return self.beats

    def grow(self, size: int) -> None:
        self.japan.door.logs = logs(size)
        self.beats += 1

    @contextmanager
    def serving(self) -> Iterator[None]:
        with serving(self.made, self.japan.home) as port:
            self.japan.ports = (port,)
            self.australia.carrier.send(self.japan.partner, LOGS)
            yield
        self.australia.carrier.close()

    def asked(self, query: str = CHANGES.query) -> tuple[float, Response]:
        start = time.monotonic()
        request = msgspec.structs.replace(CHANGES, query=query)
        response = self.australia.carrier.send(self.japan.partner, request)
        return time.monotonic() - start, response


def test_waiting_ends_with_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The beat tells of it: the door is not asked for any other reason."""
    monkeypatch.setattr(waiting, "_AGAIN", 60)
    here = Waiting(tmp_path)
    with here.serving():
        timer = threading.Timer(0.5, here.grow, [8])
        timer.start()
        took, response = here.asked()
        assert json.loads(response.body)["logs"][0]["size"] == 8
        assert 0.4 < took < 15
        assert len(here.japan.door.asked) < 6


def test_waiting_ends_with_its_time(tmp_path: Path) -> None:
    here = Waiting(tmp_path)
    with here.serving():
        assert 0.9 < here.asked("since=x:7&wait=1")[0] < 15


@pytest.mark.parametrize(
    "query",
    ["since=x:7", "since=x:7&wait=x", "since=x:6&wait=20", "wait=20", "since=y:7&wait=20"],
)
def test_who_has_news_or_names_no_time_is_answered_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    """Whoever waits asks the door at each look; this one asks it once."""
    monkeypatch.setattr(waiting, "_AGAIN", 0)
    here = Waiting(tmp_path)
    with here.serving():
        before = len(here.japan.door.asked)
        here.asked(query)
        assert len(here.japan.door.asked) == before + 1


def test_what_becomes_due_is_noticed_without_a_change(tmp_path: Path) -> None:
    """An embargo ends while nobody writes: the door is asked at least each second."""
    here = Waiting(tmp_path)
    with here.serving():
        threading.Timer(0.3, lambda: setattr(here.japan.door, "logs", logs(9))).start()
        took, response = here.asked()
        assert json.loads(response.body)["logs"][0]["size"] == 9
        assert took < 15


def test_one_look_serves_all_who_wait(tmp_path: Path) -> None:
    here = Waiting(tmp_path)
    with here.serving():
        threads = [
            threading.Thread(target=here.asked, args=("since=x:7&wait=1",)) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert here.count < 60


def test_few_of_one_partner_may_wait(tmp_path: Path) -> None:
    here = Waiting(tmp_path)
    with here.serving():
        threads = [threading.Thread(target=here.asked) for _ in range(4)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(here.japan.door.asked) >= 5)
        time.sleep(0.1)
        took, response = here.asked()
        assert (response.status, response.header("retry-after")) == (429, "5")
        assert took < 15
        here.grow(8)
        for thread in threads:
            thread.join(5)


def test_who_waits_is_let_go_when_the_server_stops(tmp_path: Path) -> None:
    here = Waiting(tmp_path)
    answers: list[float] = []
    with here.serving():
        thread = threading.Thread(target=lambda: answers.append(here.asked()[0]))
        thread.start()
        wait_for(lambda: len(here.japan.door.asked) >= 2)
        here.stop = True
        thread.join(5)
    assert answers
    assert answers[0] < 2


def test_too_often(two: tuple[Here, Here], monkeypatch: pytest.MonkeyPatch) -> None:
    """The public is held back; partners have a reserve of their own."""
    australia, japan = two
    monkeypatch.setattr(limits, "PUBLIC", limits.Rate(1, 5))
    with serving(parts(japan.door, japan.trust), japan.home) as port:
        asked = Here("japan", japan.home)
        asked.ports, asked.signer = (port,), japan.signer
        with connected(asked) as client:
            answers = [client.get("/accord/v1/objects") for _ in range(10)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 5
        assert int(answers[-1].headers["retry-after"]) >= 1
        for _ in range(20):
            assert australia.carrier.send(asked.partner, LOGS).status == 200


def test_bounds(two: tuple[Here, Here]) -> None:
    australia, japan = two
    before = len(japan.door.asked)
    with connected(japan) as client:
        assert client.get("/").status_code == 404
        assert client.get("/accord/v2/logs").status_code == 404
        assert client.get("/accord/v1").status_code == 404
        for method in ("PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "PATCH"):
            assert client.request(method, "/accord/v1/logs").status_code == 405
        assert client.get("/accord/v1/" + "x" * 33_000).status_code == 414
        assert client.post("/accord/v1/x", content=b"x" * 65_537).status_code == 413
        assert client.post("/accord/v1/x", content=iter([b"x" * 40_000] * 2)).status_code == 413
        assert len(japan.door.asked) == before
        assert client.post("/accord/v1/x", content=b"x" * 65_536).status_code == 200
    long = Request("POST", "/accord/v1/logs/x/acknowledgements", body=b"x" * (16 << 20))
    assert australia.carrier.send(japan.partner, long).status == 200
    longer = msgspec.structs.replace(long, body=long.body + b"x")
    assert australia.carrier.send(japan.partner, longer).status == 413
    elsewhere = msgspec.structs.replace(long, path=BLOBS.path)
    assert australia.carrier.send(japan.partner, elsewhere).status == 413


def test_the_door_shows_nobody_but_its_certificate(two: tuple[Here, Here]) -> None:
    australia, japan = two
    wrong = msgspec.structs.replace(japan.partner, certificates=australia.partner.certificates)
    before = len(japan.door.asked)
    carrier = HttpCarrier(lambda: australia.signer, SystemClock(), secrets.token_bytes, Limits())
    with pytest.raises(Unreachable, match="does not list"):
        carrier.send(wrong, LOGS)
    carrier.close()
    assert len(japan.door.asked) == before
