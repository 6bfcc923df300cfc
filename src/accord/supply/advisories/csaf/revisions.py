"""Mandatory tests 6.1.14, 6.1.16 to 6.1.22 and 6.1.30: versions and the revision history.

Source: CSAF 2.0, sections 3.1.11 (version type) and 6.1; Semantic Versioning 2.0, clause 11.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from accord.core.times import when
from accord.supply.advisories.csaf.document import Failure, Revision, View

_HISTORY = "/document/tracking/revision_history"
_VERSION = "/document/tracking/version"
Key = tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]


def order(version: str) -> Key:
    """A key in the order of semantic versioning; an integer version `n` stands as `n.0.0`."""
    release, _, pre = version.partition("+")[0].partition("-")
    major, minor, patch = ([int(part) for part in release.split(".")] + [0, 0])[:3]
    parts = tuple(
        (False, int(part), "") if part.isdecimal() else (True, 0, part)
        for part in pre.split(".")
        if part
    )
    return (major, minor, patch, not pre, parts)


def _major(version: str) -> int:
    return order(version)[0]


def _has_pre_release(version: str) -> bool:
    return "-" in version.partition("+")[0]


def _by_date(view: View) -> list[tuple[int, Revision]]:
    """Revisions with their place in the list, oldest first; of one moment, lowest number first."""
    history = enumerate(view.csaf.document.tracking.revision_history)
    return sorted(history, key=lambda pair: (_moment(pair[1].date), order(pair[1].number)))


def _moment(date: str) -> str:
    """Time zones are taken into account; digits past the microsecond still count."""
    fraction = date.partition(".")[2].rstrip("Zz").partition("+")[0].partition("-")[0]
    return when(date) + fraction[6:]


def sorted_history(view: View) -> Iterator[Failure]:
    """6.1.14: sorted by date, the revisions are sorted by number."""
    for (_, earlier), (at, later) in pairwise(_by_date(view)):
        if order(later.number) < order(earlier.number):
            reason = f"revision {later.number} is dated after revision {earlier.number}"
            yield Failure("6.1.14", reason, f"{_HISTORY}/{at}")


def latest_version(view: View) -> Iterator[Failure]:
    """6.1.16: the document's version is that of its last revision by date.

    Build metadata is passed over, and the pre-release part of a draft.
    """
    tracking = view.csaf.document.tracking
    last = _by_date(view)[-1][1].number

    def bare(version: str) -> str:
        version = version.partition("+")[0]
        return version.partition("-")[0] if tracking.status == "draft" else version

    if bare(last) != bare(tracking.version):
        reason = f"the version is {tracking.version}, the last revision is {last}"
        yield Failure("6.1.16", reason, _VERSION)


def draft_status(view: View) -> Iterator[Failure]:
    """6.1.17: a document of version 0, 0.y.z or with a pre-release part is a draft."""
    tracking = view.csaf.document.tracking
    early = _major(tracking.version) == 0 or _has_pre_release(tracking.version)
    if early and tracking.status != "draft":
        reason = f"version {tracking.version} is a draft, but the status is {tracking.status}"
        yield Failure("6.1.17", reason, "/document/tracking/status")


def released_history(view: View) -> Iterator[Failure]:
    """6.1.18: a final or interim document has no revision 0 or 0.y.z."""
    tracking = view.csaf.document.tracking
    if tracking.status == "draft":
        return
    for at, revision in enumerate(tracking.revision_history):
        if _major(revision.number) == 0:
            reason = f"a document that is {tracking.status} has a revision {revision.number}"
            yield Failure("6.1.18", reason, f"{_HISTORY}/{at}/number")


def pre_releases(view: View) -> Iterator[Failure]:
    """6.1.19: no revision has a pre-release part in its number."""
    for at, revision in enumerate(view.csaf.document.tracking.revision_history):
        if _has_pre_release(revision.number):
            reason = f"revision {revision.number} is a pre-release"
            yield Failure("6.1.19", reason, f"{_HISTORY}/{at}/number")


def non_draft_version(view: View) -> Iterator[Failure]:
    """6.1.20: the version of a final or interim document has no pre-release part."""
    tracking = view.csaf.document.tracking
    if tracking.status != "draft" and _has_pre_release(tracking.version):
        reason = f"version {tracking.version} is a pre-release, the status is {tracking.status}"
        yield Failure("6.1.20", reason, _VERSION)


def missing_revisions(view: View) -> Iterator[Failure]:
    """6.1.21: by date, the revisions begin at 0 or 1 and leave out no (major) number."""
    history = _by_date(view)
    highest = _major(history[0][1].number)
    if highest > 1:
        reason = f"the history begins at {history[0][1].number}, not at 0 or 1"
        yield Failure("6.1.21", reason, f"{_HISTORY}/{history[0][0]}")
    for at, revision in history[1:]:
        major = _major(revision.number)
        if major > highest + 1:
            reason = f"revision {highest + 1} is missing before {revision.number}"
            yield Failure("6.1.21", reason, f"{_HISTORY}/{at}")
        highest = max(highest, major)


def repeated_revisions(view: View) -> Iterator[Failure]:
    """6.1.22: no number stands twice in the history."""
    seen: set[str] = set()
    for at, revision in enumerate(view.csaf.document.tracking.revision_history):
        if revision.number in seen:
            reason = f"revision {revision.number} stands twice"
            yield Failure("6.1.22", reason, f"{_HISTORY}/{at}/number")
        seen.add(revision.number)


def mixed_versioning(view: View) -> Iterator[Failure]:
    """6.1.30: either integer or semantic versioning, throughout the document."""
    tracking = view.csaf.document.tracking
    whole = tracking.version.isdecimal()
    for at, revision in enumerate(tracking.revision_history):
        if revision.number.isdecimal() != whole:
            reason = f"revision {revision.number} and version {tracking.version} mix two schemes"
            yield Failure("6.1.30", reason, f"{_HISTORY}/{at}/number")
