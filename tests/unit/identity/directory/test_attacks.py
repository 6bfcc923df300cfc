"""Every attack on the directory is refused, by accord and by an independent implementation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from attacks import BOTH, Case
from directories import offering
from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError
from tuf.ngclient import FetcherInterface, Updater  # type: ignore[attr-defined]

from accord.identity.directory.metadata import moment
from accord.identity.directory.trusted import trust

by_name = pytest.mark.parametrize("make", BOTH, ids=lambda make: make.__name__)


@by_name
def test_accord_judges(make: Callable[[], Case]) -> None:
    case = make()
    if case.refusal is None:
        trusted = trust(offering(case.offered), case.known.files, case.now)
        assert trusted.files == case.offered
    else:
        with pytest.raises(case.refusal):
            trust(offering(case.offered), case.known.files, case.now)


class Files(FetcherInterface):
    """Files at hand, as if from a server."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files

    def _fetch(self, url: str) -> Iterator[bytes]:
        name = url.rpartition("/")[2]
        if name not in self.files:
            raise DownloadHTTPError(f"{name} is not here", 404)
        yield self.files[name]


def update(folder: Path, files: Mapping[str, bytes], first: bytes, now: str) -> set[bytes]:
    """A whole update by the other implementation: the records that it then trusts."""
    (folder / "targets").mkdir(exist_ok=True)
    updater = Updater(
        str(folder), "https://partner.example/m/", str(folder / "targets"),
        "https://partner.example/t/", Files(files), bootstrap=first,
    )  # fmt: skip
    updater._trusted_set.reference_time = moment(now)
    updater.refresh()
    found = set()
    for target in updater._trusted_set.targets.targets.values():
        found.add(Path(updater.download_target(target)).read_bytes())
    return found


@by_name
def test_another_implementation_agrees(make: Callable[[], Case], tmp_path: Path) -> None:
    case = make()
    first = case.known.files["1.root.json"]
    update(tmp_path, case.known.files, first, "2026-03-01T09:00:00.000000Z")
    if case.refusal is None:
        records = update(tmp_path, case.offered, first, case.now)
        ends = ("partnership.json", ".partner.json")
        assert records == {d for n, d in case.offered.items() if n.endswith(ends)}
    else:
        with pytest.raises((RepositoryError, DownloadError)):
            update(tmp_path, case.offered, first, case.now)
