"""What is new in a partner's log: verified as a whole before anything of it is used.

Law (append only): what is given here leads from the entries that this node has applied to the root
in a checkpoint that the partner signed; whatever else it answers is refused.

Source: RFC 6962, section 2.1; C2SP tlog-checkpoint and tlog-tiles.
"""

from __future__ import annotations

from functools import partial

import msgspec

from accord.core.errors import AccordError, Invalid
from accord.exchange.log import checkpoint as notes
from accord.exchange.log import names, proofs
from accord.exchange.log.checkpoint import Checkpoint
from accord.exchange.log.merkle import Frontier, leaves
from accord.exchange.log.tiles import TileReader
from accord.flows.exchange.following.port import Follow
from accord.flows.exchange.following.remote import Misbehaved, Remote
from accord.identity.partners import Directory, Partner, Untrusted

MOST = 5_000_000
"""Entries that are taken up at once: they are held in memory until they are verified."""


class SplitView(AccordError):
    """A partner signed two checkpoints that cannot both be true."""

    def __init__(self, reason: str, ours: bytes, theirs: bytes) -> None:
        super().__init__(reason)
        self.ours = ours
        """The signed note that this node holds."""
        self.theirs = theirs
        """The one that contradicts it."""


class Delta(msgspec.Struct, frozen=True):
    """The entries past those that are applied."""

    note: bytes
    """The signed checkpoint that they lead to."""
    point: Checkpoint
    entries: list[bytes]


def fetch(
    remote: Remote, follow: Follow, partner: Partner, directory: Directory, most: int = MOST
) -> Delta:
    """What is new.

    Raises:
        SplitView: the log is not the one that was seen before.
        Untrusted: the checkpoint is not signed by the partner, or is of another log.
        Misbehaved: the entries are not those of the checkpoint; nothing was taken.
    """
    note, contradicts = remote.checkpoint(follow.log, follow.checkpoint)
    held = notes.peek(follow.checkpoint) if follow.checkpoint else None
    if contradicts and held is not None:
        reason = (
            f"{partner.name} says itself that log {follow.name} no longer begins with the"
            f" {held.size:,} entries that it signed"
        )
        raise SplitView(reason, follow.checkpoint, note)
    point = _verified(note, follow, partner, directory)
    if held is not None:
        _grew(held, point, follow, note)
    if point.size - follow.size > most:
        raise Misbehaved(
            f"{partner.name}: log {follow.name} has {point.size - follow.size:,} new entries;"
            f" {most:,} are taken at once"
        )
    entries = [
        entry for bundle in remote.entries(follow.log, follow.size, point.size) for entry in bundle
    ]
    if not _leads(follow.frontier, entries, held, point):
        _accuse(remote, follow, held, point, note)
    return Delta(note, point, entries)


def _verified(note: bytes, follow: Follow, partner: Partner, directory: Directory) -> Checkpoint:
    """The checkpoint in a note, signed by this partner for this log."""
    name = names.key_name(directory.partnership, partner.name)
    try:
        point = notes.open_note(note, name, partner.keys)
    except Invalid as wrong:
        raise Misbehaved(f"{partner.name}: not a checkpoint: {wrong}") from wrong
    if point.origin != names.origin(directory.partnership, partner.name, follow.log):
        raise Untrusted(
            f"{partner.name} answers with a checkpoint of {point.origin[:200]!r} when asked for"
            f" log {follow.log}"
        )
    return point


def _grew(held: Checkpoint, point: Checkpoint, follow: Follow, note: bytes) -> None:
    """Refuse a log that is shorter than before, or as long and another."""
    if point.size < held.size:
        what = f"went back from {held.size:,} entries to {point.size:,}"
    elif point.size == held.size and point.root != held.root:
        what = f"has two different states of {held.size:,} entries"
    else:
        return
    raise SplitView(f"log {follow.name} of {follow.partner} {what}", follow.checkpoint, note)


def _leads(
    frontier: Frontier, entries: list[bytes], held: Checkpoint | None, point: Checkpoint
) -> bool:
    """Whether the entries lead from what is applied to what is held, and on to what is new."""
    if frontier.size + len(entries) != point.size:
        return False
    between = 0 if held is None else held.size - frontier.size
    middle = frontier.extend(leaves(entries[:between]))
    if held is not None and middle.root() != held.root:
        return False
    return middle.extend(leaves(entries[between:])).root() == point.root


def _accuse(
    remote: Remote, follow: Follow, held: Checkpoint | None, point: Checkpoint, note: bytes
) -> None:
    """Tell wrong entries, which may be asked for again, from a log that is no longer the same.

    Raises:
        Misbehaved: the checkpoints agree, or there is only one; the entries are wrong.
        SplitView: there is no proof that the one leads to the other.
    """
    bad = Misbehaved(
        f"{follow.partner}: the entries of log {follow.name} are not those of its checkpoint of"
        f" {point.size:,} entries; nothing was taken"
    )
    if held is None:
        raise bad
    reader = TileReader(partial(remote.tile, follow.log), point.size)
    try:
        proof = reader.consistency(held.size)
        proofs.verify_consistency(held.size, point.size, held.root, point.root, proof)
    except (Untrusted, Invalid) as wrong:
        reason = (
            f"log {follow.name} of {follow.partner} with {point.size:,} entries does not begin"
            f" with the {held.size:,} that it signed before"
        )
        raise SplitView(reason, follow.checkpoint, note) from wrong
    raise bad
