"""What a node has for the public's question whether something is dangerous."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from accord.wiring.sealing import addresses

if TYPE_CHECKING:
    from accord.core.clock import Clock
    from accord.exchange.hunting.known_good import KnownGood
    from accord.flows.hunting.port import IndicatorRow
    from accord.store.outreach.dangers import SqlDangers
    from accord.store.outreach.reports import SqlReports
    from accord.wiring.node import Node
    from accord.wiring.outreaching import AlertDesk


class CheckDesk:
    """`accord.flows.outreach.checking.port.Desk` of a node."""

    def __init__(self, node: Node) -> None:
        self._node = node

    @cached_property
    def dangers(self) -> SqlDangers:
        """Where the list is kept."""
        from accord.store.outreach.dangers import SqlDangers

        return SqlDangers(self._node.engine)

    @cached_property
    def reports(self) -> SqlReports:
        """What the public reported."""
        from accord.store.outreach.reports import SqlReports

        return SqlReports(self._node.engine, addresses(self._node))

    @cached_property
    def alerting(self) -> AlertDesk:
        """What decides whether something may go to the public."""
        from accord.wiring.outreaching import AlertDesk

        return AlertDesk(self._node)

    @property
    def clock(self) -> Clock:
        """The time."""
        return self._node.clock

    @property
    def entropy(self) -> Callable[[int], bytes]:
        """Random bytes, so many."""
        return self._node.entropy

    def indicators(self, objects: Sequence[str]) -> list[IndicatorRow]:
        """Indicators by their identifiers, of each origin the newest version."""
        from accord.store.indicators import indicators

        with self._node.views.view() as view:
            return indicators(view, objects)

    def known_good(self) -> KnownGood:
        """The warning lists of this node."""
        from accord.flows.hunting.hunt import lists_of

        return lists_of(self._node.views)
