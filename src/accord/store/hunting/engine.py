"""`accord.flows.hunting.port.Engine` in DuckDB.

Law (cost): of each kind the values of all indicators are one table, which is joined once with what
a log holds of that kind; a million indicators cost about what one does.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec

from accord.core.errors import AccordError, Invalid
from accord.core.show import printable
from accord.exchange.hunting import sql, values
from accord.exchange.hunting.patterns import Observed
from accord.exchange.hunting.plan import Plan, Rest
from accord.exchange.hunting.sql import text
from accord.flows.hunting.port import Hit, Mapping, Searched, Trouble
from accord.store.hunting import readers
from accord.store.hunting.columns import LISTS, NAMES, OBSERVABLES, SOURCES, TRAFFIC

_TOLD: Final = 20
"""Lines that could not be read, of each log, that are told one by one."""
_MOST_ROWS: Final = 2_000
"""Records that match one part of a pattern of several parts."""
_COLUMNS: Final = (*NAMES, "url_host", "ips", "domains", "urls", "mails")
_MACROS: Final = r"""
CREATE OR REPLACE MACRO bare_url(u) AS
    regexp_replace(split_part(trim(u), '#', 1), '^[A-Za-z][A-Za-z0-9+.-]*://', '');
CREATE OR REPLACE MACRO url_of(u) AS
    regexp_replace(lower(regexp_extract(u, '^[^/?]*')), ':(80|443)$', '');
CREATE OR REPLACE MACRO url_path(u) AS coalesce(nullif(regexp_extract(u, '[/?].*$'), ''), '/');
CREATE OR REPLACE MACRO logged_url(x) AS url_of(bare_url(x))
    || coalesce(TRY(url_decode(url_path(bare_url(x)))), url_path(bare_url(x)));
CREATE OR REPLACE MACRO logged_domain(x) AS
    rtrim(regexp_replace(lower(trim(x)), ':[0-9]+$', ''), '.');
CREATE OR REPLACE MACRO logged_hash(x) AS lower(trim(regexp_replace(x, '^[A-Za-z0-9-]+=', '')));
CREATE OR REPLACE MACRO logged_mail(x) AS
    lower(trim(regexp_extract(x, '([^<>\s]+@[^<>\s]+)', 1)));
CREATE OR REPLACE MACRO logged_file(x) AS lower(regexp_extract(trim(x), '[^/\\]+$'));
CREATE OR REPLACE MACRO octet(x, place) AS split_part(x, '.', place)::BIGINT;
CREATE OR REPLACE MACRO digits(x) AS
    CASE WHEN regexp_full_match(x, '[0-9]{1,3}(\.[0-9]{1,3}){3}')
    THEN format('00000000000000000000ffff{:08x}',
        octet(x, 1) * 16777216 + octet(x, 2) * 65536 + octet(x, 3) * 256 + octet(x, 4)) END;
"""


class Missing(AccordError):
    """DuckDB is not installed."""


class DuckEngine:
    """Logs in DuckDB, and the archive in a folder of the node."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._scratch = tempfile.TemporaryDirectory(prefix="accord-hunt-")
        self._plan = Plan([], [], [], [], [])
        self._labels: list[int] = []

    @cached_property
    def _database(self) -> Any:  # noqa: ANN401 - DuckDB has no types
        try:
            import duckdb  # noqa: PLC0415 - an extra
        except ImportError as wrong:
            raise Missing("hunting needs DuckDB: install accord with the extra `hunt`") from wrong
        database = duckdb.connect(config={"autoinstall_known_extensions": "false"})
        database.execute(f"SET temp_directory = {text(self._scratch.name)}")
        database.execute("SET TimeZone = 'UTC'")
        database.execute(_MACROS)
        return database

    def close(self) -> None:
        """Give back memory and space."""
        self._scratch.cleanup()

    def begin(self, plan: Plan) -> None:
        """Take up what is looked for."""
        self._plan = plan
        lines = (
            f"{one.kind}\t{one.value}\t{one.side}\t{one.number}\n"
            for one in plan.exact
            if "\t" not in one.value and "\n" not in one.value
        )
        file = Path(self._scratch.name) / "values"
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

    def search(
        self, path: Path, name: str, mapping: Mapping | None, since: str, *, keep: bool
    ) -> Searched:
        """Look through one log; `keep` archives it. A bad log raises nothing."""
        done = Searched(name, "", "")
        try:
            done.digest = _digest(path)
            whole, cut = readers.unpacked(path, Path(self._scratch.name))
            if cut:
                done.troubles.append(Trouble(name, 0, cut))
            self._read(whole, mapping, done)
        except (Invalid, OSError) as wrong:
            done.troubles.append(Trouble(name, 0, str(wrong)))
            return done
        except self._failures as wrong:
            done.troubles.append(Trouble(name, 0, _reason(wrong)))
            return done
        finally:
            for left in ("unpacked", "unrolled", "cleaned", "log"):
                (Path(self._scratch.name) / left).unlink(missing_ok=True)
        if keep and done.records:
            self._keep(done.digest)
        self._hunt(since, done)
        return done

    def _read(self, whole: Path, mapping: Mapping | None, done: Searched) -> None:
        source = readers.source(whole, mapping, self._columns)
        done.format = source.format
        try:
            self._take(source, done)
        except self._failures:
            if source.format == "Parquet":
                raise
            clean, bad = readers.cleaned(whole, Path(self._scratch.name))
            self._take(readers.source(clean, mapping, self._columns), done)
            done.refused += len(bad)
            done.troubles += [Trouble(done.file, line, "not text") for line in bad[:_TOLD]]

    @property
    def _failures(self) -> tuple[type[Exception], ...]:
        import duckdb  # noqa: PLC0415 - an extra

        return (duckdb.Error,)

    def _columns(self, relation: str) -> list[str]:
        found = self._database.execute(f"SELECT * FROM {relation} LIMIT 0").description
        return [str(one[0]) for one in found]

    def _take(self, source: readers.Source, done: Searched) -> None:
        """The records of a log in the columns that they have here."""
        database = self._database
        for table in ("reject_errors", "reject_scans"):
            database.execute(f"DROP TABLE IF EXISTS {table}")
        bad = source.bad or "FALSE"
        chosen = ", ".join(
            f"{said} AS raw_{name}" for name, said in source.columns.items() if name in _COLUMNS
        )
        every = ", ".join(["n", *self._expressions(set(source.columns))])
        database.execute(
            f"CREATE OR REPLACE TEMP TABLE rec AS SELECT {every}, bad FROM (SELECT row_number()"
            f" OVER () AS n, {bad} AS bad{', ' + chosen if chosen else ''} FROM {source.relation})"
        )
        if source.bad:
            wrong = database.execute("SELECT n FROM rec WHERE bad ORDER BY n").fetchall()
            done.refused += len(wrong)
            done.troubles += [Trouble(done.file, n, "not JSON") for (n,) in wrong[:_TOLD]]
            database.execute("DELETE FROM rec WHERE bad")
        database.execute("ALTER TABLE rec DROP COLUMN bad")
        (done.records,) = database.execute("SELECT count(*) FROM rec").fetchone()
        self._rejected(done)

    def _rejected(self, done: Searched) -> None:
        database = self._database
        there = database.execute(
            "SELECT 1 FROM duckdb_tables() WHERE table_name = 'reject_errors'"
        ).fetchone()
        if there is None:
            return
        (count,) = database.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchone()
        done.refused += count
        query = (
            "SELECT line, any_value(lower(CAST(error_type AS VARCHAR))) FROM reject_errors"
            f" GROUP BY line ORDER BY line LIMIT {_TOLD}"
        )
        done.troubles += [Trouble(done.file, *row) for row in database.execute(query).fetchall()]

    def _expressions(self, there: set[str]) -> Iterator[str]:
        for name in _COLUMNS:
            if name == "seen":
                yield (
                    "coalesce(to_timestamp(try_cast(raw_seen AS DOUBLE)),"
                    " try_cast(replace(raw_seen, ',', '.') AS TIMESTAMPTZ)) AS seen"
                    if name in there
                    else "NULL::TIMESTAMPTZ AS seen"
                )
            elif name == "url" and "uri" in there:
                whole = "raw_host || raw_uri" if "host" in there else "NULL"
                said = f"coalesce(raw_url, {whole})" if "url" in there else whole
                yield f"{said} AS url"
            elif name == "url" and there >= {"url", "host"}:
                yield (
                    "CASE WHEN starts_with(raw_url, '/') THEN raw_host || raw_url"
                    " ELSE raw_url END AS url"
                )
            elif name == "url_host" and "url" in there:
                yield "nullif(regexp_extract(bare_url(raw_url), '^[^/?]*'), '') AS url_host"
            elif name in there:
                yield f"raw_{name} AS {name}"

    def _keep(self, digest: str) -> None:
        """Into the archive, for later indicators; readable by the node alone."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = self._folder / f"{digest}.parquet"
        if not target.exists():
            part = target.with_suffix(".part")
            part.touch(mode=0o600)
            self._database.execute(
                f"COPY rec TO {text(str(part))} (FORMAT parquet, COMPRESSION zstd)"
            )
            part.chmod(0o600)
            part.replace(target)

    def archived(self) -> list[tuple[str, Path]]:
        """Digest of the log, and file, of everything in the archive."""
        return [(path.stem, path) for path in sorted(self._folder.glob("*.parquet"))]

    def search_again(self, digest: str, path: Path, since: str) -> Searched:
        """Look through a log of the archive."""
        done = Searched(f"archive {digest[:12]}", "Parquet", digest)
        try:
            self._database.execute(
                f"CREATE OR REPLACE TEMP TABLE rec AS SELECT * FROM read_parquet({text(str(path))})"
            )
        except self._failures as wrong:
            done.troubles.append(Trouble(done.file, 0, _reason(wrong)))
            return done
        (done.records,) = self._database.execute("SELECT count(*) FROM rec").fetchone()
        self._hunt(since, done)
        return done

    @property
    def _state(self) -> Path:
        return self._folder / "hunted.json"

    def hunted(self, digest: str) -> str:
        """Up to when indicators were learned that an archived log was searched for."""
        return str(self._hunted().get(digest, ""))

    def _hunted(self) -> dict[str, str]:
        try:
            return msgspec.json.decode(self._state.read_bytes(), type=dict[str, str])
        except (OSError, msgspec.MsgspecError):
            return {}

    def note(self, digests: Sequence[str], learned: str) -> None:
        """Remember that these were searched for all indicators learned until then."""
        known = self._hunted() | dict.fromkeys(digests, learned)
        here = {digest for digest, _ in self.archived()}
        if here:
            part = self._state.with_suffix(".part")
            part.write_text(json.dumps({one: at for one, at in known.items() if one in here}))
            part.replace(self._state)

    def _hunt(self, since: str, done: Searched) -> None:
        database = self._database
        try:
            if since:
                database.execute(f"DELETE FROM rec WHERE seen < {text(since)}::TIMESTAMPTZ")
            database.execute(
                "CREATE OR REPLACE TEMP TABLE hit (number INTEGER, kind VARCHAR, value VARCHAR,"
                " told VARCHAR, n BIGINT, seen TIMESTAMPTZ)"
            )
            here = set(self._columns("rec"))
            for kind in values.KINDS:
                for column, side in SOURCES[kind]:
                    if column in here:
                        self._join(kind, column, side)
            done.hits += self._hits()
            done.totals |= self._totals()
            if self._plan.rest:
                self._observe(here)
                for rest in self._plan.rest:
                    self._match(rest, done)
        except self._failures as wrong:
            done.troubles.append(Trouble(done.file, 0, _reason(wrong)))

    def _join(self, kind: str, column: str, side: str) -> None:
        """One column of the log with every indicator of a kind."""
        if kind == "ip":
            self._join_addresses(column, side)
            return
        (any_,) = self._database.execute(f"SELECT count(*) FROM wanted_{kind}").fetchone()
        if not any_:
            return
        logged = _logged(column)
        self._database.execute(
            f"CREATE OR REPLACE TEMP TABLE name AS SELECT raw, logged_{kind}(raw) AS value FROM"
            f" (SELECT DISTINCT raw FROM {logged} WHERE raw <> '')"
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
        self._found(query, kind, logged, side)

    def _found(self, query: str, kind: str, logged: str, side: str) -> None:
        self._database.execute(f"CREATE OR REPLACE TEMP TABLE match AS {query}")
        wanted_side = f" WHERE m.side = '' OR m.side = '{side}'"
        (count,) = self._database.execute("SELECT count(*) FROM match").fetchone()
        if count:
            self._database.execute(
                f"INSERT INTO hit SELECT number, '{kind}', value, told, n, seen FROM {logged} r"
                f" JOIN match m ON m.raw = r.raw{wanted_side}"
            )

    def _join_addresses(self, column: str, side: str) -> None:
        logged = _logged(column)
        database = self._database
        database.execute(
            "INSERT INTO hit SELECT number, 'ip', value, value, n, seen"
            f" FROM {logged} r JOIN wanted_ip w ON w.value = r.raw"
            f" WHERE w.side = '' OR w.side = '{side}'"
        )
        ranges = bool(self._plan.ranges)
        six = database.execute(
            f"SELECT DISTINCT raw FROM {logged} WHERE contains(raw, ':')"
        ).fetchall()
        spelled = []
        for (raw,) in six:
            found = values.network(raw) if "/" not in raw else None
            if found is not None:
                spelled.append((raw, values.ip(raw), found[0]))
        database.execute(
            "CREATE OR REPLACE TEMP TABLE spelled (raw VARCHAR, value VARCHAR, digits VARCHAR)"
        )
        if spelled:
            database.executemany("INSERT INTO spelled VALUES (?, ?, ?)", spelled)
            query = (
                "SELECT s.raw, w.value, w.value AS told, number, side FROM spelled s"
                " JOIN wanted_ip w ON w.value = s.value WHERE s.raw <> s.value"
            )
            self._found(query, "ip", logged, side)
        if ranges:
            database.execute(
                "CREATE OR REPLACE TEMP TABLE place AS SELECT raw, value, digits FROM spelled"
                f" UNION ALL SELECT raw, raw, digits(raw) FROM (SELECT DISTINCT raw FROM {logged})"
                " WHERE digits(raw) IS NOT NULL"
            )
            query = (
                "SELECT p.raw, p.value, r.told, r.number, r.side FROM (SELECT p.raw, p.value,"
                " g.first FROM place p ASOF JOIN segment g ON p.digits >= g.first) p"
                " JOIN wanted_range r ON r.first <= p.first AND r.last >= p.first"
            )
            self._found(query, "ip", logged, side)

    def _hits(self) -> list[Hit]:
        rows = self._database.execute(
            "SELECT number, kind, value, any_value(told), count(DISTINCT n),"
            " min(epoch_us(seen)), max(epoch_us(seen)), min(n)"
            " FROM hit GROUP BY number, kind, value ORDER BY number, kind, value"
        ).fetchall()
        return [
            Hit(number, kind, value, told, count, _moment(first), _moment(last), n)
            for number, kind, value, told, count, first, last, n in rows
        ]

    def _totals(self) -> dict[int, int]:
        query = "SELECT number, count(DISTINCT n) FROM hit GROUP BY number"
        return dict(self._database.execute(query).fetchall())

    def _observe(self, here: set[str]) -> None:
        """The records as values of STIX observables, made only where a pattern asks for them."""
        parts = []
        for column, thing, type_, path, sort in OBSERVABLES:
            if column not in here:
                continue
            logged = _logged(column)
            kind = (
                text(type_)
                if type_
                else ("CASE WHEN contains(raw, ':') THEN 'ipv6-addr' ELSE 'ipv4-addr' END")
            )
            raw = "lower(raw)" if type_ == TRAFFIC and path.startswith("protocols") else "raw"
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
                f" '{sort}' AS t, {value} FROM {logged} WHERE raw IS NOT NULL AND raw <> ''"
            )
        for column, end in (("src_ip", "src_ref"), ("dst_ip", "dst_ref")):
            if column in here:
                parts.append(
                    f"SELECT n, seen, 'traffic', '{TRAFFIC}', '{end}.type', 's',"
                    " CASE WHEN contains(raw, ':') THEN 'ipv6-addr' ELSE 'ipv4-addr' END, NULL"
                    f" FROM {_logged(column)} WHERE raw IS NOT NULL"
                )
        empty = (
            "SELECT 0 AS n, NULL::TIMESTAMPTZ AS seen, '' AS thing, '' AS type, '' AS path,"
            " '' AS t, '' AS s, NULL::DOUBLE AS f WHERE FALSE"
        )
        every = " UNION ALL ".join(parts or [empty])
        self._database.execute(f"CREATE OR REPLACE TEMP VIEW eav AS {every}")

    def _match(self, rest: Rest, done: Searched) -> None:
        """One pattern that is more than values."""
        database, indicator = self._database, self._plan.indicators[rest.number]
        names = []
        several = not isinstance(rest.tree, Observed)
        try:
            for number, leaf in enumerate(sql.leaves(rest.tree)):
                self._networks(leaf)
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
        except self._failures as wrong:
            done.not_evaluated.append((indicator.id, _reason(wrong)))
            return
        if row is not None and row[0]:
            done.hits.append(
                Hit(
                    rest.number, "pattern", "", "", row[0], _moment(row[1]), _moment(row[2]), row[3]
                )
            )

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


def _logged(column: str) -> str:
    """One row a value of a column."""
    if column in LISTS:
        return f"(SELECT n, seen, unnest({column}) AS raw FROM rec)"
    return f"(SELECT n, seen, {column} AS raw FROM rec)"


def _last_labels(count: int) -> str:
    """So many labels of a name, from its end; null where it has fewer."""
    if count == 1:
        return "CASE WHEN NOT contains(value, '.') THEN value END"
    labels = r"[^.]+(\.[^.]+)" + f"{{{count - 1}}}$"
    return f"nullif(regexp_extract(value, '{labels}'), '')"


def _moment(micros: int | None) -> str:
    if micros is None:
        return ""
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415 - only where something was seen

    try:
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    except OverflowError:
        return ""
    return f"{at.isoformat(timespec='microseconds')[:26]}Z"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _reason(wrong: Exception) -> str:
    return printable(str(wrong).partition("\n")[0])[:200]
