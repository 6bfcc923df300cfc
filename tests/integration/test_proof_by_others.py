"""What a running node's door gives out, verified by what others have written.

Notes, tiles and entries come over TLS with signed requests; pymerkle, and verifiers made from the
specifications alone, say whether they hold.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import independent
import pytest
from independent import COSIGNATURE, NOTE, Point, Tiled, Wrong
from killed_sync import Stage, rows
from pymerkle import InmemoryTree, verify_inclusion  # type: ignore[import-untyped]
from pymerkle import verify_consistency as verify_consistency_of

from accord.flows.exchange.messages import PREFIX, Request, Response

SIZES = (300, 256, 144)
"""Entries appended one after the other; 300 and 700 are the checkpoints that are compared."""


class Running:
    """Japan's requests to Australia's door."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.asking = stage.killed
        directory = self.asking.trust.directory()
        partner = directory.partner("australia") if directory else None
        assert directory
        assert partner
        self.partner = partner
        self.prefix = directory.partnership
        (self.log,) = json.loads(self.get("/logs").body)["logs"]

    def get(self, path: str, body: bytes | None = None) -> Response:
        method = "GET" if body is None else "POST"
        request = Request(method, f"{PREFIX}{path}", body=body or b"")
        answer = self.asking.carrier.send(self.partner, request)
        assert answer.status == 200, answer
        return answer

    def of_log(self, path: str) -> bytes:
        return self.get(f"/logs/{self.log['log']}/{path}").body

    def point(self) -> Point:
        name = f"{self.prefix}/australia"
        return independent.opened(self.of_log("checkpoint"), name, self.public("australia"))[0]

    def public(self, name: str) -> bytes:
        directory = self.asking.trust.directory()
        partner = directory.partner(name) if directory else None
        assert partner
        (found,) = [bytes.fromhex(key.public) for key in partner.keys if key.scheme == "ed25519"]
        return found

    def tile(self, level: int, number: int, width: int) -> bytes:
        part = "" if width == 256 else f".p/{width}"
        return self.of_log(f"tile/{level}/{number:03}{part}")

    def entries(self, size: int) -> list[bytes]:
        found: list[bytes] = []
        for number in range(-(-size // 256)):
            width = min(256, size - 256 * number)
            part = "" if width == 256 else f".p/{width}"
            found += independent.entries_of(self.of_log(f"tile/entries/{number:03}{part}"))
        return found


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    stage = Stage(tmp_path_factory.mktemp("four"), 1)
    stage.share(SIZES[0])
    with stage.open():
        yield Running(stage)
    stage.close()


def test_others_verify_what_a_running_node_gives_out(running: Running) -> None:
    old = running.point()
    for count in SIZES[1:]:
        running.stage.recall(count % 10)
        running.stage.share(count // 10 * 10)
    new = running.point()
    assert (old.size, new.origin) == (300, old.origin)
    assert new.origin == running.log["origin"]
    tree = Tiled(new.size, running.tile)
    entries = running.entries(new.size)
    _by_the_specifications(old, new, tree, entries)
    _by_pymerkle(old, new, tree, entries)


def _by_the_specifications(old: Point, new: Point, tree: Tiled, entries: list[bytes]) -> None:
    assert tree.range(0, new.size) == new.root
    for index in (0, 1, 255, 256, 299, 300, 511, 512, new.size - 1):
        path = tree.inclusion(index)
        independent.check_inclusion(entries[index], index, path, new)
        for wrong in (
            (b"x" + entries[index], index, path),
            (entries[index], index ^ 1, path),
            (entries[index], index, path[:-1]),
            (entries[index], index, path[::-1]),
        ):
            with pytest.raises(Wrong):
                independent.check_inclusion(*wrong, new)
    proof = tree.consistency(old.size)
    independent.check_consistency(old, new, proof)
    for lie in (proof[1:], proof[::-1], [*proof, proof[0]]):
        with pytest.raises(Wrong):
            independent.check_consistency(old, new, lie)
    with pytest.raises(Wrong):
        independent.check_consistency(old._replace(root=new.root), new, proof)


def _by_pymerkle(old: Point, new: Point, tree: Tiled, entries: list[bytes]) -> None:
    """Its own tree over our entries has our roots, and its proofs lead to them."""
    theirs = InmemoryTree(algorithm="sha256")
    for entry in entries:
        theirs.append_entry(entry)
    assert theirs.get_root(new.size) == new.root
    assert theirs.get_root(old.size) == old.root
    for index in (0, 299, 300, new.size - 1):
        proof = theirs.prove_inclusion(index + 1, new.size)  # it counts from one
        own = independent.leaf(entries[index])
        verify_inclusion(own, new.root, proof)
        assert sorted(proof.path) == sorted([own, *tree.inclusion(index)])
    verify_consistency_of(old.root, new.root, theirs.prove_consistency(old.size, new.size))


def test_others_verify_a_cosignature(running: Running) -> None:
    """India applies the log; its word for it, as Australia keeps it, holds by the specification."""
    running.stage.control("india")
    ((statement, size),) = rows(
        running.stage.giver,
        "SELECT statement, size FROM cosignature WHERE partner = 'india'"
        " ORDER BY size DESC LIMIT 1",
    )
    said = json.loads(base64.b64decode(json.loads(statement)["payload"]))
    note = said["checkpoint"].encode()
    india, ours = running.public("india"), running.public("australia")
    point, at = independent.opened(note, f"{running.prefix}/india", india, COSIGNATURE)
    assert independent.opened(note, f"{running.prefix}/australia", ours, NOTE)[0] == point
    assert point.size == size == running.point().size
    assert at > 1_700_000_000
    for wrong in (note.replace(b"\n%d\n" % size, b"\n%d\n" % (size + 1), 1),):
        with pytest.raises(Wrong):
            independent.opened(wrong, f"{running.prefix}/india", india, COSIGNATURE)
        with pytest.raises(Wrong):
            independent.opened(wrong, f"{running.prefix}/australia", ours)
    with pytest.raises(Wrong):
        independent.opened(note, f"{running.prefix}/india", ours, COSIGNATURE)
