"""The public listener as a running server: which rooms, which port, with TLS or behind a proxy."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from accord.core.errors import AccordError
from accord.web.door.server import configuration, is_loopback, listening
from accord.web.public.listener import PublicApp
from accord.web.public.room import Room


class PublicServer:
    """One listener, made ready on a port; `run` serves until `stop`, or a signal."""

    def __init__(
        self,
        rooms: Sequence[Room],
        host: str,
        port: int,
        *,
        certificate: Path | None = None,
        key: Path | None = None,
    ) -> None:
        """Without a certificate a proxy on this machine does TLS, and the port is on loopback.

        Raises:
            AccordError: the port cannot be had, or the certificate cannot be used.
        """
        if certificate is None and not is_loopback(host):
            raise AccordError(
                f"without --certificate it is on loopback only, behind a proxy: {host} is not"
            )
        context = None if certificate is None else _context(certificate, key)
        self._scheme = "http" if context is None else "https"
        self._app = PublicApp(rooms, known_addresses=context is not None)
        self._socket = listening(host, port)
        self._server = uvicorn.Server(configuration(self._app, None, context=context))

    @property
    def address(self) -> str:
        """Where it is."""
        host, port = self._socket.getsockname()[:2]
        return f"{self._scheme}://{f'[{host}]' if ':' in host else host}:{port}"

    @property
    def started(self) -> bool:
        """Whether it answers by now."""
        return self._server.started

    def run(self) -> None:
        """Serve until it is stopped."""
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._app.close()
            self._socket.close()

    def stop(self) -> None:
        """End it, from another thread."""
        self._server.should_exit = True


def _context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """TLS 1.2 or newer, as browsers of the public speak it.

    Raises:
        AccordError: the certificate or its key cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (OSError, ValueError) as wrong:
        raise AccordError(
            f"{certificate} and its key cannot be used ({type(wrong).__name__}): in PEM, the whole "
            "chain, and a key without a password"
        ) from wrong
    return context
