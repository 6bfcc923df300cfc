"""The leaders' scoreboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accord.cli import show
from accord.cli.exchange_stats import took
from accord.cli.options import DEFAULT_HOME, AsCsv, AsJson, AsOf, Database, Home, moment, opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from accord.demand.scoreboard import Row
    from accord.flows.demand.scoreboard import Scores

COLUMNS = (
    "commitment", "when", "who", "measure", "unit", "now", "before", "change", "improved", "source",
)  # fmt: skip
"""Columns of `--csv`."""
NOT_MEASURED = "not measured here"


def scoreboard(
    as_of: AsOf = "",
    csv: AsCsv = False,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """What the partners promised, and what came of it: value, change in a year, source."""
    from accord.flows.demand.scoreboard import scores

    node = opened(home, database)
    directory = node.trust.directory()
    others = [one.name for one in directory.partners if one.name != node.me] if directory else []
    found = scores(node, moment(as_of) or node.clock.now(), others)
    if json:
        show.as_json(found)
    elif csv:
        show.as_csv([_flat(one) for one in found.rows], COLUMNS)
    else:
        _print(found)


def _flat(row: Row) -> dict[str, Any]:
    promise, measure = row.commitment, row.measure
    return {
        "commitment": promise.id, "when": promise.when, "who": promise.who,
        "measure": measure.id, "unit": measure.unit, "now": row.now, "before": row.before,
        "change": row.change, "improved": row.improved, "source": row.source or NOT_MEASURED,
    }  # fmt: skip


def _print(found: Scores) -> None:
    show.wrapped(f"What was promised, on {found.at[:10]} and on {found.before[:10]}.")
    show.stacked(_lines(found.rows))


def _lines(rows: Iterable[Row]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    for row in rows:
        cells = (row.commitment.id, _shown(row, row.now) or NOT_MEASURED)
        before = _shown(row, row.before)
        known = [f"{before} a year before: {_change(row)}"] if before else []
        yield cells, (row.measure.text, *known, *([row.source] if row.source else []))


def _shown(row: Row, value: float | None) -> str:
    if value is None:
        return ""
    if row.measure.unit == "seconds":
        return took(value)
    return f"{100 * value:.1f} %" if row.measure.unit == "share" else f"{value:,.0f}"


def _change(row: Row) -> str:
    if not row.change:
        return "no change"
    word = {True: ", better", False: ", worse", None: ""}[row.improved]
    return f"{'+' if row.change > 0 else '-'}{_shown(row, abs(row.change))}{word}"
