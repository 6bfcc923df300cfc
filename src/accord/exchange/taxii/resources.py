"""The resources of TAXII, as bytes. A page is put together from the bytes of its objects.

Source: TAXII 2.1, sections 3.6.1, 3.7, 4 and 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from accord.exchange.taxii.negotiation import MEDIA

_encode = msgspec.json.Encoder().encode
_STIX = "application/stix+json;version=2.1"
_WHOLE = "000Z"


class Collection(msgspec.Struct, frozen=True, omit_defaults=True):
    """A collection, as its caller sees it."""

    id: str
    title: str
    can_read: bool
    can_write: bool
    alias: str | None = None
    description: str | None = None
    media_types: tuple[str, ...] = (_STIX,)

    def write(self) -> dict[str, Any]:
        """As a resource: what is false stands in it too."""
        found: dict[str, Any] = {
            "id": self.id, "title": self.title, "can_read": self.can_read,
            "can_write": self.can_write, "media_types": self.media_types,
        }  # fmt: skip
        more = {"alias": self.alias, "description": self.description}
        return found | {name: value for name, value in more.items() if value is not None}


class Item(msgspec.Struct, frozen=True):
    """One version of an object in a collection."""

    place: int
    """When it was added, in microseconds since 1970: no two items have one."""
    object: str
    version: str
    """`when()`."""
    media: str
    body: bytes


class Detail(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one object that was posted."""

    id: str
    version: str
    message: str | None = None


class Status(msgspec.Struct, frozen=True):
    """What became of what was posted."""

    id: str
    at: str
    successes: tuple[Detail, ...] = ()
    failures: tuple[Detail, ...] = ()
    pendings: tuple[Detail, ...] = ()

    def write(self) -> bytes:
        """As a resource."""
        total = len(self.successes) + len(self.failures) + len(self.pendings)
        found: dict[str, Any] = {
            "id": self.id,
            "status": "pending" if self.pendings else "complete",
            "request_timestamp": self.at,
            "total_count": total,
            "success_count": len(self.successes),
            "failure_count": len(self.failures),
            "pending_count": len(self.pendings),
        }
        for name in ("successes", "failures", "pendings"):
            if getattr(self, name):
                found[name] = getattr(self, name)
        return _encode(found)


def discovery(title: str, root: str) -> bytes:
    """What is found first."""
    return _encode({"title": title, "default": root, "api_roots": [root]})


def api_root(title: str, largest: int) -> bytes:
    """The API root."""
    return _encode({"title": title, "versions": [MEDIA], "max_content_length": largest})


def collections(found: Sequence[Collection]) -> bytes:
    """The collections, by identifier."""
    ordered = sorted(found, key=lambda one: one.id)
    return _encode({"collections": [one.write() for one in ordered]} if ordered else {})


def collection(found: Collection) -> bytes:
    """One of them."""
    return _encode(found.write())


def error(status: int, title: str) -> bytes:
    """An error message."""
    return _encode({"title": title, "http_status": str(status)})


def envelope(bodies: Sequence[bytes], following: str = "") -> bytes:
    """Objects, byte for byte as they are kept, side by side; `following` leads to the next page."""
    if not bodies:
        return b"{}"
    begin, end = _onward(following) + b'"objects":[', b"]}"
    if len(bodies) == 1:
        return b"".join((begin, bodies[0], end))
    # Put together at once: a page has more than a megabyte.
    return b",".join((begin + bodies[0], *bodies[1:-1], bodies[-1] + end))


def manifest(items: Sequence[Item], moments: Sequence[str], following: str = "") -> bytes:
    """What there is, without it; `moments` are when each was added."""
    if not items:
        return b"{}"
    records = [
        {"id": one.object, "date_added": at, "version": version(one.version),
         "media_type": one.media}
        for one, at in zip(items, moments, strict=True)
    ]  # fmt: skip
    return _onward(following) + b'"objects":' + _encode(records) + b"}"


def versions(items: Sequence[Item], following: str = "") -> bytes:
    """The versions of one object."""
    if not items:
        return b"{}"
    return _onward(following) + b'"versions":' + _encode([version(o.version) for o in items]) + b"}"


def version(moment: str) -> str:
    """A time as STIX mostly writes it: milliseconds, or microseconds where there are any."""
    return f"{moment[:-4]}Z" if moment.endswith(_WHOLE) else moment


def _onward(following: str) -> bytes:
    more: Literal[b'{"more":false,', b'{"more":true,'] = (
        b'{"more":true,' if following else b'{"more":false,'
    )
    return more + (b'"next":' + _encode(following) + b"," if following else b"")
