"""Whether a version lies within a version range in one line of text."""

from __future__ import annotations

import pytest

from accord.core.errors import Invalid
from accord.supply.matching.vers import events, within
from accord.supply.products.vers import parse


@pytest.mark.parametrize(
    ("text", "version", "expected"),
    [
        ("vers:npm/>=1.0.0|<2.0.0", "1.9.0", "inside"),
        ("vers:npm/>=1.0.0|<2.0.0", "1.10.0", "inside"),
        ("vers:npm/>=1.0.0|<2.0.0", "2.0.0", "outside"),
        ("vers:npm/>=1.0.0|<2.0.0", "latest", "unorderable"),
        ("vers:npm/1.0.0", "v1.0.0+b", "inside"),
        ("vers:npm/1.0.0", "latest", "outside"),
        ("vers:npm/latest|1.0.0", "latest", "inside"),
        ("vers:npm/>=1.0.0|<2.x", "1.0.0", "unorderable"),
        ("vers:deb/<1%3A1.2-1", "1:1.2~rc1-1", "inside"),
        ("vers:deb/<1%3A1.2-1", "1:1.2-1", "outside"),
        ("vers:pypi/>1.0|!=1.5|<=2", "1.5.0", "outside"),
        ("vers:pypi/>1.0|!=1.5|<=2", "2.0.0", "inside"),
        ("vers:pypi/>1.0|!=1.5|<=2", "1", "outside"),
        ("vers:intdot/>=10.2|<10.10", "10.9.1", "inside"),
        ("vers:generic/<=7.1%20SP2", "7.1 SP1", "inside"),
        ("vers:npm/<2.0.0|>=1.0.0", "1.5.0", "inside"),
        ("vers:npm/<2.0.0|>=1.0.0", "0.5.0", "outside"),
        ("vers:npm/<2.0.0|>=1.0.0", "2.0.0", "outside"),
        ("vers:npm/>=2.0.0|<10.0.0|!=9.0.0|<1.0.0", "0.9.0", "inside"),
        ("vers:npm/>=2.0.0|<10.0.0|!=9.0.0|<1.0.0", "1.5.0", "outside"),
        ("vers:npm/>=2.0.0|<10.0.0|!=9.0.0|<1.0.0", "9.0.0", "outside"),
        ("vers:npm/>=2.0.0|<10.0.0|!=9.0.0|<1.0.0", "9.1.0", "inside"),
        ("vers:nginx/>=0.8.40|<1.21.0", "1.20.2", "inside"),
        ("vers:openssl/>=1.0.2|<1.0.2zg", "1.0.2u", "inside"),
        ("vers:all/*", "anything", "inside"),
        ("vers:none/*", "1.0", "outside"),
        ("vers:unheard/>=1", "1", "unorderable"),
        ("vers:unheard/1", "1", "inside"),
        ("vers:unheard/*", "1", "inside"),
    ],
)
def test_within(text: str, version: str, expected: str) -> None:
    assert within(text, version) == expected


def test_refusal() -> None:
    with pytest.raises(Invalid):
        within("1.0 - 2.0", "1.5")


def test_events() -> None:
    ((first, second),) = events(parse("vers:npm/>=1.0.0|<2.0.0"))
    assert (first.kind, first.version, second.kind) == ("introduced", "1.0.0", "fixed")
