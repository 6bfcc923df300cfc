"""How a partner's record changes: new keys, a new address, the end.

Law (no gap): what a partner signs while its rotation is on its way, and until it hears that it has
taken effect, counts. So a key that is laid down counts for a while after: `GATHERING` for the
signatures, then `HEARING` for the news.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

import msgspec

from accord.core.times import when
from accord.identity.directory.metadata import moment
from accord.identity.partners import Directory, Partner, PartnerKey

GATHERING = timedelta(days=28)
"""Within so long enough partners sign a rotation, or it has to be proposed again."""
HEARING = timedelta(days=28)
"""Within so long after that its owner hears of it: a node that nobody confirms shares no longer."""


def rotated(  # noqa: PLR0913 - what becomes of the new keys, and of the old ones
    partner: Partner,
    keys: Sequence[PartnerKey],
    now: str,
    *,
    compromised: bool,
    why: str,
    held: Collection[str] = (),
) -> Partner:
    """With new keys. The old ones are laid down: they count for eight weeks more, so that nothing
    is lost that is signed before the rotation takes effect, and what they signed stays good.

    Where they are compromised they are revoked too, and nothing more under them is taken. `held`
    are the identifiers of earlier keys that were kept beside them: who took one took them all.
    """
    if compromised:
        old = tuple(_revoked(key, now, why, held) for key in partner.keys)
    else:
        end = counts_until(now)
        old = tuple(
            msgspec.structs.replace(key, until=end, why=why) if key.in_use else key
            for key in partner.keys
        )
    new = tuple(msgspec.structs.replace(key, since=now) for key in keys)
    return msgspec.structs.replace(partner, keys=(*old, *new))


def counts_until(now: str) -> str:
    """Until when a key counts that is proposed now to be laid down."""
    return when((moment(now) + GATHERING + HEARING).isoformat())


def latest_end(now: str) -> str:
    """Until when a key may count at most that is to be laid down, with a day for other clocks."""
    return when((moment(counts_until(now)) + timedelta(days=1)).isoformat())


def heard_by(now: str) -> str:
    """Until when a key must count at least that may be laid down now."""
    return when((moment(now) + HEARING).isoformat())


def _revoked(key: PartnerKey, now: str, why: str, held: Collection[str]) -> PartnerKey:
    if key.revoked or not (key.in_use or key.until > now or key.keyid in held):
        return key
    return msgspec.structs.replace(key, until=key.until or now, revoked=now, why=why)


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
