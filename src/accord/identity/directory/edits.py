"""How a partner's record changes: new keys, a new address, the end."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from accord.identity.partners import Directory, Partner, PartnerKey


def rotated(
    partner: Partner, keys: Sequence[PartnerKey], now: str, *, compromised: bool, why: str
) -> Partner:
    """With new keys. The old ones are laid down, and what they signed before still counts; where
    they are compromised they are revoked too, and nothing more under them is taken.
    """
    revoked = now if compromised else ""
    old = tuple(
        msgspec.structs.replace(key, until=now, revoked=revoked, why=why) if key.in_use else key
        for key in partner.keys
    )
    new = tuple(msgspec.structs.replace(key, since=now) for key in keys)
    return msgspec.structs.replace(partner, keys=(*old, *new))


def removed(partner: Partner, now: str, why: str) -> Partner:
    """No longer a member. What it signed before can still be verified."""
    keys = tuple(
        msgspec.structs.replace(key, until=now, why=why) if key.in_use else key
        for key in partner.keys
    )
    return msgspec.structs.replace(partner, removed=now, keys=keys)


def joined(partner: Partner, now: str) -> Partner:
    """A member from now on."""
    keys = tuple(msgspec.structs.replace(key, since=now) for key in partner.keys)
    return msgspec.structs.replace(partner, since=now, keys=keys)


def replaced(directory: Directory, partner: Partner) -> list[Partner]:
    """The list of partners with one record in the place of another, or added."""
    others = [one for one in directory.partners if one.name != partner.name]
    return [*others, partner]
