"""The built-in scenario: four partners, fictional operators, real vulnerabilities.

Ordinary documents in the formats that publishers use, shipped inside the package, so that a new
node has something to show. Nothing loads them but the ordinary readers. What is true in them and
what is invented stands in `docs/scenario.md`.
"""

from accord.scenario.documents import files

__all__ = ["files"]
