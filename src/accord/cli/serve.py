"""The pages."""

from __future__ import annotations

from typing import Annotated

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, Database, Home, opened


def serve(
    port: Annotated[int, typer.Option(help="Port on loopback.", min=0, max=65535)] = 8400,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Serve the pages on this machine only: they are for loopback until people and roles exist."""
    import uvicorn

    from accord.web.app import application

    node = opened(home, database)
    show.note(f"Serving http://127.0.0.1:{port}/ to this machine only: there is no sign-in yet.")
    config = uvicorn.Config(
        application(node), host="127.0.0.1", port=port, log_level="warning", server_header=False
    )
    uvicorn.Server(config).run()
