"""A node as the owner of its audiences: who it is in the partnership, its logs, and the time."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from accord.core.errors import Invalid, NotFound
from accord.flows.exchange.sharing.port import Audience, Sharing
from accord.identity.partners import Directory


class Owner(msgspec.Struct, frozen=True):
    """What every command about audiences needs, as of one moment."""

    directory: Directory
    me: str
    """Its name in the partnership."""
    sharing: Sharing
    now: str
    """`when()`."""

    @property
    def others(self) -> tuple[str, ...]:
        """The other members of today, by name."""
        return tuple(sorted(p.name for p in self.directory.members() if p.name != self.me))

    def audience(self, name: str) -> Audience:
        """An audience by its name.

        Raises:
            NotFound: there is none; those that there are are named.
        """
        audience = self.sharing.audience(name)
        if audience is None:
            names = ", ".join(each.name for each in self.sharing.audiences()) or "none yet"
            raise NotFound(
                f"no audience {name[:80]!r}; there are: {names}. `accord audience create` makes one"
            )
        return audience

    def members(self, audience: Audience) -> tuple[str, ...]:
        """Who an audience is today, by name: whoever left the partnership is in none."""
        if audience.everyone:
            return self.others
        named = frozenset(audience.named())
        return tuple(name for name in self.others if name in named)

    def check(self, partners: Iterable[str]) -> None:
        """Only partners of today may be named.

        Raises:
            Invalid: this node itself.
            NotFound: not a partner.
        """
        for name in partners:
            if name == self.me:
                raise Invalid(f"{name} is this node; an audience is made of other partners")
            partner = self.directory.partner(name)
            if partner is None or not partner.member:
                known = ", ".join(self.others) or "none besides this node"
                gone = f"{name} left the partnership" if partner else f"no partner {name[:80]!r}"
                raise NotFound(f"{gone}; partners are: {known}")


def recalled(owner: Owner, name: str) -> str:
    """By whom and when an object was recalled, for a person; empty where it was not."""
    found = owner.sharing.finals([name])
    who = (f"{'this node' if one.origin == owner.me else one.origin} recalled it on {one.at[:16]}Z"
           for one in found)  # fmt: skip
    return f"{', '.join(who)}, for good" if found else ""


def standing(directory: Directory | None, me: str) -> Directory:
    """The partnership, once this node is known to be in it.

    Raises:
        NotFound: it is in none.
    """
    if directory is None or not me:
        raise NotFound(
            "this node is in no partnership yet; `accord partners found` begins one,"
            " `accord partners accept` joins one"
        )
    return directory
