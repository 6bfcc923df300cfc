from __future__ import annotations

import pytest
from sealed import signer

from accord.core.errors import Invalid, TooLarge
from accord.exchange import dsse

MEDIA = "application/example"
KEYID = signer("japan").keyid
GOOD = dsse.write(MEDIA, b"hello world", signer("japan"))


def test_what_is_signed_is_that_of_the_specification() -> None:
    """The example of the DSSE protocol, section "Test vectors"."""
    signed = dsse.pae("http://example.com/HelloWorld", b"hello world")
    assert signed == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert dsse.pae("é", b"") == b"DSSEv1 2 \xc3\xa9 0 "


def test_an_envelope_has_one_form() -> None:
    text = GOOD.decode()
    assert text.startswith(
        f'{{"payload":"aGVsbG8gd29ybGQ=","payloadType":"application/example",'
        f'"signatures":[{{"keyid":"{KEYID}","sig":"'
    )
    assert dsse.read(GOOD, MEDIA, 11).payload == b"hello world"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"{", b" {"),
        (b"}]}", b"}]} "),
        (b"}]}", b"}],}"),
        (b"}]}", b'}],"more":1}'),
        (b'{"payload"', b'{"payload":"","payload"'),
        (b'"payloadType":"application/example"', b'"payloadType":"text/plain"'),
        (b'"payloadType":"application/example",', b""),
        (b"application/example", b"application\\/example"),
        (b'"aGVsbG8gd29ybGQ="', b"null"),
        (b'"aGVsbG8gd29ybGQ="', b'"aGVsbG8gd29ybGR="'),
        (b'"aGVsbG8gd29ybGQ="', b'"aGVsbG8gd29ybGQ"'),
        (b'"aGVsbG8gd29ybGQ="', b'"aGVsbG8g\\nd29ybGQ="'),
        (b'"aGVsbG8gd29ybGQ="', b'"aGVsbG8-d29ybGQ="'),
        (b'"keyid"', b'"keyId"'),
        (b'"sig"', b'"cert":"","sig"'),
        (b'"signatures":[', b'"signatures":[],"x":['),
    ],
)
def test_any_other_form_is_refused(old: bytes, new: bytes) -> None:
    data = GOOD.replace(old, new, 1)
    assert data != GOOD
    with pytest.raises(Invalid):
        dsse.read(data, MEDIA, 100)


def test_signatures_are_one_or_two() -> None:
    one = signer("japan")
    assert len(dsse.read(dsse.write(MEDIA, b"", one, one), MEDIA, 0).signatures) == 2
    for signers in ((), (one, one, one)):
        with pytest.raises(Invalid, match="1 or 2"):
            dsse.read(dsse.write(MEDIA, b"", *signers), MEDIA, 100)


def test_sizes_are_bounded() -> None:
    with pytest.raises(TooLarge, match="11 bytes; the limit is 10"):
        dsse.read(GOOD, MEDIA, 10)
    with pytest.raises(TooLarge):
        dsse.read(b"[" * 20_000, MEDIA, 10)
    with pytest.raises(Invalid):
        dsse.read(b"[" * 16_000, MEDIA, 10)
