"""What the public finds: a listener of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from accord.cli.options import DEFAULT_HOME, Database, Home, opened
from accord.cli.show import note

public = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The listener for the public."
)


@public.callback()
def main() -> None:
    """The listener for the public."""


@public.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.", min=0, max=65535)] = 8480,
    certificate: Annotated[
        Path | None, typer.Option(help="Certificate chain in PEM; none: a proxy does TLS.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Its key, where it is a file apart.")] = None,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Serve what the public may see, and nothing else; ACCORD_PUBLIC says where that is found."""
    from accord.web.public.rooms import rooms
    from accord.web.public.server import PublicServer

    found = rooms(opened(home, database), os.environ)
    server = PublicServer(found, host, port, certificate=certificate, key=key)
    note(f"The public is answered at {server.address}.")
    server.run()
