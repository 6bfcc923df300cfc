"""Clients: what one may be, and tokens that tell nothing when they are lost sight of."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.errors import Invalid
from accord.exchange.release import Subject, Way, decide
from accord.identity.clients import SORTS, Client, check, make_token, token_hash
from accord.identity.markings import Marking, Tlp

GRID = Client(name="grid", organisation="Grid Company", kind="operator", tlp=Tlp.AMBER)


def test_a_client_that_keeps_the_rules_is_itself() -> None:
    assert check(GRID) is GRID
    one = GRID.recipient()
    assert (one.kind, one.name, one.sort, one.tlp) == ("client", "grid", "operator", Tlp.AMBER)


@pytest.mark.parametrize("kind", SORTS)
@pytest.mark.parametrize("tlp", [Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER])
def test_a_client_sees_what_release_gives_it(kind: str, tlp: Tlp) -> None:
    one = msgspec.structs.replace(GRID, kind=kind, tlp=tlp)
    given = []
    for marking in Tlp:
        subject = Subject("x", "", "malware", "australia", Marking(marking), body=b"{}")
        now = "2030-01-01T00:00:00.000000Z"
        found = decide(subject, one.recipient(), Way.LIST, None, "australia", now)
        given += [marking] if found.outcome == "yes" else []
    assert max(given) == one.sees


@pytest.mark.parametrize(
    "changed",
    [
        {"name": ""}, {"name": "-grid"}, {"name": "grid-"}, {"name": "Grid"}, {"name": "g" * 65},
        {"name": "grid\n"}, {"organisation": " "}, {"organisation": "x" * 201},
        {"organisation": "a\x1b[2J"}, {"organisation": "a\u202eb"}, {"kind": "partner"},
        {"kind": ""}, {"tlp": Tlp.AMBER_STRICT}, {"tlp": Tlp.RED}, {"certificate": "00"},
        {"certificate": "A" * 64}, {"certificate": "a" * 64 + "\n"},
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        check(msgspec.structs.replace(GRID, **changed))


@given(st.binary(min_size=32, max_size=32))
def test_a_token_is_known_by_its_hash(secret: bytes) -> None:
    token = make_token(lambda count: secret[:count])
    assert token.startswith("accord_")
    assert len(token) == len("accord_") + 43 + 8
    kept = token_hash(token)
    assert len(kept) == 64
    assert kept not in token
    assert token[7:50] not in kept


@given(st.binary(min_size=32, max_size=32), st.data())
def test_a_mistyped_token_is_none(secret: bytes, data: st.DataObject) -> None:
    token = make_token(lambda _: secret)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("abcXYZ019-_ \u00e9\ud800"))
    wrong = token[:at] + other + token[at + 1 :]
    assert (token_hash(wrong) == "") == (wrong != token)
    assert token_hash(token[:at]) == token_hash(token + other) == ""


@given(st.text())
def test_any_text_may_be_asked(text: str) -> None:
    assert token_hash(text) == token_hash(f"accord_{text}") == ""
