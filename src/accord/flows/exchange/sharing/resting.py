"""Verdicts that rest on others' verdicts: they go no further than these do.

Law (derived data): a verdict carries the most restrictive marking of the verdicts that it rests on;
where one of these may not be passed on, it goes to nobody but whom that one came from.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from accord.assurance.statements import verdict
from accord.flows.exchange.sharing.owner import Owner
from accord.flows.exchange.sharing.plan import No
from accord.flows.exchange.sharing.wanted import Held, Holdings
from accord.identity.markings import Marking, Pap, Tlp, strictest

KIND: Final = "verdict"


def bounded(
    body: bytes, marking: Marking, owner: Owner, holdings: Holdings, members: Collection[str]
) -> Marking:
    """The marking under which a verdict may go to some members.

    Raises:
        No: what it rests on may not go to one of them, or is not here any more.
        Invalid: not a statement of a verdict.
    """
    wanted = verdict.resting_on(body)
    held = {one.digest: one for one in holdings.held(wanted)} if wanted else {}
    for digest in wanted:
        if digest not in held:
            raise No("rests-on", reason="a verdict that it rests on is not here any more")
        for its in _markings(held[digest], owner):
            origin, tlp = its
            other = next((name for name in members if name not in {origin, owner.me}), "")
            if tlp.tlp > Tlp.GREEN and other:
                raise No(
                    "rests-on",
                    other,
                    f"it rests on a verdict of {origin} marked {tlp.tlp.label}; share it once"
                    f" {origin} has marked that GREEN or CLEAR",
                )
            marking = strictest((marking, tlp))
    return marking


def _markings(held: Held, owner: Owner) -> list[tuple[str, Marking]]:
    """How partners marked a statement that they sealed."""
    names = {name for name in (held.subject, f"sha256:{held.digest}") if name}
    return [
        (copy.origin, Marking(Tlp(copy.tlp), Pap(copy.pap), copy.release_at, copy.expires))
        for copy in owner.sharing.known(names).copies
        if copy.content == held.digest and copy.origin != owner.me
    ]
