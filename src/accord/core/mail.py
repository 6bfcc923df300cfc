"""Mail addresses, as far as a mail server must take them from us.

Source: RFC 5321, section 4.1.2, without quoted names and addresses of networks.
"""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250})")


def is_mail_address(text: str) -> bool:
    """Whether a text is a mail address and nothing else."""
    return _ADDRESS.fullmatch(text) is not None
