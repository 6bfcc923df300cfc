"""What is found of envelopes goes from process to process in parts, and comes whole."""

from __future__ import annotations

import pickle

import pytest

from accord.flows.exchange.following.examine import Examined, Left, Taken, flat, whole
from accord.flows.prepare import prepare
from accord.flows.prepared import Prepared

ADVISORY = (
    b'{"id": "A-1", "modified": "2026-11-01T00:00:00Z", "affected": [{"package": {"ecosystem":'
    b' "npm", "name": "p"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]}]}'
)
SIGHTING = (
    b'{"type": "sighting", "id": "sighting--00000000-0000-4000-8000-000000000001",'
    b' "spec_version": "2.1", "created": "2026-11-01T00:00:00Z",'
    b' "modified": "2026-11-01T00:00:00Z",'
    b' "sighting_of_ref": "indicator--00000000-0000-4000-8000-000000000002"}'
)


def taken(prepared: Prepared) -> Taken:
    return Taken(
        number=7,
        digest="d",
        origin="japan",
        object="o",
        version="v",
        type="t",
        media="m",
        tlp=2,
        pap=1,
        release_at="r",
        expires="e",
        created="c",
        issued="i",
        title="n",
        refs="[]",
        prepared=prepared,
    )


@pytest.mark.parametrize(
    "one",
    [
        Left(1, "quarantined", "why"),
        taken(prepare("s", ADVISORY)),
        taken(prepare("s", SIGHTING)),
        taken(prepare("s", b"nothing that is known")),
    ],
)
def test_what_was_found_comes_whole(one: Examined) -> None:
    parts = flat(one)
    assert not any(type(part).__module__.startswith("accord") for part in parts)
    assert whole(pickle.loads(pickle.dumps(parts))) == one
