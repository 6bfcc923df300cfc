"""The mark outside the database: what was signed is remembered for good, or nothing is signed."""

from __future__ import annotations

from pathlib import Path

import pytest

from accord.core.errors import AccordError
from accord.store.exchange.high_water import FileHighWater, Mark


def test_what_was_kept_is_known_to_everybody(tmp_path: Path) -> None:
    one, other = FileHighWater(tmp_path / "log.json"), FileHighWater(tmp_path / "log.json")
    assert one.mark("a") is None
    one.keep("a", Mark(1, "00", "note"))
    assert other.mark("a") == Mark(1, "00", "note")
    other.keep("b", Mark(2, "01", "note"))
    other.keep("a", Mark(3, "02", "note"))
    assert (one.mark("a"), one.mark("b")) == (Mark(3, "02", "note"), Mark(2, "01", "note"))
    assert [path.name for path in tmp_path.iterdir()] == ["log.json"]
    assert (tmp_path / "log.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"a": 1}', b"\xff"])
def test_a_damaged_file_is_no_mark(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "log.json").write_bytes(data)
    with pytest.raises(AccordError, match="cannot be read"):
        FileHighWater(tmp_path / "log.json").mark("a")


def test_a_file_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(AccordError, match="cannot write"):
        FileHighWater(tmp_path / "none" / "log.json").keep("a", Mark(1, "00", "note"))
