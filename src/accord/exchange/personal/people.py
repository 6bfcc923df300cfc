"""Whether an identity is a person's.

Source: STIX 2.1, sections 4.5 (identity), 7.1 (language content) and 10.7 (identity-class-ov, which
is open: other words than its own may stand there).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from accord.exchange.personal.plain import plain

_BODIES = frozenset(
    (
        "group", "system", "organization", "organisation", "class", "company", "agency", "team",
        "government", "sector", "industry", "community", "vendor", "supplier", "product", "tool",
        "software", "service",
    )
)  # fmt: skip
"""Classes of what is no person."""
_OF_A_BODY = re.compile(
    r"\b(?:ltd|limited|inc|llc|llp|plc|pty|pvt|corp|corporation|co|company|gmbh|ag|bv|nv|sa|s\.a|srl|"
    r"spa|kk|oy|ab|foundation|institute|university|college|school|ministry|department|agency|"
    r"authority|bureau|office|commission|council|committee|bank|group|team|sector|industry|"
    r"association|society|labs?|laboratory|laboratories|cent(?:er|re)|network|networks|security|"
    r"systems?|services?|solutions|technolog(?:y|ies)|energy|power|grid|electric|utility|utilities|"
    r"\w*cert|\w*csirt|[\w-]*isac|soc|government|police|army|navy|union|intelligence|feed|"
    r"organi[sz]ation)\b|\u682a\u5f0f\u4f1a\u793e|\u6709\u9650\u516c\u53f8|\u7701$|\u5e81$",
    re.IGNORECASE,
)
"""Words in the name of an organisation, where no class tells."""


def is_individual(identity: Mapping[str, object]) -> bool:
    """Whether it is a person's, or neither its class nor its name says that it is not."""
    said = _read(identity.get("identity_class"))
    if said.startswith("individual"):
        return True
    return said not in _BODIES and not _OF_A_BODY.search(_read(identity.get("name")))


def is_named_in(value: Mapping[str, object]) -> bool:
    """Whether an object holds the words of an identity in other languages."""
    of = value.get("object_ref")
    return (
        value.get("type") == "language-content"
        and isinstance(of, str)
        and of.startswith("identity--")
    )


def _read(text: object) -> str:
    return plain(text).text.strip().casefold() if isinstance(text, str) else ""
