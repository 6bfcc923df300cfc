"""Envelopes, fetched by their commitments: the one way in which content leaves to partners.

Law (live only): nothing is sent that is not live in this log, for this member, now.
Law (receipt first): every decision is in the disclosure log, for good, before a byte leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from accord.exchange.log.entries import commitment
from accord.exchange.receipts import Line
from accord.exchange.release import Circle, Decision, Subject, Way, decide
from accord.flows.exchange.answering.asked import (
    BYTES,
    Asked,
    answer,
    not_understood,
    too_large,
)
from accord.flows.exchange.answering.lines import line
from accord.flows.exchange.answering.port import Committed, Damaged, Kept
from accord.flows.exchange.answering.subjects import Subjects, body_of
from accord.flows.exchange.messages import Response

MOST = 1000
"""Commitments of one request."""
LARGEST = 16 << 20
"""Bytes of one answer; what does not fit is left to the next request."""

_WIDTH = sha256().digest_size
_LENGTH = 4
_WITHHELD = bytes(_LENGTH)


def blobs(asked: Asked) -> Response:
    """For each commitment, in order: a length in 4 bytes, salt and envelope; 0 for withheld."""
    wanted = _wanted(asked.request.body)
    found = asked.means.answers.committed(asked.log.audience, set(wanted))
    wanted = wanted[: _fitting(wanted, found)]
    batch = _Batch(asked, {one: found[one] for one in wanted if one in found})
    items = dict(batch.items())
    asked.means.answers.record(batch.lines)
    return answer(b"".join([items.get(one, _WITHHELD) for one in wanted]), BYTES)


def _wanted(body: bytes) -> list[bytes]:
    """The commitments that are asked for."""
    if len(body) > MOST * _WIDTH:
        raise too_large()
    if not body or len(body) % _WIDTH:
        raise not_understood()
    return [body[at : at + _WIDTH] for at in range(0, len(body), _WIDTH)]


def _fitting(wanted: list[bytes], found: dict[bytes, Committed]) -> int:
    """How many of them are answered: all, or as many as fit, but one at least."""
    room = LARGEST
    for count, one in enumerate(wanted):
        room -= _LENGTH + _size(found.get(one))
        if room < 0 and count:
            return count
    return len(wanted)


def _size(one: Committed | None) -> int:
    return len(one.salt) + one.kept.size if one and one.kept else 0


class _Batch:
    """The commitments of one request that are in the log, decided one by one."""

    def __init__(self, asked: Asked, found: dict[bytes, Committed]) -> None:
        self.lines: list[Line] = []
        self._asked = asked
        self._found = found
        log, means = asked.log, asked.means
        self._me, self._now = means.trust.me(), means.clock.now()
        members = means.answers.members(log.audience)
        self._circle = Circle(log.name, self._me, members, log.everyone)
        self._subjects = Subjects(means.around(), self._decide)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """What is sent for each commitment; those that are withheld are left out."""
        live = {name: one.kept for name, one in self._found.items() if one.kept and one.salt}
        envelopes = self._asked.means.answers.envelopes([kept.id for kept in live.values()])
        self._subjects.learn(live.values())
        for name, one in self._found.items():
            if one.kept is None:
                raise Damaged(f"entry {one.number} stands for no envelope")
            envelope = envelopes.get(one.kept.id, b"") if one.salt else b""
            rule = self._unsent(one, envelope)
            if rule:
                self._note(one.kept, "no", rule)
                continue
            body = self._checked(name, one, one.kept, envelope)
            decision = self._decide(self._subjects.of(one.kept, body))
            # What was committed is sent as it is or not at all: redacted, it would be another.
            sent = decision.outcome == "yes"
            self._note(one.kept, "yes" if sent else "no", decision.rule, sent=sent)
            if sent:
                item = one.salt + envelope
                yield name, len(item).to_bytes(_LENGTH, "big") + item

    def _unsent(self, one: Committed, envelope: bytes) -> str:
        """Why an entry is not sent whatever its marking, or empty."""
        if one.state != "live":
            return one.state
        if one.number < self._asked.log.since:
            return "history"
        return "" if envelope else "recalled"

    def _checked(self, name: bytes, one: Committed, kept: Kept, envelope: bytes) -> bytes:
        """The object's bytes, once the envelope is seen to be what was committed to."""
        body = body_of(kept, envelope)
        if commitment(one.salt, envelope) != name:
            raise Damaged(f"entry {one.number}: the salt is damaged; restore it from a backup")
        return body

    def _decide(self, subject: Subject) -> Decision:
        caller = self._asked.caller
        return decide(subject, caller, Way.SYNC, self._circle, self._me, self._now)

    def _note(self, kept: Kept, outcome: str, rule: str, *, sent: bool = False) -> None:
        digest = kept.digest if sent else ""
        label = self._asked.caller.label
        self.lines.append(line(kept, self._now, Way.SYNC, label, outcome, rule, digest))
