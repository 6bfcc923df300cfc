"""Connections that end in time, however slowly the other end gives its bytes.

A limit for each read alone would let a server trickle for ever: one byte before each limit. Here a
request has one end, and every step of it has what is left until then.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore

_PIECE = 1 << 18
"""Bytes written in one step."""

_Option = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


class _Ends(threading.local):
    """When the request of each thread must be over, on the monotonic clock."""

    at: float | None = None


class Backend(httpcore.NetworkBackend):
    """TCP connections whose every step ends by `until`."""

    def __init__(self, inner: httpcore.NetworkBackend | None = None) -> None:
        self._inner = inner or httpcore.SyncBackend()
        self._ends = _Ends()

    @contextmanager
    def until(self, at: float) -> Iterator[None]:
        """Everything that this thread does within ends by a moment of the monotonic clock."""
        before, self._ends.at = self._ends.at, at
        try:
            yield
        finally:
            self._ends.at = before

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[_Option] | None = None,
    ) -> httpcore.NetworkStream:
        """As the library has it.

        Raises:
            httpcore.ConnectTimeout: the end was reached.
        """
        left = self._left(timeout, httpcore.ConnectTimeout)
        inner = self._inner.connect_tcp(host, port, left, local_address, socket_options)
        return _Stream(inner, self._left)

    def _left(self, timeout: float | None, late: type[httpcore.TimeoutException]) -> float | None:
        if self._ends.at is None:
            return timeout
        left = self._ends.at - time.monotonic()
        if left <= 0:
            raise late("the answer took too long")
        return left if timeout is None else min(left, timeout)


_Left = Callable[[float | None, type[httpcore.TimeoutException]], float | None]


class _Stream(httpcore.NetworkStream):
    """One connection."""

    def __init__(self, inner: httpcore.NetworkStream, left: _Left) -> None:
        self._inner = inner
        self._left = left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            left = self._left(timeout, httpcore.WriteTimeout)
            self._inner.write(buffer[start : start + _PIECE], left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._left)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as the library has it
        return self._inner.get_extra_info(info)
