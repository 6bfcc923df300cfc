from __future__ import annotations

import pytest

from accord.core.errors import Invalid, TooLarge
from accord.exchange.log import merkle, proofs, tiles
from accord.exchange.log.merkle import leaf, root
from accord.exchange.log.tiles import TileAddress, TileReader

LEAVES = [leaf(n.to_bytes(4, "big")) for n in range(70_000)]


def grown(size: int) -> dict[tuple[int, int], bytes]:
    changed = tiles.grow(0, LEAVES[:size], lambda level, number: b"")
    return {(level, number): hashes for level, number, hashes in changed}


def reader(size: int, written: int | None = None) -> TileReader:
    kept = grown(written or size)
    return TileReader(lambda level, number, width: kept[level, number][: width * 32], size)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (TileAddress(0, 1234067), "tile/0/x001/x234/067"),
        (TileAddress(0, 0), "tile/0/000"),
        (TileAddress(1, 999, 255), "tile/1/999.p/255"),
        (TileAddress(None, 1000, 1), "tile/entries/x001/000.p/1"),
        (TileAddress(63, 10**18 - 1), "tile/63/x999/x999/x999/x999/x999/999"),
    ],
)
def test_addresses(address: TileAddress, text: str) -> None:
    assert tiles.path(address.level, address.number, address.width) == text
    assert tiles.parse_path(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "", "tile", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x000",
        "tile/0/x000/000", "tile/0/001/002", "tile/0/x01/002", "tile/00/000", "tile/01/000",
        "tile/64/000", "tile/-1/000", "tile/+1/000", "tile/0/000.p/0", "tile/0/000.p/256",
        "tile/0/000.p/01", "tile/0/000.p/999", "tile/0/000.p/", "tile/0/000.p", "/tile/0/000",
        "tile/0/000/", "tile/0/000\n", "tile/entry/000", "tile/data/000",
        "tile/0/\u0660\u0660\u0660",
        "tile/0/x001/x000/x000/x000/x000/x000/000", "tile/0/../000", "tile/0/000?x=1",
        "tile/0/000" + "0" * 1_000_000,
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        tiles.parse_path(text)


def test_a_tree_of_70000_has_the_tiles_of_the_specification() -> None:
    kept = grown(70_000)
    widths = [
        [len(tile) // 32 for (at, _), tile in sorted(kept.items()) if at == level]
        for level in range(4)
    ]
    assert widths == [[256] * 273 + [112], [256, 17], [1], []]
    assert list(tiles.edge(70_000)) == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert {address: len(tile) for address, tile in grown(256).items()} == {
        (0, 0): 8192,
        (1, 0): 32,
    }
    assert list(tiles.edge(256)) == [(1, 0, 1)]
    assert list(tiles.edge(0)) == []


def test_growing_asks_for_the_right_edge_only() -> None:
    kept = grown(65_535)
    asked = []

    def edge(level: int, number: int) -> bytes:
        asked.append((level, number))
        return kept[level, number]

    changed = tiles.grow(65_535, LEAVES[65_535:65_537], edge)
    assert asked == [(0, 255), (1, 0)]
    assert [(level, number, len(tile) // 32) for level, number, tile in changed] == [
        (0, 255, 256),
        (0, 256, 1),
        (1, 0, 256),
        (2, 0, 1),
    ]


def test_a_torn_tile_stops_the_growth() -> None:
    with pytest.raises(Invalid, match=r"tile/0/000\.p/3: 64 bytes, 96 are expected"):
        tiles.grow(3, LEAVES[3:4], lambda level, number: b"\x00" * 64)


def test_nothing_new_changes_no_tile() -> None:
    assert tiles.grow(3, [], lambda level, number: b"") == []


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 65_536, 65_537, 70_000])
def test_a_reader_knows_roots_and_proofs(size: int) -> None:
    log = reader(size, 70_000)
    whole = root(LEAVES[:size])
    assert log.root() == whole
    assert log.frontier() == merkle.Frontier().extend(LEAVES[:size])
    for index in {0, size // 2, size - 1}:
        proofs.verify_inclusion(LEAVES[index], index, size, log.inclusion(index), whole)
    for old in {0, 1, size // 3, size - 1, size}:
        before = root(LEAVES[:old])
        assert log.root(old) == before
        proofs.verify_consistency(old, size, before, whole, log.consistency(old))


def test_a_reader_proves_what_was() -> None:
    log, whole = reader(600), root(LEAVES[:300])
    proofs.verify_inclusion(LEAVES[299], 299, 300, log.inclusion(299, 300), whole)
    proofs.verify_consistency(17, 300, root(LEAVES[:17]), whole, log.consistency(17, 300))


def test_a_reader_asks_for_each_tile_once_and_by_its_width() -> None:
    kept, asked = grown(600), []

    def get(level: int, number: int, width: int) -> bytes:
        asked.append(tiles.path(level, number, width))
        return kept[level, number][: width * 32]

    log = TileReader(get, 600)
    log.root()
    log.inclusion(3)
    log.inclusion(4)
    assert asked == ["tile/1/000.p/2", "tile/0/002.p/88", "tile/0/000"]


def test_a_reader_refuses_tiles_of_a_wrong_length() -> None:
    with pytest.raises(Invalid, match=r"tile/0/000\.p/7: 0 bytes, 224 are expected"):
        TileReader(lambda level, number, width: b"", 7).root()


@pytest.mark.parametrize("size", [-1, 1 << 62])
def test_a_reader_needs_a_size(size: int) -> None:
    with pytest.raises(Invalid):
        TileReader(lambda level, number, width: b"", size)


def test_a_reader_knows_its_bounds() -> None:
    log = reader(5)
    for wrong in (
        lambda: log.root(6),
        lambda: log.inclusion(5),
        lambda: log.consistency(6),
        lambda: log.consistency(2, 6),
        lambda: log.hash(0, 5),
        lambda: log.hash(0, -1),
        lambda: log.hash(3, 0),
    ):
        with pytest.raises(Invalid):
            wrong()


def test_bundles() -> None:
    entries = [b"", b"a", b"\x00" * 65_535]
    data = tiles.bundle(entries)
    assert data == b"\x00\x00" + b"\x00\x01a" + b"\xff\xff" + entries[2]
    assert tiles.unbundle(data, 3) == entries
    assert tiles.unbundle(b"", 0) == []


def test_an_entry_too_long_for_a_bundle_is_refused() -> None:
    with pytest.raises(TooLarge):
        tiles.bundle([b"\x00" * 65_536])


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (b"\x00\x01a", 2),
        (b"\x00\x01a", 0),
        (b"\x00\x01a\x00\x01b", 1),
        (b"\x00\x02a", 1),
        (b"\x00\x01a\x00", 2),
        (b"\x00", 1),
    ],
)
def test_a_bundle_that_is_cut_or_longer_is_refused(data: bytes, count: int) -> None:
    with pytest.raises(Invalid):
        tiles.unbundle(data, count)
