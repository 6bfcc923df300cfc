"""Mail by SMTP: encrypted on its way, unless the server is on this machine.

Source: RFC 5321; RFC 3207 (STARTTLS); RFC 8314 (TLS from the first byte).
"""

from __future__ import annotations

import ipaddress
import smtplib
import ssl
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

import msgspec

from accord.core.errors import Invalid
from accord.flows.demand.asks.port import NotSent

_SECONDS = 30.0
_PORTS = {"smtp": 587, "smtps": 465}


class MailServer(msgspec.Struct, frozen=True, kw_only=True):
    """Where mail is given to, and in whose name."""

    host: str
    port: int
    tls: bool
    """TLS from the first byte; else STARTTLS."""
    sender: str
    user: str = ""
    password: str = ""
    authorities: str = ""
    """File of the certificates that its certificate leads to, in PEM; empty: the machine's."""

    def __repr__(self) -> str:
        """Without the password."""
        return f"MailServer({self.host}:{self.port})"


def server(environment: Mapping[str, str]) -> MailServer:
    """The mail server of this node, as its environment says.

    Raises:
        Invalid: there is none, or its address is none.
    """
    address, sender = environment.get("ACCORD_MAIL", ""), environment.get("ACCORD_MAIL_FROM", "")
    if not address or not sender:
        raise Invalid(
            "no mail server is known: set ACCORD_MAIL to smtp://user@host:587 or smtps://user@host,"
            " ACCORD_MAIL_FROM to the sender's address, and ACCORD_MAIL_PASSWORD where it asks"
        )
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as wrong:
        raise Invalid("it is no address of a mail server", "ACCORD_MAIL") from wrong
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in {"", "/"}:
        raise Invalid("smtp://user@host:port or smtps://user@host:port", "ACCORD_MAIL")
    if parts.password is not None:
        raise Invalid("the password stands in ACCORD_MAIL_PASSWORD, not here", "ACCORD_MAIL")
    return MailServer(
        host=parts.hostname, port=port or _PORTS[parts.scheme], tls=parts.scheme == "smtps",
        sender=sender, user=unquote(parts.username or ""),
        password=environment.get("ACCORD_MAIL_PASSWORD", ""),
        authorities=environment.get("ACCORD_MAIL_AUTHORITIES", ""),
    )  # fmt: skip


class SmtpMailer:
    """`accord.flows.demand.asks.port.Mailer` by SMTP."""

    def __init__(self, at: MailServer) -> None:
        self._at = at

    def send(self, to: str, message: bytes) -> None:
        """Give one message to the server.

        Raises:
            NotSent: it did not take it, or not over an encrypted connection.
        """
        try:
            with self._connected() as smtp:
                if self._at.password:
                    smtp.login(self._at.user, self._at.password)
                smtp.sendmail(self._at.sender, [to], message)
        except smtplib.SMTPRecipientsRefused as wrong:
            code = max((said[0] for said in wrong.recipients.values()), default=0)
            raise NotSent(f"{self._name} refused the recipient", code=code) from wrong
        except smtplib.SMTPAuthenticationError as wrong:
            raise NotSent(f"{self._name} does not admit this node: see its password") from wrong
        except smtplib.SMTPResponseException as wrong:
            raise NotSent(f"{self._name} refused the mail ({wrong.smtp_code})") from wrong
        except (OSError, smtplib.SMTPException) as wrong:
            reason = f"{self._name} did not take the mail ({type(wrong).__name__}); send it again"
            raise NotSent(reason) from wrong

    @property
    def _name(self) -> str:
        return f"the mail server {self._at.host}:{self._at.port}"

    def _connected(self) -> smtplib.SMTP:
        at = self._at
        trusted = ssl.create_default_context(cafile=at.authorities or None)
        trusted.minimum_version = ssl.TLSVersion.TLSv1_2
        if at.tls:
            return smtplib.SMTP_SSL(at.host, at.port, timeout=_SECONDS, context=trusted)
        smtp = smtplib.SMTP(at.host, at.port, timeout=_SECONDS)
        try:
            self._encrypt(smtp, trusted)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _encrypt(self, smtp: smtplib.SMTP, trusted: ssl.SSLContext) -> None:
        smtp.ehlo_or_helo_if_needed()
        if smtp.has_extn("starttls"):
            smtp.starttls(context=trusted)
        elif not _is_here(self._at.host):
            raise NotSent(f"{self._name} offers no TLS; mail goes in clear to nobody")


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
