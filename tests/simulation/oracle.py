"""What every node must hold in the end: a simple account of what people did, apart from the code.

It knows nothing of logs, tiles, envelopes or transactions: only who showed what to whom.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Sealed:
    """An object as it was marked."""

    origin: str
    object: str
    version: str
    tlp: str
    expires: str
    release_at: str
    digest: str
    """SHA-256 of its bytes."""

    @property
    def name(self) -> tuple[str, str]:
        return self.origin, self.object

    @property
    def edition(self) -> tuple[str, str, str]:
        return self.origin, self.object, self.version


_COLOURS = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")


@dataclass
class Audience:
    """What is shown to whom."""

    owner: str
    name: str
    everyone: bool
    since: dict[str, int] = field(default_factory=dict)
    """Members of today, and from which of the things shown on they may see them."""
    shown: list[Sealed] = field(default_factory=list)
    live: set[int] = field(default_factory=set)
    waiting: list[Sealed] = field(default_factory=list)
    granted: dict[str, set[int]] = field(default_factory=dict)
    left: dict[str, set[int]] = field(default_factory=dict)
    """What a member had that was taken out."""

    def grants(self, who: str) -> set[int]:
        since = self.since.get(who)
        now = set() if since is None else set(range(since, len(self.shown)))
        return self.granted.get(who, set()) | now

    def seen_by(self, who: str) -> set[int]:
        """What of it a node has, once it has asked."""
        if who in self.since:
            return self.live & self.grants(who)
        return self.left.get(who, set())

    def show(self, one: Sealed) -> None:
        self.live.add(len(self.shown))
        self.shown.append(one)

    def hide(self, one: Sealed) -> None:
        self.live -= {at for at in self.live if self.shown[at] == one}
        self.waiting = [other for other in self.waiting if other != one]

    def has(self, one: Sealed) -> bool:
        return one in self.waiting or any(self.shown[at] == one for at in self.live)


class Oracle:
    """The account of one run."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.audiences: dict[tuple[str, str], Audience] = {}
        self.own: dict[str, set[str]] = {name: set() for name in names}
        """Digests of the documents that a node's own people gave."""
        self.recalled: set[tuple[str, str]] = set()
        self.ever: dict[str, set[Sealed]] = {name: set() for name in names}
        """What a node was ever allowed to see."""

    def create(self, owner: str, name: str, members: list[str], *, everyone: bool) -> None:
        members = [n for n in self.names if n != owner] if everyone else members
        made = Audience(owner, name, everyone, dict.fromkeys(members, 0))
        self.audiences[owner, name] = made

    def admit(self, owner: str, name: str, who: str, *, history: bool) -> None:
        one = self.audiences[owner, name]
        one.granted[who] = one.grants(who)
        one.since[who] = 0 if history else len(one.shown)
        one.left.pop(who, None)
        self._seen()

    def dismiss(self, owner: str, name: str, who: str) -> None:
        one = self.audiences[owner, name]
        had = one.seen_by(who)
        one.granted[who] = one.grants(who)
        del one.since[who]
        one.left[who] = had

    def share(self, owner: str, name: str, new: Sealed, now: str) -> str:
        """An object in an audience, in the place of what was marked otherwise."""
        one = self.audiences[owner, name]
        if not one.since:
            return "refused"
        if new.name in self.recalled and new.origin == owner:
            return "refused"
        if new.expires and new.expires <= now:
            return "refused"
        if new.origin == owner:
            joined = self._joined(one, new, now)
            if joined is None:
                return "refused"
            new = joined
        return self._show(one, new, owner, now)

    def _show(self, one: Audience, new: Sealed, owner: str, now: str) -> str:
        if one.has(new):
            self._seen()
            return "waits" if new in one.waiting else "already shared"
        if new.origin == owner:
            for other in {one.shown[at] for at in one.live} | set(one.waiting):
                if other.edition == new.edition:
                    one.hide(other)
        if new.release_at > now:
            one.waiting.append(new)
            return "waits"
        one.show(new)
        self._seen()
        return "shared"

    def _joined(self, one: Audience, new: Sealed, now: str) -> Sealed | None:
        """Under the one marking of its version, which others have by then; None: refused."""
        others = self._elsewhere(one, new, now)
        new = _strictest(new, [item for _, item in others])
        if new.tlp == "RED" and (one.everyone or any(place.everyone for place, _ in others)):
            return None
        if new.expires and new.release_at >= new.expires:
            return None
        for place, item in others:
            _move(place, item, replace(new, release_at=item.release_at), now)
        return new

    def _elsewhere(self, here: Audience, new: Sealed, now: str) -> list[tuple[Audience, Sealed]]:
        """Where else its owner shows the same version."""
        return [
            (other, item)
            for other in self.audiences.values()
            if other.owner == here.owner and other is not here
            for item in sorted({*(other.shown[at] for at in other.live), *other.waiting}, key=repr)
            if item.edition == new.edition and not (item.expires and item.expires <= now)
        ]

    def release(self, owner: str, now: str) -> None:
        """What waited for its day."""
        for one in self.audiences.values():
            if one.owner != owner:
                continue
            for waited in list(one.waiting):
                if waited.release_at <= now:
                    one.waiting.remove(waited)
                    if not waited.expires or waited.expires > now:
                        one.show(waited)
        self._seen()

    def recall(self, owner: str, object_: str) -> None:
        self.recalled.add((owner, object_))
        for one in self.audiences.values():
            if one.owner == owner:
                for other in {one.shown[at] for at in one.live} | set(one.waiting):
                    if other.name == (owner, object_):
                        one.hide(other)

    def held(self, who: str, now: str) -> tuple[set[Sealed], set[Sealed]]:
        """What a node must hold of others, and what it may hold beside."""
        sure, maybe = self._firsthand(who, now)
        first = sure | maybe
        for one in self.audiences.values():
            if one.owner == who:
                continue
            # Nobody passes on what was passed on to it: that is how plans are made.
            theirs, perhaps = self._firsthand(one.owner, now)
            for _, item in self._reaching(one, who, now):
                if item.origin == one.owner:
                    continue
                anew = any(o.edition == item.edition and o != item for o in first)
                # A relay that has lost it no longer passes it on.
                if item in theirs and who in one.since and not anew:
                    sure.add(item)
                elif item in theirs | perhaps or who not in one.since:
                    maybe.add(item)
        # What its originator recalled is nowhere, whoever passed it on and whoever was taken out.
        return self._not_recalled(sure), self._not_recalled(maybe - sure)

    def _not_recalled(self, items: set[Sealed]) -> set[Sealed]:
        return {item for item in items if item.name not in self.recalled}

    def _firsthand(self, who: str, now: str) -> tuple[set[Sealed], set[Sealed]]:
        """From its originators. Who was taken out may keep what was taken back since."""
        sure: set[Sealed] = set()
        maybe: set[Sealed] = set()
        for one in self.audiences.values():
            for at, item in self._reaching(one, who, now) if one.owner != who else ():
                if item.origin == one.owner:
                    (sure if at in one.live else maybe).add(item)
        return sure, maybe - sure

    def _reaching(self, one: Audience, who: str, now: str) -> list[tuple[int, Sealed]]:
        found = [(at, one.shown[at]) for at in one.seen_by(who)]
        return [
            (at, item)
            for at, item in found
            if item.origin != who and not (item.expires and item.expires <= now)
        ]

    def _seen(self) -> None:
        for one in self.audiences.values():
            for who in one.since:
                self.ever[who] |= {one.shown[at] for at in one.grants(who)}


def _strictest(new: Sealed, others: list[Sealed]) -> Sealed:
    """One version has one marking: the strictest that it was shown under."""
    every = [new, *others]
    return replace(
        new,
        tlp=max((one.tlp for one in every), key=_COLOURS.index),
        expires=min((one.expires for one in every if one.expires), default=""),
    )


def _move(audience: Audience, old: Sealed, new: Sealed, now: str) -> None:
    """Another marking takes the place of one, unless somebody would see by it what is not its."""
    if old == new:
        return
    at = [at for at in audience.live if audience.shown[at] == old]
    granted = not at or any(max(audience.since.values(), default=0) <= one for one in at)
    audience.hide(old)
    if granted and new.release_at > now:
        audience.waiting.append(new)
    elif granted:
        audience.show(new)
