"""The rules of release by name: what receipts and refusals say, each in one sentence.

Source: FIRST, Traffic Light Protocol 2.0; STIX 2.1, sections 3.6 and 7.2.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

ALLOWS: Final = MappingProxyType(
    {
        "own-people": "this node's own people see all that their node holds",
        "originator": "a partner gets back what came from it",
        "clear": "TLP:CLEAR has no limit (TLP 2.0)",
        "green": "TLP:GREEN is for the community: partners, and clients entitled to it (TLP 2.0)",
        "amber": "TLP:AMBER is for the partner's organisation, and this node's own operators with "
        "need to know (TLP 2.0)",
        "amber-strict": "TLP:AMBER+STRICT is for the partner's organisation (TLP 2.0)",
        "red-named": "TLP:RED is for recipients who are named (TLP 2.0)",
    }
)
"""Rules by which something may leave, each with its sentence and source."""

DENIES: Final = MappingProxyType(
    {
        "held": "it waits for its date or for a person's decision",
        "recalled": "its originator took it back (STIX 2.1, section 3.6)",
        "replaced": "it was replaced by another marking or version",
        "expired": "the time for which its originator gave it is over",
        "unknown-state": "its state is not known",
        "unknown-way": "the way out is not known",
        "unknown-recipient": "who asks is not known",
        "unknown-marking": "it bears a marking that this node does not understand (STIX 2.1, 7.2)",
        "not-a-member": "the partner is not in the audience, and an empty audience is nobody",
        "sync-partners-only": "audience logs are for partners",
        "relay": "only CLEAR and GREEN of another partner go on to partners (TLP 2.0)",
        "relay-whole": "what another partner signed goes on whole or not at all (STIX 2.1, 3.6)",
        "tlp-red-named-only": "TLP:RED goes to named partners only, never to all (TLP 2.0)",
        "tlp-amber-strict": "TLP:AMBER+STRICT stays in the organisation (TLP 2.0)",
        "tlp-amber-operators": "TLP:AMBER goes to this node's operators only (TLP 2.0)",
        "client-entitlement": "the client is not entitled to this marking",
        "public-only-clear": "only TLP:CLEAR is public (TLP 2.0)",
        "embargo": "its date of release has not come",
        "derived": "something that it was made of may not go there, or not whole (TLP 2.0)",
        "ends-hidden": "something that it connects may not go there, or is not known here",
        "too-deep": "it hangs on more than this node follows",
        "granular-required": "less of it may be seen than its type requires (STIX 2.1, 3.2)",
        "left-out": "it or its event was recalled, cannot be read, is given otherwise, or is"
        " marked more strictly elsewhere",
        "granular-unreadable": "its granular markings cannot be followed (STIX 2.1, 7.2.3)",
    }
)
"""Rules by which something stays, each with its sentence and source."""

RULES: Final = MappingProxyType({**ALLOWS, **DENIES})
"""Every rule by its name, as receipts tell it."""
