"""Sealed envelopes into an audience's log, some thousands in one durable transaction.

What the store holds is read before the envelopes are sealed, outside any transaction, and once more
within it: where somebody else shared or recalled the same meanwhile, it is planned anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256

import msgspec

from accord.core.errors import Invalid, TooLarge
from accord.exchange.envelope import Header, one_line, peek, seal
from accord.exchange.log.entries import Kind
from accord.exchange.originators import Said, stands
from accord.exchange.receipts import Line
from accord.exchange.release import Way
from accord.flows.exchange.sharing import elsewhere
from accord.flows.exchange.sharing.elsewhere import Place
from accord.flows.exchange.sharing.owner import Owner, recalled
from accord.flows.exchange.sharing.plan import No, Outcome, Ready
from accord.flows.exchange.sharing.port import Audience, Changed, Copy, Known, Unit
from accord.flows.exchange.sharing.renewing import all_stand, open_to_all
from accord.identity.keys import Signers
from accord.identity.markings import Marking
from accord.identity.recipients import Recipient

_TRIES = 5


class _Gift(msgspec.Struct, frozen=True):
    """An envelope that an audience gets."""

    audience: str
    copy: Copy
    envelope: bytes = b""
    """Its bytes where it is new."""


class _Step(msgspec.Struct, frozen=True):
    """What is to be written for one object."""

    outcome: Outcome
    gifts: tuple[_Gift, ...] = ()
    replaced: tuple[Place, ...] = ()
    """Envelopes that an audience no longer gets."""


_Made = dict[Marking, tuple[Copy, bytes]]
"""New envelopes of one version, by their marking."""


class Commit:
    """Commits to objects in one audience's log."""

    def __init__(
        self, owner: Owner, signers: Signers, audience: str, *, everywhere: bool = False
    ) -> None:
        """`everywhere`: what is said of a marking holds in the other audiences too."""
        self._owner = owner
        self._signers = signers.all()
        self._audience = audience
        self._renewed = owner.sharing.renewed()
        self._all_stand = all_stand(owner, self._renewed)
        self._everywhere = everywhere

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
            if not lines and not any(step.gifts or step.replaced for step in steps):
                break
            with self._owner.sharing.unit() as unit:
                if unit.renewed() != self._renewed:
                    raise Changed("keys or rules of the partnership changed just now; try again")
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
                    steps.append(self._step(one, copies, known))
                    done[key] = one.digest
            except No as no:
                steps.append(_Step(_refused(one, no)))
            except Invalid as wrong:
                rule = "too-large" if isinstance(wrong, TooLarge) else "unreadable"
                steps.append(_Step(_refused(one, No(rule, reason=str(wrong)))))
        return steps

    def _step(self, ready: Ready, kept: dict[str, list[Copy]], known: Known) -> _Step:
        copies = kept.get(ready.content.object, [])
        for name in _names(ready):
            if (ready.origin, name) in known.finals:
                raise No("recalled-for-good", reason=recalled(self._owner, name))
        theirs = (ready.content.object, ready.digest) in known.taken_back
        if theirs and all(copy.origin != ready.origin for copy in copies):
            raise No("recalled-for-good", reason=recalled(self._owner, ready.content.object))
        if ready.relayed is not None:
            return self._of(ready, [copy for copy in copies if copy.id == ready.relayed.id], (), {})
        own = [
            copy
            for copy in copies
            if copy.origin == ready.origin and copy.version == ready.content.version
        ]
        if ready.content.version and any(copy.content != ready.digest for copy in own):
            raise No("immutable")
        return self._joined(ready, own, kept.get(ready.made_of, []))

    def _joined(self, ready: Ready, own: Sequence[Copy], source: Sequence[Copy]) -> _Step:
        """Under the one marking that the version has wherever it stands.

        `source` is what is kept of the object that it was made of.
        """
        me, now = self._owner.me, self._owner.now
        others = tuple(elsewhere.places(own, self._audience, now))
        moved: list[_Step] = []
        made: _Made = {}
        if others:
            found = elsewhere.join(
                ready.marking, ready.digest, others,
                everywhere=self._everywhere, open_=self._open,
            )  # fmt: skip
            ready = msgspec.structs.replace(ready, marking=found.marking)
            moved = [self._moved(ready, own, place, made) for place in found.moved]
            moves = (text for step in moved for text in step.outcome.warnings)
            said = (*ready.warnings, *found.warnings, *moves)
            ready = msgspec.structs.replace(ready, warnings=said)
        known = elsewhere.sources(source, ready.content.version, me, now)
        told = elsewhere.milder(ready.made_of, ready.marking, known)
        ready = msgspec.structs.replace(ready, warnings=(*ready.warnings, *told))
        same = [copy for copy in own if self._is(copy, ready)]
        before = [copy for copy in own if self._audience in (*copy.audiences, *copy.waiting)]
        step = self._of(ready, same, [copy for copy in before if copy not in same], made)
        return _Step(
            step.outcome,
            (*step.gifts, *(gift for other in moved for gift in other.gifts)),
            (*step.replaced, *(place for other in moved for place in other.replaced)),
        )

    def _moved(self, ready: Ready, own: Sequence[Copy], place: Place, made: _Made) -> _Step:
        """Another audience's envelope, under the new marking and with its own date of release."""
        release_at = place.copy.release_at
        marking = msgspec.structs.replace(ready.marking, release_at=release_at)
        ready = msgspec.structs.replace(ready, marking=marking)
        if not self._all_have(place):
            told = (elsewhere.taken_from(place, marking),)
            return _Step(ready.outcome("shared", warnings=told), (), (place,))
        same = [copy for copy in own if self._is(copy, ready)]
        copy, envelope = (same[-1], b"") if same else self._sealed_once(ready, made)
        gift = _Gift(place.audience, copy, envelope)
        told = (elsewhere.moved_to(place, marking),)
        return _Step(ready.outcome("shared", warnings=told), (gift,), (place,))

    def _all_have(self, place: Place) -> bool:
        """Whether every member of another audience may fetch the envelope, or waits for it."""
        if place.audience in place.copy.waiting:
            return True
        found = self._owner.sharing.own(self._owner.me, place.copy.id - 1, 1)
        audience = self._audiences.get(place.audience)
        entries = [
            entry
            for standing in found
            for entry in standing.places
            if standing.copy.id == place.copy.id and entry.audience == place.audience
        ]
        return audience is not None and any(
            open_to_all(self._owner, audience, entry) for entry in entries
        )

    @cached_property
    def _audiences(self) -> dict[str, Audience]:
        return {one.name: one for one in self._owner.sharing.audiences()}

    @cached_property
    def _open(self) -> set[str]:
        """The audiences of everyone, this one under the name ""."""
        names = {name for name, one in self._audiences.items() if one.everyone}
        return names | {""} if self._audience in names else names

    def _is(self, copy: Copy, ready: Ready) -> bool:
        """Whether an envelope says exactly this, and is signed as the partnership demands today."""
        marking = ready.marking
        said = (copy.content, copy.tlp, copy.pap, copy.release_at, copy.expires)
        wanted = (ready.digest, *map(int, (marking.tlp, marking.pap)))
        return said == (*wanted, marking.release_at, marking.expires) and self._stands(copy)

    def _stands(self, copy: Copy) -> bool:
        """Whether the keys that sealed an envelope count for it still; see `renewing`."""
        if self._all_stand:
            return True
        envelope = self._owner.sharing.envelopes([copy.id])[copy.id]
        said = Said(copy.origin, copy.issued)
        return stands(peek(envelope).keyids, said, self._owner.directory)

    def _of(
        self, ready: Ready, same: Sequence[Copy], replaced: Sequence[Copy], made: _Made
    ) -> _Step:
        """One of the envelopes that say the same, or a new one; nothing where it is there."""
        now = self._owner.now
        gone = tuple(Place(self._audience, copy) for copy in replaced)
        for copy in same:
            if self._audience in copy.audiences:
                return _Step(ready.outcome("already shared"), replaced=gone)
            if self._audience in copy.waiting:
                return _Step(_waits(ready, copy.release_at))
        if ready.relayed is not None and not same:
            raise No("not-kept")
        copy, envelope = (same[-1], b"") if same else self._sealed_once(ready, made)
        waits = copy.release_at > now
        outcome = _waits(ready, copy.release_at) if waits else ready.outcome("shared")
        return _Step(outcome, (_Gift(self._audience, copy, envelope),), gone)

    def _sealed_once(self, ready: Ready, made: _Made) -> tuple[Copy, bytes]:
        """The object under a marking in one envelope, for however many audiences.

        Raises:
            Invalid: what it says of itself does not fit into a header.
        """
        if ready.marking not in made:
            made[ready.marking] = self._sealed(ready)
        return made[ready.marking]

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
        gifts = [gift for step in steps for gift in step.gifts]
        new = {gift.copy.digest: gift for gift in gifts if gift.envelope}
        kept = unit.keep([(gift.copy, gift.envelope) for gift in new.values()])
        numbers = dict(zip(new, kept, strict=True))
        goes: dict[str, list[int]] = {}
        for gift in gifts:
            number = numbers.get(gift.copy.digest, gift.copy.id)
            if gift.copy.release_at > now:
                unit.wait(gift.audience, number, gift.copy.release_at)
            else:
                goes.setdefault(gift.audience, []).append(number)
        for audience, these in goes.items():
            unit.append(audience, these, now)
        self._replace(unit, [place for step in steps for place in step.replaced])

    def _replace(self, unit: Unit, places: Sequence[Place]) -> None:
        """Take these back from their audiences; what nobody gets any more is erased."""
        if not places:
            return
        taken: dict[str, set[int]] = {}
        left: dict[int, set[str]] = {}
        for place in places:
            taken.setdefault(place.audience, set()).add(place.copy.id)
            has = left.setdefault(place.copy.id, {*place.copy.audiences, *place.copy.waiting})
            has.discard(place.audience)
        for audience, ids in taken.items():
            unit.retract(sorted(ids), Kind.RETRACT, self._owner.now, audience)
        unit.erase([id_ for id_, has in left.items() if not has], "replaced")

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
