"""Archives cut into pieces: every member once, each read from an archive that is opened once."""

from __future__ import annotations

import multiprocessing
import os
import zipfile
from pathlib import Path

import pytest

from accord.core.archives import Sealed
from accord.core.limits import LIMITS
from accord.flows import batches, load
from accord.flows.prepared import Known, Prepared


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def sources(path: Path) -> list[list[str]]:
    with batches.Shelf() as shelf:
        return [
            [outcome.source for outcome in batches.work(piece, frozenset(), shelf).outcomes]
            for piece in batches.pieces([path])
        ]


def test_pieces_hold_every_member_once_and_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "_DOCUMENTS", 3)
    path = archive(tmp_path / "a.zip", {f"{n}.json": b'{"n": %d}' % n for n in range(8)})
    found = sources(path)
    assert [len(piece) for piece in found] == [3, 3, 2]
    assert [one for piece in found for one in piece] == [f"a.zip!/{n}.json" for n in range(8)]


def test_what_does_not_shrink_is_expected_to_grow_when_it_is_opened(tmp_path: Path) -> None:
    dense = archive(tmp_path / "dense.zip", {f"{n}.xz": os.urandom(200_000) for n in range(3)})
    loose = archive(tmp_path / "loose.zip", {f"{n}.json": b" " * 200_000 for n in range(3)})
    assert [len(piece) for piece in sources(dense)] == [1, 1, 1]
    assert [len(piece) for piece in sources(loose)] == [3]


def test_an_archive_is_opened_once_for_the_pieces_that_follow_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (archive(tmp_path / name, {"x": b"{}"}) for name in ("1.zip", "2.zip"))
    opened: list[object] = []

    class Counted(zipfile.ZipFile):
        def __init__(self, file: str) -> None:
            opened.append(file)
            super().__init__(file)

    monkeypatch.setattr(zipfile, "ZipFile", Counted)
    with batches.Shelf() as shelf:
        archives = [shelf.archive(str(path)) for path in (first, first, second, second)]
        assert archives[0] is archives[1]
        assert archives[0].fp is None
    assert opened == [str(first), str(second)]
    assert archives[2].fp is None


def test_the_digest_and_the_bytes_are_those_of_the_document(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"1": b'{"a": 1}', "2": b'{"a": 1}'})
    with batches.Shelf() as shelf:
        one, two = batches.work(next(batches.pieces([path])), frozenset(), shelf).outcomes
        assert isinstance(one, Prepared)
        assert isinstance(two, Prepared)
        assert one.digest == two.digest
        again = batches.work(next(batches.pieces([path])), {one.digest}, shelf).outcomes
        assert [type(outcome) for outcome in again] == [Known, Known]


def test_what_only_ends_like_an_archive_is_one_document_of_its_own(tmp_path: Path) -> None:
    inner = archive(tmp_path / "in.zip", {"x.json": b"{}"})
    path = tmp_path / "document.json"
    path.write_bytes(b'{"id": "OSV-1"}' + inner.read_bytes())
    assert zipfile.is_zipfile(path)
    assert sources(path) == [["document.json"]]


def test_files_come_in_the_order_of_their_names_and_links_and_hidden_ones_do_not(
    tmp_path: Path,
) -> None:
    for name in ("b/2", "b/1", "a", "c", "b/.hidden", ".git/x"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"{}")
    (tmp_path / "b/link").symlink_to(tmp_path / "a")
    (tmp_path / "link").symlink_to(tmp_path / "b")
    (piece,) = batches.pieces([tmp_path])
    assert [name.partition("/")[2] for name in piece.names] == ["a", "b/1", "b/2", "c"]


def test_a_folder_that_cannot_be_listed_is_told_beside_its_neighbours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "closed").mkdir()
    for name in ("a.json", "closed/b.json", "d.json"):
        (tmp_path / name).write_bytes(b"{}")
    scandir = os.scandir

    def refusing(folder: Path) -> object:
        if folder.name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    (piece,) = batches.pieces([tmp_path])
    with batches.Shelf() as shelf:
        a, closed, d = batches.work(piece, frozenset(), shelf).outcomes
    assert isinstance(a, Prepared)
    assert isinstance(d, Prepared)
    assert isinstance(closed, Sealed)
    assert closed.source.endswith("/closed")
    assert "cannot be listed" in closed.reason


def test_folders_may_be_nested_deeper_than_python_calls(tmp_path: Path) -> None:
    depth = 1200
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    with os.fdopen(os.open("x.json", os.O_WRONLY | os.O_CREAT, dir_fd=here), "wb") as file:
        file.write(b"{}")
    os.close(here)
    (piece,) = batches.pieces([tmp_path])
    (name,) = piece.names
    assert name.endswith("/d" * depth + "/x.json")
    _remove(tmp_path / "d", depth)


def _remove(folder: Path, depth: int) -> None:
    """pytest's own removal calls itself for each folder."""
    (folder.joinpath(*["d"] * (depth - 1)) / "x.json").unlink()
    for below in range(depth - 1, -1, -1):
        folder.joinpath(*["d"] * below).rmdir()


def piece_of(number: int, start: int, whole: int = 1000) -> batches.Piece:
    return batches.Piece(("p",), ("p",), (start, start + 5), whole=whole, archive=number)


def done(source: str, size: int) -> batches.Done:
    return batches.Done([Sealed(source, "x")], bytes=size)


def told(outcomes: list[batches.Outcome]) -> list[str]:
    return [outcome.source for outcome in outcomes]


def test_after_a_bomb_the_pieces_that_follow_are_one_refusal_and_the_next_archive_is_opened() -> (
    None
):
    ledger, most = batches.Ledger(), LIMITS.grown
    assert told(ledger.settle(piece_of(1, 0), done("first", most))) == ["first"]
    assert not ledger.closed(piece_of(1, 5))
    assert told(ledger.settle(piece_of(1, 5), done("second", 1))) == ["second"]
    assert ledger.closed(piece_of(1, 10))
    assert not ledger.closed(piece_of(2, 10))
    (rest,) = ledger.settle(piece_of(1, 10), done("third", 1))
    assert isinstance(rest, Sealed)
    assert "from number 11 on" in rest.reason
    assert ledger.settle(piece_of(1, 15), done("fourth", 1)) == []
    assert told(ledger.settle(piece_of(2, 0), done("other", 1))) == ["other"]


def test_an_archive_may_grow_in_proportion_to_its_size() -> None:
    ledger, whole = batches.Ledger(), 100 << 20
    ledger.settle(piece_of(1, 0, whole), done("first", LIMITS.expanded))
    assert not ledger.closed(piece_of(1, 5, whole))
    ledger.settle(piece_of(1, 5, whole), done("second", 1))
    assert ledger.closed(piece_of(1, 10, whole))


def test_what_is_used_counts_the_archives_within(tmp_path: Path) -> None:
    inner = archive(tmp_path / "in.zip", {"1": b" " * 5000, "2": b" " * 5000}).read_bytes()
    path = archive(tmp_path / "a.zip", {"x": inner, "y": b"{}"})
    (piece,) = batches.pieces([path])
    with batches.Shelf() as shelf:
        what = batches.work(piece, frozenset(), shelf)
    assert (what.bytes, what.members) == (10_000 + len(inner) + 2, 4)


def test_a_huge_piece_goes_alone_and_small_ones_side_by_side() -> None:
    small, huge = (batches.Piece(("p",), ("p",), size=size) for size in (8 << 20, 500 << 20))
    assert load.room(small, [(small, None)] * 3, 4)
    assert not load.room(small, [(small, None)] * 4, 4)
    assert not load.room(huge, [(small, None)], 4)
    assert not load.room(small, [(huge, None)], 4)
    assert load.room(huge, [], 4)


def test_stopping_in_the_middle_leaves_no_worker_behind(tmp_path: Path) -> None:
    """What was kept before stays: the pieces are given in order, each when it is done."""
    for number in range(6):
        archive(tmp_path / f"{number}.zip", {f"{n}": b"{}" for n in range(5)})
    work = list(batches.pieces([tmp_path]))
    assert len(work) == 6
    prepared = load.prepared(work, frozenset())
    first = next(prepared)
    assert [outcome.source.partition("/")[2] for outcome in first] == [
        f"0.zip!/{n}" for n in range(5)
    ]
    assert multiprocessing.active_children()
    prepared.close()
    assert not multiprocessing.active_children()
