"""The last steps of a change, and what any partner may do alone: snapshot and timestamp.

A partner extends a timestamp only while it still holds, and not twice in a row where there are
others: so a node that somebody cuts off from all others notices it, within four weeks at most,
instead of assuring itself that nothing has changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from hashlib import sha256

from accord.identity.directory import metadata
from accord.identity.directory.metadata import (
    TIMESTAMP,
    Metadata,
    Root,
    Snapshot,
    Targets,
    Timestamp,
)
from accord.identity.directory.trusted import Trusted, newest_root, trust
from accord.identity.keys import Signer
from accord.identity.partners import Untrusted


def root_of(trusted: Trusted) -> Metadata[Root]:
    """The root of a directory."""
    version, data = newest_root(trusted.files)
    return metadata.read(Root, data, f"{version}.root.json")


def root_fingerprints(trusted: Trusted) -> Iterator[bytes]:
    """SHA-256 of what each root of a directory says, the first one included."""
    for name, data in trusted.files.items():
        if name.endswith(".root.json"):
            yield sha256(metadata.read(Root, data, name).signed_bytes).digest()


def close(
    root: Root, targets: tuple[int, bytes], extended: int, signers: Sequence[Signer], now: str
) -> dict[str, bytes]:
    """Snapshot and timestamp of one version of targets.

    Raises:
        Untrusted: none of the signers is one of a member.
        CannotSign: a key did not answer.
    """
    version, data = targets
    snapshot = metadata.make_snapshot(data, version, extended, now)
    files = {
        metadata.file_name(Snapshot, snapshot.signed.version): _signed(snapshot, root, signers)
    }
    (written,) = files.values()
    timestamp = metadata.make_timestamp(written, snapshot.signed.version, 0, now)
    return {**files, TIMESTAMP: _signed(timestamp, root, signers)}


def _signed(
    made: Metadata[Snapshot] | Metadata[Timestamp], root: Root, signers: Sequence[Signer]
) -> bytes:
    if not metadata.sign(made, signers, [root]):
        raise Untrusted("only a member can publish, and none of this node's keys is a member's")
    return metadata.write(made)


def settle(files: Mapping[str, bytes], known: Mapping[str, bytes], now: str) -> Trusted:
    """What was just made, judged by the same eyes as what comes from others.

    Raises:
        Untrusted, Invalid: it would not be trusted.
    """
    return trust(lambda name, _most: files.get(name), known, now)


def extend(trusted: Trusted, signers: Sequence[Signer], now: str, *, alone: bool) -> Trusted | None:
    """The directory with a new timestamp, and snapshot where need be; nothing where none is due.

    `alone`: a person says that it is all right to do so past the rules above.

    Raises:
        Untrusted: the root or the targets have expired: partners must sign (`renew`).
        CannotSign: a key did not answer.
    """
    timestamp = metadata.read(Timestamp, trusted.files[TIMESTAMP], TIMESTAMP)
    if not alone and not _may_extend(trusted, timestamp.signed, signers, now):
        return None
    name = metadata.file_name(Snapshot, timestamp.signed.snapshot_meta.version)
    snapshot = metadata.read(Snapshot, trusted.files[name], name).signed
    root = root_of(trusted).signed
    count = timestamp.signed.version % metadata.TIMESTAMPS + 1
    if _half_gone(snapshot, metadata.SNAPSHOT_DAYS, now) or count == metadata.TIMESTAMPS:
        version = trusted.directory.version
        targets = trusted.files[metadata.file_name(Targets, version)]
        again = snapshot.version % metadata.SNAPSHOTS + 1
        made = close(root, (version, targets), again, signers, now)
    else:
        new = metadata.make_timestamp(trusted.files[name], snapshot.version, count, now)
        made = {TIMESTAMP: _signed(new, root, signers)}
    return settle(made, trusted.files, now)


def _may_extend(
    trusted: Trusted, timestamp: Timestamp, signers: Sequence[Signer], now: str
) -> bool:
    if not _half_gone(timestamp, metadata.TIMESTAMP_DAYS, now):
        return False
    others = sum(1 for _ in trusted.directory.members()) > 1
    own = any(signer.keyid in trusted.timestamp_keys for signer in signers)
    return now < metadata.expiry(timestamp) and not (others and own)


def _half_gone(signed: Timestamp | Snapshot | Root | Targets, days: int, now: str) -> bool:
    return signed.expires - metadata.moment(now) < timedelta(days=days) / 2


def root_is_due(root: Root, now: str) -> bool:
    """Whether a change should take a new root with it, to be signed once instead of twice."""
    return _half_gone(root, metadata.THRESHOLD_DAYS, now)
