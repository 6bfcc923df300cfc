"""To found a partnership, join it and change it, between real nodes in one process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec
import pytest
from directories import keys as some_keys
from exchange_nodes import NOW, HandClock, partners, partnership
from nodes import new_node

from accord.core.errors import AccordError, Invalid, NotFound
from accord.flows.exchange import partners as flow
from accord.identity.directory import edits, enrolment, proposals
from accord.identity.directory.metadata import TIMESTAMP
from accord.identity.directory.proposals import Stale
from accord.identity.directory.trusted import Expired
from accord.identity.partners import Partner, Untrusted
from accord.store import keys
from accord.wiring import Node

LATER = "2026-03-09T09:00:00.000000Z"
"""More than half of the timestamp's life is over."""
TOO_LATE = "2026-03-16T09:00:00.000000Z"
"""The timestamp has expired."""


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[dict[str, Node]]:
    with partners(tmp_path, clock=HandClock(), seed="x") as made:
        yield made


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Callable[[str], Node]]:
    """New nodes in no partnership."""
    made: list[Node] = []

    def make(name: str) -> Node:
        made.append(new_node(tmp_path / name))
        return made[-1]

    yield make
    for node in made:
        node.engine.dispose()


def own(name: str, node: Node) -> flow.Own:
    signers = keys.create(node.settings.home, "", node.entropy)
    return flow.Own(
        name, name.title(), (f"https://{name}.example",), ("ab" * 32,),
        tuple(signer.key() for signer in signers),
    )  # fmt: skip


def founder(node: Node) -> Node:
    flow.found(node.trust, "pacific", own("australia", node), node.ring.all(), NOW)
    return node


def asking(node: Node, name: str, member: Node) -> tuple[bytes, str]:
    """A node that has accepted an invitation: its enrolment, and its words."""
    data, words = flow.invite(member.trust, NOW)
    trusted = flow.invited(node.trust, data, words, NOW)
    return flow.accept(node.trust, trusted, own(name, node), node.ring.all())


def sign(
    node: Node, data: bytes, *words: str, now: str = NOW, instead: bool = False
) -> flow.Signed:
    review = flow.consider(node.trust, data, now)
    return flow.sign(node.trust, review, words, node.ring.all(), now, instead=instead)


def moved(node: Node, address: str) -> flow.Signed:
    record = msgspec.structs.replace(flow.own_record(node.trust), addresses=(address,))
    return flow.change(node.trust, node.ring.all(), NOW, partner=record, why="moved")


def lookup(files: Mapping[str, bytes]) -> Callable[[str, int], bytes | None]:
    return lambda name, _most: files.get(name)


def files(node: Node) -> dict[str, bytes]:
    return dict(flow.known(node.trust).files)


def test_one_after_another_joins(fresh: Callable[[str], Node]) -> None:
    members = [founder(fresh("a"))]
    for name in ("india", "japan", "korea"):
        newcomer = fresh(name)
        data, words = asking(newcomer, name, members[0])
        for member in [*members, newcomer]:
            signed = sign(member, data, words)
            data = signed.file
            if signed.published:
                break
        members.append(newcomer)
        for member in members:
            if flow.known(member.trust).directory.partner(name) is None:
                sign(member, data, words)
    directories = [member.trust.directory() for member in members]
    assert all(directory == directories[0] for directory in directories)
    assert directories[0] is not None
    assert directories[0].threshold == 3
    assert [member.me for member in members] == ["australia", "india", "japan", "korea"]
    for member in members:
        assert member.signers.ed25519.keyid
        assert member.trust.setting("marking") == "AMBER"


def test_a_node_is_in_one_partnership(fresh: Callable[[str], Node]) -> None:
    node = founder(fresh("a"))
    with pytest.raises(AccordError, match="already"):
        founder(node)
    with pytest.raises(AccordError, match="already"):
        flow.invited(node.trust, *flow.invite(node.trust, NOW), NOW)


def test_without_a_partnership(fresh: Callable[[str], Node]) -> None:
    node = fresh("a")
    assert node.trust.directory() is None
    assert node.me == ""
    assert flow.file(node.trust, TIMESTAMP) is None
    assert not flow.refresh(node.trust, (), NOW)
    for ask in (flow.known, flow.own_record):
        with pytest.raises(NotFound, match="accord partners found"):
            ask(node.trust)
    with pytest.raises(NotFound):
        _ = node.signers


def test_an_invitation_with_other_words_is_refused(fresh: Callable[[str], Node]) -> None:
    """No trust on first use: nothing is kept of it."""
    member, node = founder(fresh("a")), fresh("b")
    data, words = flow.invite(member.trust, NOW)
    other = flow.invite(founder(fresh("c")).trust, NOW)[1]
    for wrong in ("", other, words[:-1], f"{words} acorn"):
        with pytest.raises(Untrusted, match="do not belong to the invitation"):
            flow.invited(node.trust, data, wrong, NOW)
    assert node.trust.directory() is None


def test_an_altered_invitation_is_refused(fresh: Callable[[str], Node]) -> None:
    member, node = founder(fresh("a")), fresh("b")
    data, words = flow.invite(member.trust, NOW)
    for altered in (
        data.replace(b"https://australia.example", b"https://austria.example"),
        data.replace(b'"partnership": "pacific"', b'"partnership": "atlantic"'),
        data.replace(b"1.root.json", b"2.root.json"),
        b"{}",
        b"[]",
    ):
        assert altered != data
        with pytest.raises((Untrusted, Invalid)):
            flow.invited(node.trust, altered, words, NOW)


def test_an_invitation_carries_the_roots_before(fresh: Callable[[str], Node]) -> None:
    first, second = founder(fresh("a")), fresh("b")
    data, words = asking(second, "india", first)
    made = sign(second, sign(first, data, words).file)
    assert made.published
    asking(third := fresh("c"), "japan", second)
    assert {"1.root.json", "2.root.json"} <= set(files(third))


def test_a_name_that_is_taken_is_refused(fresh: Callable[[str], Node]) -> None:
    member = founder(fresh("a"))
    with pytest.raises(AccordError, match="another partner"):
        asking(fresh("b"), "australia", member)


def test_a_newcomer_is_not_signed_without_its_words(fresh: Callable[[str], Node]) -> None:
    member, node = founder(fresh("a")), fresh("b")
    data, words = asking(node, "india", member)
    for wrong in ((), ("",), (words[:-1],)):
        with pytest.raises(Untrusted, match="the keys of india"):
            sign(member, data, *wrong)
    assert member.trust.proposals() == []
    assert sign(member, data, "acorn", words.upper()).review.signed == ("australia",)


def test_every_member_compares_the_words(fresh: Callable[[str], Node], tmp_path: Path) -> None:
    with partners(tmp_path / "n", seed="x") as nodes:
        data, words = asking(fresh("b"), "korea", nodes["india"])
        made = sign(nodes["india"], data, words)
        with pytest.raises(Untrusted, match="the keys of korea"):
            sign(nodes["japan"], made.file)
        assert sign(nodes["japan"], made.file, words).review.signed == ("india", "japan")


def test_words_for_another_key_in_ones_own_name_are_wanted_too(nodes: dict[str, Node]) -> None:
    """A proposal that gives this node a key that is not its own is not signed in passing."""
    (stranger,) = some_keys(["stranger"])
    japan = nodes["japan"]
    record = edits.rotated(
        flow.own_record(japan.trust), [stranger.key()], NOW, compromised=False, why=""
    )
    made = flow.change(nodes["india"].trust, [stranger], NOW, partner=record)
    with pytest.raises(Untrusted, match="the keys of japan"):
        sign(japan, made.file)


def test_a_newcomer_who_was_shown_another_partnership(fresh: Callable[[str], Node]) -> None:
    """Somebody in the middle, with a partnership of the same name."""
    real, false, node = founder(fresh("a")), founder(fresh("c")), fresh("b")
    data, words = asking(node, "india", false)
    with pytest.raises(Untrusted, match="never had"):
        sign(real, data, words)


def test_an_enrolment_twice_is_one_proposal(fresh: Callable[[str], Node], tmp_path: Path) -> None:
    with partners(tmp_path / "n", seed="x") as nodes:
        data, words = asking(fresh("b"), "korea", nodes["india"])
        first = sign(nodes["india"], data, words)
        later = flow.consider(nodes["india"].trust, data, LATER)
        assert later.digest == first.review.digest
        assert later.signed == ("india",)


def test_a_change_takes_effect_when_enough_have_signed(nodes: dict[str, Node]) -> None:
    made = moved(nodes["japan"], "https://kyoto.example")
    assert not made.published
    for name in ("india", "australia"):
        made = sign(nodes[name], made.file)
    assert made.published
    assert flow.known(nodes["australia"].trust).directory.version == 2
    assert flow.known(nodes["japan"].trust).directory.version == 1
    assert flow.update_from(nodes["japan"].trust, lookup(files(nodes["australia"])), NOW)
    assert flow.own_record(nodes["japan"].trust).addresses == ("https://kyoto.example",)
    assert [kept.state for kept in nodes["japan"].trust.proposals()] == ["overtaken"]
    assert sign(nodes["united-states"], made.file).published


def test_signatures_on_two_copies_add_up(nodes: dict[str, Node]) -> None:
    made = moved(nodes["japan"], "https://kyoto.example")
    one = sign(nodes["india"], made.file)
    other = sign(nodes["australia"], made.file)
    assert not other.published
    assert sign(nodes["australia"], one.file).published


def test_one_signature_a_version(nodes: dict[str, Node]) -> None:
    """Of two changes on one version, no node signs both unless a person gives the first up."""
    first = moved(nodes["japan"], "https://kyoto.example")
    second = moved(nodes["india"], "https://goa.example")
    with pytest.raises(AccordError, match="--instead"):
        sign(nodes["japan"], second.file)
    with pytest.raises(AccordError, match="moved"):
        moved(nodes["japan"], "https://nara.example")
    assert "japan" in sign(nodes["japan"], second.file, instead=True).review.signed
    states = {kept.digest: kept.state for kept in nodes["japan"].trust.proposals()}
    assert states[first.review.digest] == "overtaken"
    assert states[second.review.digest] == "signed"


def test_the_slower_of_two_changes_is_proposed_again(nodes: dict[str, Node]) -> None:
    fast, slow = nodes["japan"], nodes["india"]
    late = moved(slow, "https://goa.example")
    made = moved(fast, "https://kyoto.example")
    for name in ("australia", "united-states"):
        made = sign(nodes[name], made.file)
    with pytest.raises(Stale, match="proposed again"):
        sign(nodes["united-states"], late.file)
    assert flow.update_from(slow.trust, lookup(files(nodes["united-states"])), NOW)
    assert not moved(slow, "https://goa.example").published


def test_a_rotation(nodes: dict[str, Node]) -> None:
    japan = nodes["japan"]
    old = japan.signers.ed25519
    new = keys.create(japan.settings.home, "", japan.entropy)
    japan._ring = None
    record = edits.rotated(
        flow.own_record(japan.trust), [s.key() for s in new], NOW, compromised=False, why="yearly"
    )
    made = flow.change(japan.trust, japan.ring.all(), NOW, partner=record)
    assert japan.signers.ed25519.keyid == old.keyid
    words = flow.words_of(flow.known(japan.trust), record)
    for name in ("india", "australia"):
        made = sign(nodes[name], made.file, words)
    assert made.published
    assert sign(japan, made.file).published
    assert japan.signers.ed25519.keyid == new[0].keyid
    laid_down = flow.known(japan.trust).directory.key(old.keyid)
    assert laid_down is not None
    until = edits.counts_until(NOW)
    assert (laid_down[1].until, laid_down[1].revoked, laid_down[1].why) == (until, "", "yearly")


def test_the_directory_expires(nodes: dict[str, Node]) -> None:
    trust = nodes["india"].trust
    assert flow.current(trust, LATER) == trust.directory()
    with pytest.raises(Expired, match="refresh --alone"):
        flow.current(trust, TOO_LATE)
    with pytest.raises(Expired):
        flow.invite(trust, TOO_LATE)


def refreshed(node: Node, now: str, **more: bool) -> bool:
    return flow.refresh(node.trust, node.ring.all(), now, **more)


def test_a_partner_confirms_when_half_the_time_is_over(nodes: dict[str, Node]) -> None:
    india = nodes["india"]
    assert not refreshed(india, NOW)
    assert not refreshed(india, "2026-03-08T09:00:00.000000Z")
    assert refreshed(india, LATER)
    assert flow.known(india.trust).expires == "2026-03-23T09:00:00.000000Z"
    assert not refreshed(india, LATER)


def test_nobody_confirms_twice_in_a_row(nodes: dict[str, Node]) -> None:
    """A node that is cut off notices it instead of assuring itself."""
    india, japan = nodes["india"], nodes["japan"]
    assert refreshed(india, LATER)
    again = "2026-03-18T09:00:00.000000Z"
    assert not refreshed(india, again)
    assert flow.update_from(japan.trust, lookup(files(india)), again)
    assert refreshed(japan, again)
    assert flow.update_from(india.trust, lookup(files(japan)), again)
    assert refreshed(india, "2026-03-28T09:00:00.000000Z")


def test_what_has_expired_is_revived_by_a_person_only(nodes: dict[str, Node]) -> None:
    india = nodes["india"]
    assert not refreshed(india, TOO_LATE)
    assert refreshed(india, TOO_LATE, alone=True)
    assert flow.current(india.trust, TOO_LATE)
    with pytest.raises(Expired, match=r"targets|root"):
        refreshed(india, "2027-03-16T09:00:00.000000Z", alone=True)


def test_a_snapshot_is_made_anew_in_time(nodes: dict[str, Node]) -> None:
    india = nodes["india"]
    assert refreshed(india, "2026-04-20T09:00:00.000000Z", alone=True)
    assert "1001.snapshot.json" in files(india)
    assert refreshed(india, "2026-06-20T09:00:00.000000Z", alone=True)
    assert "1002.snapshot.json" in files(india)


def test_the_only_member_confirms_alone(fresh: Callable[[str], Node]) -> None:
    node = founder(fresh("a"))
    for now in (LATER, "2026-03-18T09:00:00.000000Z", "2026-03-28T09:00:00.000000Z"):
        assert refreshed(node, now)


def test_a_node_that_was_away_catches_up(nodes: dict[str, Node]) -> None:
    made = moved(nodes["japan"], "https://kyoto.example")
    for name in ("india", "australia"):
        made = sign(nodes[name], made.file)
    now = "2026-03-31T09:00:00.000000Z"
    assert refreshed(nodes["australia"], now, alone=True)
    away = nodes["united-states"]
    with pytest.raises(Expired):
        flow.current(away.trust, now)
    assert flow.update_from(away.trust, lookup(files(nodes["australia"])), now)
    assert flow.current(away.trust, now).version == 2


def test_whoever_is_behind_gives_nothing_and_is_no_danger(nodes: dict[str, Node]) -> None:
    made = moved(nodes["japan"], "https://kyoto.example")
    for name in ("india", "australia"):
        made = sign(nodes[name], made.file)
    australia, behind = nodes["australia"].trust, lookup(files(nodes["india"]))
    assert not flow.update_from(australia, behind, NOW)
    assert not flow.update_from(australia, lookup({}), NOW)
    assert flow.known(australia).directory.version == 2
    with pytest.raises(Expired):
        flow.update_from(australia, behind, TOO_LATE)


def test_what_a_partner_makes_up_is_refused(nodes: dict[str, Node]) -> None:
    trust = nodes["india"].trust
    before = files(nodes["india"])
    evil = before[TIMESTAMP].replace(b'"version":1000000000', b'"version":1000000001')
    with pytest.raises(Untrusted):
        flow.update_from(trust, lookup({**before, TIMESTAMP: evil}), NOW)
    with pytest.raises(Invalid):
        flow.update_from(trust, lookup({**before, TIMESTAMP: b"{}"}), NOW)
    assert files(nodes["india"]) == before


def test_another_process_that_was_faster_wins(nodes: dict[str, Node]) -> None:
    """Nothing newer is ever replaced by what was made from something older."""
    india = nodes["india"]
    before = flow.known(india.trust)
    assert refreshed(india, LATER)
    after = flow.known(india.trust)
    assert not india.trust.replace(before, before)
    assert flow.known(india.trust) == after


def test_a_proposal_of_another_kind_of_file_is_refused(nodes: dict[str, Node]) -> None:
    for data in (b"", b"{}", b"[]", b'{"accord":"invitation"}', enrolment.write_invitation(
        flow.known(nodes["india"].trust))):  # fmt: skip
        with pytest.raises(Invalid):
            flow.consider(nodes["india"].trust, data, NOW)


def test_the_policy_changes_by_the_threshold(nodes: dict[str, Node]) -> None:
    charter = flow.policy(flow.known(nodes["japan"].trust).charter, recall_hours=6)
    made = flow.change(nodes["japan"].trust, nodes["japan"].ring.all(), NOW, charter=charter)
    for name in ("india", "australia"):
        made = sign(nodes[name], made.file)
    assert made.review.directory.policy.recall_hours == 6
    with pytest.raises(Invalid, match="say one of ed25519, ml-dsa-65, both, either"):
        flow.policy(charter, signatures="mldsa")


@pytest.mark.parametrize("threshold", [1, 2, 5])
def test_half_of_the_partners_never_decide(nodes: dict[str, Node], threshold: int) -> None:
    """Nor more than there are."""
    japan = nodes["japan"]
    charter = msgspec.structs.replace(flow.known(japan.trust).charter, threshold=threshold)
    with pytest.raises(Invalid, match="of 4 partners at least 3 must sign"):
        flow.change(japan.trust, japan.ring.all(), NOW, charter=charter)
    assert not japan.trust.proposals()


def test_words_are_compared_once(fresh: Callable[[str], Node], tmp_path: Path) -> None:
    """Not by who signed already, with a key of its own."""
    with partners(tmp_path / "n", seed="x") as nodes:
        data, words = asking(fresh("b"), "korea", nodes["india"])
        made = sign(nodes["india"], data, words)
        for file in (data, made.file):
            assert sign(nodes["india"], file).review.signed == ("india",)


def test_missing_signatures_are_told_in_words(nodes: dict[str, Node]) -> None:
    made = moved(nodes["japan"], "https://kyoto.example")
    assert list(proposals.waiting_for(made.review)) == ["2 more of australia, india, united-states"]
    lacking = ((1, ("india", "japan")), (1, ("japan",)), (2, ("a", "b")), (1, ("a", "b")))
    review = msgspec.structs.replace(made.review, missing=lacking)
    assert list(proposals.waiting_for(review)) == ["japan", "a, b"]


def test_a_partnership_for_tests_can_be_played_again(tmp_path: Path) -> None:
    one = partnership(tmp_path / "1", seed="7")
    other = partnership(tmp_path / "2", seed="7")
    assert files(one["japan"]) == files(other["japan"])
    record: Partner = flow.own_record(one["japan"].trust)
    assert record.name == "japan"
    for node in (*one.values(), *other.values()):
        node.engine.dispose()
