"""Subjects with everything that they hang on, from a look-up of what this node knows.

Law (bounded): however objects point at each other, in circles too, each is read once a question,
and an end further away than `DEPTH` is unknown: what hangs on it does not go out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from accord.core.errors import Invalid
from accord.exchange.objects import ENDS, Content, read_stix
from accord.exchange.release import Subject
from accord.identity.markings import UNMARKED, Marking, strictest

LookUp = Callable[[str], Subject | None]
"""A subject by its STIX identifier as it stands in the columns: with its marking, state, origin and
body, without ends or references; None: not on this node. The identity of each partner, which the
directory names to all of them, is best given as CLEAR."""
Derived = Callable[[Subject], Iterable[str]]
"""What a subject was made of, by the names under which it is looked up. Every one of them counts:
whose word it was, where several give one identifier, is for who knows their versions to say."""

DEPTH: Final = 4
"""Ends of ends: a sighting of a relationship has ends two steps away."""


def subject_of(  # noqa: PLR0913 - each is a member of the subject
    content: Content,
    body: bytes,
    origin: str,
    look_up: LookUp,
    *,
    state: str = "live",
    marking: Marking | None = None,
    sources: Iterable[str] = (),
) -> Subject:
    """An object with its ends, its other references and what it was derived from.

    `marking` is what its header says; the strictest of it and of the content's own counts, and
    `UNMARKED` where there is none. `sources` are identifiers of what it was made of.
    """
    return Graph(look_up).subject(
        content, body, origin, state=state, marking=marking, sources=sources
    )


class Graph:
    """Looks everything up once; for the objects of one batch, while nothing changes."""

    def __init__(self, look_up: LookUp, derived: Derived = lambda _: ()) -> None:
        self._look_up = look_up
        self._derived = derived
        self._found: dict[str, Subject | None] = {}
        self._ends: dict[tuple[str, int], Subject | None] = {}
        self._references: dict[tuple[str, int], Subject | None] = {}

    def subject(  # noqa: PLR0913 - as `subject_of`
        self,
        content: Content,
        body: bytes,
        origin: str,
        *,
        state: str = "live",
        marking: Marking | None = None,
        sources: Iterable[str] = (),
    ) -> Subject:
        """As `subject_of`."""
        stated = [one for one in (marking, content.marking) if one is not None]
        bare = Subject(
            object=content.object,
            version=content.version,
            type=content.type,
            origin=origin,
            marking=strictest(stated) if stated else Marking(UNMARKED),
            state=state,
            granular=content.granular,
            unknown=bool(content.unknown_markings),
            body=body,
        )
        bare = msgspec.structs.replace(bare, sources=self._sources(sources, DEPTH))
        return self._with(bare, content, DEPTH, refs=True)

    def completed(self, bare: Subject) -> Subject:
        """A subject as the look-up gives it, with ends and references read from its body.

        One whose body cannot be read has an end that is not known, so that it goes nowhere.
        """
        try:
            content = read_stix(bare.body)
        except Invalid:
            return msgspec.structs.replace(bare, ends=(None,))
        return self._with(bare, content, DEPTH, refs=True)

    def _with(self, bare: Subject, content: Content, depth: int, *, refs: bool) -> Subject:
        others = [name for name in content.refs if name not in content.ends] if refs else []
        named = ((name, self._reference(name, depth - 1)) for name in others)
        return msgspec.structs.replace(
            bare,
            granular=bare.granular or content.granular,
            unknown=bare.unknown or bool(content.unknown_markings),
            ends=tuple(self._end(name, depth - 1) for name in content.ends),
            sources=bare.sources or self._sources(self._derived(bare), depth),
            refs=tuple((name, one) for name, one in named if one is not None),
        )

    def _sources(self, names: Iterable[str], depth: int) -> tuple[Subject | None, ...]:
        """What it was made of, no step further away than itself: what is made of something is no
        source of anything.
        """
        return tuple(self._end(name, max(depth, 1)) for name in names)

    def _end(self, name: str, depth: int) -> Subject | None:
        """What must show, whole; None: not known here, not readable, or too far away."""
        key = (name, depth)
        if key not in self._ends:
            bare = self._bare(name) if depth > 0 else None
            self._ends[key] = bare and self._read(bare, depth, refs=True)
        return self._ends[key]

    def _reference(self, name: str, depth: int) -> Subject | None:
        """What is named in passing; one that connects others is then hidden."""
        key = (name, depth)
        if key not in self._references:
            bare = self._bare(name)
            if bare is not None and (bare.type in ENDS or any(True for _ in self._derived(bare))):
                bare = self._read(bare, depth, refs=False) or bare
            self._references[key] = bare
        return self._references[key]

    def _read(self, bare: Subject, depth: int, *, refs: bool) -> Subject | None:
        try:
            return self._with(bare, read_stix(bare.body), depth, refs=refs)
        except Invalid:
            return None

    def _bare(self, name: str) -> Subject | None:
        if name not in self._found:
            self._found[name] = self._look_up(name)
        return self._found[name]
