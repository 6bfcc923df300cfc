"""Verdicts on a terminal: each side of a contradiction on its line, and the first few that help."""

from __future__ import annotations

import msgspec
import pytest

from accord.cli import verdicts
from accord.flows.assessing.shown import (
    NotCounted,
    Shown,
    ShownMissing,
    ShownReason,
    ShownRequirement,
    ShownVerdict,
    ShownWanted,
)

ITEM = "ssdf@1.1#" + "PO." * 50 + "1"


def _missing(number: int) -> ShownMissing:
    wanted = ShownWanted(
        buyer="us", requirement="signed", title="Releases are signed " * 8, verdict="unknown",
        level="verified", evidence=(), days=0, alternatives=(), answer_first=("an open CVE",),
        by="2026-12-24T00:00:00.000000Z", would_do="verified is needed",
    )  # fmt: skip
    item = ITEM if number == 1 else f"ssdf@1.1#PS.{number}"
    return ShownMissing(
        item=item, level="verified", unlocks=(), accepts=(), effect="unlocks nothing alone",
        wanted=(wanted,),
    )  # fmt: skip


def _shown() -> Shown:
    reason = ShownReason(
        "exploited Nothing is open: contradicted",
        ("Maker (form): none is open",),
        ("this node (fact): CVE-1 is open", "this node (fact): CVE-2 is open"),
    )
    us = ShownVerdict(
        buyer="us", title="T", baseline="1", verdict="reject", until="", met=0, reasons=(reason,),
        conditions=(), recognised=(), requirements=(),
    )  # fmt: skip
    return Shown(
        product="P", release="1", type="", digests=(), as_of="2026-11-23T00:00:00.000000Z",
        verdicts=(us,), missing=tuple(map(_missing, range(1, 13))), not_recognised=(),
    )  # fmt: skip


def test_each_side_of_a_contradiction_has_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    verdicts.assessed(_shown(), 3)
    lines = capsys.readouterr().out.splitlines()
    at = lines.index("  - exploited Nothing is open: contradicted")
    assert lines[at + 1 : at + 4] == [
        "      claimed: Maker (form): none is open",
        "      against: this node (fact): CVE-1 is open",
        "      against: this node (fact): CVE-2 is open",
    ]


def test_lines_go_on_below_and_identifiers_stay_whole(capsys: pytest.CaptureFixture[str]) -> None:
    verdicts.assessed(_shown(), 0)
    lines = capsys.readouterr().out.splitlines()
    assert any(ITEM in line for line in lines)
    assert max(len(line) for line in lines if ITEM not in line) <= 100
    assert sum("; by 2026-12-24" in line for line in lines) == 12


@pytest.mark.parametrize(("limit", "printed"), [(3, 3), (0, 12), (12, 12), (50, 12)])
def test_the_first_few_are_printed(
    capsys: pytest.CaptureFixture[str], limit: int, printed: int
) -> None:
    verdicts.assessed(_shown(), limit)
    told = capsys.readouterr()
    assert told.out.count("unlocks nothing alone") == printed
    assert ("--limit 0" in told.err) == (printed < 12)


def test_what_a_bill_lacks_stands_where_it_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    passed = NotCounted(
        item="ssdf@1.1#PS.2", level="unknown", kind="bill", issuer="", document="", place="",
        issued="", expires="", why="4 of 7 required fields; lacking: author", chain=(),
        reason="it is unknown",
    )  # fmt: skip
    need = ShownRequirement(
        id="signed", group="", title="T", must=True, source="", verdict="unknown",
        needed="verified", met=False, until="", evidence=(), denied_by=(),
        not_counted=(passed,), missing=(),
    )  # fmt: skip
    found = _shown()
    us = msgspec.structs.replace(found.verdicts[0], requirements=(need,))
    verdicts.assessed(msgspec.structs.replace(found, verdicts=(us,)), 3)
    lines = capsys.readouterr().out.splitlines()
    told = [line for line in lines if "its bill has" in line]
    assert told == ["         its bill has 4 of 7 required fields; lacking: author"]
