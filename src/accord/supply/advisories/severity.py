"""Severities: CVSS vectors scored, and publishers' words brought to the five of CVSS.

Source: CVSS 2.0, 3.0, 3.1 and 4.0 specifications (FIRST); qualitative ratings of CVSS 3.1,
section 5.
"""

from __future__ import annotations

from functools import lru_cache

from cvss import CVSS2, CVSS3, CVSS4
from cvss.exceptions import CVSSError

from accord.core.errors import Invalid

_LONGEST = 500
_WORDS = {
    "none": "none",
    "informational": "none",
    "negligible": "low",
    "low": "low",
    "minor": "low",
    "medium": "medium",
    "moderate": "medium",
    "high": "high",
    "important": "high",
    "major": "high",
    "critical": "critical",
}


def word(text: str) -> str:
    """A publisher's word (`Moderate`, `Important`) as one of CVSS's; empty where it is none."""
    return _WORDS.get(text.strip().casefold(), "")


@lru_cache(1 << 14)
def rated(vector: str) -> tuple[float, str]:
    """Base score and word of a CVSS vector of version 2, 3 or 4, by its prefix.

    Raises:
        Invalid: not a vector, or a metric is missing, repeated or unknown.

    """
    if len(vector) > _LONGEST:
        raise Invalid(f"a CVSS vector of {len(vector):,} characters")
    try:
        if vector.startswith("CVSS:4"):
            four = CVSS4(vector)
            return float(four.base_score), four.severity.lower()
        scored = CVSS3(vector) if vector.startswith("CVSS:3") else CVSS2(vector.strip("()"))
        return float(scored.base_score), scored.severities()[0].lower()
    except (CVSSError, ValueError, KeyError, ArithmeticError) as wrong:
        raise Invalid(f"not a CVSS vector: {str(wrong)[:200]}") from wrong
