"""A node that alerts: a real mail server, and a real HTTP server that speaks the Bot API and takes
webhooks, with what each was given.
"""

from __future__ import annotations

import email
import json
import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import Message as Mail
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from mail_house import MailHouse

from accord.core.times import when
from accord.exchange.notes.building import Draft
from accord.flows import notes
from accord.flows.exchange.messages import Request, Response
from accord.flows.outreach.alerting import deliver, draft, release, subscribe
from accord.flows.outreach.alerting.deliver import Delivered, Means
from accord.flows.outreach.alerting.draft import Wanted
from accord.flows.outreach.alerting.port import Carrier, Kept, Subscriber
from accord.flows.outreach.alerting.release import Released
from accord.identity.markings import Tlp
from accord.outreach.alerts import model
from accord.outreach.alerts.feeds import Place
from accord.outreach.alerts.model import Kind
from accord.transport.mail import MailServer, SmtpMailer
from accord.transport.messaging.mail import MailCarrier
from accord.transport.messaging.telegram import TelegramCarrier
from accord.transport.messaging.webhook import WebhookCarrier
from accord.transport.messaging.whatsapp import WhatsAppCarrier
from accord.web.public.alerts import AlertPages
from accord.wiring import Node
from accord.wiring.outreaching import AlertDesk, zone

PLACE = Place("https://alerts.example")
TOKEN = "12345:s3cret-of-the-bot"
WHO = "R. Ana"
Reply = tuple[int, dict[str, str], dict[str, Any]]
OK: Reply = (200, {}, {"ok": True, "result": {"message_id": 1}})


def said(mail: Mail) -> str:
    """The text of a mail."""
    return bytes(mail.get_payload(decode=True)).decode()


class _Session(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        house: Any = self.server
        value = json.loads(self.rfile.read(int(self.headers["content-length"])))
        house.got.append((self.path, value))
        house.headers.append(dict(self.headers))
        status, headers, body = house.reply(self.path, value)
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""


class WebHouse(ThreadingHTTPServer):
    """HTTP on loopback; `got` holds each path and value, `reply` says what is answered."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.got: list[tuple[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.reply: Callable[[str, Any], Reply] = lambda *_: OK
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who is killed hangs up."""

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class AlertHouse:
    """A node with people, subscribers, and channels; its clock is moved by hand."""

    def __init__(self, node: Node, folder: Path) -> None:
        self.node, self.desk = node, AlertDesk(node)
        self.clock: Any = node.clock
        self.post, self.web = MailHouse(folder, tls=False), WebHouse()
        at = MailServer(host="127.0.0.1", port=self.post.port, tls=False, sender="a@au.example")
        self.slept: list[float] = []
        self.bot = TelegramCarrier(TOKEN, self.web.url, internal=True)
        self.phone = WhatsAppCarrier(TOKEN, "1065", api=f"{self.web.url}/v23.0", internal=True)
        self.carriers: dict[str, Carrier] = {
            "mail": MailCarrier(SmtpMailer(at), at.sender, node.clock),
            "telegram": self.bot,
            "webhook": WebhookCarrier(node.clock, internal=True),
            "whatsapp": self.phone,
        }
        self.pages = AlertPages(self.desk, lambda: PLACE)

    def close(self) -> None:
        self.bot.close()
        self.phone.close()
        self.post.close()
        self.web.close()

    @property
    def means(self) -> Means:
        return Means(carriers=self.carriers, place=PLACE, chance=lambda: 0.5, sleep=self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.later(seconds=max(seconds, 0.001))

    def later(self, **span: float) -> None:
        self.clock.at = when(
            (datetime.fromisoformat(self.clock.at) + timedelta(**span)).isoformat()
        )

    # What people do.

    def incident(self, tlp: Tlp | None = Tlp.CLEAR, title: str = "A flood of false bills") -> str:
        made = Draft(
            kind="incident", title=title, text="They look like ours.", sectors=("energy",), tlp=tlp
        )
        return notes.write(made, self.node, notes.maker(self.node.trust.directory(), self.node.me))

    def draft(self, tlp: Tlp = Tlp.CLEAR, source: str = "", **more: Any) -> Kept:
        name = source or self.incident(tlp)
        return draft.draft(
            self.desk, Wanted(source="incident", name=name, tlp=tlp, person=WHO, **more)
        )

    def release(self, code: str) -> Released:
        self.later(seconds=1)
        return release.release(self.desk, code, WHO, zone)

    def alert(self, tlp: Tlp = Tlp.CLEAR, **changed: Any) -> str:
        """A released alert; gives its code."""
        kept = self.draft(tlp)
        if changed:
            info = {**json.loads(draft.editable(kept))["infos"][0], **changed}
            said = {"infos": [info], "topics": [{"kind": "sector", "value": "energy"}]}
            draft.edit(self.desk, kept.alert.code, json.dumps(said).encode(), WHO)
        self.release(kept.alert.code)
        return kept.alert.code

    def follow(self, code: str, kind: Kind) -> Released:
        draft.follow(self.desk, code, kind, WHO)
        return self.release(code)

    def deliver(self) -> Delivered:
        return deliver.deliver(self.desk, self.means)

    def want(self, channel: str, address: str, *topics: str, **more: Any) -> None:
        wanted = Subscriber(
            channel=channel,  # type: ignore[arg-type]
            address=address, topics=tuple(map(model.topic, topics or ("all",))), **more,
        )  # fmt: skip
        subscribe.subscribe(self.desk, self.carriers[channel], PLACE, wanted, zone)

    def join(self, channel: str, address: str, *topics: str, **more: Any) -> None:
        """Subscribe, and confirm by the link that came."""
        self.want(channel, address, *topics, **more)
        text = said(self.mails()[-1]) if channel == "mail" else str(self.web.got[-1][1])
        secret = re.search(r"/alerts/confirm/([\w-]{43})", text)
        assert secret
        assert self.ask(f"/alerts/confirm/{secret[1]}", "POST").status == 200
        self.post.mails.clear()
        self.web.got.clear()

    # What others see.

    def ask(self, path: str, method: str = "GET", body: bytes = b"") -> Response:
        return self.pages.answer(Request(method, path, "", (), body))

    def mails(self) -> list[Mail]:
        return [email.message_from_bytes(one) for _, one in self.post.mails]

    def to(self) -> list[str]:
        """Whom mail went to, with its subject."""
        return [f"{one['To']}: {one['Subject']}" for one in self.mails()]

    def counts(self) -> dict[str, int]:
        return self.desk.outbox.counts()

    def lines(self, name: str) -> list[Any]:
        found = [json.loads(one) for one in self.node.receipts.newest([], "", 0)]
        return [one for one in found if one["object"].startswith(name)]
