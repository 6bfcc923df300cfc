"""Results of evaluations against assessment requirements, as OpenSSF's baseline scanner has them.

Source: Gemara, evaluation log (layer 5, formerly layer 4), in JSON or YAML; the names of its
members changed over time, and all of them are read.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from accord.assurance.evidence import facts
from accord.assurance.evidence.draft import Draft
from accord.assurance.evidence.items import is_item, parse
from accord.assurance.evidence.worth import worth
from accord.core.errors import Invalid
from accord.core.reading import Reading, Refused
from accord.core.times import when

KIND: Final = "evaluation results"
_MOST: Final = 10_000
_RESULTS: Final = ("passed", "failed", "needs review", "not run", "not applicable", "unknown")


class _Entry(msgspec.Struct, frozen=True, rename="kebab"):
    entry_id: str = ""
    reference_id: str = ""


class _Log(msgspec.Struct, frozen=True, rename="kebab"):
    result: str
    requirement: _Entry = _Entry()
    requirement_id: str = ""
    message: str = ""
    end: str = ""
    start: str = ""


class _Evaluation(msgspec.Struct, frozen=True, rename="kebab"):
    assessment_logs: list[_Log] | None = None
    assessments: list[_Log] | None = None


class _Evaluations(msgspec.Struct, frozen=True):
    evaluations: list[_Evaluation] = []


class _Suite(msgspec.Struct, frozen=True, rename="kebab"):
    control_evaluations: _Evaluations | list[_Evaluation] = []
    end_time: str = ""
    start_time: str = ""


class _Reference(msgspec.Struct, frozen=True):
    id: str
    version: str = ""


class _Author(msgspec.Struct, frozen=True):
    name: str = ""


class _Metadata(msgspec.Struct, frozen=True, rename="kebab"):
    author: _Author = _Author()
    date: str = ""
    mapping_references: list[_Reference] | None = None


class _Results(msgspec.Struct, frozen=True, rename="kebab"):
    evaluation_suites: list[_Suite] | None = None
    evaluations: list[_Evaluation] | None = None
    metadata: _Metadata = _Metadata()
    plugin_name: str = ""
    payload: Any = None


def read(data: bytes) -> Reading:
    """Results as facts.

    Raises:
        Invalid: they are none.
    """
    found = parse(_Results, data)
    who = found.metadata.author.name or found.plugin_name
    draft = Draft(facts.EVALUATION, KIND, issuer=who, title=f"evaluation by {who or 'a tool'}")
    dates = [when(found.metadata.date, "/metadata/date")]
    versions = {one.id: one.version for one in found.metadata.mapping_references or ()}
    lists = _lists(found, dates)
    if sum(len(evaluations) for _, evaluations in lists) > _MOST:
        raise Invalid(f"more than {_MOST:,} evaluations")
    if not lists:
        raise Invalid("results hold `evaluations` or `evaluation-suites`, and these hold neither")
    for place, evaluations in lists:
        for index, one in enumerate(evaluations):
            name = "assessments" if one.assessment_logs is None else "assessment-logs"
            logs = one.assessments if one.assessment_logs is None else one.assessment_logs
            for number, log in enumerate(logs or ()):
                where = f"{place}/{index}/{name}/{number}"
                dates.append(when(log.end or log.start, where))
                _claim(draft, log, where, versions)
    draft.issued = max(dates)
    return draft.reading(KIND)


def _lists(found: _Results, dates: list[str]) -> list[tuple[str, list[_Evaluation]]]:
    lists = []
    if found.evaluations is not None:
        lists.append(("/evaluations", found.evaluations))
    for index, suite in enumerate(found.evaluation_suites or ()):
        place = f"/evaluation-suites/{index}"
        dates.append(when(suite.end_time or suite.start_time, place))
        inside = suite.control_evaluations
        if isinstance(inside, _Evaluations):
            lists.append((f"{place}/control-evaluations/evaluations", inside.evaluations))
        else:
            lists.append((f"{place}/control-evaluations", inside))
    return lists


def _claim(draft: Draft, log: _Log, place: str, versions: dict[str, str]) -> None:
    named = log.requirement.entry_id or log.requirement_id
    item = _item(named, log.requirement.reference_id, versions)
    if not is_item(item):
        draft.refused.append(Refused(place, f"no assessment requirement: {named[:80]!r}"))
        return
    result = log.result.lower().replace("needsreview", "needs review")
    result = result.replace("notrun", "not run").replace("notapplicable", "not applicable")
    if result == "passed":
        draft.yes(item, place, log.message)
    elif result == "failed":
        draft.no(item, place, log.message)
    elif result in _RESULTS:
        draft.not_read(place, result, item, log.message[:200])
    else:
        draft.refused.append(Refused(place, f"{log.result[:40]!r} is not a result"))


def _item(named: str, reference: str, versions: dict[str, str]) -> str:
    """The item that a requirement is, of the catalogue that is named, or of the usual one."""
    shipped = worth().evaluations.catalogues
    usual = next((name for start, name in shipped.items() if named.startswith(start)), "")
    version = versions.get(reference, "")
    name = usual.partition("@")[0] or reference.lower()
    catalogue = f"{name}@{version}" if version else usual or f"{name}@unversioned"
    return f"{catalogue}#{named}"
