"""Vulnerability scanners of clients and of the public: what release lets them see, with receipts.

A document is seen through its envelope: what this node keeps and has not shared is not here. A
record that is made from several documents is derived from all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from urllib.parse import unquote

from msgspec.structs import replace

from accord.exchange.receipts import Line
from accord.exchange.release import Decision, Subject, Way, decide
from accord.flows.exchange.answering.asked import JSON, Asked, answer
from accord.flows.exchange.answering.lines import line
from accord.flows.exchange.answering.port import Kept
from accord.flows.exchange.answering.subjects import STIX, Subjects, body_of
from accord.flows.exchange.messages import Response
from accord.flows.osv.api import Answer, Api
from accord.flows.osv.port import Found
from accord.identity.markings import Tlp, strictest


def query(asked: Asked) -> Response:
    """`POST /v1/query`."""
    eyes = _Released(asked, Way.OBJECT)
    return eyes.told(Api(asked.means.advisories, eyes).query(asked.request.body))


def batch(asked: Asked) -> Response:
    """`POST /v1/querybatch`."""
    eyes = _Released(asked, Way.NAME)
    return eyes.told(Api(asked.means.advisories, eyes).batch(asked.request.body))


def vulnerability(asked: Asked) -> Response:
    """`GET /v1/vulns/{id}`."""
    eyes = _Released(asked, Way.OBJECT)
    return eyes.told(Api(asked.means.advisories, eyes).vulnerability(unquote(asked.rest)))


class _Released:
    """`accord.flows.osv.port.Eyes` of a client or the public."""

    def __init__(self, asked: Asked, way: Way) -> None:
        self._asked, self._way = asked, way
        self._me, self._now = asked.means.trust.me(), asked.means.clock.now()
        self._subjects = Subjects(asked.means.around(), self._decide)
        self._known: dict[str, tuple[Kept, Subject, Decision] | None] = {}
        """By digest of the document."""
        self._lines: dict[tuple[str, str, str], Line] = {}
        """By object, version and outcome: what one answer gives out is one line each."""

    def told(self, said: Answer) -> Response:
        """The answer, once its lines are kept."""
        self._asked.means.answers.record(self._lines.values())
        return answer(said[1], JSON, status=said[0])

    def seen(self, found: Sequence[Found]) -> list[Found]:
        """Those that the caller may see."""
        self._look_up({one.digest for one in found} - self._known.keys())
        return [one for one in found if self._known[one.digest] is not None]

    def document(self, found: Found) -> bytes | None:
        """The bytes of a document, out of its envelope."""
        known = self._known.get(found.digest)
        if known is None:
            return None
        kept, subject, _ = known
        envelope = self._asked.means.answers.envelopes({kept.id}).get(kept.id, b"")
        body = body_of(kept, envelope) if envelope else b""
        if sha256(body).hexdigest() != found.digest:
            return None  # recalled a moment ago
        decision = self._decide(replace(subject, body=body))
        self._note(kept, decision, decision.body)
        return decision.body if decision.outcome == "yes" else None

    def made(self, body: bytes, of: Sequence[Found]) -> bytes | None:
        """What is made of documents goes where all of them may go."""
        return self._derived(body, of)

    def name(self, body: bytes, of: Sequence[Found]) -> bytes | None:
        """So does a name."""
        return self._derived(body, of)

    def _derived(self, body: bytes, of: Sequence[Found]) -> bytes | None:
        known = [self._known.get(one.digest) for one in of]
        sources = [one for one in known if one is not None]
        if not sources or len(sources) < len(known):
            return None
        subject = Subject(
            object=sources[0][0].object,
            version=sources[0][0].version,
            type="vulnerability record",
            origin=self._me,
            marking=strictest([one[1].marking for one in sources]),
            sources=tuple(one[1] for one in sources),
            body=body,
        )
        decision = self._decide(subject)
        for kept, _, _ in sources:
            self._note(kept, decision, decision.body)
        return decision.body if decision.outcome == "yes" else None

    def _look_up(self, digests: set[str]) -> None:
        """What bears a marking that nobody of the caller's kind may see is not looked at."""
        caller = self._asked.caller
        most = min(caller.tlp, Tlp.AMBER) if caller.kind == "client" else Tlp.CLEAR
        found = self._asked.means.answers.sealed_as(digests, int(most)) if digests else {}
        for digest in digests:
            # This node's own envelope, else the first origin's by name.
            copies = sorted(found.get(digest, ()), key=lambda kept: kept.origin != self._me)
            self._known[digest] = self._first(copies)

    def _first(self, copies: Sequence[Kept]) -> tuple[Kept, Subject, Decision] | None:
        for kept in copies:
            if kept.media.startswith(STIX):
                continue
            subject = self._subjects.of(kept, b"")
            decision = self._decide(subject)
            if decision.outcome == "yes":
                return kept, subject, decision
            self._note(kept, decision, b"")
        return None

    def _note(self, kept: Kept, decision: Decision, body: bytes) -> None:
        digest = sha256(body).hexdigest() if decision.outcome != "no" else ""
        label, outcome = self._asked.caller.label, decision.outcome
        made = line(kept, self._now, self._way, label, outcome, decision.rule, digest)
        self._lines.setdefault((kept.object, kept.version, outcome), made)

    def _decide(self, subject: Subject) -> Decision:
        return decide(subject, self._asked.caller, self._way, None, self._me, self._now)
