"""Runs migrations on the connection that `accord.store.migrate` hands over."""

from __future__ import annotations

from alembic import context

from accord.store.exchange.tables import shared

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=shared.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=False,
)
context.run_migrations()
