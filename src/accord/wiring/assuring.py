"""What a node assesses releases with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from accord.assurance.assessing.baseline import Baseline, Carrying
from accord.assurance.model import Claim
from accord.core.moment import Moment
from accord.flows.assessing.port import Key
from accord.flows.assessing.scores import claimed
from accord.flows.standards.buyers import buyers
from accord.flows.standards.merged import merged
from accord.flows.standards.shipped import shipped
from accord.store.assurance.assessing import SqlAssessing
from accord.store.assurance.proofs import proven_in
from accord.store.assurance.scores import scored
from accord.store.assurance.standards import loaded_in
from accord.store.view import SqlView

if TYPE_CHECKING:
    from accord.wiring.node import Node


def assessing(node: Node) -> SqlAssessing:
    """The store of assessments, over a node's evidence and standards."""

    def claiming(view: SqlView, releases: Mapping[Key, Moment]) -> Mapping[Key, Sequence[Claim]]:
        found = proven_in(view, releases)
        bills = scored(view, releases)
        return {
            release: [*proven.claims, *claimed(bills[release])] for release, proven in found.items()
        }

    def standards(
        view: SqlView, at: Moment
    ) -> tuple[Sequence[Baseline], Mapping[str, str], Carrying]:
        found = merged(shipped(), loaded_in(view))
        return *buyers(found, at), found.crosswalk

    return SqlAssessing(node.engine, claiming, standards, node.clock.now)
