"""Clients that are known by the certificate that they show at the door, over real TLS."""

from __future__ import annotations

import secrets
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import exchange_nodes
import httpx
import pytest
import sharing
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from accord.core.clock import SystemClock
from accord.core.errors import Invalid
from accord.flows.exchange import clients
from accord.flows.exchange.sharing import audience
from accord.identity import clients as identities
from accord.identity.clients import Client
from accord.identity.markings import Tlp
from accord.transport import tls
from accord.web.door.server import DoorServer
from accord.wiring import Node

AMBER = sharing.indicator("amber", Tlp.AMBER)
PATH = f"/accord/v1/objects/{AMBER['id']}"


def certificate(folder: Path, name: str, *, use: x509.ObjectIdentifier | None = None) -> Path:
    """A self-signed certificate with its key, as a client makes one."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=30))
    )
    if use is not None:
        built = built.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
    made = built.sign(key, hashes.SHA256())
    file = folder / f"{name}.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def australia(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    """A node with one AMBER object, on the machine's own clock; certificates are read at once."""
    monkeypatch.setattr(tls, "_ANEW", 0.0)
    made = exchange_nodes.partnership(tmp_path, clock=SystemClock())
    node = made["australia"]
    audience.create(node.owner, "pair", ["india", "japan"])
    sharing.give(node, "pair", AMBER)
    yield node
    exchange_nodes.close(made)


@contextmanager
def door(node: Node) -> Iterator[str]:
    server = DoorServer(node, "127.0.0.1", 0)
    running = threading.Thread(target=server.run)
    running.start()
    try:
        end = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < end, "the door did not open"
            time.sleep(0.02)
        yield server.address
    finally:
        server.stop()
        running.join(20)


def ask(address: str, shown: Path | None = None, token: str = "") -> httpx.Response:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if shown:
        context.load_cert_chain(shown)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(verify=context, timeout=10) as client:
        return client.get(f"{address}{PATH}", headers=headers)


def known(node: Node, name: str, file: Path | None = None, tlp: Tlp = Tlp.AMBER) -> str:
    fingerprint, pem = identities.certificate(file.read_bytes()) if file else ("", "")
    one = Client(
        name=name, organisation=name.title(), kind="operator", tlp=tlp,
        certificate=fingerprint, pem=pem,
    )  # fmt: skip
    return clients.add(node.people, node.clock, secrets.token_bytes, one)


def test_a_client_is_known_by_the_certificate_that_it_shows(
    australia: Node, tmp_path: Path
) -> None:
    grid = certificate(tmp_path, "grid", use=ExtendedKeyUsageOID.CLIENT_AUTH)
    with door(australia) as address:
        with pytest.raises(httpx.TransportError):
            ask(address, grid)
        known(australia, "grid", grid)
        assert ask(address, grid).status_code == 200
        assert ask(address).status_code == 404
        with australia.engine.connect() as connection:
            query = "SELECT recipient FROM receipt ORDER BY number DESC LIMIT 2"
            assert "client:grid" in list(connection.exec_driver_sql(query).scalars())
        known(australia, "west", certificate(tmp_path, "west"), Tlp.GREEN)
        assert ask(address, tmp_path / "west.pem").status_code == 404
        assert ask(address, grid).status_code == 200


def test_who_shows_another_certificate_is_refused(australia: Node, tmp_path: Path) -> None:
    known(australia, "grid", certificate(tmp_path, "grid"))
    stranger = certificate(tmp_path, "stranger")
    # The same name, and signed by itself as well: only the certificate itself counts.
    (tmp_path / "other").mkdir()
    namesake = certificate(tmp_path / "other", "grid")
    with door(australia) as address:
        for one in (stranger, namesake):
            with pytest.raises(httpx.TransportError):
                ask(address, one)
        assert ask(address, tmp_path / "grid.pem").status_code == 200


def test_a_revoked_certificate_and_one_that_was_replaced_count_no_more(
    australia: Node, tmp_path: Path
) -> None:
    grid, next_ = certificate(tmp_path, "grid"), certificate(tmp_path, "next")
    known(australia, "grid", grid)
    with door(australia) as address:
        assert ask(address, grid).status_code == 200
        clients.rotate(
            australia.people, australia.clock, secrets.token_bytes, "grid",
            identities.certificate(next_.read_bytes()),
        )  # fmt: skip
        assert ask(address, grid).status_code == 401
        assert ask(address, next_).status_code == 200
        clients.revoke(australia.people, australia.clock, "grid")
        assert ask(address, next_).status_code == 401


def test_a_token_beside_a_certificate_is_the_same_client_s(australia: Node, tmp_path: Path) -> None:
    grid = certificate(tmp_path, "grid")
    known(australia, "grid", grid)
    token = known(australia, "west", tlp=Tlp.AMBER)
    with door(australia) as address:
        assert ask(address, token=token).status_code == 200
        assert ask(address, grid, token).status_code == 401
        assert ask(address, grid, "accord_" + "x" * 51).status_code == 401


def test_a_certificate_for_servers_only_is_not_taken(tmp_path: Path) -> None:
    file = certificate(tmp_path, "grid", use=ExtendedKeyUsageOID.SERVER_AUTH)
    with pytest.raises(Invalid, match="not for authenticating clients"):
        identities.certificate(file.read_bytes())
    with pytest.raises(Invalid, match="not a certificate"):
        identities.certificate(b"no")
