"""The one way to the real data sets, which are not part of this repository."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / "shared"


def real(path: str) -> Path:
    """A file of the real data, such as `data/kev/known_exploited_vulnerabilities.json`.

    The test is skipped, with one line, where the data is not on this machine.
    """
    found = Path(os.environ.get("ACCORD_REAL_DATA", _BESIDE)) / path
    if not found.exists():
        pytest.skip("the real data sets are not on this machine (set ACCORD_REAL_DATA)")
    return found


def real_members(path: str, ending: str = "") -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file in an archive of the real data."""
    with zipfile.ZipFile(real(path)) as archive:
        for name in archive.namelist():
            if name.endswith(ending) and not name.endswith("/"):
                yield name, archive.read(name)
