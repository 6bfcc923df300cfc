"""The node's private keys: files of its folder, or keys that a token or service keeps.

A file is PKCS#8, readable by its owner alone, encrypted where a passphrase is given. A key that is
kept elsewhere leaves a file too, with its address and its public part. Which of the keys counts is
said by the partnership's directory, not here.

A token (PKCS#11) is needed only for the keys that sign today: one that was retired may be gone.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    Key,
    SSlibKey,
)
from securesystemslib.signer import Signer as LibrarySigner  # type: ignore[attr-defined]

from accord.core import json
from accord.core.errors import AccordError, Invalid
from accord.core.limits import Limits
from accord.identity.keys import LibrarySigner as OwnSigner
from accord.identity.keys import Signers, keyid_of, signer_of
from accord.identity.partners import ED25519, ML_DSA_65, PartnerKey
from accord.store.key_errors import Locked, NoKey
from accord.store.pkcs11_address import SCHEME as PKCS11

if TYPE_CHECKING:
    from accord.store.pkcs11 import Pkcs11Signer

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
    PKCS11: "the package python-pkcs11 (the extra `hsm` of accord)",
}
"""What must be installed beside accord for each kind of address."""
_OTHER_SCHEMES = ("hsm", "awskms", "azurekms")
"""They sign with ECDSA and RSA only, as of securesystemslib 1.6."""
FILE = "file"
"""Instead of an address: a key that no address names is made in a file."""
Pin = Callable[[str], str]
"""Gives the PIN of the token with this label, or nothing."""


def _no_pin(_: str) -> str:
    return ""


class _Elsewhere(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key that a module or service keeps."""

    uri: str
    keytype: str
    scheme: str
    public: str


class Ring:
    """All keys of a node that can be opened."""

    def __init__(
        self,
        signers: Sequence[OwnSigner],
        *,
        encrypted: bool = False,
        elsewhere: Mapping[str, Callable[[], None]] | None = None,
    ) -> None:
        ordered = sorted(signers, key=lambda signer: (signer.scheme, signer.keyid))
        self._signers = {signer.keyid: signer for signer in ordered}
        self.encrypted = encrypted
        """Whether a passphrase was needed to open them."""
        self.elsewhere = elsewhere or {}
        """Identifiers of the keys that are not in files, and what reaches each of them."""

    def all(self) -> tuple[OwnSigner, ...]:
        """Every key, Ed25519 first: those in use, those laid down, and those proposed."""
        return tuple(self._signers.values())

    def current(self, keys: Iterable[PartnerKey]) -> Signers:
        """The keys that sign today, as the node's own record has them.

        Raises:
            NoKey: the Ed25519 key in use is not here, or a token does not give it.
        """
        used = {key.scheme: key.keyid for key in keys if key.in_use}
        wanted = used.get(ED25519, "")
        if wanted not in self._signers:
            raise NoKey(
                f"the private key {wanted[:12]} of this node, which its partners know, is not "
                "in its folder: restore it from a backup, or rotate with `accord partners rotate`"
            )
        found = Signers(self._signers[wanted], self._signers.get(used.get(ML_DSA_65, "")))
        for signer in found.all():
            self.elsewhere.get(signer.keyid, _nothing)()
        return found


def open_ring(home: Path, passphrase: Callable[[], str], pin: Pin = _no_pin) -> Ring:
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

    found = list(_open_all(home / FOLDER, once, pin))
    signers = [signer for signer, _ in found]
    elsewhere = {signer.keyid: reach for signer, reach in found if reach is not None}
    return Ring(signers, encrypted=bool(asked), elsewhere=elsewhere)


def open_signers(
    home: Path,
    passphrase: Callable[[], str],
    keys: Iterable[PartnerKey] = (),
    pin: Pin = _no_pin,
) -> Signers:
    """The keys that sign today: those of the node's own record, or the only ones that there are.

    Raises:
        NoKey: as `open_ring`, or there are none.
    """
    ring = open_ring(home, passphrase, pin)
    wanted = tuple(keys)
    return ring.current(wanted or [signer.key() for signer in ring.all()])


def create(  # noqa: PLR0913 - what is made, and where it is kept
    home: Path,
    passphrase: str,
    entropy: Callable[[int], bytes],
    *,
    uris: Sequence[str] = (),
    ml_dsa: bool = True,
    pin: Pin = _no_pin,
) -> tuple[OwnSigner, ...]:
    """New keys in the node's folder: Ed25519 first, then ML-DSA-65.

    A scheme for which an address is given is not made but looked up there.

    Raises:
        NoKey: a file cannot be written, or an address leads to no usable key.
        Invalid: the passphrase is too short, or two addresses are of one scheme.
    """
    if passphrase and len(passphrase) < SHORTEST:
        raise Invalid(f"a passphrase has at least {SHORTEST} characters: take four words or more")
    folder = home / FOLDER
    found = [_look_up(uri, pin) for uri in uris if uri != FILE]
    elsewhere = {signer.scheme: signer for signer, _ in found}
    if len(elsewhere) < len(found):
        raise Invalid("two addresses lead to keys of one scheme: a node signs with one of each")
    for signer, record in found:
        file = folder / f"{signer.keyid}.json"
        if file.exists():
            raise NoKey(f"{file}: this node has the key behind that address already: name another")
        _write(folder, file.name, msgspec.json.encode(record))
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


def _nothing() -> None:
    """A file is open already."""


def _open_all(
    folder: Path, passphrase: Callable[[], str], pin: Pin
) -> Iterator[tuple[OwnSigner, Callable[[], None] | None]]:
    """Each key; one that is kept elsewhere with what reaches it."""
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
            reach = None
            if kind == "pem":
                opened = _open_file(folder / name, data, passphrase)
            else:
                opened, reach = _reach(json.decode_as(_Elsewhere, data, _LIMITS), pin)
            if opened.keyid != stem:
                raise NoKey(f"{folder / name} holds another key than its name says")
            yield opened, reach


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


def _look_up(uri: str, pin: Pin) -> tuple[OwnSigner, _Elsewhere]:
    """The key behind an address, and what is to be noted of it."""
    scheme, _, rest = uri.partition(":")
    with _reaching(scheme):
        found, public = _import(scheme, rest, pin)
    record = _Elsewhere(found, public.keytype, public.scheme, public.keyval["public"])
    return _reach(record, pin)[0], record


def _import(scheme: str, rest: str, pin: Pin) -> tuple[str, Key]:
    if scheme == PKCS11:
        return _tokens().import_(f"{scheme}:{rest}", pin)
    kind = SIGNER_FOR_URI_SCHEME.get(scheme)
    if scheme in _OTHER_SCHEMES or kind is None or not hasattr(kind, "import_"):
        raise NoKey(
            f"a key behind {scheme[:20]!r}: cannot be used: the library behind it offers neither "
            f"{ED25519} nor {ML_DSA_65} there. Use pkcs11: (Ed25519 on a token), hv: (Ed25519 in "
            "HashiCorp Vault), gcpkms: (ML-DSA-65 in Google Cloud KMS), or a file"
        )
    name = rest.rpartition("/")[0] or rest if scheme == "hv" else rest
    found: tuple[str, Key] = kind.import_(name)
    return found


def _reach(record: _Elsewhere, pin: Pin) -> tuple[OwnSigner, Callable[[], None]]:
    """A key that a token or service keeps, by what was noted of it, and what opens it."""
    scheme = record.uri.partition(":")[0]
    public = SSlibKey(
        keyid_of(record.scheme, record.public),
        record.keytype,
        record.scheme,
        {"public": record.public},
    )
    with _reaching(scheme):
        if scheme == PKCS11:
            token = _tokens().from_priv_key_uri(record.uri, public, pin)
            return signer_of(token), token.open
        return signer_of(LibrarySigner.from_priv_key_uri(record.uri, public)), _nothing


def _tokens() -> type[Pkcs11Signer]:
    """What signs on tokens, with the extra package that it needs."""
    try:
        from accord.store.pkcs11 import Pkcs11Signer  # noqa: PLC0415 - few nodes have the extra
    except ImportError as wrong:
        raise UnsupportedLibraryError(str(wrong)) from wrong
    return Pkcs11Signer


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
