"""Databases for tests: SQLite in a file, and a real PostgreSQL that these tests start and stop; and
the nodes on them that several modules use (whose `node` is another says so itself).

`database_url` gives a test one fresh database of each kind, which holds an empty node: made once
and copied, as migrations take far longer. `empty_url` gives databases without tables. The server
belongs to the worker that started it, listens on a socket in a folder of its own only, and sorts
text as people do (ICU, en-US), so that a query that relies on byte order of text without saying so
is found.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nodes
import psycopg
import pytest
import sharing
from exchange_nodes import HandClock
from following import Follower, follower
from sqlalchemy import Connection, Engine, event

from accord.wiring import Node

_ABSENT = "PostgreSQL is not on this machine (on Debian: apt-get install postgresql)"
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
}
_number = itertools.count(1)


def _programs() -> Path | None:
    """The folder of initdb and postgres: of the path, of Debian, or of a package from PyPI."""
    on_path = shutil.which("initdb")
    candidates = [Path(on_path).resolve().parent] if on_path else []
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    candidates += sorted(debian, key=lambda folder: int(folder.parent.name), reverse=True)
    embedded = importlib.util.find_spec("pgserver")
    if embedded is not None and embedded.origin:
        candidates.append(Path(embedded.origin).parent / "pginstall" / "bin")
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


def _someone() -> pwd.struct_passwd | None:
    """Whom to run the server as: PostgreSQL refuses root, everybody else runs it themselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    pytest.skip("PostgreSQL does not run as root, and there is no user postgres or nobody")


def _as_someone(user: pwd.struct_passwd | None) -> dict[str, object]:
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _initialise(programs: Path, folder: Path, user: pwd.struct_passwd | None) -> None:
    """Make an empty cluster; where the server was built without ICU, in plain byte order."""
    command = [
        str(programs / "initdb"), "--pgdata", str(folder / "data"), "--username", "accord",
        "--auth", "trust", "--encoding", "UTF8", "--no-sync", "--no-instructions",
    ]  # fmt: skip
    human_order = ["--locale", "C", "--locale-provider", "icu", "--icu-locale", "en-US"]
    for order in (human_order, ["--locale", "C"]):
        done = subprocess.run(
            [*command, *order], check=False, capture_output=True, text=True, cwd=folder,
            **_as_someone(user),  # type: ignore[call-overload]
        )  # fmt: skip
        if done.returncode == 0:
            return
        shutil.rmtree(folder / "data", ignore_errors=True)
    pytest.fail(f"initdb failed: {done.stderr[-500:]}")


def _await(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait until the server answers, for at most a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"PostgreSQL did not start: {log.read_text(errors='replace')[-500:]}")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Path]:
    """The socket folder of a PostgreSQL of this worker's own; its superuser is `accord`."""
    programs = _programs()
    if programs is None:
        pytest.skip(_ABSENT)
    user = _someone()
    # Not pytest's own folder: that is closed to other users, and too long for a socket's address.
    folder = Path(tempfile.mkdtemp(prefix="accord-pg-", dir="/tmp"))
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    try:
        _initialise(programs, folder, user)
        yield from _served(programs, folder, user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _served(programs: Path, folder: Path, user: pwd.struct_passwd | None) -> Iterator[Path]:
    command = [str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder)]
    for name, value in _SETTINGS.items():
        command += ["-c", f"{name}={value}"]
    log = folder / "log"
    with log.open("wb") as output:
        server: subprocess.Popen[bytes] = subprocess.Popen(
            command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd=folder,
            start_new_session=True, **_as_someone(user),  # type: ignore[call-overload]
        )  # fmt: skip
    try:
        _await(server, _plain_url(folder, "postgres"), log)
        yield folder
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _plain_url(folder: Path, database: str) -> str:
    return f"postgresql://accord@/{database}?host={folder}"


def _url(folder: Path, database: str) -> str:
    """As SQLAlchemy has it."""
    return _plain_url(folder, database).replace("postgresql:", "postgresql+psycopg:", 1)


@contextmanager
def _engines_closed() -> Iterator[None]:
    """At the end nothing keeps a connection: a test need not close each node that it makes."""
    used: set[Engine] = set()

    def note(connection: Connection) -> None:
        used.add(connection.engine)

    event.listen(Engine, "engine_connect", note)
    try:
        yield
    finally:
        event.remove(Engine, "engine_connect", note)
        for engine in used:
            engine.dispose()


@contextmanager
def _fresh(server: Path, template: str) -> Iterator[str]:
    """SQLAlchemy's address of a copy of a database; gone afterwards, with all connections to it."""
    name = f"test_{next(_number)}"
    main = _plain_url(server, "postgres")
    with psycopg.connect(main, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    with _engines_closed():
        yield _url(server, name)
    with psycopg.connect(main, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def postgres_url(postgres_server: Path) -> Iterator[str]:
    """A fresh PostgreSQL database without tables; gone after the test."""
    with _fresh(postgres_server, "template1") as url:
        yield url


@pytest.fixture(scope="session")
def postgres_node(postgres_server: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a PostgreSQL database that holds an empty node, to be copied."""
    name = "empty_node"
    with psycopg.connect(_plain_url(postgres_server, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    nodes.on(_url(postgres_server, name), tmp_path_factory.mktemp("home")).engine.dispose()
    return name


@pytest.fixture
def postgres_node_url(postgres_server: Path, postgres_node: str) -> Iterator[str]:
    """A fresh PostgreSQL database that holds an empty node; gone after the test."""
    with _fresh(postgres_server, postgres_node) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """SQLAlchemy's address of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'accord.sqlite'}"


@pytest.fixture
def sqlite_node_url(sqlite_url: str, tmp_path: Path) -> str:
    """SQLAlchemy's address of an SQLite file that holds an empty node."""
    nodes.new_node(tmp_path).engine.dispose()
    return sqlite_url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest) -> str:
    """A database without tables: the test runs once on SQLite and once on PostgreSQL."""
    kind = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(kind)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A database that holds an empty node: once on SQLite and once on PostgreSQL."""
    kind = "sqlite_node_url" if request.param == "sqlite" else "postgres_node_url"
    url: str = request.getfixturevalue(kind)
    return url


@pytest.fixture
def clock() -> HandClock:
    """Of the nodes below."""
    return HandClock()


@pytest.fixture
def node(database_url: str, tmp_path: Path, clock: HandClock) -> Iterator[Node]:
    """Australia, which shares, on each database; its logs are whole at the end."""
    yield from _australia(tmp_path, database_url, clock)


@pytest.fixture
def here(tmp_path: Path, clock: HandClock) -> Iterator[Node]:
    """Australia on SQLite, where the database makes no difference."""
    yield from _australia(tmp_path, "", clock)


def _australia(folder: Path, url: str, clock: HandClock) -> Iterator[Node]:
    made = sharing.house(folder, url, clock=clock)
    yield made
    sharing.check(made)
    made.engine.dispose()


@pytest.fixture
def japan(tmp_path: Path, database_url: str) -> Iterator[Follower]:
    """A node of each database that follows Australia."""
    made = follower(tmp_path, url=database_url)
    yield made
    made.node.engine.dispose()


@pytest.fixture
def japan_here(tmp_path: Path) -> Follower:
    """A node on SQLite that follows Australia."""
    return follower(tmp_path)
