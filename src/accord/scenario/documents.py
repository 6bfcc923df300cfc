"""Every document of the scenario, with its path."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable


def files() -> list[tuple[str, bytes]]:
    """Every document of the scenario: its path within the scenario, and its bytes; by path.

    Paths use `/` and are those that `estate.yaml` names: `bills/gridview-4.2.cdx.json`.
    """
    return sorted(_walk(resources.files("accord.scenario") / "data", ""))


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        path = f"{prefix}{entry.name}"
        if entry.is_dir():
            yield from _walk(entry, f"{path}/")
        else:
            yield path, entry.read_bytes()
