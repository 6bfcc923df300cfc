"""The pages."""

from __future__ import annotations

import errno
import socket
from typing import Annotated

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, Database, Home, opened
from accord.core.errors import AccordError

_HERE = "127.0.0.1"
_BACKLOG = 2048
"""Connections that wait, as uvicorn has it."""


def serve(
    port: Annotated[int, typer.Option(help="Port on loopback.", min=0, max=65535)] = 8400,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Serve the pages on this machine only: they are for loopback until people and roles exist."""
    import uvicorn

    from accord.web.app import application

    node = opened(home, database)
    with listening(port) as heard:
        address = f"http://{_HERE}:{heard.getsockname()[1]}/"
        show.note(f"Serving {address} to this machine only: there is no sign-in yet.")
        config = uvicorn.Config(
            application(node), log_level="warning", server_header=False, ws="none"
        )
        uvicorn.Server(config).run(sockets=[heard])


def listening(port: int) -> socket.socket:
    """A socket that already listens on loopback, so that what is said of the port is true.

    Raises:
        AccordError: the port is in use, or is not to be had.
    """
    try:
        heard = socket.create_server((_HERE, port), backlog=_BACKLOG)
        # Connections inherit it. Without it, small answers wait 40 ms for an acknowledgement.
        heard.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as wrong:
        if wrong.errno == errno.EADDRINUSE:
            reason = f"port {port} is in use"
        else:
            reason = f"port {port} cannot be opened ({wrong.strerror})"
        raise AccordError(f"{reason}; choose another with --port") from wrong
    return heard
