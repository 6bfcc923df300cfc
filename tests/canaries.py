"""A node that holds something under every marking, with a word in every text that is told of.

Each word is looked for in whatever comes out. Who may see which stands in the table that
`Holder.allowed` is: by hand, from TLP 2.0 and the design, and made without the rules of release.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import exchange_nodes
import msgspec
import nodes
import sharing
from exchange_nodes import HandClock
from house_of_nodes import Nodes, Wire
from scanners import CVE
from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]

from accord.flows.exchange import clients
from accord.flows.exchange.sharing import audience, review
from accord.flows.exchange.trust import MARKING, ME, PARTNERSHIP
from accord.identity.clients import Client
from accord.identity.directory import edits, founding, proposals
from accord.identity.directory.records import Charter
from accord.identity.directory.trusted import Trusted
from accord.identity.keys import LibrarySigner, signer_of
from accord.identity.markings import Tlp, marking_id
from accord.identity.partners import Policy
from accord.store import keys
from accord.wiring import Node, Settings

HOLDER = "australia"
PACKAGE = "scanned"
"""What the advisories are about."""
ABSENT = ("fiji", "oman", "peru")
"""Taken out of the audience that it was in; its key revoked; it has left the partnership."""
SORTS = ("operator", "industry", "supplier")
ENTITLED = (Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER)
NOBODY: frozenset[str] = frozenset()
EVERYBODY = frozenset({"india", "japan", "united-states", "fiji"})
"""Partners among all: whoever is one today."""
READERS = {
    Tlp.CLEAR: frozenset({"public", *(f"{s}-{t.word}" for s, t in product(SORTS, ENTITLED))}),
    Tlp.GREEN: frozenset(f"{s}-{t.word}" for s, t in product(SORTS, ENTITLED[1:])),
    Tlp.AMBER: frozenset({"operator-AMBER"}),
    Tlp.AMBER_STRICT: NOBODY,
    Tlp.RED: NOBODY,
}
"""Clients and the public, by the marking."""

_WORD = re.compile(rb"cnry\d{3}[a-z]{4}|ca9a0\d{3}-0000-4000-8000")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{12,}")
_PARTS = ("name", "text", "labl", "extr")
"""Of every object: name, description, label, external reference; and its identifier."""


def words_in(data: bytes) -> frozenset[str]:
    """Every canary in some bytes, however they are encoded."""
    found: set[bytes] = set()
    for layer in _layers(data):
        found.update(_WORD.findall(layer.lower()))
    return frozenset(word.decode() for word in found)


def _layers(data: bytes, depth: int = 3) -> Iterable[bytes]:
    """The bytes, and what they hold percent-encoded or in base64, within each other."""
    yield data
    if depth == 0:
        return
    if b"%" in data:
        yield unquote_to_bytes(data)
    for run in _BASE64.findall(data):
        plain = run.translate(bytes.maketrans(b"-_", b"+/"))
        try:
            inner = base64.b64decode(plain[: len(plain) // 4 * 4] + _rest(plain))
        except binascii.Error:
            continue
        yield from _layers(inner, depth - 1)


def _rest(plain: bytes) -> bytes:
    left = plain[len(plain) // 4 * 4 :]
    return left + b"=" * (4 - len(left)) if len(left) > 1 else b""


class Case:
    """One object and its words."""

    def __init__(self, number: int, kind: str) -> None:
        self.number = number
        self.kind = kind
        self.uuid = f"ca9a{number:04}-0000-4000-8000-{number:012}"
        self.id = f"{kind}--{self.uuid}"
        self.mark = self.uuid[:23]
        """Of its identifier, in whatever comes out."""

    def word(self, part: str) -> str:
        return f"cnry{self.number:03}{part}"

    @property
    def words(self) -> frozenset[str]:
        return frozenset({self.mark, *(self.word(part) for part in _PARTS)})

    def body(self, tlp: Tlp | None, **more: Any) -> dict[str, Any]:
        """The object."""
        names = {} if self.kind in ("relationship", "sighting") else {"name": self.word("name")}
        told = {
            "type": self.kind,
            "spec_version": "2.1",
            "id": self.id,
            "created": sharing.AT,
            "modified": sharing.AT,
            "description": f"seen {self.word('text')} again",
            "labels": [self.word("labl"), self.word("name")],
            "external_references": [{"source_name": "x", "description": self.word("extr")}],
            **names,
        }
        if tlp is not None:
            told["object_marking_refs"] = [marking_id(tlp)]
        needed: dict[str, dict[str, Any]] = {
            "malware": {"is_family": False},
            "identity": {"identity_class": "organization"},
        }
        return told | needed.get(self.kind, {}) | more


class Holder:
    """Australia, its partners, its clients; and who may see which word."""

    def __init__(self, folder: Path, now: str) -> None:
        self.clock = HandClock(now)
        self.allowed: dict[str, frozenset[str]] = {}
        self.cases: list[Case] = []
        self.tokens: dict[str, str] = {}
        self.signers: dict[str, LibrarySigner] = {}
        self.logs: dict[str, frozenset[str]] = {}
        """Each log of this node, and a partner's, with its members."""
        self.house = _federated(folder, self.clock, self.signers)
        self.node: Node = self.house[HOLDER]
        self._count = 0
        self._audiences()
        self._each_marking()
        self._moments()
        self._fields()
        self._links()
        self._reviews()
        self._from_partners()
        self._advisories()
        self._clients()
        self._left()

    def close(self) -> None:
        self.house.close()

    @property
    def restricted(self) -> frozenset[str]:
        """What is not for everybody."""
        return frozenset(word for word, who in self.allowed.items() if "public" not in who)

    def may(self, role: str) -> frozenset[str]:
        """Every word that a role may see, and is to find."""
        return frozenset(word for word, who in self.allowed.items() if role in who)

    def new(self, kind: str = "malware") -> Case:
        self._count += 1
        case = Case(self._count, kind)
        self.cases.append(case)
        self.allow(case.words, NOBODY)
        return case

    def allow(self, words: Iterable[str], who: frozenset[str]) -> None:
        for word in words:
            self.allowed[word] = who

    def secret(self) -> str:
        """A word that nobody may ever see."""
        self._count += 1
        word = f"cnry{self._count:03}priv"
        self.allowed[word] = NOBODY
        return word

    def share(
        self, case: Case, to: str, body: dict[str, Any], what: str = "shared", **options: Any
    ) -> Any:
        """Load under a file name that is nobody's to see, and share."""
        self.load(self.node, body)
        (outcome,) = sharing.shared(self.node, case.id, self.names[to], **options).outcomes
        assert outcome.what == what, (case.number, outcome)
        return outcome

    def load(self, node: Node, *bodies: dict[str, Any]) -> None:
        loaded = nodes.give(node, [(f"{self.secret()}.json", sharing.bundle(*bodies))])
        assert not loaded.quarantined, loaded.quarantined

    def simple(self, to: str, tlp: Tlp, members: frozenset[str], **more: Any) -> Case:
        """One object of a marking, for the members of an audience and whom the marking lets."""
        case = self.new()
        self.share(case, to, case.body(tlp, **more))
        self.allow(case.words, members | READERS[tlp])
        return case

    def _audiences(self) -> None:
        owner = self.node.owner
        self.names: dict[str, str] = {}
        for name, members, first in (
            ("one", ["japan"], {"japan"}),
            ("some", ["india", "japan", "fiji"], {"india", "japan"}),
            ("late", ["japan"], {"japan", "united-states"}),
            ("empty", [], set()),
            ("all", [], EVERYBODY),
        ):
            self._count += 1
            word = f"cnry{self._count:03}audi"
            self.names[name] = word
            made = audience.create(owner, word, members, everyone=name == "all")
            self.allow([word], frozenset(first))
            self.logs[made.log] = frozenset(first)

    def _each_marking(self) -> None:
        for tlp in Tlp:
            self.simple("one", tlp, frozenset({"japan"}))
            self.simple("some", tlp, frozenset({"india", "japan"}))
            if tlp is not Tlp.RED:
                self.simple("all", tlp, EVERYBODY)
        red = self.new()
        self.share(red, "all", red.body(Tlp.RED), "refused")
        alone = self.new()
        self.share(alone, "empty", alone.body(Tlp.CLEAR), "refused")
        local = self.new()
        self.load(self.node, local.body(Tlp.CLEAR))
        bare = self.new()
        self.share(bare, "one", bare.body(None))  # the node's default
        self.allow(bare.words, READERS[Tlp.AMBER] | {"japan"})
        strange = self.new()
        statement = f"marking-definition--{self.new('marking-definition').uuid}"
        body = strange.body(Tlp.CLEAR)
        body["object_marking_refs"].append(statement)
        self.share(strange, "one", body, "refused")
        osv = self.new()
        advisory = nodes.osv(f"CVE-2026-0{osv.number:03}", summary=osv.word("name"),
                             details=osv.word("text"))  # fmt: skip
        (digest,) = nodes.give(self.node, [(f"{self.secret()}.json", advisory)]).digests
        sharing.shared(self.node, digest, self.names["some"], tlp=Tlp.GREEN)
        self.allow([osv.word("name"), osv.word("text")], frozenset({"india", "japan"}))

    def _moments(self) -> None:
        """Before its time, after it, taken back, marked anew, and before somebody came."""
        self.embargoed = self.new()
        self.release_at = later(self.clock.at, 12)
        self.share(self.embargoed, "some", self.embargoed.body(Tlp.GREEN), "waits",
                   release_at=self.release_at)  # fmt: skip
        expired = self.new()
        self.share(expired, "all", expired.body(Tlp.CLEAR), expires=later(self.clock.at, 0.001))
        recalled = self.new()
        self.share(recalled, "all", recalled.body(Tlp.CLEAR))
        self.house.recall(HOLDER, recalled.id, self.secret())
        # A notice of recall names the object, to whom could have it: and nothing else of it.
        self.allow([recalled.mark], EVERYBODY)
        marked = self.new()
        self.share(marked, "one", marked.body(None), tlp=Tlp.GREEN)
        self.share(marked, "one", marked.body(None), tlp=Tlp.AMBER)
        self.allow(marked.words, READERS[Tlp.AMBER] | {"japan"})
        self.simple("late", Tlp.AMBER, frozenset({"japan"}))
        audience.add(self.node.owner, self.names["late"], "united-states", 0)
        self.simple("late", Tlp.AMBER, frozenset({"japan", "united-states"}))

    def _fields(self) -> None:
        """Fields that have a marking of their own."""
        for tlp, to, members in ((Tlp.RED, "all", EVERYBODY), (Tlp.AMBER, "one", {"japan"})):
            case = self.new()
            marks = [{"marking_ref": marking_id(tlp), "selectors": ["description"]}]
            self.share(case, to, case.body(Tlp.GREEN, granular_markings=marks))
            self.allow(case.words, READERS[Tlp.GREEN] | frozenset(members))
            seen = NOBODY if tlp is Tlp.RED else READERS[tlp] | frozenset(members)
            self.allow([case.word("text")], seen)
        maker = self.new("identity")
        self.share(maker, "one", maker.body(Tlp.RED))
        self.allow(maker.words, frozenset({"japan"}))
        made = self.simple("one", Tlp.CLEAR, frozenset({"japan"}), created_by_ref=maker.id)
        assert made
        source = self.new("identity")
        self.load(self.node, source.body(Tlp.CLEAR))
        unnamed = self.new()
        body = unnamed.body(Tlp.GREEN, created_by_ref=source.id)
        self.share(unnamed, "some", body, anonymous=True)
        self.allow(unnamed.words, READERS[Tlp.GREEN] | {"india", "japan"})
        # Without its source it is another object, and not even the identifier leads back to it.
        self.allow([unnamed.mark], NOBODY)

    def _links(self) -> None:
        """What connects or counts something tells of it."""
        japan = frozenset({"japan"})
        red = self.simple("one", Tlp.RED, japan)
        clear = self.simple("one", Tlp.CLEAR, japan)
        amber = self.simple("one", Tlp.AMBER, japan)
        gone = self.simple("one", Tlp.CLEAR, japan)
        for end, readers, partners in (
            (red, NOBODY, japan),
            (amber, READERS[Tlp.AMBER], japan),
            (gone, NOBODY, NOBODY),
        ):
            link = self.new("relationship")
            ends = {"source_ref": clear.id, "target_ref": end.id}
            self.share(link, "one", link.body(Tlp.CLEAR, relationship_type="related-to", **ends))
            self.allow(link.words, readers | partners)
            seen = self.new("sighting")
            self.share(seen, "one", seen.body(Tlp.CLEAR, sighting_of_ref=end.id, count=7))
            self.allow(seen.words, readers | partners)
        self.house.recall(HOLDER, gone.id, self.secret())
        self.allow(gone.words, NOBODY)
        self.allow([gone.mark], japan)

    def _reviews(self) -> None:
        """Personal data: waiting, let through, cut out, kept."""
        japan = frozenset({"japan"})
        decisions: tuple[tuple[Callable[..., Any] | None, frozenset[str], bool], ...] = (
            (None, NOBODY, False),
            (review.release, japan, True),
            (review.redact, japan, False),
            (review.withdraw, NOBODY, False),
        )
        for decide, who, mail in decisions:
            case = self.new()
            address = f"{case.word('mail')}@power-grid.org"
            body = case.body(Tlp.GREEN, description=f"{case.word('text')}, write to {address}")
            number = self.share(case, "one", body, "held for review").review
            readers = READERS[Tlp.GREEN] | who if who else NOBODY
            self.allow(case.words, readers)
            self.allow([case.word("mail")], readers if mail else NOBODY)
            person, why = self.secret(), self.secret()
            if decide is review.withdraw:
                decide(self.node.reviews, number, person, why, self.clock.at)
            elif decide:
                done = decide(self.node.sharer, self.node.reviews, number, person, why)
                assert not done.failed, done

    def _from_partners(self) -> None:
        """What India gave, some of it passed on; the name of its audience is its own affair."""
        india = self.house["india"]
        self._count += 1
        name = f"cnry{self._count:03}audi"
        self.allow([name], NOBODY)
        theirs = audience.create(india.owner, name, [HOLDER])
        self.logs[theirs.log] = NOBODY
        given: list[Case] = []
        for tlp in (*Tlp, Tlp.GREEN):
            case = self.new()
            given.append(case)
            self.load(india, case.body(tlp))
            (outcome,) = sharing.shared(india, case.id, name).outcomes
            assert outcome.what == "shared", outcome
            self.allow(case.words, READERS[tlp])
        assert self.house.sync(HOLDER, "india").good
        for case, tlp in zip(given, (*Tlp, Tlp.GREEN), strict=True):
            (outcome,) = sharing.shared(self.node, case.id, self.names["one"]).outcomes
            relayed = tlp <= Tlp.GREEN
            assert outcome.what == ("shared" if relayed else "refused"), outcome
            if relayed:
                self.allow(case.words, READERS[tlp] | {"japan"})
        self.house.recall("india", given[-1].id, self.secret())
        assert self.house.sync(HOLDER, "india").good
        self.allow(given[-1].words, NOBODY)
        # Its originator is told too: restored from before, it has forgotten its own word.
        self.allow([given[-1].mark], frozenset({"india", "japan"}))

    def _advisories(self) -> None:
        """What scanners ask for: records that came so, and what a record is made of."""
        self.scanned: list[str] = []
        for tlp in (*READERS, None):
            for kind in ("osv", "cve"):
                case = self.new("advisory")
                name, body = _advisory(case, kind)
                self.scanned += [name, f"GHSA-{case.word('labl')}"]
                loaded = nodes.give(self.node, [(self.secret(), body)])
                assert not loaded.quarantined, loaded.quarantined
                if tlp in (None, Tlp.RED):
                    continue
                shared = sharing.shared(self.node, loaded.digests[0], self.names["all"], tlp=tlp)
                assert shared.outcomes[0].what == "shared", shared.outcomes
                self.allow(case.words, EVERYBODY | READERS[tlp])

    def _clients(self) -> None:
        people, entropy = self.node.people, self.node.entropy
        for sort, tlp in product(SORTS, ENTITLED):
            one = Client(name=self.secret(), organisation=self.secret(), kind=sort, tlp=tlp)
            self.tokens[f"{sort}-{tlp.word}"] = clients.add(people, self.clock, entropy, one)
        gone = Client(name=self.secret(), organisation="gone", kind="operator", tlp=Tlp.AMBER)
        self.tokens["revoked client"] = clients.add(people, self.clock, entropy, gone)
        clients.revoke(people, self.clock, gone.name)

    def _left(self) -> None:
        """Who is taken out now was a member while everything above was shared."""
        audience.remove(self.node.owner, self.names["some"], "fiji")


def _advisory(case: Case, kind: str) -> tuple[str, bytes]:
    """Its identifier, and an advisory on `PACKAGE` with a word in every text."""
    if kind == "osv":
        name = f"GHSA-{case.word('name')}"
        return name, nodes.osv(
            name, PACKAGE, summary=case.word("text"), details=f"{case.mark} {case.word('extr')}",
            aliases=[f"GHSA-{case.word('labl')}"],
        )  # fmt: skip
    record: Any = msgspec.json.decode(nodes.text(CVE))
    name = f"CVE-2026-{case.number:06}"
    record["cveMetadata"]["cveId"] = name
    cna = record["containers"]["cna"]
    cna["title"] = f"{case.word('text')} {case.word('name')}"
    words = (case.mark, case.word("extr"), case.word("labl"))
    cna["references"] = [{"url": f"https://example.org/{word}"} for word in words]
    (affected,) = cna["affected"]
    affected |= {"packageURL": f"pkg:npm/{PACKAGE}", "product": PACKAGE}
    return name, msgspec.json.encode(record)


def later(at: str, hours: float) -> str:
    """A time some hours after another."""
    moment = datetime.fromisoformat(at) + timedelta(hours=hours)
    return f"{moment.isoformat(timespec='microseconds')[:26]}Z"


def _federated(folder: Path, clock: HandClock, signers: dict[str, LibrarySigner]) -> Nodes:
    """Four nodes whose directory lists three partners more, of whom one may still ask."""
    house = Nodes.__new__(Nodes)
    house.clock = clock
    own: dict[str, tuple[LibrarySigner, ...]] = {}
    house.nodes = {}
    for name in exchange_nodes.NAMES:
        home = folder / name
        nodes.new_node(home).engine.dispose()
        house.nodes[name] = node = Node(Settings(home), clock)
        node.passphrase = lambda: ""
        own[name] = keys.create(home, "", node.entropy, ml_dsa=False)
    records = [exchange_nodes.partner(name, made, clock.at) for name, made in own.items()]
    for name in ABSENT:
        own[name] = (signer_of(CryptoSigner.generate_ed25519()),)
        records.append(exchange_nodes.partner(name, own[name], clock.at))
    signers.update({name: made[0] for name, made in own.items()})
    founders = [signer for made in own.values() for signer in made]
    charter = Charter(exchange_nodes.NAME, Policy(), 0)
    trusted = founding.found(charter, records, founders, clock.at)
    trusted = _departed(trusted, founders, clock.at)
    for name, node in house.nodes.items():
        settings = {ME: name, PARTNERSHIP: exchange_nodes.NAME, MARKING: "AMBER"}
        assert node.trust.replace(None, trusted, settings)
    house.wires = {name: Wire(house.nodes, name) for name in house.nodes}
    house.heard = {name: [] for name in house.nodes}
    return house


def _departed(before: Trusted, signers: list[LibrarySigner], now: str) -> Trusted:
    """Oman's key is revoked and Peru removed, as all of them sign."""
    fresh = signer_of(CryptoSigner.generate_ed25519())
    oman, peru = (before.directory.partner(name) for name in ("oman", "peru"))
    assert oman
    assert peru
    rotated = edits.rotated(oman, [fresh.key()], now, compromised=True, why="stolen")
    removed = edits.removed(peru, now, "left")
    for changed in (rotated, removed):
        listed = edits.replaced(before.directory, changed)
        proposal = proposals.propose(
            before, before.charter, listed, by=HOLDER, why="it ends", now=now
        )
        proposal = proposals.sign(before, proposal, [*signers, fresh])
        reviewed = proposals.review(before, proposal, now)
        before = proposals.publish(before, reviewed, signers, now)
    return before
