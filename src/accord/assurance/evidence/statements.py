"""In-toto statements, plain or in a signed envelope, and Sigstore bundles: what they say.

Nothing is verified here: a reading of a signed document says what stands in it, not who says so.

Source: in-toto attestation framework, Statement v0.1 and v1; Sigstore bundle 0.1 to 0.3.
"""

from __future__ import annotations

from typing import Final

import msgspec

from accord.assurance.evidence import dsse, facts, predicates
from accord.assurance.evidence.draft import Draft
from accord.assurance.evidence.facts import Artefact
from accord.assurance.evidence.items import digest, parse
from accord.core.errors import Invalid, TooLarge
from accord.core.reading import Reading

KIND: Final = "in-toto statement"
ENVELOPE: Final = "DSSE envelope"
BUNDLE: Final = "Sigstore bundle"
BUNDLES: Final = (
    "application/vnd.dev.sigstore.bundle+json;version=0.1",
    "application/vnd.dev.sigstore.bundle+json;version=0.2",
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
    "application/vnd.dev.sigstore.bundle.v0.3+json",
)
_TYPES = ("https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1")
_MOST_SUBJECTS = 100_000
_SIGSTORE_HASHES = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}


class _Subject(msgspec.Struct, frozen=True):
    digest: dict[str, str]
    name: str | None = None
    uri: str | None = None


class _Statement(msgspec.Struct, frozen=True):
    type: str = msgspec.field(name="_type")
    subject: list[_Subject]
    predicate_type: str = msgspec.field(name="predicateType")
    predicate: msgspec.Raw = msgspec.Raw(b"{}")


class _Digest(msgspec.Struct, frozen=True):
    algorithm: str
    digest: str


class _Message(msgspec.Struct, frozen=True):
    signature: str
    digest: _Digest | None = msgspec.field(name="messageDigest", default=None)


class Bundle(msgspec.Struct, frozen=True):
    """The parts of a Sigstore bundle that say what is signed."""

    media: str = msgspec.field(name="mediaType")
    envelope: msgspec.Raw | msgspec.UnsetType = msgspec.field(
        name="dsseEnvelope", default=msgspec.UNSET
    )
    message: _Message | None = msgspec.field(name="messageSignature", default=None)


def read(data: bytes) -> Reading:
    """A plain statement as facts.

    Raises:
        Invalid: it is none, or a key stands twice in it.
    """
    return _statement(data, "").reading(KIND)


def read_envelope(data: bytes) -> Reading:
    """The statement in a signed envelope, as facts; the signatures are not verified.

    Raises:
        Invalid: not an envelope, or its payload is not what its type says.
    """
    return _in_envelope(dsse.read(data), "/payload").reading(ENVELOPE)


def read_bundle(data: bytes) -> Reading:
    """What a Sigstore bundle signs, as facts; nothing of it is verified.

    Raises:
        Invalid: not a bundle of a known version, or it signs nothing.
    """
    found = bundle(data)
    if found.envelope is not msgspec.UNSET:
        envelope = dsse.read(bytes(found.envelope), "/dsseEnvelope")
        return _in_envelope(envelope, "/dsseEnvelope/payload").reading(BUNDLE)
    draft = Draft(facts.SIGNATURE, found.media, title="signature over a file")
    if found.message is not None and found.message.digest is not None:
        place = "/messageSignature/messageDigest"
        algorithm = _SIGSTORE_HASHES.get(found.message.digest.algorithm)
        if algorithm is None:
            raise Invalid(f"{found.message.digest.algorithm[:40]!r} is not known", place)
        named = dsse.decoded(found.message.digest.digest, place).hex()
        draft.artefacts.append(
            Artefact("subject", "", algorithm, digest(algorithm, named, place), place)
        )
    return draft.reading(BUNDLE)


def bundle(data: bytes) -> Bundle:
    """The parts of a Sigstore bundle.

    Raises:
        Invalid: not a bundle of a known version, or it signs not exactly one thing.
    """
    found = parse(Bundle, data)
    if found.media not in BUNDLES:
        raise Invalid(f"{found.media[:80]!r} is not a bundle of version 0.1 to 0.3", "/mediaType")
    if (found.envelope is msgspec.UNSET) == (found.message is None):
        raise Invalid("a bundle signs an envelope or a message, and one of them")
    return found


def _in_envelope(envelope: dsse.Envelope, place: str) -> Draft:
    if envelope.payload_type != dsse.IN_TOTO:
        draft = Draft(facts.STATEMENT, envelope.payload_type, title=envelope.payload_type)
        draft.not_read(place, "kept, not read", envelope.payload_type[:200])
        return draft
    try:
        return _statement(envelope.payload, place)
    except Invalid as wrong:
        inside = wrong.place if wrong.place.startswith(place) else f"{place}{wrong.place}"
        raise type(wrong)(wrong.reason, inside) from wrong


def _statement(data: bytes, place: str) -> Draft:
    found = parse(_Statement, data)
    if found.type not in _TYPES:
        raise Invalid(f"{found.type[:80]!r} is not a statement of version 0.1 or 1", "/_type")
    if not found.predicate_type:
        raise Invalid("must not be empty", "/predicateType")
    if not found.subject:
        raise Invalid("a statement is about something: at least one subject", "/subject")
    if len(found.subject) > _MOST_SUBJECTS:
        raise TooLarge(f"{len(found.subject):,} subjects; the limit is {_MOST_SUBJECTS:,}")
    draft = Draft(facts.STATEMENT, found.predicate_type, title=found.predicate_type, place=place)
    for index, subject in enumerate(found.subject):
        where = f"/subject/{index}"
        if not subject.digest:
            raise Invalid("a subject is named by its digests, and has none", where)
        for algorithm, text in subject.digest.items():
            named = digest(algorithm, text, f"{where}/digest/{algorithm}")
            name = subject.name or subject.uri or ""
            draft.artefacts.append(Artefact("subject", name, algorithm, named, where))
    predicates.fill(found.predicate_type, bytes(found.predicate), draft)
    return draft
