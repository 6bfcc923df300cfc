"""Tables that are harmless wherever they are opened, and days in words."""

from __future__ import annotations

import web_specimens

from accord.web.render import ago, as_csv


def test_a_table_runs_nothing() -> None:
    text = as_csv(("a", "b"), [("=cmd()", -1.5), ("@x", ("+1", "2"))]).decode()
    assert text == "a,b\r\n'=cmd(),-1.5\r\n'@x,'+1; 2\r\n"


def test_a_table_drives_nothing() -> None:
    made = as_csv(("a", "b"), [("\x1b[2Jx\r\ny", ("\u202eabc", "\x9b1m")), ("x" * 90_000, None)])
    text = made.decode()
    assert text.startswith("a,b\r\n\ufffd[2Jx\ufffd\ufffdy,\ufffdabc; \ufffd1m\r\n")
    assert len(text) < 11_000


def test_days_in_words() -> None:
    assert ago("2026-03-14", web_specimens.NOW) == "2 days ago"
    assert ago("2026-03-16", web_specimens.NOW) == "today"
    assert ago("2026-03-30", web_specimens.NOW) == "in 2 weeks"
    assert ago("2021-12-10", web_specimens.NOW) == "4 years ago"
    assert ago("soon", web_specimens.NOW) == ""
