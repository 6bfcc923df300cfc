"""What suppliers answered to vulnerabilities of what they ship: how far believed, and since when.

Law (standing): only the supplier of the product, or of the component, answers; what anybody else
says neither closes anything for a verdict nor counts as an answer.
Law (arrival): an answer's own date is its author's word; what this node knows is when it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from accord.assurance.model import Level
from accord.store.view import SqlView
from accord.supply.matching.exposures import Exposure
from accord.supply.matching.vex import COMPONENT_SUPPLIER, Judged, Statement

_SAID = (
    "SELECT v.vulnerability, v.products, v.subcomponents, v.document_id, v.at, d.subject, d.learned"
    " FROM vex v JOIN document d ON d.id = v.document_id"
    " WHERE d.origin = '' AND v.vulnerability IN ({})"
)
_Said = tuple[str, str, str, str]
"""What a statement is about: its document's subject, vulnerability, products, subcomponents."""

_When = tuple[str, str]
"""When this node first had it, and the first date that its author gives it; empty: undated."""


class Answers:
    """The answers to some vulnerabilities."""

    def __init__(
        self, view: SqlView, exposures: Iterable[Exposure], judgements: Mapping[str, str]
    ) -> None:
        self._judgements = judgements
        counting = {j.statement.id: j.statement for one in exposures for j in _answering(one)}
        self._first = _arrivals(view, counting.values())

    def closed(self, exposure: Exposure) -> Level:
        """How far it is believed that it is closed: a person's decision here, or a supplier's."""
        if exposure.id in self._judgements:
            return Level.VERIFIED
        first = next(iter(exposure.statements), None)
        answers = first is not None and _answers(first)
        return Level.SELF_ASSERTED if answers else Level.UNKNOWN

    def said(self, exposure: Exposure) -> str:
        """The `when()` of the first answer, as its author has it; empty: there is none.

        One that is undated, or dated after it came, is of when it came.
        """
        dates = []
        for judged in _answering(exposure):
            came, dated = self._first[judged.statement.id]
            dates.append(min(came, dated or came))
        return min(dates, default="")

    def arrived(self, exposure: Exposure) -> str:
        """The `when()` at which this node first had an answer; empty: there is none."""
        return min((self._first[j.statement.id][0] for j in _answering(exposure)), default="")


def _answers(judged: Judged) -> bool:
    # The name of an author in what a partner or feed passes on is not known to be true.
    own = not judged.statement.origin
    return judged.counts and own and judged.standing >= COMPONENT_SUPPLIER


def _answering(exposure: Exposure) -> Iterator[Judged]:
    return (judged for judged in exposure.statements if _answers(judged))


def _arrivals(view: SqlView, statements: Iterable[Statement]) -> dict[int, _When]:
    """When this node first had each statement, as it stands, in whichever edition."""
    wanted = {one.id: one for one in statements}
    numbers = "SELECT id, vulnerability FROM vex WHERE id IN ({})"
    names = sorted({row.vulnerability for row in view.among(numbers, sorted(wanted))})
    first: dict[_Said, _When] = {}
    for row in view.among(_SAID, names):
        if view.learned(row.document_id):
            about = _about(row)
            came, dated = first.get(about, (row.learned, row.at))
            dated = min(dated, row.at) if dated and row.at else dated or row.at
            first[about] = (min(came, row.learned), dated)
    query = _SAID.replace("v.vulnerability IN", "v.id IN").replace("SELECT", "SELECT v.id,")
    return {row.id: first[_about(row)] for row in view.among(query, sorted(wanted))}


def _about(row: Any) -> _Said:  # noqa: ANN401 - a row of the database
    subject = row.subject or f"document {row.document_id}"
    return subject, row.vulnerability, row.products, row.subcomponents
