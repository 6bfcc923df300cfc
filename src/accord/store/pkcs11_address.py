"""The address of a key on a token, as PKCS#11 tools write it.

    pkcs11:token=accord;object=node?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/etc/pin

An address is kept on disk and shown to people, so it never holds the PIN itself, and no message
here repeats more of it than the name of an attribute.

Source: RFC 7512, sections 2.3 (form) and 2.4 (attributes).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from typing import NoReturn
from urllib.parse import unquote_to_bytes

import msgspec

from accord.core.errors import Invalid
from accord.store.key_errors import Locked, NoKey

SCHEME = "pkcs11"
_LONGEST = 2048
_LONGEST_PIN = 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_EXAMPLE = "pkcs11:token=LABEL;object=LABEL?module-path=/path/to/module.so"
_PATH = ("token", "serial", "manufacturer", "model", "object", "id", "type")
_QUERY = ("module-path", "pin-source")


class Address(msgspec.Struct, frozen=True):
    """Which module, which token, which key. What is empty may be anything."""

    text: str
    module: str
    token: str = ""
    serial: str = ""
    manufacturer: str = ""
    model: str = ""
    object: str = ""
    id: bytes = b""
    pin_source: str = ""
    """Path of a file with the PIN."""


def read_address(text: str) -> Address:
    """The parts of an address.

    Raises:
        Invalid: it is none, leaves out what is needed, or asks for what is not offered here.
    """
    scheme, _, rest = text.partition(":")
    if scheme.lower() != SCHEME or len(text) > _LONGEST or not text.isprintable():
        _wrong("it is not written like one")
    path, _, query = rest.partition("?")
    parts = _attributes(path, ";", _PATH)
    more = _attributes(query, "&", _QUERY)
    if parts.get("type", b"private") != b"private":
        _wrong("`type` must be private: it is the key that signs")
    if not (parts.get("token") or parts.get("serial")):
        _wrong("it names no token: add token=LABEL, or serial=NUMBER")
    if not (parts.get("object") or parts.get("id")):
        _wrong("it names no key: add object=LABEL, or id=%01 with the bytes of its identifier")
    module, source = _file(more, "module-path"), _file(more, "pin-source")
    if not module:
        _wrong("it names no module: add ?module-path= with the file of the token's PKCS#11 library")
    names = {
        name: _text(name, parts.get(name, b"")) for name in _PATH if name not in ("id", "type")
    }
    return Address(text=text, module=module, id=parts.get("id", b""), pin_source=source, **names)


def pin_of(address: Address, label: str, ask: Callable[[str], str] | None) -> str:
    """The PIN of a token: from the file that the address names, or as somebody gives it.

    Raises:
        Locked: there is none.
        NoKey: the file cannot be read, or can be read by others.
    """
    asked = ask or (lambda _: "")
    pin = _pin_in(address.pin_source) if address.pin_source else asked(label)
    if not pin:
        raise Locked(
            f"the token {label!r} asks for its PIN: give it in ACCORD_PIN, or in a file that the "
            "address names with pin-source="
        )
    if not pin.isprintable():
        raise Locked(f"the PIN for the token {label!r} is not plain text")
    return pin


def _pin_in(file: str) -> str:
    try:
        with open(file, "rb") as source:  # noqa: PTH123 - as the address writes it
            if os.fstat(source.fileno()).st_mode & _OTHERS:
                raise NoKey(f"{file} can be read by others on this machine: run `chmod 600 {file}`")
            data = source.read(_LONGEST_PIN)
    except OSError as wrong:
        raise NoKey(f"cannot read the PIN in {file}: {wrong.strerror}") from wrong
    return data.decode(errors="surrogateescape").removesuffix("\n").removesuffix("\r")


def _attributes(text: str, separator: str, known: tuple[str, ...]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for part in text.split(separator) if text else ():
        name, equals, value = part.partition("=")
        if name == "pin-value":
            _wrong(
                "it holds a PIN, which would stay on disk: put the PIN in a file that only the "
                "node can read and name it with pin-source=, or give it in ACCORD_PIN"
            )
        if not equals or name not in known:
            _wrong(f"{name[:20]!r} is not known here; known are {', '.join(known)}")
        if name in found:
            _wrong(f"{name!r} stands in it twice")
        found[name] = unquote_to_bytes(value)
    return found


def _file(attributes: dict[str, bytes], name: str) -> str:
    """An absolute path; a command to run (RFC 7512 allows one for the PIN) is none."""
    path = _text(name, attributes.get(name, b""))
    path = path.removeprefix("file:")
    if path.startswith("///"):
        path = path[2:]
    if path and not path.startswith("/"):
        _wrong(f"`{name}` must be the whole path of a file")
    return path


def _text(name: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        _wrong(f"`{name}` is not text")


def _wrong(reason: str) -> NoReturn:
    raise Invalid(f"the address of a key on a token cannot be used: {reason}. Like: {_EXAMPLE}")
