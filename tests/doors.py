"""Partners, their keys, and servers on this machine: for tests of the way between nodes."""

from __future__ import annotations

import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import msgspec
import uvicorn
from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]

from accord.core.clock import Clock, FixedClock, SystemClock
from accord.flows.exchange.messages import Request, Response
from accord.identity.gate import Clients, Gate
from accord.identity.keys import LibrarySigner, signer_of
from accord.identity.partners import Directory, Partner, PartnerKey, Policy
from accord.identity.recipients import Recipient
from accord.identity.signatures import sign_request
from accord.web.door.app import DoorApp, Parts
from accord.web.door.server import configuration, listening

START = "2026-03-01T00:00:00.000000Z"
NOW = "2026-03-01T00:10:00.000000Z"
TOKEN = "accord_" + "t" * 43
CLIENT = Recipient("client", "grid-siem", "Grid")


def new_signer() -> LibrarySigner:
    return signer_of(CryptoSigner.generate_ed25519())


def partner(name: str, *keys: PartnerKey, certificates: tuple[str, ...] = ()) -> Partner:
    return Partner(name, name.title(), f"identity--{name}", (), certificates, keys)


def directory(*partners: Partner) -> Directory:
    return Directory("quad", 1, 1, Policy(), partners)


SHOWN = "5a" * 32
"""SHA-256 of the one client's certificate."""


class Tokens:
    """One client."""

    def by_token(self, token: str) -> Recipient | None:
        return CLIENT if token == TOKEN else None

    def by_certificate(self, fingerprint: str) -> Recipient | None:
        return CLIENT if fingerprint == SHOWN else None


class Told:
    """A node's trust, as it is told."""

    def __init__(self, me: str, known: Directory | None) -> None:
        self._me = me
        self.known = known

    def directory(self) -> Directory | None:
        return self.known

    def me(self) -> str:
        return self._me


class Echo:
    """A door that answers by address, and keeps who asked for what."""

    def __init__(self) -> None:
        self.asked: list[tuple[Recipient, Request]] = []
        self.answers: dict[str, Response] = {}
        self.logs = b'{"logs":[]}'

    def answer(self, caller: Recipient, request: Request) -> Response:
        self.asked.append((caller, request))
        if request.path.endswith("/changes"):
            return Response(200, (("content-type", "application/json"),), self.logs)
        said = Response(200, (("content-type", "text/plain"),), caller.label.encode())
        return self.answers.get(request.path, said)


def signed(request: Request, signer: LibrarySigner, to: str = "japan", now: str = NOW) -> Request:
    """A request with the headers that sign it."""
    added = sign_request(request, to, signer, now, secrets.token_bytes(16))
    return msgspec.structs.replace(request, headers=(*request.headers, *added))


def parts(  # noqa: PLR0913, PLR0917 - each is one part
    door: Echo,
    trust: Told,
    clock: Clock | None = None,
    clients: Clients | None = None,
    beat: Callable[[], object] = lambda: 0,
    stopping: Callable[[], bool] = lambda: False,
) -> Parts:
    clock = clock or SystemClock()
    gate = Gate(clock.now(), clients or Tokens(), threading.Lock())
    return Parts(door, gate, trust, clock, beat, stopping)


@contextmanager
def serving(made: Parts, folder: Path | None) -> Iterator[int]:
    """The door on a port of this machine; with TLS where a folder of keys is given."""
    heard = listening("127.0.0.1", 0)
    app = DoorApp(made)
    config = configuration(app, folder)
    config.log_level = "critical"
    try:
        with heard_on(heard, config) as port:
            yield port
    finally:
        app.close()


@contextmanager
def heard_on(heard: socket.socket, config: uvicorn.Config) -> Iterator[int]:
    """A server that answers on a socket; gives its port."""
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [heard]}, daemon=True)
    thread.start()
    try:
        wait_for(lambda: server.started)
        yield heard.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)


def wait_for(happened: Callable[[], object], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


class Raw:
    """A server that says what a test tells it to, byte for byte, and keeps what it was sent."""

    def __init__(
        self,
        answer: Callable[[socket.socket], object],
        context: ssl.SSLContext | None = None,
        head: bytes = b"\r\n\r\n",
    ) -> None:
        """`head` is what it waits for before it answers."""
        self.received = b""
        self.connections = 0
        self._answer = answer
        self._context = context
        self._head = head
        self._heard = socket.create_server(("127.0.0.1", 0))
        self._end = threading.Event()
        self.port: int = self._heard.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        with socket.socket() as last:
            last.connect(("127.0.0.1", self.port))
        self._thread.join(10)
        self._heard.close()

    def _run(self) -> None:
        while True:
            connection, _ = self._heard.accept()
            if self._end.is_set():
                connection.close()
                return
            connection.settimeout(5)
            self.connections += 1
            try:
                if self._context:
                    connection = self._context.wrap_socket(connection, server_side=True)
                self._read_head(connection)
                if self._head in self.received:
                    self._answer(connection)
            except OSError:
                pass
            finally:
                connection.close()

    def _read_head(self, connection: socket.socket) -> None:
        self.received = b""
        while not self.received or self._head not in self.received:
            some = connection.recv(65_536)
            if not some:
                return
            self.received += some


def saying(data: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(data)


def fixed(at: str = NOW) -> Clock:
    return FixedClock(at)
