"""Kept verdicts, brought up to date after whatever may have changed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accord.cli import show

if TYPE_CHECKING:
    from accord.wiring import Node


def reassessed(node: Node) -> None:
    """Make verdicts anew where that is due, and say how many changed; beside the output."""
    said = changes(node)
    if said:
        show.note(said)


def changes(node: Node) -> str:
    """What came of making verdicts anew, in a sentence; empty: nothing changed."""
    if not node.asked:
        return ""
    count = len(node.reassess().events)
    if not count:
        return ""
    verdicts = "1 verdict" if count == 1 else f"{count:,} verdicts"
    return f"{verdicts} changed; `accord assess --changes` lists them."
