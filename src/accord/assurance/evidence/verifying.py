"""Verify what is given as evidence by what it is: signature, subject, issuer, dates.

Law (presence is no pass): a signature counts once it holds over the exact bytes by a key whose
owner has a standing for this kind of evidence and this product; until then there is none.
Law (about this release): a statement about artefacts is evidence for a release whose artefact has
the very digest that the statement names, and for no other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from accord.assurance.evidence import bundles, dsse, facts, jsf, statements
from accord.assurance.evidence.believing import lacking
from accord.assurance.evidence.errors import (
    BrokenChain,
    EvidenceError,
    NoStanding,
    NotAble,
    NotVerified,
    OutOfDate,
    Unsigned,
    WrongIdentity,
    WrongSignature,
    WrongSubject,
)
from accord.assurance.evidence.facts import Artefact, Assertion, Identity, Standing, Statement
from accord.assurance.evidence.items import PROVES, matches
from accord.assurance.evidence.keys import leads_to, signed_by, verifies
from accord.assurance.evidence.records import How

_COMMIT: Final = "gitCommit"
_ABOUT: Final = frozenset({statements.KIND, statements.ENVELOPE, statements.BUNDLE})
"""Readers of what is about artefacts by their digests."""
_ENVELOPING: Final = frozenset({"CycloneDX JSON"})
"""Readers of what may hold its own signature."""
_ADD: Final = "`accord evidence issuer add` gives one"


class Given(msgspec.Struct, frozen=True):
    """A document that is to be evidence, as it was read."""

    source: str
    data: bytes
    digest: str
    reader: str
    """Name of its reader: `DSSE envelope`, `CycloneDX JSON`, ..."""
    kind: str
    """Kind of evidence."""
    statement: Statement | None = None
    subjects: tuple[Artefact, ...] = ()
    assertions: tuple[Assertion, ...] = ()


class Asked(msgspec.Struct, frozen=True):
    """What it is to be evidence for."""

    product: str
    release: str
    artefacts: frozenset[str]
    """Digests of the release's artefacts: `sha256:...`."""
    now: str
    issuer: str = ""
    """Whose it must be; empty: whoever's it turns out to be."""


class Signed(msgspec.Struct, frozen=True):
    """Whose signature holds, and how that was seen."""

    issuer: str = ""
    how: How = "unsigned"
    key: str = ""
    matched: tuple[str, ...] = ()
    """Digests of the release's artefacts that it signs directly."""


class Proof(msgspec.Struct, frozen=True):
    """What was verified of one document."""

    given: Given
    signed: Signed
    matched: tuple[str, ...]
    builder: str = ""


def verify(
    given: Sequence[Given], asked: Asked, standings: Mapping[str, Standing]
) -> tuple[Proof, ...]:
    """What holds of several documents that are given together; all of it, or nothing.

    A bundle that signs another of the documents is that document's signature.

    Raises:
        NotVerified: one of them does not hold; a kind of it says what, where and what next.
        NoStanding: nobody whose word counts says so.
        NotAble: this node cannot tell.
    """
    if asked.issuer and asked.issuer not in standings:
        raise NoStanding(f"{asked.issuer!r} has no standing here; {_ADD}")
    beside = _beside(given, asked, standings)
    return tuple(_one(one, asked, standings, beside) for one in given)


def _one(
    one: Given, asked: Asked, standings: Mapping[str, Standing], beside: Mapping[str, Signed]
) -> Proof:
    """An error names the document."""
    try:
        return _proof(one, asked, standings, beside)
    except EvidenceError as wrong:
        place = f"{one.source}: {wrong.place}" if wrong.place else one.source
        raise type(wrong)(wrong.reason, place) from wrong


def _proof(
    one: Given, asked: Asked, standings: Mapping[str, Standing], beside: Mapping[str, Signed]
) -> Proof:
    _dated(one.statement, asked.now)
    _named(one.statement, asked)
    signed = beside.get(one.digest) or _signed(one, asked, standings)
    matched = signed.matched or _subject(one, asked)
    builder = _builder(one.statement, standings)
    if signed.issuer:
        _standing(one, signed, asked, standings[signed.issuer])
    if signed.how != "unsigned" and one.reader not in _ABOUT:
        _compared(one, asked)
    return Proof(one, signed, matched, builder)


def _dated(statement: Statement | None, now: str) -> None:
    if statement is None:
        return
    if statement.issued > now:
        raise OutOfDate(f"issued on {statement.issued[:19]}, which is yet to come")
    if statement.expires and statement.expires <= now:
        raise OutOfDate(f"expired on {statement.expires[:19]}; ask its issuer for a newer one")


def _named(statement: Statement | None, asked: Asked) -> None:
    if statement is None:
        return
    if statement.product and statement.product.casefold() != asked.product.casefold():
        raise WrongSubject(f"it is about {statement.product}, not {asked.product}", "/product")
    if asked.release and statement.releases and asked.release not in statement.releases:
        named = ", ".join(statement.releases[:5])
        raise WrongSubject(f"it is about {named}, not about release {asked.release}", "/releases")


def _subject(one: Given, asked: Asked) -> tuple[str, ...]:
    """The digests of its subjects that are the release's own."""
    about = one.reader in _ABOUT and bool(one.subjects)
    if about and not asked.release:
        raise NotAble("it is about artefacts of one release: say --release")
    names = {
        f"{a.algorithm}:{a.digest}": a
        for a in one.subjects
        if a.algorithm in PROVES or a.algorithm == _COMMIT
    }
    matched = tuple(sorted(asked.artefacts & names.keys()))
    if matched:
        _nothing_else(one.subjects, asked)
        return matched
    comparable = {name.partition(":")[0] for name in asked.artefacts}
    if not about and not comparable & {a.algorithm for a in one.subjects}:
        return ()
    if not comparable:
        raise NotAble(
            f"no artefact of {asked.product} {asked.release} is known here to compare its subject"
            " with: give one with --artefact"
        )
    first = one.subjects[0]
    named = f"{first.name} ({first.algorithm}:{first.digest[:16]}...)"
    more = f" and {len(one.subjects) - 1} more digests" if len(one.subjects) > 1 else ""
    raise WrongSubject(
        f"its subject {named}{more} is no artefact of {asked.product} {asked.release} that is"
        " known here; give the right file with --artefact, or ask for the right statement",
        "/subject",
    )


def _nothing_else(subjects: Iterable[Artefact], asked: Asked) -> None:
    """Return only if no subject is the release's by one of its digests, and another's by a second.

    A statement may be about several artefacts: each is compared by itself, by every algorithm that
    the release's own are known by.
    """
    known = {name.partition(":")[0] for name in asked.artefacts}
    digests: dict[str, list[Artefact]] = {}
    for one in subjects:
        if one.algorithm in known:
            digests.setdefault(one.place.partition("/hashes/")[0], []).append(one)
    for own in digests.values():
        other = [a for a in own if f"{a.algorithm}:{a.digest}" not in asked.artefacts]
        if 0 < len(other) < len(own):
            first = other[0]
            raise WrongSubject(
                f"its subject {first.name} has a {first.algorithm} ({first.digest[:16]}...)"
                f" of no artefact of {asked.product} {asked.release} that is known here, beside"
                " one that is; give the right file with --artefact, or ask for the right statement",
                first.place,
            )


def _compared(one: Given, asked: Asked) -> None:
    """Return only if what names artefacts or a commit names the release's: another's word on
    something else is no word on this.
    """
    named = {f"{a.algorithm}:{a.digest}" for a in one.subjects}
    if named and named.isdisjoint(asked.artefacts):
        first = one.subjects[0]
        raise NotAble(
            f"it is about {first.name} ({first.algorithm}:{first.digest[:16]}...), and nothing here"
            f" says that this is {asked.product} {asked.release}: give its commit or digest with"
            " --artefact",
            first.place,
        )


def _builder(statement: Statement | None, standings: Mapping[str, Standing]) -> str:
    """The builder with a standing that provenance names."""
    if statement is None or not statement.builder:
        return ""
    named = (s for s in standings.values() if s.role == "builder" and not s.removed)
    ids = ((s.name, {one.id for one in s.identities}) for s in named)
    return next((name for name, own in ids if statement.builder in own), "")


def _standing(one: Given, signed: Signed, asked: Asked, standing: Standing) -> None:
    """Return only if the issuer's word counts for this."""
    wrong = lacking(standing, one.kind, asked.product, asked.now)
    if wrong:
        raise NoStanding(f"{wrong}; {_ADD}")
    items = [assertion.item for assertion in one.assertions]
    if items and not any(matches(item, standing.items) for item in items):
        raise NoStanding(f"{standing.name} has no standing for {items[0]} or whatever else it says")
    statement = one.statement
    if signed.how != "unsigned" and standing.role == "builder" and statement is not None:
        own = {identity.id for identity in standing.identities}
        if statement.builder not in own:
            raise NoStanding(
                f"signed by {standing.name}, in the name of the builder {statement.builder!r},"
                f" which is not one of {standing.name}'s"
            )


def _signed(one: Given, asked: Asked, standings: Mapping[str, Standing]) -> Signed:
    """Whose signature it bears."""
    if one.reader == statements.BUNDLE:
        return _bundle(one, asked, standings)
    if one.reader == statements.ENVELOPE:
        envelope = dsse.read(one.data)
        if envelope.signatures:
            return _envelope(envelope, asked, standings)
    if one.reader in _ENVELOPING and (within := jsf.read(one.data)) is not None:
        return _within(within, asked, standings)
    return _unsigned(asked, standings)


def _unsigned(asked: Asked, standings: Mapping[str, Standing]) -> Signed:
    if asked.issuer and standings[asked.issuer].role != "supplier":
        role = standings[asked.issuer].role
        raise Unsigned(
            f"it is not signed, and the word of {asked.issuer}, {role}, counts only where it is;"
            " without --issuer it is taken as the supplier's own word"
        )
    return Signed(asked.issuer)


def _candidates(asked: Asked, standings: Mapping[str, Standing]) -> list[Standing]:
    """Those whose signature it may be; whoever's standing ended comes last, to be named."""
    named = [s for s in standings.values() if asked.issuer in ("", s.name)]
    return sorted(named, key=lambda s: (s.removed, bool(s.until and s.until <= asked.now), s.name))


def _envelope(envelope: dsse.Envelope, asked: Asked, standings: Mapping[str, Standing]) -> Signed:
    candidates = _candidates(asked, standings)
    broken: BrokenChain | None = None
    for standing in candidates:
        for signature in envelope.signatures:
            for key in standing.keys:
                if verifies(key, signature.sig, envelope.signed):
                    return Signed(standing.name, "key", key.keyid)
            if signature.certificates and standing.certificates:
                try:
                    return _certified(envelope, signature, standing, asked.now)
                except BrokenChain as wrong:
                    broken = broken or wrong
    if broken is not None:
        raise broken
    raise _nobody(envelope, candidates, asked)


def _within(within: jsf.Enveloped, asked: Asked, standings: Mapping[str, Standing]) -> Signed:
    """By whom a document is signed that holds its own signature; by nobody known: as unsigned."""
    candidates = _candidates(asked, standings)
    for standing in candidates:
        for key in standing.keys:
            if jsf.holds(within, key):
                return Signed(standing.name, "key", key.keyid)
    if any(within.keyid == key.keyid for standing in candidates for key in standing.keys):
        reason = f"the signature by key {within.keyid[:16]} does not hold over this document"
        raise WrongSignature(reason, jsf.PLACE)
    return _unsigned(asked, standings)


def _certified(
    envelope: dsse.Envelope, signature: dsse.Signature, standing: Standing, now: str
) -> Signed:
    chain, roots = signature.certificates, standing.certificates
    public, root = leads_to(chain, roots, now, signature.place)
    if not signed_by(public, signature.sig, envelope.signed):
        reason = "the signature by its certificate does not hold over these bytes"
        raise WrongSignature(reason, signature.place)
    return Signed(standing.name, "certificate", root)


def _nobody(envelope: dsse.Envelope, candidates: Iterable[Standing], asked: Asked) -> EvidenceError:
    """Why none of its signatures counts."""
    known = {key.keyid for standing in candidates for key in standing.keys}
    for signature in envelope.signatures:
        if signature.keyid in known:
            reason = f"the signature by key {signature.keyid[:16]} does not hold over these bytes"
            return WrongSignature(reason, signature.place)
    if asked.issuer:
        reason = f"none of its {len(envelope.signatures)} signatures is by a key of {asked.issuer}"
        return WrongSignature(reason, "/signatures")
    hints = ", ".join(s.keyid[:64] or "no hint" for s in envelope.signatures)
    return NoStanding(f"signed by a key without a standing here ({hints}); {_ADD}", "/signatures")


def _bundle(one: Given, asked: Asked, standings: Mapping[str, Standing]) -> Signed:
    """Whose bundle it is, about an artefact of the release."""
    standing, identity = _identified(one.data, asked, standings)
    found = statements.bundle(one.data)
    if found.envelope is msgspec.UNSET:
        return _signed_file(one, asked, standing, identity)
    payload = bundles.verify_statement(one.data, standing.trust_root, identity)
    if dsse.read(bytes(found.envelope)).payload != payload:
        raise NotVerified("what was verified is not what stands in it", "/dsseEnvelope/payload")
    return Signed(standing.name, "sigstore", identity.id)


def _signed_file(one: Given, asked: Asked, standing: Standing, identity: Identity) -> Signed:
    """A bundle over a file, which must be an artefact of the release."""
    known = sorted(name for name in asked.artefacts if name.startswith("sha256:"))
    named = {f"{a.algorithm}:{a.digest}" for a in one.subjects}
    wanted = [name for name in known if name in named] if named else known
    if not wanted:
        _subject(one, asked)
        raise NotAble("no SHA-256 of an artefact is known here: give --artefact with the file")
    wrong: NotVerified | None = None
    for name in wanted:
        try:
            bundles.verify_file(
                one.data, standing.trust_root, identity, name.removeprefix("sha256:")
            )
        except NotVerified as refused:
            wrong = wrong or refused
            continue
        return Signed(standing.name, "sigstore", identity.id, (name,))
    assert wrong is not None
    raise wrong


def _identified(
    data: bytes, asked: Asked, standings: Mapping[str, Standing]
) -> tuple[Standing, Identity]:
    signer = bundles.signer(data)
    for standing in _candidates(asked, standings):
        for identity in standing.identities:
            if identity.oidc and identity.id in signer.ids and identity.oidc == signer.oidc:
                return standing, identity
    who = ", ".join(signer.ids) or "nobody"
    whose = f" of {asked.issuer}" if asked.issuer else " with a standing here"
    raise WrongIdentity(f"its certificate is for {who} ({signer.oidc}), no identity{whose}; {_ADD}")


def _beside(
    given: Sequence[Given], asked: Asked, standings: Mapping[str, Standing]
) -> dict[str, Signed]:
    """Bundles that sign others of the documents, verified: the signatures of those by digest."""
    others = {f"sha256:{one.digest}": one for one in given}
    found: dict[str, Signed] = {}
    for one in given:
        if one.reader != statements.BUNDLE:
            continue
        signs = _signs(one, others.keys() - {f"sha256:{one.digest}"})
        if not signs:
            continue
        try:
            standing, identity = _identified(one.data, asked, standings)
            named = signs.removeprefix("sha256:")
            bundles.verify_file(one.data, standing.trust_root, identity, named)
        except EvidenceError as wrong:
            raise type(wrong)(wrong.reason, one.source) from wrong
        signed = Signed(standing.name, "sigstore", identity.id)
        found[named] = signed
        found[one.digest] = msgspec.structs.replace(signed, matched=(signs,))
    return found


def _signs(bundle: Given, among: Collection[str]) -> str:
    """Which of some documents a bundle says that it signs; empty: none."""
    named = (f"{a.algorithm}:{a.digest}" for a in bundle.subjects)
    of_a_file = bundle.kind == facts.SIGNATURE
    return next((name for name in named if name in among), "") if of_a_file else ""
