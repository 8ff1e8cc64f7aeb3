"""The queue: its order, its ageing, its shares, and what cancelling leaves behind."""

from collections import deque

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from faaspool_contract.names import Language, Priority
from faaspool_gateway.core.queue import AGED_SHARE, AGEING_SECONDS, CLASSES, Place, Queue

PLACES = 1000
PYTHON = Language.PYTHON


def place(priority: Priority = Priority.NORMAL, caller: str = "", language: Language = PYTHON) -> Place:
    """A place of a task."""
    return Place(language=language, priority=priority, caller=caller)


def drained(queue: Queue[int], now: float = 0.0) -> list[int]:
    """All tasks in the order in which they are taken."""
    taken = []
    while (ticket := queue.take(tuple(Language), now)) is not None:
        taken.append(ticket)
    return taken


@given(st.lists(st.tuples(st.sampled_from(list(Priority)), st.sampled_from(list(Language)))))
def test_higher_classes_first_and_arrival_inside_a_class(tasks: list[tuple[Priority, Language]]) -> None:
    """Whatever the languages, while nothing is old."""
    queue: Queue[int] = Queue()
    for number, (priority, language) in enumerate(tasks):
        queue.add(number, place(priority, language=language), 0.0)

    upcoming = queue.upcoming(PLACES, 0.0)

    order = sorted(range(len(tasks)), key=lambda number: (CLASSES.index(tasks[number][0]), number))
    assert upcoming == [tasks[number][1] for number in order]
    assert drained(queue) == order


@given(st.integers(0, 20), st.lists(st.sampled_from(CLASSES), min_size=1, max_size=5))
def test_the_lowest_class_waits_a_bounded_number_of_turns(before: int, arrivals: list[Priority]) -> None:
    """However many tasks of higher classes come, one of ten turns goes to the oldest."""
    queue: Queue[int] = Queue()
    for number in range(before):
        queue.add(number, place(Priority.LOW), 0.0)
    low = before
    queue.add(low, place(Priority.LOW), 0.0)
    bound = AGED_SHARE * (before + 1)
    now = AGEING_SECONDS + 1
    for turn in range(1, bound + 1):
        for priority in arrivals:
            queue.add(PLACES + turn * 10 + len(queue), place(priority), now)
        if queue.take([PYTHON], now) == low:
            return
    raise AssertionError(f"not taken in {bound} turns")


def test_callers_share_and_none_starves() -> None:
    """A caller with a hundred tasks does not keep one with a single task waiting."""
    queue: Queue[str] = Queue()
    for number in range(100):
        queue.add(f"greedy-{number}", place(caller="greedy"), 0.0)
    queue.add("modest", place(caller="modest"), 0.0)

    taken = [queue.take([PYTHON], 0.0) for _ in range(4)]

    assert taken == ["greedy-0", "modest", "greedy-1", "greedy-2"]


def test_a_caller_whose_tasks_run_long_gets_no_more_than_his_share() -> None:
    """The one with fewer running tasks is next, not the one whose turn it would be."""
    queue: Queue[str] = Queue()
    for number in range(10):
        queue.add(f"long-{number}", place(caller="long"), 0.0)
        queue.add(f"short-{number}", place(caller="short"), 0.0)
    taken = []
    for _ in range(10):
        ticket = queue.take([PYTHON], 0.0)
        assert ticket is not None
        taken.append(ticket)
        if ticket.startswith("short"):
            queue.end("short")

    assert sum(ticket.startswith("long") for ticket in taken) <= 2


def test_a_task_that_lost_its_sandbox_is_next_in_its_class() -> None:
    """It had its turn already."""
    queue: Queue[str] = Queue()
    queue.add("waiting", place(), 0.0)
    queue.add("lost", place(), 0.0, first=True)
    assert queue.take([PYTHON], 0.0) == "lost"


class QueueMachine(RuleBasedStateMachine):
    """Whatever comes, goes and ends in whatever order: each task leaves once, and counts agree."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: Queue[int] = Queue()
        self.waiting: dict[int, Place] = {}
        self.running: deque[Place] = deque()
        self.number = 0
        self.now = 0.0

    @rule(
        priority=st.sampled_from(CLASSES), language=st.sampled_from(list(Language)), caller=st.sampled_from(["a", "b"])
    )
    def add(self, priority: Priority, language: Language, caller: str) -> None:
        """A task waits."""
        self.number += 1
        self.waiting[self.number] = place(priority, caller, language)
        self.queue.add(self.number, self.waiting[self.number], self.now)

    @rule(languages=st.sets(st.sampled_from(list(Language)), min_size=1), seconds=st.floats(0, 10))
    def take(self, languages: set[Language], seconds: float) -> None:
        """The next one is of a language that was asked for; none is passed over while one is eligible."""
        self.now += seconds
        ticket = self.queue.take(sorted(languages), self.now)
        eligible = [number for number, one in self.waiting.items() if one.language in languages]
        assert (ticket is None) == (not eligible)
        if ticket is not None:
            assert ticket in eligible
            self.running.append(self.waiting.pop(ticket))

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        """A task is cancelled."""
        ticket = data.draw(st.sampled_from(sorted(self.waiting)))
        self.queue.remove(ticket)
        del self.waiting[ticket]
        assert ticket not in self.queue

    @precondition(lambda self: self.running)
    @rule()
    def end(self) -> None:
        """A running task ends."""
        self.queue.end(self.running.popleft().caller)

    @invariant()
    def counts_agree(self) -> None:
        """Depths add up, and what is next is what waits."""
        assert len(self.queue) == len(self.waiting) == sum(map(self.queue.depth, Priority))
        languages = sorted(one.language for one in self.waiting.values())
        assert sorted(self.queue.upcoming(PLACES, self.now)) == languages


TestQueue = QueueMachine.TestCase
