"""Audiences: who is in them, as their owner decides.

An audience is a named set of partners; an empty one is nobody. Only this node changes its own, and
a partner that is added gets the history that is granted to it, which is none unless said. So does a
partner that joins the partnership after an audience of everyone began.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from accord.core.errors import Invalid, NotFound
from accord.flows.exchange.sharing.owner import Owner
from accord.flows.exchange.sharing.port import Audience

MOST = 1_000
"""Audiences of one node, at most."""
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", re.ASCII)
_DIGITS = 15


def create(
    owner: Owner, name: str, partners: Sequence[str] = (), *, everyone: bool = False
) -> Audience:
    """Make an audience of some partners, of nobody yet, or of everyone.

    Raises:
        Invalid: not a name, taken already, or this node itself in it.
        NotFound: somebody in it is not a partner.
    """
    if not _NAME.fullmatch(name):
        raise Invalid(f"{name[:80]!r} is no name: 1 to 64 of a-z, 0-9 and -, as in `energy-cert`")
    if everyone and partners:
        raise Invalid("--all is every partner, of today and of tomorrow: name nobody beside it")
    if len(owner.sharing.audiences()) >= MOST:
        raise Invalid(f"this node has {MOST:,} audiences already, which is the limit")
    owner.check(partners)
    members = sorted(set(partners))
    owner.sharing.create(name, everyone=everyone, members=members, at=owner.now)
    return owner.audience(name)


def history(words: str) -> int | None:
    """How much of what was shared before a new member may fetch: `all`, `none`, or a number.

    Returns:
        The number of last entries; None for all.

    Raises:
        Invalid: something else was said.
    """
    if words == "all":
        return None
    if words == "none":
        return 0
    if words.isascii() and words.isdigit() and len(words) <= _DIGITS:
        return int(words)
    raise Invalid("--history is `all`, `none`, or the number of last entries that it may fetch")


def add(owner: Owner, name: str, partner: str, last: int | None = 0) -> int:
    """Put a partner into an audience; one that is in it already gets the history said now.

    Returns:
        The first entry that it may fetch.

    Raises:
        Invalid: the partner is this node itself, or in an audience of everyone and granted nothing.
        NotFound: no such audience or partner.
    """
    if last == 0:
        _of_some(owner.audience(name), "--history with `add` grants one of them the past")
    owner.check([partner])
    return owner.sharing.admit(name, partner, last, owner.now)


def remove(owner: Owner, name: str, partner: str) -> None:
    """Take a partner out of an audience. What it has, it keeps: only a recall takes that back.

    Raises:
        Invalid: the audience is everyone.
        NotFound: no such audience, or the partner is not in it.
    """
    audience = owner.audience(name)
    _of_some(audience, "make another with `accord audience create` for some of them")
    if partner not in audience.named():
        names = ", ".join(audience.named()) or "nobody"
        raise NotFound(f"{partner[:80]} is not in audience {name}, which is: {names}")
    owner.sharing.dismiss(name, partner, owner.now)


def _of_some(audience: Audience, instead: str) -> None:
    if audience.everyone:
        raise Invalid(
            f"audience {audience.name} is every partner, of today and of tomorrow; {instead}"
        )
