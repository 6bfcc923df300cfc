"""Clients: organisations that may ask this node, each with a token or a certificate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, opened
from accord.cli.show import as_json, note, table
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.identity.clients import Client

clients = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Organisations that may ask this node: operators, industry, suppliers.",
)
Name = Annotated[str, typer.Argument(help="Short name of the client: a-z, 0-9 and -.")]
Certificate = Annotated[
    Path | None,
    typer.Option(help="Its TLS certificate (PEM), instead of a token.", show_default=False),
]


@clients.command()
def add(
    name: Name,
    organisation: Annotated[str, typer.Option(help="Name of the organisation.")],
    kind: Annotated[str, typer.Option(help="operator, industry or supplier.")],
    tlp: Annotated[str, typer.Option(help="Entitled to: CLEAR, GREEN or AMBER.")] = "GREEN",
    certificate: Certificate = None,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Let an organisation ask this node. Its token is shown once, and kept nowhere."""
    from accord.flows.exchange import clients as flow
    from accord.identity.clients import Client
    from accord.identity.markings import parse_tlp

    node = opened(home, database)
    shown, pem = _certificate(certificate)
    client = Client(
        name=name,
        organisation=organisation.strip(),
        kind=kind,
        tlp=parse_tlp(tlp),
        certificate=shown,
        pem=pem,
    )
    _show(name, flow.add(node.people, node.clock, node.entropy, client))
    if client.sees < client.tlp:
        note(
            f"Warning: {client.tlp.label} goes to operators alone (TLP 2.0: an organisation and its"
            f" clients). As {client.kind}, {printable(name)} is given {client.sees.label} and what"
            " is milder."
        )


@clients.command()
def rotate(
    name: Name,
    certificate: Certificate = None,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Replace a client's token or certificate; the one before ends at once."""
    from accord.flows.exchange import clients as flow

    node = opened(home, database)
    shown = _certificate(certificate)
    _show(name, flow.rotate(node.people, node.clock, node.entropy, name, shown))


@clients.command()
def revoke(name: Name, home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """Let a client ask no more, from now on and for good."""
    from accord.flows.exchange import clients as flow

    node = opened(home, database)
    flow.revoke(node.people, node.clock, name)
    typer.echo(f"{printable(name)} is revoked; nothing is answered to it any more.")


@clients.command("list")
def list_(as_json_: AsJson = False, home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """List the clients, revoked ones too."""
    from msgspec.structs import asdict

    found = opened(home, database).people.clients()
    if as_json_:
        as_json([{**asdict(one), "tlp": one.tlp.word} for one in found])
        return
    if not found:
        typer.echo("No clients yet; `accord clients add` lets an organisation ask this node.")
        return
    rows = [
        (one.name, one.organisation, one.kind, one.tlp.label,
         "certificate" if one.certificate else "token", _state(one))
        for one in found
    ]  # fmt: skip
    table("Clients", ("name", "organisation", "kind", "entitled to", "known by", "state"), rows)


def _state(client: Client) -> str:
    if client.revoked:
        return f"revoked {client.revoked[:10]}"
    return f"rotated {client.rotated[:10]}" if client.rotated else f"since {client.created[:10]}"


def _show(name: str, token: str) -> None:
    if token:
        typer.echo(token)
        note(f"This is the token of {printable(name)}. It is shown once: hand it over safely.")
    else:
        typer.echo(f"{printable(name)} is known by its certificate.")


def _certificate(file: Path | None) -> tuple[str, str]:
    """SHA-256 of a certificate, and itself; empty for none.

    Raises:
        AccordError: it cannot be read, or is none for a client.
    """
    if file is None:
        return "", ""
    from accord.core.errors import AccordError, Invalid
    from accord.identity.clients import certificate

    try:
        return certificate(file.read_bytes())
    except OSError as wrong:
        raise AccordError(f"cannot read {file}: {wrong.strerror}") from wrong
    except Invalid as wrong:
        raise AccordError(f"{file}: {wrong.reason}") from wrong
