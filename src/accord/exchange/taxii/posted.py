"""What was posted to a collection: the bytes of each object apart, and what is wrong with one.

Law (one bad object does not sink the rest): only an envelope that cannot be taken apart, even by
its brackets alone, is refused as a whole.

Source: TAXII 2.1, section 3.7; STIX 2.1, sections 2.9 and 3.2.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any, Literal

import msgspec

from accord.core.errors import AccordError, Invalid, TooLarge
from accord.core.json import check, decode_strict
from accord.core.limits import Limits

LARGEST = 16 << 20
"""Bytes of an envelope."""
MOST = 10_000
"""Objects of an envelope."""

WAITING = 100_000
"""Objects of one caller that may wait for a person."""
WAITING_BYTES = 256 << 20
"""Bytes of these."""
STATUSES = 1_000
"""Status resources of one caller that are kept, the newest."""
STATUS_BYTES = 64 << 20
"""Bytes of what these tell; the newest is kept however long it is."""
DAYS = 90
"""Days for which a status resource is kept at most."""

_OBJECT = Limits(bytes=LARGEST, depth=64)
_WHOLE = Limits(bytes=LARGEST, depth=66)
"""An object lies in a list in the envelope."""
_ANY_DEPTH = Limits(bytes=LARGEST, depth=LARGEST)
_BRACKETS = 2_000_000
"""Brackets of an envelope that is taken apart by them."""
_ENDS = 3
"""How deep the objects of an envelope lie."""
_TO_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+([\[\]{}])', re.DOTALL)
_ID = re.compile(
    r"[a-z][a-z0-9-]{2,248}--[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z", re.ASCII)
_DEFINES = "marking-definition"


class _Envelope(msgspec.Struct):
    """What is read of an envelope."""

    objects: list[msgspec.Raw] = []


class Posted(msgspec.Struct, frozen=True):
    """One object of an envelope."""

    object: str
    version: str
    """As the object has it: `modified`, else `created`; empty where it has none."""
    body: bytes
    wrong: str = ""
    """Why it cannot be taken, or empty."""


class Again(msgspec.Struct, frozen=True):
    """What is told of an object that was posted before."""

    outcome: Literal["success", "failure", "pending"]
    """`pending`: it waits anew."""
    message: str = ""


_WAITS = "already here, and waits for a person"
_OTHER_WAITS = "another content of it waits for a person; post it again after the decision"
_OTHER_ACCEPTED = "another content of this version was accepted; a change has a later `modified`"
_decode = msgspec.json.Decoder(_Envelope).decode


def read(data: bytes) -> list[Posted]:
    """The objects of an envelope, in its order.

    Raises:
        Invalid: it is no envelope, or holds too much.
        TooLarge: it is too long.
    """
    data = check(data, _ANY_DEPTH)
    found = _at_once(data)
    if found is None:
        found = [_alone(body) for body in _apart(data)]
    if len(found) > MOST:
        raise Invalid(f"{len(found):,} objects; an envelope may have {MOST:,}")
    return [_numbered(number, one) for number, one in enumerate(found, 1)]


def digest(body: bytes) -> bytes:
    """SHA-256 of what an object says, however it is written; of its bytes where that is nothing."""
    try:
        said = msgspec.json.encode(msgspec.json.decode(body), order="deterministic")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = body  # kept by a release of accord that read less strictly
    return sha256(said).digest()


def again(state: str, said: bytes | None, why: str, one: Posted) -> Again:
    """What is true of an object that the same caller posted before, in that version.

    `state` is what became of it (`waiting`, `accepted`, `refused`), `said` its `digest`, or None
    where an earlier release did not keep that, and `why` the reason of who refused it.

    What was refused stays refused; other content of it is a new question, and so is a change of
    what has no version, once the one before was decided on.
    """
    same = said == digest(one.body) if said is not None else bool(one.version)
    if state == "refused":
        return (
            Again("failure", f"refused by a person: {why}") if same and said else Again("pending")
        )
    if state == "waiting":
        return Again("success", _WAITS) if same else Again("failure", _OTHER_WAITS)
    if same:
        return Again("success", "already here")
    return Again("failure", _OTHER_ACCEPTED) if one.version else Again("pending")


def _at_once(data: bytes) -> list[Posted] | None:
    """The objects of an envelope in which everything can be read, else None."""
    try:
        whole = decode_strict(data, _WHOLE)
        bodies = _decode(data).objects
    except (AccordError, msgspec.DecodeError):
        return None
    values = whole.get("objects", ())
    return [_posted(one, bytes(body)) for one, body in zip(values, bodies, strict=True)]


def _apart(data: bytes) -> list[bytes]:
    """The objects of an envelope in which something cannot be read, whatever each of them holds.

    Each is cut out by its brackets alone, with its number left in its place; what is left is the
    envelope itself, and that has to be one.

    Raises:
        Invalid: it is none.
    """
    if sum(map(data.count, (b"[", b"]", b"{", b"}"))) > _BRACKETS:
        raise TooLarge(f"more than {_BRACKETS:,} brackets, and something that cannot be read")
    cut: list[bytes] = []
    left: list[bytes] = []
    depth = begin = end = place = 0
    while found := _TO_BRACKET.match(data, place):
        place = found.end()
        if found[1] in b"[{":
            depth += 1
            if depth == _ENDS:
                begin = place - 1
        else:
            depth -= 1
            if depth == _ENDS - 1:
                left += (data[end:begin], b"[%d]" % len(cut))
                cut.append(data[begin:place])
                end = place
    left.append(data[end:])
    return [_cut_out(one, cut) for one in _objects(b"".join(left))]


def _objects(envelope: bytes) -> list[Any]:
    try:
        whole = decode_strict(envelope, _WHOLE)
    except AccordError as wrong:
        raise Invalid("not an envelope: a JSON object with a list of objects") from wrong
    objects = whole.get("objects", []) if isinstance(whole, dict) else None
    if not isinstance(objects, list):
        raise Invalid("not an envelope: a JSON object with a list of objects")
    return objects


def _cut_out(one: Any, cut: list[bytes]) -> bytes:  # noqa: ANN401 - JSON is any value until it was looked at
    """What stood there: a list can only be the number of what was cut out."""
    return cut[one[0]] if isinstance(one, list) else msgspec.json.encode(one)


def _numbered(number: int, one: Posted) -> Posted:
    """What has no name is known to who posted it by where it stood."""
    if not one.wrong or one.object:
        return one
    return msgspec.structs.replace(one, wrong=f"object {number:,} of the envelope: {one.wrong}")


def _alone(body: bytes) -> Posted:
    try:
        return _posted(decode_strict(body, _OBJECT), body)
    except AccordError as wrong:
        return Posted("", "", body, f"cannot be taken: {str(wrong)[:100]}")


def _posted(value: Any, body: bytes) -> Posted:  # noqa: ANN401 - as `_cut_out`
    if not isinstance(value, dict):
        return Posted("", "", body, "not an object of STIX")
    name, kind = value.get("id"), value.get("type")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        return Posted("", "", body, "no identifier of STIX: type--UUID")
    if not isinstance(kind, str) or not name.startswith(f"{kind}--"):
        return Posted(name, "", body, "its type and its identifier differ")
    moment = value.get("modified", value.get("created", ""))
    if not isinstance(moment, str) or (moment and not _MOMENT.fullmatch(moment)):
        return Posted(name, "", body, "its time is not one of STIX")
    if "modified" in value and "created" not in value and kind != _DEFINES:
        return Posted(name, moment, body, "modified, but not created")
    return Posted(name, moment, body)
