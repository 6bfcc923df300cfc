"""What was posted to a collection: the bytes of each object apart, and what is wrong with one.

Law (one bad object does not sink the rest): only an envelope that cannot be taken apart is refused
as a whole.

Source: TAXII 2.1, section 3.7; STIX 2.1, sections 2.9 and 3.2.
"""

from __future__ import annotations

import re
from typing import Any

import jiter
import msgspec

from accord.core.errors import Invalid
from accord.core.json import check
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
DAYS = 90
"""Days for which a status resource is kept at most."""

_LIMITS = Limits(bytes=LARGEST, depth=64)
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


_decode = msgspec.json.Decoder(_Envelope).decode


def read(data: bytes) -> list[Posted]:
    """The objects of an envelope, in its order.

    Raises:
        Invalid: it is no envelope, or nests too deep, or holds too much.
    """
    data = check(data, _LIMITS)
    try:
        bodies = [bytes(one) for one in _decode(data).objects]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise Invalid("not an envelope: a JSON object with a list of objects") from wrong
    if len(bodies) > MOST:
        raise Invalid(f"{len(bodies):,} objects; an envelope may have {MOST:,}")
    whole = _parsed(data)
    if not isinstance(whole, dict) or len(whole.get("objects", ())) != len(bodies):
        # One object at least cannot be read: each is looked at by itself.
        return [_posted(_parsed(body), body) for body in bodies]
    return [_posted(one, body) for one, body in zip(whole.get("objects", ()), bodies, strict=True)]


def _parsed(data: bytes) -> Any:  # noqa: ANN401 - JSON is any value until it was looked at
    """A JSON value in which no name stands twice; a reason where it is none."""
    try:
        return jiter.from_json(
            data, allow_inf_nan=False, catch_duplicate_keys=True, cache_mode="keys"
        )
    except (ValueError, RecursionError) as wrong:
        return f"not JSON that can be taken: {str(wrong)[:100]}"


def _posted(value: Any, body: bytes) -> Posted:  # noqa: ANN401 - as `_parsed`
    if not isinstance(value, dict):
        return Posted("", "", body, value if isinstance(value, str) else "not an object of STIX")
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
