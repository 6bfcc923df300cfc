"""Archives cut into pieces: every member once, each read from an archive that is opened once."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from accord.flows import batches
from accord.flows.prepared import Prepared


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def sources(path: Path) -> list[list[str]]:
    with batches.Shelf() as shelf:
        return [
            [outcome.source for outcome in batches.work(piece, frozenset(), shelf)]
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
        one, two = batches.work(next(batches.pieces([path])), frozenset(), shelf)
        assert isinstance(one, Prepared)
        assert isinstance(two, Prepared)
        assert one.digest == two.digest
        assert batches.work(next(batches.pieces([path])), {one.digest}, shelf) != [one, two]
