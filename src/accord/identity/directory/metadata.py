"""The directory's signed files: their names, bounds and lifetimes, and how they are made and read.

root        whose keys sign each file, and how many must; by a threshold of partners
targets     the hash of every record; by the same threshold
snapshot    which version of targets is current; by any partner
timestamp   which snapshot is current, for two weeks; by any partner

Law (versions): the version of a snapshot is a thousand times that of its targets, and more; the
version of a timestamp is a million times that of its snapshot, and more. So partners who extend
files on their own never pass one that has newer records.
Source: The Update Framework specification 1.0, sections 4 and 6.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, TypeVar

# Both packages leave out of `__all__` what their documentation tells one to import.
from securesystemslib.signer import Signature, SSlibKey  # type: ignore[attr-defined]
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import (  # type: ignore[attr-defined]
    Metadata,
    MetaFile,
    Role,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from accord.core import json
from accord.core.errors import Invalid, TooLarge
from accord.core.limits import Limits
from accord.core.times import when
from accord.identity.directory.records import (
    CHARTER,
    LARGEST,
    MOST_PARTNERS,
    RECORD,
    Charter,
    role_scheme,
    write_charter,
    write_partner,
)
from accord.identity.keys import KEY_TYPES, Signer, keyid_of
from accord.identity.partners import Directory, Untrusted

__all__ = [
    "Metadata", "Role", "Root", "Signature", "Snapshot", "TargetFile", "Targets", "Timestamp",
]  # fmt: skip

T = TypeVar("T", Root, Timestamp, Snapshot, Targets)

TIMESTAMP_DAYS = 14
"""How long somebody can be kept from seeing a change; long enough for a node to be away a week."""
SNAPSHOT_DAYS = 90
"""Made anew by any partner, long before."""
THRESHOLD_DAYS = 365
"""For root and targets: enough partners meet and sign once a year at least."""
SNAPSHOTS = 1000
"""Snapshots of one version of targets."""
TIMESTAMPS = 1_000_000
"""Timestamps of one snapshot."""
TIMESTAMP = "timestamp.json"

BOUNDS: dict[type[Root | Timestamp | Snapshot | Targets], int] = {
    Root: 2 * 1024 * 1024,
    Targets: 1024 * 1024,
    Snapshot: 64 * 1024,
    Timestamp: 64 * 1024,
}
"""Bytes of each file at most: room for 200 keys and signatures of ML-DSA-65."""
_DEPTH = 12
_MOST_KEYS = 2 * MOST_PARTNERS
_FILE = re.compile(
    r"timestamp\.json|[1-9][0-9]{0,8}\.(?:root|targets)\.json|[1-9][0-9]{0,11}\.snapshot\.json"
    r"|[0-9a-f]{64}\.(?:partnership|[a-z0-9-]{1,32}\.partner)\.json",
    re.ASCII,
)


def is_file_name(name: str) -> bool:
    """Whether a file of the directory can have this name."""
    return _FILE.fullmatch(name) is not None


def file_name(role: type[Root | Snapshot | Targets], version: int) -> str:
    """Under which name a version of a file is kept: `3.root.json`."""
    return f"{version}.{role.type}.json"


def record_file_name(target: TargetFile) -> str:
    """Under which name a record is kept: its hash, then its own name."""
    return f"{target.hashes['sha256']}.{target.path}"


def moment(text: str) -> datetime:
    """A `when()` as the time that metadata is compared with."""
    return datetime.fromisoformat(text)


def expiry(signed: Root | Timestamp | Snapshot | Targets) -> str:
    """When a file expires, as `when()`."""
    return when(signed.expires.isoformat())


@contextmanager
def refusing(place: str) -> Iterator[None]:
    """What the library says of a file that it does not take, as our own error."""
    try:
        yield
    except (RepositoryError, ValueError, KeyError, TypeError, AttributeError) as wrong:
        said = str(wrong.__cause__ or wrong) or type(wrong).__name__
        raise Untrusted(f"{place} of the directory is refused: {said}") from wrong


def read(role: type[T], data: bytes, place: str) -> Metadata[T]:
    """A file as it claims to be; nothing in it is verified yet.

    Raises:
        Invalid: not such a file, larger than its bound, or with a key that is not its own.
    """
    if len(data) > BOUNDS[role]:
        raise TooLarge(f"{len(data):,} bytes; the limit is {BOUNDS[role]:,}", place)
    try:
        json.decode_strict(data, Limits(bytes=BOUNDS[role], depth=_DEPTH))
        with refusing(place):
            made: Metadata[T] = Metadata.from_bytes(data)
    except Invalid as wrong:
        raise type(wrong)(wrong.reason, f"{place}{wrong.place}") from wrong
    except Untrusted as wrong:
        raise Invalid(str(wrong), place) from wrong
    if made.signed.type != role.type:
        raise Invalid(f"not a {role.type} file", place)
    if len(made.signatures) > _MOST_KEYS:
        raise TooLarge(f"{len(made.signatures)} signatures", place)
    if isinstance(made.signed, Root):
        _check_keys(made.signed, place)
    return made


def _check_keys(root: Root, place: str) -> None:
    """A key under two identifiers would count twice towards a threshold (specification, 4.2.1)."""
    if len(root.keys) > _MOST_KEYS:
        raise TooLarge(f"{len(root.keys)} keys", place)
    for keyid, key in root.keys.items():
        public = str(key.keyval.get("public"))
        if KEY_TYPES.get(key.scheme) != key.keytype or keyid_of(key.scheme, public) != keyid:
            raise Invalid(f"{keyid[:12]!r} is not the identifier of its key", place)


def verify(made: Metadata[T], root: Root, place: str) -> None:
    """Whether enough of those whom a root names for this file have signed it.

    Raises:
        Untrusted: they have not.
    """
    with refusing(place):
        root.verify_delegate(made.signed.type, made.signed_bytes, made.signatures)


def signers_of(made: Metadata[Any], root: Root, role: str) -> frozenset[str]:
    """Identifiers of the keys of a role that validly signed a file."""
    with refusing(role):
        result = root.get_verification_result(role, made.signed_bytes, made.signatures)
    return frozenset(result.signed)


def sign(made: Metadata[Any], signers: Iterable[Signer], roots: Iterable[Root]) -> int:
    """Add the signature of each signer that one of the roots asks of this file; gives how many.

    Raises:
        CannotSign: a key did not answer.
    """
    wanted = {keyid for root in roots for keyid in root.roles[made.signed.type].keyids}
    count = 0
    for signer in signers:
        if signer.keyid in wanted:
            signature = signer.sign(made.signed_bytes)
            made.signatures[signer.keyid] = Signature(signer.keyid, signature.hex())
            count += 1
    return count


def write(made: Metadata[Any]) -> bytes:
    """A file as bytes."""
    return made.to_bytes()


def make_root(directory: Directory, version: int, now: str) -> Metadata[Root]:
    """The root that follows from a list of partners: each member has one key in every role."""
    scheme = role_scheme(directory.policy)
    keys: dict[str, Any] = {}
    for member in directory.members():
        key = member.current(scheme)
        assert key is not None  # a directory has been checked
        public = {"public": key.public}
        keys[key.keyid] = SSlibKey(key.keyid, KEY_TYPES[key.scheme], key.scheme, public)
    every = sorted(keys)
    roles = {
        "root": Role([*every], directory.threshold),
        "targets": Role([*every], directory.threshold),
        "snapshot": Role([*every], 1),
        "timestamp": Role([*every], 1),
    }
    return Metadata(Root(version, None, _after(now, THRESHOLD_DAYS), keys, roles))


def same_roles(one: Root, other: Root) -> bool:
    """Whether two roots trust the same keys in the same way."""
    return (
        one.keys == other.keys
        and one.roles == other.roles
        and one.consistent_snapshot == other.consistent_snapshot
    )


def latest(now: str) -> str:
    """Until when a file may hold that is signed now, as `when()`, with a day for other clocks."""
    return when(_after(now, THRESHOLD_DAYS + 1).isoformat())


def make_targets(records: Mapping[str, bytes], version: int, now: str) -> Metadata[Targets]:
    """Targets that name each record by its hash."""
    files = {name: TargetFile.from_data(name, data) for name, data in sorted(records.items())}
    return Metadata(Targets(version, None, _after(now, THRESHOLD_DAYS), files))


def make_snapshot(targets: bytes, version: int, extended: int, now: str) -> Metadata[Snapshot]:
    """A snapshot of one version of targets, extended so many times."""
    meta = {"targets.json": MetaFile.from_data(version, targets, ["sha256"])}
    return Metadata(
        Snapshot(version * SNAPSHOTS + extended, None, _after(now, SNAPSHOT_DAYS), meta)
    )


def make_timestamp(snapshot: bytes, version: int, extended: int, now: str) -> Metadata[Timestamp]:
    """A timestamp of one snapshot, extended so many times."""
    meta = MetaFile.from_data(version, snapshot, ["sha256"])
    return Metadata(
        Timestamp(version * TIMESTAMPS + extended, None, _after(now, TIMESTAMP_DAYS), meta)
    )


def records_of(charter: Charter, directory: Directory) -> dict[str, bytes]:
    """The records of a directory, by the names of the targets."""
    records = {f"{p.name}{RECORD}": write_partner(p) for p in directory.partners}
    return {CHARTER: write_charter(charter), **records}


def kept_records(records: Mapping[str, bytes]) -> dict[str, bytes]:
    """Records by the names under which they are kept."""
    return {f"{sha256(data).hexdigest()}.{name}": data for name, data in records.items()}


def check_pin(pin: MetaFile | TargetFile, data: bytes, place: str) -> None:
    """Whether a file is the one that another file names: its length and its SHA-256.

    Raises:
        Untrusted: it is not, or the other file names neither.
    """
    if pin.length is None or not pin.hashes or "sha256" not in pin.hashes:
        raise Untrusted(f"{place} of the directory is named without length and SHA-256")
    with refusing(place):
        pin.verify_length_and_hashes(data)


def largest(pin: MetaFile | TargetFile, role: type[Snapshot | Targets] | None = None) -> int:
    """How many bytes to ask for at most, of a file that another file names."""
    most = BOUNDS[role] if role else LARGEST
    return min(pin.length, most) if pin.length else most


def _after(now: str, days: int) -> datetime:
    return moment(now) + timedelta(days=days)
