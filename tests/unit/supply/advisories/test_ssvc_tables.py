from __future__ import annotations

import pytest
from shared import real_members

from accord.core.errors import Invalid, Unreadable
from accord.supply.advisories import ssvc_tables
from accord.supply.advisories.facts import DecisionTable

TABLE = """row,Exploitation v1.1.0,System Exposure v1.0.1,"Go, Wait v1.2.3 (acme)"
0,none,small,wait
1,Active,open,GO
"""


def test_a_table_by_inputs_and_outcome() -> None:
    reading = ssvc_tables.read(TABLE.encode())
    assert reading.facts == [
        DecisionTable(
            "Go, Wait",
            "1.2.3",
            ("exploitation", "system exposure"),
            (("none", "small", "wait"), ("active", "open", "go")),
        )
    ]
    assert reading.edition == "000000000001.000000000002.000000000003"
    assert reading.subject == "ssvc:Go, Wait (exploitation, system exposure)"


def test_tables_with_one_outcome_and_other_inputs_are_not_rivals() -> None:
    other = TABLE.replace("System Exposure", "Utility")
    first, second = ssvc_tables.read(TABLE.encode()), ssvc_tables.read(other.encode())
    assert first.subject != second.subject


def test_rows_that_cannot_stand_are_refused() -> None:
    extra = "2,none,small,go\n3,none,open\n4,none,,go\n\n5,none,open,wait\n"
    reading = ssvc_tables.read((TABLE + extra).encode())
    assert [one.place for one in reading.refused] == ["line 4", "line 5", "line 6"]
    (table,) = reading.facts
    assert isinstance(table, DecisionTable)
    assert table.rows == (
        ("none", "small", "wait"),
        ("active", "open", "go"),
        ("none", "open", "wait"),
    )


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", Invalid),
        (b"a,b,c\n", Invalid),
        (b"row,Exploitation v1.0.0,Outcome v1.0.0\n", Invalid),
        (b"row,Exploitation,Outcome v1.0.0\n0,a,b\n", Invalid),
        (b'row,"Exploitation v1.0.0,Outcome', Unreadable),
        (b"\xff", Unreadable),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, error: type[Invalid]) -> None:
    with pytest.raises(error):
        ssvc_tables.read(data)


def test_the_real_tables() -> None:
    found = [
        ssvc_tables.read(data) for _, data in real_members("data/ssvc/decision-tables.zip", ".csv")
    ]
    assert len({reading.subject for reading in found}) == 9
    assert not any(reading.refused for reading in found)
    rows = {
        fact.name: len(fact.rows)
        for reading in found
        for fact in reading.facts
        if isinstance(fact, DecisionTable)
    }
    assert rows["CISA Levels"] == 36
