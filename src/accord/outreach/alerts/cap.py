"""Alerts as CAP 1.2 documents.

Source: OASIS, Common Alerting Protocol 1.2: section 3.2 (elements and their order), section 3.3.2
(dates: whole seconds, a numeric zone, never `Z`), section 3.2.1 (references).
"""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from accord.outreach.alerts.model import Alert, Info, check

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
KIND: Final = "application/cap+xml"
_HEAD: Final = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def write(alert: Alert) -> bytes:
    """One released message.

    Raises:
        Invalid: it breaks a rule of an alert.
    """
    check(alert)
    root = Element("alert", xmlns=NAMESPACE)
    _add(root, "identifier", alert.identifier)
    _add(root, "sender", alert.sender)
    _add(root, "sent", date(alert.sent))
    _add(root, "status", alert.status)
    _add(root, "msgType", alert.kind.capitalize())
    _add(root, "scope", alert.scope)
    if alert.restriction:
        _add(root, "restriction", alert.restriction)
    _add(root, "code", alert.code)
    if alert.references:
        named = (f"{one.sender},{one.identifier},{date(one.sent)}" for one in alert.references)
        _add(root, "references", " ".join(named))
    for info in alert.infos:
        _info(root, alert, info)
    return _HEAD + bytes(tostring(root, encoding="utf-8")) + b"\n"


def date(when: str) -> str:
    """A `when()` as CAP has it; UTC is written -00:00."""
    return f"{when[:19]}-00:00"


def _info(root: Element, alert: Alert, info: Info) -> None:
    made = SubElement(root, "info")
    _add(made, "language", info.language)
    for category in info.category:
        _add(made, "category", category)
    _add(made, "event", info.event)
    for response in info.response:
        _add(made, "responseType", response)
    _add(made, "urgency", info.urgency)
    _add(made, "severity", info.severity)
    _add(made, "certainty", info.certainty)
    if info.expires:
        _add(made, "expires", date(info.expires))
    _add(made, "senderName", alert.sender)
    _add(made, "headline", info.headline)
    _add(made, "description", info.description)
    if info.instruction:
        _add(made, "instruction", info.instruction)
    if info.web:
        _add(made, "web", info.web)
    for area in info.areas:
        where = SubElement(made, "area")
        _add(where, "areaDesc", area.name)
        for name, code in area.codes:
            geocode = SubElement(where, "geocode")
            _add(geocode, "valueName", name)
            _add(geocode, "value", code)


def _add(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text
