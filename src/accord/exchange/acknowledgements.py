"""Acknowledgements: a partner's signed word up to where it has applied a log.

It holds the log's checkpoint with the partner's cosignature, and what the partner quarantined. The
sharer keeps it as its receipt.

Law (acknowledgement): reading what was written gives the same; with one byte changed it is refused,
and so is one whose cosigned checkpoint is of another log, size or root than it says.

Source: DSSE 1.0; C2SP tlog-cosignature; tlog-witness for `old`.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from accord.core.errors import Invalid
from accord.exchange import dsse
from accord.exchange.log import checkpoint, names
from accord.identity.keys import Signer, verify
from accord.identity.partners import ED25519, Directory, Partner, Untrusted

MEDIA = "application/vnd.accord.acknowledgement+json"
"""Payload type."""
MAX_BYTES = 10 * 1024 * 1024
"""Of the payload."""
MAX_REASON = 200
"""Characters of a reason; see `told`."""
MAX_QUARANTINED = 10_000
"""Entries that one acknowledgement names; see `told`."""


class Acknowledgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A partner has applied a log up to a size.

    Raises:
        Invalid: sizes or quarantined entries contradict each other.
    """

    log: str
    """Name of the log in addresses."""
    old: int
    """Size that the partner acknowledged before."""
    size: int
    root: str
    """32 bytes, hexadecimal."""
    quarantined: tuple[tuple[int, str], ...]
    """Entries that it holds but does not use, each with the reason; ascending."""
    checkpoint: str
    """The signed note with the partner's cosignature."""

    def __post_init__(self) -> None:
        if not 0 <= self.old <= self.size:
            raise Invalid(f"from {self.old} to {self.size} entries", "/old")
        if len(self.quarantined) > MAX_QUARANTINED:
            raise Invalid(f"more than {MAX_QUARANTINED:,} entries", "/quarantined")
        indices = [index for index, _ in self.quarantined]
        if indices != sorted(set(indices)) or any(not 0 <= one < self.size for one in indices):
            raise Invalid("not entries of the log, each once, ascending", "/quarantined")
        if any(len(reason) > MAX_REASON for _, reason in self.quarantined):
            raise Invalid(f"a reason of more than {MAX_REASON} characters", "/quarantined")


_encode = msgspec.json.Encoder(order="sorted").encode


def told(quarantined: Iterable[tuple[int, str]]) -> tuple[tuple[int, str], ...]:
    """Quarantined entries as an acknowledgement can hold them: ascending, each reason on one line.

    Of more than `MAX_QUARANTINED` the last one says how many follow.
    """
    found = sorted(dict(quarantined).items())
    kept = [(index, " ".join(reason.split())[:MAX_REASON]) for index, reason in found]
    if len(kept) > MAX_QUARANTINED:
        more = len(kept) - MAX_QUARANTINED
        kept = kept[:MAX_QUARANTINED]
        kept[-1] = (kept[-1][0], f"quarantined, and {more:,} entries after it")
    return tuple(kept)


def write(acknowledgement: Acknowledgement, signer: Signer) -> bytes:
    """An acknowledgement, signed."""
    return dsse.write(MEDIA, _encode(acknowledgement), signer)


def read(
    data: bytes, directory: Directory, partner: str, *, history: bool = False
) -> Acknowledgement:
    """An acknowledgement by a partner, verified with the checkpoint in it.

    Keys that were rotated count in `history` only; revoked ones never. Whether this node signed the
    checkpoint, and whether `old` is what it holds, is for the caller.

    Raises:
        Invalid: not an acknowledgement.
        Untrusted: not signed, or its checkpoint not cosigned, by the partner.
    """
    signed = dsse.read(data, MEDIA, MAX_BYTES)
    member = directory.partner(partner)
    if member is None or (member.removed and not history):
        raise Untrusted(f"{partner!r} is not a partner of today")
    _signed_by(member, signed, history=history)
    found = _payload(signed.payload)
    name = names.key_name(directory.partnership, partner)
    note = found.checkpoint.encode()
    cosigned, _ = checkpoint.verify_cosignature(note, name, member.keys, history=history)
    if (cosigned.size, cosigned.root.hex()) != (found.size, found.root):
        raise Untrusted(f"{partner} acknowledges another tree than it cosigned")
    if names.log_of(cosigned.origin) != found.log:
        raise Untrusted(f"{partner} acknowledges another log than it cosigned")
    return found


def keyids(data: bytes) -> tuple[str, ...]:
    """The keys that an acknowledgement names, unverified; none where it cannot be read."""
    try:
        signed = dsse.read(data, MEDIA, MAX_BYTES)
    except Invalid:
        return ()
    return tuple(one.keyid for one in signed.signatures)


def peek(data: bytes) -> Acknowledgement:
    """An acknowledgement without verification: for one that was verified before.

    Raises:
        Invalid: not an acknowledgement.
    """
    return _payload(dsse.read(data, MEDIA, MAX_BYTES).payload)


def _signed_by(partner: Partner, signed: dsse.Signed, *, history: bool) -> None:
    if len(signed.signatures) != 1:
        raise Untrusted(f"an acknowledgement bears one signature, by {partner.name}")
    one = signed.signatures[0]
    for key in partner.keys:
        counts = not key.revoked and (history or key.in_use)
        if key.keyid == one.keyid and key.scheme == ED25519 and counts:
            verify(key, one.sig, dsse.pae(MEDIA, signed.payload))
            return
        if key.keyid == one.keyid and key.revoked:
            why = f" ({key.why})" if key.why else ""
            raise Untrusted(
                f"its key {key.keyid[:12]} is not a key in use of {partner.name}: it was revoked on"
                f" {key.revoked[:16]}Z{why}"
            )
    raise Untrusted(f"{one.keyid[:64]!r} is not a key in use of {partner.name}")


def _payload(payload: bytes) -> Acknowledgement:
    return dsse.content(payload, Acknowledgement, _encode, "an acknowledgement")
