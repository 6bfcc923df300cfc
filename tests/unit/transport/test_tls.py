"""TLS 1.3 to pinned certificates: with anybody else, no byte of a request is sent."""

from __future__ import annotations

import contextlib
import socket
import ssl
import stat
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from doors import NOW, Raw, fixed, saying

from accord.core.errors import AccordError
from accord.transport import tls
from accord.transport.tls import NotPinned, client_context, ensure_certificate, server_context

SECRET = b"GET /secret HTTP/1.1\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"
Context = Callable[[], ssl.SSLContext]


def later(days: float) -> str:
    moment = datetime.fromisoformat(NOW) + timedelta(days=days)
    return f"{moment.isoformat(timespec='microseconds')[:26]}Z"


def ask(port: int, context: ssl.SSLContext) -> bytes:
    """As any client would: connect, shake hands, send."""
    with (
        socket.create_connection(("127.0.0.1", port), 5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        connection.sendall(SECRET)
        return connection.recv(1_000)


def test_a_pinned_certificate(tmp_path: Path) -> None:
    pin = ensure_certificate(tmp_path, "japan", fixed())
    with Raw(saying(ANSWER), server_context(tmp_path)) as server:
        assert ask(server.port, client_context([pin], fixed())) == ANSWER
        assert ask(server.port, client_context(["0" * 64, pin], fixed())) == ANSWER
        assert server.received == SECRET


@pytest.mark.parametrize("pins", [[], ["0" * 64], [""]], ids=["none", "another", "empty"])
def test_another_certificate(tmp_path: Path, pins: list[str]) -> None:
    ensure_certificate(tmp_path, "japan", fixed())
    with (
        Raw(saying(ANSWER), server_context(tmp_path)) as server,
        pytest.raises(NotPinned, match="nothing was sent"),
    ):
        ask(server.port, client_context(pins, fixed()))
    assert server.connections == 1
    assert server.received == b""


def test_the_same_name_and_another_key(tmp_path: Path) -> None:
    pin = ensure_certificate(tmp_path / "one", "japan", fixed())
    assert ensure_certificate(tmp_path / "two", "japan", fixed()) != pin
    with (
        Raw(saying(ANSWER), server_context(tmp_path / "two")) as server,
        pytest.raises(NotPinned),
    ):
        ask(server.port, client_context([pin], fixed()))
    assert server.received == b""


@pytest.mark.parametrize("days", [-2, 365 * tls.YEARS + 2], ids=["not yet", "no longer"])
def test_a_certificate_of_another_time(tmp_path: Path, days: int) -> None:
    pin = ensure_certificate(tmp_path, "japan", fixed())
    with Raw(saying(ANSWER), server_context(tmp_path)) as server:
        with pytest.raises(NotPinned, match="or the clock is wrong"):
            ask(server.port, client_context([pin], fixed(later(days))))
        assert server.received == b""
        assert ask(server.port, client_context([pin], fixed(later(365 * tls.YEARS)))) == ANSWER


def test_no_older_tls(tmp_path: Path) -> None:
    pin = ensure_certificate(tmp_path, "japan", fixed())
    older = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    older.load_cert_chain(tmp_path / tls.FILE)
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        Raw(saying(ANSWER), older) as server,
        pytest.raises(ssl.SSLError),
    ):
        ask(server.port, client_context([pin], fixed()))
    assert server.received == b""


def test_a_door_takes_no_older_tls(tmp_path: Path) -> None:
    ensure_certificate(tmp_path, "japan", fixed())
    older = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    older.check_hostname, older.verify_mode = False, ssl.CERT_NONE
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        Raw(saying(ANSWER), server_context(tmp_path)) as server,
        pytest.raises(ssl.SSLError),
    ):
        ask(server.port, older)
    assert server.received == b""


def test_no_plain_http(tmp_path: Path) -> None:
    pin = ensure_certificate(tmp_path, "japan", fixed())
    with (
        Raw(saying(ANSWER), head=b"") as server,
        pytest.raises(OSError, match=r"."),
    ):
        ask(server.port, client_context([pin], fixed()))
    assert b"secret" not in server.received


def test_no_tickets(tmp_path: Path) -> None:
    """A connection cannot be taken up again: each proves itself."""
    pin = ensure_certificate(tmp_path, "japan", fixed())
    with (
        Raw(saying(ANSWER), server_context(tmp_path)) as server,
        socket.create_connection(("127.0.0.1", server.port), 5) as plain,
        client_context([pin], fixed()).wrap_socket(plain) as connection,
    ):
        connection.sendall(SECRET)
        connection.recv(1_000)
        assert connection.version() == "TLSv1.3"
        assert connection.session is None or not connection.session.has_ticket


def test_who_brings_bytes_is_checked_too(tmp_path: Path) -> None:
    pin = ensure_certificate(tmp_path, "japan", fixed())

    def shake(pins: list[str]) -> None:
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = client_context(pins, fixed()).wrap_bio(to_client, to_server)
        server = server_context(tmp_path).wrap_bio(to_server, to_client, server_side=True)
        for _ in range(4):
            for end in (client, server):
                try:
                    end.do_handshake()
                except ssl.SSLWantReadError:
                    continue

    shake([pin])
    with pytest.raises(NotPinned):
        shake(["0" * 64])


def test_a_certificate_is_made_once_and_is_its_owners(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    pin = ensure_certificate(folder, "japan", fixed())
    assert ensure_certificate(folder, "japan", fixed()) == pin
    assert stat.S_IMODE((folder / tls.FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [file.name for file in folder.iterdir()] == [tls.FILE]
    assert tls.days_left(folder, NOW) in range(365 * tls.YEARS, 365 * tls.YEARS + 2)


def test_a_certificate_that_others_may_read(tmp_path: Path) -> None:
    ensure_certificate(tmp_path, "japan", fixed())
    (tmp_path / tls.FILE).chmod(0o640)
    for use in (lambda: ensure_certificate(tmp_path, "japan"), lambda: server_context(tmp_path)):
        with pytest.raises(AccordError, match="chmod 600"):
            use()


def test_a_damaged_certificate(tmp_path: Path) -> None:
    file = tmp_path / tls.FILE
    pin = ensure_certificate(tmp_path, "japan", fixed())
    whole = file.read_bytes()
    file.write_bytes(b"nothing")
    with pytest.raises(AccordError, match="no certificate"):
        ensure_certificate(tmp_path, "japan")
    ensure_certificate(tmp_path / "other", "japan", fixed())
    other = (tmp_path / "other" / tls.FILE).read_bytes()
    start = b"-----BEGIN CERTIFICATE"
    file.write_bytes(other.partition(start)[0] + start + whole.partition(start)[2])
    assert ensure_certificate(tmp_path, "japan") == pin
    with pytest.raises(AccordError, match="that fit"):
        server_context(tmp_path)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(AccordError, match="cannot"):
        ensure_certificate(tmp_path / "file", "japan")


def test_a_certificate_names_the_hosts_of_the_door(tmp_path: Path) -> None:
    addresses = ["https://node.example:8443", "https://[2001:db8::5]:8443", "192.0.2.7", "0.0.0.0"]
    ensure_certificate(tmp_path, "japan", fixed(), addresses)
    made = x509.load_pem_x509_certificate((tmp_path / "door.pem").read_bytes())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["node.example", "localhost"]
    given = [str(one) for one in names.get_values_for_type(x509.IPAddress)]
    assert given == ["2001:db8::5", "192.0.2.7", "127.0.0.1", "::1"]


@pytest.mark.parametrize(("host", "trusted"), [("node.example", True), ("other.example", False)])
def test_who_trusts_the_certificate_verifies_it_by_name(
    tmp_path: Path, host: str, *, trusted: bool
) -> None:
    ensure_certificate(tmp_path, "japan", addresses=["https://node.example:8443"])
    context = ssl.create_default_context(cafile=str(tmp_path / "door.pem"))
    context.verify_flags |= ssl.VERIFY_X509_STRICT  # as Python 3.13 has it by default
    near, far = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(near, far, server_hostname=host)
    server = server_context(tmp_path).wrap_bio(far, near, server_side=True)

    def shake() -> None:
        for _ in range(3):
            for end in (client, server):
                with contextlib.suppress(ssl.SSLWantReadError):
                    end.do_handshake()

    if trusted:
        shake()
        assert client.version() == "TLSv1.3"
    else:
        with pytest.raises(ssl.SSLCertVerificationError):
            shake()
