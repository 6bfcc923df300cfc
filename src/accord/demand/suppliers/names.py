"""Names of suppliers in the form in which they are compared.

Law (idempotent): the canonical form of a canonical form is itself.

Beside what product matching leaves out, forms of companies that stand before the name, or that are
written in words, do not count either. The forms stand in `legal_forms`.
"""

from __future__ import annotations

import unicodedata

from accord.demand.suppliers.legal_forms import AFTER, BEFORE, WRITTEN
from accord.supply.products import names

_LONGEST = 512


def canonical(text: str) -> str:
    """Lower case words without legal forms; empty where nothing names anybody."""
    if len(text) > _LONGEST:
        return ""
    text = unicodedata.normalize("NFKC", text)
    for form in WRITTEN:
        text = text.replace(form, " ")
    found = names.maker(text)
    while (shorter := _shorter(found)) != found:
        found = shorter
    return found


def _shorter(name: str) -> str:
    """Without one form, at its end or at its beginning; never without its last word."""
    name = names.maker(name)
    for form in AFTER:
        if name.endswith(f" {form}"):
            return name.removesuffix(f" {form}")
    for form in BEFORE:
        if name.startswith(f"{form} "):
            return name.removeprefix(f"{form} ")
    return name
