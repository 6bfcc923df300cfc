"""What happens in the demonstration, step by step, with the seconds that each hop took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from accord.cli.demo import stage
from accord.cli.demo.lines import line, say, timed

if TYPE_CHECKING:
    from accord.flows.exchange.accounts.stats import Word
    from accord.supply.matching.exposures import Exposure
    from accord.wiring import Node

TELLER = "australia"
"""Who sees the attack."""
SOME = ("india", "japan")
"""Whom it tells what to look for."""
_TURN = 0.05


class Story:
    """Four nodes, and what they know by now."""

    def __init__(self, nodes: dict[str, Node], wait: float) -> None:
        self.nodes = nodes
        self.teller = nodes[TELLER]
        self._wait = wait
        self._began = ""
        self._seen: dict[str, dict[str, str]] = {}
        """By node: the decision of each exposure that was told."""
        self._applied: dict[str, int] = dict.fromkeys(nodes, 0)

    def prepare(self) -> None:
        """Partners with their own operators, and the advisories that everybody has."""
        from accord.flows.load import load_documents
        from accord.scenario import partners

        started = time.monotonic()
        stage.federate(self.nodes)
        federated = time.monotonic() - started
        for name, node in self.nodes.items():
            load_documents(partners.beginning(name), node.intake, node.clock.now())
            self._seen[name] = self._decisions(name)
        directory = self.teller.trust.directory()
        assert directory is not None
        say(
            f"Four partners: each a node with its own process, database and keys."
            f"\nThe directory (version {directory.version}) is signed by"
            f" {directory.threshold} of {len(directory.partners)}; it took {federated:.1f} s."
        )

    def introduce(self, numbers: dict[str, int]) -> None:
        """Who they are."""
        say()
        for name, node in self.nodes.items():
            with node.views.view() as view:
                operators = len({one.operator for one in view.deployments()})
            line(
                name,
                f"{operators} operators, {len(self._seen[name])} exposures"
                f"   process {numbers[name]} at {stage.address(node)}",
            )

    def warn(self) -> None:
        """A plain notice and the advisories, to everybody."""
        from accord.scenario import partners

        everybody = [name for name in self.nodes if name != TELLER]
        self._audience("all-partners", (), everyone=True)
        say(
            "\nAustralia finds its mail servers being taken over. It warns everybody: a notice,"
            "\nGREEN, and the advisories, CLEAR."
        )
        self._begin()
        names = partners.shared("names")
        documents = [*partners.advisories(), ("names", names)]
        count = self._share(documents, "all-partners", "CLEAR")
        count += self._share([("notice", partners.shared("notice"))], "all-partners", "GREEN")
        self._hops("all-partners", everybody, count)
        self._show_exposed()

    def tell_some(self) -> None:
        """What to look for, and that it was seen, to two."""
        from accord.scenario import partners

        self._audience("grid-watch", SOME, everyone=False)
        say(
            "\nWhat to look for, and that the attack was seen, goes to India and Japan, AMBER:"
            "\nfor them and their operators."
        )
        self._begin()
        bundle = [("indicators", partners.shared("indicators"))]
        count = self._share(bundle, "grid-watch", "AMBER")
        self._hops("grid-watch", SOME, count)
        self._show_exposed()

    def refuse(self) -> None:
        """A partner may not pass on what is marked AMBER."""
        from accord.flows.exchange.sharing import audience, share, wanted
        from accord.scenario.partners import WITHDRAWN

        say("\nJapan tries to pass an indicator on to the United States:")
        japan = self.nodes["japan"]
        audience.create(japan.owner, "neighbours", ["united-states"], everyone=False)
        found = wanted.find([WITHDRAWN], japan.holdings)
        outcome = share.share(japan.sharer, found, "neighbours").outcomes[0]
        line("japan", f"{outcome.what}: {outcome.rule}. {outcome.reason}")

    def recall(self) -> None:
        """One indicator was a mistake."""
        from accord.flows.exchange.sharing import recall
        from accord.scenario.partners import WITHDRAWN

        say("\nOne indicator was a supplier's own monitoring. Australia recalls it:")
        self._begin()
        recall.recall(self.teller.recaller, WITHDRAWN, "a supplier's own monitoring")
        self._time(TELLER, self.teller.clock.now(), "recalled; its own copy is erased")
        self._until(
            lambda: all(one.acknowledged for one in recall.status(self.teller.owner, WITHDRAWN)),
            "the recall was not acknowledged",
        )
        for one in recall.status(self.teller.owner, WITHDRAWN):
            gone = not self.nodes[one.partner].holdings.places([WITHDRAWN])
            what = "erased it and has acknowledged" if gone else "STILL HAS IT"
            self._time(one.partner, one.acknowledged, what)

    def verify(self) -> None:
        """Every receipt, on every node."""
        from accord.flows.exchange.accounts import receipts

        say("\nReceipts: each decision on what may leave, and each partner's word:")
        for name, node in self.nodes.items():
            found = receipts.verify(node.receipts, node.trust.directory())
            chain = "chain whole" if found.broken is None else f"BROKEN at {found.broken}"
            wrong = f", {len(found.wrong)} WRONG" if found.wrong else ""
            line(
                name, f"{found.lines} decisions, {chain}; {found.cosignatures} cosignatures{wrong}"
            )

    def example(self) -> str:
        """The beginning of an exposure that is explained by what a partner sent."""
        from accord.scenario.partners import MAIL

        found = [one for one in self._mail("india") if one.advisory in MAIL]
        return found[0].id[:8] if found else "ID"

    def _audience(self, name: str, members: Sequence[str], *, everyone: bool) -> None:
        from accord.flows.exchange.sharing import audience

        audience.create(self.teller.owner, name, list(members), everyone=everyone)

    def _share(self, documents: list[tuple[str, bytes]], audience: str, tlp: str) -> int:
        """Load and share; gives how many went out."""
        from accord.core.errors import AccordError
        from accord.flows.exchange.sharing import share, wanted
        from accord.flows.exchange.sharing.plan import Options
        from accord.flows.load import load_documents
        from accord.identity.markings import parse_tlp

        node = self.teller
        loaded = load_documents(documents, node.intake, node.clock.now())
        found = wanted.find(loaded.digests, node.holdings)
        shared = share.share(node.sharer, found, audience, Options(tlp=parse_tlp(tlp)))
        wrong = [one for one in shared.outcomes if one.what != "shared"]
        if wrong:
            raise AccordError(f"{wrong[0].object} was not shared: {wrong[0].reason}")
        self._time(TELLER, node.clock.now(), f"released {_objects(len(shared.outcomes))}, {tlp}")
        return len(shared.outcomes)

    def _hops(self, audience: str, members: Sequence[str], count: int) -> None:
        """Wait until all have it and have said so, and tell when."""
        entries = self._entries(audience)
        self._until(
            lambda: all(self._word(audience, name, entries) for name in members),
            f"not everybody in {audience} has acknowledged",
        )
        hops = [hop for name in members for hop in self._hop(audience, name, entries, count)]
        for at, where, what in sorted(hops):
            self._time(where, at, what)

    def _hop(
        self, audience: str, name: str, entries: int, count: int
    ) -> Iterator[tuple[str, str, str]]:
        """When a partner had everything, and when its word was here; by whom, and what."""
        arrivals = list(self.nodes[name].accounts.arrivals())
        new = arrivals[self._applied[name] :]
        self._applied[name] = len(arrivals)
        applied = f"fetched, verified and applied {len(new)} of {count}"
        yield max(one.applied for one in new), name, applied
        word = self._word(audience, name, entries)
        assert word is not None
        yield word.received, TELLER, f"holds the cosignature of {name}"

    def _entries(self, audience: str) -> int:
        found = self.teller.sharing.audience(audience)
        assert found is not None
        return found.size

    def _word(self, audience: str, partner: str, size: int) -> Word | None:
        """A partner's word for so many entries."""
        for word in self.teller.accounts.words():
            if (word.audience, word.partner) == (audience, partner) and word.size >= size:
                return word
        return None

    def _show_exposed(self) -> None:
        """Which operators are newly exposed, or more urgently so."""
        say("  Exposed now:")
        for name in self.nodes:
            before, after = self._seen[name], self._decisions(name)
            changed = [one for one in self._mail(name) if before.get(one.id) != one.decision]
            self._seen[name] = after
            if not changed:
                line(name, "nothing new")
            for operator in dict.fromkeys(one.operator for one in changed):
                own = [one for one in changed if one.operator == operator]
                words = sorted({_change(before.get(one.id, ""), one) for one in own})
                line(name, f"{_short(operator)}: {len(own)} {', '.join(words)}")

    def _decisions(self, name: str) -> dict[str, str]:
        return {one.id: one.decision for one in self.nodes[name].exposures.all()}

    def _mail(self, name: str) -> list[Exposure]:
        """The open exposures of a node."""
        return list(self.nodes[name].exposures.all())

    def _begin(self) -> None:
        self._began = self.teller.clock.now()

    def _time(self, name: str, at: str, what: str) -> None:
        timed(self._began, name, at, what)

    def _until(self, true: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + self._wait
        while not true():
            if time.monotonic() > end:
                raise stage.failed(TELLER, self.teller, what)
            time.sleep(_TURN)


def _change(before: str, exposure: Exposure) -> str:
    now = exposure.decision
    return f"{before} -> {now}" if before else now


def _objects(count: int) -> str:
    return f"{count} object" if count == 1 else f"{count} objects"


def _short(operator: str) -> str:
    return operator.removesuffix(" (fictional)")
