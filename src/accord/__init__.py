"""accord: the node on which a cyber-security partnership between governments runs."""

__version__ = "0.1.0"
