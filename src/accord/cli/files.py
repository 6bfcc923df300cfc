"""Files that a person names."""

from __future__ import annotations

from pathlib import Path


def read(file: Path, most: int = 0) -> bytes:
    """A file's bytes: at most `most`, or as many as any document may have.

    Raises:
        NotFound: it cannot be read.
        TooLarge: it is larger.
    """
    from accord.core.errors import NotFound, TooLarge
    from accord.core.limits import LIMITS

    most = most or LIMITS.bytes
    try:
        with file.open("rb") as source:
            data = source.read(most + 1)
    except OSError as wrong:
        raise NotFound(f"cannot read {file}: {wrong.strerror}") from wrong
    if len(data) > most:
        raise TooLarge(f"{file} is larger than {most:,} bytes")
    return data
