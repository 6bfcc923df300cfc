from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.errors import Invalid
from accord.store.key_errors import Locked, NoKey
from accord.store.pkcs11_address import Address, pin_of, read_address

MODULE = "module-path=/usr/lib/module.so"
GOOD = f"pkcs11:token=accord;object=node?{MODULE}"


def test_an_address_is_read() -> None:
    text = (
        "pkcs11:token=The%20Token;serial=12;manufacturer=M;model=X;object=n%C3%B8de;id=%01%ff;"
        f"type=private?{MODULE}&pin-source=file:///etc/accord%20pin"
    )
    assert read_address(text) == Address(
        text=text, module="/usr/lib/module.so", token="The Token", serial="12", manufacturer="M",
        model="X", object="nøde", id=b"\x01\xff", pin_source="/etc/accord pin",
    )  # fmt: skip
    assert read_address(GOOD) == Address(GOOD, "/usr/lib/module.so", "accord", object="node")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("hsm:token=a", "not written like one"),
        ("pkcs11:token=a\n;object=b", "not written like one"),
        (GOOD + "&x" * 2000, "not written like one"),
        (f"pkcs11:object=b?{MODULE}", "no token"),
        (f"pkcs11:token=a?{MODULE}", "no key"),
        ("pkcs11:token=a;object=b", "no module"),
        ("pkcs11:token=a;object=b?module-path=module.so", "whole path"),
        (f"pkcs11:token=a;object=b?{MODULE}&pin-source=|cat%20pin", "whole path"),
        (f"pkcs11:token=a;object=b;slot-id=1?{MODULE}", "'slot-id' is not known"),
        (f"pkcs11:token=a;object=b?{MODULE}&module-name=x", "'module-name' is not known"),
        (f"pkcs11:token=a;token=b;object=b?{MODULE}", "twice"),
        (f"pkcs11:token=a;object=%ff?{MODULE}", "not text"),
        (f"pkcs11:token=a;object=b;type=public?{MODULE}", "private"),
        (f"pkcs11:token;object=b?{MODULE}", "'token' is not known"),
    ],
)
def test_what_is_wrong_is_named(text: str, hint: str) -> None:
    with pytest.raises(Invalid, match=hint):
        read_address(text)


@given(st.from_regex(r"[a-z0-9]{6,20}", fullmatch=True), st.booleans())
def test_a_pin_in_an_address_is_refused_and_not_repeated(pin: str, first: bool) -> None:  # noqa: FBT001
    query = f"pin-value=7{pin}&{MODULE}" if first else f"{MODULE}&pin-value=7{pin}"
    for text in (f"pkcs11:token=a;object=b?{query}", f"pkcs11:token=a;pin-value=7{pin}?{MODULE}"):
        with pytest.raises(Invalid, match="holds a PIN") as caught:
            read_address(text)
        assert "7" + pin not in str(caught.value)


def _address(source: str) -> Address:
    return read_address(f"{GOOD}&pin-source={source}")


def test_a_pin_comes_from_a_file_or_from_somebody(tmp_path: Path) -> None:
    file = tmp_path / "pin"
    for written, pin in ((b"1234\n", "1234"), (b"1234\r\n", "1234"), (b" a b ", " a b ")):
        file.write_bytes(written)
        file.chmod(0o600)
        assert pin_of(_address(str(file)), "accord", lambda _: "another") == pin
    assert pin_of(read_address(GOOD), "accord", lambda label: f"of {label}") == "of accord"


def test_a_pin_that_cannot_be_had(tmp_path: Path) -> None:
    file = tmp_path / "pin"
    with pytest.raises(NoKey, match=r"cannot read the PIN in .*No such file"):
        pin_of(_address(str(file)), "accord", None)
    for written in (b"", b"\n", b"12\x0034", b"12\n34\n", b"\xff\xfe"):
        file.write_bytes(written)
        file.chmod(0o600)
        with pytest.raises(Locked) as caught:
            pin_of(_address(str(file)), "accord", None)
        assert "12" not in str(caught.value)
    file.chmod(0o640)
    with pytest.raises(NoKey, match=f"chmod 600 {file}"):
        pin_of(_address(str(file)), "accord", None)
    with pytest.raises(Locked, match="ACCORD_PIN"):
        pin_of(read_address(GOOD), "accord", None)
