"""Answer what somebody asks, from one snapshot of the list; nothing of it is kept."""

from __future__ import annotations

import msgspec

from accord.core.errors import Invalid
from accord.exchange.notes.identifiers import digest
from accord.flows.outreach.checking.breaches import Breach
from accord.flows.outreach.checking.listing import Snapshot
from accord.outreach import addresses
from accord.outreach.dangers import asking, buckets
from accord.outreach.dangers.buckets import Lookup
from accord.outreach.dangers.model import VERDICTS, Asked, Category, Found, Protected, Remark
from accord.outreach.languages.catalogue import marked


def ask(snapshot: Snapshot, text: str) -> tuple[Found, ...]:
    """The answers to a text, the gravest first.

    Raises:
        Invalid: nothing in it can be looked up.
        TooLarge: it is too long.
    """

    def lookup(number: int) -> dict[bytes, Category]:
        return buckets.read(snapshot.edition.bucket(number))

    found = answers(asking.read(text), lookup, snapshot.protected, snapshot.spared)
    return tuple(_with_breaches(one, snapshot) for one in found)


BREACHED = marked("It stands in a breach: {title} ({day}). Change the password there.")


def told(breach: Breach) -> Remark:
    """What whoever asks is told of a breach."""
    return Remark(BREACHED, {"title": breach.title, "day": breach.told})


def _with_breaches(found: Found, snapshot: Snapshot) -> Found:
    asked = found.asked
    if asked.kind not in ("mail", "phone"):
        return found
    try:
        breaches = snapshot.breaches.about(digest(asked.value))
    except Invalid:
        return found
    remarks = (*asked.remarks, *map(told, breaches))
    return msgspec.structs.replace(found, asked=msgspec.structs.replace(asked, remarks=remarks))


def answers(
    asked: tuple[Asked, ...],
    lookup: Lookup,
    protected: tuple[Protected, ...],
    spared: frozenset[str] = frozenset(),
) -> tuple[Found, ...]:
    """The answers to what is asked, the gravest first."""
    found = []
    for one in asked:
        host = asking.host(one.kind, one.value)
        compared = () if host and addresses.registrable(host) in spared else protected
        found.append(buckets.answer(one, lookup, compared))
    return tuple(sorted(found, key=lambda one: VERDICTS.index(one.verdict)))
