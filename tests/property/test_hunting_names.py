"""Names and times in SQL: what is passed over, or read the short way, could not have been found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accord.exchange.hunting import values
from accord.exchange.hunting.plan import Indicator, plan
from accord.identity.markings import Marking, Tlp
from accord.store.hunting import duck
from accord.store.hunting.joining import Joins
from accord.store.hunting.taking import number

pytest.importorskip("duckdb")

_MARK = Marking(Tlp.GREEN)
_LABEL = st.sampled_from(["a", "B", "evil", "EVIL", "example", "x-1", "_tcp", "b\u00fccher"])
_NAME = st.lists(_LABEL, min_size=1, max_size=5).map(".".join)
_WANTED = st.one_of(_NAME, _NAME.map("*.{}".format), _NAME.map("{}.".format))
_BEFORE = st.sampled_from(["", " ", ".", "-", "\u2003"])
_AFTER = st.sampled_from(["", ".", "..", " ", ":53", ".:53", ": ", ":x", "\u3002", ".\u2003"])
_LOGGED = st.one_of(
    st.builds("{}{}{}".format, _BEFORE, _NAME, _AFTER),
    st.lists(st.one_of(_LABEL, st.just("")), max_size=6).map(".".join),
    st.text(max_size=12).filter(lambda one: "\0" not in one),
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    made = duck.connect(tmp_path_factory.mktemp("duck"))
    yield made
    made.close()


def _indicators(names: list[str]) -> list[Indicator]:
    at = "2030-01-01T00:00:00.000000Z"
    return [
        Indicator(
            f"indicator--{n}", "", "", f"[domain-name:value = '{name}']", "stix", at, "", None,
            False, _MARK, "", at,  # noqa: FBT003 - is it revoked
        )
        for n, name in enumerate(names)
    ]  # fmt: skip


def _in_full(database: object, names: list[str], wanted: list[str]) -> set[tuple[int, int]]:
    """Every name in its normal form, beside every one that is looked for."""
    found = set()
    for place, raw in enumerate(names, 1):
        (value,) = database.execute("SELECT logged_domain(?)", [raw]).fetchone()  # type: ignore[attr-defined]
        value = value if raw.isascii() else values.domain(raw) or value
        for nth, one in enumerate(map(values.domain, wanted)):
            if one and (value == one or ("." in one and value.endswith("." + one))):
                found.add((nth, place))
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(_LOGGED, min_size=1, max_size=30), st.lists(_WANTED, min_size=1, max_size=4))
def test_of_names_none_is_missed_and_none_invented(
    database: object, tmp_path_factory: pytest.TempPathFactory, names: list[str], wanted: list[str]
) -> None:
    execute = database.execute  # type: ignore[attr-defined]
    execute("CREATE OR REPLACE TEMP TABLE records (seen TIMESTAMPTZ, query VARCHAR)")
    database.executemany("INSERT INTO records VALUES (NULL, ?)", [[one] for one in names])  # type: ignore[attr-defined]
    number(database)
    joins = Joins(database, plan(_indicators(wanted)), tmp_path_factory.getbasetemp())
    joins.search({"query"})
    found = set(execute("SELECT number, n FROM hit").fetchall())
    assert found == _in_full(database, names, wanted)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(_LOGGED)
def test_a_plain_name_is_brought_to_its_form_by_small_letters_alone(
    database: object, name: str
) -> None:
    query = "SELECT plain_domain(x), lower(x), logged_domain(x) FROM (SELECT ?::VARCHAR AS x)"
    plain, small, whole = database.execute(query, [name]).fetchone()  # type: ignore[attr-defined]
    assert not plain or small == whole


_TIMES = [
    "infinity", "-infinity", "nan", "-1", "1e400", "1e300", "1e20", "0", "1893456000.5", "+5",
    " 5 ", "1893456000500", "2030-01-01 00:00:00,5", "2030-01-01T00:00:00Z", "20300101", "",
    "epoch", "x", "0001-01-01", "0001-01-01 (BC)", "9999-12-31 23:59:59.999999", "10000-01-01",
    "-20300101", None,
]  # fmt: skip


@pytest.mark.parametrize("said", _TIMES)
def test_a_time_is_its_number_or_else_its_text(database: object, said: str | None) -> None:
    both = (
        "coalesce(epoch_time(try_cast(x AS DOUBLE)),"
        " true_time(try_cast(replace(x, ',', '.') AS TIMESTAMPTZ)))"
    )
    query = f"SELECT epoch_us(logged_time(x)), epoch_us({both}) FROM (SELECT ?::VARCHAR AS x)"
    short, long = database.execute(query, [said]).fetchone()  # type: ignore[attr-defined]
    assert short == long
