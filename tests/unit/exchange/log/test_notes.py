from __future__ import annotations

from base64 import b64encode

import pytest
from sealed import ml_dsa, signer

from accord.core.errors import Invalid, TooLarge
from accord.exchange.log import notes
from accord.identity.keys import verify
from accord.identity.partners import ED25519, PartnerKey, Untrusted

PUBLISHED_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PUBLISHED = """\
If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
""".encode()  # noqa: E501 - one signature is one line


def line(name: str, data: bytes) -> str:
    return f"— {name} {b64encode(data).decode()}\n"


GOOD = line("name", b"\x00" * 5)


def test_a_note_that_others_published_is_read() -> None:
    """The example in the documentation of the package that signed notes come from."""
    name, expected, data = PUBLISHED_KEY.split("+", 2)
    public = notes.base64(data)[1:].hex()
    key = PartnerKey("", ED25519, public)
    assert notes.vkey(name, key) == PUBLISHED_KEY
    assert notes.key_id(name, notes.SIGNATURE, public).hex() == expected
    note = notes.read(PUBLISHED)
    ((found, value),) = note.by(name, [key], notes.SIGNATURE)
    verify(found, value, note.text)
    with pytest.raises(Untrusted):
        verify(found, value, note.text.replace(b"cryptography", b"psychology"))


def test_a_key_counts_under_its_name_and_type_only() -> None:
    key = signer("a").key()
    data = b"text\n\n" + notes.line("name", notes.SIGNATURE, key.public, b"\x00" * 64)
    note = notes.read(data)
    assert list(note.by("name", [key], notes.SIGNATURE)) == [(key, b"\x00" * 64)]
    assert list(note.by("other", [key], notes.SIGNATURE)) == []
    assert list(note.by("name", [key], notes.COSIGNATURE)) == []
    assert list(note.by("name", [signer("b").key()], notes.SIGNATURE)) == []


def test_the_text_ends_at_the_last_empty_line() -> None:
    note = notes.read(f"one\n\ntwo\n\n{GOOD}".encode())
    assert note.text == b"one\n\ntwo\n"
    assert [one.name for one in note.signatures] == ["name"]


def test_there_is_room_for_many_signatures_but_not_for_any_number() -> None:
    large = line("name", b"\x00" * 4700)
    assert len(notes.read(f"text\n\n{large * 16}".encode()).signatures) == 16
    assert len(notes.read(f"text\n\n{GOOD * 64}".encode()).signatures) == 64
    with pytest.raises(TooLarge):
        notes.read(f"text\n\n{GOOD * 65}".encode())
    with pytest.raises(TooLarge):
        notes.read(f"{'a' * notes.MAX_NOTE}\n\n{GOOD}".encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "text\n",
        "text\n\n",
        f"text\n{GOOD}",
        f"text\n\n{GOOD[:-1]}",
        f"text\n\n{GOOD}\n",
        f"te\txt\n\n{GOOD}",
        f"te\rxt\n\n{GOOD}",
        f"te\x00xt\n\n{GOOD}",
        f"text\n\n{GOOD}text\n",
        f"text\n\n- {GOOD[2:]}",
        f"text\n\n—{GOOD[2:]}",
        "text\n\n— name\n",
        "text\n\n— name \n",
        "text\n\n—  AAAAAAA=\n",
        "text\n\n— na+me AAAAAAA=\n",
        "text\n\n— na\u00a0me AAAAAAA=\n",
        "text\n\n— name AAAAAA==\n",
        "text\n\n— name AAAAAAB=\n",
        "text\n\n— name AAAAAAA\n",
        "text\n\n— name AAAA AAA=\n",
        "text\n\n— name AA-AAAA=\n",
        "text\n\n— name AAAAAAA= \n",
        "text\n\n— name AAAAAAé=\n",
    ],
)
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        notes.read(text.encode())


def test_a_note_is_utf8() -> None:
    with pytest.raises(Invalid, match="UTF-8"):
        notes.read(b"te\xffxt\n\n" + GOOD.encode())


def test_only_ed25519_keys_stand_in_notes() -> None:
    with pytest.raises(Invalid, match="ml-dsa"):
        notes.vkey("name", ml_dsa("a").key())
    assert notes.counting([ml_dsa("a").key()], history=True) == []
