"""What a node takes: from partners, whose logs it follows, and from feeds of publishers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from accord.flows.exchange import partners
from accord.flows.exchange.following.sync import Means as Syncing
from accord.flows.feeds.run import Means as Reading
from accord.transport.fetch import HttpFetcher
from accord.transport.http import HttpCarrier

if TYPE_CHECKING:
    from accord.identity.directory.trusted import Lookup
    from accord.wiring.node import Node


def carrier(node: Node) -> HttpCarrier:
    """The way to partners."""
    return HttpCarrier(lambda: node.signers.ed25519, node.clock, node.entropy)


def syncing(node: Node) -> Syncing:
    """What sync needs, as of now.

    Raises:
        NotFound: the node is in no partnership.
        NoKey: its keys cannot be opened.
    """

    def refresh(offered: Lookup) -> bool:
        return partners.update_from(node.trust, offered, node.clock.now())

    return Syncing(
        carrier=node.carrier,
        following=node.following,
        trust=node.trust,
        signers=node.signers,
        clock=node.clock,
        refresh=refresh,
    )


def reading(node: Node) -> Reading:
    """What reading feeds needs."""
    return Reading(
        feeds=node.feeds,
        fetcher=HttpFetcher(),
        intake=node.intake,
        views=node.views,
        clock=node.clock,
        entropy=node.entropy,
        environment=os.environ,
        folder=node.settings.home / "feeds",
    )
