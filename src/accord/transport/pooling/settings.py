"""What the child process is told, as lines of JSON on its standard input, and what it answers.

It knows nothing else: no environment, no working folder, no file but the key of the door.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from binascii import Error as NotBase64
from ssl import DER_cert_to_PEM_cert

import msgspec

from accord.core.errors import AccordError
from accord.demand.private.asking import question as asking
from accord.demand.private.asking.job import Sealed
from accord.demand.private.questions import Given, Question

RUN_BYTES = 16
LONGEST_LINE = 32 << 20
"""Bytes of one line, either way."""


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line: where to listen."""

    host: str
    """An address of this machine."""
    port: int
    """0 for any; the answer says which."""


class Peer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A partner of the question, in the order that all have."""

    name: str
    host: str
    port: int
    pin: str
    """SHA-256 of its certificate in DER, as the directory lists it."""
    certificate: str
    """The certificate itself, in DER and base64: TLS compares the whole of it."""

    def pem(self) -> str:
        """The certificate in PEM.

        Raises:
            BadSettings: it is not the one that the directory lists.
        """
        try:
            der = b64decode(self.certificate, validate=True)
        except NotBase64 as wrong:
            raise BadSettings(f"the certificate of {self.name} is no base64: {wrong}") from wrong
        if hashlib.sha256(der).hexdigest() != self.pin:
            raise BadSettings(f"the certificate of {self.name} is not the one in the directory")
        return DER_cert_to_PEM_cert(der)


class Common(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="common"):
    """Which items do enough partners hold?"""

    asked: asking.Question
    commitments: tuple[str, ...]
    """Of all partners to their chance."""

    def check(self, among: int) -> None:
        """Refuse what cannot be asked of so many partners.

        Raises:
            Invalid: the question is none.
            BadSettings: it is of other partners.
        """
        asking.check(self.asked)
        if not among == len(self.asked.partners) == len(self.commitments):
            raise BadSettings("the partners of the run are not those of the question")


class Held(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="held"):
    """What one partner gives to `Common`: it stays on its node."""

    chance: bytes
    items: tuple[str, ...]


class Run(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The second line: with whom to compute what."""

    run: str
    """16 random bytes in hexadecimal, by which all know this run."""
    me: int
    """This node's place among the peers, from 0."""
    peers: tuple[Peer, ...]
    """All partners of the question, this node too."""
    keys: str
    """The folder in which this node's door key is."""
    seconds: float
    """After so many it ends, whatever happens."""
    question: Question | Common
    given: Given | Held

    def check(self) -> None:
        """Refuse settings that cannot be.

        Raises:
            BadSettings: with the reason.
            DoesNotFit: the question cannot be asked of so many partners.
        """
        if len(self.run) != 2 * RUN_BYTES or not set(self.run) <= set("0123456789abcdef"):
            raise BadSettings(f"a run is named by {RUN_BYTES} bytes in lower-case hexadecimal")
        if not 0 <= self.me < len(self.peers):
            raise BadSettings("this node is none of the partners of the run")
        if len({peer.pin for peer in self.peers}) != len(self.peers):
            raise BadSettings("two partners of the run have one certificate")
        if not 0 < self.seconds <= _LONGEST:
            raise BadSettings(f"a run ends within {_LONGEST} seconds")
        self.question.check(len(self.peers))
        if isinstance(self.question, Common) != isinstance(self.given, Held):
            raise BadSettings("what is given does not belong to the question")

    def agreed(self) -> bytes:
        """What must be the same at every partner: who takes part, in which order, and what in."""
        same = ("accord pool 1", self.run, [peer.pin for peer in self.peers], self.question)
        return hashlib.sha256(msgspec.json.encode(same)).digest()


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The first answer: the port that is listened on."""

    port: int


class Kept(msgspec.Struct, frozen=True, tag="kept"):
    """The last answer: nothing is open, and this is the partner's own part."""

    sealed: Sealed
    processor: float
    """Seconds of processor time."""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The last answer: nothing came out."""

    reason: str
    peer: int | None = None
    """The partner that is the reason, where it is one."""
    begun: bool = True
    """Whether anything was sent besides who is there."""


Answer = Ready | Kept | Failed

_LONGEST = 3_600


class BadSettings(AccordError):
    """The child was told what cannot be; its parent made a mistake."""
