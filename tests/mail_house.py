"""A mail server on this machine, with STARTTLS or without, and what it was given."""

from __future__ import annotations

import re
import socketserver
import ssl
import threading
from pathlib import Path
from typing import Any

import msgspec
from buyers_house import Buyers

from accord.core.clock import SystemClock
from accord.flows.demand.asks.send import Sending, send
from accord.flows.exchange.messages import Request, Response
from accord.identity.markings import Tlp
from accord.identity.recipients import PUBLIC
from accord.transport.mail import MailServer, SmtpMailer
from accord.transport.tls import FILE, ensure_certificate
from accord.web.door.asks import AskPages


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        house: Any = self.server
        self.say("220 here")
        while line := self.rfile.readline():
            word = line.split(b" ")[0].strip().upper()
            house.heard.append(line)
            if word in (b"EHLO", b"HELO"):
                extra = "STARTTLS" if house.context and not self.encrypted else "AUTH PLAIN"
                self.say("250-here\r\n250 " + extra)
            elif word == b"STARTTLS":
                self.say("220 go")
                self.connection = house.context.wrap_socket(self.connection, server_side=True)
                self.rfile = self.connection.makefile("rb")
                self.wfile = self.connection.makefile("wb")
                self.encrypted = True
            elif word == b"AUTH":
                self.say("235 ok" if house.admits else "535 no")
            elif word == b"RCPT" and house.refuses:
                self.say("550 nobody here")
            elif word == b"DATA":
                house.before()
                self.say("354 go on")
                self.take(house)
            elif word == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    encrypted = False

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def take(self, house: Any) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        house.mails.append((self.encrypted, b"".join(lines)))
        self.say("250 taken")

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())
        self.wfile.flush()


class MailHouse(socketserver.ThreadingTCPServer):
    """SMTP on loopback; `mails` holds whether each came encrypted, and its bytes."""

    daemon_threads = True

    def __init__(self, folder: Path, *, tls: bool = True) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.mails: list[tuple[bool, bytes]] = []
        self.heard: list[bytes] = []
        self.before: Any = lambda: None
        self.refuses, self.admits = False, True
        self.context: ssl.SSLContext | None = None
        self.authorities = ""
        if tls:
            ensure_certificate(folder, "here", SystemClock(), ["localhost", "127.0.0.1"])
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(folder / FILE)
            self.authorities = str(folder / FILE)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who does not trust its certificate goes away."""

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def close(self) -> None:
        self.shutdown()
        self.server_close()


TO = "security@lantern.example"


class Sent(Buyers):
    """Partners, a mail server, and the door of Australia."""

    def __init__(self, folder: Path, *, tls: bool = True) -> None:
        super().__init__(folder)
        (folder / "mail").mkdir(mode=0o700)
        self.post = MailHouse(folder / "mail", tls=tls)
        node = self["australia"]
        self.pages = AskPages(node, node.people.clients, node.answers.sealed)

    def mailer(self, **more: Any) -> SmtpMailer:
        at = {"host": "127.0.0.1", "port": self.post.port, "tls": False, "sender": "a@au.example"}
        return SmtpMailer(MailServer(**{**at, "authorities": self.post.authorities, **more}))

    def send(self, id_: str, name: str = "australia", **more: Any) -> str:
        """Send an ask; the secret of its link, as the supplier reads it."""
        values = {
            "to": TO, "sender": "a@au.example", "person": "R. Ana", "tlp": Tlp.CLEAR,
            "door": "https://au.example:8443/",
        }  # fmt: skip
        node = self[name]
        send(node, self.mailer(), id_, Sending(**{**values, **more}), node.people.clients)
        match = re.search(rb"https://au.example:8443/asks/([\w-]{43})\r\n", self.post.mails[-1][1])
        assert match
        return match[1].decode()

    def ask(self, secret: str, method: str = "GET", body: bytes = b"", kind: str = "") -> Response:
        request = Request(method, f"/asks/{secret}", "", (("content-type", kind),), body)
        return self.pages.answer(PUBLIC, request)

    def say(self, secret: str, *files: tuple[str, bytes], **said: str) -> Response:
        values = {"answer": "done", "text": "we have a plan", **said}
        parts = [(f'name="{name}"', value.encode()) for name, value in values.items()]
        parts += [(f'name="files"; filename="{name}"', data) for name, data in files]
        body = b"".join(
            b"--B\r\nContent-Disposition: form-data; "
            + head.encode()
            + b"\r\n\r\n"
            + data
            + b"\r\n"
            for head, data in parts
        )
        return self.ask(secret, "POST", body + b"--B--\r\n", "multipart/form-data; boundary=B")

    def lines(self, name: str = "australia") -> list[Any]:
        return [msgspec.json.decode(one) for one in self[name].receipts.newest([], "", 0)]

    def close(self) -> None:
        self.post.close()
        super().close()
