"""What the directory says: one record a partner, and the charter of the partnership.

A record is JSON. It is read strictly, and what is read has been checked in every part, so that a
directory that exists is valid.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from urllib.parse import urlsplit
from uuid import UUID, uuid5

import msgspec

from accord.core import json
from accord.core.errors import Invalid
from accord.core.limits import Limits
from accord.core.times import when
from accord.identity.keys import check_key
from accord.identity.partners import ED25519, ML_DSA_65, Directory, Partner, Policy

CHARTER = "partnership.json"
"""Name of the charter among the targets."""
RECORD = ".partner.json"
"""How the name of a partner's record ends. Names hold no `/`: each is one step of an address."""
LARGEST = 256 * 1024
"""Bytes of a record: room for some fifty ML-DSA-65 keys of 2.7 kB."""
MOST_PARTNERS = 200
_LIMITS = Limits(bytes=LARGEST, depth=8, items=1000)
_NAMESPACE = UUID("9491375b-1216-4e5a-8fc6-03f6ce3bf695")
"""Of STIX identifiers of partners: made once for this purpose, never to change."""
_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", re.ASCII)
_CERTIFICATE = re.compile(r"[0-9a-f]{64}", re.ASCII)
_LONGEST_NAME = 32
_LONGEST_TEXT = 200
_LONGEST_LINE = 1000
_MOST = 50


class Charter(msgspec.Struct, frozen=True):
    """What holds for all partners."""

    partnership: str
    """Short name: `pacific`."""
    policy: Policy = Policy()
    threshold: int = 0
    """Partners who must sign a change, where they chose a number; 0: three quarters of them."""


def quorum(members: int, wanted: int = 0) -> int:
    """How many of so many members must sign: three quarters, rounded up, or the number wanted.

    It is always more than half: two changes can never both be signed by enough without somebody
    who signed both.
    """
    most = -(-3 * members // 4)
    return min(members, max(wanted, members // 2 + 1)) if wanted else most


def role_scheme(policy: Policy) -> str:
    """With which keys the directory itself is signed.

    Where envelopes must hold an ML-DSA-65 signature, the directory that says whose keys are whose
    must not rest on Ed25519 alone.
    """
    return ML_DSA_65 if policy.signatures in ("both", "ml-dsa-65") else ED25519


def identity_of(partnership: str, name: str) -> str:
    """STIX identifier of a partner's identity object: the same wherever it is computed."""
    return f"identity--{uuid5(_NAMESPACE, f'{partnership}/{name}')}"


def fingerprint(partnership: str, partner: Partner) -> bytes:
    """SHA-256 over who a partner is and with which keys: what people compare in words."""
    keys = (key.keyid for key in (partner.current(ED25519), partner.current(ML_DSA_65)) if key)
    said = ["accord partner", partnership, partner.name, *keys]
    return sha256("\n".join(said).encode()).digest()


def check_name(text: str) -> str:
    """A short name of a partner or a partnership.

    Raises:
        Invalid: other characters than a-z, 0-9 and `-` between them, or too long.
    """
    if len(text) > _LONGEST_NAME or _NAME.fullmatch(text) is None:
        raise Invalid(
            f"{text[:60]!r} is not a short name: a-z first, then a-z, 0-9 and single '-', "
            f"at most {_LONGEST_NAME} characters"
        )
    return text


def check_address(text: str) -> str:
    """An address of a door: `https://host:port`.

    Raises:
        Invalid: another scheme, no host, or more than scheme, host and port.
    """
    wrong = f"{text[:80]!r} is not the address of a door: https://host or https://host:port"
    if len(text) > _LONGEST_TEXT or not text.isascii() or not text.isprintable() or " " in text:
        raise Invalid(wrong, "/addresses")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as bad:
        raise Invalid(wrong, "/addresses") from bad
    whole = f"https://{parts.netloc}"
    if parts.hostname is None or port == 0 or "@" in parts.netloc or text.rstrip("/") != whole:
        raise Invalid(wrong, "/addresses")
    return whole


def check_partner(partnership: str, partner: Partner) -> Partner:
    """A record in which every part is what it should be.

    Raises:
        Invalid: it is not; the place says which part.
    """
    check_name(partner.name)
    if partner.identity != identity_of(partnership, partner.name):
        raise Invalid(f"not the identifier of {partner.name} in {partnership}", "/identity")
    for text, place in ((partner.title, "/title"), *((role, "/roles") for role in partner.roles)):
        _check_text(text, place)
    for field in ("addresses", "certificates", "keys", "roles"):
        if len(getattr(partner, field)) > _MOST:
            raise Invalid(f"more than {_MOST}", f"/{field}")
    if [check_address(address) for address in partner.addresses] != [*partner.addresses]:
        raise Invalid("an address does not end in '/'", "/addresses")
    if not all(map(_CERTIFICATE.fullmatch, partner.certificates)):
        raise Invalid("a certificate is named by 64 lower-case hexadecimal digits", "/certificates")
    _check_times(partner)
    _check_keys(partner)
    return partner


def _check_text(text: str, place: str) -> None:
    if not text.strip() or len(text) > _LONGEST_TEXT or not text.isprintable():
        raise Invalid(f"1 to {_LONGEST_TEXT} printable characters are expected", place)


def _check_times(partner: Partner) -> None:
    """Times are compared as text, so they must be written in the one way that allows it."""
    times = [(partner.since, "/since"), (partner.removed, "/removed")]
    for key in partner.keys:
        times += [(key.since, "/keys"), (key.until, "/keys"), (key.revoked, "/keys")]
        if len(key.why) > _LONGEST_LINE:
            raise Invalid(f"a reason of more than {_LONGEST_LINE} characters", "/keys")
    for text, place in times:
        if when(text, place) != text:
            raise Invalid(f"{text[:40]!r} is not a time as it is kept here", place)


def _check_keys(partner: Partner) -> None:
    for key in partner.keys:
        check_key(key)
    in_use = [key.scheme for key in partner.keys if key.in_use]
    if len(set(in_use)) != len(in_use):
        raise Invalid(f"{partner.name} has two keys of one scheme in use", "/keys")
    if partner.removed and in_use:
        raise Invalid(f"{partner.name} was removed, and has a key in use", "/keys")
    if partner.member and ED25519 not in in_use:
        raise Invalid(f"{partner.name} has no {ED25519} key in use", "/keys")


def write_partner(partner: Partner) -> bytes:
    """A record as bytes; the same record always gives the same ones."""
    return msgspec.json.format(msgspec.json.encode(partner, order="sorted"), indent=1) + b"\n"


def read_partner(data: bytes, partnership: str, place: str = "") -> Partner:
    """A record, checked.

    Raises:
        Invalid: not a record, or one that breaks a rule.
    """
    try:
        json.decode_strict(data, _LIMITS)
        return check_partner(partnership, json.decode_as(Partner, data, _LIMITS))
    except Invalid as wrong:
        raise type(wrong)(wrong.reason, f"{place}{wrong.place}") from wrong


def write_charter(charter: Charter) -> bytes:
    """A charter as bytes; the same charter always gives the same ones."""
    return msgspec.json.format(msgspec.json.encode(charter, order="sorted"), indent=1) + b"\n"


def read_charter(data: bytes) -> Charter:
    """A charter, checked.

    Raises:
        Invalid: not a charter, or one that breaks a rule.
    """
    json.decode_strict(data, _LIMITS)
    charter = json.decode_as(Charter, data, _LIMITS)
    check_name(charter.partnership)
    if charter.threshold < 0 or not 1 <= charter.policy.recall_hours <= 24 * 365:
        raise Invalid("a threshold below zero, or recall hours outside of 1 to 8,760", CHARTER)
    return charter


def assemble(charter: Charter, partners: Iterable[Partner], version: int) -> Directory:
    """A directory, from checked records.

    Raises:
        Invalid: the records contradict each other, or the charter.
    """
    listed = tuple(sorted(partners, key=lambda partner: partner.name))
    members = [partner for partner in listed if partner.member]
    if not members or len(listed) > MOST_PARTNERS:
        raise Invalid(f"{len(members)} members among {len(listed)} partners")
    _check_apart(listed)
    scheme = role_scheme(charter.policy)
    lacking = [partner.name for partner in members if partner.current(scheme) is None]
    if lacking:
        raise Invalid(f"no {scheme} key in use, as the policy asks: {', '.join(lacking)}")
    return Directory(
        partnership=charter.partnership,
        version=version,
        threshold=quorum(len(members), charter.threshold),
        policy=charter.policy,
        partners=listed,
    )


def _check_apart(partners: Sequence[Partner]) -> None:
    """No key speaks for two partners, or twice for one."""
    keyids = [key.keyid for partner in partners for key in partner.keys]
    if len(set(keyids)) != len(keyids):
        raise Invalid("one key stands in the directory twice")
    names = [partner.name for partner in partners]
    if len(set(names)) != len(names):
        raise Invalid("one partner stands in the directory twice")
