"""Results of OpenSSF Scorecard: each check as a claim, from a score on that is data.

Source: OpenSSF Scorecard, JSON results of versions 4 and 5; a score of -1 says that a check could
not be run.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from accord.assurance.evidence import facts
from accord.assurance.evidence.draft import Draft
from accord.assurance.evidence.facts import Artefact
from accord.assurance.evidence.items import digest, is_item, parse
from accord.assurance.evidence.worth import worth
from accord.core.errors import Invalid
from accord.core.reading import Reading, Refused
from accord.core.times import when

KIND: Final = "Scorecard result"
_BEST: Final = 10
_MAJOR = re.compile(r"v?(\d{1,4})(?:\.|$)")


class _Repository(msgspec.Struct, frozen=True):
    name: str
    commit: str = ""


class _Tool(msgspec.Struct, frozen=True):
    version: str


class _Check(msgspec.Struct, frozen=True):
    name: str
    score: float
    reason: str = ""


class Result(msgspec.Struct, frozen=True):
    """One run over one commit."""

    repo: _Repository
    scorecard: _Tool
    checks: list[_Check]
    date: str = ""


def read(data: bytes) -> Reading:
    """A result as facts.

    Raises:
        Invalid: it is none.
    """
    draft = Draft(facts.SCORECARD, KIND)
    fill(parse(Result, data), draft, "")
    return draft.reading(KIND)


def fill(found: Result, draft: Draft, place: str) -> None:
    """What a result says, into a statement's draft.

    Raises:
        Invalid: its version, date or commit is none.
    """
    major = _MAJOR.match(found.scorecard.version)
    if major is None:
        reason = f"{found.scorecard.version[:40]!r} is not a version of Scorecard"
        raise Invalid(reason, f"{place}/scorecard/version")
    draft.kind, draft.issuer = facts.SCORECARD, f"Scorecard {found.scorecard.version}"
    draft.issued = when(found.date, f"{place}/date")
    draft.title = f"Scorecard of {found.repo.name}"
    if found.repo.commit:
        where = f"{place}/repo/commit"
        commit = digest("gitCommit", found.repo.commit, where)
        draft.artefacts.append(Artefact("subject", found.repo.name, "gitCommit", commit, where))
    seen: set[str] = set()
    for index, check in enumerate(found.checks):
        where = f"{place}/checks/{index}"
        item = f"scorecard@{major[1]}#{check.name}"
        if check.name in seen or not is_item(item) or not -1 <= check.score <= _BEST:
            reason = "twice" if check.name in seen else "no name or no score of a check"
            draft.refused.append(Refused(where, f"{reason}: {check.name[:80]!r}"))
            continue
        seen.add(check.name)
        _claim(draft, check, item, where)


def _claim(draft: Draft, check: _Check, item: str, place: str) -> None:
    if check.score < 0:
        draft.not_read(place, "could not be run", item, check.reason)
        return
    scores = worth().scorecard
    wanted = scores.checks.get(check.name, scores.threshold)
    why = f"{check.score:g} of {_BEST}, {wanted} wanted: {check.reason}"
    (draft.yes if check.score >= wanted else draft.no)(item, place, why)
