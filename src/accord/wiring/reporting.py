"""What a node has for reports from the public."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from accord.wiring.sealing import addresses

if TYPE_CHECKING:
    from accord.core.clock import Clock
    from accord.flows.ports import Intake
    from accord.store.outreach.outbox import SqlOutbox
    from accord.store.outreach.reports import SqlReports
    from accord.wiring.node import Node


class ReportDesk:
    """`accord.flows.outreach.reporting.port.Desk` of a node."""

    def __init__(self, node: Node) -> None:
        self._node = node

    @cached_property
    def reports(self) -> SqlReports:
        """Where reports are kept."""
        from accord.store.outreach.reports import SqlReports

        return SqlReports(self._node.engine, addresses(self._node))

    @cached_property
    def outbox(self) -> SqlOutbox:
        """Where what leaves is recorded."""
        from accord.store.outreach.outbox import SqlOutbox

        return SqlOutbox(self._node.engine, addresses(self._node))

    @property
    def intake(self) -> Intake:
        """The one writer of documents."""
        return self._node.intake

    @property
    def clock(self) -> Clock:
        """The time."""
        return self._node.clock

    @property
    def entropy(self) -> Callable[[int], bytes]:
        """Random bytes, so many."""
        return self._node.entropy

    @cached_property
    def me(self) -> str:
        """The name of this node as a partner, or empty."""
        return self._node.me

    @cached_property
    def identity(self) -> str:
        """The STIX identity of this node, or empty."""
        from accord.flows.notes import maker

        return maker(self._node.trust.directory(), self._node.me)
