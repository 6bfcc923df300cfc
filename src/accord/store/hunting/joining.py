"""Plain values of indicators, joined with the records of a log.

Law (cost): of each kind the values of all indicators are one table, which is joined once with what
a log holds of that kind; a million indicators cost about what one does.
Law (nothing is missed): of names, those alone are brought to their normal form that end as a name
which is looked for, in its last two labels, or that are spelled in a way that may hide it.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from accord.exchange.hunting import values
from accord.exchange.hunting.patterns import LONGEST
from accord.exchange.hunting.plan import Plan
from accord.exchange.hunting.sql import text
from accord.flows.hunting.port import Hit
from accord.store.hunting.columns import SOURCES
from accord.store.hunting.duck import NEVER, logged, moment

_ODD: Final[dict[str, values.Kind]] = {"ip": "ip", "domain": "domain", "url": "url"}
"""Kinds that are spelled in ways which SQL does not know."""


class Joins:
    """The values that are looked for, as tables, and the joins with them."""

    def __init__(self, database: Any, plan: Plan, scratch: Path) -> None:  # noqa: ANN401 - DuckDB
        self._database = database
        self._scratch = scratch
        self._ranges = bool(plan.ranges)
        lines = (
            f"{one.kind}\t{one.value}\t{one.side}\t{one.number}\n"
            for one in plan.exact
            if "\t" not in one.value and "\n" not in one.value
        )
        file = scratch / "values"
        with file.open("w", encoding="utf-8", errors="replace") as out:
            out.writelines(lines)
        self._database.execute(
            "CREATE OR REPLACE TEMP TABLE wanted AS SELECT * FROM read_csv("
            f"{text(str(file))}, delim='\t', header=false, auto_detect=false, quote='', escape='',"
            " columns={'kind': 'VARCHAR', 'value': 'VARCHAR', 'side': 'VARCHAR',"
            " 'number': 'INTEGER'})"
        )
        for kind in values.KINDS:
            self._database.execute(
                f"CREATE OR REPLACE TEMP TABLE wanted_{kind} AS SELECT value, coalesce(side, '') AS"
                f" side, number FROM wanted WHERE kind = '{kind}'"
            )
        self._database.execute("DROP TABLE wanted")
        self._database.execute(
            "CREATE OR REPLACE TEMP TABLE wanted_range"
            " (first VARCHAR, last VARCHAR, side VARCHAR, number INTEGER, told VARCHAR)"
        )
        if plan.ranges:
            rows = [(r.first, r.last, r.side, r.number, r.text) for r in plan.ranges]
            self._database.executemany("INSERT INTO wanted_range VALUES (?, ?, ?, ?, ?)", rows)
        self._segments()
        self._database.execute(
            "CREATE OR REPLACE TEMP TABLE tail AS SELECT DISTINCT tail_of(value) AS value"
            " FROM wanted_domain"
        )
        self._labels = sorted(
            {one.value.count(".") + 1 for one in plan.exact if one.kind == "domain"}
        )
        file.unlink()

    def _segments(self) -> None:
        """Networks cut where one begins or ends: an address is in one segment, found by order."""
        self._database.execute(
            "CREATE OR REPLACE TEMP TABLE segment AS SELECT DISTINCT cut AS first FROM ("
            "SELECT first AS cut FROM wanted_range UNION ALL"
            " SELECT lpad(format('{:x}', ('0x' || last)::UHUGEINT + 1), 32, '0') FROM wanted_range"
            " WHERE last <> 'ffffffffffffffffffffffffffffffff') ORDER BY 1"
        )

    def search(self, here: Collection[str]) -> None:
        """Everything that the records, which have these columns, share with the values."""
        self._database.execute(
            "CREATE OR REPLACE TEMP TABLE hit (number INTEGER, kind VARCHAR, value VARCHAR,"
            " told VARCHAR, n BIGINT, seen TIMESTAMPTZ)"
        )
        for kind in values.KINDS:
            for column, side in SOURCES[kind]:
                if column in here:
                    self._join(kind, column, side)

    def _join(self, kind: str, column: str, side: str) -> None:
        """One column of the log with every indicator of a kind."""
        if kind == "ip":
            self._join_addresses(column, side)
            return
        (any_,) = self._database.execute(f"SELECT count(*) FROM wanted_{kind}").fetchone()
        if not any_:
            return
        rows = logged(column)
        self._database.execute(
            f"CREATE OR REPLACE TEMP TABLE name AS SELECT raw, logged_{kind}(raw) AS value FROM"
            f" ({_worth_a_look(kind, rows)})"
        )
        if kind in _ODD:
            self._spell(kind, "name")
            self._database.execute(
                "UPDATE name SET value = s.value FROM spelled s WHERE s.raw = name.raw"
            )
        if kind == "domain":
            # `www.evil.example` is under `evil.example`; a name without a dot is itself alone.
            ways = " UNION ALL ".join(
                f"SELECT raw, value, {_last_labels(count)} AS under FROM name"
                for count in self._labels
            )
            query = (
                "SELECT raw, s.value AS value, w.value AS told, number, side"
                f" FROM ({ways}) s JOIN wanted_domain w ON w.value = s.under"
            )
        else:
            query = (
                "SELECT raw, w.value, w.value AS told, number, side"
                f" FROM name s JOIN wanted_{kind} w ON w.value = s.value"
            )
        self._found(query, kind, rows, side)

    def _found(self, query: str, kind: str, rows: str, side: str) -> None:
        self._database.execute(f"CREATE OR REPLACE TEMP TABLE match AS {query}")
        wanted_side = f" WHERE m.side = '' OR m.side = '{side}'"
        (count,) = self._database.execute("SELECT count(*) FROM match").fetchone()
        if count:
            self._database.execute(
                f"INSERT INTO hit SELECT number, '{kind}', value, told, n, seen FROM {rows} r"
                f" JOIN match m ON m.raw = r.raw{wanted_side}"
            )

    def _join_addresses(self, column: str, side: str) -> None:
        rows = logged(column)
        database = self._database
        database.execute(
            "INSERT INTO hit SELECT number, 'ip', value, value, n, seen"
            f" FROM {rows} r JOIN wanted_ip w ON w.value = r.raw"
            f" WHERE w.side = '' OR w.side = '{side}'"
        )
        self._spell("ip", rows)
        (odd,) = database.execute("SELECT count(*) FROM spelled").fetchone()
        if odd:
            query = (
                "SELECT s.raw, w.value, w.value AS told, number, side FROM spelled s"
                " JOIN wanted_ip w ON w.value = s.value WHERE s.raw <> s.value"
            )
            self._found(query, "ip", rows, side)
        if self._ranges:
            database.execute(
                "CREATE OR REPLACE TEMP TABLE place AS SELECT raw, value,"
                " coalesce(digits(value), digits) AS digits FROM spelled"
                f" UNION ALL SELECT raw, raw, digits(raw) FROM (SELECT DISTINCT raw FROM {rows})"
                " WHERE digits(raw) IS NOT NULL"
            )
            query = (
                "SELECT p.raw, p.value, r.told, r.number, r.side FROM (SELECT p.raw, p.value,"
                " g.first FROM place p ASOF JOIN segment g ON p.digits >= g.first) p"
                " JOIN wanted_range r ON r.first <= p.first AND r.last >= p.first"
            )
            self._found(query, "ip", rows, side)

    def _spell(self, kind: str, rows: str) -> None:
        """The few values that SQL cannot bring to their normal form: the table `spelled`."""
        self._database.execute(
            "CREATE OR REPLACE TEMP TABLE odd AS SELECT row_number() OVER () AS id, raw FROM"
            f" (SELECT DISTINCT raw FROM {rows} WHERE raw <> '' AND odd_{kind}(raw))"
        )
        odd = self._database.execute("SELECT id, raw FROM odd").fetchall()
        normal = values.NORMAL[_ODD[kind]]
        file = self._scratch / "spelled"
        with file.open("w", encoding="utf-8", errors="replace") as out:
            for id_, raw in odd:
                value = normal(raw)
                # What is longer than any pattern is none that is looked for.
                if value and len(value) <= LONGEST:
                    ends = values.network(value) if kind == "ip" else None
                    out.write(f"{json.dumps([id_, value, ends[0] if ends else None])}\n")
        self._database.execute(
            "CREATE OR REPLACE TEMP TABLE spelled AS SELECT raw, line->>1 AS value,"
            f" line->>2 AS digits FROM read_csv({text(str(file))}, delim='{NEVER}', header=false,"
            " auto_detect=false, quote='', escape='', columns={'line': 'JSON'})"
            " JOIN odd ON id = (line->>0)::BIGINT"
        )
        file.unlink()

    def hits(self) -> list[Hit]:
        """Records by indicator and value."""
        rows = self._database.execute(
            "SELECT number, kind, value, any_value(told), count(DISTINCT n),"
            " min(epoch_us(seen)), max(epoch_us(seen)), min(n)"
            " FROM hit GROUP BY number, kind, value ORDER BY number, kind, value"
        ).fetchall()
        return [
            Hit(number, kind, value, told, count, moment(first), moment(last), n)
            for number, kind, value, told, count, first, last, n in rows
        ]

    def totals(self) -> dict[int, int]:
        """By indicator, how many records match it by any value."""
        query = "SELECT number, count(DISTINCT n) FROM hit GROUP BY number"
        return dict(self._database.execute(query).fetchall())


def _worth_a_look(kind: str, rows: str) -> str:
    """The different values of a kind, without names that cannot be under one that is wanted.

    A name of which a wanted one is a part ends as that does; where it has a single label, none.
    """
    if kind != "domain":
        return f"SELECT DISTINCT raw FROM {rows} WHERE raw <> ''"
    return (
        f"SELECT raw FROM {rows} SEMI JOIN tail ON tail.value = tail_of(lower(raw)) WHERE raw <> ''"
        f" UNION SELECT raw FROM {rows} WHERE raw <> '' AND NOT plain_domain(raw)"
    )


def _last_labels(count: int) -> str:
    """So many labels of a name, from its end; null where it has fewer."""
    if count == 1:
        return "CASE WHEN NOT contains(value, '.') THEN value END"
    labels = r"[^.]+(\.[^.]+)" + f"{{{count - 1}}}$"
    return f"nullif(regexp_extract(value, '{labels}'), '')"
