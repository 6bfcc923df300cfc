"""From files that somebody offers to a directory that can be trusted, or a refusal.

Nothing here reads a disk, asks a network or looks at a clock: files come by a look-up and the time
is given. What is known already is never given up for something older, whoever signed it.

Untrusted
├── Rollback    a file is older than one that was known here before
├── Expired     a file is past its date: somebody may be keeping newer ones back
└── Missing     a file that another file names was not offered

Source: The Update Framework specification 1.0, section 5 (detailed client workflow).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

import msgspec

from accord.core.errors import Invalid
from accord.identity.directory import metadata
from accord.identity.directory.metadata import (
    TIMESTAMP,
    Metadata,
    Root,
    Snapshot,
    Targets,
    Timestamp,
)
from accord.identity.directory.records import (
    CHARTER,
    MOST_PARTNERS,
    RECORD,
    Charter,
    assemble,
    read_charter,
    read_partner,
)
from accord.identity.partners import Directory, Untrusted

Lookup = Callable[[str, int], bytes | None]
"""Gives the file of a name, of at most so many bytes, or none."""

MOST_ROTATIONS = 256
"""New roots taken at once (specification, 5.3.3): endless ones would keep a node busy for ever."""
_ROOT = re.compile(r"([1-9][0-9]{0,8})\.root\.json", re.ASCII)


class Rollback(Untrusted):
    """A file is older than one that was known here before."""


class Expired(Untrusted):
    """A file is past its date."""


class Missing(Untrusted):
    """A file that another file names was not offered."""


class Trusted(msgspec.Struct, frozen=True):
    """A directory, with all that it rests on."""

    directory: Directory
    charter: Charter
    files: dict[str, bytes]
    """What to keep, and to give to others: every root, and the current files of the rest."""
    root: int
    """Version of the root."""
    fingerprint: bytes
    """SHA-256 of what the root says, whoever has signed it: 32 bytes."""
    expires: str
    """`when()` the first of its files expires."""
    timestamp_keys: frozenset[str]
    """Keys that signed the timestamp."""


def trust(offered: Lookup, known: Mapping[str, bytes], now: str) -> Trusted:
    """The newest directory that follows from what is known and what is offered.

    `known` holds at least one root; it is what an earlier call gave as `files`.

    Raises:
        Untrusted: something is not signed by enough partners, or older, or expired, or altered.
        Invalid: something is no file of a directory at all, or past a bound.
    """
    return _Walk(offered, known, now).directory()


def reread(files: Mapping[str, bytes]) -> Trusted:
    """The directory of files that were trusted when they came: whatever their dates, today.

    Raises:
        Untrusted: they have changed since.
        Invalid: as above.
    """
    return _Walk(lambda name, _most: files.get(name), files, now="").directory()


def newest_root(files: Mapping[str, bytes]) -> tuple[int, bytes]:
    """Version and bytes of the newest root among files.

    Raises:
        Missing: there is none.
    """
    versions = [int(found[1]) for found in map(_ROOT.fullmatch, files) if found]
    if not versions:
        raise Missing("no root of a directory is known here")
    return max(versions), files[f"{max(versions)}.root.json"]


def newer(timestamp: bytes, than: Trusted) -> bool:
    """Whether a timestamp claims to be newer than a directory; nothing of it is verified yet.

    By the law of versions, whoever has anything newer has a timestamp of a higher version.

    Raises:
        Invalid: not a timestamp.
    """
    if timestamp == than.files[TIMESTAMP]:
        return False
    offered = metadata.read(Timestamp, timestamp, TIMESTAMP)
    here = metadata.read(Timestamp, than.files[TIMESTAMP], TIMESTAMP)
    return offered.signed.version > here.signed.version


class _Walk:
    """One pass over the files, in the order of the specification; each step rests on the last."""

    def __init__(self, offered: Lookup, known: Mapping[str, bytes], now: str) -> None:
        self._offered = offered
        self._known = known
        self._now = now
        """Empty: dates do not matter."""
        self._kept: dict[str, bytes] = {n: d for n, d in known.items() if _ROOT.fullmatch(n)}
        self._expires: list[str] = []

    def directory(self) -> Trusted:
        root = self._root()
        timestamp = self._timestamp(root.signed)
        snapshot = self._snapshot(root.signed, timestamp.signed)
        targets = self._targets(root.signed, snapshot.signed)
        charter, directory = self._records(targets.signed)
        _check_roles(root.signed, directory)
        return Trusted(
            directory=directory,
            charter=charter,
            files=self._kept,
            root=root.signed.version,
            fingerprint=sha256(root.signed_bytes).digest(),
            expires=min(self._expires),
            timestamp_keys=metadata.signers_of(timestamp, root.signed, Timestamp.type),
        )

    def _root(self) -> Metadata[Root]:
        """Root after root, each signed by enough of the one before and of itself (5.3)."""
        version, data = newest_root(self._known)
        root = metadata.read(Root, data, f"{version}.root.json")
        metadata.verify(root, root.signed, f"{version}.root.json")
        for version in range(root.signed.version + 1, root.signed.version + MOST_ROTATIONS + 2):
            name = metadata.file_name(Root, version)
            found = self._offered(name, metadata.BOUNDS[Root])
            if found is None:
                self._check_date(root.signed, f"{root.signed.version}.root.json")
                return root
            root = self._next_root(root.signed, found, name)
            self._kept[name] = found
        raise Untrusted(f"more than {MOST_ROTATIONS} new roots at once")

    def _next_root(self, before: Root, data: bytes, name: str) -> Metadata[Root]:
        root = metadata.read(Root, data, name)
        if root.signed.version != before.version + 1:
            raise Rollback(f"{name} holds version {root.signed.version} of the root")
        metadata.verify(root, before, name)
        metadata.verify(root, root.signed, name)
        return root

    def _timestamp(self, root: Root) -> Metadata[Timestamp]:
        """The newest timestamp that was ever seen, and that is not too old (5.4)."""
        data = self._offered(TIMESTAMP, metadata.BOUNDS[Timestamp])
        if data is None:
            raise Missing(f"no {TIMESTAMP} was offered")
        offered = metadata.read(Timestamp, data, TIMESTAMP)
        metadata.verify(offered, root, TIMESTAMP)
        before = self._before(Timestamp, TIMESTAMP, root)
        if before is not None:
            _check_not_older(offered.signed.version, before.signed.version, TIMESTAMP)
            pins = offered.signed.snapshot_meta.version, before.signed.snapshot_meta.version
            _check_not_older(*pins, f"the snapshot that {TIMESTAMP} names")
            if offered.signed.version == before.signed.version:
                offered, data = before, self._known[TIMESTAMP]
        pinned = offered.signed.snapshot_meta.version
        _check_law(offered.signed.version, metadata.TIMESTAMPS, pinned, TIMESTAMP)
        self._check_date(offered.signed, TIMESTAMP)
        self._kept[TIMESTAMP] = data
        return offered

    def _snapshot(self, root: Root, timestamp: Timestamp) -> Metadata[Snapshot]:
        """The snapshot that the timestamp names, byte for byte, with no targets older (5.5)."""
        pin = timestamp.snapshot_meta
        name = metadata.file_name(Snapshot, pin.version)
        data = self._pinned(name, pin, Snapshot)
        snapshot = metadata.read(Snapshot, data, name)
        metadata.verify(snapshot, root, name)
        if snapshot.signed.version != pin.version:
            raise Untrusted(f"{name} holds version {snapshot.signed.version}")
        if set(snapshot.signed.meta) != {"targets.json"}:
            raise Invalid("a snapshot names one file, targets.json", name)
        targets = snapshot.signed.meta["targets.json"].version
        _check_law(pin.version, metadata.SNAPSHOTS, targets, name)
        self._check_date(snapshot.signed, name)
        self._kept[name] = data
        return snapshot

    def _targets(self, root: Root, snapshot: Snapshot) -> Metadata[Targets]:
        """The targets that the snapshot names, byte for byte (5.6)."""
        pin = snapshot.meta["targets.json"]
        name = metadata.file_name(Targets, pin.version)
        # Enough partners signed each version, so no one of them can have run ahead: whatever
        # became of keys since, an older list is never taken again.
        _check_not_older(pin.version, self._newest_targets(), name)
        data = self._pinned(name, pin, Targets)
        targets = metadata.read(Targets, data, name)
        metadata.verify(targets, root, name)
        if targets.signed.version != pin.version:
            raise Untrusted(f"{name} holds version {targets.signed.version}")
        if targets.signed.delegations is not None or len(targets.signed.targets) > MOST_PARTNERS:
            raise Invalid("delegations, or too many records", name)
        self._check_date(targets.signed, name)
        self._kept[name] = data
        return targets

    def _records(self, targets: Targets) -> tuple[Charter, Directory]:
        """Charter and partners, each byte for byte as the targets name it (5.7)."""
        records = {}
        for path, pin in targets.targets.items():
            if not metadata.is_file_name(f"{'0' * 64}.{path}"):
                raise Invalid(f"{path[:60]!r} is not a record", metadata.file_name(Targets, 1))
            if "sha256" not in pin.hashes:
                raise Untrusted(f"{path} of the directory is named without SHA-256")
            name = metadata.record_file_name(pin)
            records[path] = self._kept[name] = self._pinned(name, pin)
        if CHARTER not in records:
            raise Missing(f"the directory has no {CHARTER}")
        charter = read_charter(records.pop(CHARTER))
        partners = [read_partner(records[n], charter.partnership, n) for n in sorted(records)]
        if [f"{partner.name}{RECORD}" for partner in partners] != sorted(records):
            raise Invalid("a record stands under another partner's name")
        return charter, assemble(charter, partners, targets.version)

    def _before(self, role: Any, name: str, root: Root) -> Metadata[Any] | None:  # noqa: ANN401 - a class of the library
        """What was trusted before, if today's root still vouches for who signed it.

        Where it does not, the key was taken away: what its holder ran ahead to is given up
        (recovery from a fast-forward attack, 5.3.11).
        """
        data = self._known.get(name)
        if data is None:
            return None
        try:
            made: Metadata[Any] = metadata.read(role, data, name)
            metadata.verify(made, root, name)
        except (Untrusted, Invalid):
            return None
        return made

    def _newest_targets(self) -> int:
        names = [name for name in self._known if name.endswith(".targets.json")]
        return max((int(name.partition(".")[0]) for name in names), default=0)

    def _pinned(self, name: str, pin: Any, role: Any = None) -> bytes:  # noqa: ANN401 - as above
        """A file as another one names it: the one at hand where it is that one, else offered."""
        data = self._known.get(name)
        if data is not None:
            try:
                metadata.check_pin(pin, data, name)
            except Untrusted:
                data = None
        if data is None:
            data = self._offered(name, metadata.largest(pin, role))
        if data is None:
            raise Missing(f"{name} of the directory was not offered")
        metadata.check_pin(pin, data, name)
        return data

    def _check_date(self, signed: Root | Timestamp | Snapshot | Targets, name: str) -> None:
        expires = metadata.expiry(signed)
        self._expires.append(expires)
        if self._now >= expires:
            raise Expired(
                f"{name} of the directory expired at {expires[:19]}: newer files are kept back, "
                "nobody has signed them, or this machine's clock is wrong"
            )


def _check_not_older(offered: int, known: int, what: str) -> None:
    if offered < known:
        raise Rollback(f"{what} has version {offered}; version {known} was known here before")


def _check_law(version: int, factor: int, pinned: int, name: str) -> None:
    if version // factor != pinned:
        raise Untrusted(f"{name}: version {version} cannot be one that names version {pinned}")


def _check_roles(root: Root, directory: Directory) -> None:
    """Those who sign the directory are its members: an old list beside a new root is refused."""
    follows = metadata.make_root(directory, root.version, "2000-01-01T00:00:00.000000Z")
    if not metadata.same_roles(root, follows.signed):
        raise Untrusted("the keys of the root are not those of the members")
