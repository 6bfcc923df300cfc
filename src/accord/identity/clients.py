"""Clients: organisations that may ask a node without being partners, and their tokens.

A token is a random 256-bit number, so what is kept of it is its plain SHA-256: there is nothing to
guess, and a slow hash would only make answering slow. The last characters are a check of the rest,
so that a token that was copied badly is told from one that was revoked.

Source: RFC 6750, section 5.2 (bearer tokens: entropy, and keeping them as hashes).
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Literal, get_args

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from accord.core.errors import Invalid
from accord.identity.markings import Tlp
from accord.identity.recipients import Recipient

Sort = Literal["operator", "industry", "supplier"]
SORTS: tuple[str, ...] = get_args(Sort)
_FOR_AMBER: Sort = "operator"
MOST = Tlp.AMBER
"""What goes further than AMBER stays within a partner's own organisation (TLP 2.0)."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_CLIENT_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH
_ANY_USE = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
_PREFIX = "accord_"
_TOKEN = re.compile(rf"{_PREFIX}(?P<secret>[A-Za-z0-9_-]{{43}})(?P<check>[0-9a-f]{{8}})")
_SECRET = 32
_LONGEST = 200


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation that may ask this node, without its token."""

    name: str
    """Short name: `a-z`, `0-9` and `-`, 64 characters at most."""
    organisation: str
    kind: str
    """`operator`, `industry` or `supplier`."""
    tlp: Tlp
    """The most restrictive marking that it is entitled to."""
    certificate: str = ""
    """SHA-256 of its TLS certificate (DER), lower-case hexadecimal; empty: it has a token."""
    pem: str = ""
    """That certificate itself (RFC 7468)."""
    created: str = ""
    rotated: str = ""
    """`when()` its token or certificate was last replaced, or empty."""
    revoked: str = ""
    """`when()` it was revoked, or empty."""

    @property
    def sees(self) -> Tlp:
        """The most restrictive marking of what it is given: AMBER goes to operators alone.

        Source: TLP 2.0, AMBER: an organisation and its clients, who are a partner's operators here.
        """
        return self.tlp if self.kind == _FOR_AMBER else min(self.tlp, Tlp.GREEN)

    def recipient(self) -> Recipient:
        """It as somebody to whom something may go."""
        return Recipient("client", self.name, self.organisation, self.kind, self.tlp)


def check(client: Client) -> Client:
    """The client itself, once it keeps the rules.

    Raises:
        Invalid: its name, kind, entitlement or certificate is none.
    """
    if not _NAME.fullmatch(client.name):
        raise Invalid("a client's name is 1 to 64 of a-z, 0-9 and -", client.name[:64])
    if not client.organisation.strip() or len(client.organisation) > _LONGEST:
        raise Invalid(f"the organisation takes 1 to {_LONGEST} characters", client.name)
    if not client.organisation.isprintable():
        raise Invalid("the organisation holds a character that cannot be printed", client.name)
    if client.kind not in SORTS:
        raise Invalid(f"a client is one of {', '.join(SORTS)}, not {client.kind!r}", client.name)
    if client.tlp > MOST:
        raise Invalid(
            f"{client.tlp.label} stays within the partner's own organisation;"
            f" a client is entitled to {MOST.label} at most",
            client.name,
        )
    if client.certificate and not _FINGERPRINT.fullmatch(client.certificate):
        raise Invalid("a certificate is named by its SHA-256, 64 hexadecimal digits", client.name)
    return client


def certificate(data: bytes) -> tuple[str, str]:
    """A TLS certificate of a client, from a file in PEM: its SHA-256, and itself.

    Raises:
        Invalid: it is none, or is for other uses than to authenticate a client.
    """
    try:
        found = x509.load_pem_x509_certificate(data)
        uses = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        uses = None
    except ValueError as wrong:
        raise Invalid("not a certificate in PEM") from wrong
    if uses is not None and not {_CLIENT_AUTH, _ANY_USE} & set(uses):
        raise Invalid(
            "the certificate is not for authenticating clients (extended key usage, RFC 5280,"
            " section 4.2.1.12); one without that extension, or with clientAuth, is"
        )
    return found.fingerprint(SHA256()).hex(), found.public_bytes(Encoding.PEM).decode()


def make_token(entropy: Callable[[int], bytes]) -> str:
    """A new token: `accord_`, 43 characters of chance, and 8 that check them."""
    secret = urlsafe_b64encode(entropy(_SECRET)).rstrip(b"=").decode()
    return f"{_PREFIX}{secret}{_check(secret)}"


def token_hash(token: str) -> str:
    """What is kept of a token; empty for text that is no token at all."""
    found = _TOKEN.fullmatch(token)
    if found is None or _check(found["secret"]) != found["check"]:
        return ""
    return sha256(token.encode()).hexdigest()


def _check(secret: str) -> str:
    return sha256(f"accord token {secret}".encode()).hexdigest()[:8]
