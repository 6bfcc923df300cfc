"""Which documents a node knew, and which of them counted: all of them, or those asked for."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec


class Documents(Protocol):
    """Which documents the node knew, and which of them counted."""

    @property
    def learned(self) -> Mapping[int, str]:
        """When each that was known was learned."""

    @property
    def current(self) -> Container[int]:
        """Those that counted."""

    @property
    def origins(self) -> Mapping[int, str]:
        """The partner that sealed each that came from one."""


class AllDocuments(msgspec.Struct):
    """Every document, looked up at once."""

    learned: dict[int, str]
    current: frozenset[int]
    origins: dict[int, str]


class FewDocuments:
    """Documents looked up as they are asked for, where most of them never are; of now."""

    def __init__(self, rows: Callable[..., Sequence[Any]]) -> None:
        self._rows = rows
        self._found: dict[int, Any] = {}
        self.learned: Mapping[int, str] = _Column(self.row, lambda row: row.learned)
        self.origins: Mapping[int, str] = _Column(self.row, lambda row: row.origin or None)
        self.current: Container[int] = _Column(self.row, lambda row: row.current or None)

    def row(self, document: int) -> Any:  # noqa: ANN401 - a row of the database
        """One document, or None."""
        if document not in self._found:
            rows = self._rows(_ONE, id=document)
            self._found[document] = rows[0] if rows else None
        return self._found[document]


class _Column(Mapping[int, Any]):
    """One column of the documents asked for; it cannot be gone through."""

    def __init__(self, row: Callable[[int], Any], value: Callable[[Any], Any]) -> None:
        self._row = row
        self._value = value

    def __getitem__(self, document: int) -> Any:  # noqa: ANN401 - whatever the column holds
        row = self._row(document)
        value = None if row is None else self._value(row)
        if value is None:
            raise KeyError(document)
        return value

    def __iter__(self) -> Iterator[int]:
        raise TypeError("only some documents are looked up here")

    def __len__(self) -> int:
        raise TypeError("only some documents are looked up here")


_ONE = "SELECT id, learned, current, origin FROM document WHERE id = :id"
