"""Where accord is stricter than the specification asks, and what it does on the way."""

from __future__ import annotations

import msgspec
import pytest
from attacks import first, later, rotated, second
from directories import (
    changed,
    closed,
    ed25519,
    founded,
    keys,
    moved,
    offering,
    read,
    resigned,
    snapshot_name,
    targets_name,
)
from exchange_nodes import NOW
from tuf.api.metadata import Delegations  # type: ignore[attr-defined]

from accord.core.errors import Invalid, TooLarge
from accord.identity.directory import edits, metadata, trusted
from accord.identity.directory.metadata import TIMESTAMP, Root, Timestamp
from accord.identity.directory.records import CHARTER
from accord.identity.directory.trusted import (
    MOST_ROTATIONS,
    Expired,
    Missing,
    Rollback,
    newest_root,
    reread,
    trust,
)
from accord.identity.partners import Untrusted

THREE = ("australia", "india", "japan")


def test_what_is_kept_leads_to_the_same_directory_again() -> None:
    again = reread(second().files)
    assert again == second()
    assert again.directory.version == 2


def test_dates_do_not_matter_for_what_is_kept() -> None:
    assert reread(first().files).directory == first().directory
    with pytest.raises(Expired):
        trust(offering(first().files), first().files, later(4000))


def test_the_date_is_that_of_the_first_file_to_expire() -> None:
    assert first().expires == later(14)[:19] + ".000000Z"
    with pytest.raises(Expired):
        trust(offering(second().files), first().files, second().expires)
    before = "2026-03-15T08:59:59.999999Z"
    assert trust(offering(second().files), first().files, before).directory.version == 2


def test_old_snapshots_targets_and_records_are_not_kept() -> None:
    kept = trust(offering(second().files), first().files, NOW).files
    assert "1.targets.json" not in kept
    assert "1000.snapshot.json" not in kept
    assert set(kept) == set(second().files)


def test_every_root_is_kept_for_partners_that_were_away() -> None:
    kept = trust(offering(rotated().files), first().files, NOW).files
    assert {"1.root.json", "2.root.json"} <= set(kept)
    assert newest_root(kept)[0] == 2


def test_a_damaged_file_in_the_database_is_noticed() -> None:
    name = next(name for name in first().files if name.endswith(CHARTER))
    with pytest.raises(Untrusted):
        reread({**first().files, name: first().files[name].replace(b"24", b"48")})


def test_no_root_no_directory() -> None:
    with pytest.raises(Missing):
        trust(offering(first().files), {}, NOW)


def test_a_root_that_its_own_keys_did_not_sign_is_no_beginning() -> None:
    root = resigned(read(first().files, "1.root.json"), *keys(("stranger", "australia")))
    with pytest.raises(Untrusted):
        trust(offering(first().files), {"1.root.json": root}, NOW)


def test_versions_far_ahead_are_refused() -> None:
    """One partner alone cannot run ahead of all others (a fast-forward attack)."""
    timestamp = read(second().files, TIMESTAMP)
    timestamp.signed.version = 10**12
    files = {**second().files, TIMESTAMP: resigned(timestamp, ed25519("japan"))}
    with pytest.raises(Untrusted, match="cannot be one that names"):
        trust(offering(files), first().files, NOW)


def test_a_snapshot_far_ahead_is_refused() -> None:
    name = snapshot_name(second().files)
    snapshot = read(second().files, name)
    snapshot.signed.version = 10**9
    written = resigned(snapshot, ed25519("japan"))
    timestamp = metadata.make_timestamp(written, 10**9, 0, NOW)
    files = {
        **second().files,
        "1000000000.snapshot.json": written,
        TIMESTAMP: resigned(timestamp, ed25519("japan")),
    }
    with pytest.raises(Untrusted, match="cannot be one that names"):
        trust(offering(files), first().files, NOW)


def _ahead() -> dict[str, bytes]:
    """What a node knows where India, later removed, had run ahead."""
    snapshot = read(first().files, snapshot_name(first().files))
    snapshot.signed.version = 9000
    written = resigned(snapshot, ed25519("india"))
    timestamp = metadata.make_timestamp(written, 9000, 7, NOW)
    return {
        **{n: d for n, d in first().files.items() if "snapshot" not in n},
        "9000.snapshot.json": written,
        TIMESTAMP: resigned(timestamp, ed25519("india")),
    }


def test_what_a_removed_partner_ran_ahead_to_is_given_up() -> None:
    india = first().directory.partner("india")
    assert india is not None
    after = changed(first(), edits.removed(india, NOW, "gone"), ("australia", "japan"),
                    keys=keys(("australia", "japan", "united-states")))  # fmt: skip
    assert trust(offering(after.files), _ahead(), NOW).directory.version == 2
    with pytest.raises(Rollback):
        trust(offering(second().files), _ahead(), NOW)


def test_an_older_list_is_never_taken_again() -> None:
    """Not even where the keys that signed the newest timestamp were taken away."""
    known = {
        **rotated().files,
        TIMESTAMP: resigned(read(rotated().files, TIMESTAMP), ed25519("india")),
        "9.targets.json": b"what was known before",
    }
    with pytest.raises(Rollback, match="version 9 was known"):
        trust(offering(rotated().files), known, NOW)


def test_an_old_list_beside_a_new_root_is_refused() -> None:
    """The keys of the root must be those of the members that the list names."""
    targets = read(first().files, "1.targets.json")
    names = ("australia", "india again", "japan")
    files = closed(
        {**rotated().files, **first().files},
        resigned(targets, *keys(names)), 1, ed25519("japan"),
    )  # fmt: skip
    known = {"1.root.json": first().files["1.root.json"]}
    with pytest.raises(Untrusted, match="not those of the members"):
        trust(offering(files), known, NOW)


def test_endless_roots_are_refused() -> None:
    alone = founded(("australia",))
    files = dict(alone.files)
    root = read(alone.files, "1.root.json")
    for version in range(2, MOST_ROTATIONS + 3):
        root.signed.version = version
        files[f"{version}.root.json"] = resigned(root, ed25519("australia"))
    with pytest.raises(Untrusted, match="new roots at once"):
        trust(offering(files), alone.files, NOW)
    del files[f"{MOST_ROTATIONS + 2}.root.json"]
    kept = trust(offering(files), alone.files, NOW)
    assert kept.root == MOST_ROTATIONS + 1


@pytest.mark.parametrize("name", ["2.root.json", TIMESTAMP])
def test_a_file_past_its_bound_is_not_even_read(name: str) -> None:
    large = b" " * (max(metadata.BOUNDS.values()) + 1)
    with pytest.raises(TooLarge):
        trust(offering({**rotated().files, name: large}), first().files, NOW)


def test_no_more_is_asked_for_than_a_file_names() -> None:
    asked = {}

    def lookup(name: str, most: int) -> bytes | None:
        asked[name] = most
        return second().files.get(name)

    trust(lookup, first().files, NOW)
    assert asked[snapshot_name(second().files)] == len(
        second().files[snapshot_name(second().files)]
    )
    assert asked["2.root.json"] == metadata.BOUNDS[Root]
    assert asked[TIMESTAMP] == metadata.BOUNDS[Timestamp]


def test_what_is_known_is_not_asked_for() -> None:
    asked = []

    def lookup(name: str, _most: int) -> bytes | None:
        asked.append(name)
        return second().files.get(name)

    trust(lookup, first().files, NOW)
    assert [name for name in asked if name.endswith(".partner.json")] == [
        name for name in asked if ".japan." in name
    ]


def test_what_is_no_record_is_refused() -> None:
    targets = read(second().files, targets_name(second().files))
    targets.signed.targets["x/y"] = next(iter(targets.signed.targets.values()))
    files = closed(second().files, resigned(targets, *keys(THREE)), 2, ed25519("japan"))
    with pytest.raises(Invalid, match="not a record"):
        trust(offering(files), first().files, NOW)


def test_delegations_are_refused() -> None:
    targets = read(second().files, targets_name(second().files))
    targets.signed.delegations = Delegations({}, {})
    files = closed(second().files, resigned(targets, *keys(THREE)), 2, ed25519("japan"))
    with pytest.raises(Invalid, match="delegations"):
        trust(offering(files), first().files, NOW)


def test_a_snapshot_names_nothing_but_the_targets() -> None:
    name = snapshot_name(second().files)
    snapshot = read(second().files, name)
    snapshot.signed.meta["other.json"] = snapshot.signed.meta["targets.json"]
    written = resigned(snapshot, ed25519("japan"))
    timestamp = metadata.make_timestamp(written, snapshot.signed.version, 0, NOW)
    files = {**second().files, name: written, TIMESTAMP: resigned(timestamp, ed25519("japan"))}
    with pytest.raises(Invalid, match="names one file"):
        trust(offering(files), first().files, NOW)


def test_a_pin_without_a_hash_is_no_pin() -> None:
    timestamp = read(second().files, TIMESTAMP)
    timestamp.signed.snapshot_meta.hashes = None
    files = {**second().files, TIMESTAMP: resigned(timestamp, ed25519("japan"))}
    with pytest.raises(Untrusted, match="without length and SHA-256"):
        trust(offering(files), first().files, NOW)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"version":', b'"version":1,"version":'),
        (b'"version":2000000000', b'"version":2000000000.0'),
        (b'"version":2000000000', b'"version":true'),
        (b'"_type":"timestamp"', b'"_type":"snapshot"'),
        (b'"spec_version":"1', b'"spec_version":"2'),
        (b"2026-03-15", b"2026-99-15"),
        (b'{"signatures":', b'{"signatures":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]],"x":'),
    ],
)
def test_what_is_not_metadata_is_refused(old: bytes, new: bytes) -> None:
    data = second().files[TIMESTAMP]
    assert old in data
    files = {**second().files, TIMESTAMP: data.replace(old, new)}
    with pytest.raises((Invalid, Untrusted)):
        trust(offering(files), first().files, NOW)


def test_a_key_under_two_names_counts_once() -> None:
    """It would count twice towards a threshold."""
    root = read(rotated().files, "2.root.json")
    key = next(iter(root.signed.keys.values()))
    twin = msgspec.json.decode(msgspec.json.encode(key.to_dict()))
    root.signed.keys["f" * 64] = type(key).from_dict("f" * 64, twin)
    files = {**rotated().files, "2.root.json": resigned(root, *keys((*THREE, "india again")))}
    with pytest.raises(Invalid, match="not the identifier"):
        trust(offering(files), first().files, NOW)


def test_whoever_is_behind_is_seen_by_the_timestamp() -> None:
    assert trusted.newer(second().files[TIMESTAMP], first())
    assert not trusted.newer(second().files[TIMESTAMP], second())
    assert not trusted.newer(first().files[TIMESTAMP], second())


def test_the_fingerprint_is_of_what_the_root_says_not_of_who_signed_it() -> None:
    root = read(first().files, "1.root.json")
    other = {**first().files, "1.root.json": resigned(root, *keys(THREE))}
    assert other["1.root.json"] != first().files["1.root.json"]
    assert reread(other).fingerprint == first().fingerprint
    assert rotated().fingerprint != first().fingerprint


def test_a_partner_with_another_set_of_signatures_is_followed() -> None:
    """Two who publish the same change make files that differ in their signatures only."""
    targets = read(second().files, "2.targets.json")
    written = resigned(targets, *keys(("japan", "united-states", "india")))
    theirs = closed(second().files, written, 2, ed25519("united-states"))
    stamp = read(theirs, TIMESTAMP)
    stamp.signed.version += 1
    theirs[TIMESTAMP] = resigned(stamp, ed25519("united-states"))
    after = trust(offering(theirs), second().files, NOW)
    assert after.files["2.targets.json"] == written
    assert after.directory == second().directory


def test_an_equal_timestamp_is_the_one_that_is_known() -> None:
    other = resigned(read(second().files, TIMESTAMP), ed25519("united-states"))
    after = trust(offering({**second().files, TIMESTAMP: other}), second().files, NOW)
    assert after.files == second().files


def test_moving_on_and_on() -> None:
    state = first()
    for number in range(3):
        state = moved(state, "india", f"https://delhi-{number}.example")
    after = trust(offering(state.files), first().files, NOW)
    assert after.directory.version == 4
    india = after.directory.partner("india")
    assert india is not None
    assert india.addresses == ("https://delhi-2.example",)
