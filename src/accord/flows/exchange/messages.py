"""A request to a node and its answer, whatever carries them: TLS, or a simulated network."""

from __future__ import annotations

import msgspec

PREFIX = "/accord/v1"
"""Every address of the door begins with it, but those that others know already."""
OSV = "/v1"
"""So begin the addresses that vulnerability scanners know, as osv.dev has them."""
TAXII = "/taxii2/"
"""Every address of TAXII begins with it."""
ASKS = "/asks/"
"""So begins every link by which a supplier answers."""


class Request(msgspec.Struct, frozen=True):
    """One request."""

    method: str
    path: str
    """Without the query, percent-encoded as sent."""
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case."""
    body: bytes = b""

    def header(self, name: str) -> str:
        """The first header of a name, or empty."""
        return next((value for key, value in self.headers if key == name), "")


class Response(msgspec.Struct, frozen=True):
    """One answer."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        """The first header of a name, or empty."""
        return next((value for key, value in self.headers if key == name), "")
