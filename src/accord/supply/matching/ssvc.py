"""Stakeholder-specific vulnerability categorisation: inputs to a decision, by table.

Law (worse): an unknown input never gives a milder outcome than any value that it may have.

Source: CERT/CC SSVC, "CISA Levels" 1.1.0 (decision) and "Deployer patch application priority"
1.0.0 (urgency). Tables that were loaded as documents replace the built-in ones of an older
version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import msgspec

DECISIONS = ("act", "attend", "track*", "track")
"""The most pressing first."""
URGENCIES = ("immediate", "out-of-cycle", "scheduled", "defer")
"""The most pressing first."""

EXPLOITATION = ("none", "public poc", "active")
AUTOMATABLE = ("no", "yes")
TECHNICAL_IMPACT = ("partial", "total")
MISSION = ("low", "medium", "high")
HUMAN_IMPACT = ("low", "medium", "high", "very high")
EXPOSURE = ("small", "controlled", "open")

_CISA = "ttt tts tta tta tts tsa tta tsa tta taA aaA aAA "
"""One letter a row, in the order of the inputs' values: (t)rack, track(s)tar, (a)ttend, (A)ct."""
_DEPLOYER = (
    "ddss dsss dsss ssss dsss ssso dsss ssss dsss ssso ssso ssoo ssoo sooo ssoo oooo sooi ooii "
)
"""One letter a row: (d)efer, (s)cheduled, (o)ut-of-cycle, (i)mmediate."""
_DECISION = {"t": "track", "s": "track*", "a": "attend", "A": "act"}
_URGENCY = {"d": "defer", "s": "scheduled", "o": "out-of-cycle", "i": "immediate"}

Cells = Mapping[tuple[str, ...], str]


class Table(msgspec.Struct, frozen=True):
    """One decision table."""

    name: str
    version: str
    cells: Cells
    """Outcome for each combination of inputs, the inputs in the table's own order."""


def _table(
    named: tuple[str, str], letters: str, words: Mapping[str, str], *inputs: Sequence[str]
) -> Table:
    outcomes = [words[letter] for letter in letters.replace(" ", "")]
    return Table(*named, dict(zip(product(*inputs), outcomes, strict=True)))


CISA = _table(
    ("CISA Levels", "1.1.0"),
    _CISA,
    _DECISION,
    EXPLOITATION,
    AUTOMATABLE,
    TECHNICAL_IMPACT,
    MISSION,
)
DEPLOYER = _table(
    ("Deployer patch application priority", "1.0.0"),
    _DEPLOYER,
    _URGENCY,
    EXPLOITATION,
    EXPOSURE,
    AUTOMATABLE,
    HUMAN_IMPACT,
)


class Inputs(msgspec.Struct, frozen=True):
    """What is known of one exposure; an empty text is unknown."""

    exploitation: str = ""
    automatable: str = ""
    technical_impact: str = ""
    mission: str = ""
    """`low`, `medium`, `high`, `very high`: mission and well-being, and human impact."""
    exposure: str = ""
    ruled_out: tuple[str, ...] = ()
    """Values of exploitation that are known not to hold, while the value itself is unknown."""


class Outcome(msgspec.Struct, frozen=True):
    """A decision, and the inputs that had to be assumed."""

    decision: str
    urgency: str
    assumed: tuple[str, ...]
    """`exploitation: active`, ...: each unknown input with the value that was taken."""


_POINTS = {
    "CISA Levels": ("exploitation", "automatable", "technical impact", "mission"),
    "Deployer patch application priority": (
        "exploitation", "system exposure", "automatable", "human impact",
    ),
}  # fmt: skip
"""How the inputs of each table begin, in the built-in order."""


def from_document(
    built_in: Table, version: str, inputs: Sequence[str], rows: Sequence[Sequence[str]]
) -> Table | None:
    """A published table in place of a built-in one; None where it is not that table.

    It must decide on the same points, give every combination of their values one known outcome,
    and not be older.
    """
    points = _POINTS[built_in.name]
    order = [
        next((place for place, name in enumerate(inputs) if name.startswith(point)), -1)
        for point in points
    ]
    if len(inputs) != len(points) or -1 in order or _numbers(version) < _numbers(built_in.version):
        return None
    cells = {tuple(row[place] for place in order): row[-1] for row in rows}
    known = set(built_in.cells.values())
    if cells.keys() != built_in.cells.keys() or not known.issuperset(cells.values()):
        return None
    return Table(built_in.name, version, cells)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def decide(inputs: Inputs, cisa: Table = CISA, deployer: Table = DEPLOYER) -> Outcome:
    """Both tables' words; every unknown input takes the worst value that it may have."""
    assumed: list[str] = []
    possible = [value for value in EXPLOITATION if value not in inputs.ruled_out]
    exploitation = _or_worst("exploitation", inputs.exploitation, possible, assumed)
    automatable = _or_worst("automatable", inputs.automatable, AUTOMATABLE, assumed)
    impact = _or_worst("technical impact", inputs.technical_impact, TECHNICAL_IMPACT, assumed)
    mission = _or_worst("mission impact", inputs.mission, HUMAN_IMPACT, assumed)
    exposure = _or_worst("system exposure", inputs.exposure, EXPOSURE, assumed)
    wide = "high" if mission == "very high" else mission
    return Outcome(
        decision=cisa.cells[exploitation, automatable, impact, wide],
        urgency=deployer.cells[exploitation, exposure, automatable, mission],
        assumed=tuple(assumed),
    )


def _or_worst(name: str, value: str, values: Sequence[str], assumed: list[str]) -> str:
    """`values` run from mild to bad."""
    if value in values:
        return value
    assumed.append(f"{name}: {values[-1]}")
    return values[-1]
