"""What may be offered to somebody who knows a directory: good files, and one attack a case.

Each case is judged by accord and by another implementation of the same specification.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache

import msgspec
from directories import (
    changed,
    closed,
    ed25519,
    founded,
    keys,
    moved,
    read,
    resigned,
    snapshot_name,
    targets_name,
)
from exchange_nodes import NOW

from accord.core.times import when
from accord.identity.directory import edits, metadata
from accord.identity.directory.metadata import TIMESTAMP
from accord.identity.directory.trusted import Expired, Missing, Rollback, Trusted, reread
from accord.identity.partners import Untrusted


class Case(msgspec.Struct):
    """What is known, what is offered, when, and what accord is to say."""

    known: Trusted
    offered: dict[str, bytes]
    now: str = NOW
    refusal: type[Exception] | None = None


def later(days: int, since: str = NOW) -> str:
    return when((metadata.moment(since) + timedelta(days=days)).isoformat())


@cache
def first() -> Trusted:
    return founded()


@cache
def second() -> Trusted:
    """With another address."""
    return moved(first(), "japan", "https://tokyo.example")


@cache
def rotated() -> Trusted:
    """With another key of India, and so with another root."""
    india = first().directory.partner("india")
    assert india is not None
    new = ed25519("india again")
    record = edits.rotated(india, [new.key()], NOW, compromised=False, why="")
    both = [ed25519("india"), new, *keys(("australia", "japan", "united-states"))]
    return changed(first(), record, ["australia"], keys=both)


def good() -> Case:
    return Case(first(), second().files)


def good_again() -> Case:
    return Case(second(), second().files)


def good_root() -> Case:
    return Case(first(), rotated().files)


def rollback_of_timestamp() -> Case:
    return Case(second(), first().files, refusal=Rollback)


def rollback_of_timestamp_alone() -> Case:
    """An earlier timestamp of the same snapshot: as if it had not been confirmed since."""
    timestamp = read(second().files, TIMESTAMP)
    timestamp.signed.version += 1
    files = {**second().files, TIMESTAMP: resigned(timestamp, ed25519("india"))}
    return Case(reread(files), second().files, refusal=Rollback)


def rollback_of_snapshot() -> Case:
    """A newer timestamp that names an older snapshot."""
    known, old = second(), first()
    timestamp = read(known.files, TIMESTAMP)
    timestamp.signed.version += 1
    timestamp.signed.snapshot_meta = read(old.files, TIMESTAMP).signed.snapshot_meta
    files = {**known.files, **old.files, TIMESTAMP: resigned(timestamp, ed25519("india"))}
    return Case(known, files, refusal=Rollback)


def rollback_of_targets() -> Case:
    """A newer snapshot that names older targets."""
    known, old = second(), first()
    snapshot = read(known.files, snapshot_name(known.files))
    snapshot.signed.version += 1
    snapshot.signed.meta = read(old.files, snapshot_name(old.files)).signed.meta
    written = resigned(snapshot, ed25519("india"))
    timestamp = metadata.make_timestamp(written, snapshot.signed.version, 0, NOW)
    files = {
        **known.files,
        **old.files,
        f"{snapshot.signed.version}.snapshot.json": written,
        TIMESTAMP: resigned(timestamp, ed25519("india")),
    }
    return Case(known, files, refusal=Untrusted)


def rollback_of_root() -> Case:
    """The old root again, under the next number."""
    files = {**rotated().files, "3.root.json": rotated().files["1.root.json"]}
    return Case(rotated(), files, refusal=Rollback)


def expired_timestamp() -> Case:
    return Case(first(), second().files, later(15), Expired)


def expired_snapshot() -> Case:
    now = later(95)
    snapshot = read(second().files, TIMESTAMP).signed.snapshot_meta.version
    fresh = metadata.make_timestamp(second().files[snapshot_name(second().files)], snapshot, 1, now)
    files = {**second().files, TIMESTAMP: resigned(fresh, ed25519("india"))}
    return Case(first(), files, now, Expired)


def expired_targets() -> Case:
    """All else is fresh, the root too."""
    now = later(370)
    targets = second().files[targets_name(second().files)]
    root = read(rotated().files, "2.root.json")
    root.signed.keys = read(first().files, "1.root.json").signed.keys
    root.signed.roles = read(first().files, "1.root.json").signed.roles
    root.signed.expires = metadata.moment(later(700))
    files = closed(second().files, targets, 2, ed25519("japan"), now)
    files["2.root.json"] = resigned(root, *keys(("australia", "india", "japan")))
    return Case(first(), files, now, Expired)


def expired_root() -> Case:
    now = later(370)
    targets = read(second().files, targets_name(second().files))
    targets.signed.expires = metadata.moment(later(700))
    written = resigned(targets, *keys(("australia", "india", "japan")))
    return Case(first(), closed(second().files, written, 2, ed25519("japan"), now), now, Expired)


def mixed_snapshot() -> Case:
    """Another snapshot of the same version, as validly signed as the one that is named."""
    name = snapshot_name(second().files)
    other = resigned(read(second().files, name), ed25519("japan"), ed25519("india"))
    return Case(first(), {**second().files, name: other}, refusal=Untrusted)


def mixed_targets() -> Case:
    """Other targets of the same version, as validly signed as those that are named."""
    name = targets_name(second().files)
    other = resigned(read(second().files, name), *keys(("australia", "india", "japan")))
    return Case(first(), {**second().files, name: other}, refusal=Untrusted)


def root_by_too_few_before() -> Case:
    """Signed by enough of the new keys, and by too few of the old ones."""
    root = read(rotated().files, "2.root.json")
    signers = [ed25519("india again"), *keys(("australia", "japan"))]
    return Case(
        first(), {**rotated().files, "2.root.json": resigned(root, *signers)}, refusal=Untrusted
    )


def root_by_too_few_after() -> Case:
    """Signed by enough of the old keys, and by too few of the new ones."""
    root = read(rotated().files, "2.root.json")
    signers = keys(("australia", "india", "japan"))
    return Case(
        first(), {**rotated().files, "2.root.json": resigned(root, *signers)}, refusal=Untrusted
    )


def targets_by_too_few() -> Case:
    targets = read(second().files, targets_name(second().files))
    written = resigned(targets, *keys(("australia", "india")))
    return Case(first(), closed(second().files, written, 2, ed25519("japan")), refusal=Untrusted)


def timestamp_by_a_stranger() -> Case:
    timestamp = read(second().files, TIMESTAMP)
    files = {**second().files, TIMESTAMP: resigned(timestamp, ed25519("stranger"))}
    return Case(first(), files, refusal=Untrusted)


def snapshot_by_a_stranger() -> Case:
    """The timestamp names it, but nobody has signed it who may."""
    name = snapshot_name(second().files)
    snapshot = read(second().files, name)
    written = resigned(snapshot, ed25519("stranger"))
    timestamp = metadata.make_timestamp(written, snapshot.signed.version, 0, NOW)
    files = {**second().files, name: written, TIMESTAMP: resigned(timestamp, ed25519("japan"))}
    return Case(first(), files, refusal=Untrusted)


def signature_of_other_bytes() -> Case:
    """Enough signatures, of enough partners, made for the version before."""
    targets = read(second().files, targets_name(second().files))
    targets.signatures = read(first().files, targets_name(first().files)).signatures
    written = metadata.write(targets)
    return Case(first(), closed(second().files, written, 2, ed25519("japan")), refusal=Untrusted)


def skipped_root() -> Case:
    """The next root but one, under the next number."""
    root = read(rotated().files, "2.root.json")
    root.signed.version = 3
    names = ("australia", "india", "india again", "japan")
    return Case(
        first(), {**rotated().files, "2.root.json": resigned(root, *keys(names))}, refusal=Rollback
    )


def altered_record() -> Case:
    name = next(name for name in second().files if name.endswith(".japan.partner.json"))
    data = second().files[name].replace(b"tokyo", b"kyoto")
    return Case(first(), {**second().files, name: data}, refusal=Untrusted)


def targets_of_another_version() -> Case:
    """The snapshot says version 2, and names bytes of version 3 by their right hash."""
    targets = read(second().files, targets_name(second().files))
    targets.signed.version = 3
    written = resigned(targets, *keys(("australia", "india", "japan")))
    return Case(first(), closed(second().files, written, 2, ed25519("japan")), refusal=Untrusted)


def snapshot_of_another_version() -> Case:
    """The timestamp says one version, and names bytes of another by their right hash."""
    name = snapshot_name(second().files)
    snapshot = read(second().files, name)
    version = snapshot.signed.version
    snapshot.signed.version += 1
    written = resigned(snapshot, ed25519("japan"))
    timestamp = metadata.make_timestamp(written, version, 0, NOW)
    files = {**second().files, name: written, TIMESTAMP: resigned(timestamp, ed25519("japan"))}
    return Case(first(), files, refusal=Untrusted)


def targets_as_snapshot() -> Case:
    """A file of one sort in the place of another; every hash and signature fits."""
    name = snapshot_name(second().files)
    written = second().files[targets_name(second().files)]
    timestamp = metadata.make_timestamp(written, 2000, 0, NOW)
    files = {**second().files, name: written, TIMESTAMP: resigned(timestamp, ed25519("japan"))}
    return Case(first(), files, refusal=Exception)


def _without(*endings: str) -> dict[str, bytes]:
    return {n: d for n, d in second().files.items() if not n.endswith(endings)}


def no_timestamp() -> Case:
    return Case(first(), _without(TIMESTAMP), refusal=Missing)


def no_snapshot() -> Case:
    return Case(first(), _without(".snapshot.json"), refusal=Missing)


def no_targets() -> Case:
    return Case(first(), _without(".targets.json"), refusal=Missing)


def no_record() -> Case:
    return Case(first(), _without(".japan.partner.json"), refusal=Missing)


def longer_than_named() -> Case:
    name = snapshot_name(second().files)
    return Case(first(), {**second().files, name: second().files[name] + b"\n"}, refusal=Untrusted)


BOTH: tuple[Callable[[], Case], ...] = (
    good, good_again, good_root,
    rollback_of_timestamp, rollback_of_timestamp_alone, rollback_of_snapshot,
    rollback_of_targets, rollback_of_root,
    expired_timestamp, expired_snapshot, expired_targets, expired_root,
    mixed_snapshot, mixed_targets,
    root_by_too_few_before, root_by_too_few_after, targets_by_too_few,
    timestamp_by_a_stranger, snapshot_by_a_stranger, signature_of_other_bytes,
    skipped_root, altered_record, targets_of_another_version, snapshot_of_another_version,
    targets_as_snapshot, no_timestamp, no_snapshot, no_targets, no_record, longer_than_named,
)  # fmt: skip
"""Cases on which both implementations must agree."""
