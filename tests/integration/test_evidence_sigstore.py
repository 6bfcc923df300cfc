"""Sigstore bundles are verified offline against a pinned root; what is wrong is refused by name."""

from __future__ import annotations

import base64
import builtins
import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import evidence_made as made
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from evidence_made import ARTEFACT, SHIPPED, Desk
from sigstore_house import OIDC, WHO, House, older

from accord.assurance.evidence import bundles
from accord.assurance.evidence.errors import (
    BrokenChain,
    BrokenProof,
    EvidenceError,
    NotAble,
    WrongIdentity,
    WrongSignature,
    WrongSubject,
)
from accord.core.errors import Invalid

pytest.importorskip("sigstore", reason="the extra `assure` is not installed")

ITEM, SIGNED = "ssdf@1.1#PO.1.1", "sigstore@1#signed"
_AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def house() -> House:
    return House()


@pytest.fixture
def desk(tmp_path: Path, house: House) -> Desk:
    found = Desk(tmp_path)
    found.issuer("Lab", "assessor", identities=(WHO,), oidc=OIDC, trust_root=house.trust_root())
    return found


def written(bundle: dict[str, Any]) -> bytes:
    return json.dumps(bundle).encode()


def good(house: House) -> dict[str, Any]:
    return house.statement(made.result(ITEM))


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3"])
def test_a_bundle_of_each_version_is_verified(desk: Desk, house: House, version: str) -> None:
    bundle = good(house)
    (taken,) = desk.add(written(bundle if version == "0.3" else older(bundle, version))).taken
    assert (taken.issuer, taken.how, taken.matched) == ("Lab", "sigstore", (ARTEFACT,))
    assert desk.claims() == {ITEM: (True, "third party"), SIGNED: (True, "verified")}


def test_a_bundle_over_the_shipped_file(desk: Desk, house: House) -> None:
    (taken,) = desk.add(written(house.file(SHIPPED))).taken
    assert (taken.kind, taken.matched) == ("signature", (ARTEFACT,))
    assert desk.claims() == {SIGNED: (True, "verified")}
    with pytest.raises(WrongSubject):
        desk.add(written(house.file(b"something else")))


def test_a_bundle_signs_the_form_that_it_is_given_with(desk: Desk, house: House) -> None:
    form = made.form()
    desk.add(form, written(house.file(form)))
    claims = desk.claims()
    assert claims["ssaf@DRAFT-2023-11#1-a"] == (True, "third party")
    assert SIGNED not in claims


def test_a_signed_result_on_another_commit_is_no_word_on_this(desk: Desk, house: House) -> None:
    body = made.scorecard(Fuzzing=9.0)
    files = (body, written(house.file(body)))
    before = desk.documents()
    with pytest.raises(NotAble, match=r"about code\.example/lantern .*--artefact"):
        desk.add(*files)
    assert desk.documents() == before
    commit = frozenset({f"gitCommit:{'b' * 40}"})
    taken = desk.add(*files, artefacts=commit).taken
    assert {one.issuer for one in taken} == {"Lab"}
    assert desk.claims()["scorecard@5#Fuzzing"] == (True, "third party")


def _entry(bundle: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = bundle["verificationMaterial"]["tlogEntries"][0]
    return entry


def _proof_hash(bundle: dict[str, Any]) -> None:
    _entry(bundle)["inclusionProof"]["hashes"] = [base64.b64encode(b"\x00" * 32).decode()]


def _proof_gone(bundle: dict[str, Any]) -> None:
    del _entry(bundle)["inclusionProof"]


def _checkpoint(bundle: dict[str, Any]) -> None:
    proof = _entry(bundle)["inclusionProof"]
    proof["checkpoint"]["envelope"] = proof["checkpoint"]["envelope"].replace("- 1\n", "- 2\n")


def _promise(bundle: dict[str, Any]) -> None:
    _entry(bundle)["integratedTime"] = str(int(_AT.timestamp()) + 60)


def _signature(bundle: dict[str, Any]) -> None:
    raw = bytearray(base64.b64decode(bundle["dsseEnvelope"]["signatures"][0]["sig"]))
    raw[-1] ^= 1
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(bytes(raw)).decode()


def _payload(bundle: dict[str, Any]) -> None:
    other = made.result(ITEM, "ssdf@1.1#PS.1.1")
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(other).decode()


def _no_log(bundle: dict[str, Any]) -> None:
    bundle["verificationMaterial"]["tlogEntries"] = []


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (_proof_hash, BrokenProof),
        (_proof_gone, BrokenProof),
        (_checkpoint, BrokenProof),
        (_promise, BrokenProof),
        (_no_log, BrokenProof),
        (_signature, WrongSignature),
        (_payload, WrongSignature),
    ],
)
def test_what_is_broken_is_refused_by_name(
    desk: Desk,
    house: House,
    spoil: Callable[[dict[str, Any]], None],
    kind: type[EvidenceError],
) -> None:
    bundle = good(house)
    spoil(bundle)
    before = desk.documents()
    with pytest.raises(kind, match=r"^file-0: "):
        desk.add(written(bundle))
    assert desk.documents() == before


def test_another_identity_is_refused(desk: Desk, house: House) -> None:
    with pytest.raises(WrongIdentity, match="is for thief@else"):
        desk.add(written(house.statement(made.result(ITEM), who="thief@else.example")))


def test_the_same_identity_by_another_provider_is_refused(tmp_path: Path, house: House) -> None:
    desk, root = Desk(tmp_path / "other"), house.trust_root()
    other = "https://else.example"
    desk.issuer("Lab", "assessor", identities=(WHO,), oidc=other, trust_root=root)
    with pytest.raises(WrongIdentity, match=r"login\.example"):
        desk.add(written(good(house)))


def test_a_certificate_that_had_expired_is_refused(desk: Desk, house: House) -> None:
    late = house.statement(made.result(ITEM), logged=_AT + timedelta(minutes=6))
    with pytest.raises(BrokenChain):
        desk.add(written(late))


def test_another_house_is_refused(desk: Desk) -> None:
    with pytest.raises(BrokenChain):
        desk.add(written(good(House())))


def test_a_root_must_be_pinned(desk: Desk) -> None:
    with pytest.raises(Invalid, match="--trust-root"):
        desk.issuer("Other", "assessor", identities=(WHO,), oidc=OIDC)
    with pytest.raises(Invalid, match=r"trusted_root\.json"):
        desk.issuer("Other", "assessor", identities=(WHO,), oidc=OIDC, trust_root=b"{}")


def test_without_the_library_the_error_names_the_extra(
    desk: Desk, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = written(good(house))
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("sigstore"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(NotAble, match=r"accord\[assure\]"):
        desk.add(data)


@pytest.mark.parametrize("what", ["tlogs", "ctlogs", "certificateAuthorities"])
@pytest.mark.parametrize(
    "span", [{"end": "2026-03-01T00:00:00Z"}, {"start": "2026-11-20T00:00:00Z"}]
)
def test_whoever_vouches_was_valid_then(
    tmp_path: Path, house: House, what: str, span: dict[str, str]
) -> None:
    root = json.loads(house.trust_root())
    one = root[what][0]
    (one if "validFor" in one else one["publicKey"])["validFor"].update(span)
    if what != "certificateAuthorities":
        # One that was valid, and did not vouch for this.
        root[what] += json.loads(House().trust_root())[what]
    desk = Desk(tmp_path)
    pinned = json.dumps(root).encode()
    desk.issuer("Lab", "assessor", identities=(WHO,), oidc=OIDC, trust_root=pinned)
    for bundle in (good(house), house.file(SHIPPED)):
        with pytest.raises(BrokenChain, match=r"was valid on 2026-11-01, when it was signed"):
            desk.add(written(bundle))


@pytest.mark.parametrize("gone", [x509.KeyUsage, x509.ExtendedKeyUsage])
def test_a_certificate_that_does_not_say_what_for_is_refused(
    desk: Desk, house: House, gone: type[x509.ExtensionType], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = x509.CertificateBuilder.add_extension

    def without(made_: Any, extension: Any, critical: bool) -> Any:  # noqa: FBT001 - as it is
        return made_ if isinstance(extension, gone) else real(made_, extension, critical)

    monkeypatch.setattr(x509.CertificateBuilder, "add_extension", without)
    with pytest.raises(BrokenChain, match="does not say what it is for"):
        desk.add(written(good(house)))


@pytest.mark.parametrize(
    "private",
    [ed25519.Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 2048)],
    ids=["Ed25519", "RSA"],
)
def test_a_certificate_of_another_kind_of_key_is_refused(
    desk: Desk, house: House, private: Any
) -> None:
    bundle, der = good(house), serialization.Encoding.DER
    raw = house.certificate(private, WHO, _AT).public_bytes(der)
    bundle["verificationMaterial"]["certificate"]["rawBytes"] = base64.b64encode(raw).decode()
    with pytest.raises(BrokenChain, match="not one of ECDSA"):
        desk.add(written(bundle))


def test_a_link_is_not_an_address(
    desk: Desk, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(x509, "RFC822Name", x509.UniformResourceIdentifier)
    bundle = good(house)
    monkeypatch.undo()
    with pytest.raises(WrongIdentity, match="is for nobody"):
        desk.add(written(bundle))


def test_a_certificate_that_cannot_be_read_is_refused(desk: Desk, house: House) -> None:
    """One bit of it is wrong, wherever that is."""
    bundle = good(house)
    material = bundle["verificationMaterial"]["certificate"]
    raw = base64.b64decode(material["rawBytes"])
    for place in range(400):
        spoilt = bytearray(raw)
        spoilt[place] ^= 1
        material["rawBytes"] = base64.b64encode(bytes(spoilt)).decode()
        with contextlib.suppress(EvidenceError):
            bundles.signer(written(bundle))
