"""Since when conditions stand, as the changes of verdicts tell."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from accord.assurance.model import ACCEPT, CONDITIONAL
from accord.flows.assessing.port import Key
from accord.store.assurance.products import spellings
from accord.store.view import SqlView


def conditional(view: SqlView, releases: Collection[Key]) -> Mapping[tuple[str, str, str], str]:
    """The first acceptance with conditions after the last without, by names in small letters."""
    wanted = {(product.casefold(), release.casefold()) for product, release in releases}
    names = spellings(view, "assessment_event", [product for product, _ in wanted])
    query = (
        "SELECT id, at, product, release, buyer, after FROM assessment_event WHERE product IN ({})"
    )
    since: dict[tuple[str, str, str], str] = {}
    for row in sorted(view.among(query, names), key=lambda row: row.id):
        key = (row.product.casefold(), row.release.casefold())
        if key not in wanted or (view.as_of and row.at > view.as_of):
            continue
        place = (*key, row.buyer.casefold())
        if row.after == ACCEPT:
            since.pop(place, None)
        elif row.after == CONDITIONAL:
            since.setdefault(place, row.at)
    return since
