"""HTTP/1.1 at the door that could be read in two ways, or never ends: refused, and nothing kept.

Source: RFC 9112, sections 3.2, 6 and 7; RFC 9110, sections 6.5.1 and 7.8.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from doors import Echo, Told, parts, serving

from accord.web.door.protocol import HEAD

_GET = b"GET /accord/v1/logs HTTP/1.1\r\n"
_POST = b"POST /accord/v1/logs HTTP/1.1\r\n"
_HOST = b"Host: japan\r\n"
_PIECE = 8_192


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def port(echo: Echo) -> Iterator[int]:
    with serving(parts(echo, Told("japan", None)), None) as found:
        yield found


@pytest.fixture
def caller(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as found:
        yield found


def answered(caller: socket.socket, *sent: bytes) -> bytes:
    """Everything that comes back until the door closes the connection."""
    got = b""
    try:
        for some in sent:
            caller.sendall(some)
        while some := caller.recv(65_536):
            got += some
    except ConnectionError:
        pass  # it was closed while more was on its way
    return got


@pytest.mark.parametrize(
    "fields",
    [
        b"",
        _HOST + _HOST,
        _HOST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        _HOST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        _HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n",
        _HOST + b"Content-Length: +5\r\n",
        _HOST + b"Transfer-Encoding: gzip, chunked\r\n",
        _HOST + b"Transfer-Encoding: chunked, identity\r\n",
        _HOST + b"Transfer-Encoding: gzip\r\n",
        _HOST + b"Content-Length : 5\r\n",
        _HOST + b"Bad Name: 5\r\n",
    ],
)
def test_what_two_could_read_differently_is_refused(
    caller: socket.socket, echo: Echo, fields: bytes
) -> None:
    assert answered(caller, _POST + fields + b"\r\n0\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert echo.asked == []


@pytest.mark.parametrize(
    "line",
    [
        b"GET /accord/v1/logs HTTP/2.0\r\n",
        b"GET /accord/v1/logs HTTP/0.9\r\n",
        b"GET /accord/v1/logs HTTP/1.1x\r\n",
        b"GET /accord/v1/\x00logs HTTP/1.1\r\n",
        b"CONNECT japan:443 HTTP/1.1\r\n",
        b"MAKE /accord/v1/logs HTTP/1.1\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_what_is_not_http_is_refused(caller: socket.socket, echo: Echo, line: bytes) -> None:
    said = answered(caller, line + _HOST + b"\r\n")
    assert said.startswith((b"HTTP/1.1 400", b"HTTP/1.1 405", b"HTTP/1.1 505"))
    assert echo.asked == []


@pytest.mark.parametrize(
    "pieces",
    [
        [_GET + _HOST + b"X: " + b"x" * HEAD + b"\r\n\r\n"],
        [_GET + _HOST, *[b"x: " + b"x" * _PIECE + b"\r\n"] * 10],
        [_GET + _HOST + b"x: ", *[b"x" * _PIECE] * 64],
        [_GET + _HOST + b"x", *[b"x" * _PIECE] * 64],
        [b"GET /accord/v1/", *[b"x" * _PIECE] * 64],
        [*[b"\r\n" * _PIECE] * 64],
        [_POST + _HOST + b"Transfer-Encoding: chunked\r\n\r\n1;", *[b"x" * _PIECE] * 64],
        [_POST + _HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nx: ", *[b"x" * _PIECE] * 64],
        [
            _POST + _HOST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n",
            *[b"x: " + b"x" * _PIECE + b"\r\n"] * 10,
        ],
    ],
    ids=["at once", "fields", "value", "name", "address", "lines", "chunk", "trailer", "trailers"],
)
def test_bounded_head(caller: socket.socket, echo: Echo, pieces: list[bytes]) -> None:
    assert answered(caller, *pieces)[:12] in (b"HTTP/1.1 400", b"")
    assert echo.asked == []


def test_a_head_below_the_bound_is_taken(caller: socket.socket, echo: Echo) -> None:
    fields = (b"x: " + b"x" * _PIECE + b"\r\n") * 8
    caller.sendall(_GET + _HOST + fields + b"\r\n")
    assert caller.recv(100).startswith(b"HTTP/1.1 200")
    assert len(echo.asked) == 1


def test_fields_behind_a_body_are_not_fields_of_the_request(
    caller: socket.socket, echo: Echo
) -> None:
    caller.sendall(
        _POST + _HOST + b"Transfer-Encoding: chunked\r\n\r\n"
        b"2\r\nhi\r\n0\r\nAuthorization: Bearer x\r\nX-More: y\r\n\r\n"
    )
    assert caller.recv(100).startswith(b"HTTP/1.1 200")
    ((who, request),) = echo.asked
    assert who.kind == "public"
    assert request.body == b"hi"
    assert {name for name, _ in request.headers} == {"host", "transfer-encoding"}


def test_several_requests_at_once_are_answered_in_their_order(
    caller: socket.socket, echo: Echo
) -> None:
    asked = [b"GET /accord/v1/%d HTTP/1.1\r\n" % number + _HOST for number in range(3)]
    last = asked.pop() + b"Connection: close\r\n\r\n"
    said = answered(caller, b"\r\n".join([*asked, last]))
    assert said.count(b"HTTP/1.1 200") == 3
    assert [request.path[-1] for _, request in echo.asked] == ["0", "1", "2"]


def test_another_protocol_is_not_begun(caller: socket.socket, echo: Echo) -> None:
    """The request is answered; what would follow in the other protocol is never read."""
    said = answered(
        caller,
        _GET + _HOST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + _GET + _HOST + b"\r\n",
    )
    assert said.startswith(b"HTTP/1.1 200")
    assert said.count(b"HTTP/1.1") == 1
    assert b"connection: close" in said
    assert len(echo.asked) == 1
