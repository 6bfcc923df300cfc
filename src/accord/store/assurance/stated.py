"""What authorities stated, as it counts."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from accord.assurance.statements.facts import Recognition, Verdict
from accord.flows.assessing.port import Key, StatedRule, StatedVerdict
from accord.store.sealed import origins_of, sealers
from accord.store.view import SqlView, texts_of

_VERDICTS = """
SELECT v.*, d.digest AS document FROM verdict v JOIN document d ON d.id = v.document_id
"""
_RULES = """
SELECT r.*, d.digest AS document FROM recognition r JOIN document d ON d.id = r.document_id
ORDER BY r.id
"""


def verdicts(view: SqlView, releases: Collection[Key]) -> Iterator[StatedVerdict]:
    """What was stated of some releases, whatever the case of their names."""
    wanted = {(product.casefold(), release.casefold()) for product, release in releases}
    origins = sealers(view, "verdict")
    for row in view.counting(_VERDICTS):
        if (row.product.casefold(), row.release.casefold()) not in wanted:
            continue
        fact = Verdict(
            authority=row.authority, product=row.product, release=row.release, type=row.type,
            digests=texts_of(row.digests), baseline=row.baseline, verdict=row.verdict, at=row.at,
            until=row.until, person=row.person, found=row.found,
        )  # fmt: skip
        givers = origins.get(row.document, frozenset())
        yield StatedVerdict(fact, row.document, origins_of(view, row.document_id, givers))


def rules(view: SqlView) -> Iterator[StatedRule]:
    """What is recognised by whom, with every revocation."""
    origins = sealers(view, "recognition")
    for row in view.counting(_RULES):
        fact = Recognition(
            rule=row.rule, by=row.recognised_by, of=row.recognised, level=row.level,
            items=texts_of(row.items), types=texts_of(row.types),
            without=texts_of(row.without_types), onward=bool(row.onward), since=row.since,
            until=row.until, revoked=row.revoked, person=row.person, why=row.why,
        )  # fmt: skip
        givers = origins.get(row.document, frozenset())
        yield StatedRule(fact, row.document, origins_of(view, row.document_id, givers))
