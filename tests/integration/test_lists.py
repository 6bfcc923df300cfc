"""The list at work: a real resolver refuses the name, partners sign, and what is revoked is out."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import exchange_nodes
import pytest
from typer.testing import CliRunner

from accord.cli.app import app
from accord.core.errors import Invalid
from accord.flows.exchange.messages import Request
from accord.flows.outreach.checking.listing import Snapshot
from accord.outreach.dangers import buckets
from accord.outreach.dangers.model import Danger
from accord.outreach.lists import editions, formats
from accord.outreach.lists.formats import Head
from accord.web.public.check import served
from accord.web.public.kept import Kept
from accord.web.public.lists import ListPages
from accord.wiring import Node

ENDS = "2031-01-01T00:00:00.000000Z"
NOW = "2030-01-01T00:00:00.000000Z"
HEAD = Head(number=1, made=NOW)
EVIL = Danger("domain", "evil.example", "phishing", ENDS)
BAD = Danger("domain", "192.0.2.66", "malware", ENDS)


class Upstream:
    """A name server on loopback that knows every name; `bad` ones at an address of their own."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                data, sender = self._socket.recvfrom(4_096)
            except OSError:
                return
            asked = dns.message.from_wire(data)
            said = dns.message.make_response(asked, recursion_available=True)
            name = asked.question[0].name
            address = "192.0.2.66" if str(name).startswith("bad") else "192.0.2.1"
            if asked.question[0].rdtype == 1:
                said.answer.append(dns.rrset.from_text(name, 60, "IN", "A", address))
            self._socket.sendto(said.to_wire(), sender)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    made = Upstream()
    yield made
    made.close()


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def asked(port: int, name: str) -> dns.message.Message:
    return dns.query.udp(dns.message.make_query(name, "A"), "127.0.0.1", port=port, timeout=5)


class Resolver:
    """Unbound on loopback with a policy zone of a file."""

    def __init__(self, folder: Path, zone: bytes, upstream: Upstream) -> None:
        self.port = free_port()
        (folder / "dangers.rpz").write_bytes(zone)
        config = folder / "unbound.conf"
        config.write_text(f"""
server:
  directory: "{folder}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  interface: 127.0.0.1@{self.port}
  do-not-query-localhost: no
  do-ip6: no
  module-config: "respip iterator"
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{upstream.port}
rpz:
  name: rpz.example
  zonefile: "{folder}/dangers.rpz"
""")
        done = subprocess.run(
            ["unbound-checkconf", str(config)], capture_output=True, timeout=30, check=False
        )
        assert done.returncode == 0, done.stderr
        self._process = subprocess.Popen(["unbound", "-c", str(config)], stderr=subprocess.PIPE)
        self._wait()

    def _wait(self) -> None:
        for _ in range(100):
            assert self._process.poll() is None, self._process.stderr
            try:
                dns.query.udp(
                    dns.message.make_query("up.example", "A"), "127.0.0.1", port=self.port,
                    timeout=0.2,
                )  # fmt: skip
            except (dns.exception.Timeout, OSError):
                time.sleep(0.05)
            else:
                return
        raise AssertionError("unbound does not answer")

    def close(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=20)


def test_a_real_resolver_refuses_what_is_listed(tmp_path: Path, upstream: Upstream) -> None:
    if not shutil.which("unbound"):
        pytest.skip("Unbound is not installed: scripts/tools installs unbound")
    for zone, expected in (
        (formats.zone([EVIL, BAD], HEAD), dns.rcode.NXDOMAIN),
        (formats.zone([], HEAD), dns.rcode.NOERROR),
    ):
        folder = tmp_path / str(expected)
        folder.mkdir()
        resolver = Resolver(folder, zone, upstream)
        try:
            for name in ("evil.example", "www.evil.example", "bad.example"):
                said = asked(resolver.port, name)
                assert said.rcode() == expected, (name, said.to_text())
                assert bool(said.answer) == (expected == dns.rcode.NOERROR)
            for name in ("good.example", "notevil.example", "evil.example.org"):
                said = asked(resolver.port, name)
                assert said.rcode() == dns.rcode.NOERROR
                assert said.answer
        finally:
            resolver.close()


def snapshot(*dangers: Danger) -> Snapshot:
    return Snapshot(
        edition=buckets.edition(dangers), protected=(), spared=frozenset(), made=NOW,
        dangers=dangers,
    )  # fmt: skip


def get(pages: ListPages, at: str, tag: str = "") -> tuple[int, bytes, str]:
    headers = (("if-none-match", tag),) if tag else ()
    found = pages.answer(Request("GET", at, "", headers, b""))
    return found.status, found.body, dict(found.headers).get("etag", "")


def test_what_is_revoked_is_out_of_every_file_with_the_next_list() -> None:
    now = [snapshot(EVIL, BAD)]
    kept = Kept(lambda: served(now[0]), lambda: 0.0)
    kept.renew()
    pages = ListPages(kept, "india")
    before = {name: get(pages, f"/lists/{name}") for name in formats.FORMATS}
    for name, (status, body, tag) in before.items():
        assert status == 200
        assert b"evil.example" in body, name
        assert get(pages, f"/lists/{name}", tag)[0] == 304
    now[0] = snapshot(BAD)
    kept.renew()
    for name, (_, _, tag) in before.items():
        status, body, changed = get(pages, f"/lists/{name}", tag)
        assert status == 200
        assert b"evil.example" not in body, name
        assert changed != tag
    assert get(pages, "/lists")[0] == 200
    for odd in ("/lists/", "/lists/../x", "/lists/contents.json"):
        assert get(pages, odd)[0] == 404


@pytest.fixture(scope="module")
def partners(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Node]]:
    made = exchange_nodes.partnership(tmp_path_factory.mktemp("partners"))
    yield made
    for node in made.values():
        node.engine.dispose()


def test_an_edition_counts_with_a_threshold_of_partners(partners: dict[str, Node]) -> None:
    directory = partners["india"].trust.directory()
    assert directory is not None
    files = editions.edition([EVIL], {}, HEAD, ENDS)
    contents = files[editions.CONTENTS]
    signed = {
        editions.signature_name(name): editions.sign(contents, partners[name].signers.all())
        for name in ("india", "japan")
    }

    def check(more: dict[str, bytes], threshold: int = 2, **said: str | int) -> editions.Verified:
        found = {"now": NOW, "seen": 0} | said
        return editions.check(files | more, directory, threshold, **found)  # type: ignore[arg-type]

    assert check(signed).partners == ("india", "japan")
    with pytest.raises(Invalid, match="2 of the 3"):
        check(signed, 3)
    one = dict([next(iter(signed.items()))])
    with pytest.raises(Invalid, match="signed by india: 1 of the 2"):
        check(one)
    twice = one | {editions.signature_name("australia"): one["contents.india.dsse"]}
    with pytest.raises(Invalid, match="1 of the 2"):
        check(twice)
    with pytest.raises(Invalid, match="it ended"):
        check(signed, now=ENDS)
    with pytest.raises(Invalid, match="older than 2"):
        check(signed, seen=2)
    for name in files:
        if name != editions.CONTENTS:
            with pytest.raises(Invalid, match="not as the contents say"):
                check(signed | {name: files[name] + b" "})
    other = editions.edition([BAD], {}, HEAD, ENDS)
    with pytest.raises(Invalid, match="signed by nobody"):
        check(signed | {editions.CONTENTS: other[editions.CONTENTS]})
    broken = {name: data.replace(b'"sig":"', b'"sig":"AA') for name, data in signed.items()}
    with pytest.raises(Invalid, match="signed by nobody"):
        check(broken)


def test_commands(partners: dict[str, Node], tmp_path: Path) -> None:
    folder, seen = tmp_path / "lists", tmp_path / "seen"

    def run(*words: str, node: str = "india", code: int = 0) -> str:
        home = str(partners[node].settings.home)
        done = CliRunner().invoke(app, ["lists", *words, "--home", home])
        if code:
            assert done.exception is not None
            return str(done.exception)
        assert done.exit_code == 0, (done.output, done.exception)
        return str(done.output)

    assert "Edition 1 with 0 entries" in run("write", str(folder))
    run("sign", str(folder))
    assert "partners that it takes" in run("verify", str(folder), "--threshold", "2", code=1)
    run("sign", str(folder), node="japan")
    said = run("verify", str(folder), "--threshold", "2", "--seen", str(seen))
    assert "Edition 1 counts: signed by india, japan; 6 files" in said
    assert seen.read_text() == "1\n"
    seen.write_text("2\n")
    assert "older than 2" in run("verify", str(folder), "--threshold", "2", "--seen", str(seen),
                                 code=1)  # fmt: skip
    assert "holds no edition" in run("sign", str(tmp_path), code=1)
    assert "cannot read" in run("verify", str(tmp_path / "none"), code=1)
    assert not list(folder.glob(".*"))
