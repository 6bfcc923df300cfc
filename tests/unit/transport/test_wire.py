"""Connections whose every step ends by one moment."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import httpcore
import pytest

from accord.transport.wire import Backend


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as heard:
        yield heard.getsockname()[1]


def test_without_an_end_the_limit_of_each_step_counts(port: int) -> None:
    stream = Backend().connect_tcp("127.0.0.1", port)
    start = time.monotonic()
    with pytest.raises(httpcore.ReadTimeout):
        stream.read(1, 0.1)
    assert 0.05 < time.monotonic() - start < 20
    stream.close()


def test_what_is_over_is_over(port: int) -> None:
    backend = Backend()
    stream = backend.connect_tcp("127.0.0.1", port)
    with backend.until(time.monotonic() - 1):
        with pytest.raises(httpcore.ConnectTimeout):
            backend.connect_tcp("127.0.0.1", port)
        with pytest.raises(httpcore.ReadTimeout):
            stream.read(1, 5)
        with pytest.raises(httpcore.WriteTimeout):
            stream.write(b"x", 5)
    stream.write(b"x", 5)
    stream.close()


def test_a_reader_that_does_not_read_is_cut(port: int) -> None:
    backend = Backend()
    stream = backend.connect_tcp("127.0.0.1", port)
    start = time.monotonic()
    with backend.until(start + 0.3), pytest.raises(httpcore.WriteTimeout):
        stream.write(bytes(64 << 20), 60)
    assert time.monotonic() - start < 20
    stream.close()


def test_each_thread_has_an_end_of_its_own(port: int) -> None:
    backend = Backend()
    seen: list[bool] = []

    def other() -> None:
        backend.connect_tcp("127.0.0.1", port).close()
        seen.append(True)

    with backend.until(time.monotonic() - 1):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert seen == [True]


def test_ends_are_taken_back(port: int) -> None:
    backend = Backend()
    with backend.until(time.monotonic() + 100):
        with backend.until(time.monotonic() - 1):
            pass
        backend.connect_tcp("127.0.0.1", port).close()
