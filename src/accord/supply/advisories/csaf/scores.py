"""Mandatory tests 6.1.7 to 6.1.10: CVSS scores are alone, valid, right and of one mind.

Source: CSAF 2.0, section 6.1; CVSS 2.0, 3.0 and 3.1 and their JSON schemas (FIRST).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from accord.supply.advisories.csaf.document import Failure, View
from accord.supply.advisories.csaf.metrics import KINDS, METRICS, compute, is_vector

_SEVERITIES = frozenset({"NONE", "LOW", "MEDIUM", "HIGH", "CRITICAL"})
_VERSIONS = {"cvss_v2": ("2.0",), "cvss_v3": ("3.0", "3.1")}
_HIGHEST = 10


def cvss_objects(view: View) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every CVSS object with its JSON pointer, whose last step is `cvss_v2` or `cvss_v3`."""
    for number, item in enumerate(view.csaf.vulnerabilities):
        for at, score in enumerate(item.scores):
            place = f"/vulnerabilities/{number}/scores/{at}"
            if score.cvss_v2 is not UNSET:
                yield f"{place}/cvss_v2", score.cvss_v2
            if score.cvss_v3 is not UNSET:
                yield f"{place}/cvss_v3", score.cvss_v3


def several_scores(view: View) -> Iterator[Failure]:
    """6.1.7: a product has one score at most of each CVSS version."""
    for number, item in enumerate(view.csaf.vulnerabilities):
        if len(item.scores) < 2:  # noqa: PLR2004 - one alone cannot compete
            continue
        seen: set[tuple[str, str]] = set()
        for at, score in enumerate(item.scores):
            versions = [
                str(cvss.get("version"))
                for cvss in (score.cvss_v2, score.cvss_v3)
                if cvss is not UNSET
            ]
            pairs = {(product, version) for product in score.products for version in versions}
            for product, version in sorted(pairs & seen):
                reason = f"product {product!r} has several scores of CVSS {version}"
                yield Failure("6.1.7", reason, f"/vulnerabilities/{number}/scores/{at}")
            seen |= pairs


def invalid_cvss(view: View) -> Iterator[Failure]:
    """6.1.8: a CVSS object follows its schema."""
    for place, cvss in cvss_objects(view):
        for name, reason in _schema_faults(cvss, place[-7:]):
            yield Failure("6.1.8", reason, f"{place}/{name}".rstrip("/"))


def _schema_faults(cvss: dict[str, Any], kind: str) -> Iterator[tuple[str, str]]:
    required = ["version", "vectorString", "baseScore"]
    required += ["baseSeverity"] if kind == "cvss_v3" else []
    missing = [name for name in required if name not in cvss]
    if missing:
        yield "", f"{', '.join(missing)} missing"
    if _version(cvss, kind) is None:
        if "version" in cvss:
            yield "version", f"the version is not {' or '.join(_VERSIONS[kind])}"
        return
    version = cvss["version"]
    vector = cvss.get("vectorString", "")
    if "vectorString" in cvss and not (isinstance(vector, str) and is_vector(vector, version)):
        yield "vectorString", f"{str(vector)[:80]!r} is not a CVSS {version} vector"
    for score in KINDS:
        if not _is_score(cvss.get(f"{score}Score", 0)):
            yield f"{score}Score", "a number from 0 to 10 is expected"
        severity = cvss.get(f"{score}Severity", "NONE")
        if kind == "cvss_v3" and not (isinstance(severity, str) and severity in _SEVERITIES):
            yield f"{score}Severity", f"{str(severity)[:20]!r} is not a severity"
    for name, (_, values) in METRICS[version].items():
        if name in cvss and cvss[name] not in values.values():
            yield name, f"{str(cvss[name])[:40]!r} is not a value of this metric"


def _version(cvss: dict[str, Any], kind: str) -> str | None:
    version = cvss.get("version")
    return version if isinstance(version, str) and version in _VERSIONS[kind] else None


def _is_score(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 <= value <= _HIGHEST  # type: ignore[operator]  # narrowed by `number`


def _vectors(view: View) -> Iterator[tuple[str, dict[str, Any], str, str]]:
    """CVSS objects whose version and vector can be relied on, with both."""
    for place, cvss in cvss_objects(view):
        version, vector = _version(cvss, place[-7:]), cvss.get("vectorString")
        if version is not None and isinstance(vector, str) and is_vector(vector, version):
            yield place, cvss, version, vector


def wrong_computation(view: View) -> Iterator[Failure]:
    """6.1.9: scores and severities are those that follow from the vector."""
    for place, cvss, version, vector in _vectors(view):
        computed = compute(vector, version)
        if computed.fault:
            reason = f"no score follows from this vector: {computed.fault}"
            yield Failure("6.1.9", reason, f"{place}/vectorString")
            continue
        for kind, score in zip(KINDS, computed.scores, strict=True):
            given = cvss.get(f"{kind}Score", score)
            if _is_score(given) and given != score:
                reason = f"{given} is given, {score} follows from the vector"
                yield Failure("6.1.9", reason, f"{place}/{kind}Score")
        for kind, severity in zip(KINDS, computed.severities, strict=False):
            given = cvss.get(f"{kind}Severity", severity)
            if isinstance(given, str) and given in _SEVERITIES and given != severity:
                reason = f"{given} is given, {severity} follows from the vector"
                yield Failure("6.1.9", reason, f"{place}/{kind}Severity")


def inconsistent_cvss(view: View) -> Iterator[Failure]:
    """6.1.10: no property contradicts a metric that the vector states."""
    for place, cvss, version, vector in _vectors(view):
        stated = dict(part.split(":", 1) for part in vector.split("/") if ":" in part)
        for name, (metric, values) in METRICS[version].items():
            if metric not in stated or name not in cvss:
                continue
            expected = values[stated[metric]]
            if cvss[name] != expected and cvss[name] in values.values():
                reason = f"{cvss[name]} is given, the vector says {expected}"
                yield Failure("6.1.10", reason, f"{place}/{name}")
