"""What the script of the check says, in each language.

Law (whole): whatever the script says stands here; what is not, it says in English.
"""

from __future__ import annotations

from typing import Final

import msgspec

from accord.flows.outreach.checking.ask import BREACHED
from accord.outreach.dangers import asking, model
from accord.outreach.languages.catalogue import Language, marked

SAID: Final = (
    marked("One moment\u2026"),
    marked("There is no link, address, telephone number with + or hash in it."),
    marked("We cannot look it up now. Do not open it; try again later."),
    marked("The list is on this device: nothing is sent. Keep it again to renew it."),
    marked(
        "Only 16 or 20 bits of a hash are sent, which very many share; the text stays with you."
    ),
    marked("Keep the list on this device"),
    marked("Remove the list"),
    marked("That did not work; nothing was changed."),
    marked("Is this answer wrong?"),
    marked("Tell us"),
    asking.SENDS_ON, asking.SHORT, asking.SCRIPTS, asking.NUMBER, asking.BEFORE, BREACHED,
    model.DANGEROUS, model.LIKE, model.NONE, model.LOOKS, model.UNKNOWN,
    *model.NAMES.values(), *model.WHY.values(), *model.NOW.values(),
)  # fmt: skip


def of(language: Language) -> bytes:
    """The messages with their translations, as JSON; English has none."""
    said = {one: language.messages[one].text for one in SAID if one in language.messages}
    return msgspec.json.encode(said)
