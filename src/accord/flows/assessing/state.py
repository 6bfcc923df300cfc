"""State a verdict: as a document that partners can verify, and in the forms of others."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from accord.assurance.assessing.deciding import Assessment
from accord.assurance.statements import standard, verdict
from accord.assurance.statements.statement import MEDIA
from accord.core.errors import Invalid
from accord.exchange import dsse
from accord.flows.assessing.assess import Assessed, Authorities
from accord.flows.assessing.recognise import Desk
from accord.flows.load import load_documents
from accord.identity.keys import Signers

FORMS = ("verdict", "svr", "vsa")
"""How a verdict may be exported: whole, or in the words of others."""


class Stated(msgspec.Struct, frozen=True):
    """A verdict that was stated."""

    buyer: str
    verdict: str
    document: str
    """Digest."""


def state(desk: Desk, found: Assessed, person: str) -> list[Stated]:
    """State the verdict of each buyer for which this node speaks, as documents.

    Raises:
        Invalid: it speaks for none of them, or the release has no digest.
    """
    authorities = Authorities((one.baseline for one in found.assessments), desk.me)
    ours = [one for one in found.assessments if authorities.speaks(one.baseline.name, "")]
    if not ours:
        owners = ", ".join(sorted({one.baseline.owner for one in found.assessments}))
        raise Invalid(f"these verdicts are for {owners} to state; this node is {desk.me}")
    now = desk.clock.now()
    documents = [(one, verdict.write(one, released(found), now, person)) for one in ours]
    load_documents(
        [(f"verdict of {one.baseline.name}", body) for one, body in documents], desk.intake, now
    )
    return [
        Stated(one.baseline.name, one.verdict, sha256(body).hexdigest()) for one, body in documents
    ]


class Signing(msgspec.Struct, frozen=True):
    """Who exports a verdict."""

    me: str
    """The name of this node as a partner."""
    person: str
    signers: Signers


def export(found: Assessed, assessment: Assessment, form: str, by: Signing) -> bytes:
    """One buyer's verdict as a DSSE envelope over an in-toto statement, signed by this node.

    Raises:
        Invalid: this form cannot say it.
    """
    release = released(found)
    node = f"urn:accord:node:{by.me}"
    if form == "svr":
        body = standard.svr(assessment, release, found.now, node)
    elif form == "vsa":
        body = standard.vsa(assessment, release, found.now, node)
    elif form == "verdict":
        body = verdict.write(assessment, release, found.now, by.person)
    else:
        raise Invalid(f"{form!r} is none of {', '.join(FORMS)}")
    return dsse.write(MEDIA, body, *by.signers.all())


def released(found: Assessed) -> verdict.Release:
    """The release, as a statement names it."""
    listed = found.release
    return verdict.Release(
        product=listed.product, release=listed.release, type=listed.type, digests=listed.digests
    )
