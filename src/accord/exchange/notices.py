"""Notices of recall: an originator's signed word that it took an object back, for good.

A tombstone tells only those who follow a log and had applied the entry. A notice tells everybody
who got an object, or could have got it by any way; whoever passed it on passes the notice on.

Law (recall travels): a notice can be neither made nor changed by anybody but the originator.

Source: DSSE 1.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

import msgspec

from accord.core.errors import Invalid
from accord.core.times import when
from accord.exchange import dsse, originators
from accord.exchange.envelope import check_text
from accord.exchange.originators import Said
from accord.identity.keys import Signer
from accord.identity.partners import Directory

MEDIA = "application/vnd.accord.recall+json"
"""Payload type."""
MAX_BYTES = 16 * 1024
"""Of the payload."""
MAX_STATEMENT = MAX_BYTES * 2 + dsse.ROOM
"""Of a notice with its signatures."""
_LENGTHS = {"origin": 64, "object": 4000}


class Notice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An object was taken back.

    Raises:
        Invalid: a member is empty, too long, not on one line, or not a date.
    """

    origin: str
    """Name of the partner whose object it is."""
    object: str
    """Its identifier. Every version of it is meant."""
    at: str
    """`when()` it was recalled."""

    def __post_init__(self) -> None:
        for name, longest in _LENGTHS.items():
            if not getattr(self, name):
                raise Invalid("empty", f"/{name}")
            check_text(getattr(self, name), longest, name)
        if when(self.at, "/at") != self.at:
            raise Invalid(f"{self.at!r} is not written as YYYY-MM-DDTHH:MM:SS.ffffffZ", "/at")


_encode = msgspec.json.Encoder(order="sorted").encode


def write(notice: Notice, signers: Sequence[Signer]) -> bytes:
    """A notice, signed by each signer."""
    ordered = sorted(signers, key=attrgetter("scheme"))
    return dsse.write(MEDIA, _encode(notice), *ordered)


def read(data: bytes, directory: Directory) -> Notice:
    """A notice, once the partner that it names is known to have signed it.

    Raises:
        TooLarge: past a bound.
        Invalid: not a notice.
        Untrusted: not signed as the policy demands by a partner, or by a partner that had left.
    """
    signed = dsse.read(data, MEDIA, MAX_BYTES)
    found = _payload(signed.payload)
    originators.verified(signed, Said(found.origin, found.at), directory)
    return found


def peek(data: bytes) -> tuple[Notice, tuple[str, ...]]:
    """A notice and the keys that it names, without verification: for one's own.

    Raises:
        TooLarge: past a bound.
        Invalid: not a notice.
    """
    signed = dsse.read(data, MEDIA, MAX_BYTES)
    return _payload(signed.payload), tuple(one.keyid for one in signed.signatures)


def _payload(payload: bytes) -> Notice:
    return dsse.content(payload, Notice, _encode, "a notice of recall")
