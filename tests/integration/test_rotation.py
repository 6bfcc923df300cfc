"""A node whose keys change while it shares: nothing of it is lost, and nobody sees more by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sharing
from house_of_nodes import Nodes
from sqlalchemy import text

from accord.core.times import when
from accord.exchange.envelope import open_envelope, peek
from accord.exchange.log import checkpoint as notes
from accord.exchange.log import names
from accord.exchange.log.checkpoint import Checkpoint
from accord.exchange.log.entries import Kind
from accord.exchange.notices import read as read_notice
from accord.flows.exchange import partners as flow
from accord.flows.exchange.accounts.receipts import verify
from accord.flows.exchange.following.sync import ask_directory
from accord.flows.exchange.messages import PREFIX, Request
from accord.flows.exchange.sharing import audience, renewing, share, wanted
from accord.flows.exchange.sharing.committing import Commit
from accord.flows.exchange.sharing.judging import Judge
from accord.flows.exchange.sharing.plan import Options, Ready
from accord.flows.exchange.sharing.port import Changed
from accord.identity.directory import edits
from accord.identity.directory.metadata import moment
from accord.identity.directory.proposals import Stale
from accord.identity.partners import Untrusted
from accord.identity.recipients import Recipient
from accord.wiring import Node

NAMES = ("australia", "india", "japan")


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Nodes]:
    made = Nodes(tmp_path, NAMES)
    audience.create(made["japan"].owner, "all", [], everyone=True)
    yield made
    made.close()


def later(nodes: Nodes, **time: float) -> None:
    nodes.clock.at = when((moment(nodes.clock.at) + timedelta(**time)).isoformat())


def proposed(nodes: Nodes, name: str, *, compromised: bool = False) -> tuple[bytes, str]:
    """A rotation as its owner begins it, and the words of the new keys."""
    node, now = nodes[name], nodes.clock.at
    held = {signer.keyid for signer in node.ring.all()}
    new = [signer.key() for signer in node.new_keys("")]
    record = edits.rotated(
        flow.own_record(node.trust), new, now, compromised=compromised, why="test", held=held
    )
    made = flow.change(node.trust, node.ring.all(), now, partner=record)
    return made.file, flow.words_of(flow.known(node.trust), record)


def signed(nodes: Nodes, name: str, file: bytes, words: str) -> flow.Signed:
    node, now = nodes[name], nodes.clock.at
    review = flow.consider(node.trust, file, now)
    return flow.sign(node.trust, review, [words], node.ring.all(), now)


def published(nodes: Nodes, file: bytes, words: str, *, by: tuple[str, ...]) -> bytes:
    for name in by:
        made = signed(nodes, name, file, words)
        file = made.file
    assert made.published
    for name in by[:-1]:
        assert signed(nodes, name, file, words).published
    return file


def live(node: Node, name: str = "all") -> list[bytes]:
    """The envelopes that stand in a log, in order."""
    rows = [row for row in sharing.rows(node, name) if row.state == "live"]
    found = node.sharing.envelopes([row.shared_id for row in rows])
    return [found[row.shared_id] for row in rows]


def holds(nodes: Nodes, name: str, *objects: dict[str, object]) -> bool:
    known = nodes[name].sharing.known([str(one["id"]) for one in objects])
    return {copy.object for copy in known.copies} == {one["id"] for one in objects}


def quarantined(nodes: Nodes, name: str) -> list[str]:
    reports = [nodes.sync(name, other) for other in NAMES if other != name]
    return [why for report in reports for log in report.logs for _, why in log.quarantined]


def test_what_is_sealed_while_a_rotation_is_signed_is_taken_by_all(three: Nodes) -> None:
    japan = three["japan"]
    objects = [sharing.indicator(f"in between {n}") for n in range(4)]
    sharing.give(japan, "all", objects[0])
    later(three, hours=1)
    file, words = proposed(three, "japan")
    later(three, hours=5)
    sharing.give(japan, "all", objects[1])
    later(three, days=6)
    sharing.give(japan, "all", objects[2])
    published(three, file, words, by=("india", "australia"))
    later(three, hours=5)
    # Japan has not heard yet.
    sharing.give(japan, "all", objects[3])
    assert japan.trust.directory() != three["india"].trust.directory()
    for name in ("india", "australia"):
        assert not quarantined(three, name)
        assert holds(three, name, *objects)
    three.sync("japan", "india")
    directory = japan.trust.directory()
    assert directory
    assert directory == three["india"].trust.directory()
    assert not japan.renew().anew
    assert {peek(data).keyids for data in live(japan)} != {(japan.signers.ed25519.keyid,)}
    fifth = sharing.indicator("after")
    sharing.give(japan, "all", fifth)
    assert japan.signers.ed25519.keyid in peek(live(japan)[-1]).keyids
    three.settle()
    assert holds(three, "india", *objects, fifth)


def test_a_rotation_that_waited_too_long_is_proposed_again(three: Nodes) -> None:
    """Its old key would count no more before its owner could have heard."""
    file, words = proposed(three, "japan")
    later(three, days=27)
    signed(three, "australia", file, words)
    later(three, days=2)
    with pytest.raises(Stale, match="japan has to propose it again"):
        signed(three, "india", file, words)


def test_who_hears_late_of_its_rotation_seals_anew_what_came_too_late(three: Nodes) -> None:
    """Two who are cut off together confirm the directory for each other."""
    japan = three["japan"]
    file, words = proposed(three, "japan")
    published(three, file, words, by=("india", "australia"))
    before = japan.trust.trusted()
    late = [sharing.indicator(f"late {n}") for n in range(2)]
    later(three, days=57)
    for name in ("india", "australia"):
        flow.refresh(three[name].trust, three[name].ring.all(), three.clock.at, alone=True)
    flow.refresh(japan.trust, japan.ring.all(), three.clock.at, alone=True)
    sharing.give(japan, "all", *late)
    assert before
    directory = three["india"].trust.directory()
    assert directory
    with pytest.raises(Untrusted, match="no key that counts"):
        open_envelope(live(japan)[0], directory, three.clock.at)
    three.sync("japan", "india")
    assert japan.renew().anew == 2
    three.settle()
    assert holds(three, "india", *late)
    assert holds(three, "australia", *late)


def compromised(three: Nodes) -> None:
    """Japan's keys are revoked, and Japan has heard."""
    file, words = proposed(three, "japan", compromised=True)
    later(three, hours=1)
    file = published(three, file, words, by=("india", "australia"))
    signed(three, "japan", file, words)


def test_after_a_compromise_everything_is_sealed_anew(three: Nodes) -> None:
    japan = three["japan"]
    objects = [sharing.indicator(f"stolen {n}") for n in range(3)]
    sharing.give(japan, "all", *objects[:2])
    assert not quarantined(three, "india")
    later(three, hours=1)
    file, words = proposed(three, "japan", compromised=True)
    later(three, hours=1)
    sharing.give(japan, "all", objects[2])
    bodies = [peek(data).body for data in live(japan)]
    file = published(three, file, words, by=("india", "australia"))
    signed(three, "japan", file, words)
    assert japan.renew() == renewing.Renewed(3)
    assert japan.renew() == renewing.Renewed()
    directory = japan.trust.directory()
    assert directory
    opened = [open_envelope(data, directory, three.clock.at) for data in live(japan)]
    assert [one.body for one in opened] == bodies
    assert [entry.kind for entry in sharing.entries(japan, "all")] == (
        [Kind.COMMITMENT] * 6 + [Kind.RETRACT] * 3
    )
    sharing.check(japan)
    later(three, hours=1)
    for name in ("india", "australia"):
        assert not quarantined(three, name)
        assert holds(three, name, *objects)
    three.settle()


def test_nobody_has_to_ask_for_it(three: Nodes) -> None:
    """The door seals anew before it signs its next checkpoint."""
    one = sharing.indicator("stolen")
    sharing.give(three["japan"], "all", one)
    later(three, hours=1)
    compromised(three)
    later(three, hours=1)
    assert not quarantined(three, "india")
    assert holds(three, "india", one)


def test_who_heard_of_a_revoked_key_takes_nothing_that_it_sealed(three: Nodes) -> None:
    """Why there is anything to seal anew."""
    japan = three["japan"]
    sharing.give(japan, "all", sharing.indicator("stolen"))
    (old,) = live(japan)
    later(three, hours=1)
    compromised(three)
    directory = three["india"].trust.directory()
    assert directory
    with pytest.raises(Untrusted, match="no key that counts"):
        open_envelope(old, directory, three.clock.at)


def test_sealing_anew_shows_nobody_what_was_not_granted(three: Nodes) -> None:
    """A member that may not see what was shared before it came does not see it now either."""
    japan = three["japan"]
    audience.create(japan.owner, "named", ["australia"])
    audience.create(japan.owner, "other", ["australia"])
    before, both = sharing.indicator("before"), sharing.indicator("both")
    sharing.give(japan, "named", before)
    sharing.give(japan, "named", both)
    sharing.one(japan, both["id"], "other")
    japan.sharing.admit("named", "india", 0, three.clock.at)
    after = sharing.indicator("after")
    sharing.give(japan, "named", after)
    three.settle()
    assert holds(three, "australia", before, both, after)
    later(three, hours=1)
    compromised(three)
    later(three, hours=1)
    assert japan.renew() == renewing.Renewed(2, tuple(sorted((before["id"], both["id"]))))
    assert japan.renew() == renewing.Renewed()
    three.settle()
    assert holds(three, "australia", before, both, after)
    assert not holds(three, "india", before)
    assert not holds(three, "india", both)
    assert holds(three, "india", after)
    # A person decides, and says it by sharing again.
    assert sharing.one(japan, before["id"], "named").what == "shared"
    assert sharing.one(japan, before["id"], "named").what == "already shared"
    later(three, hours=1)
    three.settle()
    assert holds(three, "india", before)
    assert not holds(three, "india", both)
    sharing.check(japan)


def test_what_waits_for_its_day_is_sealed_anew_too(three: Nodes) -> None:
    japan = three["japan"]
    one = sharing.indicator("embargo")
    release = when((moment(three.clock.at) + timedelta(days=2)).isoformat())
    (outcome,) = sharing.give(japan, "all", one, release_at=release)
    assert outcome.what == "waits"
    later(three, hours=1)
    compromised(three)
    assert japan.renew().anew == 1
    (copy,) = japan.sharing.known([one["id"]]).copies
    assert (copy.state, copy.waiting, copy.issued) == ("held", ("all",), three.clock.at)
    assert sharing.one(japan, one["id"], "all", release_at=release).what == "waits"
    later(three, days=3)
    three.settle()
    assert holds(three, "india", one)
    assert len(live(japan)) == 1


def test_a_node_whose_clock_is_behind_its_key_repeats_nothing(three: Nodes) -> None:
    """It shares before the day from which its key counts, ends there, and is asked once more."""
    japan = three["japan"]
    later(three, hours=-1)
    release = when((moment(three.clock.at) + timedelta(days=2)).isoformat())
    soon, now = sharing.indicator("soon"), sharing.indicator("now")
    for what in ("waits", "waits"):
        (outcome,) = sharing.give(japan, "all", soon, release_at=release)
        assert outcome.what == what
    for what in ("shared", "already shared"):
        (outcome,) = sharing.give(japan, "all", now)
        assert outcome.what == what
    later(three, minutes=5)
    assert sharing.one(japan, now["id"], "all").what == "already shared"
    later(three, days=4)
    three.settle()
    assert holds(three, "india", soon, now)


def test_who_took_one_key_took_all_that_were_kept_beside_it(three: Nodes) -> None:
    file, words = proposed(three, "japan")
    file = published(three, file, words, by=("india", "australia"))
    signed(three, "japan", file, words)
    later(three, hours=1)
    compromised(three)
    partner = flow.own_record(three["india"].trust) and three["india"].trust.directory()
    assert partner
    japan = partner.partner("japan")
    assert japan
    assert [bool(key.revoked) for key in japan.keys if not key.in_use] == [True] * 3


def test_who_still_goes_by_the_directory_of_before_seals_nothing(three: Nodes) -> None:
    """A long share, while another command brings the change of keys."""
    japan = three["japan"]
    first, second = sharing.indicator("first"), sharing.indicator("second")
    sharing.give(japan, "all", first)
    sharer, commit = japan.sharer, Commit(japan.sharer, japan.signers, "all")
    later(three, hours=1)
    compromised(three)
    digest = sharing.load(japan, second)
    found = wanted.find([digest], japan.holdings)
    judge = Judge(sharer, sharer.audience("all"), Options())
    judged, known = judge.batch(list(wanted.items(found, japan.holdings)))
    # The other command has looked through what there is.
    assert japan.renew().anew == 1
    with pytest.raises(Changed, match="try again"):
        commit.batch([one for one in judged if isinstance(one, Ready)], known)
    with pytest.raises(Changed, match="the directory of partners has changed"):
        share.share(sharer, found, "all")
    assert [one.what for one in share.share(japan.sharer, found, "all").outcomes] == ["shared"]
    directory = japan.trust.directory()
    assert directory
    assert all(open_envelope(data, directory, three.clock.at) for data in live(japan))


def test_a_running_program_opens_keys_that_another_command_made(three: Nodes) -> None:
    japan = three["japan"]
    running = Node(japan.settings, three.clock)
    before = running.signers.ed25519.keyid
    compromised(three)
    assert running.signers.ed25519.keyid == japan.signers.ed25519.keyid != before
    running.engine.dispose()


def test_what_a_revoked_key_signed_proves_nothing_against_its_node(three: Nodes) -> None:
    """Whoever has the key could make a checkpoint of another log, and have the node fall silent."""
    japan = three["japan"]
    sharing.give(japan, "all", sharing.indicator("first"))
    log = japan.sharing.audiences()[0].log
    name, origin = names.key_name("pacific", "japan"), names.origin("pacific", "japan", log)
    forged = notes.sign(Checkpoint(origin, 1, b"x" * 32), name, japan.signers.ed25519)
    other = notes.sign(Checkpoint(origin + "0", 1, b"x" * 32), name, japan.signers.ed25519)
    later(three, hours=1)
    compromised(three)
    caller = Recipient("partner", "india", "India")

    def asked(body: bytes) -> int:
        request = Request("POST", f"{PREFIX}/logs/{log}/checkpoint", body=body)
        return japan.door.answer(caller, request).status

    assert (asked(forged), asked(other)) == (200, 400)
    assert not japan.sharing.sealed()
    real = notes.sign(Checkpoint(origin, 1, b"x" * 32), name, japan.signers.ed25519)
    assert asked(real) == 409
    assert japan.sharing.sealed()


def test_what_was_recalled_stays_recalled_after_a_compromise(three: Nodes) -> None:
    """Also for who hears of it only after the key that said so was revoked, and from others."""
    japan, india = three["japan"], three["india"]
    audience.create(india.owner, "friends", ["australia"])
    one, two = sharing.indicator("first"), sharing.indicator("second")
    sharing.give(japan, "all", one, two)
    three.settle()
    assert sharing.one(india, one["id"], "friends").what == "shared"
    three.settle()
    later(three, hours=1)
    for gone in (one, two):
        three.recall("japan", gone["id"])
    assert three.sync("india", "japan").recalled == 2
    later(three, hours=1)
    compromised(three)
    later(three, hours=1)
    japan.renew()
    directory = japan.trust.directory()
    assert directory
    statements = japan.sharing.notices("japan")
    assert [read_notice(data, directory).object for data in statements] == sorted(
        (one["id"], two["id"])
    )
    # India passes on the word that counts today.
    report = three.sync("india", "japan")
    assert (report.recalled, report.warnings) == (0, [])
    assert india.sharing.notices("japan") == statements
    report = three.sync("australia", "india")
    assert (report.recalled, report.warnings) == (1, [])
    report = three.sync("australia", "japan")
    assert (report.recalled, report.warnings) == (1, [])
    three.settle()


def test_receipts_of_before_a_compromise_hold_and_say_so(three: Nodes) -> None:
    japan = three["japan"]
    sharing.give(japan, "all", sharing.indicator("a"))
    three.settle()
    later(three, hours=1)
    revoked = three.clock.at
    file, words = proposed(three, "india", compromised=True)
    published(three, file, words, by=("japan", "australia"))
    found = verify(japan.receipts, japan.trust.directory())
    assert (found.cosignatures, found.wrong) == (2, ())
    (told,) = found.later
    assert told.startswith("1 of them are by key ")
    assert f"of india, which was revoked on {revoked[:16]}Z (test), after they had come" in told
    later(three, hours=1)
    with japan.engine.begin() as connection:
        connection.execute(
            text("UPDATE cosignature SET received = :at WHERE partner = 'india'"),
            {"at": three.clock.at},
        )
    found = verify(japan.receipts, japan.trust.directory())
    assert (found.cosignatures, found.later) == (1, ())
    (wrong,) = found.wrong
    assert wrong.startswith("the receipt of india for all, 1 entries: its key ")
    assert wrong.endswith(f"was revoked on {revoked[:16]}Z (test)")


def test_whoever_does_not_know_a_key_asks_for_the_newer_directory(three: Nodes) -> None:
    """Without waiting for anything to be shared; who is behind is passed over."""
    file, words = proposed(three, "india")
    key = next(
        new
        for new in (one.keyid for one in three["india"].ring.all())
        if not _holds_key(three["japan"], new)
    )
    assert not ask_directory(three.means("japan")), "nobody has a newer one yet"
    file = signed(three, "japan", file, words).file
    assert signed(three, "australia", file, words).published
    assert not _holds_key(three["japan"], key)
    assert ask_directory(three.means("japan"))
    assert _holds_key(three["japan"], key)
    assert not ask_directory(three.means("japan"))


def _holds_key(node: Node, keyid: str) -> bool:
    directory = node.trust.directory()
    return directory is not None and directory.key(keyid) is not None
