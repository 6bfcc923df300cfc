"""Profiles are data, read strictly: a slip is refused, never passed over."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from accord.assurance.profiles.profile import read
from accord.core.errors import Invalid, NotFound, TooLarge
from accord.flows.score import named, shipped

FIELD = {
    "id": "supplier-name",
    "title": "Supplier name",
    "level": "component",
    "check": "supplier",
    "required": True,
    "source": "section 1",
}
PROFILE = {
    "sbom_profile": "own-1",
    "title": "Our own",
    "issuer": "Agency",
    "source": "Letter",
    "dated": "2026-01-01",
    "fields": [FIELD],
}


def written(**changes: Any) -> bytes:
    return msgspec.json.encode({**PROFILE, **changes})


def test_what_comes_with_accord() -> None:
    counts = {
        name: (len(one.fields), sum(field.required for field in one.fields))
        for name, one in shipped().items()
    }
    assert counts == {
        "bsi-tr-03183-2-2.1": (22, 19),
        "cert-in-2.0": (21, 21),
        "cisa-2025-draft": (11, 11),
        "ntia-2021": (7, 7),
    }
    for profile in shipped().values():
        assert profile.dated < "2026"
        assert all(field.source for field in profile.fields)


def test_a_name_that_there_is_not() -> None:
    with pytest.raises(NotFound, match=r"there are bsi.*ntia-2021"):
        named("ntia")


def test_json_and_yaml_are_one() -> None:
    as_yaml = b"""\
sbom_profile: own-1
title: Our own
issuer: Agency
source: Letter
dated: 2026-01-01
fields:
- {id: supplier-name, title: Supplier name, level: component, check: supplier, required: true,
   source: section 1}
"""
    assert read(as_yaml) == read(written())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sbom_profile": "Own 1"}, "not a short name"),
        ({"dated": "soon"}, "not a date"),
        ({"fields": []}, "no field is required"),
        ({"fields": [{**FIELD, "required": False}]}, "no field is required"),
        ({"fields": [FIELD, FIELD]}, "stands twice"),
        ({"fields": [{**FIELD, "id": "all"}]}, "cannot be the id"),
        ({"fields": [{**FIELD, "check": "suplier"}]}, r"no check 'suplier' of a component.*name"),
        ({"fields": [{**FIELD, "level": "bill"}]}, "no check 'supplier' of a bill"),
        ({"fields": [{**FIELD, "level": "file"}]}, "Invalid enum"),
        ({"fields": [{**FIELD, "requird": True}]}, "requird"),
        ({"fields": "all"}, "array"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_slip_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        read(written(**changes))


def test_a_profile_has_bounds() -> None:
    with pytest.raises(TooLarge):
        read(b'{"a":' + b"[" * 9 + b"]" * 9 + b"}")
    with pytest.raises(TooLarge):
        read(b" " * (1 << 20) + written())
    with pytest.raises(Invalid):
        read(b"\xff\xfe")
