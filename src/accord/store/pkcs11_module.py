"""PKCS#11 libraries in this process, and the tokens that are logged into.

Libraries are not told of threads, so each has one caller at a time: who holds its lock. A PIN that
was refused is never tried again: tokens lock themselves after a few.

Source: PKCS #11 Specification 3.1 (OASIS), sections 5.4 (forks and threads) and 5.6 (sessions).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING

import pkcs11
from pkcs11 import PKCS11Error

from accord.store.key_errors import Locked, NoKey
from accord.store.pkcs11_address import Address

if TYPE_CHECKING:
    from pkcs11._pkcs11 import lib as Library  # noqa: N812 - a class in lower case

_ABSENT = (pkcs11.TokenNotPresent, pkcs11.TokenNotRecognised)
_WRONG = (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange)


class Gone(NoKey):
    """No such token or key; it may have come since the module was begun."""


class Module:
    """One PKCS#11 library in this process, and the tokens that are logged into."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lock = threading.RLock()
        self.begun = 0
        """How often: a key that was found before the last time is void."""
        self._library: Library | None = None
        self._stale = False
        self._sessions: dict[tuple[int, bytes], pkcs11.Session] = {}
        self._refused: set[bytes] = set()

    def forked(self) -> None:
        """In a child: a session is the parent's, and a thread of it may have held the lock."""
        self.lock = threading.RLock()
        self.begun += 1
        self._stale = True

    def end(self) -> None:
        """Void every session; the library begins anew when it is next used."""
        self._sessions.clear()
        self._stale = False
        self.begun += 1
        library, self._library = self._library, None
        if library is not None and library.initialized:
            # In a child the library may know by itself that it was not begun there.
            with suppress(PKCS11Error):
                library.finalize()

    def session(self, address: Address, pin: Callable[[str], str]) -> pkcs11.Session:
        """A session with the token of an address, logged in."""
        token = self._token(address)
        which = (token.slot.slot_id, token.serial)
        if which not in self._sessions:
            self._sessions[which] = self._log_in(token, pin(token.label))
        return self._sessions[which]

    def _token(self, address: Address) -> pkcs11.Token:
        there = list(self._tokens())
        fits = [token for token in there if _fits(token, address)]
        if not fits:
            labels = ", ".join(repr(token.label) for token in there) or "none"
            raise Gone(
                f"the token {address.token or address.serial!r} is not there; through "
                f"{self.path} there are: {labels}"
            )
        if len(fits) > 1:
            numbers = ", ".join(token.serial.decode(errors="replace") for token in fits)
            raise NoKey(f"{len(fits)} tokens fit the address: add serial= ({numbers})")
        return fits[0]

    def _tokens(self) -> Iterable[pkcs11.Token]:
        for slot in self._opened().get_slots(token_present=True):
            try:
                token = slot.get_token()
            except _ABSENT:
                continue
            if token.flags & pkcs11.TokenFlag.TOKEN_INITIALIZED:
                yield token

    def _opened(self) -> Library:
        if self._stale:
            self.end()
        if self._library is None:
            try:
                self._library = pkcs11.lib(self.path)
            except PKCS11Error as wrong:
                raise NoKey(
                    f"the PKCS#11 module {self.path} cannot be used: {reason_of(wrong)}"
                ) from wrong
        return self._library

    def _log_in(self, token: pkcs11.Token, pin: str) -> pkcs11.Session:
        name = repr(token.label)
        tried = sha256(b"%s/%s" % (token.serial, pin.encode())).digest()
        if tried in self._refused:
            raise _refusal(name)
        try:
            return token.open(user_pin=pin)
        except pkcs11.UserAlreadyLoggedIn:
            return token.open()
        except _WRONG:
            self._refused.add(tried)
            raise _refusal(name) from None
        except (pkcs11.PinLocked, pkcs11.PinExpired, pkcs11.UserPinNotInitialized) as wrong:
            raise Locked(
                f"the token {name} lets nobody in ({reason_of(wrong)}): set its PIN anew with the "
                "token's own tools"
            ) from wrong


_MODULES: dict[str, Module] = {}


def module_at(path: str) -> Module:
    """The library in a file: one for the process, since it can be begun only once."""
    return _MODULES.setdefault(path, Module(path))


def reason_of(wrong: PKCS11Error) -> str:
    """What a library says, in words."""
    if isinstance(wrong, pkcs11.MechanismInvalid):
        return "it does not offer Ed25519 (CKM_EDDSA)"
    return str(wrong) or type(wrong).__name__


def _refusal(name: str) -> Locked:
    return Locked(
        f"the PIN does not open the token {name}: correct it in ACCORD_PIN, or in the file that "
        "pin-source= names, and start again. It is not tried twice: the token would lock itself"
    )


def _fits(token: pkcs11.Token, address: Address) -> bool:
    serial = token.serial.decode(errors="replace").rstrip("\0 ")
    pairs = (
        (address.token, token.label),
        (address.serial, serial),
        (address.manufacturer, token.manufacturer_id),
        (address.model, token.model),
    )
    return all(wanted in ("", found) for wanted, found in pairs)


def _after_fork() -> None:
    for module in _MODULES.values():
        module.forked()


os.register_at_fork(after_in_child=_after_fork)
