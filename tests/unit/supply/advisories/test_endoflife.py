from __future__ import annotations

import pytest
from shared import real_members

from accord.core.errors import Invalid, Unreadable
from accord.supply.advisories import endoflife
from accord.supply.advisories.facts import LifeCycle

PAGE = """---
title: Gate
permalink: /gate
identifiers:
  - purl: pkg:deb/debian/gate
  - cpe: cpe:2.3:a:acme:gate
  - repology: gate
releases:
  - releaseCycle: "3.10"
    releaseDate: 2030-01-02
    eol: false
    latest: 3.10.1
    latestReleaseDate: 2030-03-04
  - releaseCycle: 3.1
    releaseDate: 2020-01-02
    eol: 2025-06-30
  - releaseCycle: "2"
    releaseDate: 2010-01-02
    eol: true
---

> Text with --- in it.
"""


def cycles(text: str) -> list[LifeCycle]:
    return [fact for fact in endoflife.read(text.encode()).facts if isinstance(fact, LifeCycle)]


def test_an_end_is_a_day_or_past_or_not_announced() -> None:
    found = cycles(PAGE)
    ends = [(one.cycle, one.end, one.ended) for one in found]
    assert ends == [("3.10", "", False), ("3.1", "2025-06-30", False), ("2", "", True)]
    assert found[0].latest == "3.10.1"
    assert {one.released for one in found} == {"2030-01-02", "2020-01-02", "2010-01-02"}


def test_identities_are_packages_without_versions() -> None:
    assert cycles(PAGE)[0].packages == ("pkg:deb/debian/gate", "cpe:a:acme:gate")


def test_the_newest_release_is_the_edition() -> None:
    reading = endoflife.read(PAGE.encode())
    assert (reading.subject, reading.edition) == ("endoflife:gate", "2030-03-04T00:00:00.000000Z")
    without = PAGE.replace("    latestReleaseDate: 2030-03-04\n", "")
    assert endoflife.read(without.encode()).edition == "2030-01-02T00:00:00.000000Z"


def test_bad_items_are_refused_and_neighbours_kept() -> None:
    text = PAGE.replace("2025-06-30", "some day").replace("pkg:deb/debian/gate", "nonsense")
    text = text.replace("  - repology: gate", "  - gate")
    reading = endoflife.read(text.encode())
    assert [one.place for one in reading.refused] == [
        "/identifiers/0",
        "/identifiers/2",
        "/releases/1/eol",
    ]
    assert len(reading.facts) == 2


def test_a_cycle_without_a_name_is_refused() -> None:
    reading = endoflife.read(PAGE.replace('releaseCycle: "2"', "x: 1").encode())
    assert [one.place for one in reading.refused] == ["/releases/2"]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"# no front matter", Invalid),
        (b"---\ntitle: Gate\n---\n", Invalid),
        (b"---\n- a\n---\n", Invalid),
        (PAGE.replace("/gate\n", "/\n", 1).encode(), Invalid),
        (b"---\ntitle: [\n---\n", Unreadable),
        (PAGE.replace("title: Gate", "title: Gate\ntitle: Gate").encode(), Invalid),
        (b"---\na: &x [1]\nb: *x\n---\n", Invalid),
        (b"---\ntitle: \xff\n---\n", Unreadable),
    ],
)
def test_what_is_no_product_is_refused(data: bytes, error: type[Invalid]) -> None:
    with pytest.raises(error):
        endoflife.read(data)


def test_the_real_products() -> None:
    found = [endoflife.read(data) for _, data in real_members("data/eol/endoflife.zip", ".md")]
    assert len(found) == 464
    assert sum(len(reading.facts) for reading in found) == 8351
    assert not any(reading.refused for reading in found)
    assert all(reading.edition for reading in found)
