"""What a node assesses releases with."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from accord.assurance.assessing.baseline import Baseline, Carrying
from accord.assurance.model import Claim
from accord.flows.assessing.port import Key
from accord.flows.assessing.scores import claimed
from accord.flows.standards.buyers import buyers
from accord.flows.standards.library import library
from accord.store.assurance.assessing import SqlAssessing
from accord.store.assurance.scores import SqlScores

if TYPE_CHECKING:
    from accord.wiring.node import Node


def assessing(node: Node) -> SqlAssessing:
    """The store of assessments, over a node's evidence and standards."""
    scores = SqlScores(node.engine)

    def claiming(releases: Collection[Key], as_of: str) -> Mapping[Key, Sequence[Claim]]:
        found = node.proofs.proven(releases, as_of or node.clock.now(), as_of)
        scored = scores.of(releases, as_of)
        return {
            release: [*proven.claims, *claimed(scored[release])]
            for release, proven in found.items()
        }

    def standards(as_of: str) -> tuple[Sequence[Baseline], Carrying]:
        found = library(node.standards, as_of)
        return buyers(found, as_of or node.clock.now())[0], found.crosswalk

    return SqlAssessing(node.engine, claiming, standards, scores, node.clock.now)
