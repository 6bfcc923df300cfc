"""How one partner's verdict on a product counts for another, and how it falls."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from accord.cli.demo import stage
from accord.cli.demo.lines import line, say, timed

if TYPE_CHECKING:
    from accord.assurance.assessing.recognition import Rule
    from accord.flows.assessing.assess import Assessed
    from accord.wiring import Node

_ALL = "all-buyers"
_TURN = 0.02
_PERSON = "the demonstration"


class Buying:
    """Four buyers, one release, and whose verdict counts for whom."""

    def __init__(self, nodes: dict[str, Node], wait: float) -> None:
        from accord.scenario.buying import BUYERS

        self.nodes = nodes
        self._wait = wait
        self._began = ""
        self._buyers = {owner: buyer for buyer, owner in BUYERS.items()}

    def offer(self) -> None:
        """The supplier proves to one, and promises to all."""
        from accord.flows.exchange.sharing import audience
        from accord.flows.load import load_documents
        from accord.scenario import buying

        say(
            f"\n{buying.SUPPLIER} offers {buying.PRODUCT} {buying.RELEASE} to all four. Each asks"
            " for a plan, and for"
            "\na build and a bill that are verified. Only India has the proofs, and knows who"
            " signed them."
        )
        for name, node in self.nodes.items():
            now = node.clock.now()
            load_documents(buying.baselines(), node.intake, now)
            self._prove(name, buying.form(now[:10]))
            if name in {"india", "australia"}:
                audience.create(node.owner, _ALL, [], everyone=True)
        self._verified_in_india()
        for name, node in self.nodes.items():
            node.reassess()
            self._state(name)

    def recognise(self) -> None:
        """India's verdict counts in Australia, and by Australia's in the United States."""
        from accord.scenario.buying import BILL, BUILD

        self._rule("japan", "in", items=("ssdf@1.1#*",))
        rule = self._rule("australia", "in", items=(BUILD, BILL), without=("network device",))
        self._rule("united-states", "au", onward=True)
        say("\nIndia states its verdict, and shares it. Each other buyer has written a rule:")
        self._begin()
        self._share("india", self._stated("india"))
        timed(self._began, "india", self._now("india"), "stated and shared its verdict")
        self._becomes("australia", "accept")
        line("australia", "its rule lets in what India verified of build and bill")
        self._share("australia", rule[1])
        self._share("australia", self._stated("australia"))
        timed(self._began, "australia", self._now("australia"), "stated and shared its own")
        self._becomes("united-states", "accept")
        line("united-states", "its rule lets in what Australia verified, or itself recognises")
        self._state("japan")
        self._why_not("japan", "in")
        self._australias = rule[0]

    def revoke(self) -> None:
        """One link goes, and what rests on it with it."""
        from accord.flows.assessing import recognise

        say("\nAustralia revokes its rule:")
        self._begin()
        australia = self.nodes["australia"]
        _, document = recognise.revoke(
            australia, self._australias.id, person=_PERSON, why="the demonstration ends"
        )
        australia.reassess()
        self._share("australia", document)
        self._becomes("australia", "cannot decide")
        self._becomes("united-states", "cannot decide")
        self._why_not("united-states", "au")

    def _prove(self, name: str, *files: bytes) -> None:
        from accord.flows.evidence.add import Ask, add
        from accord.scenario.buying import ARTEFACT, PRODUCT, RELEASE

        ask = Ask(product=PRODUCT, release=RELEASE, person=_PERSON, artefacts=frozenset({ARTEFACT}))
        add(self.nodes[name], ask, [(f"evidence {n}", data) for n, data in enumerate(files)])

    def _verified_in_india(self) -> None:
        from accord.flows.evidence.issuers import Wanted, give
        from accord.scenario import buying

        india = self.nodes["india"]
        builder = buying.Builder()
        wanted = Wanted(
            name=buying.BUILDER, role="builder", person=_PERSON, why="India's own inspection",
            keys=(("builder.pem", builder.public()),), identities=(buying.PLATFORM,),
        )  # fmt: skip
        give(india, wanted)
        self._prove("india", buying.bill(), builder.provenance(india.clock.now()))

    def _rule(
        self,
        name: str,
        of: str,
        items: tuple[str, ...] = ("*",),
        without: tuple[str, ...] = (),
        *,
        onward: bool = False,
    ) -> tuple[Rule, str]:
        """A buyer's rule, stated on its own node; with its document's digest."""
        from accord.assurance.assessing.recognition import Rule
        from accord.flows.assessing import recognise

        node = self.nodes[name]
        rule = Rule(
            id="", by=self._buyers[name], of=of, items=items, without=without, onward=onward,
            since=node.clock.now(), person=_PERSON, why="agreed between the four",
        )  # fmt: skip
        return recognise.add(node, rule)

    def _assessed(self, name: str) -> Assessed:
        from accord.flows.assessing.assess import Question, assess_one
        from accord.scenario.buying import PRODUCT, RELEASE, TYPE

        node = self.nodes[name]
        asked = Question(product=PRODUCT, release=RELEASE, buyers=(self._buyers[name],), type=TYPE)
        return assess_one(node.assessing, node.me, node.clock.now(), asked)

    def _stated(self, name: str) -> str:
        from accord.flows.assessing.state import state

        (stated,) = state(self.nodes[name], self._assessed(name), _PERSON)
        return stated.document

    def _share(self, name: str, digest: str) -> None:
        from accord.core.errors import AccordError
        from accord.flows.exchange.sharing import share, wanted
        from accord.flows.exchange.sharing.plan import Options
        from accord.identity.markings import parse_tlp

        node = self.nodes[name]
        found = wanted.find([digest], node.holdings)
        outcomes = share.share(node.sharer, found, _ALL, Options(tlp=parse_tlp("GREEN"))).outcomes
        if outcomes[0].what != "shared":
            raise AccordError(f"{outcomes[0].object} was not shared: {outcomes[0].reason}")

    def _state(self, name: str) -> None:
        (found,) = self._assessed(name).assessments
        met = f"{sum(one.met for one in found.judged)} of {len(found.judged)} met"
        line(name, f"{found.verdict}: {met}")

    def _why_not(self, name: str, of: str) -> None:
        """Why another's verdict does not count for a buyer."""
        from accord.scenario.buying import BUILD

        found = self._assessed(name)
        reasons = [
            one.reason
            for one in found.refused.get(self._buyers[name], ())
            if (one.authority, one.item) == (of, BUILD)
        ]
        line(name, reasons[0] if reasons else "nothing is refused")

    def _becomes(self, name: str, verdict: str) -> None:
        """Wait until a node has found by itself that its own verdict is another one, and when."""
        from accord.scenario.buying import PRODUCT

        node, buyer = self.nodes[name], self._buyers[name]
        end = time.monotonic() + self._wait
        while True:
            for _, event in node.assessing.ledger.events(PRODUCT):
                if (event.buyer, event.after) == (buyer, verdict) and event.at >= self._began:
                    what = f"its verdict: {event.before} -> {event.after}"
                    timed(self._began, name, event.at, what)
                    return
            if time.monotonic() > end:
                raise stage.failed(name, node, f"its verdict did not become {verdict}")
            time.sleep(_TURN)

    def _begin(self) -> None:
        self._began = self._now("india")

    def _now(self, name: str) -> str:
        return self.nodes[name].clock.now()
