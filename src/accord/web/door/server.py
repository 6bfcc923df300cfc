"""The door as a running server: which node, which port, with TLS or behind a proxy."""

from __future__ import annotations

import errno
import ipaddress
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Collection
from pathlib import Path

import uvicorn
from sqlalchemy.exc import DBAPIError

from accord.core.errors import AccordError
from accord.identity.gate import Gate
from accord.store.keys import FOLDER
from accord.transport.tls import server_context
from accord.web.asgi import Application
from accord.web.door.app import DoorApp, Parts
from accord.web.door.asks import AskPages
from accord.web.door.protocol import PatientProtocol
from accord.wiring import Node

_LOG = logging.getLogger("accord.door")
_BACKLOG = 2048
_CONNECTIONS = 1_000
"""Past these, a request is answered with 503."""
_IDLE = 75
"""Seconds for which a connection is kept open between requests."""
_ENDING = 1
"""Seconds that requests are given to end in when the server stops."""


class DoorServer:
    """One door, made ready on a port; `run` serves until `stop`, or a signal in the main thread."""

    def __init__(self, node: Node, host: str, port: int, *, plain: bool = False) -> None:
        """With `plain`, a proxy on this machine does TLS, and the port is on loopback only.

        Raises:
            AccordError: the port cannot be had, or the node has no certificate.
        """
        if plain and not is_loopback(host):
            raise AccordError(f"without TLS the door is on loopback only: {host} is not")
        folder = node.settings.home / FOLDER
        self._plain = plain
        self.unknown = threading.Event()
        """Set once somebody asks with a key that the directory here does not hold."""
        self.certificate = "" if plain else node.certificate(node.me, [host])
        """SHA-256 of the certificate that it shows, which the directory is to list."""
        self._app = DoorApp(self._parts(node))
        self._socket = listening(host, port)
        known = _Known(node)
        self._server = uvicorn.Server(configuration(self._app, None if plain else folder, known))

    @property
    def address(self) -> str:
        """Where it is."""
        host, port = self._socket.getsockname()[:2]
        named = f"[{host}]" if ":" in host else host
        return f"{'http' if self._plain else 'https'}://{named}:{port}"

    @property
    def started(self) -> bool:
        """Whether it answers by now."""
        return self._server.started

    def run(self) -> None:
        """Serve. A signal ends it within two seconds, also for those who wait for changes."""
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._app.close()
            self._socket.close()

    def stop(self) -> None:
        """End it, from another thread."""
        self._server.should_exit = True

    def _parts(self, node: Node) -> Parts:
        return Parts(
            door=node.door,
            gate=Gate(node.clock.now(), node.people, threading.Lock()),
            trust=node.trust,
            clock=node.clock,
            beat=node.pulse.beat,
            stopping=lambda: self._server.should_exit,
            known_addresses=not self._plain,
            unknown=self.unknown.set,
            taxii=node.taxii,
            asks=AskPages(node, node.people.clients, node.answers.sealed),
        )


class _Known:
    """The certificates of the clients of today."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def __call__(self) -> list[str]:
        """In PEM; none while the database does not answer."""
        try:
            return self._node.people.certificates()
        except DBAPIError:
            _LOG.exception("the certificates of clients could not be read")
            return []


def configuration(
    app: Application,
    keys: Path | None,
    known: Callable[[], Collection[str]] = tuple,
    *,
    context: ssl.SSLContext | None = None,
) -> uvicorn.Config:
    """How a listener is served: with TLS where the folder of its keys, or a context, is given.

    `known` gives the certificates by which clients are known, in PEM.
    """
    return uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_level="warning",
        access_log=False,
        server_header=False,
        # A caller could write X-Forwarded-For as well as a proxy.
        proxy_headers=False,
        backlog=_BACKLOG,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=_ENDING,
        ssl_context_factory=_tls(keys, known, context),
    )


def _tls(
    keys: Path | None, known: Callable[[], Collection[str]], context: ssl.SSLContext | None
) -> Callable[[uvicorn.Config, Callable[[], ssl.SSLContext]], ssl.SSLContext] | None:
    if context is not None:
        return lambda _config, _default: context
    return None if keys is None else lambda _config, _default: server_context(keys, known)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens already, so that what is said of the port is true.

    Raises:
        AccordError: the port is in use, or is not to be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        heard = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        # Connections inherit it. Without it, small answers wait 40 ms for an acknowledgement.
        heard.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as wrong:
        if wrong.errno == errno.EADDRINUSE:
            reason = f"port {port} is in use"
        else:
            reason = f"{host}, port {port} cannot be opened ({wrong.strerror})"
        raise AccordError(f"{reason}; choose another with --host and --port") from wrong
    return heard
