"""Lines of a demonstration: what was said, by whom, and after how many seconds."""

from __future__ import annotations

from datetime import datetime

import typer

from accord.core.show import printable

_NAME = 13


def timed(began: str, name: str, at: str, what: str) -> None:
    """What a node did, with the seconds since `began`."""
    passed = datetime.fromisoformat(at) - datetime.fromisoformat(began)
    say(f"  {passed.total_seconds():5.2f} s  {name:{_NAME}}  {printable(what)}")


def line(name: str, what: str) -> None:
    """What is true of a node."""
    say(f"  {name:{_NAME}}  {printable(what)}")


def say(text: str = "") -> None:
    """Words as they are."""
    typer.echo(text)
