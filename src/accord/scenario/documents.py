"""Every document of the scenario, with its path."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable

_BOUGHT = "demand/"


def files() -> list[tuple[str, bytes]]:
    """Every document of the scenario: its path within the scenario, and its bytes; by path.

    What the partners buy is no part of it: each keeps that to itself, see `bought`. Paths use `/`
    and are those that `estate.yaml` names: `bills/gridview-4.2.cdx.json`.
    """
    everything = _walk(resources.files("accord.scenario") / "data", "")
    return sorted(one for one in everything if not one[0].startswith(_BOUGHT))


def bought(partner: str) -> list[tuple[str, bytes]]:
    """What one partner buys, which no other sees: contracts, rates and its reviewed suppliers."""
    folder = resources.files("accord.scenario") / "data" / "demand" / partner
    return sorted(_walk(folder, f"{_BOUGHT}{partner}/"))


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        path = f"{prefix}{entry.name}"
        if entry.is_dir():
            yield from _walk(entry, f"{path}/")
        else:
            yield path, entry.read_bytes()
