"""The artefacts and contacts that a release's documents name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from accord.assurance.assessing.findings import Named
from accord.assurance.evidence.believing import weigh
from accord.assurance.evidence.described import CONTACT
from accord.assurance.evidence.facts import YES
from accord.assurance.model import Level
from accord.assurance.profiles.said import Said, said
from accord.flows.assessing.port import Key, Listed
from accord.store.assurance.proofs import standings_in, tie_of
from accord.store.assurance.releases import ties
from accord.store.view import SqlView

_ARTEFACTS = """
SELECT a.part, a.name, a.algorithm, a.digest, d.digest AS document
FROM artefact a JOIN document d ON d.id = a.document_id WHERE d.digest IN ({}) ORDER BY a.id
"""
_CONTACTS = f"""
SELECT s.why, d.digest AS document FROM assertion s JOIN document d ON d.id = s.document_id
WHERE s.item = '{CONTACT}' AND s.answer = '{YES}' AND d.digest IN ({{}}) ORDER BY s.id
"""  # noqa: S608 - our own words
_BILL, _PROVENANCE = "bill", "provenance"


class Names(msgspec.Struct):
    """What the documents of one release name."""

    billed: list[Named] = []
    built: list[Named] = []
    made_from: list[Named] = []
    contacts: list[str] = []


def named_artefacts(
    view: SqlView, wanted: Sequence[Listed], moments: Mapping[Key, str]
) -> dict[Key, Names]:
    """What bills and provenance name, and where reports may go, by release."""
    tied = _tied(view, wanted, moments)
    found = {one.key: Names() for one in wanted}
    for row in view.among(_ARTEFACTS, sorted(tied)):
        digest = f"{row.algorithm}:{row.digest}" if row.digest else ""
        for key, kind, level in tied[row.document]:
            named = Named(row.name, digest, row.document, level)
            if kind == _BILL and row.part == "subject":
                found[key].billed.append(named)
            elif kind == _PROVENANCE:
                list_ = found[key].built if row.part == "subject" else found[key].made_from
                list_.append(named)
    for row in view.among(_CONTACTS, sorted(tied)):
        for key, _, _ in tied[row.document]:
            if said(row.why) is Said.STATED:
                found[key].contacts.append(row.why)
    return found


def _tied(
    view: SqlView, wanted: Sequence[Listed], moments: Mapping[Key, str]
) -> dict[str, list[tuple[Key, str, Level]]]:
    """The releases for which each document counts, as what, and how far believed; by digest."""
    standings = standings_in(view)
    releases: dict[str, list[tuple[str, Key]]] = {}
    for one in wanted:
        releases.setdefault(one.product.casefold(), []).append((one.release.casefold(), one.key))
    found: dict[str, list[tuple[Key, str, Level]]] = {}
    for row in ties(view, [one.product for one in wanted]):
        tie = tie_of(row)
        for release, key in releases.get(row.product.casefold(), ()):
            if not row.release or release == row.release.casefold():
                level = weigh(tie, standings, moments[key]).level
                if level is Level.UNKNOWN:
                    continue  # It is out of date, or whoever gave it has no standing any more.
                found.setdefault(row.digest, []).append((key, row.kind, level))
    return found
