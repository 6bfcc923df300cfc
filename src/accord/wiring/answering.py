"""What a node answers: partners, clients and the public, in every way in which they may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accord.flows.exchange.answering.asked import Means
from accord.flows.exchange.answering.door import Door
from accord.flows.exchange.answering.nearby import Nearby
from accord.flows.exchange.answering.taxii.door import Taxii
from accord.flows.exchange.answering.taxii.last_word import KINDS
from accord.flows.exchange.sharing.around import Around
from accord.flows.exchange.sharing.due import release_due
from accord.flows.exchange.sharing.plan import DEFAULT
from accord.flows.misp.export import Exporter
from accord.identity.markings import parse_tlp
from accord.store.exchange.answers import SqlAnswers
from accord.store.exchange.taxii import SqlShelf

if TYPE_CHECKING:
    from accord.wiring.node import Node


def answers(node: Node) -> SqlAnswers:
    """What partners and clients are answered from."""
    return SqlAnswers(node.engine, node.trust, node.high_water, node.clock)


def means(node: Node) -> Means:
    """What everybody is answered with."""

    def around() -> Nearby:
        default = parse_tlp(node.sharing.marking() or DEFAULT.word)
        return Nearby(lambda: Around(node.owner, node.holdings, default))

    return Means(node.answers, node.trust, _Notary(node), around, node.clock, node.advisories)


def door(node: Node) -> Door:
    """Answers partners, clients and the public."""
    return Door(node.answering)


def taxii(node: Node) -> Taxii:
    """Answers clients and partners that speak TAXII."""
    return Taxii(node.answering, SqlShelf(node.engine, KINDS, node.clock), node.entropy)


def exporter(node: Node) -> Exporter:
    """Writes feeds for MISP."""
    holdings = node.holdings
    return Exporter(node.answering, lambda: node.owner, node.people, node.views, holdings, holdings)


class _Notary:
    """The node's notary of each moment: its keys may be rotated while it runs.

    What is due comes into the logs without them.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

    def checkpoint(self, log: str) -> bytes:
        """The signed note of a log's newest checkpoint, once what is in it counts today."""
        self._node.renew()
        return self._node.notary.checkpoint(log)

    def release_due(self) -> None:
        """Append what waited for its release date."""
        release_due(self._node.sharing, self._node.clock.now())
