"""What a publisher keeps beside a document: digests and detached OpenPGP signatures.

Law (held): a document whose digest or signature is offered and does not hold is not taken.
Law (told): what could not be verified is counted as such; it never counts as verified.
Source: CSAF 2.0, sections 7.1.18 (digests), 7.1.19 (signatures), 7.1.20 (public keys); RFC 9580.
"""

from __future__ import annotations

import re
from hashlib import sha256, sha512
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import msgspec

from accord.exchange.feeds.errors import Misanswered

if TYPE_CHECKING:
    from pysequoia import Cert

DIGESTS: Final = (".sha512", ".sha256")
"""How the names of digests end, the strongest first."""
SIGNATURE: Final = ".asc"
LONGEST: Final = 1 << 20
"""Bytes of a digest, a signature or a key."""
KEYS: Final = 20
"""Keys of one provider, at most."""
CHECKED: Final = "checked"
"""In a position: what was checked of a feed's documents."""
OFFERED: Final = "offered"
"""In a position: what servers have offered beside documents."""
SERVERS: Final = 500
"""Servers of which that is remembered, at most."""
_KINDS: Final = {128: ("SHA-512", sha512), 64: ("SHA-256", sha256)}
_HEX = re.compile(rb"\s*(?:\xef\xbb\xbf)?([0-9A-Fa-f]+)(?:\s|\Z)")
_NOT_INSTALLED: Final = "the extra openpgp is not installed"
_NO_KEY: Final = "no key is named: add the feed by its provider metadata"


class Checked(msgspec.Struct, omit_defaults=True):
    """What was checked of the documents that a feed brought."""

    digests: int = 0
    """Digests that held."""
    undigested: int = 0
    """Documents without one."""
    signed: int = 0
    """Signatures that held."""
    unsigned: int = 0
    """Documents without one."""
    unverified: int = 0
    """Documents whose signatures were not looked at."""
    refused: int = 0
    """Readings of documents whose digest or signature did not hold."""
    digests_gone: int = 0
    """Documents without one, by a server that offered them before."""
    signatures_gone: int = 0
    why: str = ""
    """Why signatures were last not looked at."""

    def told(self) -> str:
        """For a person; empty: nothing was to be checked."""
        parts = [
            (self.digests, "digests held"), (self.undigested, "documents without a digest"),
            (self.signed, "signatures held"), (self.unsigned, "documents without a signature"),
            (self.unverified, f"signatures not verified ({self.why})"),
            (self.digests_gone, "documents without a digest, where there were some before"),
            (self.signatures_gone, "documents without a signature, where there were some before"),
            (self.refused, "times a document was refused for its digest or signature"),
        ]  # fmt: skip
        return ", ".join(f"{number:,} {what}" for number, what in parts if number)


def checked_of(kept: Any) -> Checked:  # noqa: ANN401 - as a position has it
    """What a position says."""
    return msgspec.convert(kept or {}, Checked)


def offered_of(kept: Any) -> dict[str, set[str]]:  # noqa: ANN401 - as a position has it
    """Endings of what each server has offered."""
    return msgspec.convert(kept or {}, dict[str, set[str]])


def wrong_digest(document: bytes, offered: bytes) -> str:
    """Why a document is not the one of a digest's file; empty: it is.

    The file begins with the digest in hexadecimal; the name that follows does not count.
    """
    match = _HEX.match(offered[:1_000])
    if match is None or len(match[1]) not in _KINDS:
        return "the file of its digest holds neither SHA-256 nor SHA-512"
    name, digest = _KINDS[len(match[1])]
    found = digest(document).hexdigest()
    if found == match[1].decode().lower():
        return ""
    return f"its {name} begins with {found[:16]}, and its publisher says {match[1][:16].decode()}"


def unable(keys: int) -> str:
    """Why signatures cannot be verified with so many keys named; empty: they can."""
    if find_spec("pysequoia") is None:
        return _NOT_INSTALLED
    return "" if keys else _NO_KEY


def certificates(key: bytes, fingerprint: str) -> list[Cert]:
    """The OpenPGP certificates of a file, of which one must be the one that is named.

    Raises:
        Misanswered: there is none, or not the one that is named.
    """
    from pysequoia import Cert  # noqa: PLC0415 - an extra

    try:
        found = Cert.split_bytes(key)
    except RuntimeError as wrong:
        raise Misanswered(f"no OpenPGP key: {_line(wrong)}") from wrong
    wanted = "".join(fingerprint.split()).lower()
    if wanted:
        found = [one for one in found if one.fingerprint.lower() == wanted]
    if not found:
        raise Misanswered(f"the key {wanted[:64] or 'of the provider'} is not in it")
    return found


def wrong_signature(document: bytes, signature: bytes, keys: list[Cert]) -> str:
    """Why none of the keys vouches for a document; empty: one does."""
    from pysequoia import Sig, verify  # noqa: PLC0415 - an extra

    try:
        sig = Sig.from_bytes(signature)
        issuer = sig.issuer_fingerprint or sig.issuer_key_id or "a key without a name"
    except RuntimeError as wrong:
        return f"the file of its signature holds none: {_line(wrong)}"
    try:
        found = verify(bytes=document, store=lambda _: keys, signature=sig)
    except RuntimeError:
        return (
            f"its signature, by {issuer}, does not hold under the keys that its provider names:"
            " it was changed, or the key is another, expired, revoked or too weak"
        )
    return "" if found.valid_sigs else "its signature does not hold"


def _line(wrong: Exception) -> str:
    return str(wrong).partition("\n")[0][:200]
