"""CVSS 2 and 3 vectors: what each property is called in a vector, and which scores follow.

Source: CVSS 2.0, 3.0 and 3.1, and their JSON schemas (FIRST).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import msgspec
from cvss import CVSS2, CVSS3
from cvss.exceptions import CVSSError

Metrics: TypeAlias = dict[str, tuple[str, dict[str, str]]]
"""By JSON property: the metric's letters in a vector, and the JSON word of each value there."""

_NONE_LOW_HIGH = {"N": "NONE", "L": "LOW", "H": "HIGH"}
_X = {"X": "NOT_DEFINED"}
_NEED_3 = _X | {"L": "LOW", "M": "MEDIUM", "H": "HIGH"}
_BASE_3: Metrics = {
    "attackVector": (
        "AV",
        {"N": "NETWORK", "A": "ADJACENT_NETWORK", "L": "LOCAL", "P": "PHYSICAL"},
    ),
    "attackComplexity": ("AC", {"L": "LOW", "H": "HIGH"}),
    "privilegesRequired": ("PR", _NONE_LOW_HIGH),
    "userInteraction": ("UI", {"N": "NONE", "R": "REQUIRED"}),
    "scope": ("S", {"U": "UNCHANGED", "C": "CHANGED"}),
    "confidentialityImpact": ("C", _NONE_LOW_HIGH),
    "integrityImpact": ("I", _NONE_LOW_HIGH),
    "availabilityImpact": ("A", _NONE_LOW_HIGH),
}
_MODIFIED_3: Metrics = {
    f"modified{name[0].upper()}{name[1:]}": (f"M{metric}", _X | values)
    for name, (metric, values) in _BASE_3.items()
}
_OTHER_3: Metrics = {
    "exploitCodeMaturity": (
        "E",
        _X | {"U": "UNPROVEN", "P": "PROOF_OF_CONCEPT", "F": "FUNCTIONAL", "H": "HIGH"},
    ),
    "remediationLevel": (
        "RL",
        _X | {"O": "OFFICIAL_FIX", "T": "TEMPORARY_FIX", "W": "WORKAROUND", "U": "UNAVAILABLE"},
    ),
    "reportConfidence": ("RC", _X | {"U": "UNKNOWN", "R": "REASONABLE", "C": "CONFIRMED"}),
    "confidentialityRequirement": ("CR", _NEED_3),
    "integrityRequirement": ("IR", _NEED_3),
    "availabilityRequirement": ("AR", _NEED_3),
}
_IMPACT_2 = {"N": "NONE", "P": "PARTIAL", "C": "COMPLETE"}
_ND = {"ND": "NOT_DEFINED"}
_NEED_2 = _ND | {"L": "LOW", "M": "MEDIUM", "H": "HIGH"}
_BASE_2: Metrics = {
    "accessVector": ("AV", {"L": "LOCAL", "A": "ADJACENT_NETWORK", "N": "NETWORK"}),
    "accessComplexity": ("AC", {"H": "HIGH", "M": "MEDIUM", "L": "LOW"}),
    "authentication": ("Au", {"M": "MULTIPLE", "S": "SINGLE", "N": "NONE"}),
    "confidentialityImpact": ("C", _IMPACT_2),
    "integrityImpact": ("I", _IMPACT_2),
    "availabilityImpact": ("A", _IMPACT_2),
}
_OTHER_2: Metrics = {
    "exploitability": (
        "E",
        _ND | {"U": "UNPROVEN", "POC": "PROOF_OF_CONCEPT", "F": "FUNCTIONAL", "H": "HIGH"},
    ),
    "remediationLevel": (
        "RL",
        _ND | {"OF": "OFFICIAL_FIX", "TF": "TEMPORARY_FIX", "W": "WORKAROUND", "U": "UNAVAILABLE"},
    ),
    "reportConfidence": (
        "RC",
        _ND | {"UC": "UNCONFIRMED", "UR": "UNCORROBORATED", "C": "CONFIRMED"},
    ),
    "collateralDamagePotential": (
        "CDP",
        _ND | _NONE_LOW_HIGH | {"LM": "LOW_MEDIUM", "MH": "MEDIUM_HIGH"},
    ),
    "targetDistribution": ("TD", _NEED_2 | {"N": "NONE"}),
    "confidentialityRequirement": ("CR", _NEED_2),
    "integrityRequirement": ("IR", _NEED_2),
    "availabilityRequirement": ("AR", _NEED_2),
}
METRICS: dict[str, Metrics] = {
    "2.0": _BASE_2 | _OTHER_2,
    "3.0": _BASE_3 | _OTHER_3 | _MODIFIED_3,
    "3.1": _BASE_3 | _OTHER_3 | _MODIFIED_3,
}
_VALUES = {version: dict(metrics.values()) for version, metrics in METRICS.items()}
KINDS = ("base", "temporal", "environmental")
"""The three scores, in the order in which they build on each other."""


class Scores(msgspec.Struct, frozen=True):
    """What follows from a vector, in the order of `KINDS`."""

    scores: tuple[float, ...] = ()
    severities: tuple[str, ...] = ()
    """CVSS 3 only: NONE, LOW, MEDIUM, HIGH, CRITICAL."""
    fault: str = ""
    """Why nothing follows: a metric is missing or stands twice."""


@lru_cache(maxsize=16384)
def is_vector(text: str, version: str) -> bool:
    """Whether a vector has the right beginning and known metrics with known values only."""
    parts = text.split("/")
    if version != "2.0" and parts.pop(0) != f"CVSS:{version}":
        return False
    known = _VALUES[version]
    pairs = (part.partition(":") for part in parts)
    return all(value in known.get(metric, ()) for metric, _, value in pairs)


@lru_cache(maxsize=16384)
def compute(text: str, version: str) -> Scores:
    """The scores of a vector for which `is_vector` holds.

    A score whose metrics are all undefined equals the one that it builds on.
    """
    try:
        if version == "2.0":
            return Scores(_numbers(CVSS2(text).scores()))
        vector = CVSS3(text)
    except CVSSError as wrong:
        return Scores(fault=str(wrong))
    severities = tuple(word.upper() for word in vector.severities())
    return Scores(_numbers(vector.scores()), severities)


def _numbers(scores: tuple[object, ...]) -> tuple[float, ...]:
    numbers: list[float] = []
    for score in scores:
        numbers.append(numbers[-1] if score is None else float(str(score)))
    return tuple(numbers)
