"""What goes wrong with private keys, wherever they are kept."""

from __future__ import annotations

from accord.core.errors import AccordError


class NoKey(AccordError):
    """A private key is missing, cannot be read, or may be read by others."""


class Locked(NoKey):
    """A private key is locked, and its passphrase or PIN is missing or wrong."""
