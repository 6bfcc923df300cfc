"""A partner's word that it applied a log: verified, compared with our own log, kept as a receipt.

Source: C2SP tlog-witness (an old size that is not ours: 409, with ours), tlog-cosignature.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from accord.core.errors import Invalid
from accord.exchange import acknowledgements
from accord.exchange.acknowledgements import Acknowledgement
from accord.exchange.log import checkpoint as notes
from accord.exchange.log import names
from accord.flows.exchange.answering import logs
from accord.flows.exchange.answering.asked import JSON, Asked, answer, not_verified, too_large
from accord.flows.exchange.answering.port import Cosigned
from accord.flows.exchange.messages import Response
from accord.identity.partners import Untrusted

LARGEST = 16 << 20
"""Bytes of an acknowledgement: it lists what was quarantined."""
_SIZE = "text/x.tlog.size"


def acknowledge(asked: Asked) -> Response:
    """Keep a cosignature; 409 with the size that this node holds where the old one is another."""
    if len(asked.request.body) > LARGEST:
        raise too_large()
    try:
        word = _word(asked)
    except (Invalid, Untrusted) as wrong:
        raise not_verified() from wrong
    old, cosigned = word
    means, log, partner = asked.means, asked.log, asked.caller.name
    held = means.answers.acknowledge(log.audience, partner, old, cosigned)
    if held is not None:
        return answer(f"{held}\n".encode(), _SIZE, status=409)
    return answer(msgspec.json.encode({"size": cosigned.size}), JSON)


def _word(asked: Asked) -> tuple[int, Cosigned]:
    """What the caller says, once it is known to be its word about this log as it is.

    Raises:
        Untrusted: a signature does not hold, or it is the word about another log.
        Invalid: the statement breaks its format.
    """
    body, partner = asked.request.body, asked.caller.name
    said = acknowledgements.read(body, asked.means.directory(), partner)
    point, seconds = _cosigned(asked, said)
    if not logs.continues(asked.means.answers, asked.log, point):
        logs.contradicted(asked, point, said.checkpoint.encode())
        raise Untrusted("the checkpoint is not one of this log")
    quarantined = msgspec.json.encode(said.quarantined).decode()
    return said.old, Cosigned(
        size=point.size,
        root=point.root,
        statement=body,
        at=_moment(seconds),
        received=asked.means.clock.now(),
        quarantined=quarantined,
    )


def _cosigned(asked: Asked, said: Acknowledgement) -> tuple[notes.Checkpoint, int]:
    """The checkpoint under the word and when the caller cosigned it, in seconds since 1970.

    It is known to be of this log, and signed by this node: the word names the log that its
    checkpoint does, so it is about this one too.
    """
    note, partner = said.checkpoint.encode(), asked.caller.name
    name = names.key_name(asked.means.directory().partnership, partner)
    point, seconds = notes.verify_cosignature(note, name, logs.keys_of(asked, partner))
    logs.ours(asked, note)
    return point, seconds


def _moment(seconds: int) -> str:
    """Seconds since 1970 as a time.

    Raises:
        Invalid: no such time.
    """
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as wrong:
        raise Invalid(f"{seconds} seconds since 1970 is not a time") from wrong
    return f"{at.isoformat(timespec='microseconds')[:26]}Z"
