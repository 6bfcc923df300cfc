"""`accord.flows.standards.port.Standards` on a database."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Engine

from accord.assurance.catalogues.assembling import CORRECTED
from accord.assurance.facts import Baseline, Catalogue, CatalogueItem, Mapping, Requirement
from accord.assurance.model import Level
from accord.flows.standards.port import Standing
from accord.store.view import SqlView

_CORRECTED = f"SELECT * FROM not_evaluated WHERE reason = '{CORRECTED}' ORDER BY id"  # noqa: S608 - our own word


class SqlStandards:
    """Standards as facts of the documents that count."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def loaded(self, as_of: str = "") -> Standing:
        """What this node's own people loaded and counts at a `when()`; empty: now."""
        with self._engine.connect() as connection, connection.begin():
            return loaded_in(SqlView(connection, as_of))


def loaded_in(view: SqlView) -> Standing:
    """What this node's own people loaded, as one view has it."""
    catalogues = list(view.ours("SELECT * FROM catalogue ORDER BY id"))
    return Standing(
        catalogues=tuple(map(_catalogue, catalogues)),
        items=tuple(map(_item, view.ours("SELECT * FROM catalogue_item ORDER BY id"))),
        mappings=tuple(map(_mapping, view.ours("SELECT * FROM mapping ORDER BY id"))),
        baselines=tuple(map(_baseline, view.ours("SELECT * FROM baseline ORDER BY id"))),
        requirements=tuple(map(_requirement, view.ours("SELECT * FROM requirement ORDER BY id"))),
        corrected=_corrected(view, catalogues),
    )


def _corrected(view: SqlView, catalogues: list[Any]) -> tuple[tuple[str, str, str], ...]:
    of: dict[int, list[str]] = {}
    for row in catalogues:
        of.setdefault(row.document_id, []).append(row.catalogue)
    return tuple(
        (" ".join(of.get(row.document_id, ())), row.subject, row.name)
        for row in view.ours(_CORRECTED)
    )


def _catalogue(row: Any) -> Catalogue:  # noqa: ANN401 - a row of the table
    return Catalogue(
        row.catalogue, row.title, row.version, row.publisher, row.published, row.format,
        row.source, row.place,
    )  # fmt: skip


def _item(row: Any) -> CatalogueItem:  # noqa: ANN401 - as above
    levels = tuple(json.loads(row.levels))
    return CatalogueItem(
        row.catalogue, row.item, row.parent, row.kind, row.title, levels, row.place
    )


def _mapping(row: Any) -> Mapping:  # noqa: ANN401 - as above
    return Mapping(
        row.crosswalk, row.source, row.target, row.relationship, row.rationale, row.confidence,
        row.place,
    )  # fmt: skip


def _baseline(row: Any) -> Baseline:  # noqa: ANN401 - as above
    return Baseline(
        row.baseline, row.owner, row.version, row.since, row.until, row.title,
        tuple(json.loads(row.scope)), row.place,
    )  # fmt: skip


def _requirement(row: Any) -> Requirement:  # noqa: ANN401 - as above
    return Requirement(
        baseline=row.baseline,
        version=row.version,
        requirement=row.requirement,
        group=row.phase,
        title=row.title,
        must=bool(row.must),
        items=tuple(tuple(choice) for choice in json.loads(row.items)),
        accepts=tuple(json.loads(row.accepts)),
        level=Level(row.level),
        days=row.days,
        grace=row.grace,
        source=row.source,
        place=row.place,
    )
