"""Receipts: what was decided on what may leave, and partners' words that they applied it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from accord.core.errors import Invalid
from accord.exchange import acknowledgements, receipts
from accord.exchange.receipts import Line
from accord.identity.partners import Directory, Untrusted


class Cosignature(msgspec.Struct, frozen=True):
    """A partner's word, as it is kept."""

    audience: str
    log: str
    partner: str
    size: int
    root: bytes
    statement: bytes
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


class Receipts(Protocol):
    """The disclosure log, as it is kept."""

    def newest(self, recipients: Iterable[str], object_: str, limit: int) -> Sequence[bytes]:
        """Lines, the newest first; 0 is no limit."""
        ...

    def rows(self) -> Iterator[tuple[int, bytes, bytes, str, str]]:
        """Number, line, hash, recipient and object of every row, in order."""
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
    """Walk the whole chain, and check every cosignature against the directory's keys."""
    wrong: list[str] = []
    chain = receipts.verify_chain(_agreeing(kept.rows(), wrong))
    if chain.broken is not None:
        wrong.insert(0, f"line {chain.broken} does not follow from the one before it")
    holding = 0
    for one in kept.cosignatures():
        reason = _refuted(one, directory)
        holding += not reason
        if reason:
            wrong.append(
                f"the receipt of {one.partner} for {one.audience}, {one.size} entries: {reason}"
            )
    return Verified(chain.lines, chain.head.hex(), chain.broken, holding, tuple(wrong))


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
    return ""
