"""What may happen on a node that keeps verdicts, and whether those are what would be found."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import evidence_made as made
import nodes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from evidence_made import Desk, Key

from accord.assurance.assessing.recognition import Rule
from accord.assurance.model import Level
from accord.core.errors import AccordError
from accord.flows.assessing import recognise, state
from accord.flows.assessing.assess import Assessor, Question, assess_one
from accord.flows.evidence.add import remove
from accord.flows.evidence.issuers import end
from accord.flows.judge import confirm
from accord.flows.rebuild import rebuild

STEPS = 16
GUARDED = "ssdf@1.1#PS.1.1"
ITEMS = {
    "clean": "fact@1#no-known-exploited",
    "prompt": "fact@1#answered-in-time",
    "kept": "fact@1#supported-components",
    "agrees": "fact@1#bill-matches-provenance",
    "contact": "fact@1#disclosure-contact",
}
RELEASES = [("Lantern", "2.1"), ("lantern", "2.2"), ("Torch", "9"), ("\u212aite", "1")]
PARTS = ["pkg:npm/left-pad@1.0.0", "pkg:npm/right-pad@1.0.0", "pkg:pypi/up@3"]


def baseline(
    name: str, *items: str, version: str = "1", accepts: Sequence[str] = (), **more: object
) -> bytes:
    requirements = [
        {
            "id": f"r-{place}", "group": "protect", "title": "done", "items": [item],
            "level": "verified" if item.startswith("fact@") else "self-asserted",
            "source": "made up", "accepts": list(accepts),
        }
        for place, item in enumerate(items)
    ]  # fmt: skip
    body = {
        "baseline": name, "owner": name, "version": version, "since": "2026-01-01",
        "title": f"For {name}", "requirements": requirements, **more,
    }  # fmt: skip
    return json.dumps(body).encode()


TRUSTING = "trusting", baseline("trusting", GUARDED, accepts=["report"])


def cycle(product: str, end_: str, release: str) -> bytes:
    return (
        f"---\ntitle: {product}\npermalink: /{product}\nidentifiers:\n  - purl: pkg:npm/{product}\n"
        f"releases:\n  - releaseCycle: '{release}'\n    releaseDate: 2020-01-01\n    eol: {end_}\n"
        "---\n"
    ).encode()


def folded(product: str, release: str) -> tuple[str, str]:
    return product.casefold(), release.casefold()


Found = dict[tuple[tuple[str, str], str], tuple[str, str, str]]


def kept(desk: Desk) -> Found:
    return {
        (folded(one.product, one.release), one.buyer): (
            one.verdict, one.baseline, one.requirements,
        )
        for one in desk.node.assessing.ledger.kept()
    }  # fmt: skip


def found_now(desk: Desk) -> Found:
    """What is found of every release at once, with nothing that was kept."""
    with desk.node.assessing.view(now=desk.clock.now()) as view:
        assessor = Assessor(view, desk.node.me, desk.clock.now())
        return {
            (folded(*one.release.key), each.baseline.name): (
                each.verdict, each.baseline.version,
                json.dumps({j.need.id: j.verdict for j in each.judged}, separators=(",", ":")),
            )
            for one in assessor.each(view.releases())
            for each in one.assessments
        }  # fmt: skip


def wrong(desk: Desk) -> list[str]:
    """Every verdict that is kept and would not be found, and that of an asked release not kept."""
    have, now = kept(desk), found_now(desk)
    with desk.node.assessing.view() as view:
        asked = view.concerned()
    wanted = {
        place: verdict
        for place, verdict in now.items()
        if place[0] in asked or (place[0][0], "") in asked
    }
    return [
        f"{place}: kept {have.get(place)}, found {now.get(place)}"
        for place in sorted({*have, *wanted})
        if have.get(place) != now.get(place)
    ]


def key_of(seed: int) -> Key:
    """The same key for a seed each time: a story that fails fails again."""
    key = Key()
    key.private = Ed25519PrivateKey.from_private_bytes(seed.to_bytes(32, "big"))
    return key


class Story:
    """What may happen on a node, one thing after another, by a seed."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk = desk
        self.chance = random.Random(seed)
        self.key = key_of(seed)
        self.added: list[tuple[str, str]] = []
        self.rules: list[str] = []
        self.day = 0

    @property
    def steps(self) -> list[Callable[[], None]]:
        return [
            self.bill, self.bill, self.advisory, self.statement, self.form, self.form,
            self.certificate, self.taken_back, self.estate, self.standing, self.ended,
            self.result, self.cycle, self.exploited, self.judged, self.removed, self.baseline,
            self.rule, self.stated, self.clock, self.clock, self.rebuilt, self.record_first,
            self.provenance,
            self.sighting,
        ]  # fmt: skip

    def one(self) -> tuple[str, str]:
        return self.chance.choice(RELEASES)

    def date(self, ahead: int = 3) -> str:
        """A day of this year, or one to come."""
        month = self.chance.randint(1, 12 + ahead)
        return f"{2026 + (month > 12)}-{(month - 1) % 12 + 1:02}-0{self.chance.randint(1, 9)}"

    def past(self) -> str:
        return f"2026-0{self.chance.randint(1, 9)}-0{self.chance.randint(1, 9)}T00:00:00Z"

    def give(self, name: str, *documents: bytes) -> None:
        nodes.give(self.desk.node, [(name, one) for one in documents], self.desk.clock.now())

    def bill(self) -> None:
        version = self.chance.randint(1, 9)
        parts = self.chance.sample(PARTS, self.chance.randint(0, 3))
        serial = self.chance.choice(["", "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"])
        more = {"serial": serial} if serial else {}
        body = nodes.bill(
            *self.one(), parts, version=version, created=f"2026-0{version}-01T00:00:00Z", **more
        )
        self.give(self.chance.choice(["bill.json", "other.json"]), body)

    def advisory(self) -> None:
        name = f"CVE-2026-000{self.chance.randint(1, 3)}"
        more: dict[str, Any] = {}
        if self.chance.random() < 0.2:
            more["withdrawn"] = "2026-09-01T00:00:00Z"
        if self.chance.random() < 0.3:
            more["aliases"] = [f"CVE-2026-000{self.chance.randint(1, 4)}"]
        published = f"2026-1{self.chance.randint(0, 1)}-05T00:00:00Z"
        package = self.chance.choice(["left-pad", "right-pad"])
        self.give(
            "advisory", nodes.osv(name, package, modified=self.past(), published=published, **more)
        )

    def exploited(self) -> None:
        names = [f"CVE-2026-000{n}" for n in range(1, 5) if self.chance.random() < 0.5]
        self.give("kev", nodes.kev(*names, released=self.past()))

    def statement(self) -> None:
        words = ["not_affected", "affected", "under_investigation", "fixed"]
        body = json.loads(
            nodes.openvex(
                f"CVE-2026-000{self.chance.randint(1, 4)}", self.chance.choice(words), PARTS[0],
                author=self.chance.choice(["Maker", "X"]), name=f"v{self.chance.randint(1, 2)}",
                at=self.past(),
            )
        )  # fmt: skip
        self.give("vex", json.dumps({**body, "version": self.chance.randint(1, 3)}).encode())

    def _add(self, document: bytes, product: str, release: str) -> None:
        found = self.desk.add(document, product=product, release=release)
        self.added += [(product, one.digest) for one in found.taken]

    def form(self) -> None:
        product, release = self.one()
        more = {"responds_within_days": 30} if self.chance.random() < 0.5 else {}
        body = made.form(
            items=[{"item": GUARDED, "answer": self.chance.choice(["yes", "no"])}],
            date=self.past()[:10], product=product,
            releases=self.chance.choice([[], [release]]), **more,
        )  # fmt: skip
        self._add(body, product, self.chance.choice(["", release]))

    def certificate(self) -> None:
        product, release = self.one()
        item = {"item": GUARDED, "holds": self.chance.random() < 0.5}
        body = made.certificate(
            items=[item], issuer="Other", product=product, releases=[release],
            issued=self.past()[:10], expires=f"2026-12-0{self.chance.randint(1, 9)}",
        )  # fmt: skip
        self._add(body, product, release)

    def record_first(self) -> None:
        """A document that is erased, and comes again after its record."""
        if not self.added:
            return
        _, digest = self.chance.choice(self.added)
        with self.desk.node.intake.unit() as unit:
            if not unit.here([digest]):
                return
        body = self.desk.node.assessing.scores.body(digest)
        self._erase(digest)
        self.desk.node.reassess()
        self.give("again", body)

    def _erase(self, digest: str) -> None:
        with self.desk.node.intake.unit() as unit:
            unit.remove([digest])
            unit.settle()

    def taken_back(self) -> None:
        if self.added:
            product, digest = self.chance.choice(self.added)
            remove(self.desk, product, digest, None, ("Ana", "wrong"))

    def estate(self) -> None:
        rows = [("op", *self.one(), self.chance.choice(["", "bill.json", "other.json"]))]
        if self.chance.random() < 0.5:
            rows.append(("op", *self.one(), ""))
        self.give("estate", nodes.estate(*rows, date=self.past()[:10]))

    def standing(self) -> None:
        until = self.chance.choice(["", f"2026-12-0{self.chance.randint(1, 9)}"])
        products = self.chance.choice([(), ("Lantern",)])
        self.desk.issuer("Lab", "assessor", keys=self.key.given, products=products, until=until)

    def ended(self) -> None:
        end(self.desk, "Lab", person="Ana", why="lost its licence")

    def result(self) -> None:
        body = made.result(GUARDED, at=f"2026-11-0{self.chance.randint(1, 9)}T00:00:00Z")
        self._add(made.envelope(body, self.key), "Lantern", "2.1")

    def provenance(self) -> None:
        self._add(made.envelope(made.provenance(), self.key), "Lantern", "2.1")

    def cycle(self) -> None:
        product = self.chance.choice(["left-pad", "lantern"])
        end_ = self.chance.choice(["2024-01-01", f"2026-12-0{self.chance.randint(1, 9)}"])
        self.give("cycle", cycle(product, end_, self.chance.choice(["1", "2"])))

    def judged(self) -> None:
        known = self.desk.node.exposures.all()
        if known:
            word = self.chance.choice(["not_affected", "exposed"])
            confirm(self.desk.node, self.chance.choice(known).id, word, person="Ana", why="seen")  # type: ignore[arg-type]

    def removed(self) -> None:
        """Any document is erased, as a recall does."""
        with self.desk.node.views.view() as view:
            every = sorted(row.digest for row in view.list_documents(quarantined=False))
        self._erase(self.chance.choice(every))

    def baseline(self) -> None:
        name = self.chance.choice(["plain", "later"])
        version = str(self.chance.randint(1, 3))
        since = self.chance.choice(["2026-01-01", f"2026-12-0{self.chance.randint(1, 9)}"])
        until = self.chance.choice(["", f"2026-12-2{self.chance.randint(1, 9)}"])
        more = {"until": until} if until else {}
        item = self.chance.choice([GUARDED, ITEMS["clean"]])
        self.give("baseline", baseline(name, item, version=version, since=since, **more))

    def rule(self) -> None:
        """What `trusting` believes of `plain`, or no longer."""
        if self.rules and self.chance.random() < 0.4:
            recognise.revoke(self.desk.node, self.rules.pop(), person="Ana", why="no more")
            return
        now = self.desk.clock.now()
        ends = self.chance.choice(["", "2026-12-12T00:00:00.000000Z"])
        rule = Rule(
            id="", by="trusting", of="plain", items=("*",), since=now, person="Ana", why="agreed",
            level=Level.SELF_ASSERTED, until=ends if ends > now else "",
        )  # fmt: skip
        self.rules.append(recognise.add(self.desk.node, rule)[0].id)

    def stated(self) -> None:
        """This node's word on a release, as `plain`."""
        with self.desk.node.assessing.view() as view:
            known = [one for one in view.releases() if one.digests]
            named = {baseline.name for baseline in view.baselines()}
        if not known or "plain" not in named:
            return
        one = self.chance.choice(known)
        asked = Question(product=one.product, release=one.release, exact=True, buyers=("plain",))
        found = assess_one(self.desk.node.assessing, "", self.desk.clock.now(), asked)
        state.state(self.desk.node, found, "Ana")

    def rebuilt(self) -> None:
        rebuild(self.desk.intake)

    def sighting(self) -> None:
        self.give("sighting", nodes.sighting(f"CVE-2026-000{self.chance.randint(1, 3)}"))

    def clock(self) -> None:
        self.day = min(self.day + self.chance.randint(1, 20), 300)
        month, day = 11 + (23 + self.day - 1) // 28, (23 + self.day - 1) % 28 + 1
        year, month = 2026 + (month - 1) // 12, (month - 1) % 12 + 1
        self.desk.at(f"{year}-{month:02}-{day:02}T{self.chance.randint(0, 23):02}:00:00.000000Z")


@contextmanager
def begun() -> Iterator[Desk]:
    """A node with a buyer for everything that it finds by itself, and one for a word."""
    with TemporaryDirectory(prefix="accord-kept-") as folder:
        desk = Desk(Path(folder))
        buyers = [(name, baseline(name, item)) for name, item in ITEMS.items()]
        nodes.give(desk.node, [*buyers, ("plain", baseline("plain", GUARDED)), TRUSTING])
        try:
            yield desk
        finally:
            desk.node.engine.dispose()


def as_if_begun_now(desk: Desk) -> Found:
    """What a node keeps that was given the same documents just now, and assessed all of them."""
    with desk.node.views.view() as view:
        known = list(view.list_documents(quarantined=False))
    with TemporaryDirectory(prefix="accord-begun-") as folder:
        other = Desk(Path(folder), desk.clock.now())
        for one in known:
            body = desk.node.assessing.scores.body(one.digest)
            nodes.give(other.node, [(name, body) for name in one.sources], one.learned)
        other.node.reassess(every=True)
        found = kept(other)
        other.node.engine.dispose()
    return found


def play(seed: int) -> None:
    """One story: after each thing that happens, what is kept is what would be found."""
    with begun() as desk:
        story, told = Story(desk, seed), []
        story.standing()
        for _ in range(STEPS):
            step = story.chance.choice(story.steps)
            try:
                step()
            except AccordError as refused:
                told.append(f"{step.__name__} refused: {refused}")
            told.append(step.__name__)
            desk.node.reassess()
            assert wrong(desk) == [], told
        begun_now = as_if_begun_now(desk)
        assert {place: begun_now.get(place) for place in kept(desk)} == kept(desk), told
