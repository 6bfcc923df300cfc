"""The laws of the audience log, of envelopes, receipts and acknowledgements."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sealed import NOW, PARTNERSHIP, directory, ml_dsa, signer

from accord.core.errors import AccordError, Invalid
from accord.exchange import acknowledgements, dsse, receipts
from accord.exchange.acknowledgements import Acknowledgement
from accord.exchange.envelope import Envelope, Header, open_envelope, peek, seal
from accord.exchange.log import checkpoint, entries, merkle, proofs, tiles
from accord.exchange.log.checkpoint import Checkpoint
from accord.exchange.log.entries import Entry, Kind
from accord.exchange.log.merkle import Frontier, leaf
from accord.exchange.log.tiles import TileReader
from accord.identity.partners import Untrusted

FEW = settings(max_examples=120, deadline=None)
SIZES = st.one_of(st.integers(1, 40), st.integers(250, 260), st.integers(1, 1500))
PARTNERS = directory()
AUSTRALIA, JAPAN = f"{PARTNERSHIP}/australia", f"{PARTNERSHIP}/japan"

texts = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Mn")), max_size=30)
named = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=30)
dates = st.datetimes().map(lambda at: f"{at.isoformat(timespec='microseconds')}Z")
past = st.sampled_from(["2001-01-01T00:00:00.000000Z", "2030-05-01T00:00:00.000001Z", NOW])
headers = st.builds(
    Header,
    origin=st.sampled_from(["australia", "japan"]),
    object=named,
    version=texts,
    type=named,
    media=named,
    tlp=st.sampled_from(["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]),
    pap=st.sampled_from(["CLEAR", "GREEN", "AMBER", "RED"]),
    created=st.one_of(st.just(""), dates),
    issued=past,
    expires=st.one_of(st.just(""), dates),
    release_at=st.one_of(st.just(""), dates),
    title=texts,
)
bodies = st.binary(max_size=200)


@cache
def hashes(count: int) -> list[bytes]:
    return merkle.leaves(number.to_bytes(4, "big") for number in range(count))


def of_leaves(level: int, index: int) -> bytes:
    return merkle.root(hashes(1500)[index << level : (index + 1) << level])


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word by word."""
    if not leaves:
        return merkle.EMPTY
    if len(leaves) == 1:
        return leaves[0]
    middle = 1
    while middle * 2 < len(leaves):
        middle *= 2
    return merkle.node(naive_root(leaves[:middle]), naive_root(leaves[middle:]))


def naive_tiles(leaves: list[bytes]) -> dict[tuple[int, int], bytes]:
    """Every tile of a whole tree, each hash by its definition (C2SP tlog-tiles)."""
    kept: dict[tuple[int, int], bytes] = {}
    level = 0
    while span := 256**level:
        roots = [naive_root(leaves[at : at + span]) for at in range(0, len(leaves), span)]
        roots = roots[: len(leaves) // span]
        if not roots:
            return kept
        for number in range(0, len(roots), 256):
            kept[level, number // 256] = b"".join(roots[number : number + 256])
        level += 1
    return kept


def changed(data: st.DataObject, whole: bytes) -> bytes:
    """The same with one byte different."""
    at = data.draw(st.integers(0, len(whole) - 1))
    return whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]


@FEW
@given(size=SIZES, cuts=st.lists(st.integers(0, 1500), max_size=8))
def test_frontier(size: int, cuts: list[int]) -> None:
    leaves = hashes(size)
    edge = Frontier()
    bounds = [0, *sorted(min(cut, size) for cut in cuts), size]
    for start, end in pairwise(bounds):
        edge = merkle.read(edge.write()).extend(leaves[start:end])
        assert edge.size == end
        assert edge.root() == naive_root(leaves[:end])
    assert edge == Frontier().extend(iter(leaves))


@given(count=st.integers(65_530, 65_545))
@settings(max_examples=4, deadline=None)
def test_frontier_over_many_leaves(count: int) -> None:
    leaves = hashes(count)
    assert Frontier().extend(leaves).root() == naive_root(leaves)


@FEW
@given(size=SIZES, data=st.data())
def test_append_only(size: int, data: st.DataObject) -> None:
    """A frontier that grows by anything else than what the log grew by ends in another root."""
    old = data.draw(st.integers(0, size - 1))
    edge, new = Frontier().extend(hashes(size)[:old]), hashes(size)[old:]
    at = data.draw(st.integers(0, len(new) - 1))
    forged = [*new[:at], changed(data, new[at]), *new[at + 1 :]]
    whole = merkle.root(hashes(size))
    assert edge.extend(new).root() == whole
    for other in (forged, new[1:], [*new, new[-1]], [*new[:at], *new[at + 1 :]]):
        assert edge.extend(other).root() != whole


@FEW
@given(size=SIZES, data=st.data())
def test_proofs_of_inclusion(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = list(proofs.inclusion_proof(of_leaves, index, size))
    whole, entry = naive_root(hashes(size)), hashes(size)[index]
    proofs.verify_inclusion(entry, index, size, proof, whole)
    with pytest.raises(Untrusted):
        proofs.verify_inclusion(changed(data, entry), index, size, proof, whole)
    with pytest.raises(Untrusted):
        proofs.verify_inclusion(entry, index, size, proof, changed(data, whole))
    with pytest.raises(Untrusted):
        proofs.verify_inclusion(entry, index + size, size, proof, whole)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        forged = [*proof[:at], changed(data, proof[at]), *proof[at + 1 :]]
        with pytest.raises(Untrusted):
            proofs.verify_inclusion(entry, index, size, forged, whole)
        with pytest.raises(Untrusted):
            proofs.verify_inclusion(entry, index, size, proof[:at] + proof[at + 1 :], whole)
        other = data.draw(st.integers(0, size - 1).filter(lambda one: one != index))
        with pytest.raises(Untrusted):
            proofs.verify_inclusion(entry, other, size, proof, whole)


@FEW
@given(size=SIZES, data=st.data())
def test_proofs_of_growth(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, size))
    proof = list(proofs.consistency_proof(of_leaves, old, size))
    before, after = naive_root(hashes(size)[:old]), naive_root(hashes(size))
    proofs.verify_consistency(old, size, before, after, proof)
    for roots in ((changed(data, before), after), (before, changed(data, after))):
        if old or roots[0] != before:
            with pytest.raises(Untrusted):
                proofs.verify_consistency(old, size, *roots, proof)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        forged = [*proof[:at], changed(data, proof[at]), *proof[at + 1 :]]
        for false in (forged, proof[:at] + proof[at + 1 :], [*proof, proof[at]]):
            with pytest.raises(Untrusted):
                proofs.verify_consistency(old, size, before, after, false)
        other = data.draw(st.integers(1, size).filter(lambda one: one != old))
        with pytest.raises(Untrusted):
            proofs.verify_consistency(other, size, before, after, proof)


@FEW
@given(size=SIZES, cuts=st.lists(st.integers(0, 1500), max_size=6))
def test_grow(size: int, cuts: list[int]) -> None:
    """Written over those before, the tiles are those of the whole tree; nothing else is touched."""
    leaves = hashes(size)
    kept: dict[tuple[int, int], bytes] = {}
    bounds = [0, *sorted(min(cut, size) for cut in cuts), size]
    for start, end in pairwise(bounds):
        new = tiles.grow(start, leaves[start:end], lambda level, number: kept[level, number])
        assert len(new) == len({(level, number) for level, number, _ in new})
        for level, number, tile in new:
            before = kept.get((level, number), b"")
            assert tile.startswith(before)
            assert len(tile) > len(before)
            kept[level, number] = tile
    assert kept == naive_tiles(leaves)
    assert set(tiles.edge(size)) == {
        (level, number, len(tile) // 32)
        for (level, number), tile in kept.items()
        if len(tile) < 8192
    }


@FEW
@given(size=SIZES, data=st.data())
def test_readers_of_tiles_agree_with_the_leaves(size: int, data: st.DataObject) -> None:
    kept = naive_tiles(hashes(1500))

    def get(level: int, number: int, width: int) -> bytes:
        return kept[level, number][: width * 32]

    log = TileReader(get, size)
    old = data.draw(st.integers(0, size))
    index = data.draw(st.integers(0, size - 1))
    assert log.frontier(old) == Frontier().extend(hashes(size)[:old])
    assert log.consistency(old) == proofs.consistency_proof(of_leaves, old, size)
    assert log.inclusion(index) == proofs.inclusion_proof(of_leaves, index, size)


@given(
    level=st.one_of(st.none(), st.integers(0, 63)),
    number=st.integers(0, 10**18 - 1),
    width=st.integers(1, 256),
)
def test_addresses(level: int | None, number: int, width: int) -> None:
    text = tiles.path(level, number, width)
    assert tiles.parse_path(text) == tiles.TileAddress(level, number, width)


@given(text=st.from_regex(r"tile/[0-9]{1,2}/(x[0-9]{3}/){0,3}[0-9]{1,4}(\.p/[0-9]{1,4})?\n?"))
def test_an_address_is_written_in_one_way(text: str) -> None:
    try:
        found = tiles.parse_path(text)
    except Invalid:
        return
    assert tiles.path(found.level, found.number, found.width) == text
    assert 1 <= found.width <= 256


@given(found=st.lists(st.binary(max_size=300), max_size=256), data=st.data())
def test_bundles(found: list[bytes], data: st.DataObject) -> None:
    bundle = tiles.bundle(found)
    assert tiles.unbundle(bundle, len(found)) == found
    cut = data.draw(st.integers(0, len(bundle)))
    if cut < len(bundle):
        with pytest.raises(Invalid):
            tiles.unbundle(bundle[:cut], len(found))


@given(kind=st.sampled_from(Kind), hash_=st.binary(min_size=32, max_size=32), data=st.data())
def test_entries(kind: Kind, hash_: bytes, data: st.DataObject) -> None:
    index = data.draw(st.integers(1, 1 << 62))
    target = data.draw(st.integers(0, index - 1))
    entry = Entry(kind, hash_) if kind is Kind.COMMITMENT else Entry(kind, target=target)
    written = entries.write(entry)
    assert entries.read(written, index) == entry
    assert leaf(changed(data, written)) != leaf(written)
    if kind is not Kind.COMMITMENT:
        with pytest.raises(Invalid):
            entries.read(written, target)


@given(junk=st.binary(max_size=40))
def test_whatever_is_read_as_an_entry_is_written_the_same(junk: bytes) -> None:
    try:
        entry = entries.read(junk, 5)
    except Invalid:
        return
    assert entries.write(entry) == junk


checkpoints = st.builds(
    Checkpoint,
    origin=named,
    size=st.integers(1, (1 << 62) - 1),
    root=st.binary(min_size=32, max_size=32),
    extension=st.lists(named, max_size=3).map(tuple),
)


@FEW
@given(point=checkpoints, time=st.integers(0, (1 << 63) - 1), data=st.data())
def test_checkpoint(point: Checkpoint, time: int, data: st.DataObject) -> None:
    keys = [signer("australia").key()]
    note = checkpoint.sign(point, AUSTRALIA, signer("australia"))
    assert checkpoint.open_note(note, AUSTRALIA, keys) == point
    with pytest.raises((Untrusted, Invalid)):
        checkpoint.open_note(changed(data, note), AUSTRALIA, keys)
    cosigned = checkpoint.cosign(note, JAPAN, signer("japan"), time)
    keys = [signer("japan").key()]
    assert checkpoint.verify_cosignature(cosigned, JAPAN, keys) == (point, time)
    last = cosigned[len(note) :]
    for false in (
        changed(data, checkpoint.body(point)) + note[len(checkpoint.body(point)) :] + last,
        note + changed(data, last),
    ):
        with pytest.raises((Untrusted, Invalid)):
            checkpoint.verify_cosignature(false, JAPAN, keys)


@FEW
@given(header=headers, body=bodies, both=st.integers(0, 1), data=st.data())
def test_seal(header: Header, body: bytes, both: int, data: st.DataObject) -> None:
    signers = [signer(header.origin)] + ([ml_dsa(header.origin)] if both else [])
    sealed = seal(header, body, signers)
    opened = open_envelope(sealed, PARTNERS, NOW)
    assert opened == Envelope(header, body, tuple(one.keyid for one in signers)) == peek(sealed)
    with pytest.raises((Untrusted, Invalid)):
        open_envelope(changed(data, sealed), PARTNERS, NOW)
    cut = data.draw(st.integers(0, len(sealed) - 1))
    with pytest.raises((Untrusted, Invalid)):
        open_envelope(sealed[:cut], PARTNERS, NOW)


@FEW
@given(header=headers, body=bodies, data=st.data())
def test_one_form(header: Header, body: bytes, data: st.DataObject) -> None:
    """Other bytes that a reader of JSON would take for the same envelope are refused."""
    sealed = seal(header, body, [signer(header.origin)])
    at = data.draw(st.integers(0, len(sealed)))
    space = data.draw(st.sampled_from([b" ", b"\n", b"\t"]))
    with pytest.raises((Untrusted, Invalid)):
        open_envelope(sealed[:at] + space + sealed[at:], PARTNERS, NOW)


@given(junk=st.one_of(st.binary(max_size=300), texts.map(str.encode)))
def test_junk_is_refused_and_nothing_else_happens(junk: bytes) -> None:
    keys = [signer("japan").key()]
    for read in (
        lambda: open_envelope(junk, PARTNERS, NOW),
        lambda: open_envelope(
            dsse.write("application/vnd.accord.object", junk, signer("japan")), PARTNERS, NOW
        ),
        lambda: acknowledgements.read(junk, PARTNERS, "japan"),
        lambda: checkpoint.open_note(junk, JAPAN, keys),
        lambda: checkpoint.open_note(b"a\n\n" + junk, JAPAN, keys),
        lambda: receipts.read(junk),
        lambda: tiles.unbundle(b"\x01" + junk, 3),
        lambda: merkle.read(b"\x01" + junk),
    ):
        with pytest.raises(AccordError):
            read()


lines = st.builds(
    receipts.Line,
    number=st.just(0),
    at=past,
    object=texts,
    version=texts,
    tlp=texts,
    way=texts,
    recipient=texts,
    decision=texts,
    rule=texts,
    digest=texts,
)


@FEW
@given(found=st.lists(lines, min_size=1, max_size=12), data=st.data())
def test_chain(found: list[receipts.Line], data: st.DataObject) -> None:
    numbered = [msgspec.structs.replace(line, number=n) for n, line in enumerate(found, start=1)]
    rows = [(n, *row) for n, row in enumerate(receipts.chain(receipts.START, numbered), start=1)]
    assert receipts.verify_chain(rows) == receipts.Chain(len(rows), rows[-1][2])
    at = data.draw(st.integers(0, len(rows) - 1))
    number, line, hash_ = rows[at]
    for false in ((number, changed(data, line), hash_), (number, line, changed(data, hash_))):
        assert receipts.verify_chain([*rows[:at], false, *rows[at + 1 :]]).broken == number
    added = [*rows[:at], rows[at], *rows[at:]]
    assert receipts.verify_chain(added).broken == number + 1
    if at < len(rows) - 1:
        assert receipts.verify_chain(rows[:at] + rows[at + 1 :]).broken == number


@FEW
@given(point=checkpoints, reason=texts, data=st.data())
def test_acknowledgement(point: Checkpoint, reason: str, data: st.DataObject) -> None:
    point = msgspec.structs.replace(point, origin=f"{AUSTRALIA}/k3x9")
    note = checkpoint.sign(point, AUSTRALIA, signer("australia"))
    cosigned = checkpoint.cosign(note, JAPAN, signer("japan"), 5).decode()
    quarantined = acknowledgements.told([(point.size - 1, reason)])
    word = Acknowledgement("k3x9", 0, point.size, point.root.hex(), quarantined, cosigned)
    written = acknowledgements.write(word, signer("japan"))
    assert acknowledgements.read(written, PARTNERS, "japan") == word
    with pytest.raises((Untrusted, Invalid)):
        acknowledgements.read(changed(data, written), PARTNERS, "japan")
