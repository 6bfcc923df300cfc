"""Take documents in as evidence for a release: verified first, all of them or none.

Law (nothing half applied): documents and records are kept in one unit of work, once everything
about every one of them holds.
Law (removed stays removed): what states what was removed as evidence is no evidence either,
whatever its bytes, until a person says openly that it is meant.
Law (twice changes nothing): evidence that is recorded already, verified alike, makes no new record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import json

from accord.assurance.evidence import facts, records, verifying
from accord.assurance.evidence.errors import NotAble
from accord.assurance.evidence.facts import Artefact, Assertion, Statement, Tie
from accord.assurance.evidence.verifying import Asked, Given, Proof
from accord.core.digests import digest as sha_256
from accord.core.errors import Invalid, NotFound
from accord.core.keyfiles import key_file
from accord.core.reading import Reading
from accord.flows.evidence.port import Desk
from accord.flows.load import Loaded, load_documents
from accord.flows.read import KEPT, READERS
from accord.flows.recognise import recognise
from accord.supply.inventory.facts import Bill

_BESIDE = "PDF page"
_VEX = frozenset({"CSAF", "OpenVEX"})
_BILLS = frozenset(
    {"CycloneDX JSON", "CycloneDX XML", "SPDX JSON", "SPDX JSON-LD", "SPDX tag-value", "SPDX YAML"}
)


class Ask(msgspec.Struct, frozen=True):
    """What a person says of the documents given."""

    product: str
    person: str
    release: str = ""
    """Empty: the releases that each document names, or every one."""
    artefacts: frozenset[str] = frozenset()
    """Digests of the release's artefacts: `sha256:...`."""
    issuer: str = ""
    why: str = ""
    again: bool = False
    """It may be what was removed as evidence before: said openly, with the reason."""


class Taken(msgspec.Struct, frozen=True):
    """One document, verified and recorded."""

    source: str
    digest: str
    kind: str
    releases: tuple[str, ...]
    issuer: str
    how: str
    matched: tuple[str, ...]
    claims: int
    new: bool
    """False: it was recorded already, verified alike."""


class Added(msgspec.Struct, frozen=True):
    """The account of what was given."""

    taken: tuple[Taken, ...]
    beside: tuple[str, ...]
    """Sources of pages that are kept beside what describes them."""
    loaded: Loaded


def add(desk: Desk, ask: Ask, files: Sequence[tuple[str, bytes]]) -> Added:
    """Verify documents and record them as evidence; each file has the name of its source.

    Raises:
        EvidenceError: one does not hold; nothing of any is kept.
        Invalid: one cannot be read; likewise.
    """
    if not ask.product.strip():
        raise Invalid("evidence is for a product: name it")
    if ask.again and not ask.why:
        raise Invalid("say why it is evidence again", "--why")
    now = desk.clock.now()
    given, beside = _read_all(files)
    ties = desk.proofs.ties(ask.product)
    asked = Asked(ask.product, ask.release, _artefacts(ask, ties), now, ask.issuer)
    proofs = verifying.verify(given, asked, desk.proofs.standings())
    _attached(desk, given, files)
    if not ask.again:
        _not_removed(desk, ask, proofs, ties)
    documents: list[tuple[str, bytes]] = list(files)
    taken: list[Taken] = []
    for proof in proofs:
        made = [_record(proof, ask, asked, release) for release in _releases(proof, ask)]
        fresh = [record for record in made if not _recorded(record, ties)]
        named = proof.given.digest[:12]
        documents += [(f"evidence record of {named}", records.write(one)) for one in fresh]
        taken.append(_taken(proof, made, new=bool(fresh)))
    return Added(tuple(taken), tuple(beside), load_documents(documents, desk.intake, now))


def remove(
    desk: Desk, product: str, document: str, release: str | None, who: tuple[str, str]
) -> int:
    """Record that a document is no longer evidence; gives for how many releases. It stays kept.

    `document` is its digest or how that begins; no release means all of them; `who` is the person
    and the reason.

    Raises:
        NotFound: it is no evidence for this.
    """
    began = document.removeprefix("sha256:")
    ties = [
        tie
        for tie in desk.proofs.ties(product)
        if tie.document.startswith(began) and release in (None, tie.release)
    ]
    if not began or not ties:
        reason = (
            f"no evidence {document!r} for {product}; `accord evidence list` shows what there is"
        )
        raise NotFound(reason)
    if len({tie.document for tie in ties}) > 1:
        raise NotFound(f"{document!r} begins several digests; give more of the one that is meant")
    ties += _stating(desk, product, ties)
    now = desk.clock.now()
    person, why = who
    made = [_of(tie, person, why, now) for tie in ties]
    written = [(f"removal of evidence {tie.document[:12]}", records.write(r))
               for tie, r in zip(ties, made, strict=True)]  # fmt: skip
    load_documents(written, desk.intake, now)
    return len(made)


def _not_removed(desk: Desk, ask: Ask, proofs: Iterable[Proof], ties: Iterable[Tie]) -> None:
    """Return only if nothing states what was removed as evidence, whatever its bytes."""
    removed: dict[tuple[str, str], Tie] = {}
    for tie, body in desk.proofs.bodies(ask.product, removed=True):
        removed[tie.release, _content(_reading(body), tie.document)] = tie
    if not removed:
        return
    counting = {(tie.release, tie.document) for tie in ties}
    for proof in proofs:
        content = _content(_reading(proof.given.data), proof.given.digest)
        for release in _releases(proof, ask):
            gone = removed.get((release, content))
            if gone is not None and (release, proof.given.digest) not in counting:
                raise NotAble(
                    f"it states what {gone.document[:12]} stated, which {gone.person} removed as"
                    f" evidence on {gone.at[:10]} ({gone.why});"
                    " --again --why REASON adds it anyway",
                    proof.given.source,
                )


def _stating(desk: Desk, product: str, ties: Sequence[Tie]) -> list[Tie]:
    """Other evidence for the same releases that states the same, in other bytes."""
    bodies = [
        (tie, _content(_reading(body), tie.document))
        for tie, body in desk.proofs.bodies(product, removed=False)
    ]
    gone = {(tie.release, tie.document) for tie in ties}
    states = {(t.release, content) for t, content in bodies if (t.release, t.document) in gone}
    return [
        tie
        for tie, content in bodies
        if (tie.release, content) in states and (tie.release, tie.document) not in gone
    ]


def _reading(body: bytes) -> Reading | None:
    reader = recognise(body)
    return None if reader is None or reader in KEPT else READERS[reader](body)


def _content(reading: Reading | None, digest: str) -> str:
    """What a document states, wherever in it; its digest where it states nothing that is read."""
    if reading is None or not reading.facts:
        return digest
    said: list[dict[str, Any]] = [msgspec.to_builtins(one) for one in reading.facts]
    texts = {
        json.encode({"fact": type(fact).__name__, **one, "place": ""}, order="sorted")
        for fact, one in zip(reading.facts, said, strict=True)
    }
    return sha_256(b"\n".join(sorted(texts)))


def _read_all(files: Sequence[tuple[str, bytes]]) -> tuple[list[Given], list[str]]:
    given: dict[str, Given] = {}
    beside: list[str] = []
    for source, data in files:
        try:
            one = _read(source, data)
        except Invalid as wrong:
            place = f"{source}: {wrong.place}" if wrong.place else source
            raise type(wrong)(wrong.reason, place) from wrong
        if one is None:
            beside.append(source)
        else:
            given.setdefault(one.digest, one)
    if not given:
        raise Invalid("nothing that was given is evidence by itself")
    return list(given.values()), beside


def _read(source: str, data: bytes) -> Given | None:
    """A document as evidence; None for a page that another describes.

    Raises:
        Invalid: it cannot be read, or is no evidence.
    """
    refused = key_file(source, data)
    if refused:
        raise Invalid(refused)
    reader = recognise(data)
    if reader == _BESIDE:
        return None
    if reader is None or reader in KEPT:
        raise Invalid("nothing that is read as evidence; `accord evidence add --help` says what is")
    reading = READERS[reader](data)
    statement = next((one for one in reading.facts if isinstance(one, Statement)), None)
    return Given(
        source,
        data,
        sha_256(data),
        reader,
        _kind(reader, reading, statement),
        statement,
        tuple(a for a in reading.facts if isinstance(a, Artefact) and a.part == "subject"),
        tuple(one for one in reading.facts if isinstance(one, Assertion)),
    )


def _kind(reader: str, reading: Reading, statement: Statement | None) -> str:
    if statement is not None:
        return statement.kind
    if reader in _BILLS:
        bill = any(isinstance(one, Bill) for one in reading.facts)
        return facts.BILL if bill else facts.VEX
    if reader in _VEX:
        return facts.VEX
    raise Invalid(f"a document of this kind ({reading.kind or reader}) is no evidence; load it")


def _artefacts(ask: Ask, ties: Iterable[Tie]) -> frozenset[str]:
    """Digests of the release's artefacts: as said now, and as recorded before.

    What a bill says of its own product's digest is the supplier's word, and proves nothing.
    """
    known = set(ask.artefacts)
    if ask.release:
        known.update(a for tie in ties if tie.release == ask.release for a in tie.artefacts)
    return frozenset(known)


def _attached(desk: Desk, given: Iterable[Given], files: Iterable[tuple[str, bytes]]) -> None:
    """The page that a description is of must be kept with it."""
    wanted = {
        one.statement.attached.removeprefix("sha256:"): one.source
        for one in given
        if one.statement is not None and one.statement.attached
    }
    missing = wanted.keys() - {sha_256(data) for _, data in files} - desk.proofs.here(wanted)
    for name in sorted(missing):
        raise NotAble(
            f"the page that it describes (sha256:{name[:16]}...) is not here; give it along",
            f"{wanted[name]}: /document",
        )


def _releases(proof: Proof, ask: Ask) -> tuple[str, ...]:
    if ask.release:
        return (ask.release,)
    statement = proof.given.statement
    return tuple(dict.fromkeys(statement.releases)) if statement and statement.releases else ("",)


def _record(proof: Proof, ask: Ask, asked: Asked, release: str) -> records.Evidence:
    statement = proof.given.statement
    return records.Evidence(
        accord="evidence",
        document=f"sha256:{proof.given.digest}",
        product=ask.product,
        release=release,
        kind=proof.given.kind,
        issuer=proof.signed.issuer,
        how=proof.signed.how,
        key=proof.signed.key,
        builder=proof.builder,
        matched=proof.matched,
        artefacts=tuple(sorted(asked.artefacts)) if release else (),
        issued=statement.issued if statement else "",
        expires=statement.expires if statement else "",
        person=ask.person,
        why=ask.why,
        at=asked.now,
    )


def _of(tie: Tie, person: str, why: str, at: str) -> records.Evidence:
    """The record by which a document is no longer evidence."""
    return records.Evidence(
        accord="evidence",
        document=f"sha256:{tie.document}",
        product=tie.product,
        release=tie.release,
        kind=tie.kind,
        removed=True,
        person=person,
        why=why,
        at=at,
    )


def _recorded(record: records.Evidence, ties: Iterable[Tie]) -> bool:
    """Whether this is recorded already, and was verified alike."""
    named = record.document.removeprefix("sha256:")
    same = (tie for tie in ties if (tie.document, tie.release) == (named, record.release))
    return any(
        (tie.kind, tie.issuer, tie.how, tie.key, tie.builder, tie.matched)
        == (record.kind, record.issuer, record.how, record.key, record.builder, record.matched)
        and set(record.artefacts) <= set(tie.artefacts)
        for tie in same
    )


def _taken(proof: Proof, made: Iterable[records.Evidence], *, new: bool) -> Taken:
    return Taken(
        source=proof.given.source,
        digest=proof.given.digest,
        kind=proof.given.kind,
        releases=tuple(record.release for record in made),
        issuer=proof.signed.issuer,
        how=proof.signed.how,
        matched=proof.matched,
        claims=len(proof.given.assertions),
        new=new,
    )
