from __future__ import annotations

import pytest

from accord.core.errors import Invalid, Unreadable
from accord.supply.advisories import epss
from accord.supply.advisories.facts import Epss

HEAD = "#model_version:v2030.01.01,score_date:2030-02-03T00:00:00+0000\ncve,epss,percentile\n"


def test_a_row_is_one_score_of_the_day() -> None:
    reading = epss.read((HEAD + "CVE-2030-0001,0.00043,0.08172\n").encode())
    assert reading.subject == "epss:2030-02-03"
    assert reading.edition == "2030-02-03T00:00:00.000000Z"
    assert reading.facts == [Epss("CVE-2030-0001", "2030-02-03", 0.00043, 0.08172)]
    assert reading.refused == []


@pytest.mark.parametrize(
    "row",
    [
        "CVE-2030-0001,1.1,0.5", "CVE-2030-0001,0.5,1.00001", "CVE-2030-0001,-0.1,0.5",
        "CVE-2030-0001,nan,0.5", "CVE-2030-0001,inf,0.5", "CVE-2030-0001,1e999,0.5",
        "CVE-2030-0001,0_1,0.5", "CVE-2030-0001,0.5", "=cmd|x,0.5,0.5", "CVE-2030-1,0.5,0.5",
        "CVE-2030-0001,0.5,0.5,0.5",
    ],
)  # fmt: skip
def test_a_bad_row_is_refused_with_its_line(row: str) -> None:
    good = "CVE-2030-0002,0.5,0.6"
    reading = epss.read(f"{HEAD}{good}\n{row}\n{good}\n".encode())
    assert [one.place for one in reading.refused] == ["line 4"]
    assert len(reading.facts) == 2


def test_bounds_and_exponents_are_numbers() -> None:
    reading = epss.read((HEAD + "CVE-2030-0001,1,0\r\nCVE-2030-0002,9.5e-05,1.0").encode())
    assert reading.facts == [
        Epss("CVE-2030-0001", "2030-02-03", 1.0, 0.0),
        Epss("CVE-2030-0002", "2030-02-03", 0.000095, 1.0),
    ]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", Invalid),
        (b"cve,epss,percentile\nCVE-2030-0001,0.1,0.2\n", Invalid),
        (HEAD.replace("epss,percentile", "score").encode(), Invalid),
        (HEAD.replace("2030-02-03", "today").encode(), Invalid),
        (HEAD.splitlines()[0].encode(), Invalid),
        (b"\xff\xfe\x00", Unreadable),
    ],
)
def test_without_its_heading_it_is_refused(data: bytes, error: type[Invalid]) -> None:
    with pytest.raises(error):
        epss.read(data)
