"""What is different between two lists of partners, in sentences that people can judge.

Each sentence says also who must have signed for it: a partner's own record is its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from accord.core.errors import Invalid
from accord.identity.directory.enrolment import Enrolment
from accord.identity.directory.records import Charter
from accord.identity.directory.trusted import Trusted
from accord.identity.partners import Directory, Partner, PartnerKey, Untrusted

_TEXTS = ("title", "addresses", "certificates", "roles")


class Change(msgspec.Struct, frozen=True):
    """One difference."""

    sentence: str
    needs: str = ""
    """Name of the partner without whose signature it is refused; empty: the threshold suffices."""


def compare(
    trusted: Trusted, charter: Charter, after: Directory, enrolments: Sequence[Enrolment]
) -> Iterator[Change]:
    """Every difference between the directory as it is and as it would be.

    Raises:
        Untrusted: history would be rewritten, or somebody would join without an enrolment.
    """
    before = trusted.directory
    yield from _charter(trusted.charter, charter)
    if before.threshold != after.threshold:
        yield Change(f"{after.threshold} instead of {before.threshold} partners sign changes")
    enrolled = {enrolment.partner.name: enrolment for enrolment in enrolments}
    for partner in before.partners:
        now = after.partner(partner.name)
        if now is None:
            raise Untrusted(
                f"{partner.name} would be forgotten: partners are removed, never erased"
            )
        yield from _partner(partner, now)
        enrolled.pop(partner.name, None)
    for partner in after.partners:
        if before.partner(partner.name) is None:
            _check_enrolment(partner, enrolled.pop(partner.name, None), before.partnership)
            yield Change(f"{partner.name} ({partner.title}) joins, at {_listed(partner.addresses)}")
    if enrolled:
        raise Invalid(f"an enrolment of {', '.join(enrolled)}, who is not in the list")


def _charter(before: Charter, after: Charter) -> Iterator[Change]:
    if before.partnership != after.partnership:
        raise Untrusted("a partnership keeps its name")
    if before.threshold != after.threshold:
        yield Change(f"the threshold chosen is {after.threshold or 'three quarters'}")
    for field in before.policy.__struct_fields__:
        old, new = getattr(before.policy, field), getattr(after.policy, field)
        if old != new:
            yield Change(f"the policy on {field.replace('_', ' ')} is {new} instead of {old}")


def _partner(before: Partner, after: Partner) -> Iterator[Change]:
    name = before.name
    if before.identity != after.identity or before.since != after.since:
        raise Untrusted(f"{name}: its identity and its first day never change")
    if before.removed != after.removed:
        if before.removed:
            raise Untrusted(f"{name} was removed: it comes back under another name only")
        yield Change(f"{name} is removed")
    for field in _TEXTS:
        old, new = getattr(before, field), getattr(after, field)
        if old != new:
            words = f"{name}: {field} {_listed(new)} instead of {_listed(old)}"
            yield Change(words, needs=name)
    yield from _keys(before, after)


def _keys(before: Partner, after: Partner) -> Iterator[Change]:
    name = before.name
    later = {key.keyid: key for key in after.keys}
    for key in before.keys:
        now = later.pop(key.keyid, None)
        if now is None:
            raise Untrusted(f"{name}: a key would be forgotten: keys are revoked, never erased")
        yield from _key(name, key, now, leaving=before.removed != after.removed)
    for key in later.values():
        yield Change(f"{name} signs with a new {key.scheme} key {key.keyid[:12]}", needs=name)


def _key(name: str, before: PartnerKey, after: PartnerKey, *, leaving: bool) -> Iterator[Change]:
    fixed = before.scheme, before.public, before.since
    if fixed != (after.scheme, after.public, after.since):
        raise Untrusted(f"{name}: key {before.keyid[:12]} would become another")
    if before.revoked != after.revoked:
        if before.revoked:
            raise Untrusted(f"{name}: key {before.keyid[:12]} was revoked, and stays so")
        yield Change(f"{name}: key {before.keyid[:12]} is revoked ({after.why or 'no reason'})")
    if before.until != after.until:
        if before.until:
            raise Untrusted(f"{name}: key {before.keyid[:12]} was laid down, and stays so")
        needs = "" if leaving else name
        until = "" if after.revoked else f", and counts until {after.until[:10]}"
        yield Change(f"{name}: key {before.keyid[:12]} is laid down{until}", needs)
    ended = (before.until, before.revoked) != (after.until, after.revoked)
    if before.why != after.why and not ended:
        yield Change(f"{name}: key {before.keyid[:12]}: {after.why!r}", needs=name)


def _check_enrolment(partner: Partner, enrolment: Enrolment | None, partnership: str) -> None:
    """A newcomer stands in the list exactly as it signed, but for the day on which it joins."""
    if enrolment is None:
        raise Untrusted(f"{partner.name} would join without an enrolment")
    asked = msgspec.structs.replace(
        enrolment.partner,
        since=partner.since,
        keys=tuple(msgspec.structs.replace(k, since=partner.since) for k in enrolment.partner.keys),
    )
    if enrolment.partnership != partnership or asked != partner:
        raise Untrusted(f"{partner.name} stands in the list otherwise than it signed")


def _listed(value: str | tuple[str, ...]) -> str:
    words = value if isinstance(value, str) else ", ".join(value)
    return words or "none"
