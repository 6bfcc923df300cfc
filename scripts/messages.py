"""Bring every catalogue up to the messages of the code; a new message waits for its translation.

    python scripts/messages.py          write the catalogues anew
    python scripts/messages.py --new ur begin a catalogue of another language

What was translated stays. A new translation is `fuzzy` until a speaker has reviewed it.
"""

from __future__ import annotations

import ast
import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "accord"
LOCALES = SOURCE / "outreach" / "languages" / "locale"
PLACE = Path("LC_MESSAGES") / "accord.po"
SAYING = frozenset({"say", "to", "html", "reader", "marked"})
READ = ("outreach", "web/public", "flows/outreach")


def template() -> Catalog:
    """Every message of the code, in the order of the code."""
    found = Catalog(project="accord", charset="utf-8", fuzzy=False)
    for folder in READ:
        for path in sorted((SOURCE / folder).rglob("*.py")):
            for message in messages_of(path.read_text("utf-8")):
                found.add(message)
    return found


def messages_of(text: str) -> list[str]:
    """The messages of one file: what stands first where a message is said or marked."""
    calls = [one for one in ast.walk(ast.parse(text)) if isinstance(one, ast.Call) and one.args]
    calls.sort(key=lambda one: (one.lineno, one.col_offset))
    return [
        one.args[0].value
        for one in calls
        if isinstance(one.args[0], ast.Constant)
        and isinstance(one.args[0].value, str)
        and (getattr(one.func, "id", "") or getattr(one.func, "attr", "")) in SAYING
    ]


def renewed(code: str, data: bytes | None, messages: Catalog) -> bytes:
    """A language's catalogue with the messages of the code."""
    kept = read_po(BytesIO(data), locale=code) if data else Catalog(locale=code, charset="utf-8")
    made = Catalog(locale=code, project="accord", charset="utf-8", fuzzy=False)
    for one in messages:
        if one.id:
            before = kept.get(one.id)
            flags = set(before.flags) if before else set()
            made.add(one.id, before.string if before else "", flags=flags,
                     user_comments=before.user_comments if before else ())  # fmt: skip
    out = BytesIO()
    write_po(out, made, width=100, no_location=True, omit_header=True)
    head = (
        f"# accord in the language {code}.\n"
        "# A message that is fuzzy was reviewed by no speaker; take the flag away when you have.\n"
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Language: {code}\\n"\n\n'
    )
    return head.encode() + out.getvalue()


def main(arguments: list[str]) -> None:
    """Write every catalogue anew, and one more where it is asked for."""
    messages = template()
    codes = sorted(one.name for one in LOCALES.iterdir()) if LOCALES.exists() else []
    codes += arguments[1:] if arguments[:1] == ["--new"] else []
    for code in codes:
        path = LOCALES / code / PLACE
        path.parent.mkdir(parents=True, exist_ok=True)
        data = path.read_bytes() if path.exists() else None
        path.write_bytes(renewed(code, data, messages))


if __name__ == "__main__":
    main(sys.argv[1:])
