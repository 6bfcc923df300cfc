"""The match: one statement, the same on every engine that compares bytes unsigned.

A version is hit where its key lies in a half-open interval of its package and stream. The walk
goes from each interval into the index of versions, so that the cost follows intervals and hits,
not versions. What is new is matched against everything, and everything else against what is new:
each pair is looked at once.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

_KEEP = "INSERT INTO hit (version_id, affected_id) "

HITS_OF_INTERVALS = """
SELECT v.id, a.id
FROM affected a CROSS JOIN version v
WHERE a.id >= :first_affected
  AND v.package_id = a.package_id AND v.stream = a.stream AND v.key >= a.lo AND v.key < a.hi
"""
"""Hits of the intervals numbered from `first_affected` on, among all versions."""

HITS_OF_VERSIONS = """
SELECT v.id, a.id
FROM version v CROSS JOIN affected a
WHERE v.id >= :first_version AND a.id < :first_affected
  AND a.package_id = v.package_id AND a.stream = v.stream AND a.lo <= v.key AND a.hi > v.key
"""
"""Hits of the versions numbered from `first_version` on, among the intervals before those."""


_OF_INTERVALS, _OF_VERSIONS = text(_KEEP + HITS_OF_INTERVALS), text(_KEEP + HITS_OF_VERSIONS)


def match_new(connection: Connection, first_affected: int, first_version: int) -> None:
    """Add the hits of intervals and versions numbered from these on."""
    bounds = {"first_affected": first_affected, "first_version": first_version}
    connection.execute(_OF_INTERVALS, bounds)
    if first_affected > 1:
        connection.execute(_OF_VERSIONS, bounds)
