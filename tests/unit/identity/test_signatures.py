"""Requests signed by RFC 9421: what holds, and all that does not."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from doors import NOW, directory, new_signer, partner, signed
from hypothesis import given
from hypothesis import strategies as st

from accord.flows.exchange.messages import Request
from accord.identity.keys import LibrarySigner
from accord.identity.partners import Directory, PartnerKey, Untrusted
from accord.identity.signatures import Signed, sign_request, verify_request

AUSTRALIA = new_signer()
STRANGER = new_signer()
KNOWN = directory(
    partner("australia", AUSTRALIA.key()), partner("japan"), partner("india", new_signer().key())
)
REQUEST = Request("POST", "/accord/v1/logs/x/blobs", "a=1&b=%20", (("x-own", "1"),), b"body")
SIGNED = signed(REQUEST, AUSTRALIA)


def verified(request: Request, known: Directory = KNOWN, me: str = "japan") -> Signed:
    return verify_request(request, known, me)


def refused(request: Request, why: str = ".", known: Directory = KNOWN, me: str = "japan") -> None:
    with pytest.raises(Untrusted, match=why):
        verify_request(request, known, me)


def with_header(request: Request, name: str, change: Callable[[str], str]) -> Request:
    assert request.header(name)
    headers = tuple((k, change(v) if k == name else v) for k, v in request.headers)
    return msgspec.structs.replace(request, headers=headers)


def without_header(request: Request, name: str) -> Request:
    headers = tuple((k, v) for k, v in request.headers if k != name)
    return msgspec.structs.replace(request, headers=headers)


def base_of(request: Request, parameters: str, components: tuple[str, ...]) -> str:
    """The signature base by RFC 9421, section 2.5, written here on its own."""
    derived = {
        "@method": request.method,
        "@path": request.path,
        "@query": f"?{request.query}",
        "@authority": "accord.invalid",
    }
    lines = [
        f'"{name}": {derived[name] if name in derived else request.header(name)}'
        for name in components
    ]
    return "\n".join([*lines, f'"@signature-params": {parameters}'])


COMPONENTS = ("@method", "@path", "@query", "content-digest", "accord-to")


def forged(
    components: tuple[str, ...] = COMPONENTS,
    request: Request = SIGNED,
    signer: LibrarySigner = AUSTRALIA,
    label: str = "accord",
    changes: dict[str, str] | None = None,
) -> Request:
    """Signed by hand, with what a partner's own key can sign and our signer would not."""
    given_ = {
        "created": "1772323800",
        "expires": "1772323860",
        "nonce": '"AAAAAAAAAAAAAAAAAAAAAA=="',
        "keyid": f'"{signer.keyid}"',
        "alg": '"ed25519"',
        "tag": '"accord"',
    } | (changes or {})
    listed = " ".join(f'"{name}"' for name in components)
    parameters = f"({listed})" + "".join(f";{k}={v}" for k, v in given_.items() if v)
    raw = signer.sign(base_of(request, parameters, components).encode())
    made = with_header(request, "signature-input", lambda _: f"{label}={parameters}")
    text = base64.b64encode(raw).decode()
    return with_header(made, "signature", lambda _: f"{label}=:{text}:")


def test_a_signed_request_tells_who_made_it() -> None:
    said = verified(SIGNED)
    assert said.partner.name == "australia"
    assert (said.created, said.expires) == (1772323800, 1772323860)
    assert len(base64.b64decode(said.nonce)) == 16


def test_what_is_signed_is_what_the_standard_says() -> None:
    """The signature base written by hand, and the library's, are one."""
    found = re.fullmatch(r"accord=(\((.*?)\).*)", SIGNED.header("signature-input"))
    assert found
    components = tuple(part.strip('"') for part in found[2].split())
    assert components == COMPONENTS
    raw = base64.b64decode(SIGNED.header("signature").removeprefix("accord=:").removesuffix(":"))
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(AUSTRALIA.public))
    key.verify(raw, base_of(SIGNED, found[1], components).encode())
    assert SIGNED.header("content-digest").startswith("sha-256=:")


def test_an_own_implementation_is_understood() -> None:
    """Another order of components and parameters, and another label, are as good."""
    assert verified(forged()).partner.name == "australia"
    assert verified(forged(COMPONENTS[::-1])).partner.name == "australia"
    assert verified(forged(label="sig1")).partner.name == "australia"


def test_a_request_without_body_has_a_digest_too() -> None:
    plain = signed(Request("GET", "/accord/v1/logs"), AUSTRALIA)
    assert plain.header("content-digest")
    assert verified(plain).partner.name == "australia"
    refused(msgspec.structs.replace(plain, body=b"x"), "body")
    refused(without_header(plain, "content-digest"), "0 headers content-digest")


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "GET"},
        {"method": "post"},
        {"path": "/accord/v1/logs/y/blobs"},
        {"path": "/accord/v1/logs/x/blobs/"},
        {"path": "/accord/v1/logs/%78/blobs"},
        {"query": "a=2&b=%20"},
        {"query": "b=%20&a=1"},
        {"query": ""},
        {"body": b"Body"},
        {"body": b""},
    ],
    ids=str,
)
def test_bound(changed: dict[str, str]) -> None:
    refused(msgspec.structs.replace(SIGNED, **changed))


def test_bound_to_its_recipient() -> None:
    refused(SIGNED, "somebody else", me="india")
    refused(with_header(SIGNED, "accord-to", lambda _: "india"), "somebody else")
    refused(with_header(SIGNED, "accord-to", lambda _: "india"), "does not hold", me="india")


def test_bound_to_its_body_by_the_signature_too() -> None:
    """A digest that fits another body does not fit the signature."""
    other = signed(msgspec.structs.replace(REQUEST, body=b"other"), AUSTRALIA)
    mixed = with_header(SIGNED, "content-digest", lambda _: other.header("content-digest"))
    refused(msgspec.structs.replace(mixed, body=b"other"), "does not hold")


@pytest.mark.parametrize("name", ["signature-input", "signature", "content-digest", "accord-to"])
def test_each_header_stands_there_once(name: str) -> None:
    twice = msgspec.structs.replace(SIGNED, headers=(*SIGNED.headers, (name, SIGNED.header(name))))
    refused(twice, f"2 headers {name}")
    upper = msgspec.structs.replace(
        SIGNED, headers=(*SIGNED.headers, (name.title(), SIGNED.header(name)))
    )
    refused(upper, f"2 headers {name}")
    refused(without_header(SIGNED, name), f"0 headers {name}")
    refused(with_header(SIGNED, name, lambda value: value + " " * 1_024), "longer")
    refused(with_header(SIGNED, name, lambda value: value + "é"), "plain text")
    refused(with_header(SIGNED, name, lambda value: value + "\n"), "plain text")


def test_several_signatures() -> None:
    other = forged(label="other", signer=STRANGER)
    for name in ("signature-input", "signature"):
        other = with_header(other, name, f"{SIGNED.header(name)}, {{}}".format)
    refused(other, "Multiple")
    one = with_header(
        SIGNED, "signature", lambda v: f"{v}, b=:{base64.b64encode(bytes(64)).decode()}:"
    )
    refused(one, "does not hold")


@pytest.mark.parametrize("missing", COMPONENTS)
def test_missing_components(missing: str) -> None:
    refused(forged(tuple(c for c in COMPONENTS if c != missing)), "cover")


def test_further_components_are_not_ours() -> None:
    refused(forged((*COMPONENTS, "x-own")), "cover")
    refused(forged((*COMPONENTS, "@authority")), "cover")


@pytest.mark.parametrize("missing", ["created", "expires", "nonce", "keyid", "alg", "tag"])
def test_missing_parameters(missing: str) -> None:
    refused(forged(changes={missing: ""}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tag", '"Accord"'),
        ("tag", '"accord2"'),
        ("tag", '""'),
        ("tag", "accord"),
        ("alg", '"hmac-sha256"'),
        ("alg", '"rsa-v1_5-sha256"'),
        ("alg", '"none"'),
        ("created", '"1772323800"'),
        ("created", "1772323800.5"),
        ("expires", "?1"),
        ("nonce", '"AAAA"'),
        ("nonce", '"' + "A" * 44 + '"'),
        ("nonce", '"AAAAAAAAAAAAAAAAAAAAA!=="'),
        ("nonce", '""'),
        ("keyid", '"nobody"'),
        ("extra", "1"),
    ],
)
def test_weak_parameters(name: str, value: str) -> None:
    refused(forged(changes={name: value}))


def test_a_stranger() -> None:
    refused(forged(signer=STRANGER), "nobody's")
    refused(signed(REQUEST, STRANGER), "nobody's")


def test_another_partners_name_on_the_key() -> None:
    """The key says who asks: its keyid beside a signature of another key does not hold."""
    india = KNOWN.partners[2].keys[0].keyid
    refused(forged(changes={"keyid": f'"{india}"'}), "does not hold")


@pytest.mark.parametrize(
    ("key", "left"),
    [
        ({"revoked": NOW}, ""),
        ({"until": NOW, "revoked": NOW}, ""),
        ({}, NOW),
        ({"until": NOW}, NOW),
    ],
    ids=["revoked", "rotated and revoked", "left", "rotated and left"],
)
def test_only_keys_of_members_that_were_not_revoked(key: dict[str, str], left: str) -> None:
    changed = msgspec.structs.replace(AUSTRALIA.key(), **key)
    whose = msgspec.structs.replace(partner("australia", changed), removed=left)
    refused(SIGNED, "not one that|has left", known=directory(whose, partner("japan")))


def test_a_rotated_key_is_told_from_the_one_in_use() -> None:
    newer = new_signer()
    old: PartnerKey = msgspec.structs.replace(AUSTRALIA.key(), until=NOW)
    known = directory(partner("australia", old, newer.key()))
    assert verified(SIGNED, known).outgoing
    now = verified(signed(REQUEST, newer), known)
    assert (now.partner.name, now.outgoing) == ("australia", False)


def test_a_changed_signature() -> None:
    raw = bytearray(base64.b64decode(SIGNED.header("signature")[8:-1]))
    raw[0] ^= 1
    flipped = base64.b64encode(bytes(raw)).decode()
    refused(with_header(SIGNED, "signature", lambda _: f"accord=:{flipped}:"), "does not hold")
    refused(with_header(SIGNED, "signature", lambda _: "accord=::"), "does not hold")
    refused(with_header(SIGNED, "signature", lambda _: 'accord="x"'), "does not hold")


def test_what_cannot_be_signed() -> None:
    for path in ("/a b", "/ä", "/%zz", "/a\r\nx: y"):
        with pytest.raises(Untrusted, match="cannot be signed"):
            sign_request(Request("GET", path), "japan", AUSTRALIA, NOW, bytes(16))


@given(
    name=st.sampled_from(["signature-input", "signature", "content-digest", "accord-to"]),
    value=st.text(max_size=300) | st.text('accord=();:"@?!.*-0123456789', max_size=80),
)
def test_any_header_is_refused_in_order(name: str, value: str) -> None:
    """Whatever stands there, the answer is no, and never another error."""
    if value == SIGNED.header(name):
        return
    refused(with_header(SIGNED, name, lambda _: value))


@given(
    path=st.from_regex(r"/[a-z0-9/._~-]{0,40}", fullmatch=True),
    query=st.from_regex(r"([a-z]{1,5}=[a-z0-9%2C:,]{0,9}&?){0,3}", fullmatch=True).filter(
        lambda text: "%" not in text
    ),
    body=st.binary(max_size=200),
    method=st.sampled_from(["GET", "POST"]),
)
def test_what_is_signed_is_taken(path: str, query: str, body: bytes, method: str) -> None:
    made = signed(Request(method, path, query, (), body), AUSTRALIA)
    assert verified(made).partner.name == "australia"
