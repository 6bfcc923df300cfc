"""Sigstore bundles, verified offline against a trust root that is pinned in an issuer's record.

Bytes in, values out: nothing is fetched. The work is the `sigstore` library's; what it refuses is
named here by what failed. Where the library is not installed, the error names the extra.

Law (fail closed): whatever the library does not verify is refused, by name or without.
Source: Sigstore client specification, verification; bundle formats 0.1 to 0.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from accord.assurance.evidence.dsse import IN_TOTO
from accord.assurance.evidence.errors import (
    BrokenChain,
    BrokenProof,
    NotAble,
    NotVerified,
    WrongIdentity,
    WrongSignature,
)
from accord.assurance.evidence.facts import Identity
from accord.core.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sigstore.models import Bundle, TrustedRoot
    from sigstore.verify import Verifier
    from sigstore.verify.policy import Identity as Policy
    from sigstore_models.common.v1 import TimeRange

_ISSUER_1: Final = "1.3.6.1.4.1.57264.1.1"
_ISSUER_2: Final = "1.3.6.1.4.1.57264.1.8"
_MOST_ROOT: Final = 1 << 20
_NAMED: tuple[tuple[tuple[str, ...], type[NotVerified]], ...] = (
    (("invalid log entry", "log entry", "transparency log entry", "inclusion"), BrokenProof),
    (("failed to build timestamp", "invalid signing cert", "not enough sources of verified time",
      "failed to verify SCT", "Key usage", "Extended usage"), BrokenChain),
    (("Certificate's",), WrongIdentity),
    (("DSSE: invalid signature", "Signature is invalid"), WrongSignature),
)  # fmt: skip
"""How the library's reasons begin, and what is wrong then; anything else is `NotVerified`."""


class Signer(msgspec.Struct, frozen=True):
    """Who a bundle's certificate says has signed; not verified."""

    ids: tuple[str, ...]
    oidc: str


def able() -> bool:
    """Whether this node can verify bundles."""
    try:
        _library()
    except NotAble:
        return False
    return True


def pinned(data: bytes) -> str:
    """A trust root (`trusted_root.json`) as it stands in an issuer's record.

    Raises:
        Invalid: it is none.
        NotAble: the library is not installed.
    """
    if len(data) > _MOST_ROOT:
        raise Invalid(f"a trust root of {len(data):,} bytes")
    _root(data)
    return data.decode()


def signer(data: bytes) -> Signer:
    """Whom the certificate of a bundle names; nothing is verified.

    Raises:
        NotVerified: the bundle cannot be read.
        NotAble: the library is not installed.
    """
    from cryptography import x509  # noqa: PLC0415 - beside the library's own
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - as above

    certificate = _bundle(data).signing_certificate
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        for needed in (x509.KeyUsage, x509.ExtendedKeyUsage):
            certificate.extensions.get_extension_for_class(needed)
        public = certificate.public_key()
    except x509.ExtensionNotFound as wrong:
        if wrong.oid == x509.SubjectAlternativeName.oid:
            raise WrongIdentity(f"its certificate names nobody: {wrong}") from wrong
        raise BrokenChain(f"its certificate does not say what it is for: {wrong}") from wrong
    except _odd() as wrong:
        raise BrokenChain(f"its certificate cannot be read: {wrong}") from wrong
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise BrokenChain("the key of its certificate is not one of ECDSA")
    # A name is what its own kind says: no address is a link, and no link an address.
    ids = (
        *(one for one in names.get_values_for_type(x509.RFC822Name) if ":" not in one),
        *(one for one in names.get_values_for_type(x509.UniformResourceIdentifier) if ":" in one),
    )
    return Signer(tuple(ids), _oidc(certificate))


def _odd() -> tuple[type[Exception], ...]:
    """What reading a certificate raises."""
    from cryptography import x509  # noqa: PLC0415 - as above
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - as above

    return (
        x509.InvalidVersion,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
        UnsupportedAlgorithm,
        ValueError,
    )


def _oidc(certificate: object) -> str:
    from cryptography import x509  # noqa: PLC0415 - as above

    assert isinstance(certificate, x509.Certificate)
    for extension in certificate.extensions:
        value = extension.value
        if isinstance(value, x509.UnrecognizedExtension):
            if extension.oid.dotted_string == _ISSUER_1:
                return value.value.decode("utf-8", "replace")
            if extension.oid.dotted_string == _ISSUER_2:
                return value.value[2:].decode("utf-8", "replace")
    return ""


def verify_statement(data: bytes, root: str, identity: Identity) -> bytes:
    """The in-toto statement that an identity signed, once everything about the bundle holds.

    Raises:
        NotVerified: it does not; a kind of it says what.
        NotAble: the library is not installed.
    """
    from sigstore.errors import Error  # noqa: PLC0415 - an extra

    bundle, verifier = _bundle(data), _verifier(root)
    try:
        media, payload = verifier.verify_dsse(bundle, _policy(identity))
    except (Error, ValueError) as wrong:
        raise _named(wrong) from wrong
    _in_time(bundle, root)
    if media != IN_TOTO:
        raise NotVerified(f"it signs {media[:60]!r}, not an in-toto statement")
    return payload


def verify_file(data: bytes, root: str, identity: Identity, file_sha256: str) -> None:
    """Return only if an identity signed the file with this digest.

    Raises:
        NotVerified: it did not; a kind of it says why.
        NotAble: the library is not installed.
    """
    from sigstore.errors import Error  # noqa: PLC0415 - an extra
    from sigstore.hashes import Hashed  # noqa: PLC0415 - as above
    from sigstore_models.common.v1 import HashAlgorithm  # noqa: PLC0415 - as above

    bundle, verifier = _bundle(data), _verifier(root)
    hashed = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=bytes.fromhex(file_sha256))
    try:
        verifier.verify_artifact(hashed, bundle, _policy(identity))
    except (Error, ValueError) as wrong:
        raise _named(wrong) from wrong
    _in_time(bundle, root)


def _in_time(bundle: Bundle, root: str) -> None:
    """Return only if what vouches for a bundle did so within the time that the root gives it.

    The library holds a key that has ended for as good as any. A certificate counts for minutes:
    the log of the entry, a certificate log and an authority must each have been valid then.

    Raises:
        BrokenChain: one was not.
    """
    from cryptography import x509  # noqa: PLC0415 - beside the library's own

    inner = _root(root.encode())._inner  # noqa: SLF001 - the library shows no times otherwise
    leaf = bundle.signing_certificate
    begins, ends = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    log = bundle.log_entry._inner.log_id.key_id  # noqa: SLF001 - as above
    kind = x509.PrecertificateSignedCertificateTimestamps
    stamps = leaf.extensions.get_extension_for_class(kind).value
    assert isinstance(stamps, x509.PrecertificateSignedCertificateTimestamps)
    stamped = {one.log_id for one in stamps}
    spans: dict[str, Sequence[TimeRange | None]] = {
        "transparency log": [
            one.public_key.valid_for
            for one in inner.tlogs
            if log in {one.log_id.key_id, one.checkpoint_key_id and one.checkpoint_key_id.key_id}
        ],
        "certificate log": [
            one.public_key.valid_for for one in inner.ctlogs if one.log_id.key_id in stamped
        ],
        "authority": [
            one.valid_for
            for one in inner.certificate_authorities
            if any(
                x509.load_der_x509_certificate(raw.raw_bytes).subject == leaf.issuer
                for raw in one.cert_chain.certificates
            )
        ],
    }
    for what, each in spans.items():
        if not any(
            span is None or (span.start <= ends and (not span.end or begins <= span.end))
            for span in each
        ):
            raise BrokenChain(
                f"no {what} of the trust root was valid on {begins:%Y-%m-%d}, when it was signed"
            )


def _named(wrong: Exception) -> NotVerified:
    reason = str(wrong)
    for beginnings, kind in _NAMED:
        if reason.startswith(beginnings):
            return kind(reason)
    return NotVerified(reason)


def _library() -> None:
    try:
        import sigstore.verify  # noqa: F401, PLC0415 - an extra
    except ImportError as wrong:
        raise NotAble(
            "Sigstore bundles are verified with an extra that is not installed here: install"
            " `accord[assure]`, and add the evidence again"
        ) from wrong


def _bundle(data: bytes) -> Bundle:
    _library()
    from sigstore.errors import Error  # noqa: PLC0415 - an extra
    from sigstore.models import Bundle, InvalidBundle  # noqa: PLC0415 - as above

    try:
        return Bundle.from_json(data)
    except InvalidBundle as wrong:
        kind = (
            BrokenProof if "inclusion" in str(wrong) or "log entry" in str(wrong) else NotVerified
        )
        raise kind(f"not a bundle that can be verified: {wrong}") from wrong
    except (Error, ValueError) as wrong:
        raise NotVerified(f"not a bundle that can be verified: {wrong}") from wrong
    except _odd() as wrong:
        raise NotVerified(f"not a bundle that can be verified: {wrong}") from wrong


def _root(data: bytes) -> TrustedRoot:
    _library()
    from sigstore.errors import Error  # noqa: PLC0415 - an extra
    from sigstore.models import TrustedRoot  # noqa: PLC0415 - as above
    from sigstore_models.trustroot.v1 import TrustedRoot as Inner  # noqa: PLC0415 - as above

    try:
        found = TrustedRoot(Inner.from_json(data))
        found.get_fulcio_certs()
    except (Error, ValueError) as wrong:
        raise Invalid(f"not a trust root of Sigstore (`trusted_root.json`): {wrong}") from wrong
    return found


def _verifier(root: str) -> Verifier:
    from sigstore.verify import Verifier  # noqa: PLC0415 - an extra

    return Verifier(trusted_root=_root(root.encode()))


def _policy(identity: Identity) -> Policy:
    from sigstore.verify.policy import Identity as Policy  # noqa: PLC0415 - an extra

    return Policy(identity=identity.id, issuer=identity.oidc)
