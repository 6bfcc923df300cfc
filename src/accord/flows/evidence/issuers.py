"""Whose word counts here: given, changed and ended by a person, each time as a document."""

from __future__ import annotations

import msgspec

from accord.assurance.evidence import bundles, keys, records
from accord.assurance.evidence.facts import Identity, Standing
from accord.core.errors import Invalid, NotFound
from accord.flows.evidence.port import Desk
from accord.flows.load import load_documents


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A standing as a person describes it."""

    name: str
    role: records.Role
    person: str
    why: str
    keys: tuple[tuple[str, bytes], ...] = ()
    """Name of the file and PEM of each public key."""
    certificates: tuple[tuple[str, bytes], ...] = ()
    """Name of the file and PEM of each root certificate."""
    identities: tuple[str, ...] = ()
    oidc: str = ""
    """Who vouches for the identities, with Sigstore; empty: they are a builder's identifiers."""
    trust_root: bytes = b""
    """`trusted_root.json` of the Sigstore instance, pinned."""
    kinds: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    until: str = ""
    """`when()` it ends; empty: until somebody ends it."""


def give(desk: Desk, wanted: Wanted) -> bool:
    """Give somebody a standing, in place of the one before; False: it stands so already.

    Raises:
        Invalid: a key, a certificate, the trust root or the end is not what it must be.
        NotAble: the trust root cannot be read without the extra.
    """
    now = desk.clock.now()
    if wanted.until and wanted.until <= now:
        raise Invalid(f"it would have ended on {wanted.until[:10]}, before it began", "--until")
    record = records.Issuer(
        accord="issuer",
        name=wanted.name,
        role=wanted.role,
        keys=tuple(keys.sign_key(pem, name) for name, pem in wanted.keys),
        identities=_identities(wanted),
        certificates=tuple(keys.root(pem, name) for name, pem in wanted.certificates),
        trust_root=bundles.pinned(wanted.trust_root) if wanted.trust_root else "",
        kinds=wanted.kinds,
        items=wanted.items,
        products=wanted.products,
        until=wanted.until,
        person=wanted.person,
        why=wanted.why,
        at=now,
    )
    if wanted.role != "supplier" and not (record.keys or record.identities or record.certificates):
        raise Invalid(
            "a standing needs a way to tell whose word it is: --key, --certificate or --identity"
        )
    return _keep(desk, record)


def end(desk: Desk, name: str, person: str, why: str) -> None:
    """End a standing: from now on nothing that it signed counts.

    Raises:
        NotFound: there is none, or it has ended.
    """
    standing = desk.proofs.standings().get(name)
    if standing is None or standing.removed:
        raise NotFound(f"{name!r} has no standing; `accord evidence issuer list` shows who has")
    role: records.Role = standing.role  # type: ignore[assignment] # the record's own word
    record = records.Issuer(
        accord="issuer",
        name=name,
        role=role,
        keys=standing.keys,
        identities=standing.identities,
        certificates=standing.certificates,
        trust_root=standing.trust_root,
        removed=True,
        person=person,
        why=why,
        at=desk.clock.now(),
    )
    _keep(desk, record)


def _identities(wanted: Wanted) -> tuple[Identity, ...]:
    if wanted.oidc and not wanted.identities:
        raise Invalid("it vouches for nobody: name the --identity", "--oidc")
    if wanted.trust_root and not wanted.oidc:
        raise Invalid(
            "it pins nobody: name the --identity, and who vouches: --oidc", "--trust-root"
        )
    if wanted.oidc and not wanted.trust_root:
        raise Invalid("a Sigstore identity is verified against a pinned root: --trust-root FILE")
    if wanted.identities and not wanted.oidc and wanted.role != "builder":
        raise Invalid("only a builder is named by an identifier alone: say --oidc", "--identity")
    return tuple(Identity(one, wanted.oidc) for one in wanted.identities)


def _keep(desk: Desk, record: records.Issuer) -> bool:
    data = records.write(record)
    (fact,) = (one for one in records.read(data).facts if isinstance(one, Standing))
    current = desk.proofs.standings().get(record.name)
    if current is not None and _alike(current, fact):
        return False
    load_documents([(f"issuer record of {record.name}", data)], desk.intake, record.at)
    return True


def _alike(one: Standing, other: Standing) -> bool:
    apart = {"person": "", "why": "", "at": ""}
    return msgspec.structs.replace(one, **apart) == msgspec.structs.replace(other, **apart)
