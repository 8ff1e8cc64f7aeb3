"""The waiting line: a fixed number of turns at once, first come, first served, bounded.

Pure: the caller keeps the tickets and wakes the ones it is told to.
"""

from collections import deque
from enum import Enum, auto
from typing import Generic, TypeVar

Ticket = TypeVar("Ticket")


class Entry(Enum):
    """What became of a ticket that joined."""

    GRANTED = auto()
    WAITING = auto()
    REFUSED = auto()


class Line(Generic[Ticket]):
    """Turns and who waits for one.

    `turns` tickets hold a turn at once, `places` more may wait.
    """

    def __init__(self, *, turns: int, places: int) -> None:
        self._free = turns
        self._turns = turns
        self._places = places
        self._waiting: deque[Ticket] = deque()

    @property
    def waiting(self) -> int:
        """Tickets that wait."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """Tickets that hold a turn."""
        return self._turns - self._free

    def join(self, ticket: Ticket) -> Entry:
        """Take a turn, or wait for one, or neither where all places are taken."""
        if self._free > 0:
            self._free -= 1
            return Entry.GRANTED
        if len(self._waiting) >= self._places:
            return Entry.REFUSED
        self._waiting.append(ticket)
        return Entry.WAITING

    def waits(self, ticket: Ticket) -> bool:
        """Whether a ticket is in the line."""
        return ticket in self._waiting

    def leave(self, ticket: Ticket) -> None:
        """Stop waiting."""
        self._waiting.remove(ticket)

    def release(self) -> Ticket | None:
        """End a turn; it passes to the returned ticket, if one waits."""
        if self._waiting:
            return self._waiting.popleft()
        self._free += 1
        return None
