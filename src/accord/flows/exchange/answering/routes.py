"""Every address of the door, with who may use it. There is no other way in.

A route names its policy; one without cannot be made. Who a policy leaves out gets the answer of an
address that does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import Literal

import msgspec

from accord.flows.exchange.answering import (
    acknowledging,
    blobs,
    logs,
    objects,
    osv,
    partnership,
    recalled,
)
from accord.flows.exchange.answering.asked import Asked
from accord.flows.exchange.messages import OSV, PREFIX, Response

Handler = Callable[[Asked], Response]


class Policy(Enum):
    """Who may use a route."""

    MEMBER = "a partner that is a member of the log's audience today"
    PARTNER = "a partner of the directory"
    RENEWING = "a partner of the directory, even with a rotated key, or where it has expired here"
    READER = "a client of this node, or the public"


class Route(msgspec.Struct, frozen=True):
    """One address."""

    method: Literal["GET", "POST"]
    pattern: str
    """Below `prefix`. `{log}` stands for the name of a log, `{rest}` for anything to the end, and
    `{id}` for an identifier that others gave."""
    policy: Policy
    handler: Handler
    prefix: str = PREFIX

    def __post_init__(self) -> None:
        if not isinstance(self.policy, Policy):
            raise TypeError(f"{self.method} {self.pattern} names no policy")
        if (self.policy is Policy.MEMBER) != ("{log}" in self.pattern):
            raise TypeError(f"{self.method} {self.pattern}: a log's addresses are its members'")


ROUTES = (
    Route("GET", "/directory/{rest}", Policy.RENEWING, partnership.file),
    Route("GET", "/logs", Policy.PARTNER, logs.listing),
    Route("GET", "/changes", Policy.PARTNER, logs.changes),
    Route("GET", "/recalls", Policy.PARTNER, recalled.notices),
    Route("GET", "/logs/{log}/checkpoint", Policy.MEMBER, logs.checkpoint),
    Route("POST", "/logs/{log}/checkpoint", Policy.MEMBER, logs.compared),
    Route("GET", "/logs/{log}/tile/{rest}", Policy.MEMBER, logs.tile),
    Route("POST", "/logs/{log}/blobs", Policy.MEMBER, blobs.blobs),
    Route("POST", "/logs/{log}/acknowledgements", Policy.MEMBER, acknowledging.acknowledge),
    Route("GET", "/objects", Policy.READER, objects.listing),
    Route("GET", "/objects/{rest}", Policy.READER, objects.one),
    Route("POST", "/query", Policy.READER, osv.query, OSV),
    Route("POST", "/querybatch", Policy.READER, osv.batch, OSV),
    Route("GET", "/vulns/{id}", Policy.READER, osv.vulnerability, OSV),
)
"""The table."""

_PARTS = {
    "{id}": r"(?P<rest>[!-~]{1,900})",
    "{log}": r"(?P<log>[0-9A-Za-z_-]{1,64})",
    "{rest}": r"(?P<rest>[0-9A-Za-z._/-]{1,300})",
}
_ROUTES = tuple(
    (
        route,
        re.compile(
            re.sub(r"\{\w+\}", lambda part: _PARTS[part[0]], f"{route.prefix}{route.pattern}"),
            re.ASCII,
        ),
    )
    for route in ROUTES
)


def find(method: str, path: str) -> tuple[Route, str, str] | None:
    """The route of an address, the log it names and the rest of it, each perhaps empty."""
    for route, pattern in _ROUTES:
        match = pattern.fullmatch(path) if route.method == method else None
        if match:
            named = match.groupdict()
            return route, named.get("log", ""), named.get("rest", "")
    return None
