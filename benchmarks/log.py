"""How fast the audience log and its envelopes are, beside the hashing and signing below them.

In seconds of this process alone, so that what else runs on the machine does not count.

Run: python benchmarks/log.py [LEAVES]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]

from accord.exchange import receipts
from accord.exchange.envelope import Header, open_envelope, seal
from accord.exchange.log import checkpoint, merkle, proofs, tiles
from accord.exchange.log.checkpoint import Checkpoint
from accord.exchange.log.merkle import Frontier
from accord.identity.keys import signer_of
from accord.identity.partners import Directory, Partner, Policy

LEAVES = 1_000_000
DELTA = 1_000
OBJECTS = 20_000
BODY = b'{"type":"indicator","pattern":"' + b"x" * 970 + b'"}'
NOW = "2030-01-01T00:00:00.000000Z"
ROUNDS = 3

SECRET = Ed25519PrivateKey.generate()
SIGNER = signer_of(CryptoSigner(SECRET))
PARTNER = Partner("a", "A", "identity--a", keys=(SIGNER.key(),))
DIRECTORY = Directory("quad", 1, 1, Policy(), (PARTNER,))


def rate(what: str, count: int, work: Callable[[], object], beside: float = 0.0) -> float:
    """Print the best of some rounds, and what share it is of a limit measured before."""
    spent = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    found = count / min(spent)
    share = f"{found / beside:6.0%} of it" if beside else ""
    print(f"{what:44} {found:12,.0f} a second {share}".rstrip())
    return found


def hashing(count: int) -> None:
    entries = [b"\x01" + number.to_bytes(32, "big") for number in range(count)]
    pair = b"\x01" + bytes(64)
    one = rate("hashlib alone: one entry", count, lambda: [sha256(e).digest() for e in entries])
    two = rate("hashlib alone: one node", count, lambda: [sha256(pair).digest() for _ in entries])
    both = 1 / (1 / one + 1 / two)
    hashes = merkle.leaves(entries)
    rate("leaves", count, lambda: merkle.leaves(entries), one)
    rate("frontier, from leaves", count, lambda: Frontier().extend(hashes), two)
    rate("entries to root", count, lambda: Frontier().extend(merkle.leaves(entries)).root(), both)
    rate("tiles, from leaves", count, lambda: tiles.grow(0, hashes, nothing), two)
    bundles = [tiles.bundle(entries[at : at + 256]) for at in range(0, count, 256)]
    rate("entries out of bundles", count, lambda: [tiles.unbundle(b, held(b)) for b in bundles])
    catching_up(hashes)
    proving(hashes)


def held(bundle: bytes) -> int:
    return len(bundle) // 35


def nothing(_level: int, _number: int) -> bytes:
    return b""


def catching_up(hashes: Sequence[bytes]) -> None:
    """A delta costs the same on a long log as on an empty one."""
    kept = {(level, at): tile for level, at, tile in tiles.grow(0, hashes, nothing)}
    edge, new = Frontier().extend(hashes), hashes[:DELTA]

    def right_edge(level: int, number: int) -> bytes:
        return kept[level, number]

    empty = rate(f"frontier + {DELTA:,} on an empty log", DELTA, lambda: Frontier().extend(new))
    rate(f"frontier + {DELTA:,} on {len(hashes):,}", DELTA, lambda: edge.extend(new).root(), empty)
    empty = rate(f"tiles + {DELTA:,} on an empty log", DELTA, lambda: tiles.grow(0, new, nothing))
    grow = lambda: tiles.grow(len(hashes), new, right_edge)  # noqa: E731 - one line of the table
    rate(f"tiles + {DELTA:,} on {len(hashes):,}", DELTA, grow, empty)


def proving(hashes: Sequence[bytes]) -> None:
    kept = {(level, at): tile for level, at, tile in tiles.grow(0, hashes, nothing)}
    size, root = len(hashes), Frontier().extend(hashes).root()
    log = tiles.TileReader(lambda level, number, _: kept[level, number], size)
    asked = range(0, size, size // 1000)
    made = [(index, log.inclusion(index)) for index in asked]
    rate("proofs of inclusion made", len(made), lambda: [log.inclusion(i) for i in asked])

    def verified() -> None:
        for index, proof in made:
            proofs.verify_inclusion(hashes[index], index, size, proof, root)

    rate("proofs of inclusion verified", len(made), verified)


def signing() -> None:
    public, message = SECRET.public_key(), BODY + bytes(400)
    signature = SECRET.sign(message)
    times = range(OBJECTS)
    sign = rate("cryptography alone: sign", OBJECTS, lambda: [SECRET.sign(message) for _ in times])
    check = rate(
        "cryptography alone: verify",
        OBJECTS,
        lambda: [public.verify(signature, message) for _ in times],
    )
    made = [header(number) for number in times]
    sealed = [seal(one, BODY, [SIGNER]) for one in made]
    rate("headers made and checked", OBJECTS, lambda: [header(number) for number in times])
    rate("envelopes sealed", OBJECTS, lambda: [seal(one, BODY, [SIGNER]) for one in made], sign)
    opened = lambda: [open_envelope(one, DIRECTORY, NOW) for one in sealed]  # noqa: E731 - as above
    rate("envelopes opened", OBJECTS, opened, check)
    notes(check, sign)


def notes(check: float, sign: float) -> None:
    few = range(OBJECTS // 4)
    point = Checkpoint("quad/a/log", LEAVES, sha256(b"root").digest())
    note = checkpoint.sign(point, "quad/a", SIGNER)
    cosigned = checkpoint.cosign(note, "quad/a", SIGNER, 1)
    keys = PARTNER.keys
    rate(
        "checkpoints signed",
        len(few),
        lambda: [checkpoint.sign(point, "quad/a", SIGNER) for _ in few],
        sign,
    )
    rate(
        "checkpoints verified",
        len(few),
        lambda: [checkpoint.open_note(note, "quad/a", keys) for _ in few],
        check,
    )
    rate(
        "cosignatures verified",
        len(few),
        lambda: [checkpoint.verify_cosignature(cosigned, "quad/a", keys) for _ in few],
        check,
    )


def header(number: int) -> Header:
    return Header(
        origin="a",
        object=f"indicator--{number:036d}",
        version=NOW,
        type="indicator",
        media="application/stix+json;version=2.1",
        tlp="AMBER",
        issued=f"2029-01-01T00:00:00.{number:06d}Z",
        title="An indicator",
    )


def chaining() -> None:
    lines = [
        receipts.Line(n, NOW, f"indicator--{n}", NOW, "AMBER", "sync", "partner:b", "yes", "member")
        for n in range(1, 5 * OBJECTS + 1)
    ]
    rows = [(n, *row) for n, row in enumerate(receipts.chain(receipts.START, lines), start=1)]
    data = [row[1] for row in rows]
    limit = rate(
        "hashlib alone: one receipt", len(lines), lambda: [sha256(d).digest() for d in data]
    )
    rate("receipts chained", len(lines), lambda: list(receipts.chain(receipts.START, lines)), limit)
    rate("receipts verified", len(lines), lambda: receipts.verify_chain(rows), limit)


if __name__ == "__main__":
    hashing(int(sys.argv[1]) if len(sys.argv) > 1 else LEAVES)
    signing()
    chaining()
