"""A profile of SBOM fields: what somebody asks of every bill, as data.

A document in YAML or JSON: which fields, for the bill or for each component, by which check, and
where the one who asks says so. Read strictly: a word that is not known is refused, because a field
that is misspelt would otherwise pass unasked.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final, Literal

import msgspec

from accord.assurance.profiles.checks import OF_BILL, OF_COMPONENT
from accord.core import json, yaml
from accord.core.errors import Invalid
from accord.core.limits import Limits
from accord.core.times import when

KIND: Final = "SBOM profile"
_LIMITS: Final = Limits(bytes=1 << 20, depth=8, items=1000, text=10_000)
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,79}")
_ALL: Final = "all"
"""What the whole of a profile is called; no field may."""


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One field that is asked for."""

    id: str
    """In small letters, with hyphens: `supplier-name`."""
    title: str
    level: Literal["bill", "component"]
    check: str
    """One of the checks of that level."""
    required: bool
    """Otherwise it is recommended: counted, and never in the way."""
    source: str
    """Section of the document that asks for it."""


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one document asks of every bill."""

    sbom_profile: str
    """Short name with version: `ntia-2021`."""
    title: str
    issuer: str
    source: str
    """The document that it restates."""
    dated: str
    """Day of that document."""
    fields: tuple[Field, ...]

    @property
    def name(self) -> str:
        """Short name, as items and commands write it."""
        return self.sbom_profile


def read(data: bytes) -> Profile:
    """A profile, in YAML or JSON.

    Raises:
        Invalid: a field is missing, misspelt, there twice, or names a check that there is not.
        Unreadable: neither YAML nor JSON.
        TooLarge: past a bound.

    """
    is_json = data[:64].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")
    decode = json.decode_as if is_json else yaml.decode_as
    profile: Profile = decode(Profile, data, _LIMITS)
    if not _NAME.fullmatch(profile.name):
        raise Invalid(f"{profile.name[:60]!r} is not a short name: a-z, 0-9, `.` and `-`")
    when(profile.dated, "dated")
    if not any(field.required for field in profile.fields):
        raise Invalid("no field is required; every bill would pass", "fields")
    _check(profile)
    return profile


def _check(profile: Profile) -> None:
    counted = Counter(field.id for field in profile.fields)
    for index, field in enumerate(profile.fields):
        place = f"fields[{index}]"
        if not _NAME.fullmatch(field.id) or field.id == _ALL:
            raise Invalid(f"{field.id[:60]!r} cannot be the id of a field", place)
        if counted[field.id] > 1:
            raise Invalid(f"the field {field.id!r} stands twice", place)
        known = sorted(OF_BILL if field.level == "bill" else OF_COMPONENT)
        if field.check not in known:
            reason = f"there is no check {field.check[:60]!r} of a {field.level}; there are "
            raise Invalid(reason + ", ".join(known), place)
