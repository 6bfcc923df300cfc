"""The carrier: answers come back whole and within bounds, or not at all."""

from __future__ import annotations

import logging
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from doors import NOW, Raw, directory, fixed, new_signer, partner, saying

from accord.flows.exchange.carrying import ClockOff, Refused, Unreachable
from accord.flows.exchange.messages import Request, Response
from accord.identity.partners import Partner
from accord.identity.signatures import verify_request
from accord.transport.http import BRIDGED, HttpCarrier, Limits
from accord.transport.tls import FILE, ensure_certificate, server_context

AUSTRALIA = new_signer()
KNOWN = directory(partner("australia", AUSTRALIA.key()), partner("japan"))
ASKED = Request("GET", "/accord/v1/logs", "a=1")
QUICK = Limits(most=1_000, total=1.0, silent=0.5)
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("keys")
    ensure_certificate(made, "japan", fixed())
    return made


@pytest.fixture
def carrier() -> Iterator[HttpCarrier]:
    yield from _carrier(QUICK)


@pytest.fixture
def patient() -> Iterator[HttpCarrier]:
    """Gives up for no silence within a test."""
    yield from _carrier(Limits(most=1_000, total=60, silent=60))


def _carrier(limits: Limits) -> Iterator[HttpCarrier]:
    made = HttpCarrier(lambda: AUSTRALIA, fixed(), secrets.token_bytes, limits)
    yield made
    made.close()


def japan(folder: Path, *ports: int) -> Partner:
    pin = ensure_certificate(folder, "japan", fixed())
    addresses = tuple(f"https://127.0.0.1:{port}" for port in ports)
    return msgspec.structs.replace(partner("japan", certificates=(pin,)), addresses=addresses)


def answered(carrier: HttpCarrier, folder: Path, data: bytes, request: Request = ASKED) -> Response:
    with Raw(saying(data), server_context(folder)) as server:
        return carrier.send(japan(folder, server.port), request)


def unanswered(carrier: HttpCarrier, folder: Path, data: bytes, why: str) -> None:
    with pytest.raises(Unreachable, match=why):
        answered(carrier, folder, data)


def test_an_answer_whole(carrier: HttpCarrier, folder: Path) -> None:
    said = OK + b"Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
    response = answered(carrier, folder, said)
    assert (response.status, response.body) == (200, b"hello")
    assert response.header("content-type") == "text/plain"


def test_an_answer_in_chunks(carrier: HttpCarrier, folder: Path) -> None:
    said = OK + b"transfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
    assert answered(carrier, folder, said).body == b"hello"


@pytest.mark.parametrize("status", [404, 409, 422, 429, 500, 503])
def test_statuses_are_the_askers_to_read(carrier: HttpCarrier, folder: Path, status: int) -> None:
    said = b"HTTP/1.1 %d X\r\ncontent-length: 2\r\n\r\n17" % status
    response = answered(carrier, folder, said)
    assert (response.status, response.body) == (status, b"17")


def test_what_is_sent_is_signed_as_sent(folder: Path, carrier: HttpCarrier) -> None:
    said = OK + b"content-length: 0\r\n\r\n"
    with Raw(saying(said), server_context(folder), head=b"body") as server:
        carrier.send(japan(folder, server.port), Request("POST", "/a/b", "c=%20", (), b"body"))
        head, _, body = server.received.partition(b"\r\n\r\n")
        port = server.port
    first, *lines = head.decode().split("\r\n")
    headers = tuple((line.partition(": ")[0].lower(), line.partition(": ")[2]) for line in lines)
    method, target, _ = first.split(" ")
    path, _, query = target.partition("?")
    sent = Request(method, path, query, headers, body)
    assert verify_request(sent, KNOWN, "japan").partner.name == "australia"
    assert sent.header("host") == f"127.0.0.1:{port}"
    assert sent.header("content-length") == "4"
    assert sent.header("accept-encoding") == "identity"
    assert sent.header("cookie") == ""


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (OK + b"content-length: 10\r\n\r\nhello", "without sending complete|broke|incomplete"),
        (OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhel", "without sending complete|incomplete"),
        (OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n", "without|incomplete"),
        (OK + b"\r\nhello", "how long"),
        (OK + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello", "."),
        (OK + b"content-length: five\r\n\r\nhello", "."),
        (OK + b"content-length: 1001\r\n\r\n" + b"x" * 1001, "longer than 1,000"),
        (
            OK + b"transfer-encoding: chunked\r\n\r\n" + b"1ff\r\n" + b"x" * 511 + b"\r\n1ff\r\n"
            + b"x" * 511 + b"\r\n0\r\n\r\n",
            "longer than 1,000",
        ),
        (OK + b"content-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc", "compressed"),
        (OK + b"content-encoding: zstd\r\ncontent-length: 3\r\n\r\nabc", "compressed"),
        (OK + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "."),
        (b"SSH-2.0-x\r\n\r\n", "."),
        (b"", "."),
        (OK + b"x: " + b"y" * 200_000 + b"\r\n\r\n", "."),
    ],
    ids=[
        "cut", "cut chunk", "no last chunk", "no length", "two lengths", "no number", "too long",
        "too long in chunks", "gzip", "zstd", "coded transfer", "no HTTP", "nothing", "long head",
    ],
)  # fmt: skip
def test_whole(carrier: HttpCarrier, folder: Path, data: bytes, why: str) -> None:
    unanswered(carrier, folder, data, why)


def test_an_answer_that_says_it_is_too_long_is_not_waited_for(
    patient: HttpCarrier, folder: Path
) -> None:
    over = threading.Event()

    def answer(connection: socket.socket) -> None:
        connection.sendall(OK + b"content-length: 1001\r\n\r\n")
        over.wait(30)

    start = time.monotonic()
    with Raw(answer, server_context(folder)) as server:
        with pytest.raises(Unreachable, match="longer than 1,000"):
            patient.send(japan(folder, server.port), ASKED)
        over.set()
    assert time.monotonic() - start < 20


@pytest.mark.parametrize("status", [301, 302, 307, 308, 304, 300])
def test_no_redirection_is_followed(carrier: HttpCarrier, folder: Path, status: int) -> None:
    with Raw(saying(OK + b"content-length: 0\r\n\r\n"), server_context(folder)) as other:
        said = b"HTTP/1.1 %d X\r\nlocation: https://127.0.0.1:%d/\r\ncontent-length: 0\r\n\r\n"
        with pytest.raises(Refused, match="elsewhere") as refused:
            answered(carrier, folder, said % (status, other.port))
        assert other.connections == 0
    assert refused.value.status == status


def trickling(data: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(0.1)

    return answer


@pytest.mark.parametrize(
    "data",
    [
        OK + b"content-length: 900\r\n\r\n" + b"x" * 900,
        OK + b"x-slow: " + b"y" * 900 + b"\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 40,
    ],
    ids=["body", "head", "interim answers"],
)
def test_a_trickle_is_cut(carrier: HttpCarrier, folder: Path, data: bytes) -> None:
    """Never silent for long, and never done: over after the time for all."""
    start = time.monotonic()
    with Raw(trickling(data), server_context(folder)) as server:
        with pytest.raises(Unreachable, match="too slow"):
            carrier.send(japan(folder, server.port), ASKED)
        assert 0.8 < time.monotonic() - start < 20


@pytest.fixture
def hasty() -> Iterator[HttpCarrier]:
    """Gives up for silence alone."""
    yield from _carrier(Limits(most=1_000, total=60, silent=0.5))


def test_silence_is_cut(hasty: HttpCarrier, folder: Path) -> None:
    start, over = time.monotonic(), threading.Event()
    with Raw(lambda _: over.wait(40), server_context(folder)) as server:
        with pytest.raises(Unreachable, match="too slow"):
            hasty.send(japan(folder, server.port), ASKED)
        over.set()
    assert time.monotonic() - start < 20


def test_a_handshake_that_does_not_end_is_cut(carrier: HttpCarrier, folder: Path) -> None:
    start, over = time.monotonic(), threading.Event()
    with Raw(lambda _: over.wait(40), head=b"") as server:
        with pytest.raises(Unreachable, match="too slow"):
            carrier.send(japan(folder, server.port), ASKED)
        over.set()
    assert time.monotonic() - start < 20


def test_nothing_is_sent_to_another_certificate(
    carrier: HttpCarrier, folder: Path, tmp_path: Path
) -> None:
    ensure_certificate(tmp_path, "japan", fixed())
    with (
        Raw(saying(OK), server_context(tmp_path)) as server,
        pytest.raises(Unreachable, match="does not list"),
    ):
        carrier.send(japan(folder, server.port), ASKED)
    assert server.connections == 1
    assert server.received == b""


def test_nothing_is_sent_without_tls(carrier: HttpCarrier, folder: Path) -> None:
    with (
        Raw(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"), head=b"") as server,
        pytest.raises(Unreachable, match=r"(?i)ssl|tls|version"),
    ):
        carrier.send(japan(folder, server.port), ASKED)
    assert b"accord" not in server.received


def test_nothing_is_sent_over_older_tls(carrier: HttpCarrier, folder: Path) -> None:
    older = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    older.load_cert_chain(folder / FILE)
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        Raw(saying(OK), older) as server,
        pytest.raises(Unreachable, match=r"."),
    ):
        carrier.send(japan(folder, server.port), ASKED)
    assert server.received == b""


def test_a_certificate_taken_from_the_directory_counts_no_longer(
    carrier: HttpCarrier, folder: Path
) -> None:
    """Also for a connection that is still open."""
    kept: list[socket.socket] = []

    def answer(connection: socket.socket) -> None:
        connection.sendall(OK + b"content-length: 0\r\n\r\n")
        time.sleep(0.3)
        kept.append(connection)

    with Raw(answer, server_context(folder)) as server:
        today = japan(folder, server.port)
        carrier.send(today, ASKED)
        tomorrow = msgspec.structs.replace(today, certificates=("0" * 64,))
        with pytest.raises(Unreachable, match="does not list"):
            carrier.send(tomorrow, ASKED)


def test_the_next_address_is_tried(carrier: HttpCarrier, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        dead = closed.getsockname()[1]
    said = OK + b"content-length: 2\r\nconnection: close\r\n\r\nhi"
    with Raw(saying(said), server_context(folder)) as server:
        both = japan(folder, dead, server.port)
        assert carrier.send(both, ASKED).body == b"hi"
        assert carrier._ordered(both)[0].endswith(str(server.port))
        assert carrier.send(both, ASKED).body == b"hi"
    with pytest.raises(Unreachable, match=f"{server.port}.*nor at .*{dead}"):
        carrier.send(both, ASKED)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1", "ftp://127.0.0.1", "https://", "127.0.0.1", "https://u:p@127.0.0.1",
        "https://127.0.0.1/accord", "https://127.0.0.1:1?x", "https://127.0.0.1:99999999",
        "https://[::1", "https://ä.example", "https://" + "a" * 300 + ".example", "",
    ],
)  # fmt: skip
def test_only_addresses_of_doors(carrier: HttpCarrier, folder: Path, address: str) -> None:
    wrong = msgspec.structs.replace(japan(folder), addresses=(address,))
    with pytest.raises(Unreachable):
        carrier.send(wrong, ASKED)


def test_no_address_at_all(carrier: HttpCarrier, folder: Path) -> None:
    with pytest.raises(Unreachable, match="no address of japan"):
        carrier.send(japan(folder), ASKED)


def test_no_proxy_of_the_environment(
    carrier: HttpCarrier, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Raw(saying(OK), head=b"") as proxy:
        for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert answered(carrier, folder, OK + b"content-length: 0\r\n\r\n").status == 200
        assert proxy.connections == 0


def test_a_kept_connection_that_broke_is_made_anew_and_signed_anew(
    carrier: HttpCarrier, folder: Path
) -> None:
    heads = []

    def answer(connection: socket.socket) -> None:
        heads.append(server.received)
        if len(heads) != 1:
            connection.sendall(OK + b"content-length: 2\r\nconnection: close\r\n\r\nhi")

    with Raw(answer, server_context(folder)) as server:
        assert carrier.send(japan(folder, server.port), ASKED).body == b"hi"
    nonces = {head.partition(b"nonce=")[2][:26] for head in heads}
    assert len(heads) == len(nonces) == 2


def shifted(seconds: float) -> str:
    moment = datetime.fromisoformat(NOW) + timedelta(seconds=seconds)
    return f"{moment.isoformat(timespec='microseconds')[:26]}Z"


class Strict:
    """A door in another time: it admits what was made in its own, after refusing so many."""

    def __init__(self, offset: float, refusals: int = 0) -> None:
        self.made: list[int] = []
        self.server: Raw | None = None
        self._now = shifted(offset)
        self._refusals = refusals

    def __call__(self, connection: socket.socket) -> None:
        assert self.server
        created = int(self.server.received.partition(b"created=")[2].partition(b";")[0])
        self.made.append(created)
        away = abs(created - datetime.fromisoformat(self._now).timestamp())
        if away <= 5 and len(self.made) > self._refusals:
            connection.sendall(OK + b"content-length: 2\r\nconnection: close\r\n\r\nhi")
            return
        again = "retry-after: 1\r\n" if self._refusals else ""
        head = f"HTTP/1.1 401 X\r\naccord-time: {self._now}\r\n{again}"
        connection.sendall(head.encode() + b"content-length: 0\r\nconnection: close\r\n\r\n")

    def asked_twice(self, carrier: HttpCarrier, folder: Path) -> list[Response]:
        with Raw(self, server_context(folder)) as self.server:
            who = japan(folder, self.server.port)
            return [carrier.send(who, ASKED), carrier.send(who, ASKED)]


@pytest.mark.parametrize("offset", [-BRIDGED, -600, 600, BRIDGED])
def test_clocks_that_differ_are_bridged(
    carrier: HttpCarrier, folder: Path, offset: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Signed again in the partner's time, at once the next time, and said so."""
    with caplog.at_level(logging.WARNING):
        strict = Strict(offset)
        responses = strict.asked_twice(carrier, folder)
    now = int(datetime.fromisoformat(NOW).timestamp())
    assert strict.made == [now, now + offset, now + offset]
    assert [response.status for response in responses] == [200, 200]
    assert f"japan differ by {offset:+d} s" in caplog.text


@pytest.mark.parametrize("offset", [-BRIDGED - 1, BRIDGED + 1, 10 * 365 * 86_400])
def test_clocks_too_far_apart(carrier: HttpCarrier, folder: Path, offset: int) -> None:
    with pytest.raises(ClockOff, match=f"{NOW[:19]}Z.*{shifted(offset)[:19]}Z.*nothing is taken"):
        Strict(offset).asked_twice(carrier, folder)


def test_a_door_that_just_began_is_asked_again_in_a_moment(
    carrier: HttpCarrier, folder: Path
) -> None:
    patient = HttpCarrier(lambda: AUSTRALIA, fixed(), secrets.token_bytes)
    strict = Strict(0, refusals=2)
    assert [response.body for response in strict.asked_twice(patient, folder)] == [b"hi", b"hi"]
    assert len(strict.made) == 4
    patient.close()


@pytest.mark.parametrize(
    "header", ["", "accord-time: \r\n", "accord-time: soon\r\n", f"accord-time: {NOW}\r\n"]
)
def test_a_refusal_that_time_does_not_explain(
    carrier: HttpCarrier, folder: Path, header: str
) -> None:
    said = b"HTTP/1.1 401 X\r\ncontent-length: 0\r\n" + header.encode() + b"\r\n"
    with (
        Raw(saying(said), server_context(folder)) as server,
        pytest.raises(Refused, match="does not take this node's signature") as refused,
    ):
        carrier.send(japan(folder, server.port), ASKED)
    assert refused.value.status == 401
    assert server.connections == 1


def test_no_time_is_good_enough_for_a_door_that_never_admits(
    carrier: HttpCarrier, folder: Path
) -> None:
    told_at = iter(range(60, 1_000, 60))

    def answer(connection: socket.socket) -> None:
        head = f"HTTP/1.1 401 X\r\naccord-time: {shifted(next(told_at))}\r\n"
        connection.sendall(head.encode() + b"content-length: 0\r\nconnection: close\r\n\r\n")

    with (
        Raw(answer, server_context(folder)) as server,
        pytest.raises(Refused),
    ):
        carrier.send(japan(folder, server.port), ASKED)
    assert server.connections == 3
