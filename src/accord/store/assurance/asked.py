"""Whether anybody asked about any release: known before anything of assessing is loaded."""

from __future__ import annotations

from sqlalchemy import Connection, text

ASKED = ("assessment", "tie", "verdict")
"""Tables that name releases that anybody asked about."""


def asked(connection: Connection) -> bool:
    """Whether there is evidence, a stated verdict or a kept one."""
    return any(
        connection.execute(text(f"SELECT 1 FROM {table} LIMIT 1")).first()  # noqa: S608 - our own names
        for table in ASKED
    )
