"""Addresses of people, sealed in the database and found again by a keyed hash.

Law (sealed): the database alone tells no address; with the key it tells each as it was given.
Law (in its place): what was sealed for one place opens nowhere else.

Source: NIST SP 800-38D (AES-256-GCM, nonces of 96 random bits); RFC 2104 (HMAC); RFC 5869 (HKDF).
"""

from __future__ import annotations

import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Engine, select, update

from accord.core.errors import AccordError
from accord.store.exchange.writer import writing
from accord.store.outreach.alert_tables import subscription
from accord.store.outreach.report_tables import report

CONTACT: Final = "report"
"""The place of an address that an answer goes to."""
_SEALED: Final = "sealed:"
_NONCE: Final = 12
_KEY: Final = 32
_MANY: Final = 10_000


class Locked(AccordError):
    """The key of addresses is not there, is none, or is another one."""


class Vault:
    """Seals and opens addresses with one key."""

    def __init__(self, key: bytes, entropy: Callable[[int], bytes]) -> None:
        """`key` has 32 bytes; `entropy` gives random bytes, so many."""
        self._cipher = AESGCM(_derived(key, b"addresses: seal"))
        self._finding = _derived(key, b"addresses: find")
        self._entropy = entropy

    def seal(self, place: str, address: str) -> str:
        """An address as it is kept at a place, such as its channel; empty stays empty."""
        if not address:
            return ""
        nonce = self._entropy(_NONCE)
        sealed = self._cipher.encrypt(nonce, address.encode(), place.encode())
        return _SEALED + urlsafe_b64encode(nonce + sealed).decode()

    def open(self, place: str, sealed: str) -> str:
        """The address that was sealed for a place.

        Raises:
            Locked: it was sealed with another key or for another place, or was changed.
        """
        if not sealed:
            return ""
        try:
            data = urlsafe_b64decode(sealed.removeprefix(_SEALED))
            return self._cipher.decrypt(data[:_NONCE], data[_NONCE:], place.encode()).decode()
        except (InvalidTag, ValueError) as wrong:
            raise Locked(
                "an address does not open with this node's key of addresses: put the file back "
                "that belongs to this database"
            ) from wrong

    def name(self, place: str, address: str) -> str:
        """By what an address is found at a place; it tells nothing of it."""
        said = f"{place}\0{address}".encode()
        return hmac.digest(self._finding, said, "sha256").hex()


def vault(file: Path, entropy: Callable[[int], bytes]) -> Vault:
    """The vault with the key in a file, which is made if there is none.

    Raises:
        Locked: it cannot be read or written, or is no key.
    """
    try:
        if not file.exists():
            _make(file, entropy(_KEY))
        key = file.read_bytes()
    except OSError as wrong:
        raise Locked(f"cannot use {file}: {wrong.strerror}") from wrong
    if len(key) != _KEY:
        raise Locked(f"{file} is no key of addresses: it has {len(key)} bytes, not {_KEY}")
    return Vault(key, entropy)


def _make(file: Path, key: bytes) -> None:
    """Whole or not at all; whoever comes second leaves the first one's key."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(key)
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(beside, file)
    except FileExistsError:
        pass
    finally:
        beside.unlink()


def seal_rest(engine: Engine, vault: Vault) -> int:
    """Seal what an earlier release left open; gives how many."""
    its, done = subscription.c, 0
    query = select(its.id, its.channel, its.address).where(its.address_name == "").limit(_MANY)
    with engine.connect() as reading:
        if reading.execute(query.limit(1)).first() is None:
            return _seal_contacts(engine, vault)
    while True:
        with writing(engine, durable=True) as connection:
            rows = connection.execute(query).all()
            for row in rows:
                values = {
                    "address": vault.seal(row.channel, row.address),
                    "address_name": vault.name(row.channel, row.address),
                }
                connection.execute(update(subscription).where(its.id == row.id).values(values))
        done += len(rows)
        if len(rows) < _MANY:
            return done + _seal_contacts(engine, vault)


def _seal_contacts(engine: Engine, vault: Vault) -> int:
    its = report.c
    open_ = (its.contact != "") & ~its.contact.startswith(_SEALED)
    query = select(its.id, its.contact).where(open_)
    with engine.connect() as reading:
        if reading.execute(query.limit(1)).first() is None:
            return 0
    with writing(engine, durable=True) as connection:
        rows = connection.execute(query).all()
        for row in rows:
            sealed = vault.seal(CONTACT, row.contact)
            connection.execute(update(report).where(its.id == row.id).values(contact=sealed))
    return len(rows)


def _derived(key: bytes, use: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY, salt=None, info=use).derive(key)
