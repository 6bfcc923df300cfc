"""Forms with files as browsers send them, read within bounds and in one way.

Law (nothing is guessed): a body that is not such a form to the byte is refused whole.

Source: RFC 7578; RFC 2046, section 5.1.
"""

from __future__ import annotations

import re
from email.message import Message

import msgspec

from accord.core.errors import Invalid

MOST_PARTS = 40
_HEAD = 2_000
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=?-]{1,70}")


class Field(msgspec.Struct, frozen=True):
    """One field of a form."""

    name: str
    file: str
    """The name of the file, as whoever sent it says; empty: it is no file, or none was chosen."""
    data: bytes


def fields(kind: str, body: bytes) -> list[Field]:
    """The fields of a form, in order; `kind` is its content type.

    Raises:
        Invalid: not such a form.
    """
    head = _message("content-type", kind)
    boundary = head.get_param("boundary")
    if head.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise Invalid("a form with files is expected (multipart/form-data)")
    if _BOUNDARY.fullmatch(boundary) is None:
        raise Invalid("its boundary is none")
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    if len(parts) > MOST_PARTS + 2 or len(parts) < 3 or parts[0]:  # noqa: PLR2004 - one field
        raise Invalid(f"1 to {MOST_PARTS} fields are expected")
    if parts[-1] not in (b"--", b"--\r\n"):
        raise Invalid("it was cut")
    return [_field(part) for part in parts[1:-1]]


def _field(part: bytes) -> Field:
    head, blank, data = part.partition(b"\r\n\r\n")
    if not head.startswith(b"\r\n") or not blank or len(head) > _HEAD:
        raise Invalid("a field without a head")
    for line in head[2:].split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if not colon:
            raise Invalid("the head of a field is none")
        if name.strip().lower() == b"content-disposition":
            said = _message("content-disposition", value.decode("utf-8", "replace").strip())
            if said.get_content_disposition() != "form-data":
                break
            file = said.get_param("filename", "", "content-disposition")
            named = said.get_param("name", "", "content-disposition")
            return Field(str(named), str(file), data)
    raise Invalid("a field without a name")


def _message(name: str, value: str) -> Message:
    message = Message()
    message[name] = value.replace("\r", " ").replace("\n", " ")
    return message
