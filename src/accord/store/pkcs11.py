"""Ed25519 keys on a token behind PKCS#11: a hardware module, a smart card, a service's library.

A securesystemslib signer beside its own for PKCS#11, which signs with ECDSA only. A token is logged
into once in a process, when its key is first used. Whatever happens to the session afterwards (the
token was pulled out and put back, the process has forked), the module is begun anew and the token
logged into again, once for each signature that fails.

This module needs the package python-pkcs11, an extra of accord.

Source: PKCS #11 Specification 3.1 (OASIS), section 6.3 (Edwards curves); RFC 8032.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, PKCS11Error
from pkcs11.types import SignMixin

# The package leaves out of `__all__` what its documentation tells one to import.
from securesystemslib.signer import (  # type: ignore[attr-defined]
    SIGNER_FOR_URI_SCHEME,
    Key,
    SecretsHandler,
    Signature,
    Signer,
    SSlibKey,
)

from accord.identity.keys import KEY_TYPES, keyid_of, verify
from accord.identity.partners import ED25519, PartnerKey, Untrusted
from accord.store.key_errors import NoKey
from accord.store.pkcs11_address import SCHEME, Address, pin_of, read_address
from accord.store.pkcs11_module import Gone, module_at, reason_of

_CURVE = (bytes.fromhex("06032b6570"), b"\x13\x0cedwards25519")
"""CKA_EC_PARAMS of Ed25519: its object identifier, or its name (section 6.3.5)."""
_POINT_BEGINS = {32: b"", 34: b"\x04\x20", 35: b"\x03\x21\x00"}
"""CKA_EC_POINT is the key itself, or stands in an OCTET STRING or a BIT STRING: modules differ."""
_T = TypeVar("_T")


class _TokenKey:
    """A private key on a token, found anew whenever its module has begun anew."""

    def __init__(self, address: Address, ask: SecretsHandler | None, public: str = "") -> None:
        self.public = public
        """32 bytes in hexadecimal; empty until found, where it is not known yet."""
        self._address = address
        self._ask = ask
        self._module = module_at(address.module)
        self._found: tuple[int, SignMixin, bool] | None = None

    def open(self) -> None:
        """Log in, and find the key.

        Raises:
            NoKey: it cannot be used.
        """
        self._twice(self._key)

    def sign(self, data: bytes) -> bytes:
        """An Ed25519 signature.

        Raises:
            NoKey: the key cannot be used.
        """
        return self._twice(partial(self._sign, data))

    def _twice(self, work: Callable[[], _T]) -> _T:
        """Do it; where the session or the token was lost, do it once more from the beginning."""
        with self._module.lock:
            try:
                return work()
            except (Gone, PKCS11Error):
                self._module.end()
            try:
                return work()
            except PKCS11Error as wrong:
                name = self._address.token or self._address.serial
                raise NoKey(f"the token {name!r} fails: {reason_of(wrong)}") from wrong

    def _sign(self, data: bytes) -> bytes:
        key, each = self._key()
        # Some keys want the PIN for each signature (CKA_ALWAYS_AUTHENTICATE).
        pin = self._pin(self._address.token) if each else None
        return key.sign(data, mechanism=Mechanism.EDDSA, pin=pin)

    def _key(self) -> tuple[SignMixin, bool]:
        if self._found is None or self._found[0] != self._module.begun:
            session = self._module.session(self._address, self._pin)
            key = self._private(session)
            public = self._public(session, key)
            if public != (self.public or public):
                raise NoKey(
                    f"{self._named()} is another key than the one that this node's folder notes: "
                    "put the right token in, or rotate with `accord partners rotate`"
                )
            self.public = public
            if not isinstance(key, SignMixin):
                raise NoKey(f"{self._named()} may not sign: its CKA_SIGN is not set")
            self._found = (self._module.begun, key, _wants_pin(key))
        return self._found[1:]

    def _private(self, session: pkcs11.Session) -> pkcs11.PrivateKey:
        found = [
            key
            for key in session.get_objects(self._sought(ObjectClass.PRIVATE_KEY))
            if isinstance(key, pkcs11.PrivateKey)
        ]
        if not found:
            raise Gone(
                f"{self._named()} is not there: look with `pkcs11-tool --list-objects --login`"
            )
        if len(found) > 1:
            numbers = ", ".join("".join(f"%{byte:02X}" for byte in key.id) for key in found)
            raise NoKey(f"{self._named()} is one of {len(found)}: add id= ({numbers})")
        if found[0].key_type != KeyType.EC_EDWARDS:
            kind = getattr(found[0].key_type, "name", found[0].key_type)
            raise NoKey(f"{self._named()} is of kind {kind}: an Ed25519 key is needed")
        return found[0]

    def _public(self, session: pkcs11.Session, private: pkcs11.PrivateKey) -> str:
        """The public key of a private one: modules keep it beside, under the same identifier."""
        sought = {Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.ID: private.id}
        if not private.id:
            sought = self._sought(ObjectClass.PUBLIC_KEY)
        found = {_ed25519(key) for key in session.get_objects(sought)}
        if len(found) != 1:
            raise NoKey(
                f"{self._named()} has {len(found) or 'no'} public keys beside it on the token: "
                "there must be one, with the same identifier"
            )
        (public,) = found
        if public is None:
            raise NoKey(f"{self._named()} is on another curve: an Ed25519 key is needed")
        return public

    def _sought(self, kind: ObjectClass) -> dict[Attribute, object]:
        sought: dict[Attribute, object] = {Attribute.CLASS: kind}
        if self._address.object:
            sought[Attribute.LABEL] = self._address.object
        if self._address.id:
            sought[Attribute.ID] = self._address.id
        return sought

    def _named(self) -> str:
        key = repr(self._address.object) if self._address.object else self._address.id.hex()
        return f"the key {key} on the token {self._address.token or self._address.serial!r}"

    def _pin(self, label: str) -> str:
        return pin_of(self._address, label, self._ask)


class Pkcs11Signer(Signer):
    """A securesystemslib signer for `pkcs11:` addresses."""

    def __init__(self, key: _TokenKey, public_key: SSlibKey) -> None:
        self._key = key
        self._public_key = public_key

    @property
    def public_key(self) -> SSlibKey:
        """The public key."""
        return self._public_key

    @classmethod
    def from_priv_key_uri(
        cls, priv_key_uri: str, public_key: Key, secrets_handler: SecretsHandler | None = None
    ) -> Pkcs11Signer:
        """The key behind an address. The token is not needed before it is opened, or signs.

        Raises:
            NoKey: the public key is no Ed25519 key.
            Invalid: this is no such address.
        """
        if not isinstance(public_key, SSlibKey) or public_key.scheme != ED25519:
            raise NoKey("behind pkcs11: only Ed25519 keys are used")
        address = read_address(priv_key_uri)
        return cls(_TokenKey(address, secrets_handler, public_key.keyval["public"]), public_key)

    @classmethod
    def import_(
        cls, address: str, secrets_handler: SecretsHandler | None = None
    ) -> tuple[str, SSlibKey]:
        """Address and public key of a key that has signed once, as a proof.

        Raises:
            NoKey: there is none, or it cannot be used.
            Invalid: this is no such address.
        """
        key = _TokenKey(read_address(address), secrets_handler)
        key.open()
        keyid = keyid_of(ED25519, key.public)
        try:
            verify(PartnerKey(keyid, ED25519, key.public), key.sign(_PROOF), _PROOF)
        except Untrusted as wrong:
            raise NoKey(f"the private key behind the address does not fit the public: {wrong}") \
                from wrong  # fmt: skip
        return address, SSlibKey(keyid, KEY_TYPES[ED25519], ED25519, {"public": key.public})

    def open(self) -> None:
        """Log into the token, so that what is wrong is known before anything is to be signed.

        Raises:
            NoKey: it cannot be used.
        """
        self._key.open()

    def sign(self, payload: bytes) -> Signature:
        """An Ed25519 signature.

        Raises:
            NoKey: the token does not sign.
        """
        return Signature(self._public_key.keyid, self._key.sign(payload).hex())


_PROOF = b"accord: a proof that this token signs"
SIGNER_FOR_URI_SCHEME[SCHEME] = Pkcs11Signer


def _ed25519(key: pkcs11.Object) -> str | None:
    """The key in hexadecimal, or nothing where it is on another curve."""
    try:
        curve, point = key[Attribute.EC_PARAMS], key[Attribute.EC_POINT]
    except pkcs11.AttributeTypeInvalid:
        return None
    begins = _POINT_BEGINS.get(len(point))
    if curve not in _CURVE or begins is None or not point.startswith(begins):
        return None
    return str(point[-32:].hex())


def _wants_pin(key: pkcs11.PrivateKey) -> bool:
    try:
        return bool(key[Attribute.ALWAYS_AUTHENTICATE])
    except PKCS11Error:
        return False
