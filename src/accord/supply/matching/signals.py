"""What is known of a vulnerability apart from what it affects: exploitation, severity, odds.

Law (monotone): being known exploited, or seen by a partner, never lowers a decision.
Law (origin): what a partner says of a vulnerability may raise a decision, and never lowers it
against what this node's own people gave.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from accord.supply.matching import ssvc

_WORDS = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low"), (0.0, "none"))
"""Least score of each severity. Source: CVSS 3.1, section 5; CVSS 4.0, section 6."""


class Signal(msgspec.Struct, frozen=True):
    """One fact about a vulnerability, with the document that says so."""

    document: int
    kind: str
    """`ssvc`, `known exploited`, `epss`, `score`, `exploits`, `sighting`, `technique`."""
    values: tuple[str | float | int | bool | None, ...]
    """In the order of the fact's own fields, the vulnerability left out."""
    place: str = ""
    origin: str = ""
    """The partner that sealed the document; empty: this node's own people gave it."""
    via: tuple[tuple[int, str], ...] = ()
    """Document and place of the relationships that lead from what is said to the vulnerability."""


class Threat(msgspec.Struct, frozen=True):
    """Everything known of one vulnerability, by all its names."""

    exploitation: str = ""
    automatable: str = ""
    technical_impact: str = ""
    exploited_since: str = ""
    """`when()` a catalogue of known exploited vulnerabilities added it."""
    not_catalogued: int = 0
    """Document of a catalogue of known exploited vulnerabilities that does not list it; 0: none."""
    ransomware: bool = False
    actors: tuple[str, ...] = ()
    sightings: int = 0
    severity: str = ""
    score: float | None = None
    epss: float | None = None
    signals: tuple[Signal, ...] = ()

    def inputs(self, mission: str, exposure: str) -> ssvc.Inputs:
        """Inputs to the decision for one product in use."""
        active = bool(self.exploited_since) or self.sightings > 0
        exploitation = "active" if active else self.exploitation
        ruled_out = ("active",) if self.not_catalogued and not active else ()
        return ssvc.Inputs(
            exploitation=exploitation,
            automatable=self.automatable,
            technical_impact=self.technical_impact,
            mission=mission,
            exposure=exposure,
            ruled_out=() if exploitation else ruled_out,
        )


class Signals:
    """Facts about vulnerabilities, gathered by all names of each."""

    def __init__(
        self,
        by_name: Mapping[str, Sequence[Signal]],
        *,
        catalogue: int = 0,
        cisa: ssvc.Table = ssvc.CISA,
        deployer: ssvc.Table = ssvc.DEPLOYER,
    ) -> None:
        """`catalogue`: document of a catalogue of known exploited vulnerabilities; 0: none."""
        self._by_name = by_name
        self._catalogue = catalogue
        self._threats: dict[tuple[str, ...], Threat] = {}
        self.cisa = cisa
        self.deployer = deployer

    def of(self, names: tuple[str, ...]) -> Threat:
        """What is known of a vulnerability by any of its names."""
        if names not in self._threats:
            found = [signal for name in names for signal in self._by_name.get(name, ())]
            self._threats[names] = _threat(found, self._catalogue)
        return self._threats[names]


def _threat(found: list[Signal], catalogue: int) -> Threat:
    by_kind: dict[str, list[Signal]] = {}
    for signal in found:
        by_kind.setdefault(signal.kind, []).append(signal)
    exploitation, automatable, impact = _ssvc(by_kind.get("ssvc", ()))
    listed = by_kind.get("known exploited", ())
    dates = sorted(str(signal.values[0]) for signal in listed)
    score, severity = _severity(by_kind.get("score", ()))
    return Threat(
        exploitation=exploitation,
        automatable=automatable,
        technical_impact=impact,
        exploited_since=dates[0] if dates else "",
        not_catalogued=0 if dates else catalogue,
        ransomware=any(bool(signal.values[1]) for signal in listed),
        actors=tuple(sorted({str(signal.values[0]) for signal in by_kind.get("exploits", ())})),
        sightings=_sightings(by_kind.get("sighting", ())),
        severity=severity,
        score=score,
        epss=_latest_epss(by_kind.get("epss", ())),
        signals=tuple(found),
    )


def _sightings(signals: Iterable[Signal]) -> int:
    """How often it was seen; a sighting that several gave was seen once."""
    counts: dict[object, int] = {}
    for signal in signals:
        counts[signal.values[1]] = max(counts.get(signal.values[1], 0), int(signal.values[0] or 0))
    return sum(counts.values())


def _ssvc(signals: Iterable[Signal]) -> tuple[str, str, str]:
    """What this node's own people gave, input by input, unless a partner's is graver."""
    ours: list[Signal] = []
    others: list[Signal] = []
    for signal in signals:
        (others if signal.origin else ours).append(signal)
    pairs = zip(_INPUTS, _judged(ours), _judged(others), strict=True)
    exploitation, automatable, impact = (
        max(own, other, key=lambda value: _index(values, value)) for values, own, other in pairs
    )
    return exploitation, automatable, impact


_INPUTS = (ssvc.EXPLOITATION, ssvc.AUTOMATABLE, ssvc.TECHNICAL_IMPACT)


def _judged(signals: Iterable[Signal]) -> tuple[str, ...]:
    """The latest judgement counts, input by input; of equally late ones the graver."""
    ordered = sorted(
        signals,
        key=lambda s: (
            str(s.values[3]),
            *(_index(values, s.values[position]) for position, values in enumerate(_INPUTS)),
        ),
    )
    result = ["", "", ""]
    for signal in ordered:
        for position in range(3):
            result[position] = str(signal.values[position] or "") or result[position]
    return tuple(result)


def _index(values: Sequence[str], value: object) -> int:
    return values.index(value) if value in values else -1


def _severity(signals: Iterable[Signal]) -> tuple[float | None, str]:
    """The highest score, in the word that CVSS gives it; a word alone where no score is given."""
    scores = [float(s.values[0]) for s in signals if s.values[0] is not None]
    if scores:
        best = max(scores)
        return best, next(word for least, word in _WORDS if best >= least)
    words = {str(signal.values[1]) for signal in signals}
    return None, next((word for _, word in _WORDS if word in words), "")


def _latest_epss(signals: Iterable[Signal]) -> float | None:
    """Of the latest day that this node's own people gave; a partner's where they gave none."""
    latest = max(signals, key=lambda s: (not s.origin, str(s.values[1]), s.values[0]), default=None)
    return float(latest.values[0]) if latest and latest.values[0] is not None else None
