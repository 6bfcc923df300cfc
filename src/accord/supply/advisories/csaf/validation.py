"""The whole of CSAF 2.0's validation: the schema and every mandatory test, in order.

Law (a document that breaks a mandatory rule is refused as a whole): `validated` returns a
document only if no test fails.
Source: CSAF 2.0, section 6.1; JSON schema of CSAF 2.0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from accord.core.errors import Invalid
from accord.core.json import decode_as, decode_strict
from accord.core.limits import LIMITS, Limits
from accord.supply.advisories.csaf import (
    definitions,
    profiles,
    revisions,
    schema,
    scores,
    statements,
    vocabularies,
)
from accord.supply.advisories.csaf.document import Csaf, Failure, View, view

TESTS: dict[str, Callable[[View], Iterator[Failure]]] = {
    "6.1.1": definitions.missing_products,
    "6.1.2": definitions.repeated_products,
    "6.1.3": definitions.circular_products,
    "6.1.4": definitions.missing_groups,
    "6.1.5": definitions.repeated_groups,
    "6.1.6": definitions.contradicting_statuses,
    "6.1.7": scores.several_scores,
    "6.1.8": scores.invalid_cvss,
    "6.1.9": scores.wrong_computation,
    "6.1.10": scores.inconsistent_cvss,
    "6.1.11": vocabularies.weaknesses,
    "6.1.12": vocabularies.languages,
    "6.1.13": vocabularies.package_urls,
    "6.1.14": revisions.sorted_history,
    "6.1.15": profiles.translator,
    "6.1.16": revisions.latest_version,
    "6.1.17": revisions.draft_status,
    "6.1.18": revisions.released_history,
    "6.1.19": revisions.pre_releases,
    "6.1.20": revisions.non_draft_version,
    "6.1.21": revisions.missing_revisions,
    "6.1.22": revisions.repeated_revisions,
    "6.1.23": statements.repeated_cves,
    "6.1.24": statements.repeated_involvements,
    "6.1.25": definitions.repeated_algorithms,
    "6.1.26": profiles.prohibited_category,
    "6.1.27.1": profiles.document_notes,
    "6.1.27.2": profiles.document_references,
    "6.1.27.3": profiles.no_vulnerabilities,
    "6.1.27.4": profiles.product_tree,
    "6.1.27.5": profiles.vulnerability_notes,
    "6.1.27.6": profiles.product_status,
    "6.1.27.7": profiles.vex_product_status,
    "6.1.27.8": profiles.vulnerability_id,
    "6.1.27.9": profiles.impact_statement,
    "6.1.27.10": profiles.action_statement,
    "6.1.27.11": profiles.vulnerabilities,
    "6.1.28": profiles.translation,
    "6.1.29": statements.aimless_remediations,
    "6.1.30": revisions.mixed_versioning,
    "6.1.31": definitions.ranges_as_versions,
    "6.1.32": statements.aimless_flags,
    "6.1.33": statements.several_flags,
}
"""Every mandatory test by its section."""
_DATED = frozenset({"6.1.14", "6.1.16", "6.1.21", "6.1.24"})
"""Tests that mean nothing where a date is not a date; the schema's own failure stands then."""
_LISTED = 5
_BOUND = 100
"""Failures counted before the search ends: one hostile document can break a rule at every item."""


def validated(data: bytes, limits: Limits = LIMITS) -> View:
    """The document, if it keeps the schema and every mandatory test.

    Raises:
        Unreadable: not JSON, or a key stands twice.
        TooLarge: past a bound.
        Invalid: a rule is broken. The reason names up to five of them, each with its section
            (`6.1.14`, or `schema`); the place is that of the first.

    """
    raw = decode_strict(data, limits)
    try:
        document = decode_as(Csaf, data, limits)
    except Invalid as wrong:
        raise Invalid(f"schema: {wrong.reason} (CSAF 2.0)", wrong.place) from wrong
    seen = view(document)
    _refuse(failures(seen, raw))
    return seen


def failures(seen: View, raw: dict[str, Any]) -> list[Failure]:
    """What the document breaks, mandatory tests first, one bound for all of them."""
    structure = list(_upto(schema.check(seen, raw)))
    undated = any("date-time" in failure.reason for failure in structure)
    tests = (test for name, test in TESTS.items() if not (undated and name in _DATED))
    broken = list(_upto(chain.from_iterable(test(seen) for test in tests)))
    return broken + structure


def _upto(found: Iterator[Failure]) -> Iterator[Failure]:
    for _, failure in zip(range(_BOUND), found, strict=False):
        yield failure


def _refuse(broken: list[Failure]) -> None:
    if not broken:
        return
    tests = list(dict.fromkeys(failure.test for failure in broken))
    first = {test: next(item for item in broken if item.test == test) for test in tests}
    rest = [item for item in broken if item is not first[item.test]]
    listed = [*first.values(), *rest][:_LISTED]
    texts = [f"{listed[0].test} {listed[0].reason}"]
    texts += [f"{item.test} {item.reason} ({item.place})" for item in listed[1:]]
    more = len(broken) - len(listed)
    if more:
        texts.append(f"and {more} more" if len(broken) < _BOUND else "and many more")
    raise Invalid("; ".join(texts), listed[0].place)
