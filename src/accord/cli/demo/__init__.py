"""accord shown at work: one node with the built-in scenario, and four nodes as partners."""

from accord.cli.demo.four import demo
from accord.cli.demo.one import demo_one

__all__ = ["demo", "demo_one"]
