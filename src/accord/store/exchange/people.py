"""Clients of this node, on a database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, TextClause, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from accord.core.errors import Invalid, NotFound
from accord.identity.clients import Client, token_hash
from accord.identity.markings import Tlp
from accord.identity.recipients import Recipient
from accord.store import database
from accord.store.exchange import writer
from accord.store.exchange.tables import client as table

_STANDING = "SELECT name, organisation, kind, tlp FROM client WHERE revoked = '' AND"
_BY_TOKEN = text(f"{_STANDING} token = :shown")
_BY_CERTIFICATE = text(f"{_STANDING} certificate = :shown")


class SqlPeople:
    """`accord.flows.exchange.clients.Clients`, and what the gate asks of it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def clients(self) -> list[Client]:
        """All of them, revoked ones too, by name."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(table).order_by(table.c.name))
            return [_client(row) for row in rows]

    def add_client(self, client: Client, token: str) -> None:
        """Keep a new one with the hash of its token.

        Raises:
            Invalid: the name or the certificate is taken.
        """
        with writer.writing(self._engine, durable=True) as connection:
            self._free(connection, client)
            try:
                connection.execute(insert(table).values(**_row(client, token)))
            except IntegrityError as wrong:
                raise Invalid("there is a client of this name", client.name) from wrong

    def change_client(self, client: Client, token: str) -> None:
        """Put a client in place of the one of its name.

        Raises:
            NotFound: there is none.
            Invalid: the certificate is another client's.
        """
        with writer.writing(self._engine, durable=True) as connection:
            self._free(connection, client)
            change = update(table).where(table.c.name == client.name).values(**_row(client, token))
            if connection.execute(change).rowcount == 0:
                raise NotFound(f"no client {client.name!r}")

    def by_token(self, token: str) -> Recipient | None:
        """The client whose token this is, if it is one of today."""
        kept = token_hash(token)
        return self._standing(_BY_TOKEN, kept) if kept else None

    def by_certificate(self, fingerprint: str) -> Recipient | None:
        """The client whose TLS certificate has this SHA-256, if it is one of today."""
        return self._standing(_BY_CERTIFICATE, fingerprint) if fingerprint else None

    def certificates(self) -> list[str]:
        """The TLS certificates of the clients of today, in PEM."""
        query = select(table.c.pem).where(table.c.pem != "", table.c.revoked == "")
        with self._engine.connect() as connection:
            return list(connection.scalars(query))

    def _standing(self, which: TextClause, shown: str) -> Recipient | None:
        """Looked up at every request, so that who is revoked is out at once."""
        rows = database.asked(self._engine, which, {"shown": shown})
        if not rows:
            return None
        name, organisation, kind, tlp = rows[0]
        return Client(name=name, organisation=organisation, kind=kind, tlp=Tlp(tlp)).recipient()

    def _free(self, connection: Any, client: Client) -> None:  # noqa: ANN401 - a connection
        """A certificate is one client's alone."""
        if client.certificate and not client.revoked:
            query = select(table.c.name).where(
                table.c.certificate == client.certificate,
                table.c.revoked == "",
                table.c.name != client.name,
            )
            if connection.execute(query).first():
                raise Invalid("this certificate is another client's", client.name)


def _row(client: Client, token: str) -> dict[str, Any]:
    return {
        "name": client.name,
        "organisation": client.organisation,
        "kind": client.kind,
        "tlp": int(client.tlp),
        "certificate": client.certificate,
        "pem": client.pem,
        "created": client.created,
        "rotated": client.rotated,
        "revoked": client.revoked,
        "token": token,
    }


def _client(row: Any) -> Client:  # noqa: ANN401 - a row of the database
    return Client(
        name=row.name,
        organisation=row.organisation,
        kind=row.kind,
        tlp=Tlp(row.tlp),
        certificate=row.certificate,
        pem=row.pem,
        created=row.created,
        rotated=row.rotated,
        revoked=row.revoked,
    )
