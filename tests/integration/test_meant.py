"""What a name means among the objects that are shared: by alias, and asked where it is several."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import nodes
import pytest

from accord.core.errors import Invalid, NotFound
from accord.flows.exchange.sharing.wanted import meant
from accord.wiring import Node


@pytest.fixture
def node(database_url: str, tmp_path: Path) -> Iterator[Node]:
    made = nodes.on(database_url, tmp_path) if database_url else nodes.new_node(tmp_path)
    nodes.give(
        made,
        [
            ("ghsa", nodes.osv("GHSA-1", aliases=["CVE-2026-1"])),
            ("pysec", nodes.osv("PYSEC-1", aliases=["CVE-2026-1"])),
            ("cve", nodes.osv("CVE-2026-1", related=["CVE-2026-9"])),
            ("other", nodes.osv("GHSA-9", aliases=["CVE-2026-9"])),
        ],
    )
    yield made
    made.engine.dispose()


def asked(node: Node, name: str, *shared: str) -> str:
    def among(objects: Sequence[str]) -> Collection[str]:
        return set(objects) & set(shared)

    return meant([name], node.holdings, among)[name]


def test_an_alias_means_what_is_shared_under_another_name(node: Node) -> None:
    for name in ("CVE-2026-1", "cve-2026-1", "GHSA-1", "PYSEC-1", "osv:GHSA-1"):
        assert asked(node, name, "osv:GHSA-1") == "osv:GHSA-1"
    assert asked(node, "indicator--1", "indicator--1") == "indicator--1"
    digest = node.holdings.named("GHSA-9")[0].digest
    assert asked(node, digest[:12], f"sha256:{digest}") == f"sha256:{digest}"


def test_what_is_shared_under_the_very_name_comes_first(node: Node) -> None:
    assert asked(node, "CVE-2026-1", "osv:CVE-2026-1", "osv:GHSA-1") == "osv:CVE-2026-1"


def test_a_name_that_means_several_is_asked_about(node: Node) -> None:
    with pytest.raises(Invalid, match=r"2 objects: osv:GHSA-1 .*, osv:PYSEC-1 .*; say which"):
        asked(node, "CVE-2026-1", "osv:GHSA-1", "osv:PYSEC-1")


def test_what_is_only_related_is_not_meant(node: Node) -> None:
    with pytest.raises(NotFound, match="is not shared by this node"):
        asked(node, "CVE-2026-1", "osv:GHSA-9")
