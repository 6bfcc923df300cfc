"""Scanners of clients and of the public: what release lets them see, with receipts."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import exchange_nodes
import httpx
import msgspec
import nodes
import pytest
import sharing
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from doors import parts, serving
from scanners import CVE, JINJA, audited, by_name, check

from accord.exchange.receipts import Line, read
from accord.flows.exchange import clients
from accord.flows.exchange.messages import OSV, Request, Response
from accord.flows.exchange.sharing import audience
from accord.flows.exchange.sharing.recall import recall
from accord.identity.clients import Client
from accord.identity.markings import Tlp
from accord.identity.recipients import PUBLIC, SELF, Recipient
from accord.store.keys import FOLDER
from accord.transport.tls import FILE
from accord.wiring import Node

OPERATOR = Recipient("client", "grid-siem", "Grid", "operator", Tlp.AMBER)
SUPPLIER = Recipient("client", "maker", "Maker", "supplier", Tlp.GREEN)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with exchange_nodes.partners(tmp_path / "nodes", ("australia", "japan")) as made:
        audience.create(made["australia"].owner, "all", [], everyone=True)
        yield made["australia"]


def share(node: Node, body: bytes, tlp: Tlp | None) -> str:
    """Load, and share under a marking; with none it is only loaded."""
    loaded = nodes.give(node, [("a", body)])
    assert not loaded.quarantined, loaded.quarantined
    digest = loaded.digests[0]
    if tlp is not None:
        (outcome,) = sharing.shared(node, digest, "all", tlp=tlp).outcomes
        assert outcome.what == "shared", outcome
        return outcome.object
    return digest


def ask(node: Node, caller: Recipient, body: bytes, path: str = "query") -> Response:
    return node.door.answer(caller, Request("POST", f"{OSV}/{path}", body=body))


def get(node: Node, caller: Recipient, name: str) -> Response:
    return node.door.answer(caller, Request("GET", f"{OSV}/vulns/{name}"))


def ids(node: Node, caller: Recipient) -> list[str]:
    question = by_name("left-pad", "1.2.0")
    answer = ask(node, caller, question)
    assert answer.status == 200
    whole = [one["id"] for one in msgspec.json.decode(answer.body).get("vulns", [])]
    names = ask(node, caller, b'{"queries":[' + question + b"]}", "querybatch")
    (found,) = msgspec.json.decode(names.body)["results"]
    assert [one["id"] for one in found.get("vulns", [])] == whole
    for name in ("GHSA-CLEAR", "GHSA-GREEN", "GHSA-AMBER", "GHSA-RED", "GHSA-kept"):
        assert (get(node, caller, name).status == 200) == (name in whole)
    return whole


def lines(node: Node, **about: str) -> list[Line]:
    """Receipts of what was told to scanners, in their order."""
    every = [read(line) for _, line, *_ in node.receipts.rows()]
    return [one for one in every if all(getattr(one, k) == v for k, v in about.items())]


def certificate(folder: Path, host: str) -> Path:
    """A certificate of the door that names its host, as whoever runs it may put there."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_bytes(private + made.public_bytes(pem))
    (folder / FILE).chmod(0o600)
    trusted = folder.parent / "trusted.pem"
    trusted.write_bytes(made.public_bytes(pem))
    return trusted


def test_each_sees_what_its_marking_allows(node: Node) -> None:
    for tlp in (Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER):
        share(node, nodes.osv(f"GHSA-{tlp.word}"), tlp)
    share(node, nodes.osv("GHSA-kept"), None)
    assert ids(node, PUBLIC) == ["GHSA-CLEAR"]
    assert ids(node, SUPPLIER) == ["GHSA-CLEAR", "GHSA-GREEN"]
    assert ids(node, OPERATOR) == ["GHSA-AMBER", "GHSA-CLEAR", "GHSA-GREEN"]
    for caller in (SELF, Recipient("partner", "japan", "Japan")):
        assert ask(node, caller, by_name("left-pad")).status == 404
        assert get(node, caller, "GHSA-CLEAR").status == 404


def test_what_is_not_there_and_what_may_not_be_seen_look_alike(node: Node) -> None:
    share(node, nodes.osv("GHSA-AMBER", aliases=["CVE-2026-1"]), Tlp.AMBER)
    assert get(node, PUBLIC, "GHSA-AMBER") == get(node, PUBLIC, "GHSA-nothing")
    assert get(node, PUBLIC, "CVE-2026-1") == get(node, PUBLIC, "CVE-2026-2")
    assert b"GHSA-AMBER" in get(node, OPERATOR, "CVE-2026-1").body
    assert ask(node, PUBLIC, by_name("left-pad", "1.0.0")).body == b"{}"


def test_decisions_are_receipts_and_what_nobody_may_see_is_none(node: Node) -> None:
    share(node, nodes.osv("GHSA-AMBER"), Tlp.AMBER)
    before = len(lines(node))
    industry = Recipient("client", "retail", "Retail", "industry", Tlp.AMBER)
    assert ids(node, industry) == []
    rules = {(one.decision, one.rule, one.digest) for one in lines(node)[before:]}
    assert rules == {("no", "tlp-amber-operators", "")}
    assert ids(node, SUPPLIER) == ids(node, PUBLIC) == []
    assert not lines(node, recipient="client:maker") + lines(node, recipient="public")


def test_everything_that_left_has_a_receipt(node: Node) -> None:
    name = share(node, body := nodes.osv("GHSA-CLEAR"), Tlp.CLEAR)
    before = len(lines(node))
    answer = ask(node, SUPPLIER, by_name("left-pad", "1.0.0"))
    assert body in answer.body
    (line,) = lines(node)[before:]
    assert (line.object, line.way, line.recipient, line.decision) == (
        name, "object", "client:maker", "yes",
    )  # fmt: skip
    assert line.digest == sha256(body).hexdigest()
    batch = b'{"queries":[' + b",".join([by_name("left-pad", "1.0.0")] * 5) + b"]}"
    ask(node, PUBLIC, batch, "querybatch")
    (line,) = lines(node)[before + 1 :]
    assert (line.object, line.way, line.recipient) == (name, "name", "public")


def test_a_made_record_is_made_of_what_may_be_seen(node: Node) -> None:
    other: Any = msgspec.json.decode(nodes.text(CVE))
    name = share(node, nodes.text(CVE), Tlp.GREEN)
    assert ask(node, PUBLIC, by_name("left-pad", "1.2.0")).body == b"{}"
    assert get(node, PUBLIC, "CVE-2026-4242").status == 404
    made = msgspec.json.decode(get(node, SUPPLIER, "CVE-2026-4242").body)
    check(made)
    assert made["id"] == other["cveMetadata"]["cveId"]
    assert lines(node, object=name, recipient="client:maker", decision="yes")


def test_what_was_recalled_is_answered_no_more(node: Node) -> None:
    name = share(node, nodes.osv("GHSA-CLEAR"), Tlp.CLEAR)
    assert ids(node, PUBLIC) == ["GHSA-CLEAR"]
    recall(node.recaller, name, "wrong")
    assert ask(node, PUBLIC, by_name("left-pad", "1.2.0")).body == b"{}"


def test_a_batch_may_be_long_and_nothing_else(node: Node, tmp_path: Path) -> None:
    token = clients.add(
        node.people, node.clock, node.entropy,
        Client(name="scanner", organisation="Scanner", kind="operator", tlp=Tlp.AMBER),
    )  # fmt: skip
    share(node, nodes.osv("GHSA-CLEAR"), Tlp.CLEAR)
    queries = b",".join([by_name("left-pad" + "x" * 100, "1.0.0")] * 999)
    long = b'{"queries":[' + queries + b"," + by_name("left-pad", "1.0.0") + b"]}"
    assert len(long) > 100_000
    with serving(parts(node.door, node.trust, clients=node.people), None) as port:  # type: ignore[arg-type]
        url = f"http://127.0.0.1:{port}/v1"
        basic = base64.b64encode(f"scanner:{token}".encode()).decode()
        for header in (f"Bearer {token}", f"Basic {basic}"):
            said = {"authorization": header}
            answer = httpx.post(f"{url}/querybatch", content=long, headers=said)
            assert answer.status_code == 200, answer.text
            assert answer.json()["results"][-1]["vulns"][0]["id"] == "GHSA-CLEAR"
            assert httpx.post(f"{url}/query", content=long, headers=said).status_code == 413
            too_long = httpx.post(f"{url}/querybatch", content=b"x" * (2 << 20), headers=said)
            assert too_long.status_code == 413
        wrong = base64.b64encode(f"another:{token}".encode()).decode()
        for header in (f"Basic {wrong}", "Basic %%%", "Basic", f"Basic {basic}x"):
            said = {"authorization": header}
            assert httpx.post(f"{url}/query", content=b"{}", headers=said).status_code == 401


def test_pip_audit_asks_the_door_over_tls(node: Node, tmp_path: Path) -> None:
    share(node, JINJA, Tlp.AMBER)
    token = clients.add(
        node.people, node.clock, node.entropy,
        Client(name="scanner", organisation="Scanner", kind="operator", tlp=Tlp.AMBER),
    )  # fmt: skip
    folder = node.settings.home / FOLDER
    trusted = certificate(folder, "localhost")
    with serving(parts(node.door, node.trust, clients=node.people), folder) as port:  # type: ignore[arg-type]
        found = audited(
            tmp_path,
            f"https://scanner:{token}@localhost:{port}/v1/query",
            {"REQUESTS_CA_BUNDLE": str(trusted)},
        )
    (one,) = found["jinja2"]
    assert {one["id"], *one["aliases"]} == {"GHSA-jinja", "CVE-2014-1402"}
    assert lines(node, recipient="client:scanner", decision="yes")
