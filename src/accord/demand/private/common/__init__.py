"""Which items at least so many partners hold, without showing who holds them, or anything else."""

from accord.demand.private.errors import NotAble

try:
    import numpy as np  # noqa: F401 - an extra: asked for once, before anything here needs it
except ImportError as wrong:
    raise NotAble(
        "computing together needs NumPy, which is not installed here: install `accord[pool]`"
    ) from wrong
