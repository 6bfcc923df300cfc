"""A log laid out as tiles: 256 hashes of one level each, immutable once they are full.

A tile of level 0 holds leaf hashes; one of level L holds the roots of the full tiles of level
L - 1. The last tile of a level is partial until it is full. Entries stand in bundles of 256.

Law (grow): the tiles that `grow` gives, written over those before, are the tiles of the whole tree.

Source: C2SP tlog-tiles.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import msgspec

from accord.core.errors import Invalid, TooLarge
from accord.exchange.log import proofs
from accord.exchange.log.merkle import HASH, MAX_SIZE, Frontier, pairs

WIDTH = 256
"""Hashes of a full tile; entries of a full bundle."""
TOP = 63
"""Highest level that an address can name."""

_HEIGHT = 8
_PREFIX = 2
_LONGEST = (1 << 16) - 1
_ADDRESS = re.compile(
    r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII
)

GetTile = Callable[[int, int, int], bytes]
"""Hashes of a tile by level, number and width, as many as the width says."""


class TileAddress(msgspec.Struct, frozen=True):
    """Where a tile or a bundle of entries stands."""

    level: int | None
    """None for a bundle of entries."""
    number: int
    width: int = WIDTH
    """Hashes or entries in it; less than 256 for a partial one."""


def path(level: int | None, number: int, width: int = WIDTH) -> str:
    """Address of a tile, or of a bundle of entries: `tile/0/x001/x234/067.p/8`."""
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.append(f"x{number % 1000:03d}")
    place = "/".join(reversed(groups))
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{'entries' if level is None else level}/{place}{partial}"


def parse_path(text: str) -> TileAddress:
    """A tile's address, read.

    Raises:
        Invalid: not the one way in which such an address is written.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise Invalid(f"{text[:60]!r} is not the address of a tile (C2SP tlog-tiles)")
    kind, groups, partial = match.groups()
    level = None if kind == "entries" else int(kind)
    number = int(groups.replace("x", "").replace("/", ""))
    found = TileAddress(level, number, int(partial) if partial else WIDTH)
    known = (level or 0) <= TOP and (not partial or found.width < WIDTH)
    if not known or path(found.level, found.number, found.width) != text:
        raise Invalid(f"{text!r} is not the address of a tile (C2SP tlog-tiles)")
    return found


def edge(size: int) -> Iterator[tuple[int, int, int]]:
    """The partial tiles of a tree: level, number and width of each, lowest level first."""
    level = 0
    while size:
        if size % WIDTH:
            yield level, size // WIDTH, size % WIDTH
        size, level = size // WIDTH, level + 1


def grow(
    size_before: int, leaves: Sequence[bytes], right_edge: Callable[[int, int], bytes]
) -> list[tuple[int, int, bytes]]:
    """The tiles that change or begin when leaf hashes are appended: level, number, hashes.

    `right_edge(level, number)` gives the partial tile that stands last in a level; it is asked for
    those that `edge(size_before)` names only. Costs as much as there are new leaves and levels.

    Raises:
        Invalid: a tile at the right edge does not have the width that the size demands.
    """
    changed: list[tuple[int, int, bytes]] = []
    new, size, level = list(leaves), size_before, 0
    while new:
        number, width = divmod(size, WIDTH)
        if width:
            new = split(_of_width(right_edge(level, number), width, level, number)) + new
        changed += [
            (level, number + at // WIDTH, b"".join(new[at : at + WIDTH]))
            for at in range(0, len(new), WIDTH)
        ]
        new = tile_roots(new)
        size, level = number, level + 1
    return changed


def _of_width(hashes: bytes, width: int, level: int, number: int) -> bytes:
    if len(hashes) != width * HASH:
        reason = f"{len(hashes)} bytes, {width * HASH} are expected"
        raise Invalid(reason, path(level, number, width))
    return hashes


def split(hashes: bytes) -> list[bytes]:
    """The hashes of a tile, one by one."""
    return [hashes[at : at + HASH] for at in range(0, len(hashes), HASH)]


def tile_root(hashes: bytes) -> bytes:
    """What stands in the level above for a full tile."""
    return tile_roots(split(hashes))[0]


def tile_roots(row: list[bytes]) -> list[bytes]:
    """What stands in the level above for the full tiles among the hashes of a level."""
    row = row[: len(row) // WIDTH * WIDTH]
    for _ in range(_HEIGHT):
        row = pairs(row)
    return row


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries as they are given out: each after its length in two bytes.

    Raises:
        TooLarge: an entry is longer than two bytes can say.
    """
    if any(len(entry) > _LONGEST for entry in entries):
        raise TooLarge(f"an entry of a log has at most {_LONGEST:,} bytes")
    return b"".join([len(entry).to_bytes(_PREFIX, "big") + entry for entry in entries])


def unbundle(data: bytes, count: int) -> list[bytes]:
    """So many entries from a bundle.

    Raises:
        Invalid: the bundle holds fewer or more, or is cut short.
    """
    entries: list[bytes] = []
    at, end = 0, len(data)
    while at < end and len(entries) < count:
        start = at + _PREFIX
        at = start + int.from_bytes(data[at:start], "big")
        entries.append(data[start:at])
    if at != end or len(entries) != count:
        raise Invalid(f"a bundle of {count} entries ends at entry {len(entries)}, byte {at}")
    return entries


class TileReader:
    """Roots and proofs of a log of a known size, made from its tiles.

    The tiles are taken at their word: check the root, or verify the proof, against a checkpoint.
    """

    def __init__(self, get_tile: GetTile, size: int) -> None:
        if not 0 <= size < MAX_SIZE:
            raise Invalid(f"{size} is not the size of a log")
        self._get_tile = get_tile
        self._size = size
        self._rows: dict[tuple[int, int], list[list[bytes]]] = {}

    def hash(self, level: int, index: int) -> bytes:
        """Root of the `index`-th perfect subtree of `2**level` leaves.

        Raises:
            Invalid: the tree has no such subtree, or a tile has the wrong length.
        """
        if index < 0 or (index + 1) << level > self._size:
            raise Invalid(f"a log of {self._size} entries has no subtree {level}/{index}")
        tile_level, height = divmod(level, _HEIGHT)
        number, at = divmod(index << height, WIDTH)
        rows = self._tile(tile_level, number)
        while len(rows) <= height:
            rows.append(pairs(rows[-1]))
        return rows[height][at >> height]

    def frontier(self, size: int | None = None) -> Frontier:
        """The right edge of the tree, or of what it was at a smaller size.

        Raises:
            Invalid: the log never had this size, or a tile has the wrong length.
        """
        size = self._known(size)
        parts = proofs.perfect(0, size)
        return Frontier(size, tuple(self.hash(level, at >> level) for level, at in parts))

    def root(self, size: int | None = None) -> bytes:
        """Root of the tree, or of what it was at a smaller size.

        Raises:
            Invalid: as `frontier`.
        """
        return self.frontier(size).root()

    def inclusion(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """Proof that an entry stands in the log.

        Raises:
            Invalid: there is no such entry.
        """
        return proofs.inclusion_proof(self.hash, index, self._known(size))

    def consistency(self, old: int, size: int | None = None) -> tuple[bytes, ...]:
        """Proof that the log grew from its first `old` entries.

        Raises:
            Invalid: it never had so many.
        """
        return proofs.consistency_proof(self.hash, old, self._known(size))

    def _known(self, size: int | None) -> int:
        if size is None:
            return self._size
        if not 0 <= size <= self._size:
            raise Invalid(f"a log of {self._size} entries never had {size}")
        return size

    def _tile(self, level: int, number: int) -> list[list[bytes]]:
        """The hashes of a tile, and those above them inside it as far as they were needed."""
        rows = self._rows.get((level, number))
        if rows is None:
            width = min(WIDTH, (self._size >> _HEIGHT * level) - number * WIDTH)
            hashes = _of_width(self._get_tile(level, number, width), width, level, number)
            rows = self._rows[level, number] = [split(hashes)]
        return rows
