"""A mail server on this machine, with STARTTLS or without, and what it was given."""

from __future__ import annotations

import socketserver
import ssl
import threading
from pathlib import Path
from typing import Any

from accord.core.clock import SystemClock
from accord.transport.tls import FILE, ensure_certificate


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
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who does not trust its certificate goes away."""

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def close(self) -> None:
        self.shutdown()
        self.server_close()
