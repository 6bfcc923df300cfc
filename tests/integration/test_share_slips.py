"""What a person may type by accident must not be shared."""

from __future__ import annotations

from pathlib import Path

import nodes
import pytest


@pytest.mark.parametrize("name", ["", "  ", "."])
def test_neither_nothing_nor_a_folder_is_shared(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report.json").write_bytes(b"{}")
    done = nodes.command("share", name, "--audience", "all", "--home", tmp_path / "node")
    assert done.returncode == 2
    assert "names nothing" in done.stderr or "is a folder" in done.stderr
