"""To whom something may go: a partner, a client of this node, or the public."""

from __future__ import annotations

from typing import Literal

import msgspec

from accord.identity.markings import Tlp


class Recipient(msgspec.Struct, frozen=True):
    """Who asks, as its authenticated key or token says; never as a payload says."""

    kind: Literal["partner", "client", "public", "self"]
    """`self` is this node's own people, at its own pages and command line."""
    name: str = ""
    """Short name of the partner or the client; empty for the public."""
    organisation: str = ""
    sort: str = ""
    """Of a client: `operator`, `industry` or `supplier`."""
    tlp: Tlp = Tlp.CLEAR
    """The most restrictive marking that a client is entitled to."""
    outgoing: bool = False
    """A partner that signs with a key of before its rotation: it gets the directory, to learn of
    that, and nothing else."""

    @property
    def label(self) -> str:
        """As it stands in receipts: `partner:japan`, `client:grid-siem`, `public`."""
        return f"{self.kind}:{self.name}" if self.name else self.kind


PUBLIC = Recipient("public")
SELF = Recipient("self")
