"""What a node has to tell the public and subscribers."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping
from datetime import tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from accord.core.errors import Invalid
from accord.wiring.sealing import addresses

if TYPE_CHECKING:
    from accord.core.clock import Clock
    from accord.flows.exchange.sharing.wanted import Holdings
    from accord.flows.exposures import Exposures
    from accord.flows.outreach.alerting.deliver import Means
    from accord.flows.outreach.alerting.port import Carrier
    from accord.outreach.alerts.feeds import Place
    from accord.store.assurance.assessing import SqlAssessing
    from accord.store.exchange.people import SqlPeople
    from accord.store.exchange.sharing import SqlSharing
    from accord.store.outreach.alerts import SqlAlerts
    from accord.store.outreach.outbox import SqlOutbox
    from accord.store.outreach.sealing import Vault
    from accord.store.outreach.subscribers import SqlSubscribers
    from accord.store.views import SqlViews
    from accord.wiring.node import Node

_LONGEST = 4_096
_MOST_NUMBER = 30
PUBLIC = "ACCORD_PUBLIC"
"""Variable of the environment: where the public finds this node."""


class AlertDesk:
    """`accord.flows.outreach.alerting.port.Desk` of a node."""

    def __init__(self, node: Node) -> None:
        self._node = node

    @cached_property
    def alerts(self) -> SqlAlerts:
        """Where alerts are kept."""
        from accord.store.outreach.alerts import SqlAlerts

        return SqlAlerts(self._node.engine)

    @cached_property
    def vault(self) -> Vault:
        """What seals the addresses of subscribers."""
        return addresses(self._node)

    @cached_property
    def subscribers(self) -> SqlSubscribers:
        """Where subscribers are kept."""
        from accord.store.outreach.subscribers import SqlSubscribers

        return SqlSubscribers(self._node.engine, self.vault)

    @cached_property
    def outbox(self) -> SqlOutbox:
        """What waits to be sent."""
        from accord.store.outreach.outbox import SqlOutbox

        return SqlOutbox(self._node.engine, self.vault)

    @property
    def views(self) -> SqlViews:
        """What the node knows."""
        return self._node.views

    @property
    def assessing(self) -> SqlAssessing:
        """What is known of releases and their verdicts."""
        return self._node.assessing

    @property
    def exposures(self) -> Exposures:
        """The ranked list."""
        return self._node.exposures

    @property
    def holdings(self) -> Holdings:
        """The documents of this node."""
        return self._node.holdings

    @property
    def sharing(self) -> SqlSharing:
        """How this node marks."""
        return self._node.sharing

    @property
    def people(self) -> SqlPeople:
        """Who asks this node."""
        return self._node.people

    @property
    def clock(self) -> Clock:
        """The time."""
        return self._node.clock

    @cached_property
    def me(self) -> str:
        """The name of this node as a partner, or empty."""
        return self._node.me

    @property
    def entropy(self) -> Callable[[int], bytes]:
        """Random bytes, so many."""
        return self._node.entropy


def zone(name: str) -> tzinfo:
    """A time zone by its IANA name.

    Raises:
        Invalid: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as wrong:
        raise Invalid(f"{name[:60]!r} is no time zone: Asia/Tokyo", "zone") from wrong


def place(environment: Mapping[str, str]) -> Place:
    """Where the public finds this node's alerts.

    Raises:
        Invalid: nobody said so.
    """
    from accord.exchange.feeds.addresses import checked
    from accord.outreach.alerts.feeds import Place

    base = environment.get(PUBLIC, "").rstrip("/")
    if not base:
        raise Invalid(
            f"set {PUBLIC} to where the public finds this node: https://alerts.example.org"
        )
    parts = checked(base)
    if parts.query or parts.fragment:
        raise Invalid("without a query: https://alerts.example.org", PUBLIC)
    return Place(base)


def carriers(node: Node, environment: Mapping[str, str]) -> dict[str, Carrier]:
    """The channels that the environment describes; `webhook` needs nothing.

    Raises:
        Invalid: one is described, and cannot be used so.
    """
    from accord.transport.mail import SmtpMailer, server
    from accord.transport.messaging.mail import MailCarrier
    from accord.transport.messaging.telegram import API, TelegramCarrier
    from accord.transport.messaging.webhook import WebhookCarrier
    from accord.transport.messaging.whatsapp import API as CLOUD
    from accord.transport.messaging.whatsapp import TEMPLATE, WhatsAppCarrier

    internal = environment.get("ACCORD_ALERTS_INTERNAL", "") == "yes"
    found: dict[str, Carrier] = {"webhook": WebhookCarrier(node.clock, internal=internal)}
    if environment.get("ACCORD_MAIL", ""):
        at = server(environment)
        found["mail"] = MailCarrier(SmtpMailer(at), at.sender, node.clock)
    token = _secret(environment, "ACCORD_TELEGRAM_TOKEN")
    if token:
        api = environment.get("ACCORD_TELEGRAM_API", "") or API
        found["telegram"] = TelegramCarrier(token, api, internal=internal)
    token = _secret(environment, "ACCORD_WHATSAPP_TOKEN")
    if token:
        template = environment.get("ACCORD_WHATSAPP_TEMPLATE", "") or TEMPLATE
        found["whatsapp"] = WhatsAppCarrier(
            token, _number(environment), template,
            environment.get("ACCORD_WHATSAPP_API", "") or CLOUD, internal=internal,
        )  # fmt: skip
    return found


def whatsapp_secrets(environment: Mapping[str, str]) -> tuple[str, str] | None:
    """The app's secret and the word of its verification; None: nothing is told here.

    Raises:
        Invalid: one of the two is missing.
    """
    names = ("ACCORD_WHATSAPP_SECRET", "ACCORD_WHATSAPP_VERIFY")
    secret, verify = (_secret(environment, one) for one in names)
    if bool(secret) != bool(verify):
        raise Invalid("set both, or neither", " and ".join(names))
    return (secret, verify) if secret else None


def _number(environment: Mapping[str, str]) -> str:
    number = environment.get("ACCORD_WHATSAPP_NUMBER", "")
    if not (number.isascii() and number.isdigit() and len(number) <= _MOST_NUMBER):
        raise Invalid("the identifier of our own number: digits", "ACCORD_WHATSAPP_NUMBER")
    return number


def _secret(environment: Mapping[str, str], name: str) -> str:
    """A secret of the environment, or of the file that it names; it is kept nowhere else."""
    said, file = environment.get(name, ""), environment.get(f"{name}_FILE", "")
    if not file:
        return said.strip()
    try:
        with Path(file).open("rb") as opened:
            if os.fstat(opened.fileno()).st_mode & 0o077:
                raise Invalid(f"others may read {file}: run `chmod 600 {file}`", f"{name}_FILE")
            return opened.read(_LONGEST).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as wrong:
        raise Invalid(f"{file} cannot be read as one line of ASCII", f"{name}_FILE") from wrong


def means(node: Node, environment: Mapping[str, str], lease: float) -> Means:
    """What delivering needs.

    Raises:
        Invalid: the environment lacks something.
    """
    from accord.flows.outreach.alerting.deliver import Means

    return Means(
        carriers=carriers(node, environment), place=place(environment),
        chance=random.SystemRandom().random, sleep=time.sleep, lease=lease,
    )  # fmt: skip
