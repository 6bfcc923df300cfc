"""Two partners on this machine and what one of them shares: made up, as real threat data looks."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from accord.cli.demo.stage import address, federate
from accord.identity.keys import LibrarySigner
from accord.identity.markings import Tlp, marking_id
from accord.wiring import Node, Settings

SHARER, RECEIVER = "australia", "india"
SEED = 20261123
BUNDLE = 1_000
"""Objects of one bundle."""
KINDS = {"indicator": 0.83, "relationship": 0.08, "sighting": 0.07, "advisory": 0.02}
"""Share of each kind; an advisory is an OSV document of its own."""
_WHEN = "2026-11-01T00:00:00.000Z"
_WORDS = [
    "mail",
    "gateway",
    "grid",
    "operator",
    "turbine",
    "beacon",
    "domain",
    "resolves",
    "stage",
    "loader",
    "archive",
    "macro",
    "dropper",
    "credential",
    "harvest",
    "relay",
    "tunnel",
    "scheduled",
    "task",
    "service",
    "binary",
    "signed",
    "update",
    "campaign",
    "water",
    "treatment",
    "historian",
    "engineering",
    "workstation",
    "jump",
    "host",
    "remote",
    "access",
    "exploited",
    "unpatched",
]
_UP = 30.0
_YOUNG = 1.2


class _Classical(Node):
    """A node that signs with Ed25519 alone, as a partnership's policy may have it."""

    def new_keys(
        self, passphrase: str, uris: Sequence[str] = (), *, ml_dsa: bool = False
    ) -> tuple[LibrarySigner, ...]:
        return super().new_keys(passphrase, uris, ml_dsa=ml_dsa)


def partners(folder: Path, *, ml_dsa: bool) -> dict[str, Node]:
    """Two nodes, federated, their keys without a passphrase."""
    nodes: dict[str, Node] = {}
    for name in (SHARER, RECEIVER):
        settings = Settings(folder / name)
        node = nodes[name] = Node(settings) if ml_dsa else _Classical(settings)
        node.create()
        node.passphrase = lambda: ""
    federate(nodes)
    return nodes


@contextmanager
def serving(node: Node) -> Iterator[subprocess.Popen[bytes]]:
    """A node's door, in a process of its own, over TLS on loopback."""
    port = int(address(node).rpartition(":")[2])
    words = ["exchange", "serve", "--port", str(port), "--home", str(node.settings.home)]
    log = (node.settings.home / "door.log").open("wb")
    with log, subprocess.Popen([sys.executable, "-m", "accord", *words], stderr=log) as door:
        try:
            end = time.monotonic() + _UP
            while time.monotonic() < end and door.poll() is None:
                with socket.socket() as trying:
                    if trying.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            else:
                sys.exit(f"the door did not open: {log.name}")
            # A door refuses for its first second what might be the replay of a request.
            time.sleep(_YOUNG)
            yield door
        finally:
            door.terminate()


def write(folder: Path, count: int, first: int = 0, *, advisories: bool = True) -> None:
    """So many objects as files: STIX bundles, and advisories as documents."""
    folder.mkdir(parents=True)
    chance = random.Random(SEED + first)
    names = list(KINDS)[: None if advisories else -1]
    weights = [KINDS[name] for name in names]
    bundled: list[dict[str, object]] = []
    indicators: list[str] = []
    for number in range(first, first + count):
        kind = chance.choices(names, weights)[0] if indicators else "indicator"
        if kind == "advisory":
            (folder / f"osv-{number}.json").write_bytes(_advisory(chance, number))
            continue
        made = _object(chance, kind, number, indicators)
        bundled.append(made)
        if kind == "indicator":
            indicators.append(str(made["id"]))
        if len(bundled) == BUNDLE:
            _bundle(folder, number, bundled)
            bundled, indicators = [], []
    if bundled:
        _bundle(folder, first + count, bundled)


def _bundle(folder: Path, number: int, objects: Sequence[dict[str, object]]) -> None:
    whole = {"type": "bundle", "id": f"bundle--{_uuid(number, 1)}", "objects": objects}
    (folder / f"bundle-{number}.json").write_text(json.dumps(whole))


def _object(
    chance: random.Random, kind: str, number: int, indicators: Sequence[str]
) -> dict[str, object]:
    common: dict[str, object] = {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{_uuid(number)}",
        "created": _WHEN,
        "modified": _WHEN,
        "object_marking_refs": [marking_id(chance.choice((Tlp.GREEN, Tlp.AMBER)))],
        "confidence": chance.randrange(40, 100),
        "labels": chance.sample(_WORDS, 3),
    }
    if kind == "relationship":
        ends = chance.sample(indicators, min(2, len(indicators)))
        linked = {"source_ref": ends[0], "target_ref": ends[-1]}
        return common | {"relationship_type": "related-to", **linked, "description": _text(chance)}
    if kind == "sighting":
        seen = {"first_seen": _WHEN, "last_seen": _WHEN, "count": chance.randrange(1, 40)}
        said = {"sighting_of_ref": chance.choice(indicators), "description": _text(chance)}
        return common | seen | said
    host = f"{chance.choice(_WORDS)}-{number}.example"
    digest = f"{chance.getrandbits(256):064x}"
    pattern = f"[domain-name:value = '{host}' OR file:hashes.'SHA-256' = '{digest}']"
    return common | {
        "name": f"{chance.choice(_WORDS)} {host}",
        "description": _text(chance),
        "indicator_types": ["malicious-activity"],
        "pattern": pattern,
        "pattern_type": "stix",
        "valid_from": _WHEN,
        "kill_chain_phases": [
            {"kill_chain_name": "mitre-attack", "phase_name": "command-and-control"}
        ],
    }


def _text(chance: random.Random) -> str:
    return " ".join(chance.choices(_WORDS, k=20)).capitalize() + "."


def _advisory(chance: random.Random, number: int) -> bytes:
    package = {"ecosystem": "npm", "name": f"package-{number % 3000}"}
    events = [{"introduced": "0"}, {"fixed": f"1.{number % 90}.{number % 7}"}]
    affected = [{"package": package, "ranges": [{"type": "SEMVER", "events": events}]}]
    return json.dumps(
        {
            "schema_version": "1.6.0",
            "id": f"BENCH-{number}",
            "modified": "2026-11-01T00:00:00Z",
            "aliases": [f"CVE-2026-{number + 10_000}"],
            "summary": _text(chance),
            "details": _text(chance) * 3,
            "affected": affected,
        }
    ).encode()


def _uuid(number: int, sort: int = 0) -> UUID:
    return UUID(int=number | sort << 100, version=4)
