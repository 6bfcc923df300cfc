"""What opens the keys of a node: the environment says it, or a person."""

from __future__ import annotations

import os
import sys
from getpass import getpass

from accord.core.show import printable


def passphrase() -> str:
    """As the environment has it, or as a person types it."""
    said = os.environ.get("ACCORD_PASSPHRASE", "")
    if not said and sys.stdin.isatty():
        return getpass("Passphrase of this node's keys: ")
    return said


def pin(label: str) -> str:
    """Of the token with this label: as the environment has it, or as a person types it."""
    said = os.environ.get("ACCORD_PIN", "")
    if not said and sys.stdin.isatty():
        return getpass(f"PIN of the token {printable(label)}: ")
    return said
