"""How far evidence is believed follows from what was verified and from whose word it is by then."""

from __future__ import annotations

from typing import Any

import pytest
from evidence_made import NOW

from accord.assurance.evidence.believing import weigh
from accord.assurance.evidence.facts import Identity, SignKey, Standing, Tie
from accord.assurance.model import Level


def tie(**more: Any) -> Tie:
    values: dict[str, Any] = {
        "document": "0" * 64,
        "product": "Lantern",
        "release": "2.1",
        "kind": "provenance",
        "issuer": "Forge",
        "how": "key",
        "key": "k",
        "builder": "Forge",
        "matched": ("sha256:1",),
        "artefacts": (),
        "issued": "",
        "expires": "",
        "removed": False,
        "person": "Ana",
        "why": "",
        "at": NOW,
    }
    return Tie(**{**values, **more})


def standing(**more: Any) -> Standing:
    values: dict[str, Any] = {
        "name": "Forge",
        "role": "builder",
        "keys": (SignKey("k", ""),),
        "identities": (Identity("https://builds.example"),),
        "certificates": (),
        "trust_root": "",
        "kinds": (),
        "items": (),
        "products": (),
        "until": "",
        "removed": False,
        "person": "Ana",
        "why": "known",
        "at": NOW,
    }
    return Standing(**{**values, **more})


@pytest.mark.parametrize(
    ("of_tie", "of_standing", "level"),
    [
        ({}, {}, Level.VERIFIED),
        ({"matched": ()}, {}, Level.SELF_ASSERTED),
        ({"builder": "Other"}, {}, Level.SELF_ASSERTED),
        ({"builder": ""}, {}, Level.SELF_ASSERTED),
        ({"how": "unsigned", "key": ""}, {}, Level.SELF_ASSERTED),
        ({"how": "unsigned", "key": ""}, {"role": "assessor"}, Level.SELF_ASSERTED),
        ({"how": "unsigned", "key": ""}, {"role": "authority"}, Level.SELF_ASSERTED),
        ({"kind": "report"}, {"role": "authority"}, Level.THIRD_PARTY),
        ({"kind": "verification summary"}, {"role": "authority"}, Level.VERIFIED),
        ({"kind": "verification summary", "matched": ()}, {"role": "authority"}, Level.THIRD_PARTY),
        ({}, {"role": "assessor"}, Level.THIRD_PARTY),
        ({}, {"role": "supplier"}, Level.SELF_ASSERTED),
        ({"kind": "report"}, {}, Level.UNKNOWN),
        ({}, {"kinds": ("report",)}, Level.UNKNOWN),
        ({}, {"products": ("Torch",)}, Level.UNKNOWN),
        ({"key": "other"}, {}, Level.UNKNOWN),
        ({"how": "sigstore", "key": "https://builds.example"}, {}, Level.UNKNOWN),
        ({"issuer": ""}, {}, Level.SELF_ASSERTED),
        ({"issuer": "Nobody"}, {}, Level.UNKNOWN),
        ({}, {"removed": True}, Level.UNKNOWN),
        ({}, {"until": NOW}, Level.UNKNOWN),
    ],
)
def test_the_level(of_tie: dict[str, Any], of_standing: dict[str, Any], level: Level) -> None:
    found = weigh(tie(**of_tie), {"Forge": standing(**of_standing)}, NOW)
    assert (found.level, found.left_out) == (level, False)


@pytest.mark.parametrize("dates", [{"expires": NOW}, {"issued": "2027-01-01T00:00:00.000000Z"}])
def test_out_of_date_is_left_out(dates: dict[str, str]) -> None:
    assert weigh(tie(**dates), {"Forge": standing()}, NOW).left_out
