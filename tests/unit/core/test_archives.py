"""Archives: every document of them, and an end to those that are made never to have one."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Sequence

import pytest

from accord.core.archives import Budget, Given, Sealed, is_archive, is_zip, unpack
from accord.core.limits import LIMITS, Limits

MB = 1 << 20
SMALL = Limits(grown=40_000, few=400, ratio=1)
"""An archive of little may grow to 40,000 bytes, one member of it to a quarter of that."""


def zipped(*members: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return packed.getvalue()


def opened(data: bytes, limits: Limits = LIMITS) -> tuple[list[str], list[str]]:
    """The sources that were given, and those that were sealed."""
    found = list(unpack("z", data, limits))
    assert all(one.reason for one in found if isinstance(one, Sealed))
    return sources(found, Given), sources(found, Sealed)


def sources(found: Sequence[Given | Sealed], kind: type) -> list[str]:
    return [one.source for one in found if isinstance(one, kind)]


def test_archives_within_archives_are_opened_and_named() -> None:
    inner = zipped(("a", b"1"), ("b.gz", gzip.compress(b"2")))
    given = list(unpack("z", zipped(("in.zip", inner), ("c", b"3"))))
    assert given == [
        Given("z!/in.zip!/a", b"1"),
        Given("z!/in.zip!/b.gz", b"2"),
        Given("z!/c", b"3"),
    ]


def test_a_zip_archive_is_known_by_how_it_begins() -> None:
    assert is_zip(zipped(("a", b""))[:4])
    assert is_zip(zipped()[:4])
    assert not is_zip(b"{" + zipped(("a", b""))[:3])
    assert is_archive(gzip.compress(b"")[:6])
    assert not is_zip(gzip.compress(b"")[:4])


def bomb(levels: int, each: int, size: int) -> bytes:
    data = bytes(size)
    for _ in range(levels):
        data = zipped(*[(f"{n}.zip", data) for n in range(each)])
    return data


def test_a_bomb_within_bombs_is_one_refusal_and_its_neighbours_are_given() -> None:
    data = zipped(("bomb.zip", bomb(2, 20, 1000)), ("good", b"{}"))
    given, sealed = opened(data, SMALL)
    assert sealed == ["z!/bomb.zip"]
    assert "z!/good" in given
    assert sum(source.startswith("z!/bomb.zip!/") for source in given) < 10


def test_bombs_side_by_side_end_the_whole_archive_with_one_refusal_for_the_rest() -> None:
    many = [(f"{n:02}.zip", bomb(2, 5, 1000)) for n in range(20)]
    given, sealed = opened(zipped(*many, ("good", b"{}")), SMALL)
    assert sealed[-1] == "z"
    assert 4 <= len(sealed) - 1 <= 12
    assert len(given) < SMALL.grown / 1000


def test_many_empty_files_in_a_nested_archive_are_one_refusal() -> None:
    assert len(opened(bomb(1, 100, 0), SMALL)[0]) == 100
    given, sealed = opened(zipped(("many.zip", bomb(1, 200, 0)), ("good", b"{}")), SMALL)
    assert (given, sealed) == (["z!/good"], ["z!/many.zip"])


def test_many_files_over_several_nested_archives_are_counted_together() -> None:
    several = zipped(*[(f"{n}.zip", bomb(1, 60, 0)) for n in range(20)])
    given, sealed = opened(several, Limits(grown=400_000, few=400, ratio=1))
    assert len(given) <= SMALL.few
    assert len(given) > SMALL.few // 2
    assert set(sealed) <= {f"z!/{n}.zip" for n in range(20)}
    assert len(sealed) == 20 - len(given) // 60


def test_a_compressed_stream_counts_what_it_held_even_where_it_is_refused() -> None:
    """A stream past its own bound was decompressed up to there."""
    limits = Limits(grown=4 * MB, ratio=1, bytes=MB)
    streams = [(f"{n}.gz", gzip.compress(bytes(MB + 1))) for n in range(20)]
    given, sealed = opened(zipped(("in.zip", zipped(*streams)), ("good", b"{}")), limits)
    assert (given, sealed) == (["z!/good"], ["z!/in.zip"])


def test_a_member_that_is_refused_alone_takes_nothing_from_its_neighbours() -> None:
    limits = Limits(bytes=1000, expanded=3000)
    data = zipped(*[(f"{n}", bytes(1001)) for n in range(9)], ("good", b"{}"))
    given, sealed = opened(data, limits)
    assert given == ["z!/good"]
    assert sealed == [f"z!/{n}" for n in range(9)]


def test_an_archive_as_a_whole_grows_no_more_than_its_ratio_beyond_what_any_may() -> None:
    data = zipped(*[(f"{n}", bytes(1000)) for n in range(100)])
    assert opened(data, Limits(grown=99_999, ratio=1)) == ([], ["z"])
    assert len(opened(data, Limits(grown=100_000, ratio=1))[0]) == 100
    assert len(opened(data, Limits(grown=40_000, ratio=20))[0]) == 100


@pytest.mark.parametrize(
    ("packed", "size", "members"),
    [(0, LIMITS.grown, LIMITS.few), (10 * MB, 2000 * MB, 10 * MB // 32),
     (1000 * MB, LIMITS.expanded, LIMITS.members)],
)  # fmt: skip
def test_a_budget_grows_with_the_archive_up_to_its_bounds(
    packed: int, size: int, members: int
) -> None:
    budget = Budget.of(packed)
    assert (budget.bytes, budget.members) == (size, members)
    assert not budget.spent


def test_a_share_never_exceeds_what_is_left() -> None:
    whole = Budget(LIMITS, 100, 7)
    assert whole.share(MB) == whole
    share = Budget.of(0).share(0)
    assert (share.bytes, share.members) == (LIMITS.grown // 4, LIMITS.few // 4)
