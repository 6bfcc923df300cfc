"""Nodes for tests, and small documents of every kind, written here.

A node begins as a copy of an empty one, so that a property may have hundreds.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from accord.cli import main
from accord.cli.exposures import as_object
from accord.flows.load import Loaded, load_documents
from accord.wiring import Node, Settings

Document = tuple[str, bytes]

TODAY = "2026-01-31T00:00:00.000000Z"


@functools.cache
def _empty() -> Path:
    """An empty node's database, made once for each process."""
    home = Path(tempfile.mkdtemp(prefix="accord-empty-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    node = Node(Settings(home))
    node.create()
    node.engine.dispose()
    data = home / "accord.sqlite"
    kept = home / "template"
    shutil.copy(data, kept)
    return kept


def new_node(home: Path) -> Node:
    """An empty node on SQLite in a folder of its own."""
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(_empty(), home / "accord.sqlite")
    return Node(Settings(home))


@contextmanager
def fresh() -> Iterator[Node]:
    """An empty node that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="accord-node-") as folder:
        node = new_node(Path(folder))
        try:
            yield node
        finally:
            node.engine.dispose()


def on(url: str, home: Path) -> Node:
    """A new node on a database by its address."""
    node = Node(Settings(home, url))
    node.create()
    return node


def give(node: Node, documents: Iterable[Document], learned: str = TODAY) -> Loaded:
    """Load documents at hand."""
    return load_documents(documents, node.intake, learned)


def one_by_one(node: Node, documents: Iterable[Document], learned: str = TODAY) -> None:
    for document in documents:
        give(node, [document], learned)


def listed(node: Node, as_of: str = "") -> list[dict[str, Any]]:
    """What `accord exposures --json` prints."""
    return [as_object(exposure) for exposure in node.exposures.all(as_of)]


def reasons(node: Node) -> list[tuple[str, str]]:
    with node.views.view() as view:
        return sorted((gap.reason, gap.subject) for gap in view.unevaluated())


def command(
    *words: str | Path, home: Path | str = "", timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """The real command line, in a process of its own."""
    environment = {name: v for name, v in os.environ.items() if not name.startswith("ACCORD_")}
    environment |= {"ACCORD_HOME": str(home), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, "-m", "accord", *map(str, words)],
        check=False, capture_output=True, text=True, timeout=timeout, env=environment,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def run(*words: str | Path, home: Path | str = "") -> subprocess.CompletedProcess[str]:
    """The real command line in this process: for what does not depend on a process of its own."""
    out = TextIOWrapper(BytesIO(), encoding="utf-8")
    err = TextIOWrapper(BytesIO(), encoding="utf-8", errors="backslashreplace")
    code: str | int | None = 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name in [name for name in os.environ if name.startswith("ACCORD_")]:
            patch.delenv(name)
        patch.setenv("ACCORD_HOME", str(home))
        patch.setattr(sys, "argv", ["accord", *map(str, words)])
        patch.setattr(sys, "stdin", StringIO())
        try:
            main()
        except SystemExit as end:
            code = end.code
    assert code is None or isinstance(code, int), code
    return subprocess.CompletedProcess(words, code or 0, _text_of(out), _text_of(err))


def _text_of(stream: TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


def _uuid(name: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_URL, ascii(name))


def text(value: object) -> bytes:
    return json.dumps(value).encode()


def osv(  # noqa: PLR0913 - each word is one of the format
    name: str,
    package: str = "left-pad",
    *,
    ecosystem: str = "npm",
    introduced: str = "0",
    fixed: str = "2.0.0",
    modified: str = "2026-01-01T00:00:00Z",
    **more: Any,
) -> bytes:
    """An OSV advisory on one package."""
    events = [{"introduced": introduced}] + ([{"fixed": fixed}] if fixed else [])
    kind = "ECOSYSTEM" if ecosystem != "npm" else "SEMVER"
    affected = {
        "package": {"ecosystem": ecosystem, "name": package},
        "ranges": [{"type": kind, "events": events}],
    }
    return text({"id": name, "modified": modified, "affected": [affected], **more})


def bill(  # noqa: PLR0913 - each word is one of the format
    product: str = "Pump",
    release: str = "1",
    components: Iterable[str | dict[str, Any]] = ("pkg:npm/left-pad@1.0.0",),
    *,
    supplier: str = "Maker",
    created: str = "2026-01-01T00:00:00Z",
    serial: str = "",
    version: int = 1,
    **more: Any,
) -> bytes:
    """A CycloneDX bill; each component by its package URL, or as the format has it."""
    entries = []
    for number, one in enumerate(components):
        if isinstance(one, str):
            name, _, its_version = one.rsplit("/", 1)[-1].partition("@")
            one = {"name": name, "version": its_version.partition("?")[0], "purl": one}  # noqa: PLW2901 - one form of two
        entries.append({"type": "library", "bom-ref": f"c{number}", **one})
    described = {"type": "application", "bom-ref": "root", "name": product, "version": release}
    if supplier:
        described["supplier"] = {"name": supplier}  # type: ignore[assignment]
    metadata: dict[str, Any] = {"component": described}
    if created:
        metadata["timestamp"] = created
    return text(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "serialNumber": serial or serial_of(product, release),
            "version": version,
            "metadata": metadata,
            "components": entries,
            **more,
        }
    )


def serial_of(product: str, release: str) -> str:
    return f"urn:uuid:{_uuid(f'{product}/{release}')}"


def openvex(  # noqa: PLR0913 - each word is one of the format
    vulnerability: str,
    status: str,
    *products: str,
    author: str = "Somebody",
    at: str = "2026-01-05T00:00:00Z",
    name: str = "",
    subcomponents: Iterable[str] = (),
    **more: Any,
) -> bytes:
    """An OpenVEX document with one statement."""
    parts = [{"@id": part} for part in subcomponents]
    said: list[dict[str, Any]] = [{"@id": product} for product in products]
    for product in said:
        if parts:
            product["subcomponents"] = parts
    statement: dict[str, Any] = {
        "vulnerability": {"name": vulnerability},
        "products": said,
        "status": status,
        **more,
    }
    if status == "not_affected":
        statement.setdefault("justification", "vulnerable_code_not_present")
    if status == "affected":
        statement.setdefault("action_statement", "Update.")
    return text(
        {
            "@context": "https://openvex.dev/ns/v0.2.0",
            "@id": name
            or f"https://vex.example/{_uuid(f'{vulnerability}{status}{products}{author}{at}')}",
            "author": author,
            "timestamp": at,
            "version": 1,
            "statements": [statement],
        }
    )


def estate(*rows: tuple[str, str, str, str], name: str = "ours", date: str = "2026-01-01") -> bytes:
    """An estate table: operator, product, release, bill."""
    lines = [f"#estate: {name}", f"#date: {date}", "operator,product,release,bill"]
    return "\n".join([*lines, *(",".join(row) for row in rows), ""]).encode()


def kev(*names: str, added: str = "2026-01-10", released: str = "2026-01-11T00:00:00Z") -> bytes:
    entries = [
        {
            "cveID": name, "vendorProject": "V", "product": "P", "vulnerabilityName": "N",
            "dateAdded": added, "shortDescription": "S", "requiredAction": "R",
            "dueDate": "2026-02-01", "knownRansomwareCampaignUse": "Unknown", "notes": "",
        }
        for name in names
    ]  # fmt: skip
    return text(
        {
            "title": "KEV", "catalogVersion": released[:10].replace("-", "."),
            "dateReleased": released, "count": len(names), "vulnerabilities": entries,
        }
    )  # fmt: skip


def epss(scores: dict[str, float], day: str = "2026-01-12") -> bytes:
    lines = [f"#model_version:v2026.01.01,score_date:{day}T00:00:00+0000", "cve,epss,percentile"]
    lines += [f"{name},{score},0.5" for name, score in scores.items()]
    return "\n".join([*lines, ""]).encode()


def sighting(name: str, count: int = 3) -> bytes:
    """A STIX bundle in which a partner saw a vulnerability exploited."""
    vulnerability = f"vulnerability--{_uuid(name)}"
    common = {
        "spec_version": "2.1",
        "created": "2026-01-01T00:00:00Z",
        "modified": "2026-01-01T00:00:00Z",
    }
    seen = {
        "type": "sighting",
        "id": f"sighting--{_uuid('seen ' + name)}",
        "sighting_of_ref": vulnerability,
        "count": count,
        **common,
    }
    named = {"type": "vulnerability", "id": vulnerability, "name": name, **common}
    return text(
        {
            "type": "bundle",
            "id": f"bundle--{_uuid('bundle ' + name)}",
            "objects": [named, seen],
        }
    )


def choice(prefer: str, *over: str, at: str = "2026-02-01T00:00:00.000000Z") -> bytes:
    return text(
        {
            "accord": "choice", "prefer": f"sha256:{prefer}", "person": "P", "why": "W", "at": at,
            "over": [f"sha256:{digest}" for digest in over],
        }
    )  # fmt: skip


def claim_of(digest: str, operator: str, product: str, release: str = "", made: str = "") -> bytes:
    return text(
        {
            "accord": "claim", "bill": f"sha256:{digest}", "operator": operator,
            "product": product, "release": release, "made": made,
        }
    )  # fmt: skip
