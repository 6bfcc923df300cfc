"""Audience logs as their members see them: which there are, checkpoints, tiles, entry bundles.

Nothing is given out, and no checkpoint is signed, before it was seen to lead to the log's root: a
damaged row would look to a partner like a second log of the same name.

Source: C2SP tlog-tiles and tlog-checkpoint.
"""

from __future__ import annotations

import re

import msgspec

from accord.core.errors import AccordError, Invalid
from accord.exchange.log import checkpoint as notes
from accord.exchange.log import names
from accord.exchange.log.merkle import HASH, leaves
from accord.exchange.log.tiles import WIDTH, TileReader, bundle, parse_path, path, split, tile_root
from accord.flows.exchange.answering.asked import (
    BRIEF,
    BYTES,
    FOREVER,
    JSON,
    NOTE,
    Asked,
    answer,
    not_here,
    not_understood,
    too_large,
)
from accord.flows.exchange.answering.port import Answers, Damaged, Evidence, Log
from accord.flows.exchange.answering.recalled import DIGEST
from accord.flows.exchange.messages import Response
from accord.identity.partners import PartnerKey, Untrusted

LARGEST_NOTE = 1 << 14
"""Bytes of a checkpoint that a caller may bring."""
MOST_LOGS = 1000
"""Logs that one may ask about at once."""

_HEIGHT = 8
_SINCE = re.compile(r"[0-9A-Za-z_-]{1,64}:(?:0|[1-9][0-9]{0,18})", re.ASCII)
_WAIT = re.compile(r"[0-9]{1,3}", re.ASCII)


class Listed(msgspec.Struct, frozen=True):
    """One log in a listing."""

    log: str
    name: str
    origin: str
    size: int


class _Listing(msgspec.Struct, frozen=True):
    logs: list[Listed]
    recalled: str
    heard: bool


def listing(asked: Asked) -> Response:
    """The logs of the caller's audiences, and the last notice of recall for it: its digest, and
    whether it has said that it has it.
    """
    means = asked.means
    partnership, me = means.directory().partnership, means.trust.me()
    rows = [
        Listed(log.log, log.name, names.origin(partnership, me, log.log), log.size)
        for log in means.answers.logs(asked.caller.name)
    ]
    recalled, heard = means.answers.newest_notice(asked.caller.name)
    return answer(msgspec.json.encode(_Listing(rows, recalled, heard)), JSON)


def changes(asked: Asked) -> Response:
    """As `listing`; whoever carries requests asks again until something changed.

    `since` is what the caller has, as `LOG:SIZE,LOG:SIZE`, `recalled` the last notice of recall
    that it has, and `wait` for how many seconds it waits: all are for whoever carries requests, and
    are only seen to be well-formed here.
    """
    given = asked.parameters("since", "recalled", "wait")
    parts = given["since"].split(",", MOST_LOGS) if given.get("since") else []
    if len(parts) > MOST_LOGS or not all(map(_SINCE.fullmatch, parts)):
        raise not_understood()
    if given.get("recalled") and not DIGEST.fullmatch(given["recalled"]):
        raise not_understood()
    if not _WAIT.fullmatch(given.get("wait", "0")):
        raise not_understood()
    return listing(asked)


def checkpoint(asked: Asked) -> Response:
    """The newest checkpoint of a log, signed."""
    return _newest(asked, Tiles(asked.means.answers, asked.log))


def _newest(asked: Asked, tiles: Tiles) -> Response:
    tiles.check()
    return answer(asked.means.notary.checkpoint(asked.log.log), NOTE)


def compared(asked: Asked) -> Response:
    """The newest checkpoint, unless the caller holds one of ours that this log does not continue.

    Then this node was restored from an old state, or its key signs elsewhere: it keeps both
    statements, and signs nothing more.
    """
    if not asked.request.body:
        return checkpoint(asked)
    log = asked.log
    held, tiles = _held(asked), Tiles(asked.means.answers, log)
    if held is None or (held.size <= log.size and tiles.root(held.size) == held.root):
        return _newest(asked, tiles)
    contradicted(asked, held, asked.request.body)
    return answer(log.checkpoint, NOTE, status=409)


def _held(asked: Asked) -> notes.Checkpoint | None:
    """The checkpoint that the caller brings, known to be signed by this node for this log.

    None where a key signed it that was revoked since: who holds one follows the log honestly, but
    it proves nothing against this node, since others may have signed it.
    """
    body = asked.request.body
    if len(body) > LARGEST_NOTE:
        raise too_large()
    try:
        return ours(asked, body)
    except Invalid as wrong:
        raise not_understood() from wrong
    except Untrusted as wrong:
        if _by_revoked_key(asked, body):
            return None
        raise not_understood() from wrong


def _by_revoked_key(asked: Asked, note: bytes) -> bool:
    directory, me = asked.means.directory(), asked.means.trust.me()
    name = names.key_name(directory.partnership, me)
    keys = [msgspec.structs.replace(key, revoked="") for key in keys_of(asked, me) if key.revoked]
    try:
        point = notes.open_note(note, name, keys, history=True)
    except Untrusted:
        return False
    return point.origin == names.origin(directory.partnership, me, asked.log.log)


def ours(asked: Asked, note: bytes) -> notes.Checkpoint:
    """A checkpoint of this log, known to be signed by a key of this node, of today or before.

    Raises:
        Untrusted: it is not signed by this node, or is of another log.
        Invalid: it is not a signed note.
    """
    directory, me = asked.means.directory(), asked.means.trust.me()
    name = names.key_name(directory.partnership, me)
    point = notes.open_note(note, name, keys_of(asked, me), history=True)
    if point.origin != names.origin(directory.partnership, me, asked.log.log):
        raise Untrusted("the checkpoint is of another log")
    return point


def keys_of(asked: Asked, partner: str) -> tuple[PartnerKey, ...]:
    """A partner's keys as the directory has them."""
    found = asked.means.directory().partner(partner)
    return found.keys if found else ()


def continues(answers: Answers, log: Log, held: notes.Checkpoint) -> bool:
    """Whether a log begins with what a checkpoint says.

    Raises:
        Damaged: the log here does not lead to its own root.
    """
    return held.size <= log.size and Tiles(answers, log).root(held.size) == held.root


def contradicted(asked: Asked, held: notes.Checkpoint, theirs: bytes) -> None:
    """Keep both statements, and sign nothing more."""
    log, now = asked.log, asked.means.clock.now()
    what = (
        f"{asked.caller.name} holds a checkpoint of {held.size} entries, signed by this node, that"
        f" the log of audience {log.name} ({log.size} entries) does not continue: this node was"
        " restored from an old state, or its key signs elsewhere"
    )
    own = log.checkpoint or notes.body(notes.Checkpoint(held.origin, log.size, log.root))
    evidence = Evidence(asked.caller.name, log.log, what, now, own, theirs)
    asked.means.answers.contradicted(evidence, seal=True)


def tile(asked: Asked) -> Response:
    """A tile or a bundle of entries; a full one never changes."""
    try:
        address = parse_path(f"tile/{asked.rest}")
    except Invalid as wrong:
        raise not_here() from wrong
    tiles = Tiles(asked.means.answers, asked.log)
    if address.level is None:
        body = tiles.bundle(address.number, address.width)
    else:
        body = tiles.tile(address.level, address.number, address.width)
    return answer(body, BYTES, FOREVER if address.width == WIDTH else BRIEF)


class Tiles:
    """Tiles of one log, each seen to lead to the log's root before it is given out."""

    def __init__(self, answers: Answers, log: Log) -> None:
        self._answers = answers
        self._log = log
        self._seen: dict[tuple[int, int], bytes] = {}
        self._whole = False

    def check(self) -> None:
        """Return only if the right edge of the tree leads to the root.

        Raises:
            Damaged: it does not.
        """
        if self._whole:
            return
        try:
            root = TileReader(self._stored, self._log.size).root()
        except Invalid as wrong:
            raise self._damaged(str(wrong)) from wrong
        if root != self._log.root:
            raise self._damaged("the tiles do not lead to the root")
        self._whole = True

    def root(self, size: int) -> bytes:
        """Root of the tree, or of what it was at a smaller size.

        Raises:
            Damaged: the tiles do not lead to the log's root.
        """
        return TileReader(self._checked, self._log.size).root(size)

    def tile(self, level: int, number: int, width: int) -> bytes:
        """The first hashes of a tile.

        Raises:
            Refused: the log has no such tile yet.
            Damaged: it does not lead to the log's root.
        """
        have = self._width(level, number)
        if width > have:
            raise not_here()
        return self._checked(level, number, have)[: width * HASH]

    def bundle(self, number: int, width: int) -> bytes:
        """The first entries of a bundle, each after its length (C2SP tlog-tiles).

        Raises:
            Refused: the log has no such bundle yet.
            Damaged: the entries are not those of the tree.
        """
        hashes = self.tile(0, number, width)
        entries = self._answers.entries(self._log.audience, number * WIDTH, width)
        if leaves(entries) != split(hashes):
            raise self._damaged(f"the entries of {path(None, number)} are not those of the tree")
        return bundle(entries)

    def _width(self, level: int, number: int) -> int:
        """Hashes that a tile has at this size; 0 or less where the log has not come to it."""
        return min(WIDTH, (self._log.size >> _HEIGHT * level) - number * WIDTH)

    def _checked(self, level: int, number: int, width: int) -> bytes:
        """A tile. A full one leads to the root through the one above it, a partial one directly."""
        self.check()
        hashes = self._stored(level, number, width)
        if width == WIDTH and (level, number) not in self._seen:
            above, at = divmod(number, WIDTH)
            row = self._checked(level + 1, above, self._width(level + 1, above))
            if tile_root(hashes) != row[at * HASH : (at + 1) * HASH]:
                raise self._damaged(f"{path(level, number)} does not lead to the root")
            self._seen[level, number] = hashes
        return hashes

    def _stored(self, level: int, number: int, width: int) -> bytes:
        known = self._seen.get((level, number))
        if known is not None:
            return known
        hashes = self._answers.tile(self._log.audience, level, number)[: width * HASH]
        if len(hashes) != width * HASH:
            raise self._damaged(f"{path(level, number, width)} is cut short")
        return hashes

    def _damaged(self, what: str) -> AccordError:
        return Damaged(f"the log of audience {self._log.name} is damaged: {what}")
