"""Appeals of the public against an answer: kept, decided on by a person, and answered by a code.

Law (undone): an appeal that is granted takes off the list whatever made the answer, and spares the
name that looked like another.
"""

from __future__ import annotations

from base64 import b32encode
from hashlib import sha256
from typing import Final

import msgspec

from accord.core.errors import Invalid, NotFound, TooLarge
from accord.flows.outreach.checking import listing
from accord.flows.outreach.checking.port import SETTLED, Appeal, Desk, Entry, Named, Settled
from accord.outreach import addresses
from accord.outreach.dangers import asking, never
from accord.outreach.dangers.model import Asked

MOST: Final = 2_000
"""Characters of what somebody says."""
CODE_LENGTH: Final = 24


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision did."""

    appeal: Appeal
    revoked: tuple[Entry, ...]
    spared: str


def appeal(desk: Desk, about: str, said: str) -> str:
    """Keep an appeal; gives the code by which its sender sees the answer.

    Raises:
        Invalid: it is about nothing that can be looked up, or says nothing.
        TooLarge: it is too long.
        Full: too many wait.
    """
    if not said.strip():
        raise Invalid("say why the answer is wrong", "said")
    if len(said) > MOST or "\0" in said:
        raise TooLarge(f"at most {MOST:,} characters", "said")
    first = asking.read(about)[0]
    code = b32encode(desk.entropy(15)).decode()
    kept = Appeal(
        token=_hashed(code), kind=first.kind, value=first.value, said=said.strip(),
        received=desk.clock.now(),
    )  # fmt: skip
    desk.dangers.appeal(kept)
    return code


def seen(desk: Desk, code: str) -> Appeal | None:
    """What became of an appeal, for whoever has its code."""
    if len(code) != CODE_LENGTH or not code.isascii() or not code.isalnum():
        return None
    return desk.dangers.appealed(_hashed(code.upper()))


def settle(desk: Desk, number: int, outcome: Settled, person: str, say: str) -> Decided:
    """Decide on an appeal.

    Raises:
        NotFound: there is none with this number.
        Invalid: it was decided, or cannot be decided so.
    """
    if outcome not in SETTLED:
        raise Invalid(f"one of {', '.join(SETTLED)}", "outcome")
    if len(say) > MOST or "\0" in say:
        raise TooLarge(f"at most {MOST:,} characters", "say")
    found = next((one for one in desk.dangers.appeals() if one.id == number), None)
    if found is None:
        raise NotFound(f"no appeal {number}; `accord dangers appeals` lists them")
    now = desk.clock.now()
    decided = msgspec.structs.replace(
        found, outcome=outcome, answer=say.strip(), person=person, decided=now
    )
    if not desk.dangers.settle(decided):
        raise Invalid(f"it was decided {found.decided[:10]} by {found.person}: {found.outcome}")
    if outcome == "declined":
        return Decided(appeal=decided, revoked=(), spared="")
    revoked = tuple(
        listing.revoke(desk, one.id, person, f"appeal {number} was granted")
        for one in about(desk, Asked(found.kind, found.value))
    )
    return Decided(appeal=decided, revoked=revoked, spared=_spare(desk, found, person, now))


def about(desk: Desk, asked: Asked) -> list[Entry]:
    """The listed entries by which something is known."""
    texts = set(asking.expressions(asked))
    return [
        one for one in desk.dangers.all(("listed",))
        if asking.expression(one.kind, one.value) in texts
    ]  # fmt: skip


def _spare(desk: Desk, found: Appeal, person: str, now: str) -> str:
    host = asking.host(found.kind, found.value)
    name = addresses.registrable(host) if host else ""
    if not name or never.why_never(name):
        return ""
    desk.dangers.name(Named(name=name, owner="", person=person, added=now))
    return name


def _hashed(code: str) -> str:
    return sha256(code.encode()).hexdigest()
