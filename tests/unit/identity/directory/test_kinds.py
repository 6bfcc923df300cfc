"""Whoever holds the wrong file is told which one it is, and which is expected."""

from __future__ import annotations

import pytest
from attacks import first

from accord.core.errors import Invalid, TooLarge
from accord.identity.directory import enrolment, kinds
from accord.identity.directory.kinds import expect

INVITATION = enrolment.write_invitation(first())


def test_what_is_expected_is_taken() -> None:
    assert expect(INVITATION, "invitation") == "invitation"
    assert expect(INVITATION, "proposal", "invitation") == "invitation"
    asked = b'{"payloadType": "%b"}' % kinds.ENROLMENT.encode()
    assert expect(asked, "enrolment") == "enrolment"
    assert expect(b'{"accord": "proposal"}', "proposal") == "proposal"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (INVITATION, ("this is an invitation, and an enrolment or a proposal is expected here: the"
                     " newcomer runs `accord partners accept` with it")),
        (b"{}", "no file of a partnership: an enrolment or a proposal is expected here"),
        (b"[1]", "no file of a partnership"),
        (b'{"accord": 1}', "no file of a partnership"),
        (b"", "an enrolment or a proposal is expected here, and this is not one"),
        (INVITATION[:-30], "an enrolment or a proposal is expected here, and this is not one"),
    ],
)  # fmt: skip
def test_what_is_not_says_what_is(data: bytes, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        expect(data, "enrolment", "proposal")


def test_what_is_too_large_is_not_looked_at() -> None:
    with pytest.raises(TooLarge):
        expect(b"[" + b" " * (16 << 20) + b"]", "proposal")
