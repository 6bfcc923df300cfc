"""An alert as plain text, for a mail, a chat message or a feed.

Law (genuine): every message carries its alert's code and the address where it can be checked.
Law (unreviewed): a severe alert in words that no speaker has read carries the English beside it.
"""

from __future__ import annotations

from typing import Final

from accord.outreach.alerts.model import Alert, Info

_GRAVE: Final = frozenset({"Severe", "Extreme"})
_UNREVIEWED: Final = "(No speaker of this language has reviewed this translation.)"


def subject(alert: Alert, language: str) -> str:
    """One line: what a mail's subject or a message's first line says."""
    word = {"alert": "", "update": "Update: ", "cancel": "Cancelled: "}[alert.kind]
    test = "" if alert.status == "Actual" else f"[{alert.status.upper()}] "
    return f"{test}{word}{alert.info(language).headline}"


def body(alert: Alert, language: str, address: str) -> str:
    """All of it; `address` is where its code can be checked."""
    info = alert.info(language)
    said = [_said(info)]
    english = alert.info("en")
    if not info.reviewed:
        said.append(_UNREVIEWED)
        if alert.severity in _GRAVE and english.language == "en" and info.language != "en":
            said.append(f"English:\n{english.headline}\n\n{_said(english)}")
    if info.web:
        said.append(info.web)
    if alert.status != "Actual":
        said.append(f"{alert.status}: nothing needs to be done.")
    said.append(f"{alert.tlp.label}  {alert.sender}  {alert.code}\n{address}")
    return "\n\n".join(said) + "\n"


def _said(info: Info) -> str:
    return "\n\n".join(one.strip() for one in (info.description, info.instruction) if one.strip())
