"""What the directory says is checked in every part."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from directories import ed25519, ml_dsa
from exchange_nodes import NAME, NOW, partner
from hypothesis import given
from hypothesis import strategies as st

from accord.core.errors import Invalid, TooLarge
from accord.identity.directory import edits
from accord.identity.directory.records import (
    LARGEST,
    Charter,
    assemble,
    check_address,
    check_name,
    check_partner,
    fingerprint,
    identity_of,
    quorum,
    read_charter,
    read_partner,
    write_charter,
    write_partner,
)
from accord.identity.partners import Partner, PartnerKey, Policy

INDIA = partner("india", [ed25519("india"), ml_dsa("india")])
JAPAN = partner("japan", [ed25519("japan")])


def test_a_record_comes_back_as_it_was() -> None:
    data = write_partner(INDIA)
    assert read_partner(data, NAME) == INDIA
    assert write_partner(read_partner(data, NAME)) == data


def test_a_charter_comes_back_as_it_was() -> None:
    charter = Charter(NAME, Policy("both", 12), 3)
    assert read_charter(write_charter(charter)) == charter


@pytest.mark.parametrize(("members", "signers"), [(1, 1), (2, 2), (3, 3), (4, 3), (5, 4), (8, 6)])
def test_three_quarters_sign(members: int, signers: int) -> None:
    assert quorum(members) == signers


@given(members=st.integers(1, 200), wanted=st.integers(0, 300))
def test_two_changes_need_somebody_who_signed_both(members: int, wanted: int) -> None:
    count = quorum(members, wanted)
    assert members < 2 * count <= 2 * members
    assert count == wanted or not wanted or wanted > members or wanted <= members // 2


@pytest.mark.parametrize("name", ["", "A", "1a", "a--b", "a-", "-a", "a_b", "a.b", "ä", "a" * 33])
def test_a_short_name_is_plain(name: str) -> None:
    with pytest.raises(Invalid):
        check_name(name)


@pytest.mark.parametrize(
    "address", ["https://a.example", "https://a.example:8443", "https://[::1]:1"]
)
def test_an_address_is_scheme_host_and_port(address: str) -> None:
    assert check_address(address) == address
    assert check_address(f"{address}/") == address


@pytest.mark.parametrize(
    "address",
    [
        "http://a.example", "https://", "https://a.example/x", "https://u@a.example",
        "https://a.example?x", "https://a.example#x", "https://a.example:0", "a.example",
        "https://a.example:99999", "https://a.exa mple", "https://a.example\n", "https://é.example",
        "https://[::1", "https://" + "a" * 300,
    ],
)  # fmt: skip
def test_anything_else_is_no_address(address: str) -> None:
    with pytest.raises(Invalid):
        check_address(address)


def _key(**changed: Any) -> tuple[PartnerKey, ...]:
    return (msgspec.structs.replace(JAPAN.keys[0], **changed),)


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "Japan"}, {"identity": identity_of("other", "japan")}, {"title": " "},
        {"title": "x\ny"}, {"roles": ("",)}, {"addresses": ("https://a.example/",)},
        {"certificates": ("AB" * 32,)}, {"certificates": ("ab" * 31,)}, {"since": "2026-01-01"},
        {"removed": NOW}, {"keys": ()}, {"keys": _key(until=NOW)}, {"keys": _key(revoked=NOW)},
        {"keys": _key(since="yesterday")}, {"keys": _key(keyid="0" * 64)},
        {"keys": (*JAPAN.keys, ed25519("other").key(NOW))}, {"keys": _key(why="x" * 1001)},
        {"addresses": tuple(f"https://a{n}.example" for n in range(51))},
    ],
    ids=str,
)  # fmt: skip
def test_a_record_with_a_wrong_part_is_refused(changed: dict[str, Any]) -> None:
    wrong: Partner = msgspec.structs.replace(JAPAN, **changed)
    with pytest.raises(Invalid):
        check_partner(NAME, wrong)
    with pytest.raises(Invalid):
        read_partner(write_partner(wrong), NAME)


def test_the_place_of_what_is_wrong_is_named() -> None:
    data = write_partner(JAPAN).replace(b'"title": "Japan"', b'"title": 1')
    with pytest.raises(Invalid, match=r"^japan\.partner\.json/title: "):
        read_partner(data, NAME, "japan.partner.json")


def test_a_key_of_json_stands_once() -> None:
    data = write_partner(JAPAN).replace(b'"title"', b'"title": "One", "title"')
    with pytest.raises(Invalid, match="title"):
        read_partner(data, NAME)


def test_a_record_has_a_bound() -> None:
    with pytest.raises(TooLarge):
        read_partner(b" " * (LARGEST + 1), NAME)


def test_a_policy_is_one_of_those_that_there_are() -> None:
    for data in (b'{"partnership":"p","policy":{"signatures":"none"}}', b'{"partnership":"P"}',
                 b'{"partnership":"p","threshold":-1}',
                 b'{"partnership":"p","policy":{"recall_hours":0}}'):  # fmt: skip
        with pytest.raises(Invalid):
            read_charter(data)


def test_no_key_speaks_for_two() -> None:
    twin = msgspec.structs.replace(partner("india", []), keys=JAPAN.keys)
    with pytest.raises(Invalid, match="twice"):
        assemble(Charter(NAME), [JAPAN, twin], 1)
    with pytest.raises(Invalid, match="twice"):
        assemble(Charter(NAME), [JAPAN, msgspec.structs.replace(INDIA, name="japan")], 1)


def test_a_policy_needs_the_keys_that_it_asks_for() -> None:
    charter = Charter(NAME, Policy("both"))
    with pytest.raises(Invalid, match="japan"):
        assemble(charter, [INDIA, JAPAN], 1)
    assert assemble(charter, [INDIA], 1).threshold == 1


def test_somebody_must_be_a_member() -> None:
    with pytest.raises(Invalid):
        assemble(Charter(NAME), [edits.removed(JAPAN, NOW, "")], 1)


def test_words_are_of_the_keys_in_use() -> None:
    one = fingerprint(NAME, INDIA)
    assert fingerprint("other", INDIA) != one
    assert fingerprint(NAME, msgspec.structs.replace(INDIA, title="Another")) == one
    new = edits.rotated(INDIA, [ed25519("new").key()], NOW, compromised=False, why="")
    assert fingerprint(NAME, new) != one
