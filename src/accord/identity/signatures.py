"""Requests signed by the partner that makes them, so that they hold behind any proxy.

Law (bound): a request that was signed for one recipient, method, path, query and body is refused
for every other.

What is covered: method, path, query, the body's digest, and to whom it goes. The authority is not:
a proxy may stand under a name of its own, and the recipient is named by `accord-to`.

Source: RFC 9421, HTTP Message Signatures, sections 2, 3.1 and 3.2; RFC 9530, Digest Fields.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec
from http_message_signatures import (
    ContentDigest,
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    HTTPSignatureKeyResolver,
)

from accord.identity.keys import Signer
from accord.identity.keys import verify as verify_bytes
from accord.identity.partners import ED25519, Directory, Partner, PartnerKey, UnknownKey, Untrusted

TO = "accord-to"
"""Names the partner that a request is for."""
LIFE = 60
"""Seconds for which a signature may hold."""
NONCE = 16
"""Bytes of a nonce."""

_TAG = "accord"
_COVERED = ("@method", "@path", "@query", "content-digest", TO)
_PARAMETERS = {"created", "expires", "nonce", "keyid", "alg", "tag"}
_HEADERS = ("signature-input", "signature", "content-digest", TO)
_LONGEST = 1_024
"""Characters of each of these headers; ours have 320 at most."""


class Signable(Protocol):
    """A request, as far as its signature goes."""

    @property
    def method(self) -> str:
        """In capitals."""
        ...

    @property
    def path(self) -> str:
        """Without the query, percent-encoded as sent."""
        ...

    @property
    def query(self) -> str:
        """What follows the first `?`."""
        ...

    @property
    def headers(self) -> Iterable[tuple[str, str]]:
        """Every line, names in lower case."""
        ...

    @property
    def body(self) -> bytes:
        """As sent."""
        ...


class Signed(msgspec.Struct, frozen=True):
    """What a signature that holds says."""

    partner: Partner
    """Whose key it is."""
    nonce: str
    created: int
    """Seconds since 1970, by the signer's clock."""
    expires: int
    outgoing: bool = False
    """It was made with a key that was rotated: its owner may not have heard of that yet."""


def sign_request(
    request: Signable, to: str, signer: Signer, now: str, nonce: bytes
) -> tuple[tuple[str, str], ...]:
    """The headers that sign a request to a partner, to be sent beside its own.

    Raises:
        Untrusted: the request holds what cannot be signed, such as a path that is not encoded.
    """
    made = datetime.fromisoformat(now)
    message = _Message(request, {TO: to})
    try:
        prepared = _SIGNER.prepare(
            message,
            key_id=signer.keyid,
            created=made,
            expires=made + timedelta(seconds=LIFE),
            nonce=base64.b64encode(nonce).decode(),
            label=_TAG,
            tag=_TAG,
            covered_component_ids=_COVERED,
            body=request.body,
        )
        _SIGNER.apply(message, prepared, signer.sign(prepared.signature_base))
    except HTTPMessageSignaturesException as wrong:
        raise Untrusted(f"the request to {to} cannot be signed: {wrong}") from wrong
    return tuple((name.lower(), value) for name, value in message.headers.items())


def is_signed(request: Signable) -> bool:
    """Whether a request claims to be a partner's."""
    return any(name.lower() in ("signature", "signature-input") for name, _ in request.headers)


def verify_request(request: Signable, directory: Directory, me: str) -> Signed:
    """Whose request this is: by its signature alone, and not yet by its time.

    Raises:
        Untrusted: no signature holds that says just what it must, by a key of a member that was
            not revoked.
    """
    _once(request)
    if _header(request, TO) != me:
        raise Untrusted("it was made for somebody else")
    if _header(request, "content-digest") != ContentDigest.create(request.body):
        raise Untrusted("its body is not the one that was signed")
    found = _verified(request, directory)
    keyid, covered, parameters = found
    if covered != {f'"{name}"' for name in _COVERED}:
        raise Untrusted("its signature does not cover just what it must")
    if parameters.keys() != _PARAMETERS or parameters["tag"] != _TAG:
        raise Untrusted("its signature has not just the parameters that it must")
    partner, key = _usable(directory, keyid)
    nonce = str(parameters["nonce"])
    _check_nonce(nonce)
    created, expires = int(parameters["created"]), int(parameters["expires"])
    return Signed(partner, nonce, created, expires, outgoing=not key.in_use)


def _once(request: Signable) -> None:
    """A header given twice could be read as one by us and as another by somebody else."""
    lines = [(name.lower(), value) for name, value in request.headers]
    for wanted in _HEADERS:
        values = [value for name, value in lines if name == wanted]
        if len(values) != 1:
            raise Untrusted(f"it has {len(values)} headers {wanted}, not one")
        if len(values[0]) > _LONGEST or not values[0].isascii() or not values[0].isprintable():
            raise Untrusted(f"its header {wanted} is longer than it may be, or no plain text")


def _verified(request: Signable, directory: Directory) -> tuple[str, set[str], dict[str, Any]]:
    keys = _Keys(directory)
    verifier = _Verifier(signature_algorithm=_Ed25519, key_resolver=keys)
    try:
        # No tag is named here: with one, further signatures beside ours would be passed over.
        (found,) = verifier.verify(_Message(request), max_age=None)
    except HTTPMessageSignaturesException as wrong:
        if keys.unknown is not None:
            raise keys.unknown from wrong
        raise Untrusted(f"its signature does not hold: {wrong}") from wrong
    covered = set(found.covered_components) - {'"@signature-params"'}
    return str(found.parameters["keyid"]), covered, found.parameters


def _usable(directory: Directory, keyid: str) -> tuple[Partner, PartnerKey]:
    """Requests are of today: a revoked key makes none, and a rotated one is told from the rest."""
    found = directory.key(keyid)
    if found is None:
        raise UnknownKey("its key is nobody's in the directory")
    partner, key = found
    if not partner.member:
        raise Untrusted(f"{partner.name} has left the partnership")
    if partner.current(ED25519) != key and (key.revoked or not key.until):
        raise Untrusted(f"its key is not one that {partner.name} uses")
    return found


def _check_nonce(nonce: str) -> None:
    try:
        length = len(base64.b64decode(nonce, validate=True))
    except (binascii.Error, ValueError) as wrong:
        raise Untrusted("its nonce is not base64") from wrong
    if length != NONCE:
        raise Untrusted(f"its nonce has {length} bytes, not {NONCE}")


def _header(request: Signable, wanted: str) -> str:
    return next(value for name, value in request.headers if name.lower() == wanted)


class _Fields(dict[str, str]):
    """Header lines as the library reads them: several of a name stay several."""

    def __init__(self, lines: Iterable[tuple[str, str]], more: dict[str, str]) -> None:
        super().__init__(more)
        self._lines = tuple(lines)

    def items(self) -> Any:  # noqa: ANN401 - wider than a dict's own view: names may repeat
        return [*self._lines, *super().items()]


class _Message:
    """A request as the library reads it. Its host is made up: it is not covered."""

    def __init__(self, request: Signable, more: dict[str, str] | None = None) -> None:
        self.method = request.method
        query = f"?{request.query}" if request.query else ""
        self.url = f"https://accord.invalid{request.path}{query}"
        lines: Iterable[tuple[str, str]] = () if more else request.headers
        self.headers = _Fields(lines, more or {})


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self.unknown: UnknownKey | None = None
        """What the library takes for one error among others."""

    def resolve_public_key(self, key_id: str) -> PartnerKey:
        try:
            return _usable(self._directory, key_id)[1]
        except UnknownKey as unknown:
            self.unknown = unknown
            raise


class _Ed25519(HTTPSignatureAlgorithm):
    """Ed25519 by a key as the directory states it."""

    algorithm_id = "ed25519"

    def __init__(self, public_key: PartnerKey) -> None:
        self._key = public_key

    def verify(self, signature: bytes, message: bytes) -> None:
        verify_bytes(self._key, signature, message)


class _Verifier(HTTPMessageVerifier):
    """Leaves time to the gate, which is given it: the library would look at the machine's clock."""

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:  # noqa: ANN401 - as the library has it
        pass


_SIGNER = HTTPMessageSigner(signature_algorithm=_Ed25519)
