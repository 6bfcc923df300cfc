from __future__ import annotations

import msgspec
import pytest
from sealed import NOW, directory, ml_dsa, partner, signer

from accord.core.errors import Invalid, TooLarge
from accord.exchange import acknowledgements, dsse
from accord.exchange.acknowledgements import Acknowledgement
from accord.exchange.log import checkpoint
from accord.exchange.log.checkpoint import Checkpoint
from accord.exchange.log.merkle import leaf
from accord.identity.partners import Directory, Untrusted

POINT = Checkpoint("quad.example/australia/k3x9", 40, leaf(b"root"))
NOTE = checkpoint.sign(POINT, "quad.example/australia", signer("australia"))
COSIGNED = checkpoint.cosign(NOTE, "quad.example/japan", signer("japan"), 1893456000)
WORD = Acknowledgement(
    "k3x9", 30, 40, POINT.root.hex(), ((31, "not JSON"), (39, "expired")), COSIGNED.decode()
)
PARTNERS = directory()


def keyed(**change: str) -> Directory:
    key = msgspec.structs.replace(signer("japan").key(), **change)
    return directory(partner("japan", key))


def test_what_was_acknowledged_is_read() -> None:
    data = acknowledgements.write(WORD, signer("japan"))
    assert acknowledgements.read(data, PARTNERS, "japan") == WORD


def test_nothing_new_may_be_acknowledged() -> None:
    again = msgspec.structs.replace(WORD, old=40, quarantined=())
    data = acknowledgements.write(again, signer("japan"))
    assert acknowledgements.read(data, PARTNERS, "japan") == again


def test_only_the_partner_itself_can_acknowledge() -> None:
    data = acknowledgements.write(WORD, signer("japan"))
    for name in ("australia", "nobody"):
        with pytest.raises(Untrusted):
            acknowledgements.read(data, PARTNERS, name)
    for other in (signer("australia"), ml_dsa("japan")):
        with pytest.raises(Untrusted, match="is not a key in use of japan"):
            acknowledgements.read(acknowledgements.write(WORD, other), PARTNERS, "japan")
    twice = dsse.write(acknowledgements.MEDIA, b"{}", signer("japan"), signer("japan"))
    with pytest.raises(Untrusted, match="one signature"):
        acknowledgements.read(twice, PARTNERS, "japan")


def test_a_rotated_key_counts_in_history_and_a_revoked_one_never() -> None:
    data = acknowledgements.write(WORD, signer("japan"))
    rotated, revoked = keyed(until=NOW), keyed(revoked=NOW)
    assert acknowledgements.read(data, rotated, "japan", history=True) == WORD
    for partners, history in ((rotated, False), (revoked, False), (revoked, True)):
        with pytest.raises(Untrusted):
            acknowledgements.read(data, partners, "japan", history=history)


def test_the_word_and_the_cosignature_in_it_are_judged_apart() -> None:
    old = signer("japan of before")
    data = acknowledgements.write(WORD, old)
    for change, history in (({"until": NOW}, False), ({"revoked": NOW}, True)):
        key = msgspec.structs.replace(old.key(), **change)
        partners = directory(partner("japan", key, signer("japan").key()))
        with pytest.raises(Untrusted, match="is not a key in use of japan"):
            acknowledgements.read(data, partners, "japan", history=history)


def test_who_has_left_acknowledges_nothing_more() -> None:
    data = acknowledgements.write(WORD, signer("japan"))
    gone = directory(partner("japan", removed=NOW))
    assert acknowledgements.read(data, gone, "japan", history=True) == WORD
    with pytest.raises(Untrusted, match="not a partner of today"):
        acknowledgements.read(data, gone, "japan")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"checkpoint": NOTE.decode()}, "as a cosigner"),
        ({"size": 41}, "another tree"),
        ({"root": leaf(b"other").hex()}, "another tree"),
        ({"root": POINT.root.hex().upper()}, "another tree"),
        ({"log": "k3x8"}, "another log"),
        ({"log": "australia/k3x9"}, "another log"),
    ],
)
def test_it_says_what_was_cosigned(change: dict[str, object], reason: str) -> None:
    other = msgspec.structs.replace(WORD, **change)
    data = acknowledgements.write(other, signer("japan"))
    with pytest.raises(Untrusted, match=reason):
        acknowledgements.read(data, PARTNERS, "japan")


def test_a_cosignature_by_somebody_else_is_not_enough() -> None:
    note = checkpoint.cosign(NOTE, "quad.example/australia", signer("australia"), 5)
    other = msgspec.structs.replace(WORD, checkpoint=note.decode())
    data = acknowledgements.write(other, signer("japan"))
    with pytest.raises(Untrusted, match="as a cosigner"):
        acknowledgements.read(data, PARTNERS, "japan")


@pytest.mark.parametrize(
    "change",
    [
        {"old": 41},
        {"old": -1},
        {"quarantined": ((40, ""),)},
        {"quarantined": ((-1, ""),)},
        {"quarantined": ((3, ""), (2, ""))},
        {"quarantined": ((3, ""), (3, ""))},
        {"quarantined": ((3, "a" * 201),)},
        {"size": 20_000, "quarantined": tuple((n, "") for n in range(10_001))},
    ],
)
def test_an_acknowledgement_that_exists_is_valid(change: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        msgspec.structs.replace(WORD, **change)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"\xff",
        msgspec.json.encode(WORD),
        msgspec.json.encode(WORD, order="sorted") + b" ",
        msgspec.json.encode({**msgspec.to_builtins(WORD), "more": 1}, order="sorted"),
        msgspec.json.encode({**msgspec.to_builtins(WORD), "size": "40"}, order="sorted"),
    ],
)
def test_what_is_no_acknowledgement_is_refused(payload: bytes) -> None:
    data = dsse.write(acknowledgements.MEDIA, payload, signer("japan"))
    with pytest.raises(Invalid):
        acknowledgements.read(data, PARTNERS, "japan")


def test_an_envelope_of_another_type_is_no_acknowledgement() -> None:
    data = dsse.write("application/json", msgspec.json.encode(WORD), signer("japan"))
    with pytest.raises(Invalid, match="payloadType"):
        acknowledgements.read(data, PARTNERS, "japan")
    with pytest.raises(TooLarge):
        acknowledgements.read(b"[" * 15_000_000, PARTNERS, "japan")


def test_whatever_was_quarantined_can_be_told() -> None:
    many = [(n, f"line one\nand {n} " + "a" * 300) for n in reversed(range(10_003))]
    told = acknowledgements.told(many)
    word = msgspec.structs.replace(WORD, size=20_000, quarantined=told)
    assert len(word.quarantined) == 10_000
    assert told[0][1].startswith("line one and 0 aaa")
    assert told[-1] == (9_999, "quarantined, and 3 entries after it")
    assert acknowledgements.told(many[-2:]) == told[:2]
    widest = [(n, "\U0001f600" * 300) for n in range(10_000)]
    told = acknowledgements.told(widest)
    largest = msgspec.structs.replace(WORD, size=20_000, quarantined=told)
    size = len(acknowledgements.write(largest, signer("japan")))
    assert size < acknowledgements.MAX_BYTES * 4 // 3
