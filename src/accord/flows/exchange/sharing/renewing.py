"""What this node sealed, sealed anew with today's keys where those that sealed it count no more.

Whoever revokes a key makes every partner refuse what it signed, whenever that was; a node that
heard late of its own rotation, or of another policy, is no better off. The object's bytes and its
marking stay as they are: there is a new envelope, a new entry, and a tombstone for the old one.

Law (renewed): afterwards what this node shares is signed as the partnership demands, but for what
is left to its people.
Law (history): nobody sees by it what its audience's owner had not granted. What a member of today
could not fetch before stays under its old envelope, until a person shares it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

import msgspec

from accord.exchange import notices
from accord.exchange.envelope import peek, seal
from accord.exchange.log.entries import Kind
from accord.exchange.notices import Notice
from accord.exchange.originators import Said, stands
from accord.flows.exchange.sharing.owner import Owner
from accord.flows.exchange.sharing.port import Audience, Changed, Copy, LiveEntry, Standing, Unit
from accord.identity.keys import Signer, Signers

AT_ONCE = 1_000
"""Envelopes of one transaction."""
_TRIES = 5


class Renewed(msgspec.Struct, frozen=True):
    """What became of the envelopes of this node."""

    anew: int = 0
    """So many were sealed anew."""
    left: tuple[str, ...] = ()
    """Objects that a person has to share again: a member of today may not see them otherwise."""


class _Step(msgspec.Struct, frozen=True):
    """One envelope in the place of another."""

    old: Copy
    new: Copy
    envelope: bytes
    audiences: tuple[str, ...]
    """In whose logs it takes the place."""


class Mark(msgspec.Struct, frozen=True):
    """Under which keys and rules the envelopes of this node were looked through."""

    rules: str
    """Another text after each change of own keys, or of the policy."""
    version: int
    """Of the directory that says so."""
    left: int = 0
    """Objects that were left to people."""


def mark(owner: Owner) -> Mark:
    """As the directory has it that an owner goes by."""
    partner = owner.directory.partner(owner.me)
    keys = sorted((k.keyid, k.until, k.revoked) for k in partner.keys) if partner else []
    said = msgspec.json.encode((owner.directory.policy.signatures, keys))
    return Mark(sha256(said).hexdigest(), owner.directory.version)


def all_stand(owner: Owner, renewed: str) -> bool:
    """Whether everything that this node shares is known to be signed as is demanded today."""
    found = _read(renewed)
    return found is not None and found.rules == mark(owner).rules and not found.left


def _read(renewed: str) -> Mark | None:
    return msgspec.json.decode(renewed, type=Mark) if renewed else None


def renew(owner: Owner, signers: Callable[[], Signers]) -> Renewed:
    """Seal anew what counts no more. Cheap where neither keys nor rules have changed since.

    It goes on where it stopped. Where this node has no keys that would do, it does nothing.

    Raises:
        NoKey: its keys cannot be opened.
        Changed: others share or recall the same objects again and again, or the directory is
            newer than the one that this owner goes by.
    """
    wanted, before = mark(owner), _read(owner.sharing.renewed())
    if (before and before.rules == wanted.rules) or owner.sharing.sealed():
        return Renewed()
    if before and before.version > wanted.version:
        raise Changed("the directory of partners has changed just now; try again")
    keys = signers().all()
    today = Said(owner.me, owner.now)
    if not stands([key.keyid for key in keys], today, owner.directory):
        return Renewed()
    anew, left, last = 0, set[str](), 0
    audiences = {audience.name: audience for audience in owner.sharing.audiences()}
    while found := owner.sharing.own(owner.me, last, AT_ONCE):
        done, stayed = _batch(owner, last, audiences, keys)
        anew, left, last = anew + done, left | stayed, found[-1].copy.id
    said = list(_notices(owner, keys))
    with owner.sharing.unit() as unit:
        for notice, statement in said:
            unit.publish(notice, statement, owner.directory, owner.me)
        done_with = msgspec.structs.replace(wanted, left=len(left))
        unit.note_renewed(msgspec.json.encode(done_with).decode())
    return Renewed(anew, tuple(sorted(left)))


def _notices(owner: Owner, keys: Sequence[Signer]) -> Iterator[tuple[Notice, bytes]]:
    """Own notices of recall that count no more, as this node says them today.

    They name the day of the recall as before; a recall is for good, whatever becomes of keys.
    """
    for data in owner.sharing.notices(owner.me):
        notice, keyids = notices.peek(data)
        if not stands(keyids, Said(owner.me, notice.at), owner.directory):
            yield notice, notices.write(notice, keys)


def _batch(
    owner: Owner, last: int, audiences: dict[str, Audience], keys: Sequence[Signer]
) -> tuple[int, set[str]]:
    """How many were sealed anew, and which objects stay in some log as they were."""
    for _ in range(_TRIES):
        found = owner.sharing.own(owner.me, last, AT_ONCE)
        old = [one for one in found if not _good(owner, one)]
        steps = [
            _step(owner, one, keys, fits)
            for one in old
            if (fits := _fitting(owner, one, audiences)) or one.copy.waiting
        ]
        replaced = {step.old.id: step.audiences for step in steps}
        stayed = {
            one.copy.object
            for one in old
            if {place.audience for place in one.places} - {*replaced.get(one.copy.id, ())}
        }
        if not steps:
            return 0, stayed
        with owner.sharing.unit() as unit:
            known = {copy.id: copy for copy in unit.known({s.old.object for s in steps}).copies}
            if all(known.get(step.old.id) == step.old for step in steps):
                _write(owner, unit, steps)
                return len(steps), stayed
    raise Changed("others share or recall the same objects just now; try again")


def _good(owner: Owner, one: Standing) -> bool:
    """Whether an envelope needs nothing: it counts, or nobody gets it any more."""
    if "" < one.copy.expires <= owner.now:
        return True
    said = Said(owner.me, one.copy.issued)
    return stands(peek(one.envelope).keyids, said, owner.directory)


def _fitting(owner: Owner, one: Standing, audiences: dict[str, Audience]) -> tuple[str, ...]:
    """The audiences of which every member of today may fetch it already."""
    return tuple(
        place.audience
        for place in one.places
        if place.audience in audiences and open_to_all(owner, audiences[place.audience], place)
    )


def open_to_all(owner: Owner, audience: Audience, place: LiveEntry) -> bool:
    """Whether every member of today may fetch an entry: what takes its place tells nothing new."""
    granted = {one.partner: one.since for one in audience.members if not one.removed}
    for name in owner.members(audience):
        if name in granted:
            if granted[name] > place.number:
                return False
        elif (partner := owner.directory.partner(name)) is None or (
            partner.since > audience.created and partner.since > place.at
        ):
            return False
    return True


def _step(owner: Owner, one: Standing, keys: Sequence[Signer], audiences: tuple[str, ...]) -> _Step:
    opened = peek(one.envelope)
    header = msgspec.structs.replace(opened.header, issued=owner.now)
    envelope = seal(header, opened.body, keys)
    new = msgspec.structs.replace(
        one.copy, id=0, digest=sha256(envelope).hexdigest(), issued=owner.now
    )
    return _Step(one.copy, new, envelope, audiences)


def _write(owner: Owner, unit: Unit, steps: Sequence[_Step]) -> None:
    """Rows and entries of the new envelopes, then tombstones for the old ones."""
    now = owner.now
    numbers = dict(
        zip((s.old.id for s in steps), unit.keep([(s.new, s.envelope) for s in steps]), strict=True)
    )
    logs: dict[str, list[_Step]] = {}
    for step in steps:
        for name in step.audiences:
            logs.setdefault(name, []).append(step)
        for name in step.old.waiting:
            unit.unwait(name, step.old.id)
            unit.wait(name, numbers[step.old.id], step.old.release_at)
    for name, there in sorted(logs.items()):
        unit.append(name, [numbers[step.old.id] for step in there], now)
        unit.retract([step.old.id for step in there], Kind.RETRACT, now, name)
    gone = [step.old.id for step in steps if set(step.old.audiences) <= set(step.audiences)]
    unit.erase(gone, "replaced")
