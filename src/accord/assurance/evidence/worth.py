"""What results of tools are worth as claims: data, in `accord/assurance/data/evidence.yaml`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec

from accord.core import yaml


class Scores(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From which score on a check of Scorecard holds."""

    threshold: int
    checks: dict[str, int] = {}


class Shares(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From which share of conformance, of 100, a declared requirement holds."""

    threshold: int


class Catalogues(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which catalogue a requirement is of, by how its identifier begins."""

    catalogues: dict[str, str]


class Worth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it."""

    scorecard: Scores
    declarations: Shares
    evaluations: Catalogues


@cache
def worth() -> Worth:
    """As it is shipped."""
    data = (files("accord.assurance") / "data/evidence.yaml").read_bytes()
    return msgspec.convert(yaml.decode(data), Worth, strict=False)
