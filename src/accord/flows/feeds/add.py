"""Add a feed: everything that can be wrong with it is told before it is kept."""

from __future__ import annotations

import re

from accord.core.errors import Invalid
from accord.exchange.feeds import addresses
from accord.exchange.feeds.kinds import kind_of
from accord.exchange.feeds.schedule import Health, seconds_of
from accord.flows.feeds.port import Feed, Feeds, Options

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", re.ASCII)
_LONGEST = 200


def add(feeds: Feeds, name: str, kind: str, url: str, options: Options, at: str) -> Feed:  # noqa: PLR0913, PLR0917 - each is one word of the command
    """Keep a feed, which is due at once.

    Raises:
        NotFound: there is no such kind.
        Invalid: the name, the address or an option cannot be, or there is one of this name.
    """
    if not _NAME.fullmatch(name):
        raise Invalid(f"{name[:80]!r} is no name: use a-z, 0-9 and '-', at most 64 characters")
    url = url or kind_of(kind).url
    if not url:
        raise Invalid(f"a feed of the kind {kind} needs an address")
    addresses.checked(url, plain=options.plain or options.internal)
    _check(options)
    if options.secret and addresses.clear(url, plain=options.plain):
        raise Invalid(
            "a secret would go out unencrypted: use https://; only a server of this machine, named"
            " by its number, such as http://127.0.0.1/, may have it so, with --plain"
        )
    feed = Feed(name, kind, url, options, at, Health())
    feeds.add(feed)
    return feed


def span(text: str, kind: str) -> int:
    """How often a feed is asked, in seconds; empty: as often as its kind usually is.

    Raises:
        NotFound: there is no such kind.
        Invalid: it is no span.
    """
    return seconds_of(text or kind_of(kind).every)


def _check(options: Options) -> None:
    if options.secret_file and options.secret_env:
        raise Invalid("a secret is in a file or in the environment: name one of them")
    if options.user and not options.secret:
        raise Invalid("with --user goes a password: name its file with --secret-file")
    if ":" in options.user or not options.user.isprintable() or len(options.user) > _LONGEST:
        raise Invalid("a user's name holds no colon (RFC 7617)")
    if options.plain and options.secret and not options.internal:
        raise Invalid("a secret would go out unencrypted: leave out --plain")
