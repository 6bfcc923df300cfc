"""Write docs/commands.md, to standard output, from the commands themselves.

A command explains itself once, in its docstring and in the help of its options; this page and
`accord COMMAND --help` both say that. A test compares the page with what this program writes.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from typing import Any

import typer.main

from accord.cli.app import app

_HEAD = """\
# Commands

This page says what `accord COMMAND --help` says; `make commands` writes it anew.
"""


def _arguments(command: Any) -> Iterator[Any]:
    return (p for p in command.params if p.param_type_name == "argument")


def _options(command: Any) -> Iterator[Any]:
    return (p for p in command.params if p.param_type_name == "option" and not p.hidden)


def _metavar(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    name = name if argument.nargs == 1 or name.endswith("...") else f"{name}..."
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _help(text: str | None) -> str:
    """The text of a help, without what is meant for readers of the code (behind a form feed)."""
    return inspect.cleandoc((text or "").split("\f", 1)[0]).strip()


def _default(parameter: Any) -> str:
    """What holds where nothing is said; never a path of the machine that writes the page."""
    if isinstance(parameter.show_default, str):
        return f" `{parameter.show_default}` if not given."
    value = parameter.default
    said = isinstance(value, int | str) and not isinstance(value, bool) and value != ""
    return f" `{value}` if not given." if said else ""


def _cell(parameter: Any) -> str:
    text = " ".join(_help(parameter.help).split()) + _default(parameter)
    if parameter.envvar:
        name = parameter.envvar if isinstance(parameter.envvar, str) else parameter.envvar[0]
        text = f"{text} Or by `{name}`." if name not in text else text
    return text.replace("|", "\\|")


def _spelling(option: Any) -> str:
    value = "" if option.is_flag or option.count else f" {option.metavar or option.name.upper()}"
    spellings = [f"`{name}{value}`" for name in (*option.opts, *option.secondary_opts)]
    return ", ".join(spellings)


def _table(command: Any) -> Iterator[str]:
    rows = [(f"`{_metavar(p)}`", _cell(p)) for p in _arguments(command)]
    rows += [(_spelling(p), _cell(p)) for p in _options(command) if p.name != "help"]
    if rows:
        yield "\n| word | meaning |\n|---|---|\n"
        for spelling, text in rows:
            yield f"| {spelling} | {text} |\n"


def _section(path: str, command: Any) -> Iterator[str]:
    words = [path, *map(_metavar, _arguments(command))]
    has_options = any(p.name != "help" for p in _options(command))
    children = getattr(command, "commands", {})
    if not children:
        yield f"\n## {path}\n\n```sh\n{' '.join(words)}{' [OPTIONS]' * has_options}\n```\n"
    if text := _help(command.help):
        yield f"\n{text}\n"
    yield from _table(command)
    for name in children:
        if not children[name].hidden:
            yield from _section(f"{path} {name}", children[name])


def main() -> None:
    """Write the page."""
    sys.stdout.write(_HEAD + "".join(_section("accord", typer.main.get_command(app))))


if __name__ == "__main__":
    main()
