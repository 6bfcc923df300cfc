"""Sealed envelopes into an audience's log, some thousands in one durable transaction.

What the store holds is read before the envelopes are sealed, outside any transaction, and once more
within it: where somebody else shared or recalled the same meanwhile, it is planned anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from accord.core.errors import Invalid, TooLarge
from accord.exchange.envelope import Header, one_line, seal
from accord.exchange.log.entries import Kind
from accord.exchange.receipts import Line
from accord.exchange.release import Way
from accord.flows.exchange.sharing.owner import Owner
from accord.flows.exchange.sharing.plan import No, Outcome, Ready
from accord.flows.exchange.sharing.port import Changed, Copy, Known, Unit
from accord.identity.keys import Signers
from accord.identity.partners import ED25519, ML_DSA_65, Holds
from accord.identity.recipients import Recipient

_TRIES = 5
_NEEDED: dict[Holds, tuple[frozenset[str], ...]] = {
    "ed25519": (frozenset({ED25519}),),
    "ml-dsa-65": (frozenset({ML_DSA_65}),),
    "either": (frozenset({ED25519}), frozenset({ML_DSA_65})),
    "both": (frozenset({ED25519, ML_DSA_65}),),
}
"""Sets of schemes, one of which must hold."""


class _Step(msgspec.Struct, frozen=True):
    """What is to be written for one object."""

    outcome: Outcome
    copy: Copy | None = None
    """The envelope that the audience gets; None: nothing is written."""
    envelope: bytes = b""
    """Its bytes where it is new."""
    replaced: tuple[Copy, ...] = ()
    """Envelopes that the audience no longer gets."""


class Commit:
    """Commits to objects in one audience's log."""

    def __init__(self, owner: Owner, signers: Signers, audience: str) -> None:
        self._owner = owner
        self._signers = signers.all()
        self._audience = audience

    def batch(self, judged: Sequence[Ready | Outcome], seen: Known | None = None) -> list[Outcome]:
        """What became of each, in their order; outcomes that stand already stay as they are.

        `seen` is what the store held of the objects before they were judged.

        Raises:
            Changed: the same objects were shared or recalled by others again and again.
        """
        names = {name for one in judged if isinstance(one, Ready) for name in _names(one)}
        renamed = any(isinstance(one, Ready) and one.made_of for one in judged)
        for _ in range(_TRIES):
            known = seen if seen and not renamed else self._owner.sharing.known(names)
            seen = None
            steps = self._steps(judged, known)
            lines = [line for step in steps for line in self._lines(step.outcome)]
            if not lines and not any(step.copy or step.replaced for step in steps):
                break
            with self._owner.sharing.unit() as unit:
                if unit.known(names) == known.of(names):
                    self._write(unit, steps)
                    unit.record(lines)
                    break
        else:
            raise Changed("others share or recall the same objects just now; try again")
        return [step.outcome for step in steps]

    def _steps(self, judged: Sequence[Ready | Outcome], known: Known) -> list[_Step]:
        copies: dict[str, list[Copy]] = {}
        for copy in known.copies:
            copies.setdefault(copy.object, []).append(copy)
        done: dict[tuple[str, str, str], str] = {}
        steps: list[_Step] = []
        for one in judged:
            if isinstance(one, Outcome):
                steps.append(_Step(one))
                continue
            key = (one.origin, one.content.object, one.content.version)
            try:
                if key in done:
                    steps.append(_Step(_again(one, done[key])))
                else:
                    steps.append(self._step(one, copies.get(one.content.object, []), known))
                    done[key] = one.digest
            except No as no:
                steps.append(_Step(_refused(one, no)))
            except Invalid as wrong:
                rule = "too-large" if isinstance(wrong, TooLarge) else "unreadable"
                steps.append(_Step(_refused(one, No(rule, reason=str(wrong)))))
        return steps

    def _step(self, ready: Ready, copies: list[Copy], known: Known) -> _Step:
        if any((ready.origin, name) in known.finals for name in _names(ready)):
            raise No("recalled-for-good")
        theirs = (ready.content.object, ready.digest) in known.taken_back
        if theirs and all(copy.origin != ready.origin for copy in copies):
            raise No("recalled-for-good")
        if ready.relayed is not None:
            return self._of(ready, [copy for copy in copies if copy.id == ready.relayed.id], ())
        own = [
            copy
            for copy in copies
            if copy.origin == ready.origin and copy.version == ready.content.version
        ]
        if ready.content.version and any(copy.content != ready.digest for copy in own):
            raise No("immutable")
        same = [copy for copy in own if self._is(copy, ready)]
        before = [copy for copy in own if self._audience in (*copy.audiences, *copy.waiting)]
        return self._of(ready, same, [copy for copy in before if copy not in same])

    def _is(self, copy: Copy, ready: Ready) -> bool:
        """Whether an envelope says exactly this, and is signed as the partnership demands today."""
        marking = ready.marking
        said = (copy.content, copy.tlp, copy.pap, copy.release_at, copy.expires)
        wanted = (ready.digest, *map(int, (marking.tlp, marking.pap)))
        return said == (*wanted, marking.release_at, marking.expires) and self._holds(copy.issued)

    def _holds(self, issued: str) -> bool:
        """Whether the keys with which this node sealed at that time still count for it."""
        partner = self._owner.directory.partner(self._owner.me)
        keys = partner.keys if partner else ()
        schemes = {
            key.scheme
            for key in keys
            if not key.revoked and key.since <= issued and not ("" < key.until <= issued)
        }
        return any(one <= schemes for one in _NEEDED[self._owner.directory.policy.signatures])

    def _of(self, ready: Ready, same: Sequence[Copy], replaced: Sequence[Copy]) -> _Step:
        """One of the envelopes that say the same, or a new one; nothing where it is there."""
        now = self._owner.now
        for copy in same:
            if self._audience in copy.audiences:
                return _Step(ready.outcome("already shared"), replaced=tuple(replaced))
            if self._audience in copy.waiting:
                return _Step(_waits(ready, copy.release_at))
        if ready.relayed is not None and not same:
            raise No("not-kept")
        copy, envelope = (same[-1], b"") if same else self._sealed(ready)
        waits = copy.release_at > now
        outcome = _waits(ready, copy.release_at) if waits else ready.outcome("shared")
        return _Step(outcome, copy, envelope, tuple(replaced))

    def _sealed(self, ready: Ready) -> tuple[Copy, bytes]:
        """The object in a new envelope.

        Raises:
            Invalid: what it says of itself does not fit into a header.
        """
        content, marking, now = ready.content, ready.marking, self._owner.now
        header = Header(
            origin=ready.origin,
            object=content.object,
            version=content.version,
            type=content.type,
            media=ready.media,
            tlp=marking.tlp.word,
            pap=marking.pap.name,
            created=content.created,
            issued=now,
            expires=marking.expires,
            release_at=marking.release_at,
            title=one_line(content.title),
        )
        envelope = seal(header, ready.body, self._signers)
        copy = Copy(
            origin=ready.origin,
            object=content.object,
            version=content.version,
            type=content.type,
            media=ready.media,
            digest=sha256(envelope).hexdigest(),
            tlp=int(marking.tlp),
            pap=int(marking.pap),
            release_at=marking.release_at,
            expires=marking.expires,
            created=content.created,
            issued=now,
            state="held" if marking.release_at > now else "live",
            refs=content.refs,
            title=header.title,
            content=ready.digest,
            made_of=ready.made_of,
        )
        return copy, envelope

    def _write(self, unit: Unit, steps: Sequence[_Step]) -> None:
        """Rows of new envelopes, then entries, then tombstones for what they replace."""
        now = self._owner.now
        new = [step for step in steps if step.copy is not None and step.envelope]
        kept = unit.keep([(step.copy, step.envelope) for step in new if step.copy is not None])
        numbers = dict(zip(map(id, new), kept, strict=True))
        goes: list[int] = []
        for step in steps:
            if step.copy is None:
                continue
            number = numbers.get(id(step), step.copy.id)
            if step.copy.release_at > now:
                unit.wait(self._audience, number, step.copy.release_at)
            else:
                goes.append(number)
        if goes:
            unit.append(self._audience, goes, now)
        self._replace(unit, [copy for step in steps for copy in step.replaced])

    def _replace(self, unit: Unit, copies: Sequence[Copy]) -> None:
        """Take these back from the audience; what nobody gets any more is erased."""
        if not copies:
            return
        unit.retract([copy.id for copy in copies], Kind.RETRACT, self._owner.now, self._audience)
        only = {self._audience}
        gone = [c.id for c in copies if {*c.audiences, *c.waiting} <= only]
        unit.erase(gone, "replaced")

    def _lines(self, outcome: Outcome) -> list[Line]:
        """A refusal is a decision on what may leave; what may is decided once more when it does."""
        if outcome.what != "refused" or not outcome.partner:
            return []
        return [
            Line(
                number=0,
                at=self._owner.now,
                object=outcome.object,
                version=outcome.version,
                tlp=outcome.tlp,
                way=Way.SYNC.value,
                recipient=Recipient("partner", outcome.partner).label,
                decision="no",
                rule=outcome.rule,
            )
        ]


def _names(ready: Ready) -> tuple[str, ...]:
    """The object, and what it was made of: of what was recalled nothing is shared in any form."""
    return (ready.content.object, ready.made_of) if ready.made_of else (ready.content.object,)


def _again(ready: Ready, digest: str) -> Outcome:
    """The same version for the second time in one command."""
    if ready.digest != digest:
        raise No("immutable")
    return ready.outcome("already shared")


def _refused(ready: Ready, no: No) -> Outcome:
    return ready.outcome("refused", rule=no.rule, partner=no.partner, reason=no.reason)


def _waits(ready: Ready, release_at: str) -> Outcome:
    return ready.outcome("waits", reason=f"until {release_at}")
