"""What a hostile document may try, and what must come of it: a refusal with its reason, in time."""

from __future__ import annotations

import csv
import io
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodes
import pytest
from nodes import Document

from accord import scenario
from accord.cli import main, show
from accord.flows.prepare import prepare
from accord.flows.prepared import Prepared
from accord.wiring import Node


def kinds() -> list[Document]:
    """One document of every kind, and of every way in which a kind is written."""
    found: dict[str, Document] = {}
    for name, data in scenario.files():
        known = prepare(name, data)
        key = f"{known.kind} {name.rpartition('.')[2]}"
        if key not in found or len(data) < len(found[key][1]):
            found[key] = (name, data)
    yaml = (
        b"id: PYSEC-2026-1\nmodified: '2026-01-01T00:00:00Z'\naffected:\n- package:\n"
        b"    ecosystem: PyPI\n    name: django\n  ranges:\n  - type: ECOSYSTEM\n"
        b"    events:\n    - introduced: '0'\n    - fixed: '3.2'\n  versions: ['1.0']\n"
    )
    rustsec = (
        b'```toml\n[advisory]\nid = "RUSTSEC-2026-0001"\npackage = "smallvec"\n'
        b'date = "2026-01-01"\n[versions]\npatched = [">= 1.0"]\n```\n# Title\n'
    )
    more: list[Document] = [
        ("osv.yaml", yaml), ("rustsec.md", rustsec),
        ("choice", nodes.choice("0" * 64, "1" * 64)),
        ("claim", nodes.claim_of("0" * 64, "Grid", "Pump")),
        ("estate.csv", nodes.estate(("Grid", "Pump", "1", "x"))),
        ("kev.csv", b"cveID,vendorProject,product,dateAdded\nCVE-2026-1000,V,P,2026-01-01\n"),
    ]  # fmt: skip
    return [*found.values(), *more]


KINDS = kinds()


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(key, str) or key < 2:
                yield from places(child, (*path, key))


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The same document with another value at one place."""
    if not path:
        return new
    copied = value.copy()
    copied[path[0]] = put(value[path[0]], path[1:], new)
    return copied


WRONG: tuple[Any, ...] = (
    None, True, 7, -(10**30), 1.5, "", "x\x00\x1b[31m", "\u202e" * 3, [], [[]], {}, [None, 7, {}],
    {"a": {"b": []}}, "9" * 5000, "pkg:npm/%00%ED%A0%80@1%00", "cpe:2.3:a:*", "CVE-1", "2026-13-45",
)  # fmt: skip


def ends_well(node: Node, data: bytes, *about: object) -> Prepared:
    """Prepared, whatever it holds, and each refusal has a place or a reason."""
    made = prepare("x", data)
    assert made.outcome in ("taken", "kept", "quarantined"), about
    if made.outcome == "quarantined":
        assert made.quarantined, about
    assert all(reason for _, reason in made.quarantined), about
    return made


@pytest.mark.parametrize("document", [d for d in KINDS if d[1][:1] == b"{"], ids=lambda d: d[0])
def test_any_field_of_a_wrong_type_is_refused_or_read(document: Document, tmp_path: Path) -> None:
    """And what is read, the database takes."""
    value = json.loads(document[1])
    chosen = random.Random(document[0])
    spots = list(places(value))
    chosen.shuffle(spots)
    node, kept = nodes.new_node(tmp_path), []
    for spot in spots[:60]:
        for wrong in chosen.sample(WRONG, 7):
            data = json.dumps(put(value, spot, wrong)).encode()
            made = ends_well(node, data, spot, wrong)
            if made.outcome == "taken":
                kept.append((f"{spot}", data))
    nodes.give(node, kept[:: max(1, len(kept) // 60)])
    nodes.listed(node)


@pytest.mark.parametrize("document", KINDS, ids=lambda d: d[0])
def test_any_damage_to_the_bytes_is_refused_or_read(document: Document, tmp_path: Path) -> None:
    data, chosen, kept = document[1], random.Random(document[0]), []
    node = nodes.new_node(tmp_path)
    for _ in range(60):
        start = chosen.randrange(len(data))
        end = start + chosen.choice([1, 1, 3, 40])
        middle = chosen.choice(
            [b"", b"\x00", b"\xff", b'"', b"{", b"]", b"\\ud800", b"NaN", b"1e999"]
        )
        damaged = data[:start] + middle + data[end:]
        made = ends_well(node, damaged, start, middle)
        if made.outcome == "taken":
            kept.append((f"{start}", damaged))
    ends_well(node, data[: len(data) // 2])
    nodes.give(node, kept)
    nodes.listed(node)


STRANGE = ["\x00", "a\x00b", "\ud800", "\x1b[2J\x1b]0;owned\x07", "\u202egnp.exe", "\r\n=1+1"]


@pytest.mark.parametrize("name", STRANGE, ids=ascii)
@pytest.mark.parametrize("kind", ["database_url"])
def test_strange_characters_in_names_are_kept_or_refused_on_every_database(
    name: str, kind: str, database_url: str, tmp_path: Path
) -> None:
    escaped = "".join(f"%{byte:02X}" for byte in name.encode("utf-8", "surrogatepass"))
    quoted = json.dumps(name)
    given: list[Document] = [
        ("bill", nodes.bill(name, name, [{"name": name, "version": name, "purl": "pkg:npm/a@1"}])),
        ("purl", nodes.bill("P", "1", [f"pkg:npm/{escaped}@{escaped}?a={escaped}"])),
        ("osv", nodes.osv(f"OSV-{name}", name, fixed=name, summary=name, aliases=[name])),
        ("vex", nodes.openvex(name, "fixed", f"pkg:npm/{escaped}", author=name)),
        ("stix", nodes.sighting(name)),
        ("kev", nodes.kev(name)),
        ("claim", nodes.claim_of("0" * 64, name, name, name)),
        ("estate.yaml", f"estate: {quoted}\ndeployments:\n- operator: {quoted}\n"
                        f"  product: {quoted}\n  supplier: {quoted}\n".encode()),
        ("osv.yaml", f"id: {quoted}\nmodified: '2026-01-01T00:00:00Z'\nsummary: {quoted}\n"
                     f"affected:\n- package: {{ecosystem: PyPI, name: {quoted}}}\n"
                     f"  versions: [{quoted}]\n".encode()),
        ("rustsec", (b'```toml\n[advisory]\nid = "RUSTSEC-2026-0001"\npackage = "a\\U00000000"\n'
                    b'date = "2026-01-01"\naliases = ["b\\U00000000"]\n[versions]\n'
                    b'patched = [">= 1"]\n```\n# T\n')),
        ("csv", f"operator,product\n{quoted},{quoted}\n".encode()),
    ]  # fmt: skip
    node = nodes.on(database_url, tmp_path)
    account = nodes.give(node, given)
    assert account.total.read == len(given)
    nodes.listed(node)
    nodes.reasons(node)
    node.views.state_hash()


GOOD = nodes.osv("OSV-1")


DEEP = b'{"id": "OSV-1", "modified": "2026-01-01T00:00:00Z", "x": %s}'


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(DEEP % (b"[" * 1000 + b"]" * 1000), id="1,000 deep"),
        pytest.param(DEEP % (b'{"a":' * 1000 + b"1" + b"}" * 1000), id="1,000 objects deep"),
        pytest.param(b"[" * 100_000, id="never closed"),
        pytest.param(DEEP % b"NaN", id="NaN"),
        pytest.param(DEEP % b"-Infinity", id="Infinity"),
        pytest.param(b'{"bomFormat": "CycloneDX", "specVersion": 1e999}', id="1e999"),
        pytest.param(b'{"' + b"\xff" * 9 + b'": 1}', id="not UTF-8"),
        pytest.param(
            nodes.sighting("CVE-2026-1000").replace(b'{"type"', b'{"id": "x", "type"', 1),
            id="STIX key twice",
        ),
        pytest.param(
            nodes.openvex("CVE-2026-1000", "fixed", "pkg:npm/a").replace(
                b'"status"', b'"status": "affected", "status"'
            ),
            id="VEX key twice",
        ),
        pytest.param(
            b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
            b'<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components>&b;</components></bom>',
            id="XML entities",
        ),
        pytest.param(
            b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
            b'<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components>&a;</components></bom>',
            id="XML external entity",
        ),
        pytest.param(
            b'<bom xmlns="http://cyclonedx.org/schema/bom/1.5">' + b"<a>" * 5000, id="deep XML"
        ),
        pytest.param(b"estate: &a [*a]\ndeployments: *a\n", id="YAML circle"),
        pytest.param(
            b"deployments: &a0 [x]\n" + b"".join(
                b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9))
                for n in range(1, 12)
            ),
            id="YAML bomb",
        ),
    ],
)  # fmt: skip
def test_a_hostile_document_is_quarantined_in_time(data: bytes, tmp_path: Path) -> None:
    started = time.process_time()
    node = nodes.new_node(tmp_path)
    account = nodes.give(node, [("hostile", data), ("good", GOOD)])
    assert time.process_time() - started < 5
    assert account.total.new == 1
    assert [one.source for one in account.quarantined] == ["hostile"]


def test_text_that_never_ends_costs_no_more_than_its_length() -> None:
    """A string without its end, full of escaped quotes, deep within brackets."""
    started = time.process_time()
    made = prepare("x", b"{" * 300 + b'"' + b'\\"' * 200_000)
    assert made.outcome == "quarantined"
    assert time.process_time() - started < 5


def test_huge_numbers_are_refused_or_bounded(database_url: str, tmp_path: Path) -> None:
    seen = json.loads(nodes.sighting("CVE-2026-1000"))
    given: list[Document] = []
    for number in (10**30, -(10**30), 2**63, 2**64, -1, 0):
        seen["objects"][1]["count"] = number
        seen["objects"][1]["id"] = f"sighting--00000000-0000-4000-8000-{abs(number) % 10**12:012}"
        given.append((f"stix {number}", nodes.text({**seen, "id": f"bundle--{len(given)}"})))
        given.append((f"bill {number}", nodes.bill(version=number)))
        given.append((f"osv {number}", nodes.osv(f"OSV-{number}", fixed=f"{number}.{number}")))
    given.append(("epss", (b"#model_version:v1,score_date:2026-01-01\ncve,epss,percentile\n"
                          b"CVE-2026-1000,inf,nan\nCVE-2026-1001,1e999,-5\n")))  # fmt: skip
    node = nodes.on(database_url, tmp_path)
    account = nodes.give(node, given)
    assert account.total.read == len(given)
    assert nodes.listed(node) is not None
    node.views.state_hash()


def test_circles_in_a_bill_end(tmp_path: Path) -> None:
    around = [{"ref": "c0", "dependsOn": ["c1"]}, {"ref": "c1", "dependsOn": ["c0", "c1"]}]
    data = nodes.bill(components=["pkg:npm/a@1.0.0", "pkg:npm/b@1.0.0"], dependencies=around)
    node = nodes.new_node(tmp_path)
    assert nodes.give(node, [("bill", data)]).total.new == 1


def test_a_bill_of_bills_a_hundred_deep_is_read_or_refused_in_time(tmp_path: Path) -> None:
    component: dict[str, Any] = {"type": "library", "name": "n", "version": "1"}
    for depth in range(100):
        component = {"type": "library", "name": f"n{depth}", "components": [component]}
    node = nodes.new_node(tmp_path)
    assert nodes.give(node, [("bill", nodes.bill(components=[component]))]).total.read == 1


def test_a_bill_of_many_components_is_taken_in_bounded_time(tmp_path: Path) -> None:
    """50,000 here; a million in the soak."""
    data = nodes.bill(components=[f"pkg:npm/n{n}@1.0.{n}" for n in range(50_000)])
    node = nodes.new_node(tmp_path)
    started = time.process_time()
    assert nodes.give(node, [("bill", data)]).total.new == 1
    assert time.process_time() - started < 30


def test_terminal_sequences_in_names_never_reach_the_terminal(tmp_path: Path) -> None:
    evil = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e"
    given: list[Document] = [
        ("bill\x1b[31m", nodes.bill(evil, evil, [{"name": evil, "version": "1.0.0", "supplier":
            {"name": evil}, "purl": "pkg:npm/left-pad@1.0.0"}], supplier=evil)),
        ("osv", nodes.osv(f"OSV-{evil}", summary=evil, fixed="2.0.0", aliases=[f"A{evil}"])),
        ("vex", nodes.openvex(f"OSV-{evil}", "affected", "pkg:npm/left-pad", author=evil)),
        ("estate", nodes.estate((evil, evil, "1", nodes.serial_of(evil, evil)))),
        ("bad" + evil, b"{" + evil.encode()),
    ]  # fmt: skip
    node = nodes.new_node(tmp_path)
    nodes.give(node, given)
    (one, *_) = node.exposures.all()
    (tmp_path / f"bad{evil}.json").write_bytes(b'{"id": "' + evil.encode())
    (tmp_path / "facts").write_text(f"1.0 > 2.0{evil}\n", encoding="utf-8")
    node.engine.dispose()
    for words in (
        ["exposures"], ["exposures", "--csv"], ["exposures", "--json"], ["explain", one.id],
        ["explain", one.id, "--json"], ["find", "OSV"], ["unevaluated"], ["documents"],
        ["documents", "--quarantined"], ["load", tmp_path / f"bad{evil}.json"],
        ["compare", "vendor", "--facts", tmp_path / "facts"], ["explain", evil],
    ):  # fmt: skip
        said = _told([str(word) for word in words], tmp_path)
        assert said, words
        assert not any(character in said for character in "\x1b\x07\x9b\u202e"), words


def _told(words: list[str], home: Path) -> str:
    """Both streams of the program, as its own main gives them; within this process, for speed."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["accord", *words])
        patch.setattr("sys.stdout", out)
        patch.setattr("sys.stderr", err)
        patch.setenv("ACCORD_HOME", str(home))
        with pytest.raises(SystemExit):
            main()
    return out.getvalue() + err.getvalue()


@pytest.mark.parametrize("start", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "\t=1", "\r=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_text(start: str, tmp_path: Path) -> None:
    node = nodes.new_node(tmp_path)
    nodes.give(node, [("b", nodes.bill(start, "1", supplier=start)), ("o", nodes.osv("OSV-1"))])
    rows = nodes.listed(node)
    written = io.StringIO()
    columns = tuple(rows[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", written)
        show.as_csv(rows, columns)
    (_, row) = csv.reader(io.StringIO(written.getvalue()))
    assert not any(cell.lstrip("' ").startswith("=") and cell[0] != "'" for cell in row)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
