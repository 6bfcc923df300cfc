"""Facts of evidence: what a document states, of which artefacts, and what people recorded of it.

A document states; that alone proves nothing. A *record* of this node ties it to a release and says
what was verified; a *standing* says whose word counts for what. Each is a document of its own.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from accord.core.reading import Fact

BILL: Final = "bill"
VEX: Final = "vex"
PROVENANCE: Final = "provenance"
SUMMARY: Final = "verification summary"
SCAN: Final = "scan"
DECLARATION: Final = "declaration"
SCORECARD: Final = "scorecard"
EVALUATION: Final = "evaluation"
FORM: Final = "attestation form"
CERTIFICATE: Final = "certificate"
REPORT: Final = "report"
STATEMENT: Final = "statement"
SIGNATURE: Final = "signature"
KINDS: Final = (
    BILL, VEX, PROVENANCE, SUMMARY, SCAN, DECLARATION, SCORECARD, EVALUATION, FORM, CERTIFICATE,
    REPORT, STATEMENT, SIGNATURE,
)  # fmt: skip
"""Every kind of evidence."""

Answer = Literal["yes", "no", "plan"]
YES: Final = "yes"
NO: Final = "no"
PLAN: Final = "plan"


class Statement(Fact, frozen=True, kw_only=True):
    """What a document of evidence says of itself."""

    kind: str
    """One of `KINDS`."""
    type: str
    """Its format or predicate type: `https://slsa.dev/provenance/v1`."""
    issuer: str = ""
    """Who says so, in the document's own words; nothing is believed of it."""
    issued: str = ""
    """`when()` it was said; empty: undated."""
    expires: str = ""
    """`when()` it no longer counts; empty: it does not say."""
    title: str = ""
    product: str = ""
    """What it is about, in its own words; empty: it does not say."""
    releases: tuple[str, ...] = ()
    """Releases that it names; empty: it names none."""
    builder: str = ""
    """Identifier of the build platform, of provenance."""
    build_type: str = ""
    attached: str = ""
    """`sha256:` and the digest of a document that is kept beside it; empty: none."""
    place: str = ""


class Artefact(Fact, frozen=True):
    """A digest that a statement names."""

    part: Literal["subject", "material"]
    """What the statement is about, or what that was made from."""
    name: str
    algorithm: str
    """`sha256`, `sha512`, `sha1`, `gitCommit`, ... in the words of in-toto."""
    digest: str
    """Hexadecimal, lower case."""
    place: str = ""


class Assertion(Fact, frozen=True):
    """One thing that a statement says of an item."""

    item: str
    """`catalogue@version#identifier`."""
    answer: Answer
    due: str = ""
    """Of a plan: `when()` it is to be done; empty: it does not say."""
    why: str = ""
    expires: str = ""
    """`when()` this one no longer counts, where it says so by itself."""
    place: str = ""


class Tie(Fact, frozen=True, kw_only=True):
    """A person's record that a document is evidence for a release, and what was verified."""

    document: str
    """SHA-256 of the document, 64 hexadecimal digits."""
    product: str
    release: str
    """Empty: every release of the product."""
    kind: str
    issuer: str
    """A name that has a standing here; empty: nobody's who has one."""
    how: str
    """`unsigned`, `key`, `certificate` or `sigstore`."""
    key: str
    """Fingerprint of the key or certificate, or the identity in it."""
    builder: str
    """Name of the builder with standing that the provenance names; empty: none."""
    matched: tuple[str, ...]
    """Subject digests that are the release's: `sha256:...`."""
    artefacts: tuple[str, ...]
    """Digests of the release's artefacts, as far as they were known."""
    issued: str
    expires: str
    removed: bool
    person: str
    why: str
    at: str
    place: str = ""


class ProductType(Fact, frozen=True, kw_only=True):
    """What type of product something is, as a person of this node says."""

    product: str
    release: str
    """Empty: every release of the product."""
    type: str
    """`router`, `operating system`, ...; empty: it was taken back."""
    person: str
    why: str
    at: str
    place: str = ""


class SignKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A public key that is an issuer's."""

    keyid: str
    """SHA-256 of its SubjectPublicKeyInfo."""
    pem: str


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a Sigstore certificate, or provenance's builder, calls an issuer."""

    id: str
    oidc: str = ""
    """Who vouched for it; empty: it is a builder's identifier, and signs nothing."""


class Standing(Fact, frozen=True, kw_only=True):
    """Whose word counts here, for what and until when."""

    name: str
    role: str
    """`supplier`, `builder`, `assessor` or `authority`."""
    keys: tuple[SignKey, ...]
    identities: tuple[Identity, ...]
    certificates: tuple[str, ...]
    """PEM of the root certificates that its own must lead to."""
    trust_root: str
    """Pinned Sigstore trust root, as JSON; empty: none."""
    kinds: tuple[str, ...]
    """Kinds of evidence; empty: all."""
    items: tuple[str, ...]
    """Patterns of items; empty: all."""
    products: tuple[str, ...]
    """Patterns of products; empty: all."""
    until: str
    """`when()` it ends; empty: until somebody ends it."""
    removed: bool
    person: str
    why: str
    at: str
    place: str = ""
