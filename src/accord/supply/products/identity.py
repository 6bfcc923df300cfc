"""One name under which advisories and inventories may speak of the same thing."""

from __future__ import annotations

import msgspec


class Identity(msgspec.Struct, frozen=True, gc=False):
    """A package, the stream it comes from, and its version."""

    package: str
    """Normalised, without version: `pkg:pypi/django`, `cpe:a:apache:log4j`, `name:apache/log4j`.
    The part before the first `/` or second `:` fixes the version order."""
    version: str
    """As written; empty where the source gives none."""
    stream: str = ""
    """Distribution release, module stream: what is not order but equality. Empty: not divided."""
