"""Draft an alert from what this node knows; a person releases it later.

Law (sources): a draft names every document that it tells something of, so that release can ask
where each of them may go.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from accord.core.errors import Invalid, NotFound
from accord.core.json import decode_as
from accord.flows import notes
from accord.flows.outreach.alerting.port import Desk, Kept
from accord.flows.ports import Vulnerability
from accord.identity.markings import Tlp
from accord.outreach.alerts import drafting, model
from accord.outreach.alerts.drafting import Occasion, Source
from accord.outreach.alerts.model import Alert, Info, Kind
from accord.supply.matching.signals import Signals

_TRIES = 8
"""Random codes, until one is free."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """How an alert is drafted."""

    source: Source
    name: str
    languages: tuple[str, ...] = ()
    """Codes; none: every language that is shipped."""
    tlp: Tlp = Tlp.CLEAR
    status: model.Status = "Actual"
    person: str


class Editable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What of a draft a person writes anew."""

    status: model.Status = "Actual"
    infos: tuple[Info, ...]
    topics: tuple[model.Topic, ...] = ()


def draft(desk: Desk, wanted: Wanted) -> Kept:
    """A new draft.

    Raises:
        NotFound: there is nothing of this name.
        Invalid: nothing can be told of it.
    """
    occasion = _OCCASIONS[wanted.source](desk, wanted.name)
    restricted = wanted.tlp is not Tlp.CLEAR
    alert = model.check(
        Alert(
            code=_code(desk), sender=desk.me or "accord", status=wanted.status, tlp=wanted.tlp,
            scope="Restricted" if restricted else "Public",
            restriction=f"who may have what is {wanted.tlp.label}" if restricted else "",
            infos=drafting.infos(occasion, wanted.languages), topics=occasion.topics,
            sources=occasion.documents,
        )
    )  # fmt: skip
    return _keep(desk, alert, f"{wanted.source} {occasion.name}", wanted.person)


def follow(desk: Desk, code: str, kind: Kind, person: str) -> Kept:
    """The draft of an update or a cancellation.

    Raises:
        NotFound: there is no such alert.
        Invalid: nothing can follow it, or another draft waits.
    """
    thread = one(desk, code)
    released = [kept.alert for kept in thread if kept.state == "released"]
    return _keep(desk, model.follow(released, kind, ()), thread[0].occasion, person)


def edit(desk: Desk, code: str, data: bytes, person: str) -> Kept:
    """A draft with what a person wrote anew.

    Raises:
        NotFound: there is no such draft.
        Invalid: it breaks a rule; the place is the member.
    """
    kept = waiting(desk, code)
    said = decode_as(Editable, data)
    alert = model.check(
        msgspec.structs.replace(
            kept.alert, status=said.status, infos=said.infos, topics=_topics(said.topics)
        )
    )
    changed = msgspec.structs.replace(kept, alert=alert, person=person)
    desk.alerts.edit(changed)
    return changed


def editable(kept: Kept) -> bytes:
    """What `edit` takes, as it stands."""
    alert = kept.alert
    said = Editable(status=alert.status, infos=alert.infos, topics=alert.topics)
    return msgspec.json.format(msgspec.json.encode(said), indent=2) + b"\n"


def one(desk: Desk, code: str) -> list[Kept]:
    """Every message of an alert.

    Raises:
        NotFound: there is none of this code.
    """
    read = model.read_code(code)
    thread = desk.alerts.thread(read) if read else []
    if not thread:
        raise NotFound(f"no alert {code[:40]!r}; `accord alerts list` shows them")
    return thread


def waiting(desk: Desk, code: str) -> Kept:
    """The draft of an alert.

    Raises:
        NotFound: there is none of this code, or nothing of it waits.
    """
    thread = one(desk, code)
    if thread[-1].state != "draft":
        raise NotFound(
            f"{thread[-1].alert.identifier} was released: `accord alerts update` or `cancel` drafts"
            " what follows it"
        )
    return thread[-1]


def _keep(desk: Desk, alert: Alert, occasion: str, person: str) -> Kept:
    kept = Kept(
        id=0, alert=alert, state="draft", occasion=occasion, person=person,
        created=desk.clock.now(),
    )  # fmt: skip
    desk.alerts.draft(kept)
    return kept


def _code(desk: Desk) -> str:
    for _ in range(_TRIES):
        code = model.short_code(desk.entropy(5))
        if not desk.alerts.thread(code):
            return code
    raise Invalid("no code is free: the source of chance gives the same again and again")


def _topics(said: Sequence[model.Topic]) -> tuple[model.Topic, ...]:
    """As they are compared: in small letters, each once."""
    return tuple(sorted({model.topic(f"{t.kind}:{t.value}" if t.value else t.kind) for t in said}))


def _exposure(desk: Desk, name: str) -> Occasion:
    found = desk.exposures.one(name)
    with desk.views.view() as view:
        rows = view.evidence(found).documents.values()
        known = view.vulnerability(found.advisory)
    documents = {row.digest for row in rows} | {row.digest for row in _rows(known)}
    return Occasion(
        source="exposure", name=found.advisory, title=found.title, products=(found.product,),
        suppliers=(found.supplier,) if found.supplier else (), fixed=found.fixed,
        sectors=(found.sector,) if found.sector else (), countries=_countries([found.country]),
        exploited=found.known_exploited or found.sightings > 0, rated=found.severity,
        documents=tuple(sorted(documents)),
    )  # fmt: skip


def _advisory(desk: Desk, name: str) -> Occasion:
    with desk.views.view() as view:
        found = view.vulnerability(name)
    if found is None:
        raise NotFound(f"no advisory {name[:80]!r}; `accord find` looks for one")
    threat = Signals({found.name: found.signals}).of((found.name,))
    titles = [row.title for row in found.advisories if row.title]
    packages = sorted({_plain(row.package) for row in found.affected})
    fixed = sorted({row.fixed for row in found.affected if row.fixed})
    return Occasion(
        source="advisory", name=found.name, title=titles[0] if titles else "",
        products=tuple(packages[:32]), fixed=tuple(fixed[:32]),
        exploited=bool(threat.exploited_since), rated=threat.severity,
        documents=tuple(sorted(row.digest for row in _rows(found))),
    )  # fmt: skip


def _incident(desk: Desk, name: str) -> Occasion:
    with desk.views.view() as view:
        shown = notes.show(view, name)
        note = shown.thread.note
        if note.kind == "breach":
            raise Invalid(f"{note.object} is a breach notice: it concerns people, not the public")
        return Occasion(
            source="incident", name=note.object, title=note.title, text=shown.text,
            sectors=shown.sectors, exploited=note.kind == "incident", rated="high",
            documents=(note.document,),
        )  # fmt: skip


def _verdict(desk: Desk, name: str) -> Occasion:
    """`PRODUCT@RELEASE`: the newest verdict that was stated, and the one before it.

    A verdict that is only kept rests on evidence of many markings; one that a person stated is a
    document with a marking of its own.
    """
    product, _, release = name.rpartition("@")
    with desk.assessing.view(now=desk.clock.now()) as view:
        stated = [one for one in view.verdicts({(product, release)}) if "" in one.origins]
    stated.sort(key=lambda one: (one.fact.at, one.document))
    if not stated:
        raise NotFound(f"no verdict on {name[:80]!r} was stated by this node's own people")
    newest = stated[-1]
    before = [one for one in stated if one.fact.authority == newest.fact.authority][:-1]
    return Occasion(
        source="verdict", name=name, products=(product,), after=newest.fact.verdict,
        before=before[-1].fact.verdict if before else "",
        documents=tuple(sorted({newest.document, *(one.document for one in before[-1:])})),
    )  # fmt: skip


_OCCASIONS = {
    "exposure": _exposure,
    "advisory": _advisory,
    "incident": _incident,
    "verdict": _verdict,
}


def _rows(found: Vulnerability | None) -> list[Any]:
    return list(found.documents.values()) if found else []


def _plain(package: str) -> str:
    """A package's name without its kind: `npm/left-pad` is `left-pad`."""
    return package.rpartition(":")[2].removeprefix("pkg:").partition("/")[2] or package


def _countries(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({one.upper() for one in names if len(one) == 2 and one.isalpha()}))  # noqa: PLR2004 - ISO 3166-1
