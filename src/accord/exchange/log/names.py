"""What logs and keys are called in signed notes.

Source: C2SP signed-note (key names), tlog-checkpoint (origin lines).
"""

from __future__ import annotations

from accord.core.errors import Invalid

_LONGEST = 200


def key_name(partnership: str, partner: str) -> str:
    """Name of a partner's keys in signed notes: `PARTNERSHIP/PARTNER`.

    Raises:
        Invalid: as `name`, or a slash in the partner's name.
    """
    return name(f"{partnership}/{_part(partner)}")


def origin(partnership: str, partner: str, log: str) -> str:
    """First line of every checkpoint of a partner's log: `PARTNERSHIP/PARTNER/LOG`.

    Raises:
        Invalid: as `name`, or a slash in a name other than the partnership's.
    """
    return name(f"{partnership}/{_part(partner)}/{_part(log)}")


def log_of(text: str) -> str:
    """Name of the log in an origin line: what stands behind the last slash."""
    return text.rpartition("/")[2]


def _part(text: str) -> str:
    if not text or "/" in text:
        raise Invalid(f"{text!r} is not the name of a partner or of a log: no slash may be in it")
    return text


def name(text: str) -> str:
    """The name itself, once it is known to be one.

    Without spaces it can never be mistaken for another kind of signed message.

    Raises:
        Invalid: empty, too long, or with a space, a plus or a control character in it.
    """
    if not text or len(text) > _LONGEST:
        raise Invalid(f"the name of a key has 1 to {_LONGEST} characters, not {len(text)}")
    if "+" in text or not text.isprintable() or any(map(str.isspace, text)):
        raise Invalid(f"{text!r} is not the name of a key: no spaces, no '+' (C2SP signed-note)")
    return text
