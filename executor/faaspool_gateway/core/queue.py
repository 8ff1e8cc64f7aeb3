"""The waiting tasks, and which of them is next.

Higher classes go first. Inside a class the caller with the fewest running tasks goes first, callers with
equally many take turns, and a caller's own tasks keep their order. Ageing keeps the lowest class from waiting
for ever: of `AGED_SHARE` tasks that are taken while one has waited longer than `AGEING_SECONDS`, one is the task
that has waited longest. So once a task is that old it waits for at most `AGED_SHARE` times as many others as
came before it, whatever comes after it.

Pure: the caller keeps the tickets and wakes the ones it is told to.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from faaspool_contract.names import Language, Priority

AGEING_SECONDS = 5.0
AGED_SHARE = 10
CLASSES = tuple(reversed(Priority))
"""Most urgent first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What decides when a task's turn comes."""

    language: Language
    priority: Priority
    caller: str
    """Whose task it is, where callers share fairly; the same for all where they do not."""


Ticket = TypeVar("Ticket")
_Lane = tuple[Priority, Language]


class _Callers(Generic[Ticket]):
    """The tasks of one class and language: by how many tasks their caller runs, then by whose turn it is."""

    def __init__(self) -> None:
        self._ranks: dict[int, OrderedDict[str, OrderedDict[Ticket, int]]] = {}
        self._rank_of: dict[str, int] = {}

    def add(self, caller: str, running: int, ticket: Ticket, number: int, *, first: bool) -> None:
        rank = self._rank_of.setdefault(caller, running)
        tickets = self._ranks.setdefault(rank, OrderedDict()).setdefault(caller, OrderedDict())
        tickets[ticket] = number
        if first:
            tickets.move_to_end(ticket, last=False)

    def remove(self, caller: str, ticket: Ticket) -> None:
        tickets = self._ranks[self._rank_of[caller]][caller]
        del tickets[ticket]
        if not tickets:
            self._drop(caller)

    def move(self, caller: str, running: int, *, last: bool) -> None:
        """Note how many tasks a caller runs now; `last` where it has just had its turn."""
        if caller in self._rank_of:
            tickets = self._drop(caller)
            self._rank_of[caller] = running
            callers = self._ranks.setdefault(running, OrderedDict())
            callers[caller] = tickets
            callers.move_to_end(caller, last=last)

    def head(self) -> tuple[int, int, Ticket] | None:
        """How many tasks the next one's caller runs, its number, and the task itself."""
        if not self._ranks:
            return None
        rank = min(self._ranks)
        ticket, number = next(iter(next(iter(self._ranks[rank].values())).items()))
        return rank, number, ticket

    def tickets(self) -> Iterator[Ticket]:
        for rank in sorted(self._ranks):
            for tickets in self._ranks[rank].values():
                yield from tickets

    def _drop(self, caller: str) -> OrderedDict[Ticket, int]:
        rank = self._rank_of.pop(caller)
        tickets = self._ranks[rank].pop(caller)
        if not self._ranks[rank]:
            del self._ranks[rank]
        return tickets


class Queue(Generic[Ticket]):
    """The waiting tasks; how many there may be is for others to decide."""

    def __init__(self) -> None:
        self._lanes: dict[_Lane, _Callers[Ticket]] = {
            (priority, language): _Callers() for priority in CLASSES for language in Language
        }
        self._arrivals: dict[Language, OrderedDict[Ticket, tuple[float, int]]] = {
            language: OrderedDict() for language in Language
        }
        self._places: dict[Ticket, Place] = {}
        self._depths = dict.fromkeys(Priority, 0)
        self._running: dict[str, int] = {}
        self._number = 0
        self._since_aged = 0

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, ticket: Ticket) -> bool:
        return ticket in self._places

    def depth(self, priority: Priority) -> int:
        """How many tasks of a class wait."""
        return self._depths[priority]

    def ahead(self, priority: Priority) -> int:
        """How many tasks wait that are served before a new one of this class."""
        return sum(self._depths[one] for one in CLASSES[: CLASSES.index(priority) + 1])

    def add(self, ticket: Ticket, place: Place, arrived: float, *, first: bool = False) -> None:
        """Let a task wait; `first` for one that had its turn already and lost its sandbox."""
        self._number += 1
        number = -self._number if first else self._number
        running = self._running.get(place.caller, 0)
        self._lanes[place.priority, place.language].add(place.caller, running, ticket, number, first=first)
        arrivals = self._arrivals[place.language]
        arrivals[ticket] = (arrived, number)
        if first:
            arrivals.move_to_end(ticket, last=False)
        self._places[ticket] = place
        self._depths[place.priority] += 1

    def remove(self, ticket: Ticket) -> None:
        """Take a task out that does not wait any longer."""
        place = self._places.pop(ticket)
        self._lanes[place.priority, place.language].remove(place.caller, ticket)
        del self._arrivals[place.language][ticket]
        self._depths[place.priority] -= 1

    def take(self, languages: Collection[Language], now: float) -> Ticket | None:
        """The next task among those of `languages`; it is no longer waiting, and runs."""
        ticket = self._next(languages, now)
        if ticket is not None:
            place = self._places[ticket]
            self.remove(ticket)
            self.begin(place.caller)
        return ticket

    def begin(self, caller: str) -> None:
        """Count a running task of a caller; `take` does."""
        self._count(caller, +1)

    def end(self, caller: str) -> None:
        """Count a running task of a caller out."""
        self._count(caller, -1)

    def upcoming(self, limit: int, now: float) -> list[Language]:
        """The languages of the next tasks, at most `limit`; the caller's share is not worked out ahead."""
        found: list[Ticket] = []
        oldest = self._oldest(tuple(Language), now)
        if oldest is not None and limit > 0:
            found.append(oldest)
        for priority in CLASSES:
            if self._depths[priority] and len(found) < limit:
                found += self._first(priority, oldest, limit - len(found))
        return [self._places[ticket].language for ticket in found]

    def _first(self, priority: Priority, skipped: Ticket | None, limit: int) -> list[Ticket]:
        """The first tasks of a class, in the order of their arrival."""
        first: list[tuple[int, Ticket]] = []
        for language, arrivals in self._arrivals.items():
            tickets = (ticket for ticket in self._lanes[priority, language].tickets() if ticket != skipped)
            first += ((arrivals[ticket][1], ticket) for ticket in islice(tickets, limit))
        return [ticket for _, ticket in sorted(first, key=lambda pair: pair[0])[:limit]]

    def _next(self, languages: Collection[Language], now: float) -> Ticket | None:
        oldest = self._oldest(languages, now)
        if oldest is not None:
            self._since_aged += 1
            if self._since_aged >= AGED_SHARE:
                self._since_aged = 0
                return oldest
        for priority in CLASSES:
            if self._depths[priority]:
                heads = [head for language in languages if (head := self._lanes[priority, language].head())]
                if heads:
                    return min(heads, key=lambda head: head[:2])[2]
        return None

    def _oldest(self, languages: Collection[Language], now: float) -> Ticket | None:
        """The task that has waited longest, if it has waited too long."""
        found: tuple[float, int, Ticket] | None = None
        for language in languages:
            if self._arrivals[language]:
                ticket, (arrived, number) = next(iter(self._arrivals[language].items()))
                if found is None or (arrived, number) < found[:2]:
                    found = (arrived, number, ticket)
        return found[2] if found is not None and now - found[0] > AGEING_SECONDS else None

    def _count(self, caller: str, change: int) -> None:
        running = self._running.get(caller, 0) + change
        if running:
            self._running[caller] = running
        else:
            self._running.pop(caller, None)
        if len(self._places) > 0:
            for lane in self._lanes.values():
                lane.move(caller, running, last=change > 0)
