"""What a node gives: its audiences, their logs, and what takes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accord.flows.exchange import partners
from accord.flows.exchange.sharing.checkpoints import Notary
from accord.flows.exchange.sharing.owner import Owner, standing
from accord.flows.exchange.sharing.recall import Recaller
from accord.flows.exchange.sharing.renewing import Renewed
from accord.flows.exchange.sharing.renewing import renew as seal_anew
from accord.flows.exchange.sharing.screening import PersonalScreen
from accord.flows.exchange.sharing.share import Sharer
from accord.store.exchange.screening import SqlScans

if TYPE_CHECKING:
    from accord.wiring.node import Node


def owner(node: Node) -> Owner:
    """The owner of a node's audiences, as of now.

    Raises:
        NotFound: it is in no partnership.
    """
    directory = standing(node.trust.directory(), node.me)
    return Owner(directory, node.me, node.sharing, node.clock.now())


def sharer(node: Node) -> Sharer:
    """What sharing needs, as of now.

    Raises:
        NotFound: it is in no partnership.
        Expired: nobody has confirmed the directory of partners for too long.
        NoKey: its keys cannot be opened.
    """
    whose = node.owner
    partners.current(node.trust, whose.now)
    return Sharer(
        whose.directory,
        whose.me,
        whose.sharing,
        whose.now,
        node.holdings,
        PersonalScreen(SqlScans(node.engine)),
        node.signers,
    )


def recaller(node: Node) -> Recaller:
    """What taking back needs, as of now.

    Raises:
        NotFound: it is in no partnership.
    """
    whose = node.owner
    return Recaller(
        whose.directory, whose.me, whose.sharing, whose.now, node.holdings,
        lambda: node.signers,
    )  # fmt: skip


def renew(node: Node) -> Renewed:
    """Seal anew what a node shares, where today's keys and rules ask for it.

    Raises:
        NotFound: it is in no partnership.
        NoKey: its keys cannot be opened.
    """
    return seal_anew(node.owner, lambda: node.signers)


def notary(node: Node) -> Notary:
    """Signs checkpoints of a node's logs.

    Raises:
        NotFound: it is in no partnership.
        NoKey: its keys cannot be opened.
    """
    return Notary(node.sharing, node.trust, node.signers, node.clock)
