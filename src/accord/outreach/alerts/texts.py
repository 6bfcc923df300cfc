"""An alert as plain text, for a mail, a chat message or a feed.

Law (genuine): every message carries its alert's code and the address where it can be checked.
Law (unreviewed): a severe alert in words that no speaker has read carries the English beside it.
"""

from __future__ import annotations

from typing import Final

from accord.outreach.alerts.model import Alert, Info
from accord.outreach.languages.catalogue import UNREVIEWED, Say, marked, speaker

_GRAVE: Final = frozenset({"Severe", "Extreme"})
_KINDS: Final = {
    "alert": "{headline}",
    "update": marked("Update: {headline}"),
    "cancel": marked("Cancelled: {headline}"),
}
_STATUSES: Final = {
    "Exercise": marked("Exercise: nothing needs to be done."),
    "Test": marked("Test: nothing needs to be done."),
}


def subject(alert: Alert, language: str) -> str:
    """One line: what a mail's subject or a message's first line says."""
    info = alert.info(language)
    test = "" if alert.status == "Actual" else f"[{alert.status.upper()}] "
    headline = info.headline
    if alert.kind != "alert":
        headline = _speaker(info)(_KINDS[alert.kind], headline=headline)
    return f"{test}{headline}"


def body(alert: Alert, language: str, address: str) -> str:
    """All of it; `address` is where its code can be checked."""
    info = alert.info(language)
    said = [_said(info)]
    english = alert.info("en")
    if not info.reviewed:
        said.append(f"({_speaker(info)(UNREVIEWED)})")
        if alert.severity in _GRAVE and english.language == "en" and info.language != "en":
            said.append(f"English:\n{english.headline}\n\n{_said(english)}")
    if info.web:
        said.append(info.web)
    if alert.status != "Actual":
        said.append(_speaker(info)(_STATUSES[alert.status]))
    said.append(f"{alert.tlp.label}  {alert.sender}  {alert.code}\n{address}")
    return "\n\n".join(said) + "\n"


def _speaker(info: Info) -> Say:
    return speaker(info.language.partition("-")[0].lower())


def _said(info: Info) -> str:
    return "\n\n".join(one.strip() for one in (info.description, info.instruction) if one.strip())
