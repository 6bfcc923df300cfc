"""Whether a mail address or a telephone number stands in a breach, asked without telling which.

Who asks sends the first 20 bits of the SHA-256 of the identifier, and gets every hash of that
bucket with the breach in which it stands.

Law (clear): only notices that release gives to the public are answered from.
Law (one size): every bucket has as many bytes as every other.

A bucket is records of 34 bytes: a SHA-256, and the number of a breach from 1 on, two bytes with the
greater first; it is filled with zeros.
"""

from __future__ import annotations

from typing import Final

import msgspec

from accord.core.errors import AccordError
from accord.exchange.feeds.schedule import later
from accord.exchange.release import Subject
from accord.flows import notes
from accord.flows.outreach.alerting.egress import documents, keeps
from accord.flows.outreach.checking.port import Desk
from accord.flows.ports import NoteRow
from accord.identity.markings import Marking, Tlp, parse_tlp

RECORD: Final = 34
DIGITS: Final = 5
"""Hexadecimal digits by which a bucket is asked for."""
LEAST: Final = 16
MOST: Final = 65_535
"""Breaches that are told."""
_ANEW: Final = 120.0
"""Seconds after which notices that did not change are judged anew."""


class Breach(msgspec.Struct, frozen=True):
    """One breach, as the public is told of it."""

    title: str
    told: str
    """Day on which its notice was made."""


class Breaches(msgspec.Struct, frozen=True):
    """Every identifier of every breach that the public may be told of."""

    breaches: tuple[Breach, ...] = ()
    buckets: dict[str, bytes] = {}
    """Records by the digits with which their hashes begin."""
    records: int = LEAST
    """Of every bucket, filling included."""

    def bucket(self, digits: str) -> bytes:
        """A bucket as it is answered."""
        return self.buckets.get(digits, b"").ljust(self.records * RECORD, b"\0")

    def about(self, digest: str) -> tuple[Breach, ...]:
        """The breaches in which an identifier stands, by its hash in hexadecimal."""
        data = self.buckets.get(digest[:DIGITS], b"")
        wanted = bytes.fromhex(digest)
        numbers = [
            int.from_bytes(data[at + 32 : at + RECORD], "big")
            for at in range(0, len(data), RECORD)
            if data[at : at + 32] == wanted
        ]
        return tuple(self.breaches[number - 1] for number in numbers)


class Watch:
    """The breaches of a node, read anew when its notices change, and judged anew every while."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._rows: tuple[NoteRow, ...] = ()
        self._until = ""
        self._found = Breaches()

    def now(self) -> Breaches:
        """What the public may be told of now."""
        at = self._desk.clock.now()
        with self._desk.alerting.views.view() as view:
            rows = tuple(row for row in view.notes() if row.kind == "breach" and not row.revoked)
        if rows != self._rows or at >= self._until:
            self._found = collect(self._desk, rows)
            self._rows, self._until = rows, later(at, _ANEW)
        return self._found


def collect(desk: Desk, rows: tuple[NoteRow, ...]) -> Breaches:
    """What the public may be told of some notices, the oldest first."""
    told: list[Breach] = []
    records: dict[str, set[bytes]] = {}
    for row in sorted(rows, key=lambda row: (row.created, row.object, row.origin)):
        if len(told) == MOST or _kept(desk, row):
            continue
        with desk.alerting.views.view() as view:
            digests = notes.hashes(view, row)
        told.append(Breach(row.title, row.created[:10]))
        number = len(told).to_bytes(2, "big")
        for digest in digests:
            records.setdefault(digest[:DIGITS], set()).add(bytes.fromhex(digest) + number)
    size = LEAST
    while size < max(map(len, records.values()), default=0):
        size *= 2
    buckets = {digits: b"".join(sorted(found)) for digits, found in records.items()}
    return Breaches(tuple(told), buckets, size)


def _kept(desk: Desk, row: NoteRow) -> str:
    """Why release keeps a notice here; empty: it does not."""
    subject = Subject(
        row.object, row.version, "breach", desk.alerting.me,
        Marking(parse_tlp(row.tlp) if row.tlp else Tlp.CLEAR),
        sources=documents(desk.alerting, (row.document,)),
    )  # fmt: skip
    try:
        return keeps(desk.alerting, subject)
    except AccordError as wrong:
        return str(wrong)
