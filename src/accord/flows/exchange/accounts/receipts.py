"""Receipts: what was decided on what may leave, and partners' words that they applied it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from accord.core.errors import AccordError, Invalid
from accord.exchange import acknowledgements, receipts
from accord.exchange.acknowledgements import Acknowledgement
from accord.exchange.log import checkpoint as notes
from accord.exchange.log import names
from accord.exchange.receipts import Line
from accord.identity.partners import Directory, Untrusted

APART = 2 * 60 * 60
"""Seconds by which clocks may differ and nodes still speak to each other."""


class Cosignature(msgspec.Struct, frozen=True):
    """A partner's word, as it is kept."""

    audience: str
    log: str
    partner: str
    size: int
    root: bytes
    statement: bytes
    at: str
    """`when()` it was cosigned, by the partner's clock."""
    received: str
    quarantined: str


class Verified(msgspec.Struct, frozen=True):
    """What was found of the receipts."""

    lines: int
    """Lines whose chain is whole."""
    head: str
    """Hash after the last of them, hexadecimal; whoever noted it can tell if lines were cut off."""
    broken: int | None
    """Number of the first line that does not follow from the one before it; None: all do."""
    cosignatures: int
    """Partners' words that hold."""
    wrong: tuple[str, ...]
    """What does not hold, each with its place."""
    later: tuple[str, ...] = ()
    """What holds by a key that was revoked after it had come, and when and why that was."""
    cut: int = 0
    """Lines that were there once, as is remembered outside the database, and are missing now."""


class Receipts(Protocol):
    """The disclosure log, as it is kept."""

    def newest(self, recipients: Iterable[str], object_: str, limit: int) -> Sequence[bytes]:
        """Lines, the newest first; 0 is no limit."""
        ...

    def rows(self) -> Iterator[tuple[int, bytes, bytes, str, str]]:
        """Number, line, hash, recipient and object of every row, in order."""
        ...

    def remembered(self) -> tuple[int, str] | None:
        """Lines and head, as they were last remembered outside the database.

        Raises:
            AccordError: what was remembered cannot be read.
        """
        ...

    def cosignatures(self) -> Iterator[Cosignature]:
        """Every word of a partner that is kept."""
        ...


def lines(
    kept: Receipts, partners: Sequence[str], clients: Sequence[str], object_: str, limit: int
) -> list[Line]:
    """Decisions, the newest first; of the partners and clients that are named, else of all.

    Raises:
        Invalid: a line is damaged; `accord receipts --verify` says where the first one is.
    """
    labels = [f"partner:{name}" for name in partners] + [f"client:{name}" for name in clients]
    return [receipts.read(line) for line in kept.newest(labels, object_, limit)]


def verify(kept: Receipts, directory: Directory | None) -> Verified:
    """Walk the whole chain, and check every cosignature against the directory's keys.

    Each counts by the keys of the day on which it came, by this node's own clock: what came before
    a key was revoked was looked at then, and holds.
    """
    wrong: list[str] = []
    end = _End(kept, wrong)
    chain = receipts.verify_chain(_agreeing(end.past(kept.rows()), wrong))
    if chain.broken is not None:
        wrong.insert(0, f"line {chain.broken} does not follow from the one before it")
    cut = 0 if chain.broken else end.compare(chain.lines)
    holding = 0
    later: Counter[str] = Counter()
    gaps = _Gaps()
    for one in kept.cosignatures():
        then, since = _then(one, directory)
        reason = _refuted(one, then) or gaps.before(one)
        holding += not reason
        if since and not reason:
            later[since] += 1
        if reason:
            wrong.append(
                f"the receipt of {one.partner} for {one.audience}, {one.size} entries: {reason}"
            )
    told = tuple(f"{count:,} of them {since}" for since, count in sorted(later.items()))
    return Verified(chain.lines, chain.head.hex(), chain.broken, holding, tuple(wrong), told, cut)


def _then(one: Cosignature, directory: Directory | None) -> tuple[Directory | None, str]:
    """The directory as of when a cosignature came, and what was revoked since of what signed it.

    A key that was revoked later counts as one that was laid down.
    """
    member = directory.partner(one.partner) if directory else None
    if directory is None or member is None or not any(key.revoked for key in member.keys):
        return directory, ""
    at = max(one.at, one.received)
    keys, since = [], ""
    for key in member.keys:
        after = key.revoked > at
        keys.append(msgspec.structs.replace(key, revoked="") if after else key)
        if after and key.keyid in acknowledgements.keyids(one.statement):
            why = f" ({key.why})" if key.why else ""
            since = (
                f"are by key {key.keyid[:12]} of {one.partner}, which was revoked on"
                f" {key.revoked[:16]}Z{why}, after they had come"
            )
    then = msgspec.structs.replace(member, keys=tuple(keys))
    partners = tuple(then if p.name == member.name else p for p in directory.partners)
    return msgspec.structs.replace(directory, partners=partners), since


class _Gaps:
    """Whether each word of a partner follows the one before it, which it names by its size."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], int] = {}

    def before(self, one: Cosignature) -> str:
        """Why there was another one before a word that holds, or empty; in the order of sizes."""
        whose = one.log, one.partner
        last = self._last.get(whose, 0)
        self._last[whose] = one.size
        old = acknowledgements.peek(one.statement).old
        # A second word about one size took the place of the first.
        if old in (last, one.size):
            return ""
        return f"it follows one for {old:,} entries, which is missing"


class _End:
    """What is remembered of the end of the disclosure log, and the line that stands there now."""

    def __init__(self, kept: Receipts, wrong: list[str]) -> None:
        self._wrong = wrong
        self._lines, self._head = 0, ""
        self._now = b""
        try:
            self._lines, self._head = kept.remembered() or (0, "")
        except AccordError as unreadable:
            wrong.append(str(unreadable))

    def past(
        self, rows: Iterable[tuple[int, bytes, bytes, str, str]]
    ) -> Iterator[tuple[int, bytes, bytes, str, str]]:
        """The rows, as they go by."""
        for row in rows:
            if row[0] == self._lines:
                self._now = row[2]
            yield row

    def compare(self, lines: int) -> int:
        """How many lines were cut off from a whole chain; what does not hold is noted."""
        cut = max(0, self._lines - lines)
        if cut:
            self._wrong.insert(
                0, f"the end was cut off: of {self._lines:,} lines with head {self._head} the last"
                f" {cut:,} are missing",
            )  # fmt: skip
        elif self._lines and self._now.hex() != self._head:
            self._wrong.insert(
                0, f"the chain is another one: line {self._lines:,} had the hash {self._head}"
            )  # fmt: skip
        return cut


def _agreeing(
    rows: Iterable[tuple[int, bytes, bytes, str, str]], wrong: list[str]
) -> Iterator[tuple[int, bytes, bytes]]:
    """The rows, once what they are looked up by is seen to be what their lines say."""
    for number, line, hash_, recipient, object_ in rows:
        yield number, line, hash_
        try:
            said = receipts.read(line)
        except Invalid:
            continue
        if not wrong and (said.recipient, said.object) != (recipient, object_):
            wrong.append(f"line {number} is filed under another recipient or object than it names")


def _refuted(one: Cosignature, directory: Directory | None) -> str:
    """Why a cosignature does not hold, or empty."""
    if directory is None:
        return "this node is in no partnership, whose keys would tell"
    try:
        said = acknowledgements.read(one.statement, directory, one.partner, history=True)
    except (Invalid, Untrusted) as why:
        return str(why)
    if (said.log, said.size, said.root) != (one.log, one.size, one.root.hex()):
        return "it is filed under another log, size or root than it names"
    if msgspec.json.encode(said.quarantined).decode() != one.quarantined:
        return "it is filed with other quarantined entries than it names"
    return _mistimed(one, said, directory)


def _mistimed(one: Cosignature, said: Acknowledgement, directory: Directory) -> str:
    """Why the times of a cosignature cannot be those of the statement, or empty."""
    member = directory.partner(one.partner)
    name = names.key_name(directory.partnership, one.partner)
    keys = member.keys if member else ()
    _, signed = notes.verify_cosignature(said.checkpoint.encode(), name, keys, history=True)
    at, received = _seconds(one.at), _seconds(one.received)
    # A later word about one size takes the place of the first; the times stay those of the first.
    first = said.old < said.size
    if at is None or at > signed or (first and at != signed):
        return "it is filed under another time than it was cosigned at"
    if received is None or received < at - APART:
        return "it is filed as received before it was cosigned"
    return ""


def _seconds(at: str) -> int | None:
    """Whole seconds since 1970; none for what is not a time."""
    try:
        return notes.posix(at)
    except ValueError:
        return None
