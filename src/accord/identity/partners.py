"""Partners, their keys and their rules, as the partnership's directory states them.

A directory is a value: it is made from verified metadata, and a directory that exists is valid.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Literal

import msgspec

from accord.core.errors import AccordError

ED25519 = "ed25519"
"""Scheme of RFC 8032, as securesystemslib names it."""
ML_DSA_65 = "ml-dsa-65/1"
"""Scheme of FIPS 204, as securesystemslib names it."""

Holds = Literal["ed25519", "ml-dsa-65", "both", "either"]
"""Which signatures of an envelope must hold."""


class Untrusted(AccordError):
    """Something is not signed by whom it should be, or is older than what is known already."""


class UnknownKey(Untrusted):
    """A key is nobody's in the directory as it is here: there may be a newer one."""


class PartnerKey(msgspec.Struct, frozen=True):
    """A public key of a partner, with the time in which it counts."""

    keyid: str
    """As securesystemslib computes it, 64 hexadecimal digits."""
    scheme: str
    """`ed25519` or `ml-dsa-65/1`."""
    public: str
    """As securesystemslib writes it: hexadecimal for Ed25519, PEM for ML-DSA-65."""
    since: str = ""
    """`when()` from which it signs."""
    until: str = ""
    """`when()` until which it counts, once it is laid down: what it signed before that stays good.
    It lies after the rotation takes effect, since its owner has to hear of that. Empty: in use."""
    revoked: str = ""
    """`when()` of its revocation: nothing new under it is taken, whatever date it bears."""
    why: str = ""

    @property
    def in_use(self) -> bool:
        """Whether new signatures by it are taken."""
        return not self.until and not self.revoked


class Partner(msgspec.Struct, frozen=True):
    """One member of the partnership."""

    name: str
    """Short name, `a-z`, `0-9` and `-`: `australia`."""
    title: str
    """Its name for people."""
    identity: str
    """STIX identifier of its identity object."""
    addresses: tuple[str, ...] = ()
    """`https://host:port` of its door, in the order of preference."""
    certificates: tuple[str, ...] = ()
    """SHA-256 of each TLS certificate (DER) that its door may show, lower-case hexadecimal."""
    keys: tuple[PartnerKey, ...] = ()
    roles: tuple[str, ...] = ()
    """What it does in the partnership, such as `lead: supply chain`; for people."""
    since: str = ""
    removed: str = ""
    """`when()` it left; its keys stay, so that what it signed before can be verified."""

    @property
    def member(self) -> bool:
        """Whether it is a member today."""
        return not self.removed

    def current(self, scheme: str) -> PartnerKey | None:
        """Its key of a scheme that signs today."""
        return next((key for key in self.keys if key.scheme == scheme and key.in_use), None)

    def counting(self, now: str) -> tuple[PartnerKey, ...]:
        """Its keys, those that are laid down and count for a while yet as if they were in use.

        A partner signs with them until it hears that its rotation has taken effect.
        """
        return tuple(
            msgspec.structs.replace(key, until="") if now < key.until and not key.revoked else key
            for key in self.keys
        )


class Policy(msgspec.Struct, frozen=True):
    """What the partnership asks of signatures and of time."""

    signatures: Holds = "ed25519"
    recall_hours: int = 24
    """Hours within which a partner is to acknowledge a recall."""


class Directory(msgspec.Struct, frozen=True, dict=True):
    """The partnership as its threshold-signed metadata states it."""

    partnership: str
    version: int
    """Of the partners' list; it only grows."""
    threshold: int
    policy: Policy
    partners: tuple[Partner, ...]

    @cached_property
    def _names(self) -> dict[str, Partner]:
        return {partner.name: partner for partner in self.partners}

    @cached_property
    def _keys(self) -> dict[str, tuple[Partner, PartnerKey]]:
        return {key.keyid: (p, key) for p in self.partners for key in p.keys}

    def partner(self, name: str) -> Partner | None:
        """A partner, of today or of before."""
        return self._names.get(name)

    def key(self, keyid: str) -> tuple[Partner, PartnerKey] | None:
        """Whose key this is."""
        return self._keys.get(keyid)

    def members(self) -> Iterator[Partner]:
        """The partners of today."""
        return (partner for partner in self.partners if partner.member)
