"""`accord.flows.assessing.port.Store` on a database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property

from sqlalchemy import Engine

from accord.assurance.assessing.baseline import Baseline, Carrying
from accord.assurance.assessing.findings import Shipped
from accord.assurance.model import Claim
from accord.core.moment import Moment
from accord.flows.assessing.port import (
    Kept,
    Key,
    Listed,
    Mark,
    StatedRule,
    StatedVerdict,
    Touched,
)
from accord.store.assurance import stated
from accord.store.assurance.asked import asked
from accord.store.assurance.conditions import conditional
from accord.store.assurance.ledger import SqlLedger, kept
from accord.store.assurance.releases import releases
from accord.store.assurance.scores import SqlScores
from accord.store.assurance.shipped import shipped
from accord.store.assurance.touching import concerned, news, touched
from accord.store.view import SqlView

Claiming = Callable[[SqlView, Mapping[Key, Moment]], Mapping[Key, Sequence[Claim]]]
"""What evidence claims of some releases, each at a moment."""
Standards = Callable[[SqlView, Moment], tuple[Sequence[Baseline], Mapping[str, str], Carrying]]
"""The baselines in effect at a moment; why others cannot be used, by name; and the crosswalk."""


class SqlAssessing:
    """The store of assessments."""

    def __init__(
        self, engine: Engine, claiming: Claiming, standards: Standards, now: Callable[[], str]
    ) -> None:
        self._engine = engine
        self._claiming = claiming
        self._standards = standards
        self._now = now

    @contextmanager
    def view(
        self, as_of: str = "", *, few: bool = False, now: str = ""
    ) -> Iterator[SqlAssessingView]:
        """The node as of a moment; `few` says that few releases will be asked for."""
        with self._engine.connect() as connection, connection.begin():
            view = SqlView(connection, as_of, few=few)
            moment = Moment(as_of or now or self._now())
            yield SqlAssessingView(view, self._claiming, self._standards, moment)

    @cached_property
    def scores(self) -> SqlScores:
        """What profiles of fields find of bills."""
        return SqlScores(self._engine)

    @cached_property
    def ledger(self) -> SqlLedger:
        """Where verdicts are kept."""
        return SqlLedger(self._engine)


class SqlAssessingView:
    """One moment of it."""

    def __init__(
        self, view: SqlView, claiming: Claiming, standards: Standards, moment: Moment
    ) -> None:
        self._view = view
        self._claiming = claiming
        self._standards = standards
        self.moment = moment

    @cached_property
    def _standing(self) -> tuple[Sequence[Baseline], Mapping[str, str], Carrying]:
        return self._standards(self._view, self.moment)

    def releases(self, products: Collection[str] | None = None) -> list[Listed]:
        """The releases that it knows."""
        return releases(self._view, products)

    def claims(self, releases: Mapping[Key, Moment]) -> Mapping[Key, Sequence[Claim]]:
        """What evidence claims of some releases."""
        return self._claiming(self._view, releases)

    def shipped(
        self, releases: Sequence[Listed], moments: Mapping[Key, Moment]
    ) -> Mapping[Key, Shipped]:
        """What the node knows of some releases by itself."""
        return shipped(self._view, releases, moments)

    def verdicts(self, releases: Collection[Key]) -> list[StatedVerdict]:
        """What was stated of some releases."""
        return list(stated.verdicts(self._view, releases))

    def rules(self) -> list[StatedRule]:
        """What is recognised by whom."""
        return list(stated.rules(self._view))

    def baselines(self) -> list[Baseline]:
        """The baselines in effect."""
        return list(self._standing[0])

    def unusable(self) -> Mapping[str, str]:
        """Baselines that cannot be used, by name, and why."""
        return self._standing[1]

    def crosswalk(self) -> Carrying:
        """The crosswalk of everything that is loaded."""
        return self._standing[2]

    def conditional(self, releases: Collection[Key]) -> Mapping[tuple[str, str, str], str]:
        """Since when conditions stand."""
        return conditional(self._view, releases)

    def kept(self, products: Collection[str] | None = None) -> list[Kept]:
        """The verdicts kept of some products, or of all."""
        return kept(self._view, products)

    def news(self, me: str, before: Mark | None) -> bool:
        """Whether anything came, counts otherwise, or ended for all since a mark."""
        return news(self._view, me, before, str(self.moment))

    def touched(self, me: str, before: Mark | None) -> Touched:
        """What came, or counts otherwise, since a mark may change."""
        return touched(self._view, me, before, str(self.moment))

    def asked(self) -> bool:
        """Whether anybody asked about any release."""
        return asked(self._view.connection)

    def concerned(self, products: Collection[str] | None = None) -> frozenset[Key]:
        """Releases with evidence, a stated verdict or a kept one."""
        return concerned(self._view, products)
