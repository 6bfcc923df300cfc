"""How fast versions become keys: distinct ones, and the share that the exact-text cache serves.

Run: python benchmarks/keys.py
"""

from __future__ import annotations

import os
import sys
import time
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import msgspec
import yaml

from accord.supply.matching import schemes
from accord.supply.matching.versions.encoding import Unorderable

BESIDE = Path(__file__).resolve().parents[2] / "shared"
DATA = Path(os.environ.get("ACCORD_REAL_DATA", BESIDE)) / "data"
CORPORA = ("Go", "Bitnami", "PyPI", "npm-restated", "Maven-restated", "Debian-restated")
ROUNDS = 3


def published() -> dict[str, set[str]]:
    """Distinct versions of the published order facts, by ecosystem."""
    found: dict[str, set[str]] = {}
    with zipfile.ZipFile(DATA / "versions/osv-scalibr.zip") as archive:
        for name in archive.namelist():
            ecosystem = name.rpartition("/")[2].partition("-versions")[0]
            for line in archive.read(name).decode().splitlines():
                if line and not line.startswith(("#", "//")):
                    first, _, second = line.split()
                    found.setdefault(ecosystem, set()).update((first, second))
    return found


def generated() -> dict[str, set[str]]:
    """In place of the facts, where the data is not on this machine."""
    tails = ("", "-1", "-rc.1", "a1", "_p1-r2", "+b", ".post1", "-beta2")
    versions = {f"{i % 50}.{i % 97}.{i}{tail}" for i in range(1000) for tail in tails}
    return {scheme.name: versions for scheme in schemes.SCHEMES}


class Event(msgspec.Struct):
    introduced: str = ""
    fixed: str = ""
    last_affected: str = ""


class Range(msgspec.Struct):
    type: str = ""
    events: list[Event] = []


class Package(msgspec.Struct):
    ecosystem: str = ""


class Affected(msgspec.Struct):
    package: Package = msgspec.field(default_factory=Package)
    ranges: list[Range] = []
    versions: list[str] = []


class Advisory(msgspec.Struct):
    affected: list[Affected] = []


def of_corpus(name: str) -> Iterator[tuple[int, str]]:
    """Number of the scheme and version, for every version of a corpus, in its order."""
    decoder = msgspec.json.Decoder(Advisory)
    texts_only = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    with zipfile.ZipFile(DATA / f"osv/{name}.zip") as archive:
        for member in archive.namelist():
            if member.endswith(".json"):
                for one in decoder.decode(archive.read(member)).affected:
                    yield from of_affected(one)
            elif member.endswith(".yaml"):
                plain = yaml.load(archive.read(member), Loader=texts_only)
                for one in msgspec.convert(plain, Advisory).affected:
                    yield from of_affected(one)


def of_affected(one: Affected) -> Iterator[tuple[int, str]]:
    scheme = schemes.of_ecosystem(one.package.ecosystem)
    if scheme is None:
        return
    for version in one.versions:
        yield scheme.number, version
    for span in one.ranges:
        if span.type != "GIT":
            for event in span.events:
                for version in (event.introduced, event.fixed, event.last_affected):
                    if version not in ("", "0"):
                        yield scheme.number, version


def seconds(scheme: schemes.Scheme, versions: list[str]) -> float:
    """Time for one pass over distinct versions, without the exact-text cache."""
    order = scheme.order
    start = time.perf_counter()
    for version in versions:
        try:
            order(version)
        except Unorderable:
            continue
    return time.perf_counter() - start


def rates() -> None:
    found = published() if DATA.exists() else generated()
    spent, count = 0.0, 0
    print(f"{'ecosystem':12} {'distinct':>9} {'first pass/s':>13} {'best of 3/s':>12}")
    for ecosystem, versions in sorted(found.items()):
        scheme = schemes.of_ecosystem(ecosystem)
        if scheme is None:
            sys.exit(f"no order for {ecosystem}")
        listed = sorted(versions)
        passes = [seconds(scheme, listed) for _ in range(ROUNDS)]
        spent += passes[0]
        count += len(listed)
        first, best = len(listed) / passes[0], len(listed) / min(passes)
        print(f"{ecosystem:12} {len(listed):9,} {first:13,.0f} {best:12,.0f}")
    print(f"{'pooled':12} {count:9,} {count / spent:13,.0f}  keys a second on one core")


def cache() -> None:
    seen = lru_cache(maxsize=1 << 17)(lambda number, version: (number, version))
    for name in CORPORA:
        if not (DATA / f"osv/{name}.zip").exists():
            continue
        before = seen.cache_info()
        for number, version in of_corpus(name):
            seen(number, version)
        after = seen.cache_info()
        hits, misses = after.hits - before.hits, after.misses - before.misses
        share = hits / max(1, hits + misses)
        print(f"{name:16} {hits + misses:9,} versions, {share:6.1%} from the exact-text cache")
    final = seen.cache_info()
    print(f"{'pooled':16} {final.hits + final.misses:9,} versions,", end=" ")
    print(f"{final.hits / max(1, final.hits + final.misses):6.1%} from the exact-text cache")


if __name__ == "__main__":
    rates()
    cache()
