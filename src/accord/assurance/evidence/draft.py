"""What a reader of evidence gathers, and the reading that becomes of it."""

from __future__ import annotations

import msgspec

from accord.assurance.evidence.facts import NO, PLAN, YES, Artefact, Assertion, Statement
from accord.assurance.evidence.items import digest
from accord.core.errors import Invalid
from accord.core.reading import Fact, NotEvaluated, Reading, Refused


class Draft(msgspec.Struct):
    """Facts of one statement, and an account of what could not be used."""

    kind: str
    type: str
    issuer: str = ""
    issued: str = ""
    expires: str = ""
    title: str = ""
    product: str = ""
    releases: tuple[str, ...] = ()
    builder: str = ""
    build_type: str = ""
    attached: str = ""
    place: str = ""
    artefacts: list[Artefact] = []
    assertions: list[Assertion] = []
    refused: list[Refused] = []
    not_evaluated: list[NotEvaluated] = []

    def yes(self, item: str, place: str, why: str = "", expires: str = "") -> None:
        """It holds."""
        self.assertions.append(Assertion(item, YES, "", why, expires, place))

    def no(self, item: str, place: str, why: str = "", expires: str = "") -> None:
        """It is denied."""
        self.assertions.append(Assertion(item, NO, "", why, expires, place))

    def plan(self, item: str, place: str, due: str, why: str = "") -> None:
        """It is to hold one day."""
        self.assertions.append(Assertion(item, PLAN, due, why, "", place))

    def not_read(self, place: str, reason: str, subject: str, name: str = "") -> None:
        """Well-formed, and no claim follows from it."""
        self.not_evaluated.append(NotEvaluated(place, reason, subject, name))

    def materials(self, name: str, digests: dict[str, str], place: str) -> None:
        """What something was made from; a digest that is none is refused by itself."""
        for algorithm, text in digests.items():
            where = f"{place}/digest/{algorithm}"
            try:
                found = digest(algorithm, text, where)
            except Invalid as wrong:
                self.refused.append(Refused(wrong.place, wrong.reason))
                continue
            self.artefacts.append(Artefact("material", name, algorithm, found, where))
        if not digests:
            self.artefacts.append(Artefact("material", name, "", "", place))

    def reading(self, kind: str) -> Reading:
        """What becomes of it."""
        statement = Statement(
            kind=self.kind,
            type=self.type,
            issuer=self.issuer,
            issued=self.issued,
            expires=self.expires,
            title=self.title,
            product=self.product,
            releases=self.releases,
            builder=self.builder,
            build_type=self.build_type,
            attached=self.attached,
            place=self.place,
        )
        facts: list[Fact] = [statement, *self.artefacts, *self.assertions]
        return Reading(
            kind=kind,
            subject="",
            edition=self.issued,
            title=self.title,
            facts=facts,
            refused=self.refused,
            not_evaluated=self.not_evaluated,
        )
