"""Partners that compute together: whole nodes, the real engine, and what becomes of its answer."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import demand_lists as lists
import msgspec
import pools
import pytest
from asking_made import AFTER, NAMES, Asking, certify, ports
from typer.testing import CliRunner

from accord.cli.app import app
from accord.core.errors import Invalid
from accord.demand.private.asking import share as shares
from accord.demand.private.asking.job import Job, Sealed, Sum
from accord.demand.private.asking.question import Question
from accord.demand.private.common import answer as engine
from accord.demand.private.errors import Disagreed, Inconsistent, NotAsked, NotBegun, PartnerLeft
from accord.exchange import receipts
from accord.flows.demand.pool import ask
from accord.flows.demand.pool import run as flow
from accord.flows.demand.pool.port import Peer
from accord.flows.demand.pool.putting_in import put_in
from accord.flows.exchange.sharing import share, wanted
from accord.flows.exchange.sharing.plan import Options
from accord.flows.load import load_documents
from accord.transport.pooling.parent import NoResult
from accord.wiring import demanding

HELD = {
    "australia": ("Kite", "Grid", "Lantern", "Own A"),
    "india": ("Kite", "Grid", "Loom"),
    "japan": ("Kite", "Lantern", "Grid"),
    "united-states": ("Kite", "Loom", "Lantern", "Own U"),
}
COMMON = ("Grid", "Kite", "Lantern")
"""What at least three of them hold."""


class Here:
    """The engine in this process: only the connections are queues instead of TLS."""

    def __init__(self, sealed: Sealed | Exception | None = None) -> None:
        self.sealed = sealed

    def compute(self, job: Job, peers: Sequence[Peer], seconds: float) -> Sealed:
        assert len(peers) == len(job.question.partners)
        if isinstance(self.sealed, Exception):
            raise self.sealed
        assert self.sealed is not None
        return self.sealed

    def add_up(self, job: Sum, peers: Sequence[Peer], seconds: float) -> Sealed:
        raise AssertionError(job.question.kind)

    def opened(self, question: Question, parts: Sequence[bytes]) -> list[bytes]:
        return engine.opened(question, parts)

    def named(self, sealed: Sealed, digests: Collection[bytes]) -> dict[bytes, str]:
        return engine.named(sealed, digests)


def together(jobs: Sequence[Job]) -> list[Sealed | BaseException]:
    """What each partner ends with; whoever ends leaves the others."""

    async def one(job: Job, channel: pools.Queues) -> Sealed:
        try:
            return await engine.answer(job, channel, pools.seed("run", job.me))
        finally:
            channel.leave()

    async def everybody() -> list[Sealed | BaseException]:
        channels = pools.queues(len(jobs))
        async with asyncio.timeout(60):
            return await asyncio.gather(*map(one, jobs, channels), return_exceptions=True)

    return asyncio.run(everybody())


class Computing(Asking):
    """Partners with contracts."""

    def __init__(self, folder: Path, **more: Any) -> None:
        super().__init__(folder, **more)
        for name, node in self.nodes.items():
            rows = [lists.contract(str(i), who) for i, who in enumerate(HELD[name])]
            ended = lists.contract("9", "Ended", ends="2026-01-01")
            body = lists.contracts(*rows, ended)
            load_documents([("contracts", body)], node.intake, self.clock.at)

    def computed(self, asked: Question) -> list[Sealed]:
        jobs = [flow.prepare(self[name], asked.id)[0] for name in asked.partners]
        made = together(jobs)
        for name, sealed in zip(asked.partners, made, strict=True):
            assert isinstance(sealed, Sealed), sealed
            flow.run(self[name], asked.id, "R. Ana", Here(sealed), 60)
        return [one for one in made if isinstance(one, Sealed)]

    def released(self, asked: Question) -> None:
        for name in asked.partners:
            flow.release(self[name], asked.id, "R. Ana")
        self.settle()

    def results(self, asked: Question) -> list[flow.Answer | flow.Waiting]:
        return [flow.result(self[name], asked.id, Here()) for name in asked.partners]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Computing]:
    house = Computing(tmp_path)
    yield house
    house.close()


def test_what_goes_in_is_what_this_node_holds_by_canonical_names(house: Computing) -> None:
    items = put_in(house["australia"], "suppliers")
    assert items == ("name:grid", "name:kite", "name:lantern", "name:own a")
    load_documents(
        [("bill", json.dumps({
            "bomFormat": "CycloneDX", "specVersion": "1.6",
            "components": [
                {"type": "library", "name": "kite", "version": v, "purl": f"pkg:npm/kite@{v}"}
                for v in ("1.0", "2.0")
            ],
        }).encode())],
        house["australia"].intake, house.clock.at,
    )  # fmt: skip
    assert put_in(house["australia"], "components") == ("pkg:npm/kite",)


def test_the_answer_is_what_one_computer_with_everything_gives(house: Computing) -> None:
    asked = house.approved()
    house.computed(asked)
    assert house.states(asked) == {"approved"}
    house.released(asked)
    assert house.states(asked) == {"released"}
    assert all(isinstance(one, flow.Waiting) for one in house.results(asked)[:2])
    house.settle()
    for name, found in zip(NAMES, house.results(asked), strict=True):
        assert isinstance(found, flow.Answer)
        own = {f"name:{who.casefold()}" for who in COMMON if who in HELD[name]}
        assert set(found.ours) == own
        assert len(found.ours) + len(found.others) == len(COMMON)


def test_no_share_leaves_before_all_have_released(house: Computing) -> None:
    asked = house.approved()
    made = house.computed(asked)
    for name in NAMES[:3]:
        flow.release(house[name], asked.id, "R. Ana")
    house.settle()
    for name in NAMES:
        with pytest.raises(Invalid, match="releasing, and waits for united-states"):
            flow.result(house[name], asked.id, Here())
    for node in house.nodes.values():
        assert node.pool.shares(asked.id) == []
        for _, body in node.intake.bodies():
            assert not any(one.first and b64encode(one.first) in body for one in made)


def test_everything_that_left_stands_in_the_disclosure_log(house: Computing) -> None:
    asked = house.approved()
    house.computed(asked)
    house.released(asked)
    house.results(asked)
    house.settle()
    japan = house["japan"]
    lines = [receipts.read(line) for line in japan.receipts.newest([], "", 0)]
    gone = {(line.object, line.recipient) for line in lines if line.digest and line.object}
    digests = [
        known.document
        for known in japan.pool.words() + japan.pool.shares(asked.id)
        if known.fact.partner == "japan"
    ]
    assert len(digests) == 3
    for digest in digests:
        to = {who for object_, who in gone if object_ == f"sha256:{digest}"}
        assert len(to) == 3, (digest, gone)
    assert {line.tlp for line in lines if line.object} == {"AMBER+STRICT"}
    put_in_ = [line for line in lines if line.way == "pool"]
    assert {(line.object, line.decision) for line in put_in_} == {(asked.id, "yes")}
    assert {line.recipient for line in put_in_} == {
        f"partner:{name}" for name in NAMES if name != "japan"
    }


def test_the_receipt_is_stored_before_anything_goes_into_a_computation(house: Computing) -> None:
    asked = house.approved()
    seen: list[str] = []

    class Looking(Here):
        def compute(self, job: Job, peers: Sequence[Peer], seconds: float) -> Sealed:
            lines = map(receipts.read, house["japan"].receipts.newest([], asked.id, 0))
            seen.extend(line.recipient for line in lines)
            raise NotBegun("only looking")

    with pytest.raises(NotBegun):
        flow.run(house["japan"], asked.id, "R. Ana", Looking(), 60)
    assert sorted(seen) == ["partner:australia", "partner:india", "partner:united-states"]


def test_a_partner_that_drops_out_ends_it_for_all_and_it_may_be_asked_again(
    house: Computing,
) -> None:
    asked = house.approved()
    with pytest.raises(PartnerLeft):
        flow.run(house["india"], asked.id, "R. Ana", Here(PartnerLeft(2)), 60)
    house.settle()
    assert house.states(asked) == {"ended"}
    assert "india: partner 3 left the computation" in house.known("japan", asked).standing.why
    with pytest.raises(Invalid, match="is ended"):
        flow.prepare(house["japan"], asked.id)
    house.clock.at = "2026-03-02T09:00:00.000000Z"
    again = house.approved()
    house.computed(again)
    chances = {part.chance for part in house["japan"].pool.parts()}
    assert len(chances) == 2


def test_what_did_not_begin_may_be_begun_again(house: Computing) -> None:
    asked = house.approved()
    with pytest.raises(NotBegun):
        flow.run(house["india"], asked.id, "R. Ana", Here(NotBegun("nobody came")), 60)
    house.settle()
    assert house.states(asked) == {"approved"}
    house.computed(asked)
    with pytest.raises(Invalid, match="has been computed here"):
        flow.prepare(house["india"], asked.id)


def test_only_what_all_approved_is_computed_and_only_what_was_computed_is_released(
    house: Computing,
) -> None:
    asked = house.propose("australia")
    house.settle()
    for name in NAMES[:3]:
        house.approve(name, asked)
    house.settle()
    with pytest.raises(Invalid, match="waits for united-states"):
        flow.prepare(house["japan"], asked.id)
    house.approve("united-states", asked)
    house.settle()
    with pytest.raises(Invalid, match="has not been computed here"):
        flow.release(house["japan"], asked.id, "R. Ana")
    house.computed(asked)
    flow.release(house["japan"], asked.id, "R. Ana")
    with pytest.raises(Invalid, match="has released"):
        flow.release(house["japan"], asked.id, "R. Ana")
    house.clock.at = AFTER
    with pytest.raises(Invalid, match="deadline passed"):
        flow.release(house["india"], asked.id, "R. Ana")


def test_chance_that_was_not_committed_to_ends_the_run_before_any_item_is_sent(
    house: Computing,
) -> None:
    asked = house.approved()
    jobs = [flow.prepare(house[name], asked.id)[0] for name in NAMES]
    assert {job.commitments for job in jobs} == {jobs[0].commitments}
    false = msgspec.structs.replace(jobs[1], chance=bytes(32))
    ended = together([jobs[0], false, *jobs[2:]])
    assert not any(isinstance(one, Sealed) for one in ended)
    assert all(isinstance(ended[i], Disagreed) for i in (0, 2, 3)), ended
    assert {one.peer for one in ended if isinstance(one, Disagreed)} == {1}


def test_the_key_is_made_of_everybodys_chance(house: Computing) -> None:
    asked = house.approved()
    (key,) = {sealed.key for sealed in house.computed(asked)}
    assert key not in {part.chance for node in house.nodes.values() for part in node.pool.parts()}


def test_a_share_that_was_changed_is_noticed_and_opens_nothing(house: Computing) -> None:
    asked = house.approved()
    house.computed(asked)
    house.released(asked)
    india = house["india"]
    (part,) = india.pool.parts()
    assert part.sealed is not None
    changed = bytes([part.sealed.first[0] ^ 1]) + part.sealed.first[1:]
    india.pool.seal(asked.id, msgspec.structs.replace(part.sealed, first=changed))
    house.results(asked)
    house.settle()
    for name in NAMES:
        with pytest.raises(Inconsistent, match="australia and india hold different copies"):
            flow.result(house[name], asked.id, Here())


def test_a_share_counts_only_from_its_own_partner(house: Computing) -> None:
    asked = house.approved()
    made = house.computed(asked)
    house.released(asked)
    states = house["united-states"]
    body = shares.write(asked.id, "japan", (made[0].first, made[0].second), house.clock.at)
    loaded = load_documents([("s", body)], states.intake, house.clock.at)
    share.share(states.sharer, wanted.find(loaded.digests, states.holdings), "all", Options())
    house.settle()
    found = flow.result(house["australia"], asked.id, Here())
    assert isinstance(found, flow.Waiting)
    assert found.shares == ("india", "japan")
    for name in NAMES[1:3]:
        flow.result(house[name], asked.id, Here())
    house.settle()
    assert isinstance(flow.result(house["australia"], asked.id, Here()), flow.Answer)


def test_what_is_open_is_not_declined_and_still_counts(house: Computing) -> None:
    asked = house.approved()
    house.computed(asked)
    house.released(asked)
    with pytest.raises(Invalid, match="cannot be taken back"):
        house.decline("japan", asked)
    with pytest.raises(NotAsked, match=asked.id):
        house.propose("japan")


def test_a_certificate_that_the_directory_does_not_list_is_refused(house: Computing) -> None:
    asked = house.propose("australia")
    with pytest.raises(Invalid, match="does not list the certificate of australia"):
        ask.approve(house["australia"], asked.id, house.by(), ask.Place("h:1", b"other"))
    assert house["australia"].pool.parts() == []


THREE = NAMES[:3]


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Computing]:
    """Three partners whose doors have certificates of their own; commands have the same clock."""
    certify(monkeypatch, tmp_path)
    house = Computing(tmp_path, names=THREE)
    monkeypatch.setattr("accord.wiring.node.SystemClock", lambda: house.clock)
    yield house
    house.close()


def _accord(house: Computing, name: str, *said: str, code: int = 0) -> str:
    home = str(house[name].settings.home)
    found = CliRunner().invoke(app, ["pool", *said, "--home", home])
    assert found.exit_code == code, (found.output, found.exception)
    return found.output


WHO = ("--person", "R. Ana")
TO = ("--audience", "all")


def _agree(house: Computing) -> str:
    told = _accord(
        house, "australia", "propose", "suppliers", "--purpose", "to ask them together",
        "--deadline", "2026-03-14", "--size", "100", *WHO, *TO,
    )  # fmt: skip
    assert "Two of australia, india and japan suffice" in told
    assert "held by every partner" in told
    house.settle()
    (listed,) = json.loads(_accord(house, "japan", "list", "--json"))
    assert (listed["state"], listed["waits_for"]) == ("proposed", list(THREE))
    name = str(listed["question"])
    for partner, port in zip(THREE, ports(3), strict=True):
        at = ("--address", f"127.0.0.1:{port}")
        assert "is approved" in _accord(house, partner, "approve", name[:15], *at, *WHO, *TO)
    house.settle()
    return name


def _run(house: Computing, partner: str, name: str, seconds: float) -> flow.Ran | Exception:
    node = house[partner]
    try:
        return flow.run(node, name, "R. Ana", demanding.computing(node), seconds)
    except (NoResult, NotBegun) as wrong:
        return wrong


def test_the_commands_from_question_to_answer_in_processes_over_tls(real: Computing) -> None:
    name = _agree(real)
    with ThreadPoolExecutor(2) as pool:
        others = [pool.submit(_run, real, partner, name, 60) for partner in THREE[1:]]
        told = _accord(real, "australia", "run", name, "--seconds", "60", *WHO)
        assert [type(other.result()) for other in others] == [flow.Ran, flow.Ran]
    assert "is computed; 4 items went in" in told
    (part,) = real["australia"].pool.parts()
    assert part.sealed is not None
    assert part.sealed.sent > 100_000
    assert f"sent {part.sealed.sent:,} bytes to the others" in told
    for partner in THREE:
        assert "is released by" in _accord(real, partner, "release", name, *WHO)
    real.settle()
    assert "goes to its partners now" in _accord(real, "australia", "result", name)
    assert "for the share of australia, japan." in _accord(real, "india", "result", name)
    _accord(real, "japan", "result", name)
    real.settle()
    for partner in THREE:
        found = json.loads(_accord(real, partner, "result", name, "--json"))
        assert (found["ours"], found["others"]) == (["name:grid", "name:kite"], [])
    told = _accord(real, "india", "result", name)
    assert "name:kite" in told
    assert "bytes to the others to compute it" in told
    assert "R. Ana: release" in _accord(real, "india", "show", name)


def test_one_that_stays_away_ends_nothing_and_one_that_declines_ends_all(real: Computing) -> None:
    name = _agree(real)
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda one: _run(real, one, name, 2), THREE[:2]))
    assert all(isinstance(one, NotBegun) for one in ended), ended
    assert "japan" in str(ended[0])
    assert "approved" in _accord(real, "india", "list")
    told = _accord(real, "india", "decline", name, "--why", "not now", *WHO, *TO)
    assert "is declined" in told
    real.settle()
    assert "india: not now" in _accord(real, "japan", "list")
    assert "is declined" in str(
        CliRunner()
        .invoke(app, ["pool", "run", name, *WHO, "--home", str(real["japan"].settings.home)])
        .exception
    )
