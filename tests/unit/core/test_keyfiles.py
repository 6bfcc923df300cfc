"""Keys are told from documents."""

from __future__ import annotations

import pytest

from accord.core.keyfiles import key_file


@pytest.mark.parametrize(
    "label",
    [
        "PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY", "RSA PRIVATE KEY",
        "EC PRIVATE KEY", "PGP PRIVATE KEY BLOCK", "PUBLIC KEY", "CERTIFICATE",
    ],
)  # fmt: skip
def test_what_pem_says_is_a_key(label: str) -> None:
    body = f"-----BEGIN {label}-----\nTUlJ\n-----END {label}-----\n"
    assert "(PEM)" in key_file("x.txt", body.encode())
    assert key_file("x", f"Bag Attributes\r\n{body}".encode())
    assert key_file("x", b"\xef\xbb\xbf" + body.encode())


@pytest.mark.parametrize("name", ["node.key", "a.zip!/in/NODE.KEY", "door.p12", "door.pfx"])
def test_what_its_name_says_is_a_key(name: str) -> None:
    assert "by its name" in key_file(name, b"\x30\x82")


@pytest.mark.parametrize(
    "data",
    [
        b'{"details": "it ships\\n-----BEGIN PRIVATE KEY-----\\n"}',
        b'{"details":\n"\n-----BEGIN PRIVATE KEY-----\n"}',
        b"<note>\n-----BEGIN PRIVATE KEY-----\n</note>",
        b"-----BEGIN PGP SIGNATURE-----\n",
        b"-----BEGIN PGP SIGNED MESSAGE-----\n",
        b"it says -----BEGIN PRIVATE KEY----- somewhere",
        b"",
    ],
)
def test_documents_that_speak_of_keys_are_documents(data: bytes) -> None:
    assert key_file("keyboard.json", data) == ""
