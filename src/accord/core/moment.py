"""The time as of which something is asked, and the next time at which an answer may be another.

Law (time): whatever was found by comparing dates with a moment is found alike at every later time
up to its `next`.
"""

from __future__ import annotations

from typing import Self, SupportsIndex


class Moment(str):
    """A `when()` that remembers the first date to come of all that it was compared with.

    It is text like every other `when()`, so a rule that compares a date with now is noticed
    whether or not it knows of this; a rule that is written later is noticed too. A day that is cut
    from its beginning remembers with it.
    """

    __slots__ = ("_next",)
    _next: list[str]

    def __new__(cls, text: str, remembered: list[str] | None = None) -> Self:
        """A moment that was compared with nothing yet."""
        made = super().__new__(cls, text)
        made._next = [""] if remembered is None else remembered
        return made

    @property
    def next(self) -> str:
        """The first date to come of all that it was compared with; empty: there was none."""
        return self._next[0]

    def apart(self) -> Moment:
        """The same time, compared with nothing yet."""
        return Moment(str(self))

    def note(self, date: str) -> None:
        """Take in that an answer may be another from a date on; empty: there is none."""
        first = self._next[0]
        if date and (not first or date < first):
            self._next[0] = str(date)

    def __getitem__(self, part: SupportsIndex | slice) -> str:
        """A part of the text; of its beginning one that remembers with it."""
        text = super().__getitem__(part)
        if isinstance(part, slice) and not part.start and part.step is None:
            return Moment(text, self._next)
        return text

    def __lt__(self, date: str) -> bool:
        """Whether a date is to come: no longer once it is reached."""
        found = super().__lt__(date)
        if found:
            self.note(date[: len(self)])
        return found

    def __ge__(self, date: str) -> bool:
        """Whether a date is reached."""
        return not self < date

    def __le__(self, date: str) -> bool:
        """Whether a date is not over: no longer from the instant after it."""
        found = super().__le__(date)
        if found:
            self.note(date[: len(self)])
        return found

    def __gt__(self, date: str) -> bool:
        """Whether a date is over."""
        return not self <= date
