"""How a partner joins: an invitation goes out, an enrolment comes back, words are compared.

Both are files that may travel by any way, even an unsafe one. What makes them trustworthy are the
words that two people read to each other: of the root in the invitation, and of the newcomer's keys
in the enrolment. Nothing is trusted because it came first.
Source: DSSE v1 (the envelope of an enrolment), as securesystemslib writes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
from securesystemslib.dsse import Envelope

from accord.core import json
from accord.core.errors import Invalid
from accord.core.limits import Limits
from accord.identity import words
from accord.identity.directory.kinds import ENROLMENT, expect
from accord.identity.directory.metadata import Signature, is_file_name, refusing
from accord.identity.directory.records import check_partner, fingerprint
from accord.identity.directory.trusted import Trusted, newest_root, trust
from accord.identity.keys import Signer, verify
from accord.identity.partners import Partner, Untrusted

_LIMITS = Limits(bytes=16 * 1024 * 1024, depth=12)
_SMALL = Limits(bytes=256 * 1024, depth=12)


class Invitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The directory as it is, for somebody who is to join."""

    accord: Literal["invitation"]
    partnership: str
    files: dict[str, str]


class _Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a newcomer signs."""

    partnership: str
    root: str
    """Fingerprint of the root that it was invited with, in hexadecimal."""
    partner: Partner


class Enrolment(msgspec.Struct, frozen=True):
    """A newcomer's own record, signed by each of its keys."""

    partnership: str
    root: str
    partner: Partner

    @property
    def fingerprint(self) -> bytes:
        """What its words are made of."""
        return fingerprint(self.partnership, self.partner)


def write_invitation(trusted: Trusted) -> bytes:
    """The directory as one file."""
    files = {name: data.decode() for name, data in trusted.files.items()}
    invitation = Invitation("invitation", trusted.directory.partnership, files)
    return msgspec.json.format(msgspec.json.encode(invitation, order="sorted"), indent=1) + b"\n"


def read_invitation(data: bytes, said: str, now: str) -> Trusted:
    """The directory of an invitation, once its root has the words that were read out.

    Raises:
        Untrusted: other words, or files that do not hold together.
        Invalid: not an invitation.
    """
    expect(data, "invitation")
    json.decode_strict(data, _LIMITS)
    invitation = json.decode_as(Invitation, data, _LIMITS)
    files = {name: text.encode() for name, text in invitation.files.items() if is_file_name(name)}
    oldest = min(files, key=_age, default="")
    newest_root(files)
    trusted = trust(lambda name, _most: files.get(name), {oldest: files[oldest]}, now)
    check_words(said, trusted.fingerprint, "the invitation")
    if trusted.directory.partnership != invitation.partnership:
        raise Invalid("the invitation names another partnership than its files", "/partnership")
    return trusted


def _age(name: str) -> tuple[bool, int]:
    """Roots first, the oldest of them foremost."""
    number, _, rest = name.partition(".")
    return (rest != "root.json", int(number) if rest == "root.json" else 0)


def check_words(said: str, digest: bytes, of: str) -> None:
    """Whether what was read out belongs to what is at hand.

    Raises:
        Untrusted: it does not.
    """
    if words.same(said, digest):
        return
    strange = words.unknown(said)
    hint = f" ({', '.join(strange[:3])!r}: no such word is ever used)" if strange else ""
    raise Untrusted(
        f"the words do not belong to {of}{hint}. Have them read out again; if they still differ, "
        "the file was changed on its way: do not use it, and ask for another by another way"
    )


def write_enrolment(trusted: Trusted, partner: Partner, signers: Sequence[Signer]) -> bytes:
    """A newcomer's record as it asks to be taken up, signed by each of its keys.

    Raises:
        CannotSign: a key did not answer.
    """
    partnership = trusted.directory.partnership
    statement = _Statement(partnership, trusted.fingerprint.hex(), partner)
    envelope = Envelope(msgspec.json.encode(statement, order="sorted"), ENROLMENT, {})
    for signer in signers:
        signature = signer.sign(envelope.pae()).hex()
        envelope.signatures[signer.keyid] = Signature(signer.keyid, signature)
    said = msgspec.json.encode(envelope.to_dict(), order="sorted")
    return msgspec.json.format(said, indent=1) + b"\n"


def read_enrolment(data: bytes) -> Enrolment:
    """A newcomer's record, signed by each key in it.

    That says only that whoever wrote it has these keys; who that is, the words say.

    Raises:
        Untrusted: a signature is missing or does not hold.
        Invalid: not an enrolment.
    """
    value = json.decode_strict(data, _SMALL)
    with refusing("the enrolment"):
        envelope = Envelope.from_dict(value)
    if envelope.payload_type != ENROLMENT:
        raise Invalid(f"{envelope.payload_type[:60]!r} is not an enrolment", "/payloadType")
    json.decode_strict(envelope.payload, _SMALL)
    statement = json.decode_as(_Statement, envelope.payload, _SMALL)
    partner = check_partner(statement.partnership, statement.partner)
    if partner.removed or not all(key.in_use for key in partner.keys):
        raise Invalid("a newcomer brings keys that are in use, and no others", "/keys")
    for key in partner.keys:
        signature = envelope.signatures.get(key.keyid)
        if signature is None:
            raise Untrusted(f"the enrolment is not signed by its key {key.keyid[:12]}")
        verify(key, bytes.fromhex(signature.signature), envelope.pae())
    return Enrolment(statement.partnership, statement.root, partner)
