"""How much memory the load of one very large bill takes: 100 MB of CycloneDX, 100 MB of SPDX.

The figure is the peak of the whole process (`ru_maxrss`), the interpreter and every library in it.

Run: python benchmarks/memory.py [MEGABYTES]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

MEGABYTES = 100
MIB = 500
ACCORD = str(Path(sys.executable).with_name("accord"))
TEXT = "A library that is described at some length, as generators of bills of materials do it. "


def digits(number: int) -> str:
    return f"{number * 2654435761 % (1 << 256):064x}"


def cyclonedx(number: int) -> dict[str, object]:
    name, version = f"package-{number}", f"{number % 20}.{number % 97}.{number % 13}"
    purl = f"pkg:npm/{name}@{version}"
    return {
        "type": "library", "bom-ref": f"{purl}?id={number}", "name": name, "version": version,
        "description": TEXT * 3, "purl": purl,
        "cpe": f"cpe:2.3:a:{name}:{name}:{version}:*:*:*:*:*:*:*",
        "hashes": [{"alg": "SHA-256", "content": digits(number)}],
        "licenses": [{"license": {"id": "MIT"}}],
        "properties": [{"name": "location", "value": f"/usr/lib/node_modules/{name}/package.json"}],
    }  # fmt: skip


def spdx(number: int) -> dict[str, object]:
    name, version = f"package-{number}", f"{number % 20}.{number % 97}.{number % 13}"
    return {
        "SPDXID": f"SPDXRef-Package-{number}", "name": name, "versionInfo": version,
        "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "MIT",
        "licenseDeclared": "MIT", "copyrightText": "NOASSERTION", "description": TEXT * 3,
        "checksums": [{"algorithm": "SHA256", "checksumValue": digits(number)}],
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
             "referenceLocator": f"pkg:npm/{name}@{version}"},
            {"referenceCategory": "SECURITY", "referenceType": "cpe23Type",
             "referenceLocator": f"cpe:2.3:a:{name}:{name}:{version}:*:*:*:*:*:*:*"},
        ],
    }  # fmt: skip


HEADS = {
    "CycloneDX": (
        {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
         "serialNumber": "urn:uuid:00000000-0000-4000-8000-000000000001"},
        "components", cyclonedx,
    ),
    "SPDX": (
        {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
         "name": "large", "documentNamespace": "https://example.org/large",
         "creationInfo": {"created": "2026-11-23T00:00:00Z", "creators": ["Tool: benchmark"]}},
        "packages", spdx,
    ),
}  # fmt: skip


def parts(kind: str, size: int) -> Iterator[bytes]:
    head, field, make = HEADS[kind]
    start = msgspec.json.encode(head)[:-1] + f',"{field}":['.encode()
    yield start
    size -= len(start)
    number = 0
    while size > 0:
        part = (b"," if number else b"") + msgspec.json.encode(make(number))
        yield part
        size -= len(part)
        number += 1
    yield b"]}"


def peak(command: list[str]) -> tuple[float, float, int]:
    """Peak MiB, seconds and exit code of a command."""
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert child.stderr is not None
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    code = child.returncode = os.waitstatus_to_exitcode(status)
    if code:
        sys.exit(said.decode())
    return usage.ru_maxrss / 1024, time.perf_counter() - start, code


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTES
    bare, _, _ = peak([ACCORD, "--help"])
    print(f"{'accord --help':34} {bare:7.0f} MiB")
    for kind in HEADS:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "bill.json"
            with path.open("wb") as file:
                file.writelines(parts(kind, size * 1_000_000))
            only = [sys.executable, "-c", f"import msgspec\n{DECODE}", str(path)]
            limit, _, _ = peak(only)
            home = str(Path(folder) / "node")
            taken, seconds, _ = peak([ACCORD, "load", "--home", home, str(path)])
        verdict = "met" if taken < MIB else "MISSED"
        print(f"{f'peer: msgspec alone, {kind} {size} MB':34} {limit:7.0f} MiB")
        print(
            f"{f'accord load, {kind} {size} MB':34} {taken:7.0f} MiB   target < {MIB} MiB"
            f"   {verdict}   in {seconds:.1f} s"
        )


DECODE = "import sys\nmsgspec.json.decode(open(sys.argv[1], 'rb').read())"
"""The same document decoded into plain Python values, and nothing else."""


if __name__ == "__main__":
    main()
