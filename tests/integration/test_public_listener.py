"""The public listener over real connections: its rooms, its bounds, and nothing else."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import doors
import httpx
import pytest
from alerting_house import AlertHouse
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from accord.core.errors import AccordError, Invalid
from accord.flows.exchange.messages import Request, Response
from accord.outreach.languages.catalogue import Language
from accord.web.door.server import configuration, listening
from accord.web.public import listener
from accord.web.public.home import Home
from accord.web.public.listener import PublicApp
from accord.web.public.page import HTML, answer, nothing, page
from accord.web.public.reader import Reader, english
from accord.web.public.room import Room
from accord.web.public.rooms import rooms
from accord.web.public.server import PublicServer
from accord.wiring import Node


class Echo:
    """A room that says what it was asked."""

    def __init__(self, *, quick: bool = False, most: int = 1_000) -> None:
        self.quick, self._most = quick, most
        self.asked: list[Request] = []

    def owns(self, path: str) -> bool:
        return path == "/echo"

    def most(self, _request: Request) -> int:
        return self._most

    def answer(self, request: Request) -> Response:
        self.asked.append(request)
        if request.query == "fail":
            raise Invalid("a secret of the node", "echo")
        return answer(200, request.method.encode() + request.body, HTML)


@contextmanager
def served(*found: Room, known: bool = False) -> Iterator[httpx.Client]:
    """Rooms on a port of this machine."""
    app = PublicApp(found, known_addresses=known)
    config = configuration(app, None)
    config.log_level = "critical"
    try:
        with (
            doors.heard_on(listening("127.0.0.1", 0), config) as port,
            httpx.Client(base_url=f"http://127.0.0.1:{port}") as client,
        ):
            yield client
    finally:
        app.close()


@pytest.fixture
def home(here: Node, tmp_path: Path) -> Iterator[AlertHouse]:
    made = AlertHouse(here, tmp_path)
    yield made
    made.close()


def test_the_public_finds_alerts_and_nothing_of_partners(home: AlertHouse) -> None:
    code = home.alert()
    found = rooms(home.node, {"ACCORD_PUBLIC": "https://alerts.example"})
    with served(*found) as client:
        assert b"this node sent it" in client.get(f"/a/{code}").content
        assert client.head("/alerts.atom").status_code == 200
        assert client.post(f"/alerts/leave/{'A' * 43}").status_code == 404
        assert client.post(f"/a/{code}").status_code == 405
        assert client.delete("/alerts.json").status_code == 405
        first = client.get("/")
        assert (first.status_code, b"/alerts.atom" in first.content) == (200, True)
        for link in re.findall(r'href="([^"]+)"', first.text):
            assert client.get(link).status_code == 200, link
        foreign = ("/accord/v1/metadata", "/v1/query", "/taxii2/", "/asks/x", "/exposures", "/%2e")
        for path in foreign:
            shown = client.get(path)
            assert (shown.status_code, shown.content) == (404, nothing(english()).body), path
        for shown in (first, client.get("/a/none"), client.get("/nothing")):
            policy = shown.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "script-src" not in policy
            assert shown.headers["referrer-policy"] == "no-referrer"


def test_the_door_of_partners_has_no_public_pages(home: AlertHouse) -> None:
    code = home.alert()
    parts = doors.parts(doors.Echo(), doors.Told("australia", None), home.node.clock)
    with doors.serving(parts, None) as port:
        for path in (f"/a/{code}", "/alerts.atom", "/alerts.json", "/style.css"):
            assert httpx.get(f"http://127.0.0.1:{port}{path}").status_code == 404


@pytest.mark.parametrize("quick", [False, True])
def test_bodies_are_bounded_and_heads_have_none(*, quick: bool) -> None:
    room = Echo(quick=quick)
    with served(room) as client:
        assert client.post("/echo", content=b"x" * 1_000).content == b"POST" + b"x" * 1_000
        assert client.post("/echo", content=b"x" * 1_001).status_code == 413
        assert client.request("PUT", "/echo", content=b"x").status_code == 405
        shown = client.head("/echo")
        assert (shown.content, shown.headers["content-length"]) == (b"", "3")
        assert [one.method for one in room.asked] == ["POST", "GET"]
        assert client.get("/echo?" + "a" * 3_000).status_code == 414
        room._most = 0
        assert client.post("/echo").status_code == 405


def test_a_failure_tells_the_public_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with served(Echo()) as client:
        shown = client.get("/echo?fail")
    assert (shown.status_code, shown.headers["retry-after"]) == (503, "5")
    assert "secret" not in shown.text + caplog.text


def test_one_address_is_slowed_down_and_a_proxy_is_not() -> None:
    asked = int(listener.SLOW.burst) + 20
    with served(Echo(), known=True) as client:
        told = [client.get("/echo") for _ in range(asked)]
    assert told[0].status_code == 200
    assert told[-1].status_code == 429
    assert int(told[-1].headers["retry-after"]) >= 1
    with served(Echo(), known=False) as client:
        assert {client.get("/echo").status_code for _ in range(asked)} == {200}


def test_a_request_that_comes_in_two_ways_is_refused() -> None:
    app = PublicApp([Echo()], known_addresses=False)
    with (
        doors.heard_on(listening("127.0.0.1", 0), configuration(app, None)) as port,
        socket.create_connection(("127.0.0.1", port), timeout=10) as line,
    ):
        line.sendall(
            b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        )
        assert line.recv(64).startswith(b"HTTP/1.1 400")
    app.close()


def test_a_page_is_in_the_language_that_is_asked_for() -> None:
    home = Home("", [("/x", "Get alerts by mail")])

    def shown(query: str = "", accepted: str = "") -> str:
        headers = (("accept-language", accepted),) if accepted else ()
        return home.answer(Request("GET", "/", query, headers)).body.decode()

    assert '<html lang="en" dir="ltr">' in shown()
    assert '<html lang="ja" dir="ltr">' in shown(accepted="fr, ja;q=0.5")
    asked = shown("x=%22%3E&lang=id&y=1", "ja")
    assert '<html lang="id" dir="ltr">' in asked
    assert 'href="/x?lang=id">Terima peringatan lewat surel<' in asked
    assert 'href="?x=%22%3E&amp;y=1&amp;lang=en"' in asked
    for odd in ("lang=xx", "lang=", "xlang=id", "lang=id%20", "lang=ID"):
        assert '<html lang="en" dir="ltr">' in shown(odd)


def test_texts_of_a_page_are_escaped() -> None:
    odd = Reader(Language("ur", "<i>", "rtl", {}))
    made = page(odd, 200, "<b>&", "<p>x</p>", script='/a.js"')
    text = made.body.decode()
    assert "<b>&" not in text
    assert '<html lang="ur" dir="rtl">' in text
    assert "<i>" not in text
    assert made.header("content-language") == "ur"
    assert 'src="/a.js&quot;"' in text
    assert "script-src 'self'" in made.header("content-security-policy")
    shown = Home("<i>x", [('/"', "<u>")]).answer(Request("GET", "/")).body.decode()
    assert "<i>" not in shown
    assert "<u>" not in shown


def test_over_tls_it_is_served_to_browsers(tmp_path: Path) -> None:
    certificate = _certificate(tmp_path)
    server = PublicServer([Echo()], "127.0.0.1", 0, certificate=certificate)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    doors.wait_for(lambda: server.started)
    context = ssl.create_default_context(cafile=str(certificate))
    assert server.address.startswith("https://127.0.0.1:")
    assert httpx.get(f"{server.address}/echo", verify=context).status_code == 200
    server.stop()
    thread.join(10)
    with pytest.raises(AccordError, match="behind a proxy"):
        PublicServer([Echo()], "192.0.2.1", 0)
    (tmp_path / "bad.pem").write_text("nothing")
    with pytest.raises(AccordError, match="cannot be used"):
        PublicServer([Echo()], "127.0.0.1", 0, certificate=tmp_path / "bad.pem")


def test_the_command_serves_until_it_is_ended(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "accord"]
    home = str(tmp_path / "node")
    subprocess.run([*words, "init", "--home", home], check=True, capture_output=True)
    serve = [*words, "public", "serve", "--port", "0", "--home", home]
    unset = subprocess.run(serve, check=False, capture_output=True, text=True, env={})
    assert (unset.returncode, "set ACCORD_PUBLIC" in unset.stderr) == (1, True)
    set_to = {"ACCORD_PUBLIC": "https://alerts.example.org"}
    with subprocess.Popen(serve, stderr=subprocess.PIPE, text=True, env=set_to) as running:
        assert running.stderr
        said = running.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert found, said
        doors.wait_for(lambda: _is_up(found[0]))
        assert "Protect yourself" in httpx.get(f"{found[0]}/").text
        running.terminate()
        assert running.wait(20) is not None


def _is_up(base: str) -> bool:
    try:
        return httpx.get(f"{base}/").status_code == 200
    except httpx.TransportError:
        return False


def _certificate(folder: Path) -> Path:
    """A certificate of this machine and its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / "both.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file
