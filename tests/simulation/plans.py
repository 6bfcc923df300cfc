"""What people do in one run, drawn by chance, and told to the oracle as it is done."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import permutations
from typing import Any

import nodes
from simulation.oracle import Audience, Sealed
from simulation.things import KINDS, Thing
from simulation.world import World
from sqlalchemy import text

from accord.exchange.envelope import peek
from accord.flows.exchange.sharing import audience, due, recall, share, wanted
from accord.flows.exchange.sharing.plan import Options
from accord.identity.markings import parse_tlp
from accord.wiring import Node

_ALL_ASK = 20
"""In one run of so many whoever learned anything asks everybody once more."""
FAR = "far-"
"""How the audiences of a journey are named."""


@dataclass
class Asked:
    """What became of it when one node asked another."""

    offered: object
    """What the other had for it: how long which logs were, and the last notice of recall."""
    whole: bool
    """It was given everything: what it learns elsewhere makes no difference."""
    again: bool
    """It has to ask once more."""


class Plan:
    """Actions on a world."""

    def __init__(self, world: World, *, skewed: bool = False) -> None:
        self.world, self.random, self.oracle = world, world.random, world.oracle
        self.names = world.names
        self.skewed = skewed
        self.things: dict[str, list[Thing]] = {name: [] for name in self.names}
        self.counts: Counter[str] = Counter()
        self.given: dict[str, list[bytes]] = {name: [] for name in self.names}
        """Documents of others that somebody's own people have too."""
        self.relays: dict[tuple[str, str], str] = {}
        self._marks = 0
        self._depth = 0

    def step(self) -> None:
        """One action of somebody."""
        kinds = (
            *(self.share,) * 4, *(self.sync,) * 4, *(self.remark,) * 2, *(self.take_back,) * 3,
            *(self.relay,) * 2, *(self.elsewhere,) * 2,
            self.create, self.member, self.weather, self.wait,
        )  # fmt: skip
        act = self.random.choice(kinds)
        for name in self.random.sample(self.names, len(self.names)):
            if act(name):
                self.counts[act.__name__] += 1
                return

    def begin(self) -> None:
        """Everybody has somebody to tell something to."""
        for name in self.names:
            self.create(name)
            self.share(name)

    def between(self, caller: str, server: str) -> None:
        """Something that happens on the other side while an answer is on its way."""
        del caller
        chance = self.world.faults
        if self._depth or not chance.armed or chance.random.random() > 0.03:
            return
        if self.world.is_busy(server) or server in self.world.network.away:
            return
        self._depth += 1
        try:
            chance.counts["meanwhile"] += 1
            act = self.random.choice((self.share, self.remark, self.take_back))
            self.counts[act.__name__] += bool(act(server))
        finally:
            self._depth -= 1

    def create(self, owner: str) -> bool:
        mine = self._audiences(owner)
        if len(mine) >= 3:
            return False
        name = f"{owner[:2]}-{len(mine)}"
        everyone = not any(one.everyone for one in mine) and self.random.random() < 0.3
        others = [other for other in self.names if other != owner]
        chosen = (
            []
            if everyone
            else self.random.sample(others, self.random.choice((0, 1, 1, 1, 2, 2, 2)))
        )
        self._say(f"{owner} makes {name} of {'all' if everyone else chosen}")

        def act(node: Node) -> None:
            if node.sharing.audience(name) is None:
                audience.create(node.owner, name, chosen, everyone=everyone)

        self.world.surely(owner, act)
        self.oracle.create(owner, name, chosen, everyone=everyone)
        return True

    def share(self, owner: str) -> bool:
        """Something new, a new version, or the same to others too."""
        mine = self._audiences(owner)
        if not mine:
            return self.create(owner)
        to = self.random.choice(mine)
        how = self.random.random()
        things = self.things[owner]
        if how < 0.6 or not things:
            things.append(Thing(owner, len(things), self.random.choice(KINDS)))
            thing = things[-1]
            thing.next()
        else:
            thing = self.random.choice(things)
            if how < 0.75 and thing.versions < 28:
                thing.next()
        same = [
            one
            for other in mine
            for one in (*other.waiting, *(other.shown[at] for at in sorted(other.live)))
            if one.digest == sha256(thing.bodies[-1]).hexdigest() and one.origin == owner
        ]
        if same and self.random.random() < 0.7:
            marking = self.random.choice(same)
            if marking.tlp == "RED" and to.everyone:
                return False
            return self.show(owner, to, thing, marking.tlp, marking.expires, marking.release_at)
        return self.show(owner, to, thing, *self._marking(owner, to))

    def remark(self, owner: str) -> bool:
        """Something that an audience has, marked otherwise."""
        mine = [one for one in self._audiences(owner, far=True) if one.live]
        if not mine:
            return False
        to = self.random.choice(mine)
        shown = to.shown[self.random.choice(sorted(to.live))]
        thing = next((t for t in self.things[owner] if self._is(t, shown)), None)
        if thing is None:
            return False
        return self.show(owner, to, thing, *self._marking(owner, to))

    def elsewhere(self, owner: str) -> bool:
        """What one audience has, shown to another one too, under another marking."""
        having = [one for one in self._audiences(owner) if one.live]
        if not having:
            return False
        place = self.random.choice(having)
        shown = place.shown[self.random.choice(sorted(place.live))]
        thing = next((t for t in self.things[owner] if self._is(t, shown)), None)
        if thing is None:
            return False
        if not self._beside(owner, place):
            self.create(owner)
        others = self._beside(owner, place)
        if not others:
            return False
        to = self.random.choice(others)
        return self.show(owner, to, thing, *self._marking(owner, to))

    def _beside(self, owner: str, place: Audience) -> list[Audience]:
        """The other audiences of a node that anybody is in."""
        return [one for one in self._audiences(owner) if one is not place and one.since]

    def _is(self, thing: Thing, shown: Sealed) -> bool:
        return shown.digest == sha256(thing.bodies[-1]).hexdigest()

    def _marking(self, owner: str, to: Audience) -> tuple[str, str, str]:
        words = ["CLEAR", "GREEN", "GREEN", "AMBER", "AMBER+STRICT", "RED"]
        tlp = self.random.choice(words[:-1] if to.everyone else words)
        # No two are marked the same unless that is meant: each could be told from the other.
        self._marks += 1
        now = datetime.fromisoformat(self.world.clocks[owner].now())
        days = self.random.choice((2, 90, 90, 90))
        expires = _when(now + timedelta(days=days, seconds=self._marks))
        release = ""
        if self.random.random() < 0.15:
            release = _when(now + timedelta(seconds=self.random.choice((1, 3600, 40_000))))
        return tlp, expires, release

    def show(  # noqa: PLR0913, PLR0917 - the words of the command
        self, owner: str, to: Audience, thing: Thing, tlp: str, expires: str, release_at: str
    ) -> bool:
        """The newest version of something in an audience, under a marking."""
        if not self._confirmed(owner):
            return False
        options = Options(parse_tlp(tlp), None, release_at, expires)
        documents = [(f"{thing.label}.json", body) for body in (*thing.beside, thing.documents[-1])]
        self._say(f"{owner} shows {thing.label}/{thing.versions} to {to.name} as {tlp}"
                  f" until {expires[:19]} from {release_at[:19]}")  # fmt: skip

        def act(node: Node) -> Any:
            name = nodes.give(node, documents).digests[-1]
            found = wanted.find([name], node.holdings)
            (outcome,) = share.share(node.sharer, found, to.name, options).outcomes
            return outcome

        self.oracle.own[owner].update(sha256(body).hexdigest() for _, body in documents)
        now = self.world.clocks[owner].now()
        outcome = self.world.surely(owner, act)
        thing.object = outcome.object  # type: ignore[attr-defined]
        digest = self._made(owner, thing, outcome)
        asked = Sealed(owner, outcome.object, outcome.version, tlp, expires, release_at, digest)  # type: ignore[attr-defined]
        self.oracle.release(owner, now)
        said = self.oracle.share(owner, to.name, asked, now)
        real = outcome.what  # type: ignore[attr-defined]
        self._say(f"  {real} {said}")
        assert (real == "refused") == (said == "refused"), (outcome, said)
        assert (real == "waits") == (said == "waits"), (outcome, said)
        return True

    def _made(self, owner: str, thing: Thing, outcome: Any) -> str:
        """Digest of what goes to others: the newest version, or what was made of it."""
        body = thing.bodies[-1]
        if outcome.redacted:
            query = text("SELECT envelope FROM shared WHERE origin = :me AND object = :object"
                         " AND envelope IS NOT NULL LIMIT 1")  # fmt: skip
            with self.world.nodes[owner].engine.connect() as connection:
                said = connection.scalar(query, {"me": owner, "object": outcome.object})
            if said is not None:
                body = peek(bytes(said)).body
                thing.redacted.append(body)
        return sha256(body).hexdigest()

    def take_back(self, owner: str) -> bool:
        shown = {
            item.object
            for one in self._audiences(owner)
            for item in (*one.waiting, *(one.shown[at] for at in one.live))
            if item.origin == owner
        }
        if not shown:
            return False
        object_ = self.random.choice(sorted(shown))
        self._say(f"{owner} recalls {object_}")

        def act(node: Node) -> None:
            if not any(one.object == object_ for one in node.sharing.recalls(object_)) and (
                (owner, object_) not in node.sharing.known([object_]).finals
            ):
                recall.recall(node.recaller, object_, "wrong")

        self.world.surely(owner, act)
        # What was due by then may have been fetched before it was taken back.
        self.oracle.release(owner, self._now(owner))
        self.oracle.recall(owner, object_)
        return True

    def relay(self, name: str) -> bool:
        """What came from a partner, passed on."""
        mine = [one for one in self._audiences(name) if one.since]
        may = self._passable(name)
        if not mine or not may:
            return False
        one, to = self.random.choice(may), self.random.choice(mine)
        if one.name in self.oracle.recalled or not self._confirmed(name):
            return False
        if not self.world.quietly(name, one.origin):
            return False
        # Being asked, its originator has let out what was due: perhaps a newer version.
        self.oracle.release(one.origin, self._now(one.origin))
        if one not in self._passable(name):
            return False
        self.relays[one.name] = name
        self._say(f"{name} passes {one.object} of {one.origin} on to {to.name}")

        def act(node: Node) -> Any:
            found = wanted.find([one.object], node.holdings)
            return share.share(node.sharer, found, to.name, Options()).outcomes

        self.oracle.release(name, self._now(name))
        outcomes = self.world.surely(name, act)
        self._say(f"  {[o.what + ' ' + o.rule for o in outcomes]}")  # type: ignore[attr-defined]
        if [o.what for o in outcomes] in (["shared"], ["already shared"]):  # type: ignore[attr-defined]
            self.oracle.share(name, to.name, one, self._now(name))
        return True

    def _passable(self, name: str) -> list[Sealed]:
        """What a node has of others that anybody may have, in one version."""
        held = sorted(self.oracle.held(name, self._now(name))[0], key=repr)
        names = Counter(one.name for one in held)
        return [
            one
            for one in held
            if one.tlp in ("CLEAR", "GREEN") and names[one.name] == 1
            and self.relays.get(one.name, name) == name and one.release_at < self._now(name)
        ]  # fmt: skip

    def member(self, owner: str) -> bool:
        """Somebody comes into an audience, with or without its history, or leaves it."""
        mine = [one for one in self._audiences(owner) if not one.everyone]
        if not mine:
            return False
        one = self.random.choice(mine)
        who = self.random.choice([name for name in self.names if name != owner])
        self.world.pass_time(1)
        if not self.world.quietly(who, owner):
            return False
        now = self._now(owner)
        sizes = self.world.sizes(owner)
        self.world.surely(owner, lambda node: due.release_due(node.sharing, now))
        self.oracle.release(owner, now)
        if self.world.sizes(owner) != sizes and not self.world.quietly(who, owner):
            return False
        if who in one.since and self.random.random() < 0.6:
            self._say(f"{owner} takes {who} out of {one.name}")

            def out(node: Node) -> None:
                found = node.sharing.audience(one.name)
                if found and who in found.named():
                    audience.remove(node.owner, one.name, who)

            self.world.surely(owner, out)
            self.oracle.dismiss(owner, one.name, who)
            return True
        history = self.random.random() < 0.5
        self._say(f"{owner} takes {who} into {one.name}, history {history}")
        last = None if history else 0
        self.world.surely(owner, lambda node: audience.add(node.owner, one.name, who, last))
        self.oracle.admit(owner, one.name, who, history=history)
        return True

    def sync(self, name: str) -> bool:
        source = self.random.choice([other for other in self.names if other != name])
        self.world.sync(name, source)
        return True

    def weather(self, name: str) -> bool:
        """Somebody goes away or comes back, a line is cut or mended."""
        network = self.world.network
        other = self.random.choice([one for one in self.names if one != name])
        if self.random.random() < 0.5:
            network.apart ^= {frozenset((name, other))}
            self.world.faults.counts["partition"] += 1
        elif name in network.away or not network.away:
            network.away ^= {name}
            self.world.faults.counts["away"] += 1
        if self.skewed and self.random.random() < 0.6:
            hours = self.random.choice((-1, 0, 0, 1))
            self.world.clocks[name].off = timedelta(hours=hours)
            self.world.faults.counts["clock off by an hour"] += bool(hours)
        self._say(f"weather: apart {[sorted(p) for p in network.apart]} away {network.away}")
        return True

    def wait(self, name: str) -> bool:
        """Time goes on: mostly a little, and now and then a month in all."""
        del name
        seconds = self.random.choice((1, 60, 3600, 3600, 86_400, 10 * 86_400))
        if self.world.moment + timedelta(seconds=seconds) > datetime.fromisoformat(
            "2026-04-15T00:00:00Z"
        ):
            return False
        self.world.pass_time(seconds)
        self._say(f"{seconds} seconds pass")
        return True

    def settle(self) -> None:
        """Nothing goes wrong any more: everybody asks everybody until nothing is new."""
        world = self.world
        world.faults.armed = False
        world.network.apart.clear()
        world.network.away.clear()
        world.network.between = lambda _caller, _server: None
        for clock in world.clocks.values():
            clock.off = timedelta()
        world.pass_time(90_000)
        world.renew()
        for name in self.names:
            documents = [
                (f"{thing.label}.json", body)
                for thing in self.things[name]
                for body in (*thing.beside, *thing.documents)
                if sha256(body).hexdigest() in self.oracle.own[name]
            ]
            documents += [("theirs.json", body) for body in self.given[name]]
            if documents:
                nodes.give(world.nodes[name], documents)
            self.oracle.release(name, self._now(name))
        world.pass_time(2)
        asked: dict[tuple[str, str], Asked] = {}
        for _ in range(8):
            if not self._round(asked):
                return
            # Dates are whole seconds: none of them comes between two rounds.
            world.pass_time(0.001)
        raise AssertionError("it does not settle")

    def _round(self, asked: dict[tuple[str, str], Asked]) -> int:
        """Everybody asks everybody; gives how many had to.

        Nobody has to who asked before and was given everything, where the logs that it is
        in are as long as they were: whoever drops what has expired takes it out of its own log too,
        perhaps after others have asked. Who was not given everything asks again once it has learned
        something, be it of somebody else; and so does everybody in every twentieth run.
        """
        world, count = self.world, 0
        for name, source in permutations(self.names, 2):
            before = asked.get((name, source))
            if before and before.offered == world.offered(source, name) and not before.again:
                continue
            count += 1
            report = world.sync(name, source)
            assert report, (name, source)
            assert report.good, report
            whole = world.seed % _ALL_ASK != 0 and not any(log.withheld for log in report.logs)
            if report.changed:
                for other in self.names:
                    if (name, other) in asked:
                        asked[name, other].again |= not asked[name, other].whole
            again = report.changed and not whole
            asked[name, source] = Asked(world.offered(source, name), whole=whole, again=again)
        return count

    def _confirmed(self, name: str) -> bool:
        """Whether a node's directory is of today; it issues nothing while it is not."""
        trusted = self.world.nodes[name].trust.trusted()
        return trusted is not None and self._now(name) < trusted.expires

    def _audiences(self, owner: str, *, far: bool = False) -> list[Audience]:
        """A node's audiences; `far`: also those through which one object alone travels."""
        found = [one for (who, _), one in sorted(self.oracle.audiences.items()) if who == owner]
        return [one for one in found if far or not one.name.startswith(FAR)]

    def _now(self, name: str) -> str:
        return self.world.clocks[name].now()

    def _say(self, what: str) -> None:
        self.world.tell(what)


def _when(moment: datetime) -> str:
    return f"{moment.isoformat(timespec='microseconds')[:26]}Z"
