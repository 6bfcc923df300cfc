"""Questions and words as statements: what is read is what was said, and nothing else is read."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest
from asking_made import AT, question, said

from accord.core.errors import Invalid
from accord.demand.private.asking import question as questions
from accord.demand.private.asking import share as shares
from accord.demand.private.asking import word as words
from accord.demand.private.asking.facts import PoolQuestion, PoolShare
from accord.flows.recognise import recognise

TOTALS = question(kind="totals", agencies=4, of=question().id, currency="USD")
ASKED: dict[str, Any] = {"requirements": ("ssdf@1.1#PO.1.1", "ssdf@1.1#PS.3.1")}
RANKING = question(kind="ranking", agencies=3, of=question().id, first=5, currency="USD", **ASKED)
ABOUT: dict[str, Any] = {"agencies": 3, "of": "common-1", "currency": "USD"}


@pytest.mark.parametrize("asked", [question(), TOTALS, RANKING], ids=lambda one: one.kind)
def test_round_trip(asked: questions.Question) -> None:
    data = questions.write(asked)
    assert recognise(data) == questions.KIND
    (fact,) = questions.read(data).facts
    assert isinstance(fact, PoolQuestion)
    assert questions.known(fact) == asked
    assert fact.question == asked.id


def test_the_name_follows_from_every_member() -> None:
    whole = {field: getattr(TOTALS, field) for field in TOTALS.__struct_fields__}
    others = {"kind": "ranking", "items": "components", "partners": TOTALS.partners[::-1]}
    for field, value in whole.items():
        other = others.get(field, value + 1 if isinstance(value, int) else f"{value}x")
        other = ("ssdf@1.1#PO.1.1",) if field == "requirements" else other
        assert msgspec.structs.replace(TOTALS, **{field: other}).id != TOTALS.id


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"kind": "sums"}, "none of common, totals, ranking"),
        ({"items": "people"}, "none of suppliers, components"),
        ({"purpose": " "}, "for what purpose"),
        ({"purpose": "a\nb"}, "line break"),
        ({"purpose": "x" * 1001}, "limit is 1,000"),
        ({"partners": ("australia", "australia", "japan")}, "each once"),
        ({"partners": ("Australia", "india", "japan")}, "short names"),
        ({"partners": ("india", "japan", "united-states")}, "whoever asks takes part"),
        ({"partners": ("australia", "india"), "least": 2}, "3 to 8"),
        ({"least": 1}, "threshold of 1"),
        ({"least": 5}, "threshold of 5"),
        ({"size": 123}, "none of the sizes"),
        ({"size": 200_000}, "ask for a smaller size"),
        ({"deadline": "2026-04-01"}, "not written as"),
        ({"deadline": "2026-02-01T00:00:00.000000Z"}, "past when it is proposed"),
        ({"agencies": 3}, "counted by partners alone"),
        ({"first": 1}, "counted by partners alone"),
        ({"kind": "totals", "agencies": 3}, "answer to a `common`"),
        ({"kind": "totals", "agencies": 2, "of": "common-1"}, "between 3 and"),
        ({"currency": "USD"}, "counted by partners alone"),
        ({"kind": "totals", **ABOUT, "first": 2}, "opens 1 to"),
        ({"kind": "totals", **ABOUT, "currency": "usd"}, "ISO 4217"),
        ({"kind": "totals", **ABOUT, **ASKED}, "1 to 200 requirements"),
        ({"kind": "ranking", **ABOUT}, "1 to 200 requirements"),
        ({"kind": "ranking", **ABOUT, **ASKED}, "opens 1 to"),
        ({"kind": "ranking", **ABOUT, "requirements": ("PO.1",), "first": 1}, "each once"),
        (
            {"kind": "ranking", **ABOUT, **ASKED, "first": 1, "items": "components"},
            "put to suppliers",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(more: dict[str, Any], told: str) -> None:
    with pytest.raises(Invalid, match=told):
        questions.write(question(**more))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("No holder is told", "Everything is told"),
        ("Two of australia, india and japan", "All of the partners"),
        ('"cost": 1', '"cost": 0'),
        ('"least": 3', '"least": 4'),
        ('"id": "common-', '"id": "common-0'),
    ],
)
def test_nothing_is_asked_in_other_words(before: str, after: str) -> None:
    data = questions.write(question()).decode()
    assert before in data
    with pytest.raises(Invalid):
        questions.read(data.replace(before, after).encode())


def test_where_every_partner_holds_what_comes_out_it_says_so() -> None:
    assert "held by every partner" in question(least=4).opens
    assert "held by every partner" not in question(least=3).opens


def test_two_of_those_that_compute_suffice_and_it_says_so() -> None:
    assert question().trust == (
        "Two of australia, india and japan suffice to see everything that anybody puts in"
    )
    assert "Any 2 of the partners" in TOTALS.trust
    assert "any 3 of the 4 can subtract themselves" in TOTALS.opens


def test_words_round_trip() -> None:
    for what in words.WORDS:
        fact = said(question(), "japan", what)
        data = words.write(fact)
        assert recognise(data) == words.KIND
        assert words.read(data).facts == [fact]


@pytest.mark.parametrize(
    ("what", "more"),
    [
        ("approve", {"commitment": ""}), ("approve", {"commitment": "A" * 64}),
        ("release", {"commitment": "a" * 64}), ("decline", {"why": " "}), ("end", {"why": ""}),
        ("approve", {"person": " "}), ("approve", {"question": "common"}), ("maybe", {}),
        ("release", {"commitment": "a"}), ("release", {"at": "2026-03-01"}),
        ("approve", {"address": "host"}), ("approve", {"address": "host:0"}),
        ("approve", {"address": "host:70000"}), ("approve", {"address": "a b:1"}),
        ("approve", {"certificate": "!"}), ("approve", {"certificate": ""}),
        ("decline", {"address": "host:1"}),
    ],
)  # fmt: skip
def test_a_word_that_says_nothing_is_refused(what: str, more: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        words.write(said(question(), "japan", what, **more))


def test_a_share_round_trips_and_is_written_in_one_form() -> None:
    first, second = bytes(range(256)), b"x" * 256
    data = shares.write(question().id, "japan", (first, second), AT)
    assert recognise(data) == shares.KIND
    (fact,) = shares.read(data).facts
    assert (shares.part(data), fact) == (
        first,
        PoolShare(question().id, "japan", hashlib.sha256(second).hexdigest(), AT),
    )
    for other in (data.replace(b'/w=="', b'/x=="'), data.replace(b'"part": "', b'"part": "!')):
        assert other != data
        with pytest.raises(Invalid):
            shares.read(other)
    with pytest.raises(Invalid, match="a statement holds"):
        shares.write(question().id, "japan", (bytes(questions.LONGEST + 1), b""), AT)
    largest = shares.write(question().id, "japan", (bytes(questions.LONGEST), b""), AT)
    assert len(shares.part(largest)) == questions.LONGEST


def test_the_commitment_binds_question_partner_and_chance() -> None:
    made = {
        words.commitment(asked, partner, chance)
        for asked in ("common-1", "common-2")
        for partner in ("india", "japan")
        for chance in (bytes(32), bytes(31) + b"\x01")
    }
    assert len(made) == 8
