"""The node's private keys: files of its folder, or keys that a module or service keeps.

A file is PKCS#8, readable by its owner alone, encrypted where a passphrase is given. A key that is
kept elsewhere leaves a file too, with its address and its public part. Which of the keys counts is
said by the partnership's directory, not here.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.exceptions import UnsupportedLibraryError

# The package leaves out of `__all__` what its documentation tells one to import.
from securesystemslib.signer import (  # type: ignore[attr-defined]
    SIGNER_FOR_URI_SCHEME,
    CryptoSigner,
    SSlibKey,
)
from securesystemslib.signer import Signer as LibrarySigner  # type: ignore[attr-defined]

from accord.core import json
from accord.core.errors import AccordError, Invalid
from accord.core.limits import Limits
from accord.identity.keys import LibrarySigner as OwnSigner
from accord.identity.keys import Signers, keyid_of, signer_of
from accord.identity.partners import ED25519, ML_DSA_65, PartnerKey

FOLDER = "keys"
"""Of the node's folder."""
SHORTEST = 15
"""Characters of a passphrase. PKCS#8 as it is written here slows a guess down only a little, so
the passphrase itself must be long: four words or more."""
_LIMITS = Limits(bytes=64 * 1024, depth=4)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_NEEDS = {
    "hv": "hvac",
    "gcpkms": "google-cloud-kms",
}
"""What must be installed beside accord for each kind of address."""
_OTHER_SCHEMES = ("hsm", "awskms", "azurekms")
"""They sign with ECDSA and RSA only, as of securesystemslib 1.6."""


class NoKey(AccordError):
    """A private key is missing, cannot be read, or may be read by others."""


class Locked(NoKey):
    """A private key is encrypted, and the passphrase is missing or wrong."""


class _Elsewhere(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key that a module or service keeps."""

    uri: str
    keytype: str
    scheme: str
    public: str


class Ring:
    """All keys of a node that can be opened."""

    def __init__(self, signers: Sequence[OwnSigner], *, encrypted: bool = False) -> None:
        ordered = sorted(signers, key=lambda signer: (signer.scheme, signer.keyid))
        self._signers = {signer.keyid: signer for signer in ordered}
        self.encrypted = encrypted
        """Whether a passphrase was needed to open them."""

    def all(self) -> tuple[OwnSigner, ...]:
        """Every key, Ed25519 first: those in use, those laid down, and those proposed."""
        return tuple(self._signers.values())

    def current(self, keys: Iterable[PartnerKey]) -> Signers:
        """The keys that sign today, as the node's own record has them.

        Raises:
            NoKey: the Ed25519 key in use is not here.
        """
        used = {key.scheme: key.keyid for key in keys if key.in_use}
        wanted = used.get(ED25519, "")
        if wanted not in self._signers:
            raise NoKey(
                f"the private key {wanted[:12]} of this node, which its partners know, is not "
                "in its folder: restore it from a backup, or rotate with `accord partners rotate`"
            )
        return Signers(self._signers[wanted], self._signers.get(used.get(ML_DSA_65, "")))


def open_ring(home: Path, passphrase: Callable[[], str]) -> Ring:
    """The keys in a node's folder.

    Raises:
        NoKey: one cannot be read, or can be read by others than its owner.
        Locked: one is encrypted, and the passphrase does not open it.
    """
    asked: list[str] = []

    def once() -> str:
        if not asked:
            asked.append(passphrase())
        return asked[0]

    signers = list(_open_all(home / FOLDER, once))
    return Ring(signers, encrypted=bool(asked))


def open_signers(
    home: Path, passphrase: Callable[[], str], keys: Iterable[PartnerKey] = ()
) -> Signers:
    """The keys that sign today: those of the node's own record, or the only ones that there are.

    Raises:
        NoKey: as `open_ring`, or there are none.
    """
    ring = open_ring(home, passphrase)
    wanted = tuple(keys)
    return ring.current(wanted or [signer.key() for signer in ring.all()])


def create(
    home: Path,
    passphrase: str,
    entropy: Callable[[int], bytes],
    *,
    uris: Sequence[str] = (),
    ml_dsa: bool = True,
) -> tuple[OwnSigner, ...]:
    """New keys in the node's folder: Ed25519 first, then ML-DSA-65.

    A scheme for which an address is given is not made but looked up there.

    Raises:
        NoKey: a file cannot be written, or an address leads to no usable key.
        Invalid: the passphrase is too short.
    """
    if passphrase and len(passphrase) < SHORTEST:
        raise Invalid(f"a passphrase has at least {SHORTEST} characters: take four words or more")
    folder = home / FOLDER
    elsewhere = {}
    for uri in uris:
        signer, record = _look_up(uri)
        elsewhere[signer.scheme] = signer
        _write(folder, f"{signer.keyid}.json", msgspec.json.encode(record))
    schemes = (ED25519, ML_DSA_65) if ml_dsa or ML_DSA_65 in elsewhere else (ED25519,)
    return tuple(
        elsewhere.get(scheme) or _make(folder, scheme, passphrase, entropy) for scheme in schemes
    )


def _make(folder: Path, scheme: str, passphrase: str, entropy: Callable[[int], bytes]) -> OwnSigner:
    seed = entropy(32)
    key: Ed25519PrivateKey | MLDSA65PrivateKey
    if scheme == ED25519:
        key = Ed25519PrivateKey.from_private_bytes(seed)
    else:
        key = MLDSA65PrivateKey.from_seed_bytes(seed)
    signer = signer_of(CryptoSigner(key))
    secrecy = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secrecy)
    _write(folder, f"{signer.keyid}.pem", pem)
    return signer


def _write(folder: Path, name: str, data: bytes) -> None:
    """A file that nobody else could ever read, not even for a moment."""
    file = folder / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
    except OSError as wrong:
        raise NoKey(f"cannot write {file}: {wrong.strerror}") from wrong


def _open_all(folder: Path, passphrase: Callable[[], str]) -> Iterator[OwnSigner]:
    try:
        names = sorted(entry.name for entry in os.scandir(folder))
    except FileNotFoundError:
        return
    except OSError as wrong:
        raise NoKey(f"cannot look into {folder}: {wrong.strerror}") from wrong
    for name in names:
        stem, _, kind = name.partition(".")
        if len(stem) == 64 and kind in ("pem", "json"):  # noqa: PLR2004 - digits of an identifier
            data = _read(folder / name)
            if kind == "pem":
                opened = _open_file(folder / name, data, passphrase)
            else:
                opened = _reach(json.decode_as(_Elsewhere, data, _LIMITS))
            if opened.keyid != stem:
                raise NoKey(f"{folder / name} holds another key than its name says")
            yield opened


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as source:
            mode = os.fstat(source.fileno()).st_mode
            if mode & _OTHERS:
                raise NoKey(
                    f"{file} can be read by others on this machine: run `chmod 600 {file}`, and "
                    "rotate the key (`accord partners rotate --compromised`) if anybody did"
                )
            return source.read(_LIMITS.bytes)
    except OSError as wrong:
        raise NoKey(f"cannot read {file}: {wrong.strerror}") from wrong


def _open_file(file: Path, data: bytes, passphrase: Callable[[], str]) -> OwnSigner:
    encrypted = b"ENCRYPTED" in data.partition(b"\n")[0]
    said = passphrase() if encrypted else ""
    if encrypted and not said:
        raise Locked(f"{file} is encrypted: give its passphrase in ACCORD_PASSPHRASE")
    try:
        key: Any = load_pem_private_key(data, said.encode() if encrypted else None)
        return signer_of(CryptoSigner(key))
    except (ValueError, TypeError, UnsupportedAlgorithm) as wrong:
        if encrypted:
            raise Locked(f"the passphrase does not open {file}, or it is damaged") from wrong
        raise NoKey(f"{file} holds no private key: restore it from a backup") from wrong


def _look_up(uri: str) -> tuple[OwnSigner, _Elsewhere]:
    """The key behind an address, and what is to be noted of it."""
    scheme, _, rest = uri.partition(":")
    kind = SIGNER_FOR_URI_SCHEME.get(scheme)
    if scheme in _OTHER_SCHEMES or kind is None or not hasattr(kind, "import_"):
        raise NoKey(
            f"a key behind {scheme[:20]!r}: cannot be used: the library behind it offers neither "
            f"{ED25519} nor {ML_DSA_65} there. Use hv: (Ed25519 in HashiCorp Vault), gcpkms: "
            "(ML-DSA-65 in Google Cloud KMS), or a file"
        )
    with _reaching(scheme):
        found, public = kind.import_(rest.rpartition("/")[0] or rest if scheme == "hv" else rest)
    record = _Elsewhere(found, public.keytype, public.scheme, public.keyval["public"])
    return _reach(record), record


def _reach(record: _Elsewhere) -> OwnSigner:
    """A key that a module or service keeps, by what was noted of it."""
    scheme = record.uri.partition(":")[0]
    public = SSlibKey(
        keyid_of(record.scheme, record.public),
        record.keytype,
        record.scheme,
        {"public": record.public},
    )
    with _reaching(scheme):
        return signer_of(LibrarySigner.from_priv_key_uri(record.uri, public))


@contextmanager
def _reaching(scheme: str) -> Iterator[None]:
    """What goes wrong on the way to a key that is kept elsewhere, as our own error."""
    try:
        yield
    except AccordError:
        raise
    except UnsupportedLibraryError as wrong:
        needs = _NEEDS.get(scheme, "another package")
        raise NoKey(f"keys behind {scheme}: need {needs}, which is not installed") from wrong
    except Exception as wrong:
        # securesystemslib says that every service raises errors of its own.
        raise NoKey(f"the key behind {scheme}: did not answer: {wrong}") from wrong
