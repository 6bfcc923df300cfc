"""The command `accord`: one file a group of commands; each parses, calls one flow, prints."""

from accord.cli.app import main

__all__ = ["main"]
