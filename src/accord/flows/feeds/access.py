"""How a feed's server is spoken to: its secret is read anew for each reading, and kept nowhere."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

from accord.exchange.feeds import addresses
from accord.exchange.feeds.errors import FeedError
from accord.flows.feeds.port import Access, Feed, Options

_LONGEST = 16_384

Environment = Mapping[str, str]


def access(feed: Feed, environment: Environment) -> Access:
    """What a session with the feed needs.

    Raises:
        FeedError: its secret is not where it should be, others may read it, or it would go out in
            clear.
    """
    options = feed.options
    if options.secret and addresses.clear(feed.url, plain=options.plain):
        raise FeedError("its secret would go out unencrypted: add it again with https://")
    return Access(
        url=feed.url,
        internal=options.internal,
        plain=options.plain,
        authorization=_authorization(options, environment),
        certificate=options.certificate,
        authorities=options.authorities,
    )


def _authorization(options: Options, environment: Environment) -> str:
    """Basic (RFC 7617) with a user's name, else bearer (RFC 6750); empty: none."""
    if not options.secret:
        return ""
    secret = _secret(options, environment).strip()
    if not secret or not secret.isprintable() or not secret.isascii():
        raise FeedError(f"{_where(options)} holds no secret: one line of ASCII is expected")
    if options.user:
        return f"Basic {b64encode(f'{options.user}:{secret}'.encode()).decode()}"
    return f"Bearer {secret}"


def _where(options: Options) -> str:
    return options.secret_file or f"the variable {options.secret_env} of the environment"


def _secret(options: Options, environment: Environment) -> str:
    if options.secret_env:
        if options.secret_env not in environment:
            raise FeedError(f"{_where(options)} is not set")
        return environment[options.secret_env]
    file = Path(options.secret_file)
    try:
        with file.open("rb") as opened:
            if os.fstat(opened.fileno()).st_mode & 0o077:
                raise FeedError(f"others may read {file}: run `chmod 600 {file}`")
            return opened.read(_LONGEST).decode()
    except OSError as wrong:
        raise FeedError(f"cannot read {file}: {wrong.strerror}") from wrong
    except UnicodeDecodeError as wrong:
        raise FeedError(f"{file} holds no secret: one line of ASCII is expected") from wrong
