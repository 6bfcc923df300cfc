from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealed import NOW, directory, ml_dsa, partner, signer

from accord.core.errors import Invalid, TooLarge
from accord.exchange import dsse, notices
from accord.exchange.notices import MEDIA, Notice
from accord.identity.partners import Directory, Untrusted

NOTICE = Notice("japan", "indicator--1", NOW)
DATA = notices.write(NOTICE, [signer("japan")])
PARTNERS = directory()


def keyed(**change: str) -> Directory:
    key = msgspec.structs.replace(signer("japan").key(), **change)
    return directory(partner("japan", key))


def test_what_was_written_is_read() -> None:
    assert notices.read(DATA, PARTNERS) == NOTICE
    both = notices.write(NOTICE, [ml_dsa("japan"), signer("japan")])
    assert [one["keyid"] for one in json.loads(both)["signatures"]] == [
        signer("japan").keyid, ml_dsa("japan").keyid,
    ]  # fmt: skip


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_with_one_byte_changed_it_counts_for_nothing(at: int, by: int) -> None:
    """Law (recall travels): a notice can be neither made nor changed by anybody else."""
    changed = bytearray(DATA)
    changed[at] ^= by
    with pytest.raises((Invalid, Untrusted, TooLarge)):
        notices.read(bytes(changed), PARTNERS)


def test_only_the_originator_can_sign_it() -> None:
    for signers in ([signer("australia")], [signer("japan"), ml_dsa("australia")]):
        with pytest.raises(Untrusted):
            notices.read(notices.write(NOTICE, signers), PARTNERS)
    unknown = notices.write(Notice("nobody", "indicator--1", NOW), [signer("japan")])
    with pytest.raises(Untrusted, match="is not a partner"):
        notices.read(unknown, PARTNERS)


def test_a_rotated_key_counts_for_what_was_before_and_a_revoked_one_never() -> None:
    later = "2999-01-01T00:00:00.000000Z"
    assert notices.read(DATA, keyed(until=later)) == NOTICE
    for partners in (keyed(until=NOW), keyed(revoked=later)):
        with pytest.raises(Untrusted):
            notices.read(DATA, partners)


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"[]", b"{}", b'{"at":"x","object":"o","origin":"japan"}',
        b'{"at":"%b","object":"","origin":"japan"}' % NOW.encode(),
        b'{"at":"%b","object":"o","origin":"japan","why":"x"}' % NOW.encode(),
        b'{"at": "%b","object":"o","origin":"japan"}' % NOW.encode(),
        b'{"at":"%b","object":"%b","origin":"japan"}' % (NOW.encode(), b"x" * 4001),
        b"\xff",
    ],
)  # fmt: skip
def test_what_is_no_notice_is_refused(payload: bytes) -> None:
    with pytest.raises(Invalid):
        notices.read(dsse.write(MEDIA, payload, signer("japan")), PARTNERS)


def test_neither_another_type_nor_too_many_bytes_are_read() -> None:
    good = json.dumps(msgspec.to_builtins(NOTICE), sort_keys=True, separators=(",", ":")).encode()
    assert notices.read(dsse.write(MEDIA, good, signer("japan")), PARTNERS) == NOTICE
    with pytest.raises(Invalid):
        notices.read(dsse.write("application/json", good, signer("japan")), PARTNERS)
    with pytest.raises(TooLarge):
        notices.read(dsse.write(MEDIA, b" " * 20_000, signer("japan")), PARTNERS)
