"""The detector on real MISP events, whose personal data was labelled by hand."""

from __future__ import annotations

from collections import Counter

from shared import real_members

from accord.exchange.personal import detector
from accord.exchange.personal.redact import text_at

ARCHIVE = "data/threat/misp-events-eset.zip"
PEOPLE = {"romain.dumont": 24, "matthieu.faou": 15, "leveille": 3, "thomas.dupuy": 2,
          "frederic.vachon": 1}  # fmt: skip
"""Who made the events, each in `event_creator_email`. Not personal: two mailboxes of teams (six
times), eleven addresses of attackers (`email-src`, `email-dst`), and names of contributors'
accounts in copies of ATT&CK (`@...`), which are no addresses."""


def test_every_person_and_nobody_else() -> None:
    told = Counter[str]()
    for _, body in real_members(ARCHIVE, ".json"):
        for one in detector.find(body):
            assert one.kind == "mail"
            told[text_at(body, "", one.place)[one.start : one.end].partition("@")[0]] += 1
    assert told == PEOPLE
