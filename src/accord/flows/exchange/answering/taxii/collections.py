"""The collections of a caller: what it may see, by audience and as a whole, and where it may post.

A client is told of no audience: who is in which is for members alone. It reads `all`, which holds
what release lets it see. A partner reads each audience that it is in, and `all` of them together.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import NAMESPACE_URL, uuid5

import msgspec

from accord.exchange.release import Circle
from accord.exchange.taxii.resources import Collection
from accord.flows.exchange.answering.asked import Means
from accord.flows.exchange.answering.taxii.port import CLIENTS, Scope
from accord.flows.exchange.answering.taxii.reading import Reader
from accord.identity.recipients import Recipient

ALL, INBOX = "all", "inbox"
"""Aliases."""


class Shelved(msgspec.Struct, frozen=True):
    """A collection with who reads what of it."""

    collection: Collection
    reader: Reader


def of_caller(means: Means, caller: Recipient) -> list[Shelved]:
    """Everything that a caller may know of."""
    me = means.trust.me()
    audiences = list(_audiences(means, caller, me)) if caller.kind == "partner" else []
    if caller.kind == "client":
        reader = Reader(caller, (Scope(CLIENTS),), {CLIENTS: None})
    else:
        scopes = tuple(scope for one in audiences for scope in one.reader.scopes)
        circles = {k: v for one in audiences for k, v in one.reader.circles.items()}
        reader = Reader(caller, scopes, circles)
    whole = Collection(
        _id(me, ALL), "Everything that you may see", can_read=True, can_write=False, alias=ALL
    )
    post = Collection(
        _id(me, INBOX), "For you to post to", can_read=False, can_write=True, alias=INBOX,
        description="What is posted waits until a person accepts it.",
    )  # fmt: skip
    return [Shelved(whole, reader), *audiences, Shelved(post, Reader(caller, (), {}))]


def _audiences(means: Means, caller: Recipient, me: str) -> Iterator[Shelved]:
    for log in means.answers.logs(caller.name):
        circle = Circle(log.name, me, means.answers.members(log.audience), log.everyone)
        scope = Scope(log.audience, log.since)
        collection = Collection(_id(me, f"log:{log.log}"), log.name, can_read=True, can_write=False)
        yield Shelved(collection, Reader(caller, (scope,), {log.audience: circle}))


def _id(me: str, name: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"accord:{me}:{name}"))
