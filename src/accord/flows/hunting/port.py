"""What hunting needs of the store and of the engine that reads logs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from accord.exchange.hunting.plan import Plan
from accord.exchange.hunting.rules import Rule


class IndicatorRow(msgspec.Struct, frozen=True, kw_only=True):
    """The version of an indicator that counts within its origin."""

    object: str
    version: str
    name: str
    pattern: str
    language: str
    valid_from: str
    valid_until: str
    confidence: int | None
    revoked: bool
    tlp: int | None
    """None: it bears no marking."""
    pap: int
    release_at: str
    """`when()` before which it goes to nobody, or empty."""
    expires: str
    state: str
    """Of what was shared: `live`, `recalled` or another; `live` for what was shared with nobody."""
    unknown: tuple[str, ...]
    """Markings that say nothing by themselves."""
    origin: str
    learned: str
    default: int | None = None
    """TLP that the feeds which brought it give what bears none; None: none does."""
    ours: bool = True
    """Whether the node's own default counts, too: its people gave it, or a feed without a word."""
    taken: str = ""
    """Number of the document that holds it, in the order of intake, and its digest."""


class SightingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A sighting that counts."""

    object: str
    sighted: str
    first_seen: str
    last_seen: str
    count: int
    origin: str


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where columns of a log stand that is of no known format."""

    format: Literal["", "csv", "json", "parquet", "text"] = ""
    """`csv`, `json`, `parquet` or `text`; empty: as the file begins."""
    delimiter: str = ""
    columns: dict[str, str | list[str]] = {}
    """By the name of a column here, its name there; in JSON, steps with dots between."""


class Hit(msgspec.Struct, frozen=True):
    """Records of one log that match one indicator by one value."""

    number: int
    """Position of the indicator in the plan."""
    kind: str
    """Kind of the value; `pattern` where a whole pattern matched."""
    value: str
    """The value that was logged, in its normal form; empty for a pattern."""
    told: str
    """The value that the indicator names."""
    count: int
    first: str
    """`when()`, or empty: the records have no time."""
    last: str
    record: int
    """The first record that matches, counted from one."""


class Trouble(msgspec.Struct, frozen=True):
    """Something that could not be looked at."""

    file: str
    line: int
    """0: the file as a whole."""
    reason: str


class Searched(msgspec.Struct):
    """What became of one log."""

    file: str
    format: str
    digest: str
    records: int = 0
    refused: int = 0
    """Lines that could not be read."""
    hits: list[Hit] = []
    troubles: list[Trouble] = []
    """The first of them."""
    not_evaluated: list[tuple[str, str]] = []
    kept: str = ""
    """What it is called in the archive, or empty."""
    totals: dict[int, int] = {}
    """By indicator, how many records match it by any value."""


class Kept(msgspec.Struct, frozen=True):
    """One log in the archive."""

    log: str
    """What it is called there: its digest, and how it was read where a mapping said so."""
    size: int
    """Bytes."""
    records: int
    """0 where it cannot be read any more."""
    first: str
    """`when()` of its earliest record, or empty: its records have no time."""
    last: str
    at: str
    """`when()` it was kept."""

    @property
    def age(self) -> str:
        """`when()` it counts as being of: its last record's, and never later than it was kept."""
        return min(self.last or self.at, self.at)


class Engine(Protocol):
    """Reads logs and joins them with what is looked for."""

    def begin(self, plan: Plan) -> None:
        """Take up what is looked for."""

    def search(
        self, path: Path, name: str, mapping: Mapping | None, since: str, *, keep: bool
    ) -> Searched:
        """Look through one log; `keep` archives it. A bad log raises nothing."""

    def archived(self) -> Sequence[Kept]:
        """Every log in the archive."""

    def drop(self, digests: Collection[str]) -> None:
        """Delete these from the archive."""

    def search_again(self, kept: str, since: str) -> Searched:
        """Look through a log of the archive."""

    def hunted(self) -> dict[str, str]:
        """By archived log, up to where in the order of intake it was searched for indicators."""

    def note(self, digests: Sequence[str], until: str) -> None:
        """Remember that these were searched for all indicators taken in until there."""


class Due(msgspec.Struct, frozen=True):
    """A sighting that a rule lets go, until it went or was refused."""

    rule: int
    sighting: str
    objects: tuple[str, ...]
    """Identifiers of what was observed, which goes with it."""
    options: str
    """The words of the share command, as JSON."""


class Rules(Protocol):
    """Standing rules, as they are kept."""

    def rules(self, *, removed: bool = False) -> Sequence[Rule]:
        """By number; `removed`: those that were taken out, too."""

    def add(self, rule: Rule) -> int:
        """Keep one; gives its number."""

    def remove(self, number: int, person: str, why: str, at: str) -> Rule:
        """Take one out, and what waits by it.

        Raises:
            NotFound: there is none of this number.
        """

    def due(self) -> Sequence[Due]:
        """What is still to go, in order."""

    def put(self, due: Sequence[Due]) -> None:
        """Remember that these are to go; what is known already stays once."""

    def done(self, due: Sequence[Due]) -> None:
        """These went, or were refused."""
