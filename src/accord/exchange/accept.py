"""What may be taken of what a partner sends, and why not.

Law (origin): whatever a partner sends, an object is taken in the name of the partner that sealed it
and of nobody else.
Law (marking): what is taken is marked at least as restrictively as its header and its body say.

Source: TLP 2.0 (a relay passes on what its marking allows it to); STIX 2.1, section 3.6 (only its
creator versions an object).
"""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256

import msgspec

from accord.core.errors import AccordError, Invalid
from accord.exchange.envelope import FromTheFuture, Header, open_envelope
from accord.exchange.log.entries import SALT, commitment
from accord.exchange.objects import Content
from accord.identity.markings import Marking, Tlp, strictest
from accord.identity.partners import Directory, Untrusted

OURS_TO_SAY = frozenset({
    "accord record", "baseline", "catalogue", "estate CSV", "estate YAML",
    "OSCAL mapping collection", "SSVC table",
})  # fmt: skip
"""What only this node's own people give: what is run here, and how it is judged. A partner's would
decide in their place."""
WORD_OF_ITS_SEALER = frozenset({
    "verdict", "recognition", "consent", "pool question", "pool share", "pool word",
})  # fmt: skip
"""What counts by who seals it: what this node's own people gave is never passed on under the name
of a partner that sealed the same bytes."""
_LONGEST = 500


class NotTaken(AccordError):
    """An envelope is quarantined. The text says why, on one line."""

    def __init__(self, reason: str) -> None:
        text = reason.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
        super().__init__(" ".join(text.split())[:_LONGEST])


class Altered(NotTaken):
    """The bytes are not those that the log commits to: perhaps only on this way."""


class Lapsed(NotTaken):
    """It has expired; by our clock, so it is asked for again rather than refused for good."""


class Circumstances(msgspec.Struct, frozen=True, dict=True):
    """Who receives from whom, and when."""

    directory: Directory
    me: str
    """This node's name."""
    sharer: str
    """The partner whose log it is."""
    now: str

    @cached_property
    def identities(self) -> dict[str, str]:
        """Partners by the STIX identifiers of their identities."""
        return {partner.identity: partner.name for partner in self.directory.partners}


class Opened(msgspec.Struct, frozen=True):
    """An envelope that its originator is known to have sealed."""

    header: Header
    body: bytes
    digest: str
    """SHA-256 of the envelope."""


def opened(blob: bytes, expected: bytes, circumstances: Circumstances) -> Opened:
    """What stands behind a commitment, once it is known to be that and to be signed.

    Raises:
        Altered: it is not what the log commits to.
        NotTaken: not an envelope, or not signed by whom it names.
        FromTheFuture: sealed later than it is here: one of two clocks is wrong.
    """
    salt, envelope = blob[:SALT], blob[SALT:]
    if len(salt) != SALT or commitment(salt, envelope) != expected:
        raise Altered("these bytes are not those that the log commits to")
    try:
        found = open_envelope(envelope, circumstances.directory, circumstances.now)
    except FromTheFuture:
        raise
    except Untrusted as wrong:
        raise NotTaken(str(wrong)) from wrong
    except Invalid as wrong:
        raise NotTaken(f"not an envelope: {wrong}") from wrong
    return Opened(found.header, found.body, sha256(envelope).hexdigest())


def acceptable(header: Header, content: Content, circumstances: Circumstances) -> Marking:
    """The marking under which an object may be taken.

    Raises:
        NotTaken: it may not, for the reason that the error gives.
        Lapsed: it has expired.
    """
    _same(header, content)
    own_name(header, content.created_by, circumstances)
    inner = () if content.marking is None else (content.marking,)
    marking = strictest((header.marking, *inner))
    if header.marking.tlp < marking.tlp or header.marking.pap < marking.pap:
        raise NotTaken(
            f"its header says TLP:{header.tlp} PAP:{header.pap}, and the object itself"
            f" {marking.tlp.label} {marking.pap.label}: a marking is never relaxed on the way"
        )
    if header.origin != circumstances.sharer and marking.tlp > Tlp.GREEN:
        raise NotTaken(
            f"{circumstances.sharer} passes on an object of {header.origin} that is marked"
            f" {marking.tlp.label}: only CLEAR and GREEN are ever relayed"
        )
    if marking.expires and marking.expires <= circumstances.now:
        raise Lapsed(f"expired at {marking.expires}")
    return marking


def _same(header: Header, content: Content) -> None:
    """The header names the object that is in it."""
    for what, said, is_ in (
        ("object", header.object, content.object),
        ("version", header.version, content.version),
        ("type", header.type, content.type),
    ):
        if said != is_:
            raise NotTaken(f"its header names the {what} {said[:100]!r}, its body {is_[:100]!r}")


def own_name(header: Header, created_by: str, circumstances: Circumstances) -> None:
    """Return only if nobody writes under another partner's name.

    Raises:
        NotTaken: the object says that another partner created it.
    """
    creator = circumstances.identities.get(created_by)
    if creator is not None and creator != header.origin:
        raise NotTaken(
            f"sealed by {header.origin} in the name of {creator}: only its creator issues an object"
        )
