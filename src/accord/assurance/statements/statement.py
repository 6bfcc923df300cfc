"""in-toto statements of accord's own predicates, in the one form in which they are written.

Law (one form): a statement that can be read is byte for byte the one that would be written.

Source: in-toto attestation framework, Statement v1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, Literal, TypeVar

import msgspec

from accord.core import json
from accord.core.errors import Invalid
from accord.core.limits import LIMITS

TYPE: Final = "https://in-toto.io/Statement/v1"
MEDIA: Final = "application/vnd.in-toto+json"
"""Type of a statement in a DSSE envelope."""
MOST_SUBJECTS = 1_000

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
P = TypeVar("P", bound=msgspec.Struct)


class DigestSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The digest of an artefact."""

    sha256: str


class Subject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An artefact that a statement is about."""

    name: str
    digest: DigestSet


class _Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["https://in-toto.io/Statement/v1"] = msgspec.field(name="_type")
    subject: tuple[Subject, ...]
    predicate_type: str = msgspec.field(name="predicateType")
    predicate: msgspec.Raw


def write(subjects: Sequence[Subject], predicate_type: str, predicate: Any) -> bytes:  # noqa: ANN401
    """A statement about some artefacts, the subjects in order."""
    content = {
        "_type": TYPE,
        "subject": sorted(subjects, key=lambda one: (one.name, one.digest.sha256)),
        "predicateType": predicate_type,
        "predicate": predicate,
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def subjects(name: str, digests: Sequence[str]) -> list[Subject]:
    """The artefacts of one release; `digests` begin with `sha256:`."""
    return [Subject(name, DigestSet(digest.removeprefix("sha256:"))) for digest in digests]


def read(data: bytes, predicate_type: str, kind: type[P]) -> tuple[tuple[Subject, ...], P]:
    """The subjects and the predicate of one of accord's statements.

    Raises:
        Invalid: not such a statement, or a member is missing or unknown.
    """
    json.decode_strict(data)
    found = json.decode_as(_Statement, data)
    if found.predicate_type != predicate_type:
        raise Invalid(f"{found.predicate_type[:100]!r}, not {predicate_type!r}", "/predicateType")
    if not 0 < len(found.subject) <= MOST_SUBJECTS:
        raise Invalid(f"{len(found.subject)} subjects, not 1 to {MOST_SUBJECTS:,}", "/subject")
    for place, one in enumerate(found.subject):
        if not _SHA256.match(one.digest.sha256):
            raise Invalid("not a SHA-256 in lower-case hex", f"/subject/{place}/digest/sha256")
        if not one.name or len(one.name) > LIMITS.text:
            raise Invalid("a subject has a name", f"/subject/{place}/name")
    predicate = json.decode_as(kind, bytes(found.predicate))
    if write(found.subject, predicate_type, predicate) != data:
        raise Invalid("a statement of accord is written in one form; this is not it")
    return found.subject, predicate
