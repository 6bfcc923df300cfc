from __future__ import annotations

from base64 import b64encode

import msgspec
import pytest
from sealed import ml_dsa, signer

from accord.core.errors import Invalid
from accord.exchange.log import checkpoint, notes
from accord.exchange.log.checkpoint import Checkpoint
from accord.exchange.log.merkle import EMPTY, leaf
from accord.identity.partners import PartnerKey, Untrusted

JAPAN, INDIA = "quad.example/japan", "quad.example/india"
POINT = Checkpoint("quad.example/japan/k3x9", 20852163, leaf(b"root"))
KEY = signer("japan").key()
NOTE = checkpoint.sign(POINT, JAPAN, signer("japan"))
COSIGNED = checkpoint.cosign(NOTE, INDIA, signer("india"), 1893456000)
ROTATED = msgspec.structs.replace(KEY, until="2030-01-01T00:00:00.000000Z")
REVOKED = msgspec.structs.replace(KEY, revoked="2030-01-01T00:00:00.000000Z")


def signed(*lines: str) -> bytes:
    text = "".join(f"{line}\n" for line in lines)
    body = checkpoint.body(POINT)
    return checkpoint.sign(POINT, JAPAN, signer("japan")).replace(body, text.encode(), 1)


def test_the_text_is_that_of_the_specification() -> None:
    root = b64encode(POINT.root).decode()
    assert checkpoint.body(POINT).decode() == f"quad.example/japan/k3x9\n20852163\n{root}\n"
    assert NOTE.decode().startswith(f"{checkpoint.body(POINT).decode()}\n— quad.example/japan ")
    assert NOTE.decode().count("\n") == 5


def test_whoever_holds_the_key_signed_it() -> None:
    assert checkpoint.open_note(NOTE, JAPAN, [KEY]) == POINT
    assert checkpoint.peek(NOTE) == POINT


def test_extension_lines_are_signed_too() -> None:
    more = msgspec.structs.replace(POINT, extension=("one", "two words"))
    note = checkpoint.sign(more, JAPAN, signer("japan"))
    assert checkpoint.open_note(note, JAPAN, [KEY]) == more


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        (JAPAN, []),
        (INDIA, [KEY]),
        (JAPAN, [signer("india").key()]),
        (JAPAN, [ml_dsa("japan").key()]),
        (JAPAN, [ROTATED]),
        (JAPAN, [REVOKED]),
    ],
)
def test_nobody_else_did(name: str, keys: list[PartnerKey]) -> None:
    with pytest.raises(Untrusted, match="no key in use of"):
        checkpoint.open_note(NOTE, name, keys)


def test_a_rotated_key_counts_in_history_and_a_revoked_one_never() -> None:
    assert checkpoint.open_note(NOTE, JAPAN, [ROTATED], history=True) == POINT
    with pytest.raises(Untrusted):
        checkpoint.open_note(NOTE, JAPAN, [REVOKED], history=True)
    india = signer("india").key()
    until = msgspec.structs.replace(india, until="2030-01-01T00:00:00.000000Z")
    assert checkpoint.verify_cosignature(COSIGNED, INDIA, [until], history=True)[0] == POINT
    with pytest.raises(Untrusted):
        checkpoint.verify_cosignature(COSIGNED, INDIA, [until])


def test_a_false_signature_by_a_known_key_makes_the_note_false() -> None:
    other = checkpoint.sign(msgspec.structs.replace(POINT, size=1), JAPAN, signer("japan"))
    line = other.rpartition(b"\n\n")[2]
    for note in (NOTE + line, NOTE.replace(NOTE.rpartition(b"\n\n")[2], line + line)):
        with pytest.raises(Untrusted, match="does not hold"):
            checkpoint.open_note(note, JAPAN, [KEY])


def test_signatures_by_others_are_passed_over() -> None:
    for line in ("— somebody/else AAAAAAAA\n", f"— {JAPAN} AAAAAAAA\n"):
        assert checkpoint.open_note(NOTE + line.encode(), JAPAN, [KEY]) == POINT


def test_a_cosignature_bears_its_time() -> None:
    keys = [signer("india").key()]
    assert COSIGNED.startswith(NOTE)
    assert checkpoint.verify_cosignature(COSIGNED, INDIA, keys) == (POINT, 1893456000)
    later = checkpoint.cosign(COSIGNED, INDIA, signer("india"), 1893456001)
    again = checkpoint.cosign(later, INDIA, signer("india"), 1893455999)
    assert checkpoint.verify_cosignature(again, INDIA, keys) == (POINT, 1893456001)
    assert checkpoint.open_note(again, JAPAN, [KEY]) == POINT


def test_separation() -> None:
    both = checkpoint.cosign(NOTE, JAPAN, signer("japan"), 5)
    assert checkpoint.verify_cosignature(both, JAPAN, [KEY]) == (POINT, 5)
    with pytest.raises(Untrusted):
        checkpoint.verify_cosignature(NOTE, JAPAN, [KEY])
    only = both.replace(NOTE.rpartition(b"\n\n")[2], b"")
    with pytest.raises(Untrusted):
        checkpoint.open_note(only, JAPAN, [KEY])


@pytest.mark.parametrize("time", [-1, 1 << 63])
def test_a_time_is_one(time: int) -> None:
    with pytest.raises(Invalid):
        checkpoint.cosign(NOTE, INDIA, signer("india"), time)


def test_a_time_beyond_any_is_refused() -> None:
    stamp = (1 << 63).to_bytes(8, "big")
    message = b"cosignature/v1\ntime %d\n%b" % (1 << 63, checkpoint.body(POINT))
    value = stamp + signer("india").sign(message)
    note = NOTE + notes.line(INDIA, 4, signer("india").public, value)
    with pytest.raises(Untrusted, match="beyond any time"):
        checkpoint.verify_cosignature(note, INDIA, [signer("india").key()])


def test_a_cosignature_that_is_cut_short_is_refused() -> None:
    note = NOTE + notes.line(INDIA, 4, signer("india").public, b"\x00\x00")
    with pytest.raises(Untrusted):
        checkpoint.verify_cosignature(note, INDIA, [signer("india").key()])


ROOT = b64encode(POINT.root).decode()


@pytest.mark.parametrize(
    "lines",
    [
        ("origin", "1"),
        ("origin", "007", ROOT),
        ("origin", "00", ROOT),
        ("origin", "+1", ROOT),
        ("origin", "-1", ROOT),
        ("origin", "1 ", ROOT),
        ("origin", "1_0", ROOT),
        ("origin", "0x1", ROOT),
        ("origin", "", ROOT),
        ("origin", "\u0661", ROOT),
        ("origin", "1" * 5000, ROOT),
        ("origin", str(1 << 62), ROOT),
        ("origin", "0", ROOT),
        ("origin", "1", ROOT[:-1]),
        ("origin", "1", f"{ROOT[:-2]}B="),
        ("origin", "1", b64encode(POINT.root[:-1]).decode()),
        ("origin", "1", b64encode(POINT.root + b"\x00").decode()),
        ("origin", "1", ROOT, ""),
        ("origin", "1", ROOT, "", "more"),
        ("", "1", ROOT),
    ],
)
def test_what_is_no_checkpoint_is_refused(lines: tuple[str, ...]) -> None:
    note = signed(*lines)
    with pytest.raises(Invalid):
        checkpoint.peek(note)
    with pytest.raises(Invalid):
        checkpoint.cosign(note, INDIA, signer("india"), 5)


@pytest.mark.parametrize(
    "change",
    [
        {"origin": ""},
        {"origin": "a\nb"},
        {"size": -1},
        {"size": 1 << 62},
        {"size": 0},
        {"root": b""},
        {"extension": ("",)},
        {"extension": ("a\nb",)},
    ],
)
def test_a_checkpoint_that_exists_is_valid(change: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        msgspec.structs.replace(POINT, **change)
    assert Checkpoint("origin", 0, EMPTY).size == 0


def test_a_log_is_signed_by_an_ed25519_key_under_a_name() -> None:
    with pytest.raises(Invalid, match="ml-dsa"):
        checkpoint.sign(POINT, JAPAN, ml_dsa("japan"))
    with pytest.raises(Invalid, match="no spaces"):
        checkpoint.sign(POINT, "Quad Partnership/japan", signer("japan"))


def test_posix() -> None:
    assert checkpoint.posix("2030-01-01T00:00:00.999999Z") == 1893456000
