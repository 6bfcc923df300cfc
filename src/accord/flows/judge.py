"""A person's decisions, recorded as documents so that they survive a rebuild and can be shared."""

from __future__ import annotations

from typing import Literal, Protocol

from accord.core.clock import Clock
from accord.core.errors import NotFound
from accord.flows.exposures import Exposures
from accord.flows.load import load_documents
from accord.flows.ports import Intake, Views
from accord.supply.inventory import records


class Desk(Protocol):
    """The parts of a node that a decision needs."""

    @property
    def intake(self) -> Intake:
        """The one writer."""

    @property
    def views(self) -> Views:
        """What the node knows."""

    @property
    def exposures(self) -> Exposures:
        """The ranked list."""

    @property
    def clock(self) -> Clock:
        """The time of the decision."""


def confirm(
    desk: Desk, exposure: str, verdict: Literal["exposed", "not_affected"], *, person: str, why: str
) -> str:
    """Record a verdict on an exposure; gives its full identifier.

    Raises:
        NotFound: no exposure begins so.
    """
    id_ = desk.exposures.one(exposure).id
    now = desk.clock.now()
    record = records.Confirmation("confirmation", id_, verdict, person, why, now)
    load_documents([(f"confirmation of {id_}", records.write(record))], desk.intake, now)
    return id_


def choose(desk: Desk, document: str, *, person: str, why: str) -> int:
    """Record that a document counts over its rivals; gives how many are set aside.

    Raises:
        NotFound: no such document, or it has no rivals.
    """
    with desk.views.view() as view:
        chosen = view.document(document)
        if chosen is None:
            raise NotFound(f"no document {document!r}; `accord documents` lists them by digest")
        # All of them, whether or not they count now: another mind later is about the same ones.
        # What another gave is no rival: each origin's editions stand by themselves.
        editions = [row for row in view.editions(chosen.subject) if row.origin == chosen.origin]
        own = {row.digest for row in editions}
        latest = max((row.edition for row in editions), default="")
        rivals = sorted(
            row.digest
            for row in editions
            if row.digest != chosen.digest and row.edition in ("", latest)
        )
        counting = [digest for digest in view.rivals(chosen.subject) if digest in own]
    if not rivals or counting == [chosen.digest]:
        raise NotFound(f"{chosen.digest[:12]} has no rivals: it counts already")
    now = desk.clock.now()
    over = tuple(f"sha256:{digest}" for digest in rivals)
    record = records.Choice("choice", f"sha256:{chosen.digest}", over, person, why, now)
    load_documents([(f"choice of {chosen.digest[:12]}", records.write(record))], desk.intake, now)
    return len(rivals)
