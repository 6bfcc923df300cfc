"""Editions of the list: what changed from one to the next, and its contents, which partners sign.

Law (deltas): an edition with each difference after it applied, in order, is the newest edition.
Law (threshold): an edition counts only when so many partners of today signed its contents, each
file is as they say, it has not ended, and no newer one was seen.

Source: DSSE 1.0 for the signatures; the rest is the house's own, in JSON.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final, TypeVar

import msgspec

from accord.core.errors import Invalid
from accord.exchange import dsse
from accord.identity.keys import Signer, verify
from accord.identity.partners import Directory, Untrusted
from accord.outreach.dangers.model import Danger
from accord.outreach.lists.formats import Head, Whole, write

T = TypeVar("T")

MEDIA: Final = "application/vnd.accord.list-contents+json"
CONTENTS: Final = "contents.json"
NEWEST: Final = "dangers.json"
KEPT: Final = 30
"""Differences that are kept."""
LONGEST: Final = 64 << 10
_DELTA: Final = re.compile(r"delta-([0-9]{1,10})-([0-9]{1,10})\.json")
_SIGNED: Final = re.compile(r"contents\.[a-z0-9-]{1,60}\.dsse")


class Delta(msgspec.Struct, frozen=True):
    """What changed between two editions."""

    before: int
    after: int
    made: str
    added: tuple[Danger, ...]
    removed: tuple[Danger, ...]


class File(msgspec.Struct, frozen=True):
    """A file of an edition."""

    name: str
    size: int
    sha256: str


class Contents(msgspec.Struct, frozen=True):
    """What an edition consists of."""

    number: int
    made: str
    expires: str
    files: tuple[File, ...]


class Verified(msgspec.Struct, frozen=True):
    """An edition that counts."""

    contents: Contents
    partners: tuple[str, ...]
    """Who signed it."""


def edition(
    dangers: Sequence[Danger], before: Mapping[str, bytes], head: Head, expires: str
) -> dict[str, bytes]:
    """The files of the next edition; `before` holds those of the last, `head.number` is ignored.

    Raises:
        Invalid: what stands there is no edition.
    """
    last = whole(before[NEWEST]) if NEWEST in before else None
    new = tuple(sorted(set(dangers)))
    if last is not None and last.dangers == new:
        files = {name: data for name, data in before.items() if not _SIGNED.fullmatch(name)}
        files.pop(CONTENTS, None)
        return files | {CONTENTS: _contents(last.number, head.made, expires, files)}
    number = 1 if last is None else last.number + 1
    head = msgspec.structs.replace(head, number=number)
    files = write(new, head)
    if last is not None:
        changed = Delta(
            last.number, number, head.made,
            tuple(sorted(set(new) - set(last.dangers))),
            tuple(sorted(set(last.dangers) - set(new))),
        )  # fmt: skip
        files[f"delta-{last.number}-{number}.json"] = msgspec.json.encode(changed)
    for name, data in before.items():
        found = _DELTA.fullmatch(name)
        if found and int(found[2]) > number - KEPT and name not in files:
            files[name] = data
    return files | {CONTENTS: _contents(number, head.made, expires, files)}


def is_ours(name: str) -> bool:
    """Whether a file is one of an edition, or a signature."""
    return name == CONTENTS or bool(_DELTA.fullmatch(name) or _SIGNED.fullmatch(name))


def apply(before: Whole, delta: Delta) -> Whole:
    """An edition with a difference applied.

    Raises:
        Invalid: the difference is of another edition.
    """
    held = set(before.dangers)
    if delta.before != before.number or delta.after <= delta.before:
        raise Invalid(f"it is of edition {delta.before}, not of {before.number}", "delta")
    if not held.issuperset(delta.removed) or held & set(delta.added):
        raise Invalid("it removes what is not there, or adds what is", "delta")
    left = (held - set(delta.removed)) | set(delta.added)
    return Whole(delta.after, delta.made, tuple(sorted(left)))


def whole(data: bytes) -> Whole:
    """A list as `dangers.json` holds it.

    Raises:
        Invalid: it is none.
    """
    return _read(data, Whole)


def delta(data: bytes) -> Delta:
    """A difference.

    Raises:
        Invalid: it is none.
    """
    return _read(data, Delta)


def sign(contents: bytes, signers: Sequence[Signer]) -> bytes:
    """A partner's signature over the contents, in an envelope."""
    return dsse.write(MEDIA, contents, *signers)


def signature_name(partner: str) -> str:
    """The name of the file with a partner's signature."""
    return f"contents.{partner}.dsse"


def check(
    files: Mapping[str, bytes],
    directory: Directory,
    threshold: int,
    *,
    now: str,
    seen: int = 0,
) -> Verified:
    """Whether an edition counts; `files` are those of its folder, `seen` the newest number so far.

    Raises:
        Invalid: it does not; the text says why.
    """
    payload = files.get(CONTENTS, b"")
    if len(payload) > LONGEST:
        raise Invalid(f"{len(payload):,} bytes of {CONTENTS}; the limit is {LONGEST:,}")
    found = _read(payload, Contents)
    signed = tuple(sorted({
        name for file, data in files.items() if _SIGNED.fullmatch(file)
        for name in _partner(data, payload, directory)
    }))  # fmt: skip
    if threshold < 1 or len(signed) < threshold:
        who = ", ".join(signed) or "nobody"
        raise Invalid(f"signed by {who}: {len(signed)} of the {threshold} partners that it takes")
    if found.expires <= now:
        raise Invalid(f"it ended {found.expires[:16]}Z: get a newer one")
    if found.number < seen:
        raise Invalid(f"edition {found.number} is older than {seen}, which was seen already")
    for one in found.files:
        data = files.get(one.name)
        if data is None or len(data) != one.size or sha256(data).hexdigest() != one.sha256:
            raise Invalid(f"{one.name} is not as the contents say")
    return Verified(found, signed)


def _partner(data: bytes, payload: bytes, directory: Directory) -> list[str]:
    """The member that signed these bytes; none, where a signature does not hold."""
    try:
        signed = dsse.read(data, MEDIA, LONGEST)
    except Invalid:
        return []
    names = set()
    for one in signed.signatures:
        known = directory.key(one.keyid)
        if known is None or not known[0].member or not known[1].in_use:
            return []
        try:
            verify(known[1], one.sig, dsse.pae(MEDIA, payload))
        except Untrusted:
            return []
        names.add(known[0].name)
    return sorted(names) if len(names) == 1 else []


def _contents(number: int, made: str, expires: str, files: Mapping[str, bytes]) -> bytes:
    listed = tuple(
        File(name, len(data), sha256(data).hexdigest()) for name, data in sorted(files.items())
    )
    return msgspec.json.encode(Contents(number, made, expires, listed))


def _read(data: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
        raise Invalid(f"it is no {kind.__name__.lower()} of a list: {wrong}") from wrong
