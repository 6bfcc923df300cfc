"""CPE names: formatted strings of version 2.3 and URIs of version 2.2.

Source: NISTIR 7695 (CPE naming 2.3), sections 6.1 (URI) and 6.2 (formatted string).
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

import msgspec

from accord.core.errors import Invalid

_ATTRIBUTE = re.compile(r"((?:[^\\:]|\\.)*+):", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)")
_ATTRIBUTES = 11
_LONGEST = 2048
_NEEDED = 3
"""Part, vendor and product."""
_URI_COMPONENTS = 7
_EDITION = 5
_CACHED = 1 << 15


class Cpe(msgspec.Struct, frozen=True, gc=False):
    """A CPE name, decoded and in lower case. Both `*` (any) and `-` (none) become empty text."""

    part: str
    """`a` application, `o` operating system, `h` hardware."""
    vendor: str
    product: str
    version: str = ""
    update: str = ""
    edition: str = ""
    language: str = ""
    sw_edition: str = ""
    target_sw: str = ""
    target_hw: str = ""
    other: str = ""

    @property
    def package(self) -> str:
        """`cpe:a:vendor:product`; empty where part, vendor or product is left open."""
        if not (self.part and self.vendor and self.product):
            return ""
        vendor, product = self.vendor, self.product
        if ":" in vendor or ":" in product:
            vendor, product = vendor.replace(":", r"\:"), product.replace(":", r"\:")
        return f"cpe:{self.part}:{vendor}:{product}"

    @property
    def release(self) -> str:
        """Version and update as one text, for the order of versions: `2021 cu9`."""
        return f"{self.version} {self.update}".strip() if self.version else ""


@lru_cache(_CACHED)
def parse(text: str) -> Cpe:
    """A CPE name from a formatted string (2.3) or a URI (2.2).

    Attributes that are left off at the end are open, as publishers shorten names so.

    Raises:
        Invalid: neither form.

    """
    if len(text) > _LONGEST:
        raise Invalid(f"{text[:80]!r}... is not a CPE name: over {_LONGEST:,} characters")
    name = text.strip()
    if name[:8].lower() == "cpe:2.3:":
        values = _formatted(name[8:], text)
    elif name[:5].lower() == "cpe:/":
        values = _uri(name[5:], text)
    else:
        raise Invalid(f"{text[:80]!r} is not a CPE name: `cpe:2.3:...` or `cpe:/...` is expected")
    if values[0] not in ("a", "o", "h", ""):
        raise Invalid(f"{text[:80]!r} is not a CPE name: its part must be a, o, h or *")
    return Cpe(*values)


def _formatted(name: str, text: str) -> list[str]:
    """The attributes of a formatted string; a backslash takes the next character as it is."""
    parts = name.split(":") if "\\" not in name else _split(name)
    if not _NEEDED <= len(parts) <= _ATTRIBUTES or "" in parts[:_NEEDED]:
        raise Invalid(
            f"{text[:80]!r} is not a CPE name: {len(parts)} attributes; up to {_ATTRIBUTES} are "
            "expected, and part, vendor and product must be there"
        )
    return [_plain(part.lower()) for part in parts]


def _split(name: str) -> list[str]:
    """Split at the colons that no backslash escapes."""
    return [match[1] for match in _ATTRIBUTE.finditer(f"{name}:")]


def _plain(value: str) -> str:
    if value in ("*", "-"):
        return ""
    return _ESCAPED.sub(r"\1", value) if "\\" in value else value


def _uri(name: str, text: str) -> list[str]:
    """The components of a URI; an edition that begins with `~` packs five attributes."""
    parts = name.split(":")
    if not _NEEDED <= len(parts) <= _ATTRIBUTES or "" in parts[1:_NEEDED]:
        raise Invalid(
            f"{text[:80]!r} is not a CPE name: part, vendor and product are expected after `cpe:/`"
        )
    values = [_component(part) for part in parts[:_URI_COMPONENTS]]
    if len(parts) > _EDITION and parts[_EDITION].startswith("~"):
        packed = [_component(part) for part in parts[_EDITION][1:].split("~")][:5]
        language = values[6:7] or [""]
        values = [*values[:_EDITION], packed[0], *language, *packed[1:]]
    return values


def _component(part: str) -> str:
    """Decoded and in lower case; %01 and %02 are wildcards and stay as `?` and `*`."""
    if part == "-":
        return ""
    decoded = unquote(part.lower()) if "%" in part else part.lower()
    return decoded.replace("\x01", "?").replace("\x02", "*")
