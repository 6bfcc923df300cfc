"""Keys on a token behind PKCS#11: a real library (SoftHSM) and a token of its own for each test."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import exchange_nodes
import msgspec
import nodes
import pytest
import sharing
import tokens
from tokens import PIN, Token

from accord.core.clock import SystemClock
from accord.core.errors import AccordError
from accord.exchange.envelope import Header, open_envelope, peek, seal
from accord.flows.exchange.sharing import audience
from accord.flows.exchange.trust import MARKING, ME, PARTNERSHIP
from accord.identity.directory import founding
from accord.identity.directory.records import Charter
from accord.identity.keys import CannotSign, LibrarySigner, Signers, verify
from accord.identity.partners import ED25519, ML_DSA_65, Policy
from accord.store import keys
from accord.store.key_errors import Locked, NoKey
from accord.wiring import Node, Settings

if _WHY := tokens.missing():
    pytest.skip(_WHY, allow_module_level=True)

from pkcs11 import Attribute, ObjectClass, PublicKey, Session, lib

from accord.store.pkcs11 import _ed25519
from accord.store.pkcs11_module import module_at

PASSPHRASE = "some words that are long enough"


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Token]:
    made = Token(tmp_path / "hsm")
    monkeypatch.setenv("SOFTHSM2_CONF", str(made.config))
    made.begin()
    made.make("node")
    _begin_anew()
    yield made
    _begin_anew()


def _begin_anew() -> None:
    """As a new process: nothing is logged into, and no PIN was refused."""
    module = module_at(tokens.module())
    module.end()
    module._refused.clear()


def _open(token: Token) -> Session:
    """A session of another part of this process, or of another tool."""
    return lib(tokens.module()).get_token(token_label=token.label).open(rw=True, user_pin=PIN)


def _create(home: Path, *uris: str, pin: str = PIN, ml_dsa: bool = True) -> LibrarySigner:
    return keys.create(
        home, PASSPHRASE, os.urandom, uris=uris, ml_dsa=ml_dsa, pin=lambda _: pin
    )[0]  # fmt: skip


def _signers(home: Path) -> Signers:
    return keys.open_signers(home, lambda: PASSPHRASE, pin=lambda _: PIN)


@pytest.mark.parametrize("key", ["object=node", "id=%01", "object=node;id=%01;type=private"])
def test_a_token_signs(tmp_path: Path, token: Token, key: str) -> None:
    made = _create(tmp_path, token.address(key))
    _begin_anew()
    signer = _signers(tmp_path).ed25519
    assert (signer.keyid, signer.scheme, signer.public) == (made.keyid, ED25519, made.public)
    verify(made.key(), signer.sign(b"data"), b"data")


def test_a_token_beside_a_file_with_the_second_key(tmp_path: Path, token: Token) -> None:
    _create(tmp_path, token.address("object=node"))
    signers = _signers(tmp_path)
    assert signers.ml_dsa is not None
    assert signers.ml_dsa.scheme == ML_DSA_65
    assert len(signers.ml_dsa.sign(b"data")) == 3309
    kinds = sorted(file.suffix for file in (tmp_path / "keys").iterdir())
    assert kinds == [".json", ".pem"]
    (record,) = (tmp_path / "keys").glob("*.json")
    assert PIN not in record.read_text()
    assert record.stat().st_mode & 0o077 == 0


def test_a_token_alone(tmp_path: Path, token: Token) -> None:
    _create(tmp_path, token.address("object=node"), ml_dsa=False)
    assert _signers(tmp_path).ml_dsa is None
    assert not list((tmp_path / "keys").glob("*.pem"))


def test_the_pin_may_be_in_a_file(tmp_path: Path, token: Token) -> None:
    file = tmp_path / "pin"
    file.write_text(PIN + "\n")
    file.chmod(0o600)
    address = token.address("object=node", pin_source=f"file:{file}")
    made = keys.create(tmp_path, "", os.urandom, uris=[address], ml_dsa=False)[0]
    verify(made.key(), made.sign(b"data"), b"data")
    file.chmod(0o644)
    _begin_anew()
    with pytest.raises(NoKey, match="chmod 600"):
        keys.open_signers(tmp_path, str)


def test_what_is_wrong_is_said_in_a_line(tmp_path: Path, token: Token) -> None:
    token.make("other", 2, tokens.P256)
    token.make("twice", 3)
    token.make("twice", 4)
    token.make("mute", 5, sign=False)
    there = token.address("object=node")
    for address, hint in (
        (there.replace("token=accord", "token=away"), "'away' is not there.*there are: 'accord'"),
        (token.address("object=nowhere"), "key 'nowhere' on the token 'accord' is not there"),
        (token.address("object=other"), "'other' .* of kind EC: an Ed25519 key is needed"),
        (token.address("object=twice"), "one of 2: add id= .*%03"),
        (token.address("object=mute"), "may not sign"),
        (there.replace(tokens.module(), "/nowhere.so"), "module /nowhere.so cannot be used"),
        (there.replace(tokens.module(), __file__), "test_pkcs11.py cannot be used"),
    ):
        _begin_anew()
        with pytest.raises(NoKey, match=hint) as caught:
            _create(tmp_path, address)
        assert "\n" not in str(caught.value)
        assert PIN not in str(caught.value)
    assert not (tmp_path / "keys").exists()


def test_a_key_that_lost_its_public_part(tmp_path: Path, token: Token) -> None:
    with _open(token) as session:
        _public(session, 1).destroy()
    _begin_anew()
    with pytest.raises(NoKey, match="no public keys beside it"):
        _create(tmp_path, token.address("object=node"))


def test_a_public_key_that_is_not_its_own(tmp_path: Path, token: Token) -> None:
    token.make("other", 2)
    with _open(token) as session:
        _public(session, 1).destroy()
        _public(session, 2).copy({Attribute.ID: b"\x01"})
    _begin_anew()
    with pytest.raises(NoKey, match="does not fit the public"):
        _create(tmp_path, token.address("object=node"))


def _public(session: Session, number: int) -> PublicKey:
    (found,) = session.get_objects(
        {Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.ID: bytes([number])}
    )
    assert isinstance(found, PublicKey)
    return found


@pytest.mark.parametrize(
    ("curve", "point", "good"),
    [
        ("06032b6570", "0420", True),
        ("06032b6570", "032100", True),
        ("06032b6570", "", True),
        ("130c656477617264733235353139", "0420", True),
        ("06032b6571", "0420", False),
        ("06032b656e", "", False),
        ("06032b6570", "0421", False),
        ("06032b6570", "00", False),
    ],
)
def test_public_keys_as_modules_write_them(curve: str, point: str, good: bool) -> None:  # noqa: FBT001
    key: Any = {
        Attribute.EC_PARAMS: bytes.fromhex(curve),
        Attribute.EC_POINT: bytes.fromhex(point) + b"k" * 32,
    }
    assert _ed25519(key) == (b"k" * 32).hex() if good else _ed25519(key) is None


def test_a_token_that_is_open_already(tmp_path: Path, token: Token) -> None:
    with _open(token):
        made = _create(tmp_path, token.address("object=node"))
        verify(made.key(), made.sign(b"data"), b"data")
    # The other one has logged out, and everybody else with it.
    verify(made.key(), made.sign(b"data"), b"data")


def test_the_pin_is_taken_from_the_environment(
    tmp_path: Path, token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCORD_PIN", PIN)
    node = Node(Settings(tmp_path))
    (made,) = node.new_keys("", [token.address("object=node")], ml_dsa=False)
    verify(made.key(), made.sign(b"data"), b"data")


@pytest.mark.parametrize("wrong", ["wrong pin", "1", "x" * 300, "\udcff"])
def test_a_wrong_pin_is_tried_once(tmp_path: Path, token: Token, wrong: str) -> None:
    for _ in range(5):
        with pytest.raises(Locked, match="PIN") as caught:
            _create(tmp_path, token.address("object=node"), pin=wrong)
        assert wrong not in str(caught.value).replace("'", " ").split()
    _create(tmp_path, token.address("object=node"))


def test_a_refused_pin_does_not_reach_the_token_again(tmp_path: Path, token: Token) -> None:
    def attempt() -> None:
        _create(tmp_path, token.address("object=node"), pin="another pin")

    with pytest.raises(Locked):
        attempt()
    with _open(token) as session:
        session.set_pin(PIN, "another pin")
    module_at(tokens.module()).end()
    with pytest.raises(Locked, match="not tried twice"):
        attempt()
    _begin_anew()
    attempt()


def test_no_pin_is_asked_for(tmp_path: Path, token: Token) -> None:
    with pytest.raises(Locked, match="'accord' asks for its PIN: give it in ACCORD_PIN"):
        _create(tmp_path, token.address("object=node"), pin="")


def test_a_key_that_wants_the_pin_each_time(tmp_path: Path, token: Token) -> None:
    token.make("careful", 7, always_authenticate=True)
    made = _create(tmp_path, token.address("object=careful"))
    for _ in range(3):
        verify(made.key(), made.sign(b"data"), b"data")


def test_another_key_under_the_same_name_is_refused(tmp_path: Path, token: Token) -> None:
    _create(tmp_path, token.address("object=node"))
    _begin_anew()
    with _open(token) as session:
        for found in list(session.get_objects()):
            found.destroy()
    token.make("node")
    with pytest.raises(NoKey, match="another key than the one"):
        _signers(tmp_path)


def test_a_token_that_goes_and_comes_back(tmp_path: Path, token: Token) -> None:
    _create(tmp_path, token.address("object=node"))
    signer = _signers(tmp_path).ed25519
    signer.sign(b"before")
    away = token.tokens.rename(tmp_path / "away")
    token.tokens.mkdir()
    for _ in range(2):
        with pytest.raises(CannotSign, match=r"'accord' is not there; .* are: none") as caught:
            signer.sign(b"while it is away")
        assert PIN not in str(caught.value)
    token.tokens.rmdir()
    away.rename(token.tokens)
    key = next(one.key() for one in keys.open_ring(tmp_path, lambda: PASSPHRASE).all())
    verify(key, signer.sign(b"after"), b"after")


def test_only_keys_in_use_need_their_token(tmp_path: Path, token: Token) -> None:
    old = _create(tmp_path, token.address("object=node"), ml_dsa=False)
    new = _create(tmp_path, ml_dsa=False)
    token.tokens.rename(tmp_path / "away")
    token.tokens.mkdir()
    _begin_anew()
    ring = keys.open_ring(tmp_path, lambda: PASSPHRASE, lambda _: PIN)
    assert {one.keyid for one in ring.all()} == {old.keyid, new.keyid}
    assert ring.current([new.key()]).ed25519.keyid == new.keyid
    with pytest.raises(NoKey, match="is not there"):
        ring.current([old.key()])


def test_many_threads_sign(tmp_path: Path, token: Token) -> None:
    key = _create(tmp_path, token.address("object=node"))
    signers = [_signers(tmp_path).ed25519 for _ in range(3)]
    _begin_anew()

    def work(number: int) -> None:
        data = b"%d" % number
        verify(key.key(), signers[number % 3].sign(data), data)

    with ThreadPoolExecutor(8) as threads:
        assert len(list(threads.map(work, range(400)))) == 400


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_signs_and_so_does_its_parent(tmp_path: Path, token: Token) -> None:
    signer = _create(tmp_path, token.address("object=node"))
    signer.sign(b"in the parent")
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        with module_at(tokens.module()).lock:
            held.set()
            over.wait(60)

    other = threading.Thread(target=hold)
    other.start()
    assert held.wait(60)
    child = os.fork()
    if not child:
        signal.alarm(20)
        good = 1
        try:
            verify(signer.key(), signer.sign(b"in the child"), b"in the child")
            good = 0
        finally:
            os._exit(good)
    over.set()
    other.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    verify(signer.key(), signer.sign(b"in the parent"), b"in the parent")


def test_one_address_names_one_key(tmp_path: Path, token: Token) -> None:
    token.make("second", 2)
    _create(tmp_path, token.address("object=node"))
    with pytest.raises(NoKey, match="already: name another"):
        _create(tmp_path, token.address("object=node"))
    with pytest.raises(AccordError, match="of one scheme"):
        _create(tmp_path, token.address("object=node"), token.address("object=second"))


def _port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def pin(tmp_path: Path) -> Path:
    file = tmp_path / "pin"
    file.write_text(PIN + "\n")
    file.chmod(0o600)
    return file


@pytest.fixture
def pair(tmp_path: Path, token: Token, pin: Path) -> Iterator[dict[str, Node]]:
    """Two partners over TLS; the Ed25519 key of the first is on the token."""
    now, made, own, records = SystemClock().now(), {}, {}, []
    for name in ("australia", "japan"):
        nodes.new_node(tmp_path / name).engine.dispose()
        node = made[name] = Node(Settings(tmp_path / name))
        address = token.address("object=node", pin_source=str(pin))
        uris = [address] if name == "australia" else []
        own[name] = node.new_keys("", uris)
        record = exchange_nodes.partner(name, own[name], now)
        addresses = (f"https://127.0.0.1:{_port()}",)
        certificates = (node.certificate(name),)
        records.append(
            msgspec.structs.replace(record, addresses=addresses, certificates=certificates)
        )
    signers = [signer for each in own.values() for signer in each]
    trusted = founding.found(
        Charter("pacific", Policy(signatures="both"), 0), records, signers, now
    )
    for name, node in made.items():
        assert node.trust.replace(
            None, trusted, {ME: name, PARTNERSHIP: "pacific", MARKING: "AMBER"}
        )
    yield made
    for node in made.values():
        node.engine.dispose()


@contextmanager
def _serving(node: Node) -> Iterator[list[str]]:
    """The door of a node, open; what it has said is there afterwards."""
    directory = node.trust.directory()
    own = directory.partner(node.me) if directory else None
    assert own
    port = int(own.addresses[0].rpartition(":")[2])
    process = subprocess.Popen(
        [sys.executable, "-m", "accord", "exchange", "serve", "--port", str(port),
         "--home", str(node.settings.home)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    log: list[str] = []
    try:
        end = time.monotonic() + 60
        while True:
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < end
            time.sleep(0.05)
        yield log
    finally:
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=30)
        log.append(said)


def test_a_node_on_a_token_shares_and_serves(pair: dict[str, Node], token: Token) -> None:
    """Envelopes, checkpoints and answers are signed on the token, and a partner takes them."""
    australia, japan = pair["australia"], pair["japan"]
    audience.create(australia.owner, "pair", ["japan"])
    sharing.give(australia, "pair", *(sharing.indicator(f"a{n}") for n in range(3)))
    with _serving(australia) as log:
        done = nodes.command("sync", home=japan.settings.home)
        assert done.returncode == 0, done.stderr + done.stdout
        sharing.give(australia, "pair", sharing.indicator("later"))
        away = token.tokens.rename(token.tokens.parent / "away")
        token.tokens.mkdir()
        done = nodes.command("sync", home=japan.settings.home)
        assert done.returncode == 1
        assert "answers 503" in done.stderr
        token.tokens.rmdir()
        away.rename(token.tokens)
        done = nodes.command("sync", home=japan.settings.home)
        assert done.returncode == 0, done.stderr + done.stdout
    away = token.tokens.rename(token.tokens.parent / "away")
    token.tokens.mkdir()
    done = nodes.command("sync", home=australia.settings.home)
    assert done.returncode != 0
    assert "token 'accord' is not there" in done.stderr
    assert "Traceback" not in done.stderr
    token.tokens.rmdir()
    away.rename(token.tokens)
    directory = japan.trust.directory()
    own = directory.partner("australia") if directory else None
    assert own
    with japan.engine.connect() as connection:
        sealed = [
            bytes(row[0])
            for row in connection.exec_driver_sql("SELECT envelope FROM shared").fetchall()
        ]
    assert len(sealed) == 4
    assert "did not sign: the token 'accord' is not there" in log[0]
    assert "Traceback" not in log[0]
    assert PIN not in log[0]
    for data in sealed:
        assert set(peek(data).keyids) == {key.keyid for key in own.keys}


def test_a_node_is_founded_and_rotated_on_a_token(
    tmp_path: Path, token: Token, pin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token.make("next", 2)
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "node"
    nodes.new_node(home).engine.dispose()
    done = nodes.command(
        "partners", "found", "japan", "--partnership", "pacific", "--title", "Japan",
        "--address", "https://japan.example:8443", "--no-ml-dsa",
        "--key", token.address("object=node", pin_source=str(pin)), home=home,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "not encrypted" not in done.stderr
    node = Node(Settings(home))
    first = node.signers
    assert first.ml_dsa is None
    assert list(node.ring.elsewhere) == [first.ed25519.keyid]
    done = nodes.command("partners", "rotate", home=home)
    assert done.returncode == 1
    assert "name where the new one is with --key" in done.stderr
    key = ["--key", token.address("object=next", pin_source=str(pin)), "--no-ml-dsa"]
    done = nodes.command("partners", "rotate", *key, home=home)
    assert done.returncode == 0, done.stderr
    assert PIN not in done.stdout + done.stderr
    node = Node(Settings(home))
    second = node.signers
    assert second.ed25519.keyid != first.ed25519.keyid
    assert set(node.ring.elsewhere) == {first.ed25519.keyid, second.ed25519.keyid}
    now = node.clock.now()
    header = Header(
        origin="japan", object="indicator--1", type="indicator", media="application/json",
        tlp="GREEN", issued=now,
    )  # fmt: skip
    directory = node.trust.directory()
    assert directory
    for signers in (first, second):
        sealed = seal(header, b"{}", signers.all())
        assert open_envelope(sealed, directory, now).keyids == (signers.ed25519.keyid,)
    pin.write_text("wrong")
    done = nodes.command("exchange", "serve", home=home)
    assert done.returncode == 1
    assert "the PIN does not open the token 'accord'" in done.stderr
    assert "Traceback" not in done.stderr
    node.engine.dispose()
