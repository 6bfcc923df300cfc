from __future__ import annotations

from base64 import b64decode, b64encode

import msgspec
import pytest
from sealed import NOW, directory, ml_dsa, partner, signer

from accord.core.errors import Invalid, TooLarge
from accord.exchange import dsse, envelope
from accord.exchange.envelope import Envelope, FromTheFuture, Header, open_envelope, peek, seal
from accord.identity.markings import Marking, Pap, Tlp
from accord.identity.partners import Directory, Holds, Partner, Untrusted

ISSUED = "2030-05-01T00:00:00.000000Z"
EARLIER, LATER = "2030-04-01T00:00:00.000000Z", "2030-05-15T00:00:00.000000Z"
HEADER = Header(
    origin="japan",
    object="indicator--1",
    version=EARLIER,
    type="indicator",
    media="application/stix+json;version=2.1",
    tlp="AMBER+STRICT",
    issued=ISSUED,
    title="日本語の題",
)
BODY = b'{"type":"indicator",\n "id": "indicator--1"}\n\x00\xff'
SEALED = seal(HEADER, BODY, [signer("japan")])
BOTH = seal(HEADER, BODY, [signer("japan"), ml_dsa("japan")])
PARTNERS = directory()


def sealed_as(payload: bytes) -> bytes:
    return dsse.write(envelope.MEDIA, payload, signer("japan"))


def keyed(scheme: str, **change: str) -> Directory:
    """Japan with something changed in one of its keys."""
    keys = [
        msgspec.structs.replace(key, **change) if key.scheme.startswith(scheme) else key
        for key in partner("japan").keys
    ]
    return directory(partner("japan", *keys))


def test_what_was_sealed_is_opened() -> None:
    keyid = signer("japan").keyid
    assert open_envelope(SEALED, PARTNERS, NOW) == Envelope(HEADER, BODY, (keyid,))
    assert peek(SEALED) == Envelope(HEADER, BODY, (keyid,))
    assert open_envelope(seal(HEADER, b"", [signer("japan")]), PARTNERS, NOW).body == b""


def test_header_and_bytes_are_readable_by_hand() -> None:
    payload = b64decode(msgspec.json.decode(SEALED)["payload"])
    header, _, body = payload.partition(b"\n")
    assert body == BODY
    assert header.decode() == (
        f'{{"issued":"{ISSUED}","media":"application/stix+json;version=2.1",'
        f'"object":"indicator--1","origin":"japan","title":"日本語の題",'
        f'"tlp":"AMBER+STRICT","type":"indicator","version":"{EARLIER}"}}'
    )


def test_signatures_stand_in_one_order() -> None:
    other = dsse.write(envelope.MEDIA, b"x", ml_dsa("japan"), signer("japan"))
    first = [one.keyid for one in dsse.read(other, envelope.MEDIA, 10).signatures]
    sealed = peek(seal(HEADER, BODY, [ml_dsa("japan"), signer("japan")])).keyids
    assert first == list(sealed[::-1])
    payload = dsse.read(BOTH, envelope.MEDIA, 10_000).payload
    swapped = dsse.write(envelope.MEDIA, payload, ml_dsa("japan"), signer("japan"))
    with pytest.raises(Untrusted, match="order"):
        open_envelope(swapped, PARTNERS, NOW)
    twice = dsse.write(envelope.MEDIA, payload, signer("japan"), signer("japan"))
    with pytest.raises(Untrusted, match="order"):
        open_envelope(twice, PARTNERS, NOW)


@pytest.mark.parametrize(
    ("policy", "enough"),
    [
        ("ed25519", {"ed25519", "both"}),
        ("ml-dsa-65", {"ml-dsa-65", "both"}),
        ("either", {"ed25519", "ml-dsa-65", "both"}),
        ("both", {"both"}),
        ("something new", {"both"}),
    ],
)
def test_the_policy_says_which_signatures_must_hold(policy: Holds, enough: set[str]) -> None:
    signers = {"ed25519": [signer("japan")], "ml-dsa-65": [ml_dsa("japan")]}
    partners = directory(signatures=policy)
    for name in ("ed25519", "ml-dsa-65", "both"):
        sealed = seal(HEADER, BODY, signers.get(name, [signer("japan"), ml_dsa("japan")]))
        if name in enough:
            assert open_envelope(sealed, partners, NOW).body == BODY
        else:
            with pytest.raises(Untrusted, match="the partnership demands"):
                open_envelope(sealed, partners, NOW)


def test_only_the_origin_can_seal_in_its_name() -> None:
    for signers in ([signer("australia")], [signer("nobody")]):
        with pytest.raises(Untrusted, match="is not a key of japan"):
            open_envelope(seal(HEADER, BODY, signers), PARTNERS, NOW)
    stranger = msgspec.structs.replace(HEADER, origin="nobody")
    with pytest.raises(Untrusted, match="'nobody' is not a partner"):
        open_envelope(seal(stranger, BODY, [signer("japan")]), PARTNERS, NOW)


def test_every_signature_must_hold() -> None:
    signed = msgspec.json.decode(BOTH)
    for changed in (0, 1):
        parts = [dict(one) for one in signed["signatures"]]
        value = bytearray(b64decode(parts[changed]["sig"]))
        value[7] ^= 1
        parts[changed]["sig"] = b64encode(value).decode()
        false = msgspec.json.encode({**signed, "signatures": parts})
        with pytest.raises(Untrusted, match="does not hold"):
            open_envelope(false, PARTNERS, NOW)


def test_a_rotated_key_counts_for_what_was_issued_before() -> None:
    assert open_envelope(SEALED, keyed("ed25519", until=LATER), NOW).body == BODY
    for until in (EARLIER, ISSUED):
        with pytest.raises(Untrusted, match="no key that counts for its date"):
            open_envelope(SEALED, keyed("ed25519", until=until), NOW)


def test_a_revoked_key_never_counts() -> None:
    for revoked in (EARLIER, LATER, "2040-01-01T00:00:00.000000Z"):
        with pytest.raises(Untrusted, match="no key that counts"):
            open_envelope(SEALED, keyed("ed25519", revoked=revoked), NOW)
        with pytest.raises(Untrusted, match="no key that counts"):
            open_envelope(SEALED, keyed("ed25519", revoked=revoked, until=LATER), NOW)


def test_the_other_signature_still_counts_where_it_is_enough() -> None:
    partners = keyed("ml-dsa", revoked=EARLIER)
    assert open_envelope(BOTH, partners, NOW).keyids == (signer("japan").keyid,)
    strict = msgspec.structs.replace(
        partners, policy=msgspec.structs.replace(partners.policy, signatures="both")
    )
    with pytest.raises(Untrusted, match="signed by ed25519; the partnership demands both"):
        open_envelope(BOTH, strict, NOW)


def test_nobody_can_add_a_signature_that_is_passed_over() -> None:
    signed = msgspec.json.decode(SEALED)
    padding = {"keyid": ml_dsa("japan").keyid, "sig": b64encode(b"\x00" * 3309).decode()}
    longer = msgspec.json.encode({**signed, "signatures": [*signed["signatures"], padding]})
    with pytest.raises(Untrusted, match="does not hold"):
        open_envelope(longer, keyed("ml-dsa", revoked=EARLIER), NOW)


def test_who_has_left_is_believed_for_what_it_sealed_before() -> None:
    def left(at: str) -> Partner:
        return partner("japan", removed=at)

    assert open_envelope(SEALED, directory(left(LATER)), NOW).body == BODY
    for at in (EARLIER, ISSUED):
        with pytest.raises(Untrusted, match="left at"):
            open_envelope(SEALED, directory(left(at)), NOW)


def test_what_is_dated_ahead_of_time_is_told_apart() -> None:
    assert open_envelope(SEALED, PARTNERS, ISSUED).body == BODY
    assert open_envelope(SEALED, PARTNERS, "2030-04-30T23:50:00.000000Z").body == BODY
    with pytest.raises(FromTheFuture, match="japan sealed this at 2030-05-01"):
        open_envelope(SEALED, PARTNERS, "2030-04-30T23:49:59.999999Z")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"origin": ""}, "/origin"),
        ({"object": ""}, "/object"),
        ({"type": ""}, "/type"),
        ({"media": ""}, "/media"),
        ({"issued": ""}, "/issued"),
        ({"issued": "2030-05-01"}, "/issued"),
        ({"issued": "2030-05-01T00:00:00Z"}, "/issued"),
        ({"issued": "2030-05-01T00:00:00.000000+00:00"}, "/issued"),
        ({"issued": "2030-02-31T00:00:00.000000Z"}, "/issued"),
        ({"created": "yesterday"}, "/created"),
        ({"expires": "9"}, "/expires"),
        ({"release_at": "2030-05-01 00:00:00.000000Z"}, "/release_at"),
        ({"tlp": ""}, "/tlp"),
        ({"tlp": "amber"}, "/tlp"),
        ({"tlp": "AMBER_STRICT"}, "/tlp"),
        ({"tlp": "WHITE"}, "/tlp"),
        ({"pap": ""}, "/pap"),
        ({"pap": "BLUE"}, "/pap"),
        ({"title": "a\nb"}, "/title"),
        ({"title": "a\u2028b"}, "/title"),
        ({"title": "a\x7fb"}, "/title"),
        ({"title": "a\ud800b"}, "/title"),
        ({"title": "a" * 1001}, "/title"),
        ({"object": "a" * 4001}, "/object"),
        ({"version": "a\x00"}, "/version"),
        ({"version": "a" * 401}, "/version"),
        ({"origin": "a" * 65}, "/origin"),
        ({"media": "a" * 201}, "/media"),
        ({"type": "a" * 101}, "/type"),
    ],
)
def test_a_header_that_exists_is_valid(change: dict[str, str], place: str) -> None:
    with pytest.raises(Invalid) as wrong:
        msgspec.structs.replace(HEADER, **change)
    assert wrong.value.place == place
    if "\ud800" not in change.get("title", ""):
        members = {**msgspec.to_builtins(HEADER), **change}
        payload = msgspec.json.encode(members, order="sorted") + b"\n" + BODY
        with pytest.raises(Invalid):
            open_envelope(sealed_as(payload), PARTNERS, NOW)


def test_a_header_holds_the_marking() -> None:
    full = msgspec.structs.replace(HEADER, pap="RED", release_at=EARLIER, expires=LATER)
    assert full.marking == Marking(Tlp.AMBER_STRICT, Pap.RED, EARLIER, LATER)
    assert HEADER.marking == Marking(Tlp.AMBER_STRICT)


def test_any_text_can_be_made_a_title() -> None:
    assert envelope.one_line(" a\r\n\tb\u2028c\ud800 ") == "a b c"
    joined = "\u0915\u094d\u200d\u0937"
    assert envelope.one_line(joined) == joined
    assert msgspec.structs.replace(HEADER, title=joined).title == joined
    assert len(envelope.one_line("a" * 5000)) == 1000


LINE = msgspec.json.encode(HEADER, order="sorted")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        BODY,
        LINE,
        b"\n" + BODY,
        b"null\n" + BODY,
        b"[]\n" + BODY,
        LINE.replace(b",", b", ", 1) + b"\n" + BODY,
        LINE.replace(b"}", b',"audience":"all"}') + b"\n" + BODY,
        LINE.replace(b"}", b',"tlp":"CLEAR"}') + b"\n" + BODY,
        LINE.replace(b"}", b',"pap":"CLEAR"}') + b"\n" + BODY,
        LINE.replace(b'"tlp":"AMBER+STRICT",', b"") + b"\n" + BODY,
        LINE.replace(b'"AMBER+STRICT"', b"null") + b"\n" + BODY,
        LINE.replace(b"japan", b"\\u006aapan") + b"\n" + BODY,
        LINE.replace(b"japan", b"\\ud800") + b"\n" + BODY,
        LINE.replace(b"japan", b"\xff") + b"\n" + BODY,
        b"\xef\xbb\xbf" + LINE + b"\n" + BODY,
        b" " * envelope.MAX_HEADER + LINE + b"\n" + BODY,
    ],
)
def test_what_is_no_payload_is_refused(payload: bytes) -> None:
    with pytest.raises(Invalid):
        open_envelope(sealed_as(payload), PARTNERS, NOW)


def test_an_object_has_a_size() -> None:
    largest = b"\x00" * envelope.MAX_BODY
    sealed = seal(HEADER, largest, [signer("japan")])
    assert len(sealed) < 16_000_000
    assert open_envelope(sealed, PARTNERS, NOW).body == largest
    with pytest.raises(TooLarge):
        seal(HEADER, largest + b"\x00", [signer("japan")])
    with pytest.raises(TooLarge):
        open_envelope(sealed_as(LINE + b"\n\x00" + largest), PARTNERS, NOW)
    with pytest.raises(TooLarge):
        peek(b"\x00" * 15_000_000)
