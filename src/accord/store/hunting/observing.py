"""Patterns that are more than values, each a query over the records as STIX observables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from threading import Timer
from time import monotonic
from typing import Any, Final

from accord.core.errors import Invalid
from accord.exchange.hunting import sql, values
from accord.exchange.hunting.patterns import Observed, Path
from accord.exchange.hunting.plan import Indicator, Rest
from accord.exchange.hunting.sql import text
from accord.flows.hunting.port import Hit, Searched
from accord.store.hunting.columns import LISTS, OBSERVABLES, TRAFFIC
from accord.store.hunting.duck import failures, logged, moment, reason

SECONDS: Final = 10.0
"""That one pattern may take in one log."""
ALL_SECONDS: Final = 600.0
"""That all patterns of one origin may take in one hunt."""
_MOST_ROWS: Final = 2_000
"""Records that match one part of a pattern of several parts."""


class Patterns:
    """Looks for patterns among the records of a log."""

    def __init__(self, database: Any, indicators: Sequence[Indicator]) -> None:  # noqa: ANN401 - DuckDB
        self._database = database
        self._indicators = indicators
        self._slow: set[int] = set()
        """Patterns that took too long in a log."""
        self._spent: dict[str, float] = {}
        """Seconds that patterns took, by origin: nobody's take the time of others'."""
        self._long: dict[Path, int] = {}
        """How many values of a log are too long for regular expressions, by where they stand."""

    def observe(self, here: Collection[str]) -> None:
        """The records as values of STIX observables, made only where a pattern asks for them."""
        self._long = {}
        parts = []
        for column, thing, type_, path, sort in OBSERVABLES:
            if column not in here:
                continue
            rows = logged(column)
            kind = (
                text(type_)
                if type_
                else ("CASE WHEN contains(raw, ':') THEN 'ipv6-addr' ELSE 'ipv4-addr' END")
            )
            raw = "lower(raw)" if type_ == TRAFFIC and path.startswith("protocols") else "raw"
            if column == "registry_key":
                raw = "registry(raw)"
            if column in {"file", "files"}:
                raw = "regexp_extract(raw, '[^/\\\\]+$')"
            one = f"'{thing}'" if column not in LISTS else f"'{thing}' || raw"
            value = (
                f"{raw} AS s, NULL::DOUBLE AS f"
                if sort == "s"
                else "NULL AS s, try_cast(raw AS DOUBLE) AS f"
            )
            parts.append(
                f"SELECT n, seen, {one} AS thing, {kind} AS type, {text(path)} AS path,"
                f" '{sort}' AS t, {value} FROM {rows} WHERE raw IS NOT NULL AND raw <> ''"
            )
        for column, end in (("src_ip", "src_ref"), ("dst_ip", "dst_ref")):
            if column in here:
                parts.append(
                    f"SELECT n, seen, 'traffic', '{TRAFFIC}', '{end}.type', 's',"
                    " CASE WHEN contains(raw, ':') THEN 'ipv6-addr' ELSE 'ipv4-addr' END, NULL"
                    f" FROM {logged(column)} WHERE raw IS NOT NULL"
                )
        empty = (
            "SELECT 0 AS n, NULL::TIMESTAMPTZ AS seen, '' AS thing, '' AS type, '' AS path,"
            " '' AS t, '' AS s, NULL::DOUBLE AS f WHERE FALSE"
        )
        every = " UNION ALL ".join(parts or [empty])
        self._database.execute(f"CREATE OR REPLACE TEMP VIEW eav AS {every}")

    def match(self, rest: Rest, done: Searched) -> None:
        """One pattern that is more than values, for as long as one may take."""
        if rest.number in self._slow:
            why = f"it took too long in an earlier log; {done.file} was not searched for it"
            done.not_evaluated.append((self._indicators[rest.number].id, why))
            return
        origin = self._indicators[rest.number].origin
        if self._spent.get(origin, 0.0) >= ALL_SECONDS:
            whose = f"the patterns of {origin or 'this node'}"
            why = f"{whose} took {ALL_SECONDS:.0f} s; {done.file} was not searched for it"
            done.not_evaluated.append((self._indicators[rest.number].id, why))
            return
        begun = monotonic()
        late = Timer(SECONDS, self._interrupt, [rest.number])
        late.start()
        try:
            self._match(rest, done)
        finally:
            late.cancel()
            late.join()
            self._spent[origin] = self._spent.get(origin, 0.0) + monotonic() - begun

    def _interrupt(self, number: int) -> None:
        self._slow.add(number)
        self._database.interrupt()

    def _match(self, rest: Rest, done: Searched) -> None:
        database, indicator = self._database, self._indicators[rest.number]
        names = []
        several = not isinstance(rest.tree, Observed)
        try:
            for number, leaf in enumerate(sql.leaves(rest.tree)):
                self._networks(leaf)
                self._tell_long(leaf, indicator.id, done)
                name = f"leaf{number}"
                database.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql.observation(leaf)}")
                names.append(name)
                (count,) = database.execute(f"SELECT count(*) FROM {name}").fetchone()
                if several and count > _MOST_ROWS:
                    why = f"more than {_MOST_ROWS:,} records match a part of it in {done.file}"
                    done.not_evaluated.append((indicator.id, f"{why}: the earliest were looked at"))
                    database.execute(
                        f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM {name}"
                        f" ORDER BY seen, n LIMIT {_MOST_ROWS}"
                    )
            query = sql.bindings(rest.tree, iter(names))
            if several:
                row = database.execute(
                    "SELECT 1, epoch_us(first), epoch_us(last), list_min(rows)"
                    f" FROM ({query}) ORDER BY first, rows LIMIT 1"
                ).fetchone()
            else:
                row = database.execute(
                    "SELECT count(*), min(epoch_us(seen)), max(epoch_us(seen)), min(n) FROM leaf0"
                ).fetchone()
        except Invalid as wrong:
            done.not_evaluated.append((indicator.id, str(wrong)))
            return
        except failures() as wrong:
            slow = f"it takes longer than {SECONDS:.0f} s in {done.file}"
            why = slow if rest.number in self._slow else reason(wrong)
            done.not_evaluated.append((indicator.id, why))
            return
        if row is not None and row[0]:
            done.hits.append(
                Hit(rest.number, "pattern", "", "", row[0], moment(row[1]), moment(row[2]), row[3])
            )

    def _tell_long(self, leaf: Observed, name: str, done: Searched) -> None:
        """Values that are too long for a regular expression are told."""
        for path in {one.path for one in sql.tests(leaf.holds) if one.operator == "MATCHES"}:
            if path not in self._long:
                query = "SELECT count(*) FROM eav WHERE type = ? AND path = ? AND strlen(s) > ?"
                asked = [path.type, path.text, sql.LONGEST_VALUE]
                (self._long[path],) = self._database.execute(query, asked).fetchone()
            if self._long[path]:
                why = (
                    f"{self._long[path]:,} values in {done.file} are of over {sql.LONGEST_VALUE:,}"
                )
                done.not_evaluated.append((name, f"{why} bytes: it was not looked for in them"))

    def _networks(self, leaf: Observed) -> None:
        """The texts that this observation compares as networks, as intervals."""
        database = self._database
        database.execute(
            "CREATE OR REPLACE TEMP TABLE network (s VARCHAR, first VARCHAR, last VARCHAR)"
        )
        for test in sql.tests(leaf.holds):
            if test.operator not in {"ISSUBSET", "ISSUPERSET"}:
                continue
            query = "SELECT DISTINCT s FROM eav WHERE type = ? AND path = ? AND t = 's'"
            rows = database.execute(query, [test.path.type, test.path.text]).fetchall()
            found = [(s, *ends) for (s,) in rows if s and (ends := values.network(s))]
            if found:
                database.executemany("INSERT INTO network VALUES (?, ?, ?)", found)
