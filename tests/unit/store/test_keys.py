"""Private keys on disk, and elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from exchange_nodes import entropy
from securesystemslib.exceptions import UnsupportedLibraryError
from securesystemslib.signer import (  # type: ignore[attr-defined]
    SIGNER_FOR_URI_SCHEME,
    CryptoSigner,
    Key,
    SSlibKey,
)

from accord.core.errors import Invalid
from accord.identity.keys import LibrarySigner, verify
from accord.identity.partners import ED25519, ML_DSA_65
from accord.store import keys
from accord.store.key_errors import Locked, NoKey

LONG = "four words or more"


def said(text: str = "") -> Callable[[], str]:
    return lambda: text


def made(home: Path, passphrase: str = "", *, ml_dsa: bool = True) -> tuple[LibrarySigner, ...]:
    return keys.create(home, passphrase, entropy("x"), ml_dsa=ml_dsa)


@pytest.mark.parametrize("passphrase", ["", LONG])
def test_keys_come_back_as_they_were(tmp_path: Path, passphrase: str) -> None:
    new = made(tmp_path, passphrase)
    assert [signer.scheme for signer in new] == [ED25519, ML_DSA_65]
    signers = keys.open_signers(tmp_path, said(passphrase))
    assert [signer.keyid for signer in signers.all()] == [signer.keyid for signer in new]
    for signer, old in zip(signers.all(), new, strict=True):
        verify(old.key(), signer.sign(b"data"), b"data")
    assert keys.open_ring(tmp_path, said(passphrase)).encrypted == bool(passphrase)


def test_ml_dsa_may_be_left_out(tmp_path: Path) -> None:
    made(tmp_path, ml_dsa=False)
    assert keys.open_signers(tmp_path, said()).ml_dsa is None


def test_the_same_randomness_gives_the_same_keys(tmp_path: Path) -> None:
    assert made(tmp_path / "a")[1].keyid == made(tmp_path / "b")[1].keyid
    with pytest.raises(NoKey, match="cannot write"):
        made(tmp_path / "a")


def test_nobody_else_can_read_them(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        made(tmp_path / "node")
    finally:
        os.umask(old)
    folder = tmp_path / "node" / "keys"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    made(tmp_path)
    file = next((tmp_path / "keys").iterdir())
    file.chmod(mode)
    with pytest.raises(NoKey, match=f"chmod 600 {file}"):
        keys.open_ring(tmp_path, said())


def test_an_encrypted_key_needs_its_passphrase(tmp_path: Path) -> None:
    made(tmp_path, LONG)
    for wrong in ("", "four words or less"):
        with pytest.raises(Locked):
            keys.open_ring(tmp_path, said(wrong))


def test_the_passphrase_is_asked_for_once_and_only_where_needed(tmp_path: Path) -> None:
    asked: list[int] = []

    def ask() -> str:
        asked.append(1)
        return LONG

    made(tmp_path / "plain")
    keys.open_ring(tmp_path / "plain", ask)
    assert asked == []
    made(tmp_path / "locked", LONG)
    keys.open_ring(tmp_path / "locked", ask)
    assert asked == [1]


def test_a_short_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="four words"):
        made(tmp_path, "x" * 14)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    made(tmp_path, ml_dsa=False)
    (file,) = (tmp_path / "keys").iterdir()
    file.write_bytes(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    with pytest.raises(NoKey, match="backup"):
        keys.open_ring(tmp_path, said())


def test_a_file_holds_the_key_that_its_name_says(tmp_path: Path) -> None:
    first, second = made(tmp_path)
    (tmp_path / "keys" / f"{first.keyid}.pem").unlink()
    (tmp_path / "keys" / f"{second.keyid}.pem").rename(tmp_path / "keys" / f"{first.keyid}.pem")
    with pytest.raises(NoKey, match="another key"):
        keys.open_ring(tmp_path, said())


def test_other_files_of_the_folder_are_passed_over(tmp_path: Path) -> None:
    made(tmp_path)
    (tmp_path / "keys" / "door.pem").write_text("the door's")
    assert len(keys.open_ring(tmp_path, said()).all()) == 2


def test_a_node_without_keys_has_none(tmp_path: Path) -> None:
    assert keys.open_ring(tmp_path, said()).all() == ()
    with pytest.raises(NoKey, match="restore it"):
        keys.open_signers(tmp_path, said())


def test_which_key_counts_is_said_by_the_directory(tmp_path: Path) -> None:
    old, _ = made(tmp_path)
    new, _ = keys.create(tmp_path, "", entropy("y"))
    ring = keys.open_ring(tmp_path, said())
    assert len(ring.all()) == 4
    assert ring.current([old.key()]).ed25519.keyid == old.keyid
    assert ring.current([new.key()]).ml_dsa is None


class Module(CryptoSigner):
    """A service that keeps keys, as somebody's own package would add it."""

    @classmethod
    def import_(cls, name: str) -> tuple[str, SSlibKey]:
        if name == "absent":
            raise LookupError("no such key")
        if name == "uninstalled":
            raise UnsupportedLibraryError("no library")
        return f"module:{name}", _kept(name).public_key

    @classmethod
    def from_priv_key_uri(
        cls, priv_key_uri: str, public_key: Key, _: object = None
    ) -> CryptoSigner:
        signer = _kept(priv_key_uri.partition(":")[2])
        assert signer.public_key.keyid == public_key.keyid
        return signer


def _kept(name: str) -> CryptoSigner:
    return CryptoSigner(Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32)))


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SIGNER_FOR_URI_SCHEME, "module", Module)


@pytest.mark.usefixtures("module")
def test_a_key_may_be_kept_elsewhere(tmp_path: Path) -> None:
    new = keys.create(tmp_path, "", entropy("x"), uris=["module:one"])
    assert [signer.scheme for signer in new] == [ED25519, ML_DSA_65]
    assert len(list((tmp_path / "keys").glob("*.pem"))) == 1
    signers = keys.open_signers(tmp_path, said())
    assert signers.ed25519.keyid == new[0].keyid
    verify(new[0].key(), signers.ed25519.sign(b"data"), b"data")


@pytest.mark.usefixtures("module")
@pytest.mark.parametrize(
    ("uri", "hint"),
    [
        ("module:absent", "no such key"),
        ("module:uninstalled", "not installed"),
        ("hv:name", "hvac"),
        ("gcpkms:projects/x", "google-cloud-kms"),
        ("hsm:2", "offers neither"),
        ("awskms:x", "offers neither"),
        ("file2:/x", "offers neither"),
        ("nonsense", "offers neither"),
    ],
)
def test_an_address_that_leads_nowhere_is_told(tmp_path: Path, uri: str, hint: str) -> None:
    with pytest.raises(NoKey, match=hint):
        keys.create(tmp_path, "", entropy("x"), uris=[uri])
