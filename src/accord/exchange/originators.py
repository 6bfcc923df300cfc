"""What a partner signed itself: verified by its keys of that time and by the partnership's policy.

Law (originator): only signatures by keys of the partner that a statement names make it its word; a
key that was rotated counts for what was issued before, a revoked one never.

Source: DSSE 1.0 (protocol).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from accord.exchange import dsse
from accord.exchange.dsse import Signed
from accord.identity.keys import verify
from accord.identity.partners import (
    ED25519,
    ML_DSA_65,
    Directory,
    Holds,
    Partner,
    PartnerKey,
    Untrusted,
)


class Said(msgspec.Struct, frozen=True):
    """Who says something, by its own word, and when."""

    origin: str
    """Name of the partner."""
    issued: str
    """`when()` it was signed."""


def verified(signed: Signed, said: Said, directory: Directory) -> tuple[str, ...]:
    """The keys by which a partner is known to have said it.

    Raises:
        Untrusted: not signed as the policy demands by a partner, or by a partner that had left.
    """
    partner = _partner(said, directory)
    holding = _holding(signed, said, partner, directory)
    _satisfied(directory.policy.signatures, said, holding)
    return tuple(key.keyid for key in holding)


def _partner(said: Said, directory: Directory) -> Partner:
    partner = directory.partner(said.origin)
    if partner is None:
        raise Untrusted(f"{said.origin!r} is not a partner; is the list of partners up to date?")
    if partner.removed and said.issued >= partner.removed:
        raise Untrusted(f"{said.origin} left at {partner.removed}; this is of {said.issued}")
    return partner


def _holding(
    signed: Signed, said: Said, partner: Partner, directory: Directory
) -> list[PartnerKey]:
    """The partner's keys that count and whose signatures hold.

    A false signature, or one by anybody else, makes the whole statement false: nobody can add one
    to a statement, so as to make it look like another one.
    """
    data = dsse.pae(signed.payload_type, signed.payload)
    keys: list[PartnerKey] = []
    for one in signed.signatures:
        found = directory.key(one.keyid)
        if found is None or found[0].name != partner.name:
            raise Untrusted(f"{one.keyid[:64]} is not a key of {partner.name}, which it names")
        verify(found[1], one.sig, data)
        keys.append(found[1])
    schemes = [key.scheme for key in keys]
    if schemes != sorted(set(schemes)):
        raise Untrusted("signatures stand in the order of their schemes, one of each")
    return [key for key in keys if counts(key, said.issued)]


def counts(key: PartnerKey, issued: str) -> bool:
    """Whether what a key signed, by its own word at that time, is its partner's word today.

    When it began is not asked: clocks differ, and a key proves itself.
    """
    return not key.revoked and (not key.until or issued < key.until)


def stands(keyids: Iterable[str], said: Said, directory: Directory) -> bool:
    """Whether signatures by these keys, which are known to hold, are enough today."""
    found = [known for keyid in keyids if (known := directory.key(keyid))]
    own = {
        k.scheme for partner, k in found if partner.name == said.origin and counts(k, said.issued)
    }
    return _enough(directory.policy.signatures, own)


def _enough(policy: Holds, schemes: Collection[str]) -> bool:
    """Whether signatures of these schemes satisfy a policy; an unknown one demands the most."""
    if policy == "either":
        return ED25519 in schemes or ML_DSA_65 in schemes
    if policy == "ed25519":
        return ED25519 in schemes
    if policy == "ml-dsa-65":
        return ML_DSA_65 in schemes
    return ED25519 in schemes and ML_DSA_65 in schemes


def _satisfied(policy: Holds, said: Said, holding: list[PartnerKey]) -> None:
    """Refuse what is not signed as the partnership demands."""
    schemes = {key.scheme for key in holding}
    if not _enough(policy, schemes):
        held = ", ".join(sorted(schemes)) or "no key that counts for its date"
        raise Untrusted(
            f"sealed at {said.issued} in the name of {said.origin}: signed by {held};"
            f" the partnership demands {policy}"
        )
