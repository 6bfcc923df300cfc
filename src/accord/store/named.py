"""What the one writer remembers of packages and versions."""

from __future__ import annotations


class Names:
    """Identifiers of packages and versions already seen by this process."""

    def __init__(self) -> None:
        self.packages: dict[str, int] = {}
        self.versions: dict[tuple[int, str, str], int] = {}
        self.generation = -1

    def still(self, generation: int) -> None:
        """Another process may have numbered everything anew since this one last wrote."""
        if generation != self.generation:
            self.forget()
        self.generation = generation

    def forget(self) -> None:
        """After a rollback, or when too much is remembered."""
        self.packages.clear()
        self.versions.clear()

    def trim(self, most: int = 1_500_000) -> None:
        """Bound the memory that remembering takes."""
        if len(self.packages) + len(self.versions) > most:
            self.forget()
