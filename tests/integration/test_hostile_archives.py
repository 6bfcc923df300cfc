"""What a hostile archive or file may try, and what must come of it: a refusal, in time."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import os
import random
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import nodes
import pytest
import zstandard
from nodes import Document

from accord.core.archives import Sealed, unpack
from accord.core.limits import Limits
from accord.flows.load import Loaded, load

MB = 1 << 20
GOOD = nodes.osv("OSV-1")


def zipped(*documents: Document, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, data in documents:
            archive.writestr(name, data)
    return packed.getvalue()


def account_of(data: bytes, tmp_path: Path, name: str = "given") -> Loaded:
    path = tmp_path / name
    path.write_bytes(data)
    node = nodes.new_node(tmp_path / "node")
    return load([path], node.intake, nodes.TODAY)


def _zeros() -> bytes:
    return bytes(40 * MB)


def _flat() -> bytes:
    return zipped(*[(f"{n}", _zeros()) for n in range(3)], ("good.json", GOOD))


def _claims() -> bytes:
    """A directory that says 4 GB of what is a thousand bytes."""
    data = bytearray(zipped(("huge", b"0" * 1000), ("good.json", GOOD)))
    directory = data.index(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = struct.pack("<I", 0xFFFFFFF0)
    return bytes(data)


def _nested() -> bytes:
    data = zipped(("zeros", _zeros()))
    for _ in range(2):
        data = zipped(("inner.zip", data))
    return zipped(("inner.zip", data), ("good.json", GOOD))


def _deep() -> bytes:
    data = GOOD
    for _ in range(8):
        data = zipped(("deeper.zip", data))
    return zipped(("deep.zip", data), ("good.json", GOOD))


def _encrypted() -> bytes:
    data = bytearray(zipped(("secret", b"0" * 100), ("good.json", GOOD)))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def _damaged() -> bytes:
    data = bytearray(zipped(("damaged", b"abc" * 1000), ("good.json", GOOD)))
    data[45] ^= 0xFF
    return bytes(data)


def _cut() -> bytes:
    data = zipped(("cut", os.urandom(5000)), ("good.json", GOOD))
    return data[: len(data) // 2]


def _many() -> bytes:
    """Archives of 200,000 empty files in all, in an archive of a few kilobytes."""
    entry = zipped(("n", b""), method=zipfile.ZIP_STORED)
    start = entry.index(b"PK\x01\x02")
    listed = entry[start : entry.index(b"PK\x05\x06")] * 50_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 50_000, 50_000, len(listed), start, 0)
    inner = entry[:start] + listed + end
    return zipped(("good.json", GOOD), *[(f"{n}.zip", inner) for n in range(4)])


def _levels() -> bytes:
    """Three levels of 60 members each, of 2 MB: 432 GB in all."""
    data = bytes(2 * MB)
    for _ in range(3):
        data = zipped(*[(f"{n}.zip", data) for n in range(60)])
    return zipped(("good.json", GOOD), ("levels.zip", data))


def _overlapping() -> bytes:
    """200 entries of a directory that all mean the same bytes."""
    data = zipped(("same", b"0" * 30000), ("good.json", GOOD))
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    first = data[start : data.index(b"PK\x01\x02", start + 4)]
    entries = first * 199 + data[start:end]
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 201, 201, len(entries), start, 0)
    return data[:start] + entries + tail


@pytest.mark.parametrize(
    ("made", "refused", "good"),
    [
        pytest.param(_flat, 3, 1, id="flat"),
        pytest.param(_claims, 1, 1, id="claims 4 GB"),
        pytest.param(_nested, 1, 1, id="nested"),
        pytest.param(_deep, 1, 1, id="too deep"),
        pytest.param(_encrypted, 1, 1, id="encrypted"),
        pytest.param(_damaged, 1, 1, id="damaged member"),
        pytest.param(_cut, 1, 0, id="cut zip"),
        pytest.param(lambda: gzip.compress(_zeros()), 1, 0, id="gzip"),
        pytest.param(lambda: lzma.compress(_zeros()), 1, 0, id="xz"),
        pytest.param(lambda: zstandard.compress(_zeros()), 1, 0, id="zstd"),
        pytest.param(lambda: gzip.compress(GOOD)[:-9], 1, 0, id="cut gzip"),
        pytest.param(lambda: lzma.compress(GOOD)[:-20], 1, 0, id="cut xz"),
        pytest.param(lambda: zstandard.compress(GOOD)[:-5], 1, 0, id="cut zstd"),
        pytest.param(_overlapping, 200, 1, id="overlapping"),
        pytest.param(_many, 1, 1, id="many nested"),
        pytest.param(_levels, 1, 1, id="levels"),
    ],
)
def test_a_bomb_is_refused_with_its_reason_and_its_neighbours_are_taken(
    made: Callable[[], bytes], refused: int, good: int, tmp_path: Path
) -> None:
    data = made()
    started = time.process_time()
    account = account_of(data, tmp_path)
    assert time.process_time() - started < 10
    assert account.total.new == good
    assert account.total.quarantined + account.total.same >= refused
    assert account.total.quarantined >= 1
    assert account.total.read == account.total.new + account.total.quarantined + account.total.same
    assert len(account.quarantined) == account.total.quarantined < 1000
    assert all(one.reason and one.source for one in account.quarantined)


@pytest.mark.parametrize("seed", range(6))
def test_a_zip_with_any_damage_is_refused_or_read(seed: int, tmp_path: Path) -> None:
    chosen = random.Random(seed)
    methods = [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_STORED]
    whole = zipped(("a.json", GOOD), ("b.json", GOOD * 3), method=methods[seed % 4])
    node = nodes.new_node(tmp_path / "node")
    accounts = []
    for number in range(60):
        data = bytearray(whole)
        for _ in range(chosen.choice([1, 2, 8])):
            data[chosen.randrange(len(data))] = chosen.randrange(256)
        path = tmp_path / f"{number}.zip"
        path.write_bytes(data)
        count = load([path], node.intake, nodes.TODAY).total
        assert count.read == count.new + count.same + count.quarantined > 0
        accounts.append(count)
    assert any(count.new for count in accounts)
    assert any(count.same for count in accounts)
    assert any(count.quarantined for count in accounts)


@pytest.mark.parametrize("damaged", ["a.json", "c.json"])
def test_members_beside_a_damaged_one_are_taken(damaged: str, tmp_path: Path) -> None:
    documents = [(f"{name}.json", nodes.osv(f"OSV-{name}")) for name in "abcd"]
    data = bytearray(zipped(*documents, method=zipfile.ZIP_STORED))
    body = dict(documents)[damaged]
    data[data.index(body) + len(body) // 2] ^= 0xFF
    account = account_of(bytes(data), tmp_path, "in.zip")
    assert (account.total.new, account.total.quarantined) == (3, 1)
    assert [one.source for one in account.quarantined] == [f"in.zip!/{damaged}"]


def test_a_document_with_an_archive_behind_it_is_quarantined_as_itself(tmp_path: Path) -> None:
    data = GOOD + zipped(("other.json", nodes.osv("OSV-2")))
    assert zipfile.is_zipfile(io.BytesIO(data))
    account = account_of(data, tmp_path, "document.json")
    assert (account.total.new, account.total.quarantined) == (0, 1)
    assert account.quarantined[0].source == "document.json"


def test_an_archive_is_held_to_its_bounds() -> None:
    limits = Limits(members=3, expanded=1000, bytes=600)
    many = list(unpack("z", zipped(*[(f"{n}", b"x") for n in range(4)]), limits))
    assert [type(one) for one in many] == [Sealed]
    large = list(unpack("z", zipped(("a", b"x" * 500), ("b", b"y" * 500), ("c", b"z")), limits))
    assert isinstance(large[-1], Sealed)


@pytest.mark.parametrize("name", ["../../escaped", "/etc/escaped", "C:\\escaped", "a/../../b", "."])
def test_a_name_in_an_archive_is_only_a_label(name: str, tmp_path: Path) -> None:
    before = sorted(path for path in tmp_path.parent.rglob("escaped"))
    account = account_of(zipped((name, GOOD)), tmp_path, "in.zip")
    assert account.total.new == 1
    assert sorted(path for path in tmp_path.parent.rglob("escaped")) == before
    assert not Path("/etc/escaped").exists()


def test_what_is_no_file_is_refused_and_nothing_hangs(tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to(folder)
    (folder / "gone").symlink_to(folder / "nothing")
    (folder / "good.json").write_bytes(GOOD)
    for given in ([folder], [folder / "pipe"], ["/dev/zero"], ["/dev/null"]):
        done = nodes.command("load", *given, "--json", home=tmp_path / "node", timeout=20)
        assert done.returncode == 3, done
        (refused,) = json.loads(done.stdout)["quarantined"]
        assert "not a plain file" in refused["reason"]
    assert json.loads(nodes.command("documents", "--json", home=tmp_path / "node").stdout)


def test_a_file_that_cannot_be_read_is_told_beside_its_neighbours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.json").write_bytes(GOOD)
    (tmp_path / "b.json").write_bytes(b"secret")
    read = Path.read_bytes

    def refusing(path: Path) -> bytes:
        if path.name == "b.json":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refusing)
    node = nodes.new_node(tmp_path.parent / f"{tmp_path.name}-node")
    account = load([tmp_path], node.intake, nodes.TODAY)
    assert (account.total.new, account.total.quarantined) == (1, 1)
    assert "Permission denied" in account.quarantined[0].reason
