"""Nodes that are partners, federated in this process: real keys, real directory, real databases.

    nodes = partnership(tmp_path, ("australia", "india", "japan", "united-states"))
    nodes["japan"].trust.directory(), nodes["japan"].signers, nodes["japan"].me

Everything that is random comes from `seed`, so that a run can be played again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import nodes

from accord.core.clock import Clock, FixedClock
from accord.flows.exchange.trust import MARKING, ME, PARTNERSHIP
from accord.identity.directory import edits, founding
from accord.identity.directory.records import Charter, identity_of
from accord.identity.directory.trusted import Trusted
from accord.identity.keys import LibrarySigner
from accord.identity.partners import Partner, Policy
from accord.store import keys
from accord.wiring import Node, Settings

NAMES = ("australia", "india", "japan", "united-states")
NAME = "pacific"
"""Of the partnership."""
NOW = "2026-03-01T09:00:00.000000Z"


class HandClock:
    """A clock that a test moves."""

    def __init__(self, at: str = NOW) -> None:
        self.at = at

    def now(self) -> str:
        return self.at


def entropy(seed: str) -> Callable[[int], bytes]:
    """Bytes that follow from a seed, new ones at every call."""
    state = {"calls": 0}

    def give(count: int) -> bytes:
        state["calls"] += 1
        rounds = range(-(-count // 32))
        return b"".join(
            sha256(f"{seed}/{state['calls']}/{part}".encode()).digest() for part in rounds
        )[:count]

    return give


def partner(
    name: str, signers: Sequence[LibrarySigner], now: str = NOW, partnership: str = NAME
) -> Partner:
    """A member whose door and certificate are placeholders."""
    return edits.joined(
        Partner(
            name=name,
            title=name.replace("-", " ").title(),
            identity=identity_of(partnership, name),
            addresses=(f"https://{name}.example:8443",),
            certificates=(sha256(name.encode()).hexdigest(),),
            keys=tuple(signer.key() for signer in signers),
        ),
        now,
    )


def directory(
    signers: dict[str, tuple[LibrarySigner, ...]],
    now: str = NOW,
    policy: Policy | None = None,
    threshold: int = 0,
) -> Trusted:
    """The directory of some founders."""
    partners = [partner(name, own, now) for name, own in signers.items()]
    charter = Charter(NAME, policy or Policy(), threshold)
    return founding.found(charter, partners, [s for own in signers.values() for s in own], now)


def partnership(  # noqa: PLR0913 - each word is one that a test may want otherwise
    folder: Path,
    names: Sequence[str] = NAMES,
    clock: Clock | None = None,
    *,
    ml_dsa: bool = False,
    policy: Policy | None = None,
    seed: str = "",
    marking: str = "AMBER",
    database_urls: dict[str, str] | None = None,
) -> dict[str, Node]:
    """A node for each name, all of them partners of each other.

    On SQLite, but for the names in `database_urls` (empty addresses are SQLite too). ML-DSA-65
    keys are left out unless they are asked for: signatures by them differ from run to run.
    """
    clock = clock or FixedClock(NOW)
    made: dict[str, Node] = {}
    signers: dict[str, tuple[LibrarySigner, ...]] = {}
    for name in names:
        home = folder / name
        home.mkdir(parents=True, exist_ok=True)
        url = (database_urls or {}).get(name, "")
        if not url:
            nodes.new_node(home).engine.dispose()
        made[name] = Node(Settings(home, url), clock)
        if url:
            made[name].create()
        random = entropy(f"{seed}/{name}") if seed else made[name].entropy
        signers[name] = keys.create(home, "", random, ml_dsa=ml_dsa)
    trusted = directory(signers, clock.now(), policy)
    for name, node in made.items():
        settings = {ME: name, PARTNERSHIP: NAME, MARKING: marking}
        assert node.trust.replace(None, trusted, settings)
    return made


@contextmanager
def partners(folder: Path, names: Sequence[str] = NAMES, **more: Any) -> Iterator[dict[str, Node]]:
    """As `partnership`, with every database closed at the end."""
    made = partnership(folder, names, **more)
    try:
        yield made
    finally:
        close(made)


def close(made: dict[str, Node]) -> None:
    for node in made.values():
        node.engine.dispose()
