"""Partners that assess, state and recognise: whole nodes, with small baselines of their own.

Each buyer asks for two things: that secure development is promised, and that the build is verified.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import evidence_made as made
from evidence_made import PRODUCT, RELEASE, Key
from house_of_nodes import Nodes

from accord.assurance.assessing.recognition import Rule
from accord.assurance.model import Level
from accord.demand.asks.consent import Terms
from accord.flows.assessing import recognise
from accord.flows.assessing.assess import Assessed, Question, assess_one
from accord.flows.assessing.state import state
from accord.flows.demand.asks import agree
from accord.flows.evidence import add as adding
from accord.flows.evidence import issuers
from accord.flows.exchange.sharing import audience, share, wanted
from accord.flows.exchange.sharing.plan import Options
from accord.flows.load import load_documents
from accord.identity.markings import parse_tlp

OWNERS = {"au": "australia", "in": "india", "jp": "japan", "us": "united-states"}
BEFORE = "2026-02-20"
BUILD, PROMISE = "slsa@1.0#build-l2", "ssdf@1.1#PO.1.1"


def baseline(buyer: str) -> bytes:
    def asks(id_: str, item: str, level: str) -> dict[str, Any]:
        return {
            "id": id_, "group": "produce", "title": id_, "items": [item], "level": level,
            "source": "a test",
        }  # fmt: skip

    return json.dumps({
        "baseline": buyer, "owner": OWNERS[buyer], "version": "2026.t", "since": "2026-02-01",
        "title": f"what {buyer} asks",
        "requirements": [asks("build", BUILD, "verified"), asks("plan", PROMISE, "self-asserted")],
    }).encode()  # fmt: skip


FORM = made.form(
    catalogue="ssdf@1.1",
    date=BEFORE,
    items=[{"item": "PO.1.1", "answer": "yes", "why": "written down"}],
)


class Buyers(Nodes):
    """Four nodes that have the supplier's form; India knows who builds."""

    def __init__(self, folder: Path, **more: Any) -> None:
        super().__init__(folder, **more)
        self.key = Key()
        for node in self.nodes.values():
            load_documents(
                [(buyer, baseline(buyer)) for buyer in OWNERS], node.intake, node.clock.now()
            )
            self._add(node, FORM)
            audience.create(node.owner, "all", [], everyone=True)
        self.prove()

    def _add(self, node: Any, *files: bytes) -> None:
        ask = adding.Ask(
            product=PRODUCT, release=RELEASE, person="R. Ana", artefacts=frozenset({made.ARTEFACT})
        )
        adding.add(node, ask, [(f"file-{number}", one) for number, one in enumerate(files)])

    def prove(self) -> None:
        """India has what proves the build, and trusts who signed it."""
        india = self["india"]
        given = issuers.Wanted(
            name="Forge", role="builder", person="R. Ana", why="known", keys=self.key.given,
            identities=(made.BUILDER,),
        )  # fmt: skip
        issuers.give(india, given)
        self._add(india, made.envelope(made.provenance(at=f"{BEFORE}T00:00:00Z"), self.key))

    def tick(self) -> None:
        """A minute passes."""
        hour, minute = int(self.clock.at[11:13]), int(self.clock.at[14:16]) + 1
        hour, minute = hour + minute // 60, minute % 60
        self.clock.at = f"{self.clock.at[:11]}{hour:02}:{minute:02}:00.000000Z"

    def assess(self, name: str, buyer: str) -> Assessed:
        node = self[name]
        asked = Question(product=PRODUCT, release=RELEASE, buyers=(buyer,))
        return assess_one(node.assessing, node.me, node.clock.now(), asked)

    def verdict(self, name: str, buyer: str) -> str:
        return self.assess(name, buyer).assessments[0].verdict

    def reasons(self, name: str, buyer: str) -> str:
        refused = self.assess(name, buyer).refused
        return "\n".join(one.reason for ones in refused.values() for one in ones)

    def state(self, name: str) -> str:
        """State a node's own verdict; its document's digest."""
        self.tick()
        buyer = next(buyer for buyer, owner in OWNERS.items() if owner == name)
        (stated,) = state(self[name], self.assess(name, buyer), "R. Ana")
        return stated.document

    def rule(self, by: str, of: str, **more: Any) -> tuple[Rule, str]:
        """State a rule on its buyer's own node; it, and its document's digest."""
        self.tick()
        values: dict[str, Any] = {"level": Level.VERIFIED, "since": self.clock.at, "why": "agreed"}
        rule = Rule(id="", by=by, of=of, person="R. Ana", **{**values, **more})
        return recognise.add(self[OWNERS[by]], rule)

    def revoke(self, by: str, rule: Rule) -> str:
        self.tick()
        return recognise.revoke(self[OWNERS[by]], rule.id, person="R. Ana", why="over")[1]

    def share(self, name: str, digest: str, to: str = "all", tlp: str = "GREEN") -> None:
        node = self[name]
        found = wanted.find([digest], node.holdings)
        shared = share.share(node.sharer, found, to, Options(tlp=parse_tlp(tlp)))
        assert [one.what for one in shared.outcomes] == ["shared"], shared.outcomes

    def load(self, name: str, body: bytes) -> str:
        """Give a node a document as its own people would."""
        node = self[name]
        (digest,) = load_documents([("file", body)], node.intake, node.clock.now()).digests
        return digest

    def body(self, name: str, digest: str) -> bytes:
        return self[name].holdings.body(digest)


DUE = "2026-06-30"
WHO = ("R. Ana", "we need it")


def terms(*partners: str, **more: Any) -> Terms:
    values = {
        "supplier": "Lantern Works", "requirement": PROMISE, "products": (PRODUCT,),
        "text": "Please say how you plan.\nIn a page.", "due": DUE,
        "partners": tuple(sorted(partners)),
    }  # fmt: skip
    return Terms(**{**values, **more})


def agreed(house: Buyers, *names: str, tlp: str = "CLEAR", **more: Any) -> str:
    """Every named partner consents, and everybody knows."""
    id_ = ""
    for name in names:
        house.tick()
        id_, document = agree.agree(house[name], terms(*names, **more), WHO)
        house.share(name, document, tlp=tlp)
    house.settle()
    return id_
