"""Files fetched from servers that behave well, and from those that do not."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from publishers import QUICK, Publisher, bomb, publisher, send

from accord.exchange.feeds.errors import FeedError, NotFetched
from accord.flows.feeds.port import Access, Fetched
from accord.transport.fetch import HttpFetcher, Limits

MOST = 48 << 20


@pytest.fixture
def server() -> Iterator[Publisher]:
    with publisher() as made:
        yield made


def fetch(url: str, into: Path, most: int = MOST, limits: Limits = QUICK, **how: Any) -> Fetched:
    said: dict[str, Any] = {"url": url, "internal": True}
    access = Access(**(said | how))
    with HttpFetcher(limits).open(access) as session:
        return session.fetch(url, [("accept", "*/*")], into, most)


def test_a_file_comes_whole(server: Publisher, tmp_path: Path) -> None:
    server.files["/a"] = bytes(range(256)) * 5_000
    found = fetch(server.url("/a?b=c"), tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == server.files["/a"]
    assert (found.status, found.size) == (200, 1_280_000)
    assert server.paths == ["/a?b=c"]


def test_gzip_is_undone(server: Publisher, tmp_path: Path) -> None:
    body = b"line of text\n" * 100_000
    coded = gzip.compress(body)
    server.answers["/a"] = lambda h, _: send(h, 200, coded, content_encoding="gzip")
    assert fetch(server.url("/a"), tmp_path / "x").size == len(body)
    assert (tmp_path / "x").read_bytes() == body


def _trickle(handler: Any, _: Any) -> None:
    handler.send_response(200)
    handler.send_header("content-length", "1000")
    handler.end_headers()
    for _ in range(40):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.2)


def _raw(data: bytes) -> Any:
    def answer(handler: Any, _: Any) -> None:
        handler.wfile.write(data)
        handler.wfile.flush()
        handler.close_connection = True

    return answer


_COMPRESSED = gzip.compress(b"something" * 1000)
BAD = {
    "cut": (_raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"), "incomplete|closed|peer"),
    "cut chunks": (
        _raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
        "incomplete|closed|peer",
    ),
    "no length": (_raw(b"HTTP/1.1 200 OK\r\n\r\nhello"), "does not say how long"),
    "two lengths": (
        _raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
        "Content-Length",
    ),
    "too long": (lambda h, _: send(h, 200, b"x" * 2_000_000), "longer than 1,000,000"),
    "too long in chunks": (
        _raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
              b"100000\r\n" + b"x" * (1 << 20) + b"\r\n0\r\n\r\n"),
        "longer than 1,000,000",
    ),
    "not HTTP": (_raw(b"SSH-2.0-OpenSSH\r\n"), "illegal|status|disconnected"),
    "coded otherwise": (lambda h, _: send(h, 200, b"x", content_encoding="br"), "not asked for"),
    "coded twice": (lambda h, _: send(h, 200, b"x", content_encoding="gzip, gzip"), "not asked"),
    "gzip cut": (
        lambda h, _: send(h, 200, _COMPRESSED[:-9], content_encoding="gzip"), "stream is cut",
    ),
    "gzip with more": (
        lambda h, _: send(h, 200, _COMPRESSED + b"more", content_encoding="gzip"), "follows",
    ),
    "not gzip": (lambda h, _: send(h, 200, b"hello", content_encoding="gzip"), "damaged"),
    "moved nowhere": (lambda h, _: send(h, 302), "without saying where"),
    "moved to a file": (lambda h, _: send(h, 302, location="file:///etc/passwd"), "begin it with"),
    "moved to a name": (
        lambda h, _: send(h, 302, location="http://u:p@127.0.0.1/"), "must not hold",
    ),
    "moved to metadata": (
        lambda h, _: send(h, 302, location="http://169.254.169.254/latest/"),
        "no address at which",
    ),
    "moved for ever": (
        lambda h, a: send(h, 302, location=f"{a.path}x"), "more than 5 redirections",
    ),
    "trickles": (_trickle, "too slow"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_come_whole_is_no_answer(
    server: Publisher, tmp_path: Path, name: str
) -> None:
    answer, why = BAD[name]
    server.answers["/a"] = answer
    for number in range(8):
        server.answers["/a" + "x" * number] = answer
    limits = Limits(total=1.5, silent=1.0, connect=1.0)
    began = time.monotonic()
    with pytest.raises(NotFetched, match=f"(?i){why}"):
        fetch(server.url("/a"), tmp_path / "x", 1_000_000, limits)
    assert time.monotonic() - began < 6


def test_a_bomb_is_not_opened(server: Publisher, tmp_path: Path) -> None:
    packed = bomb()
    server.answers["/a"] = lambda h, _: send(h, 200, packed, content_encoding="gzip")
    with pytest.raises(NotFetched, match="a bomb"):
        fetch(server.url("/a"), tmp_path / "x", 1 << 30)
    assert (tmp_path / "x").stat().st_size <= 33 << 20


def test_an_address_within_is_not_asked_without_a_word(server: Publisher, tmp_path: Path) -> None:
    server.files["/a"] = b"secret"
    with pytest.raises(NotFetched, match="not on the public Internet"):
        fetch(server.url("/a"), tmp_path / "x", internal=False, plain=True)
    with pytest.raises(NotFetched, match="not encrypted"):
        fetch(server.url("/a"), tmp_path / "x", internal=False)
    assert server.asked == []


def test_every_way_to_write_this_machine_is_looked_at(server: Publisher, tmp_path: Path) -> None:
    for host in ("localhost", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]", "[::1]"):
        url = f"http://{host}:{server.port}/a"
        with pytest.raises(NotFetched, match=r"public Internet|not known|address"):
            fetch(url, tmp_path / "x", internal=False, plain=True)
    assert server.asked == []


class Names:
    """A resolver whose answer changes."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked += 1
        return self.answers.pop(0)


def test_the_address_that_was_looked_at_is_the_one_that_is_asked(
    server: Publisher, tmp_path: Path
) -> None:
    """No name is looked up twice for one connection: the second answer could be another."""
    server.files["/a"] = b"here"
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    url = f"http://publisher.example:{server.port}/a"
    with HttpFetcher(QUICK, names).open(Access(url, internal=True)) as session:
        assert session.fetch(url, [], tmp_path / "x", MOST).size == 4
        server.answers["/a"] = _raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n")
        with pytest.raises(NotFetched):
            session.fetch(url, [], tmp_path / "x", MOST)
        with pytest.raises(NotFetched, match="no address at which"):
            session.fetch(url, [], tmp_path / "x", MOST)
    assert names.asked == 2
    assert server.asked[0].headers["host"] == f"publisher.example:{server.port}"


def test_one_private_address_among_public_ones_refuses_the_name(
    server: Publisher, tmp_path: Path
) -> None:
    names = Names(["8.8.8.8", "127.0.0.1"])
    url = f"http://publisher.example:{server.port}/a"
    with (
        HttpFetcher(QUICK, names).open(Access(url, plain=True)) as session,
        pytest.raises(NotFetched, match=r"127\.0\.0\.1 is not on the public"),
    ):
        session.fetch(url, [], tmp_path / "x", MOST)


def test_a_redirection_from_public_to_private_is_not_followed(
    server: Publisher, tmp_path: Path
) -> None:
    """The first address is let through as public, by a fetcher that is told so; the second not."""
    server.answers["/a"] = lambda h, _: send(
        h, 302, location=f"http://inside.example:{server.port}/secret"
    )
    looked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        looked.append(host)
        return ["127.0.0.1"] if host == "publisher.example" else ["169.254.169.254"]

    url = f"http://publisher.example:{server.port}/a"
    with (
        HttpFetcher(QUICK, resolve).open(Access(url, internal=True)) as session,
        pytest.raises(NotFetched, match="no address at which"),
    ):
        session.fetch(url, [], tmp_path / "x", MOST)
    assert looked == ["publisher.example", "inside.example"]
    assert server.paths == ["/a"]


def test_a_secret_stays_at_home(server: Publisher, tmp_path: Path) -> None:
    with publisher() as other:
        other.files["/b"] = b"there"
        server.answers["/a"] = lambda h, _: send(h, 302, location=other.url("/b"))
        server.answers["/near"] = lambda h, _: send(h, 307, location="/here")
        server.files["/here"] = b"here"
        secret = "Bearer canary-9a7d"
        fetch(server.url("/a"), tmp_path / "x", authorization=secret, plain=True)
        assert (tmp_path / "x").read_bytes() == b"there"
        fetch(server.url("/near"), tmp_path / "x", authorization=secret, plain=True)
        assert [one.headers.get("authorization") for one in server.asked] == [secret] * 3
        assert [one.headers.get("authorization") for one in other.asked] == [None]
        with pytest.raises(NotFetched, match="unencrypted"):
            fetch(server.url("/here"), tmp_path / "x", authorization=secret)
        assert len(server.asked) == 3
        assert "canary" not in repr(Access(server.url(), authorization=secret))


def test_a_silent_resolver_is_not_waited_for(tmp_path: Path) -> None:
    over = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        over.wait(40)
        return ["127.0.0.1"]

    url = "http://publisher.example/a"
    limits = Limits(total=0.5, silent=0.5, connect=0.5)
    began = time.monotonic()
    with (
        HttpFetcher(limits, resolve).open(Access(url, internal=True)) as session,
        pytest.raises(NotFetched, match="too slow"),
    ):
        session.fetch(url, [], tmp_path / "x", MOST)
    over.set()
    assert time.monotonic() - began < 20


def test_a_certificate_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    file = tmp_path / "own.pem"
    file.write_text("key")
    file.chmod(0o644)
    access = Access("https://publisher.example/", certificate=str(file))
    with pytest.raises(FeedError, match="chmod 600"), HttpFetcher().open(access):
        pass
    file.chmod(0o600)
    with pytest.raises(FeedError, match="cannot be used"), HttpFetcher().open(access):
        pass
