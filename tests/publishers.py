"""Publishers on this machine, for tests of feeds: real servers, which may also behave badly."""

from __future__ import annotations

import gzip
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import nodes
import pytest

from accord.core.times import when
from accord.flows.feeds.add import add
from accord.flows.feeds.port import Feed, Options, Ran
from accord.flows.feeds.run import Means, run
from accord.transport.fetch import HttpFetcher, Limits
from accord.wiring import Node

AT = "2026-02-01T00:00:00.000000Z"
QUICK = Limits(total=4.0, silent=1.0, connect=1.0)


@pytest.fixture(name="node")
def fed_node(tmp_path: Path) -> Iterator[Node]:
    """A node for one test; a file of tests has it by importing it."""
    made = nodes.new_node(tmp_path / "node")
    yield made
    made.engine.dispose()


@pytest.fixture(name="server")
def one_publisher() -> Iterator[Publisher]:
    """A publisher for one test, as above."""
    with publisher() as made:
        yield made


class Asked(msgspec.Struct):
    """One request, as the publisher saw it."""

    path: str
    headers: dict[str, str]
    conditional: bool


Answer = Callable[[Any, Asked], None]


class Publisher:
    """What a server answers, by path without its query."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        """Served with an ETag of their content."""
        self.answers: dict[str, Answer] = {}
        """How else it behaves."""
        self.asked: list[Asked] = []
        self.port = 0
        self.scheme = "http"

    def url(self, path: str = "/") -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.asked]

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        one = Asked(handler.path, headers, "if-none-match" in headers)
        self.asked.append(one)
        path = handler.path.partition("?")[0]
        if path in self.answers:
            self.answers[path](handler, one)
        elif path in self.files:
            body = self.files[path]
            tag = f'"{hash(body)}"'
            if headers.get("if-none-match") == tag:
                send(handler, 304)
            else:
                send(handler, 200, body, etag=tag)
        else:
            send(handler, 404, b"not here")


def send(handler: Any, status: int, body: bytes = b"", **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    if status != 304:
        handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    if status != 304:
        handler.wfile.write(body)


@contextmanager
def publisher(context: ssl.SSLContext | None = None) -> Iterator[Publisher]:
    found = Publisher()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # or each body waits 40 ms for word that its head has come

        def do_GET(self) -> None:
            found.take(self)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """Who asked has gone away: that is what many of these tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        found.scheme = "https"
    found.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class Later:
    """A clock that a test moves."""

    def __init__(self, at: str = AT) -> None:
        self.at = at

    def now(self) -> str:
        return self.at

    def pass_(self, **span: float) -> None:
        self.at = when((datetime.fromisoformat(self.at) + timedelta(**span)).isoformat())


def means(node: Node, clock: Any = None, **more: Any) -> Means:
    quick: dict[str, Any] = {
        "fetcher": HttpFetcher(QUICK),
        "clock": clock or Later(),
        "environment": {},
    }
    return msgspec.structs.replace(node.reading, **(quick | more))


def added(node: Node, name: str, kind: str, url: str, **options: Any) -> Feed:
    said: dict[str, Any] = {"every": 3_600, "internal": True}
    return add(node.feeds, name, kind, url, Options(**(said | options)), AT)


def once(node: Node, name: str, with_: Means | None = None) -> Ran:
    return run(node.feeds.one(name), with_ or means(node))


def advisory(name: str) -> bytes:
    return nodes.text({"document": {
        "category": "csaf_base", "csaf_version": "2.0", "title": name,
        "publisher": {"category": "vendor", "name": "P", "namespace": "https://p.example"},
        "tracking": {
            "id": name, "status": "final", "version": "1",
            "initial_release_date": AT, "current_release_date": AT,
            "revision_history": [{"number": "1", "date": AT, "summary": "s"}],
        },
    }})  # fmt: skip


def served(made: Publisher, files: dict[str, bytes], under: str = "/") -> None:
    made.files |= {f"{under}{name}": body for name, body in files.items()}


def bomb(size: int = 64 << 20) -> bytes:
    return gzip.compress(bytes(size), 9)


def tls(folder: Path) -> ssl.SSLContext:
    """A server's context from a file with its key and certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder)
    return context


def kinds(node: Node) -> dict[str, str]:
    """Whose the documents of a node are, by their kind."""
    with node.views.view() as view:
        return {row.kind: row.origin for row in view.list_documents(quarantined=False)}
