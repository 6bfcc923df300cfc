"""A person's choice among documents, made again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from nodes import give, new_node, osv
from sqlalchemy import text

from accord.core.digests import digest
from accord.core.errors import NotFound
from accord.flows.judge import choose
from accord.supply.inventory import records
from accord.wiring import Node

RIVALS = tuple(osv("A-1", summary=word) for word in ("one", "two", "three"))


def counting(node: Node) -> set[str]:
    with node.views.view() as view:
        rows = view.list_documents(quarantined=False)
        return {row.digest for row in rows if row.current and row.subject == "osv:A-1"}


def test_a_person_may_think_again_among_any_number_of_rivals(tmp_path: Path) -> None:
    node = new_node(tmp_path)
    old = osv("A-1", modified="2020-01-01T00:00:00Z")
    give(node, [(str(n), data) for n, data in enumerate((old, *RIVALS))])
    assert counting(node) == {digest(one) for one in RIVALS}
    for one in (RIVALS[0], RIVALS[1], RIVALS[0], RIVALS[2]):
        assert choose(node, digest(one), person="A", why="seen") == 2
        assert counting(node) == {digest(one)}


def test_a_document_without_rivals_is_not_chosen(tmp_path: Path) -> None:
    node = new_node(tmp_path)
    give(node, [("1", RIVALS[0])])
    with pytest.raises(NotFound, match="no rivals"):
        choose(node, digest(RIVALS[0]), person="A", why="seen")


def test_a_choice_is_about_a_set_of_documents() -> None:
    def subject(prefer: str, *over: str) -> str:
        record = {"accord": "choice", "prefer": prefer, "over": over}
        told = {**record, "person": "A", "why": "seen", "at": "2026-01-01T00:00:00Z"}
        return records.read(json.dumps(told).encode()).subject

    assert subject("a", "b", "c") == subject("c", "b", "a")
    assert subject("a", "b") != subject("a", "c")


def test_what_a_partner_gave_is_no_rival_of_ours(tmp_path: Path) -> None:
    node = new_node(tmp_path)
    give(node, [(str(n), data) for n, data in enumerate(RIVALS)])
    with node.engine.begin() as connection:
        theirs = text("UPDATE document SET origin = 'japan' WHERE digest = :d")
        connection.execute(theirs, {"d": digest(RIVALS[2])})
    assert choose(node, digest(RIVALS[0]), person="A", why="seen") == 1
    with pytest.raises(NotFound, match="no rivals"):
        choose(node, digest(RIVALS[2]), person="A", why="seen")
