"""Identifiers of suppliers, each in one spelling, its check digits checked.

Source: ISO 17442 (LEI; check digits by ISO 7064, MOD 97-10); org-id.guide for the prefixes of
registry numbers; RFC 5891 for domains; NISTIR 7695 for vendors in CPE names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from stdnum import lei as stdnum_lei
from stdnum.au import abn, acn
from stdnum.exceptions import ValidationError
from stdnum.in_ import gstin
from stdnum.jp import cn
from stdnum.us import ein

from accord.core.errors import Invalid
from accord.demand.suppliers import names

_LEI = re.compile(r"[0-9A-Z]{18}[0-9]{2}", re.ASCII)
_LEI_FORM = "18 letters and digits, then two check digits, are expected"
_REGISTRY = re.compile(r"([A-Z]{2}-[A-Z0-9]{2,12})\s*:\s*([A-Z0-9 ./-]{1,40})", re.ASCII)
_DOMAIN = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]",
    re.ASCII,
)
_VENDOR = re.compile(r"[^\s:/]{1,200}")
_CHECKED: Final[dict[str, Callable[[str], str]]] = {
    "AU-ABN": abn.validate,
    "AU-ACN": acn.validate,
    "IN-GSTIN": gstin.validate,
    "JP-CN": cn.validate,
    "US-EIN": ein.validate,
}
"""Registers whose check digits are known here."""


def lei(text: str) -> str:
    """A legal entity identifier.

    Raises:
        Invalid: not 20 characters, or its check digits do not fit.
    """
    if not text:
        return ""
    number = text.strip().upper()
    # The library checks the digits alone, and they fit in some shorter texts, such as `1`.
    if not _LEI.fullmatch(number):
        raise Invalid(f"{text[:40]!r} is no LEI: {_LEI_FORM} (ISO 17442)")
    try:
        return str(stdnum_lei.validate(number))
    except ValidationError as wrong:
        raise Invalid(f"{text[:40]!r} is no LEI: {_told(wrong)} (ISO 17442)") from wrong


def registry(text: str) -> str:
    """A number in a register of companies, after the register: `AU-ABN:51824753556`.

    Raises:
        Invalid: no such form, or its check digits do not fit.
    """
    if not text:
        return ""
    match = _REGISTRY.fullmatch(text.strip().upper())
    if match is None:
        raise Invalid(
            f"{text[:60]!r} is no registry number: the register and the number are expected,"
            " such as AU-ABN:51824753556"
        )
    register, number = match[1], re.sub(r"[ ./-]", "", match[2])
    check = _CHECKED.get(register)
    if check is None:
        return f"{register}:{number}"
    try:
        return f"{register}:{check(number)}"
    except ValidationError as wrong:
        raise Invalid(f"{text[:60]!r} is no number of {register}: {_told(wrong)}") from wrong


def is_checked(number: str) -> bool:
    """Whether the check digits of a registry number are known here."""
    return number.partition(":")[0] in _CHECKED


def domain(text: str) -> str:
    """The domain of a name, an address or a page: lower case, without `www.`.

    Raises:
        Invalid: no name of the public internet.
    """
    if not text:
        return ""
    host = unicodedata.normalize("NFKC", text).strip().lower().partition("://")[2] or text
    host = re.split(r"[/?#]", host.strip(), maxsplit=1)[0].rpartition("@")[2]
    host = host.partition(":")[0].rstrip(".").lower()
    try:
        found = host.encode("idna").decode("ascii")
    except UnicodeError as wrong:
        raise Invalid(f"{text[:60]!r} is no domain, such as gridview.example") from wrong
    found = found.removeprefix("www.")
    if not _DOMAIN.fullmatch(found):
        raise Invalid(f"{text[:60]!r} is no domain, such as gridview.example")
    return found


def cpe_vendor(text: str) -> str:
    """The vendor of a CPE name, from the vendor alone or from the whole name.

    Raises:
        Invalid: neither.
    """
    if not text:
        return ""
    vendor = text.strip().lower()
    if vendor.startswith("cpe:2.3:"):
        vendor = (vendor.split(":") + [""] * 4)[3]
    vendor = vendor.replace(" ", "_")
    if not _VENDOR.fullmatch(vendor) or vendor in {"*", "-"}:
        raise Invalid(f"{text[:60]!r} is no vendor of CPE names, such as gridview_systems")
    return vendor


def name(text: str) -> str:
    """A name as it is written, with single spaces.

    Raises:
        Invalid: nothing in it by which anybody could be told apart.
    """
    said = " ".join(text.split())
    if said and not names.canonical(said):
        raise Invalid(f"{text[:60]!r} names nobody")
    return said


SPELLED: Final[dict[str, Callable[[str], str]]] = {
    "lei": lei, "registry": registry, "domain": domain, "cpe": cpe_vendor, "name": name,
}  # fmt: skip
"""What brings a value of each kind to its one spelling."""


def _told(wrong: ValidationError) -> str:
    return str(wrong).strip().rstrip(".").lower()
