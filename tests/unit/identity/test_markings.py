from __future__ import annotations

import json
import zipfile
from itertools import product

import pytest
import stix2
from hypothesis import given
from hypothesis import strategies as st
from shared import real

from accord.core.errors import Invalid
from accord.identity.markings import (
    STIX_TLP,
    STRICTEST,
    UNMARKED,
    Marking,
    Pap,
    Tlp,
    definition,
    from_tags,
    marking_id,
    parse_pap,
    parse_tlp,
    strictest,
    tags,
)

DATES = st.sampled_from(
    ["", "2026-01-01T00:00:00.000000Z", "2026-06-01T00:00:00.000000Z"],
)
MARKINGS = st.builds(Marking, st.sampled_from(Tlp), st.sampled_from(Pap), DATES, DATES)


def test_canonical_identifiers() -> None:
    assert {
        name.removeprefix("marking-definition--")[:8]: tlp for name, tlp in STIX_TLP.items()
    } == {
        "94868c89": Tlp.CLEAR,
        "bab4a63c": Tlp.GREEN,
        "55d920b0": Tlp.AMBER,
        "939a9414": Tlp.AMBER_STRICT,
        "e828b379": Tlp.RED,
        "613f2e26": Tlp.CLEAR,
        "34098fce": Tlp.GREEN,
        "f88d31f6": Tlp.AMBER,
        "5e57c739": Tlp.RED,
    }


@pytest.mark.parametrize("tlp", Tlp)
def test_what_is_written_is_read(tlp: Tlp) -> None:
    assert STIX_TLP[marking_id(tlp)] is tlp
    assert parse_tlp(tlp.word) is parse_tlp(tlp.label) is parse_tlp(tlp.label.lower()) is tlp
    assert definition(tlp)["id"] == marking_id(tlp)


def test_first_tlp_is_as_another_library_has_it() -> None:
    assert STIX_TLP[stix2.TLP_WHITE["id"]] is Tlp.CLEAR
    assert STIX_TLP[stix2.TLP_GREEN["id"]] is Tlp.GREEN
    assert STIX_TLP[stix2.TLP_AMBER["id"]] is Tlp.AMBER
    assert STIX_TLP[stix2.TLP_RED["id"]] is Tlp.RED


@given(st.lists(MARKINGS, min_size=1, max_size=5))
def test_the_most_restrictive_wins(markings: list[Marking]) -> None:
    whole = strictest(markings)
    assert whole.tlp == max(one.tlp for one in markings)
    assert whole.pap == max(one.pap for one in markings)
    assert whole.release_at == max(one.release_at for one in markings)
    ends = {one.expires for one in markings} - {""}
    assert whole.expires == (min(ends) if ends else "")
    assert strictest([whole, *markings]) == strictest(reversed(markings)) == whole


def test_nothing_means_nothing() -> None:
    assert strictest([]) == STRICTEST == Marking(Tlp.RED, Pap.RED)


@pytest.mark.parametrize("text", ["", "TLP:", "orange", "AMBER+", "RED ALERT", "TLP:TLP:RED", "4"])
def test_no_colour(text: str) -> None:
    with pytest.raises(Invalid, match="TLP colour"):
        parse_tlp(text)
    with pytest.raises(Invalid, match="PAP colour"):
        parse_pap(text)


@pytest.mark.parametrize(
    ("listed", "marking"),
    [
        (["tlp:amber+strict"], Marking(Tlp.AMBER_STRICT)),
        (["tlp:white"], Marking(Tlp.CLEAR)),
        (["TLP:GREEN", "tlp:red", "osint:source-type"], Marking(Tlp.RED)),
        (["PAP:RED", "tlp:clear"], Marking(Tlp.CLEAR, Pap.RED)),
        (["pap:white", "PAP:AMBER", "tlp:green"], Marking(Tlp.GREEN, Pap.AMBER)),
        (["PAP:GREEN"], Marking(UNMARKED, Pap.GREEN)),
        (["tlpx:red", "papaya", "type:OSINT", "http-lp", "日本語", "ТЛП"], None),
    ],
)
def test_tags(listed: list[str], marking: Marking | None) -> None:
    assert from_tags(listed) == (marking, ())


@pytest.mark.parametrize(
    "tag", ["tlp:ex:chr", "tlp:unclear", "tlp:", "TLP amber", "tlp-red", "pap:violet", "tlp:am ber"]
)
def test_tags_that_are_not_known_are_told(tag: str) -> None:
    assert from_tags([tag]) == (None, (tag,))
    assert from_tags(["tlp:clear", tag]) == (Marking(Tlp.CLEAR), (tag,))


@pytest.mark.parametrize(("tlp", "pap"), list(product(Tlp, Pap)))
def test_tags_written_are_read(tlp: Tlp, pap: Pap) -> None:
    assert from_tags(tags(Marking(tlp, pap))) == (Marking(tlp, pap), ())
    found, unknown = from_tags(tags(Marking(tlp, pap), old=True))
    assert not unknown
    assert found is not None
    assert found.tlp >= tlp


def test_old_tags_have_no_strict_amber() -> None:
    assert tags(Marking(Tlp.AMBER_STRICT), old=True) == ("tlp:red",)
    assert tags(Marking(Tlp.CLEAR, Pap.RED), old=True) == ("tlp:white", "PAP:RED")


def test_every_tag_of_the_real_taxonomies() -> None:
    with zipfile.ZipFile(real("data/threat/misp-taxonomies-tlp-pap.zip")) as archive:
        real_tags = [
            f"{taxonomy['namespace']}:{predicate['value']}"
            for name in archive.namelist()
            for taxonomy in (json.loads(archive.read(name)),)
            for predicate in taxonomy["predicates"]
        ]
    unknown = {tag for tag in real_tags if from_tags([tag])[1]}
    assert unknown == {"tlp:ex:chr", "tlp:unclear"}
    assert len(real_tags) == 13
