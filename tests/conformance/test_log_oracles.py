"""The audience log and its envelopes against other people's code, and against the specifications
read a second time.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from functools import cache

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree, InvalidProof  # type: ignore[import-untyped]
from pymerkle.core import _consistency_path_layout  # type: ignore[import-untyped]
from sealed import NOW, directory, ml_dsa, secret, signer
from securesystemslib.dsse import Envelope as ForeignEnvelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey  # type: ignore[attr-defined]

from accord.exchange import dsse, envelope
from accord.exchange.envelope import Header, open_envelope, seal
from accord.exchange.log import checkpoint, merkle, proofs, tiles
from accord.exchange.log.checkpoint import Checkpoint
from accord.exchange.log.tiles import TileReader
from accord.identity.partners import Untrusted

LARGEST = 700
SIZES = st.integers(1, LARGEST)
FEW = settings(max_examples=150, deadline=None)

CT_LEAVES = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]  # fmt: skip
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The test tree of Certificate Transparency: entries, and the root for each size."""


def test_roots_of_certificate_transparency() -> None:
    leaves = [merkle.leaf(bytes.fromhex(data)) for data in CT_LEAVES]
    roots = [merkle.root(leaves[:size]).hex() for size in range(1, 9)]
    assert roots == CT_ROOTS


def entry(number: int) -> bytes:
    return b"entry %d" % number


@cache
def tree() -> InmemoryTree:
    """Somebody else's tree over the same entries."""
    grown = InmemoryTree(algorithm="sha256")
    for number in range(LARGEST):
        grown.append_entry(entry(number))
    return grown


@cache
def kept() -> dict[tuple[int, int], bytes]:
    leaves = merkle.leaves(map(entry, range(LARGEST)))
    grown = tiles.grow(0, leaves, lambda level, number: b"")
    return {(level, number): hashes for level, number, hashes in grown}


def log(size: int) -> TileReader:
    return TileReader(lambda level, number, width: kept()[level, number][: width * 32], size)


@FEW
@given(size=st.integers(0, LARGEST))
def test_roots_are_those_of_pymerkle(size: int) -> None:
    leaves = merkle.leaves(map(entry, range(size)))
    assert merkle.root(leaves) == log(size).root() == tree().get_root(size)


@FEW
@given(size=SIZES, data=st.data())
def test_pymerkle_verifies_our_proofs_of_inclusion(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaf, root = merkle.leaf(entry(index)), log(size).root()
    theirs = tree().prove_inclusion(index + 1, size)
    theirs.path = [leaf, *log(size).inclusion(index)]
    theirs.verify(leaf, root, index=index + 1, size=size, algorithm="sha256")
    if size > 1:
        theirs.path[-1] = merkle.EMPTY
        with pytest.raises(InvalidProof):
            theirs.verify(leaf, root, index=index + 1, size=size)


@FEW
@given(size=SIZES, data=st.data())
def test_we_verify_pymerkles_proofs_of_inclusion(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaf, *proof = tree().prove_inclusion(index + 1, size).path
    assert tuple(proof) == log(size).inclusion(index)
    proofs.verify_inclusion(leaf, index, size, proof, tree().get_root(size))


def subproof(old: int, start: int, end: int, *, whole: bool) -> list[tuple[int, int]]:
    """Which subtrees prove growth: SUBPROOF of RFC 6962, section 2.1.2, word by word."""
    if old == end - start:
        return [] if whole else [(start, end)]
    half = 1 << (end - start - 1).bit_length() - 1
    middle = start + half
    if old <= half:
        return [*subproof(old, start, middle, whole=whole), (middle, end)]
    return [*subproof(old - half, middle, end, whole=False), (start, middle)]


@FEW
@given(size=SIZES, data=st.data())
def test_our_proofs_of_growth_follow_from_pymerkles(size: int, data: st.DataObject) -> None:
    """Theirs are not those of RFC 6962: they go down to a single leaf on the right. Theirs are
    verified by their code, and what RFC 6962 asks for is put together from their hashes.
    """
    old = data.draw(st.integers(1, size))
    before, after = tree().get_root(old), tree().get_root(size)
    theirs = tree().prove_consistency(old, size)
    theirs.verify(before, after, prior_size=old, later_size=size, algorithm="sha256")
    ranges = _consistency_path_layout(old, size)[2]
    known: dict[tuple[int, int], bytes] = dict(zip(ranges, theirs.path, strict=True))

    def of(start: int, end: int) -> bytes:
        if (start, end) in known:
            return known[start, end]
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        return hashlib.sha256(b"\x01" + of(start, middle) + of(middle, end)).digest()

    proof = [of(*part) for part in subproof(old, 0, size, whole=True)]
    assert tuple(proof) == log(size).consistency(old)
    proofs.verify_consistency(old, size, before, after, proof)


class ForeignNote:
    """Signed notes and cosignatures, written once more from C2SP signed-note and tlog-cosignature,
    by other means than ours.
    """

    def __init__(self, data: bytes) -> None:
        lines = data.decode("utf-8").split("\n")
        assert lines.pop() == ""
        last = len(lines) - 1 - lines[::-1].index("")
        self.text = "".join(line + "\n" for line in lines[:last])
        self.lines = [line.split(" ") for line in lines[last + 1 :]]

    @staticmethod
    def hint(name: str, kind: int, key: bytes) -> bytes:
        hashed = hashlib.sha256()
        hashed.update(name.encode("utf-8"))
        hashed.update(struct.pack(">BB", 10, kind))
        hashed.update(key)
        return hashed.digest()[0:4]

    def holds(self, vkey: str) -> bool:
        name, hint, encoded = vkey.split("+", 2)
        material = base64.standard_b64decode(encoded)
        kind, key = material[0], material[1:]
        assert bytes.fromhex(hint) == self.hint(name, kind, key)
        for dash, signer_name, blob in self.lines:
            raw = base64.standard_b64decode(blob)
            if dash == "—" and signer_name == name and raw[:4] == self.hint(name, kind, key):
                return self.verified(kind, key, raw[4:])
        return False

    def verified(self, kind: int, key: bytes, signature: bytes) -> bool:
        message = self.text
        if kind == 4:
            (time,) = struct.unpack(">Q", signature[:8])
            message = "\n".join(["cosignature/v1", f"time {time}", self.text])
            signature = signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, message.encode())
        except InvalidSignature:
            return False
        return True

    @classmethod
    def written(cls, text: str, name: str, holder: str, time: int | None = None) -> bytes:
        key = secret(holder)
        public = key.public_key().public_bytes_raw()
        if time is None:
            raw = cls.hint(name, 1, public) + key.sign(text.encode())
        else:
            message = f"cosignature/v1\ntime {time}\n{text}"
            stamp = struct.pack(">Q", time)
            raw = cls.hint(name, 4, public) + stamp + key.sign(message.encode())
        return f"— {name} {base64.standard_b64encode(raw).decode()}\n".encode()


points = st.builds(
    Checkpoint,
    origin=st.sampled_from(["quad.example/japan/k3x9", "go.sum database tree", "日本"]),
    size=st.integers(1, 10**12),
    root=st.binary(min_size=32, max_size=32),
)


@FEW
@given(point=points, time=st.integers(0, (1 << 63) - 1))
def test_others_verify_our_notes(point: Checkpoint, time: int) -> None:
    note = checkpoint.sign(point, "quad.example/japan", signer("japan"))
    cosigned = checkpoint.cosign(note, "quad.example/india", signer("india"), time)
    japan = checkpoint.vkey("quad.example/japan", signer("japan").key())
    india = checkpoint.vkey("quad.example/india", signer("india").key(), checkpoint.COSIGNATURE)
    foreign = ForeignNote(cosigned)
    assert foreign.text.split("\n") == [
        point.origin,
        str(point.size),
        base64.standard_b64encode(point.root).decode(),
        "",
    ]
    assert foreign.holds(japan)
    assert foreign.holds(india)
    assert not ForeignNote(note).holds(india)
    foreign.text = foreign.text.replace(f"\n{point.size}\n", f"\n{point.size + 1}\n")
    assert not foreign.holds(japan)
    assert not foreign.holds(india)


@FEW
@given(point=points, time=st.integers(0, (1 << 63) - 1))
def test_we_verify_the_notes_of_others(point: Checkpoint, time: int) -> None:
    root = base64.standard_b64encode(point.root).decode()
    text = f"{point.origin}\n{point.size}\n{root}\n"
    other = "— witness.example/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHe\n".encode()
    japan = ForeignNote.written(text, "quad.example/japan", "japan")
    india = ForeignNote.written(text, "quad.example/india", "india", time)
    note = b"\n".join([text.encode(), other + japan + india])
    opened = checkpoint.open_note(note, "quad.example/japan", [signer("japan").key()])
    assert opened == point
    keys = [signer("india").key()]
    assert checkpoint.verify_cosignature(note, "quad.example/india", keys) == (point, time)


HEADER = Header(
    origin="japan", object="indicator--1", type="indicator", media="application/json",
    tlp="GREEN", issued=NOW,
)  # fmt: skip


def foreign_key(name: str) -> SSlibKey:
    return SSlibKey.from_crypto(secret(name).public_key())


@FEW
@given(body=st.binary(max_size=300))
def test_securesystemslib_verifies_our_envelopes(body: bytes) -> None:
    sealed = seal(HEADER, body, [signer("japan"), ml_dsa("japan")])
    foreign = ForeignEnvelope.from_dict(msgspec.json.decode(sealed))
    assert foreign.payload_type == envelope.MEDIA
    assert foreign.payload.partition(b"\n")[2] == body
    pem = ml_dsa("japan")
    second = SSlibKey(pem.keyid, "ml-dsa", pem.scheme, {"public": pem.public})
    assert len(foreign.verify([foreign_key("japan"), second], 2)) == 2
    with pytest.raises(VerificationError):
        foreign.verify([foreign_key("australia")], 1)
    foreign.payload += b" "
    with pytest.raises(VerificationError):
        foreign.verify([foreign_key("japan")], 1)


@FEW
@given(body=st.binary(max_size=300))
def test_we_open_envelopes_that_securesystemslib_signed(body: bytes) -> None:
    payload = msgspec.json.encode(HEADER, order="sorted") + b"\n" + body
    foreign = ForeignEnvelope(payload, envelope.MEDIA, {})
    foreign.sign(CryptoSigner(secret("japan")))
    data = msgspec.json.encode(foreign.to_dict())
    opened = open_envelope(data, directory(), NOW)
    assert (opened.header, opened.body) == (HEADER, body)
    assert dsse.pae(envelope.MEDIA, payload) == foreign.pae()
    foreign.payload += b" "
    with pytest.raises(Untrusted):
        open_envelope(msgspec.json.encode(foreign.to_dict()), directory(), NOW)
