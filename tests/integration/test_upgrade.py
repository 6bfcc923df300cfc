"""A node of an earlier release is upgraded with everything that it knew."""

from __future__ import annotations

from pathlib import Path

import nodes
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, inspect, text

from accord.core.digests import digest
from accord.core.errors import NotFound
from accord.flows.prepare import packer
from accord.store import database, migrate
from accord.wiring import Node, Settings

_KEEP = (
    "INSERT INTO document (id, digest, kind, subject, edition, title, learned, size, outcome,"
    " current) VALUES (:id, :digest, 'k', '', '', '', :learned, :size, 'taken', :current)"
)


def test_facts_that_changed_their_form_are_made_anew(empty_url: str, tmp_path: Path) -> None:
    documents = [
        nodes.bill("Pump", "1", ["pkg:npm/left-pad@1.0.0"]),
        nodes.osv("OSV-1", aliases=["CVE-2030-0001"]),
        nodes.sighting("CVE-2030-0001"),
    ]
    _earlier(empty_url, tmp_path, documents)
    node = Node(Settings(tmp_path, empty_url))
    with pytest.raises(NotFound, match="accord init"):
        node.open()
    assert not node.create()
    node.open()
    (found,) = nodes.listed(node)
    assert (found["sightings"], found["advisory"]) == (3, "CVE-2030-0001")
    with nodes.fresh() as other:
        nodes.give(other, [(str(n), data) for n, data in enumerate(documents)])
        assert other.views.state_hash() == node.views.state_hash()
    node.engine.dispose()


def test_an_upgrade_that_was_cut_off_goes_on(empty_url: str, tmp_path: Path) -> None:
    _earlier(empty_url, tmp_path, [nodes.sighting("CVE-2030-0001")])
    node = Node(Settings(tmp_path, empty_url))
    migrate.upgrade(node.engine)
    with pytest.raises(NotFound, match="not finished"):
        node.open()
    node.create()
    node.open()
    node.engine.dispose()


def _upgraded(engine: Engine, revision: str) -> None:
    """An empty database brought to the schema of an earlier release."""
    assert inspect(engine).get_table_names() == []
    config = Config()
    config.set_main_option("script_location", "accord.store:migrations")
    config.set_main_option("path_separator", "os")
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _earlier(url: str, home: Path, documents: list[bytes]) -> None:
    """A node of the first schema, with documents and no facts."""
    engine = database.connect(url, home)
    _upgraded(engine, "0001")
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        for number, data in enumerate(documents, 1):
            values = {
                "id": number, "digest": digest(data), "learned": nodes.TODAY, "size": len(data),
                "current": True,
            }  # fmt: skip
            connection.execute(text(_KEEP), values)
            packed = {"id": number, "packed": packer().compress(data)}
            connection.execute(text("INSERT INTO body VALUES (:id, :packed)"), packed)
        connection.execute(text("UPDATE generation SET number = 3"))
    engine.dispose()


def test_what_waits_in_the_inbox_is_counted(empty_url: str, tmp_path: Path) -> None:
    engine = database.connect(empty_url, tmp_path)
    _upgraded(engine, "0004")
    row = "INSERT INTO inbox (id, status, caller, object, version, at, state, person, why, decided"
    kind = "BLOB" if engine.dialect.name == "sqlite" else "BYTEA"
    with engine.begin() as connection:
        for number, (caller, state, body) in enumerate(
            [("a", "waiting", "'12345'"), ("a", "waiting", "'678'"), ("a", "refused", "NULL")]
        ):
            connection.exec_driver_sql(
                f"{row}, body) VALUES ({number}, '', '{caller}', 'o{number}', '', '', '{state}',"
                f" '', '', '', CAST({body} AS {kind}))"
            )
    migrate.upgrade(engine)
    with engine.connect() as connection:
        counted = connection.exec_driver_sql("SELECT * FROM taxii_waiting").all()
    assert [tuple(one) for one in counted] == [("a", 2, 8)]
    engine.dispose()
