"""Version ranges in one line of text, parsed."""

from __future__ import annotations

import pytest

from accord.core.errors import Invalid, TooLarge
from accord.supply.products.vers import Vers, parse


def pairs(text: str) -> list[str]:
    """Each range as one text."""
    return [" ".join(f"{kind}={version}" for kind, version in one) for one in parse(text).ranges]


def test_ranges_and_versions() -> None:
    found = parse("vers:npm/1.0.0|>=2.0.0|<3.0.0|=4.0.0|>5")
    assert found == Vers(
        "npm",
        ((("introduced", "2.0.0"), ("fixed", "3.0.0")), (("after", "5"),)),
        ("1.0.0", "4.0.0"),
    )


def test_what_begins_with_an_end_begins_at_the_beginning() -> None:
    assert pairs("vers:pypi/<=1.2|>=2|<3") == [
        "introduced=0 last_affected=1.2",
        "introduced=2 fixed=3",
    ]


def test_everything_and_nothing() -> None:
    assert pairs("vers:all/*") == pairs("vers:npm/*") == ["introduced=0"]
    assert parse("vers:none/*") == Vers("none")


def test_excluded_versions() -> None:
    assert pairs("vers:npm/!=1.5") == ["introduced=0 fixed=1.5", "after=1.5"]
    assert pairs("vers:npm/>=1|!=1.5|<2") == ["introduced=1 fixed=1.5", "after=1.5 fixed=2"]
    assert pairs("vers:npm/>=1|<2|!=3|>=4") == ["introduced=1 fixed=2", "introduced=4"]


def test_redundant_bounds() -> None:
    assert pairs("vers:npm/>=1|>2|<3") == ["introduced=1 fixed=3"]
    assert pairs("vers:npm/>=1|<2|<=3") == ["introduced=1 last_affected=3"]
    assert pairs("vers:npm/<1|!=1.5|<2") == ["introduced=0 fixed=1.5", "after=1.5 fixed=2"]


def test_encoding_space_and_case() -> None:
    assert parse(" VERS:Deb/ >= 1%3A2.0%7Crc | < 3 ").ranges == (
        (("introduced", "1:2.0|rc"), ("fixed", "3")),
    )
    assert pairs("vers:npm/|>=1|") == ["introduced=1"]


@pytest.mark.parametrize(
    "text",
    [
        "", "npm/1.0", "vers:npm", "vers:npm/", "vers:/1.0", "vers:npm/>=", "vers:npm/1||2",
        "vers:npm/*|1.0", "vers:npm/1|=1", "vers:npm/>=1|<1", "vers:npm/1.%zz", "vers:npm/=>1",
        "vers:all/1.0", "vers:none/1.0", "vers:npm/1.*", "vers:n pm/1", "pkg:npm/a@1",
    ],
)  # fmt: skip
def test_refusal(text: str) -> None:
    with pytest.raises(Invalid):
        parse(text)


def test_too_large() -> None:
    with pytest.raises(TooLarge):
        parse("vers:npm/" + "|".join(map(str, range(5000))))
    with pytest.raises(TooLarge):
        parse("vers:npm/" + "1" * 70_000)
