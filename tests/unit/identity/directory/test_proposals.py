"""Changes of the directory: nobody is made to sign what it did not see, or what is not its own."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from attacks import first, later, second
from directories import FOUR, ed25519, founded, keys, ml_dsa, read, resigned
from exchange_nodes import NAME, NOW, partner

from accord.core.errors import Invalid
from accord.identity.directory import edits, enrolment, metadata, proposals
from accord.identity.directory.proposals import Proposal, Stale
from accord.identity.directory.records import Charter
from accord.identity.directory.trusted import Trusted
from accord.identity.partners import Partner, PartnerKey, Policy, Untrusted

OTHERS = ("australia", "india", "united-states")


def record(name: str, trusted: Trusted | None = None, **changed: Any) -> Partner:
    found = (trusted or first()).directory.partner(name)
    assert found is not None
    made: Partner = msgspec.structs.replace(found, **changed)
    return made


def proposed(
    *records: Partner, by: Sequence[str] = (), base: Trusted | None = None, **more: Any
) -> Proposal:
    """A proposal that changes these records, signed by those named."""
    base = base or first()
    listed = {p.name: p for p in base.directory.partners} | {p.name: p for p in records}
    made = proposals.propose(
        base, more.pop("charter", base.charter), list(listed.values()),
        by="somebody", why="test", now=more.pop("now", NOW), **more,
    )  # fmt: skip
    for name in by:
        made = proposals.sign(base, made, keys([name]))
    return made


def sentences(proposal: Proposal, base: Trusted | None = None) -> list[str]:
    return [change.sentence for change in proposals.review(base or first(), proposal, NOW).changes]


def refused(proposal: Proposal, match: str, base: Trusted | None = None) -> None:
    with pytest.raises((Untrusted, Invalid), match=match):
        proposals.review(base or first(), proposal, NOW)


MOVED = record("japan", addresses=("https://kyoto.example",))


def test_enough_signatures_publish_a_change() -> None:
    made = proposed(MOVED, by=["japan"])
    review = proposals.review(first(), made, NOW)
    assert review.signed == ("japan",)
    assert review.missing == ((2, ("australia", "india", "united-states")),)
    with pytest.raises(Untrusted):
        proposals.publish(first(), review, keys(["japan"]), NOW)
    for name in ("india", "australia"):
        made = proposals.sign(first(), made, keys([name]))
    review = proposals.review(first(), made, NOW)
    assert review.missing == ()
    after = proposals.publish(first(), review, keys(["india"]), NOW)
    assert after.directory.partner("japan") == MOVED
    assert after.root == 1


def test_a_proposal_comes_back_as_it_was() -> None:
    made = proposed(MOVED, by=["japan"])
    assert proposals.read(proposals.write(made)) == made


def test_signatures_of_two_copies_come_together() -> None:
    start = proposed(MOVED, by=["japan"])
    one = proposals.sign(first(), start, keys(["india"]))
    other = proposals.sign(first(), start, keys(["australia"]))
    both = proposals.merge(one, other)
    assert proposals.review(first(), both, NOW).signed == ("australia", "india", "japan")
    with pytest.raises(Invalid):
        proposals.merge(one, proposed(record("japan", title="Other"), by=["japan"]))


def test_a_signature_that_does_not_hold_counts_for_nothing() -> None:
    made = proposed(MOVED, by=["japan"])
    strange = msgspec.json.decode(made.targets)
    strange["signatures"].append({"keyid": ed25519("india").keyid, "sig": "00" * 64})
    altered = msgspec.structs.replace(made, targets=msgspec.json.encode(strange).decode())
    assert proposals.review(first(), altered, NOW).signed == ("japan",)


def test_a_stranger_cannot_sign() -> None:
    with pytest.raises(Untrusted, match="no member"):
        proposals.sign(first(), proposed(MOVED), keys(["stranger"]))


@pytest.mark.parametrize(
    "changed",
    [
        {"addresses": ("https://evil.example",)}, {"certificates": ("ab" * 32,)},
        {"title": "Another"}, {"roles": ("lead",)},
    ],
    ids=str,
)  # fmt: skip
def test_own_record(changed: dict[str, Any]) -> None:
    """A partner's addresses, certificates and new keys change only with its own signature."""
    refused(proposed(record("japan", **changed), by=OTHERS), "only japan itself")
    assert sentences(proposed(record("japan", **changed), by=["japan"]))


def test_own_record_keys() -> None:
    new = edits.rotated(record("japan"), [ed25519("evil").key()], NOW, compromised=False, why="")
    refused(proposed(new, by=OTHERS), "only japan itself")
    stopped = edits.rotated(record("japan"), [ed25519("x").key()], NOW, compromised=True, why="")
    refused(proposed(stopped, by=OTHERS), "only japan itself")


def test_own_record_another_key() -> None:
    more = record("japan", keys=(*record("japan").keys, ml_dsa("evil").key(NOW)))
    refused(proposed(more, by=OTHERS), "only japan itself")


def test_a_root_needs_enough_of_those_before_and_of_those_after() -> None:
    base = founded(threshold=4)
    made = proposed(base=base, by=OTHERS, charter=Charter(NAME, threshold=3))
    assert proposals.review(base, made, NOW).missing == ((1, ("japan",)),)
    made = proposed(base=first(), by=FOUR, charter=Charter(NAME, threshold=4))
    root = metadata.read(metadata.Root, made.root.encode(), "root")
    fewer = msgspec.structs.replace(made, root=resigned(root, *keys(OTHERS)).decode())
    assert proposals.review(first(), made, NOW).missing == ()
    assert proposals.review(first(), fewer, NOW).missing == ((1, ("japan",)),)


def test_a_new_key_signs_for_its_partner_and_its_words_are_wanted() -> None:
    """Also where the old key is lost."""
    key = ed25519("japan again")
    new = edits.rotated(record("japan"), [key.key()], NOW, compromised=True, why="stolen")
    made = proposals.sign(first(), proposed(new), [key])
    review = proposals.review(first(), made, NOW)
    assert [name for name, _ in review.unproven] == ["japan"]
    assert review.signed == ("japan",)
    assert any("is revoked (stolen)" in change.sentence for change in review.changes)


def test_a_key_that_is_laid_down_counts_until_its_owner_has_heard() -> None:
    new = edits.rotated(record("japan"), [ed25519("x").key()], NOW, compromised=False, why="")
    made = proposals.sign(first(), proposed(new, by=["japan"]), keys(["x"]))
    review = proposals.review(first(), made, later(27))
    assert any("is laid down, and counts until 2026-04-26" in c.sentence for c in review.changes)
    with pytest.raises(Stale, match="japan has to propose it again"):
        proposals.review(first(), made, later(29))
    whole = proposals.sign(first(), made, keys(OTHERS))
    assert proposals.review(first(), whole, later(29)).missing == ()


@pytest.mark.parametrize(("days", "match"), [(58, "is the latest today"), (27, "too soon")])
def test_nobody_says_otherwise_how_long_an_old_key_counts(days: int, match: str) -> None:
    old = msgspec.structs.replace(record("japan").keys[0], until=later(days))
    changed = record("japan", keys=(old, ed25519("x").key(NOW)))
    made = proposals.sign(first(), proposed(changed, by=["japan"]), keys(["x"]))
    with pytest.raises((Stale, Untrusted), match=match):
        proposals.review(first(), made, NOW)


def test_who_took_one_key_took_all_that_were_kept_beside_it() -> None:
    """A key laid down long ago, whose file was erased, still vouches for what it signed."""
    older, old = ed25519("older").key(NOW), ed25519("japan").key(NOW)
    gone = msgspec.structs.replace(older, until=later(1))
    counting = msgspec.structs.replace(ed25519("y").key(NOW), until=later(60))
    before = record("japan", keys=(gone, counting, old))
    for held, revoked in (((), [False, True, True]), ((older.keyid,), [True, True, True])):
        after = edits.rotated(
            before, [ed25519("x").key()], later(9), compromised=True, why="", held=held
        )
        assert [bool(key.revoked) for key in after.keys[:3]] == revoked
        assert [key.until for key in after.keys[:3]] == [later(1), later(60), later(9)]


def test_others_can_remove_a_partner() -> None:
    made = proposed(edits.removed(record("japan"), NOW, "left"), by=OTHERS)
    review = proposals.review(first(), made, NOW)
    assert review.missing == ()
    after = proposals.publish(first(), review, keys(["india"]), NOW)
    assert [p.name for p in after.directory.members()] == list(OTHERS)
    gone = after.directory.partner("japan")
    assert gone is not None
    assert gone.keys[0].until == NOW
    assert after.directory.threshold == 3
    back = record("japan", after, removed="", keys=(ed25519("new").key(NOW),))
    refused(proposed(back, by=OTHERS, base=after), "another name", after)


def _keys(**changed: Any) -> tuple[PartnerKey, ...]:
    return tuple(msgspec.structs.replace(key, **changed) for key in record("japan").keys)


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"since": later(1)}, "never change"),
        ({"keys": (ed25519("new").key(NOW),)}, "would be forgotten"),
        ({"keys": _keys(since=later(1))}, "would become another"),
    ],
    ids=str,
)
def test_history_is_not_rewritten(wrong: dict[str, Any], match: str) -> None:
    refused(proposed(record("japan", **wrong), by=FOUR), match)


def test_what_was_revoked_stays_revoked() -> None:
    new = edits.rotated(record("japan"), [ed25519("new").key()], NOW, compromised=True, why="")
    made = proposals.sign(first(), proposed(new, by=FOUR), keys(["new"]))
    after = proposals.publish(first(), proposals.review(first(), made, NOW), keys(["india"]), NOW)
    old, key = new.keys
    for changed in ({"revoked": ""}, {"until": later(3)}, {"revoked": later(3)}):
        again = msgspec.structs.replace(new, keys=(msgspec.structs.replace(old, **changed), key))
        refused(proposed(again, by=[*OTHERS, "new"], base=after), "stays so", after)


def test_nobody_is_forgotten() -> None:
    made = proposals.propose(
        first(), first().charter, [record(name) for name in OTHERS], by="x", why="", now=NOW
    )
    refused(made, "would be forgotten")


def test_a_renewal_changes_nothing_but_dates() -> None:
    made = proposed(by=FOUR, now=later(300))
    review = proposals.review(first(), made, later(300))
    assert review.changes == ()
    assert review.root is not None
    now = later(300)
    after = proposals.publish(first(), review, keys(["india"]), now)
    assert (after.root, after.directory.version) == (2, 2)
    assert after.directory.partners == first().directory.partners


def test_a_root_is_made_anew_only_when_it_must() -> None:
    assert proposed(MOVED).root == ""
    assert proposed(MOVED, now=later(180)).root == ""
    assert proposed(MOVED, now=later(190)).root != ""


def test_one_policy_more() -> None:
    charter = Charter(NAME, Policy(recall_hours=6), threshold=4)
    said = sentences(proposed(charter=charter))
    assert "the policy on recall hours is 6 instead of 24" in said
    assert "4 instead of 3 partners sign changes" in said
    refused(proposed(charter=Charter("other")), "another partnership")


def test_towards_ml_dsa_the_directory_is_signed_with_it_too() -> None:
    """Each partner's Ed25519 key vouches for the last time, its ML-DSA-65 key for the first."""
    base = founded(("india",))
    new = edits.rotated(
        record("india", base), [ed25519("i2").key(), ml_dsa("i2").key()], NOW,
        compromised=False, why="",
    )  # fmt: skip
    both = [ed25519("india"), ed25519("i2"), ml_dsa("i2")]
    made = proposals.sign(base, proposed(new, base=base), both)
    state = proposals.publish(base, proposals.review(base, made, NOW), both, NOW)
    made = proposed(base=state, charter=Charter(NAME, Policy("both")))
    made = proposals.sign(state, made, both)
    state = proposals.publish(state, proposals.review(state, made, NOW), both, NOW)
    root = read(state.files, f"{state.root}.root.json").signed
    assert {key.scheme for key in root.keys.values()} == {"ml-dsa-65/1"}
    assert state.directory.policy.signatures == "both"


def test_a_proposal_builds_on_the_version_that_is_here() -> None:
    made = proposed(MOVED, by=["japan"])
    with pytest.raises(Stale, match="overtaken"):
        proposals.review(second(), made, NOW)
    ahead = proposed(record("india", title="Other"), by=["india"], base=second())
    with pytest.raises(Stale, match="accord sync"):
        proposals.review(first(), ahead, NOW)


def test_a_root_that_does_not_follow_from_the_list_is_refused() -> None:
    """What people judge is the list: the root may hold nothing else."""
    new = edits.rotated(record("japan"), [ed25519("j2").key()], NOW, compromised=False, why="")
    made = proposed(new, by=["japan"])
    root = metadata.read(metadata.Root, made.root.encode(), "root")
    root.signed.roles["root"].threshold = 1
    evil = msgspec.structs.replace(made, root=resigned(root, *keys(FOUR)).decode())
    refused(evil, "other keys than its list")
    refused(msgspec.structs.replace(made, root=""), "other keys than its list")
    root = metadata.read(metadata.Root, made.root.encode(), "root")
    root.signed.version = 3
    late = msgspec.structs.replace(made, root=resigned(root, *keys(FOUR)).decode())
    with pytest.raises(Stale):
        proposals.review(first(), late, NOW)


def test_nothing_holds_for_ever() -> None:
    made = proposed(MOVED)
    targets = metadata.read(metadata.Targets, made.targets.encode(), "targets")
    targets.signed.expires = metadata.moment(later(367))
    data = resigned(targets, *keys(FOUR)).decode()
    refused(msgspec.structs.replace(made, targets=data), "a year is the most")


def test_records_are_those_that_the_targets_name() -> None:
    made = proposed(MOVED, by=["japan"])
    name = "japan.partner.json"
    text = made.records[name].replace("kyoto", "osaka")
    refused(msgspec.structs.replace(made, records={**made.records, name: text}), "refused")
    fewer = {n: text for n, text in made.records.items() if n != name}
    refused(msgspec.structs.replace(made, records=fewer), "other records")


def enrolled(name: str = "korea") -> tuple[Partner, bytes]:
    own = [ed25519(name), ml_dsa(name)]
    asked = edits.joined(partner(name, own), "")
    return edits.joined(asked, NOW), enrolment.write_enrolment(first(), asked, own)


def test_a_newcomer_joins_with_its_enrolment() -> None:
    who, data = enrolled()
    made = proposed(who, by=FOUR, enrolments={"korea": data})
    review = proposals.review(first(), made, NOW)
    assert [name for name, _ in review.unproven] == ["korea"]
    assert review.invited == (first().fingerprint.hex(),)
    assert review.missing == ()
    assert review.directory.threshold == 4
    after = proposals.publish(first(), review, keys(["india"]), NOW)
    assert after.directory.partner("korea") == who


def test_nobody_joins_otherwise_than_it_signed() -> None:
    who, data = enrolled()
    refused(proposed(who, by=FOUR), "without an enrolment")
    evil = msgspec.structs.replace(who, addresses=("https://evil.example",))
    refused(proposed(evil, by=FOUR, enrolments={"korea": data}), "otherwise than it signed")
    refused(proposed(MOVED, by=FOUR, enrolments={"korea": data}), "not in the list")


def test_an_enrolment_is_signed_by_every_key_in_it() -> None:
    _, data = enrolled()
    assert enrolment.read_enrolment(data).partner.name == "korea"
    value = msgspec.json.decode(data)
    short = {**value, "signatures": value["signatures"][:1]}
    with pytest.raises(Untrusted, match="not signed by its key"):
        enrolment.read_enrolment(msgspec.json.encode(short))
    other = {**value, "payloadType": "application/vnd.accord.object"}
    with pytest.raises(Invalid):
        enrolment.read_enrolment(msgspec.json.encode(other))
    altered = b64encode(b64decode(value["payload"]).replace(b"https://", b"https://x")).decode()
    with pytest.raises(Untrusted, match="does not hold"):
        enrolment.read_enrolment(msgspec.json.encode({**value, "payload": altered}))
    _, strange = enrolled("taiwan")
    mixed = {**value, "payload": msgspec.json.decode(strange)["payload"]}
    with pytest.raises(Untrusted):
        enrolment.read_enrolment(msgspec.json.encode(mixed))


@pytest.mark.parametrize("data", [b"", b"[]", b'{"payloadType":1}', b'{"payload":"!"}', b"\xff"])
def test_what_is_no_enrolment_is_refused(data: bytes) -> None:
    with pytest.raises((Invalid, Untrusted)):
        enrolment.read_enrolment(data)
