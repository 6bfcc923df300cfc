"""What release decides about, put together from what the store keeps of an object."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from hashlib import sha256

import msgspec

from accord.core.errors import Invalid
from accord.exchange import derived, dsse
from accord.exchange.envelope import MAX_BODY, MAX_HEADER, MEDIA
from accord.exchange.graph import Graph
from accord.exchange.objects import ENDS
from accord.exchange.release import Decision, Subject
from accord.flows.exchange.answering.port import Damaged, Kept, Surroundings
from accord.identity.markings import Marking, Pap, Tlp

STIX = "application/stix+json"
_ESCAPED, _SLASH, _MARKED = b"\\u", b"\\", b"granular_markings"

Decide = Callable[[Subject], Decision]

_names = lru_cache(1 << 12)(msgspec.json.Decoder(tuple[str, ...]).decode)


def body_of(kept: Kept, envelope: bytes) -> bytes:
    """The object's own bytes, once the envelope is seen to be the one that was kept.

    Raises:
        Damaged: it is another, or no envelope at all.
    """
    if sha256(envelope).hexdigest() != kept.digest:
        raise Damaged(f"envelope {kept.id} is damaged; restore it from a backup")
    try:
        # Its header was read when it was kept, and these are the same bytes.
        return dsse.read(envelope, MEDIA, MAX_BODY + MAX_HEADER).payload.partition(b"\n")[2]
    except Invalid as wrong:
        raise Damaged(f"envelope {kept.id} is damaged: {wrong}") from wrong


class _Payload(msgspec.Struct):
    payload: bytes


_payload = msgspec.json.Decoder(_Payload).decode
"""Many times as fast as the standard library reads base64."""


def content(number: int, envelope: bytes) -> bytes:
    """The object's own bytes in an envelope whose digest was checked.

    Raises:
        Damaged: it is no envelope.
    """
    try:
        payload = _payload(envelope).payload
    except msgspec.DecodeError as wrong:
        raise Damaged(f"envelope {number} is damaged: {wrong}") from wrong
    return payload[payload.find(b"\n") + 1 :]


def is_plain(body: bytes) -> bool:
    """Whether no field of an object can have a marking of its own."""
    # One byte is sought many times as fast as two; most objects have no backslash at all.
    return _MARKED not in body and (_SLASH not in body or _ESCAPED not in body)


class Subjects:
    """Makes subjects for one caller; what they refer to is looked up together, beforehand."""

    def __init__(self, around: Surroundings, decide: Decide) -> None:
        """`decide` says whether something may go to the caller."""
        self._around = around
        self._decide = decide
        self._graph = Graph(around.of, around.sources)
        self._hidden: dict[str, bool] = {}

    def learn(self, kept: Iterable[Kept]) -> None:
        """Look up what these refer to, as far as it is known here."""
        waiting = list(kept)
        named = {one.refs for one in waiting}
        self._around.fetch({name for refs in named for name in _names(refs)})
        self.derive(one.object for one in waiting)

    def derive(self, names: Iterable[str]) -> None:
        """Find out what of these was made of others."""
        self._around.derive({name for name in names if derived.made(name)})

    def of(self, kept: Kept, body: bytes) -> Subject:
        """What release decides about.

        An object without ends, without fields of their own marking, and that names nothing that
        the caller may not see, is decided on by its own marking: only the others are read.
        """
        bare = Subject(
            object=kept.object,
            version=kept.version,
            type=kept.type,
            origin=kept.origin,
            marking=_marking(kept.tlp, kept.pap, kept.release_at, kept.expires),
            state=kept.state,
            body=body,
        )
        if not kept.media.startswith(STIX):
            return bare
        alone = is_plain(body) and kept.type not in ENDS and not self._hides(kept.refs)
        if alone and not (derived.observable(kept.object) and self._around.sources(bare)):
            return bare
        return self._graph.completed(bare)

    def _hides(self, refs: str) -> bool:
        found = self._hidden.get(refs)
        if found is None:
            known = filter(None, map(self._around.of, _names(refs)))
            found = any(self._decide(one).outcome == "no" for one in known)
            self._hidden[refs] = found
        return found


@lru_cache(1 << 10)
def _marking(tlp: int, pap: int, release_at: str, expires: str) -> Marking:
    return Marking(Tlp(tlp), Pap(pap), release_at, expires)
