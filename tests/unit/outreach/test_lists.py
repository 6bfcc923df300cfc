"""The list in its formats, its editions and its contents, against readers of other people."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import dns.zone
import pytest
import stix2
from hypothesis import given
from hypothesis import strategies as st

from accord.core.errors import Invalid
from accord.outreach.dangers.model import CATEGORIES, Danger
from accord.outreach.lists import editions, formats
from accord.outreach.lists.formats import Head

ENDS = "2031-01-01T00:00:00.000000Z"
HEAD = Head(number=7, made="2030-01-01T00:00:00.000000Z", publisher="India\n; x")
DANGERS = [
    Danger("domain", "evil.example", "phishing", ENDS),
    Danger("domain", "192.0.2.7", "malware", ENDS),
    Danger("link", "https://files.example/x?id=7", "malware", ENDS),
    Danger("link", "https://files.example/a*b$c", "malware", ENDS),
    Danger("mail", "a@b.example", "impersonation", ENDS),
    Danger("phone", "+919876543210", "scam", ENDS),
    Danger("hash", "ab" * 32, "malware", ENDS),
    Danger("app", "com.evil.app", "malware", ENDS),
]
SOME = st.lists(
    st.builds(lambda n, c: Danger("domain", f"n{n}.example", c, ENDS),
              st.integers(0, 9), st.sampled_from(CATEGORIES)), max_size=8,
)  # fmt: skip


def test_a_zone_is_one_for_those_who_read_zones(tmp_path: Path) -> None:
    data = formats.zone(DANGERS, HEAD)
    assert b"6 entries are not held" in data
    zone = dns.zone.from_text(data.decode(), origin="rpz.example", relativize=True)
    names = {str(name) for name, _ in zone.nodes.items()}
    assert names == {"@", "evil.example", "*.evil.example", "32.7.2.0.192.rpz-ip"}
    (soa,) = zone.find_rdataset("@", "SOA")
    assert soa.serial == 7
    (said,) = zone.find_rdataset("evil.example", "CNAME")
    assert str(said.target) == "."
    program = shutil.which("named-checkzone")
    if program is None:
        pytest.skip("named-checkzone is not installed: scripts/tools installs bind9-utils")
    file = tmp_path / "zone"
    file.write_bytes(data)
    done = subprocess.run(
        [program, "rpz.example", str(file)], capture_output=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stdout
    assert b"loaded serial 7" in done.stdout


def test_each_format_holds_what_it_can_and_says_what_it_cannot() -> None:
    files = formats.write([*DANGERS, DANGERS[0]], HEAD)
    assert files.keys() == formats.FORMATS.keys()
    hosts = files["dangers.hosts"].decode().splitlines()
    assert [one for one in hosts if not one.startswith("#")] == ["0.0.0.0 evil.example"]
    assert "# 7 entries are not held: this format has no way to say them" in hosts
    assert hosts[0].endswith("by India x; edition 7, 2030-01-01T00:00:00Z")
    adblock = files["dangers.adblock.txt"].decode().splitlines()
    assert [one for one in adblock[1:] if not one.startswith("!")] == [
        "||192.0.2.7^", "||evil.example^", "||files.example/x?id=7|",
    ]  # fmt: skip
    rows = list(csv.reader(io.StringIO(files["dangers.csv"].decode())))
    assert len(rows) == len(DANGERS) + 1
    assert ["phone", "'+919876543210", "scam", ENDS] in rows
    assert editions.whole(files["dangers.json"]).dangers == tuple(sorted(DANGERS))


def test_the_bundle_is_stix() -> None:
    data = formats.stix(DANGERS, HEAD)
    bundle = stix2.parse(data.decode())
    patterns = {one.pattern for one in bundle.objects}
    assert "[domain-name:value = 'evil.example']" in patterns
    assert "[ipv4-addr:value = '192.0.2.7']" in patterns
    assert len(patterns) == 6
    assert all(one.valid_until > one.valid_from for one in bundle.objects)
    again = json.loads(formats.stix(DANGERS, Head(number=8, made=HEAD.made)))
    assert [one["id"] for one in again["objects"]] == [one.id for one in bundle.objects]


@given(st.lists(SOME, min_size=1, max_size=5))
def test_an_edition_with_each_difference_is_the_newest(rounds: list[list[Danger]]) -> None:
    files: dict[str, bytes] = {}
    first = held = None
    for dangers in rounds:
        files = editions.edition(dangers, files, HEAD, ENDS)
        newest = editions.whole(files[editions.NEWEST])
        assert set(newest.dangers) == set(dangers)
        first = held = held or newest
        number = first.number
        while f"delta-{number}-{number + 1}.json" in files:
            held = editions.apply(held, editions.delta(files[f"delta-{number}-{number + 1}.json"]))
            number += 1
        assert held == newest
        held = first
    contents = json.loads(files[editions.CONTENTS])
    assert {one["name"] for one in contents["files"]} == files.keys() - {editions.CONTENTS}


def test_an_edition_in_which_nothing_changed_is_the_same() -> None:
    one = editions.edition(DANGERS, {}, HEAD, ENDS)
    signed = one | {editions.signature_name("india"): b"{}"}
    later = editions.edition(DANGERS, signed, HEAD, "2032-01-01T00:00:00.000000Z")
    assert json.loads(later[editions.CONTENTS])["number"] == 1
    assert later.keys() == one.keys(), "a signature over another contents goes"
    assert {name for name in one if one[name] != later[name]} == {editions.CONTENTS}


def test_only_so_many_differences_are_kept() -> None:
    files: dict[str, bytes] = {}
    for number in range(editions.KEPT + 5):
        files = editions.edition([DANGERS[number % 2]], files, HEAD, ENDS)
    kept = [name for name in files if name.startswith("delta-")]
    assert len(kept) == editions.KEPT
    assert f"delta-{editions.KEPT + 4}-{editions.KEPT + 5}.json" in kept


def test_a_difference_of_another_edition_is_refused() -> None:
    one = editions.edition(DANGERS[:1], {}, HEAD, ENDS)
    two = editions.edition(DANGERS[:2], one, HEAD, ENDS)
    changed = editions.delta(two["delta-1-2.json"])
    with pytest.raises(Invalid, match="of edition 1, not of 2"):
        editions.apply(editions.whole(two[editions.NEWEST]), changed)
    with pytest.raises(Invalid, match="what is not there"):
        editions.apply(formats.Whole(1, HEAD.made, DANGERS[:2]), changed)  # type: ignore[arg-type]
    for bad in (b"", b"[]", b'{"number":1}', b"\xff", b"[" * 5_000):
        with pytest.raises(Invalid):
            editions.whole(bad)


def test_what_a_publisher_is_called_makes_no_line() -> None:
    for name, data in formats.write(DANGERS, HEAD).items():
        assert not re.search(rb"(?m)^; x", data), name
