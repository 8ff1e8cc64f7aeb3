"""Carries a task from its arrival to its answer: a place in the queue, a sandbox, the run; once more if it was lost."""

import asyncio
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

from faaspool_contract.names import Language, Mode, Priority
from faaspool_contract.request import RequestLimits
from faaspool_gateway.core.answers import Run, answer, not_run, status_of
from faaspool_gateway.core.queue import Place, Queue
from faaspool_gateway.core.rate import Rate
from faaspool_gateway.core.statistics import Statistics
from faaspool_gateway.errors import Cancelled, QueueFull, QueueTimeout, SandboxLost, ShuttingDown, WaitTooLong
from faaspool_gateway.ports import Ending, Outcome, Phases, Sandbox, Sandboxes, Task, TaskEnded, Watcher
from faaspool_gateway.ticket import Granted, Ticket, clock

MAX_ATTEMPTS = 2
LONGEST_RETRY_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayLimits:
    """How much the gateway takes on."""

    request: RequestLimits
    body_bytes: int
    output_bytes: int
    """What is kept of each stream."""
    workers: int
    """Tasks that run at once."""
    queue_size: int
    """Tasks that wait beyond those."""
    queue_timeout_seconds: float


class Gateway:
    """The front door's logic.

    `prioritised` turns classes and callers' shares on; without it tasks are served as they come.
    """

    def __init__(
        self,
        sandboxes: Sandboxes,
        limits: GatewayLimits,
        mode: Mode,
        *,
        prioritised: bool = False,
        watchers: Sequence[Watcher] = (),
    ) -> None:
        self.limits = limits
        self.mode = mode
        self.sandboxes = sandboxes
        self.statistics = Statistics()
        self.queue: Queue[Ticket] = Queue()
        self.draining = False
        self._prioritised = prioritised
        self._watchers = watchers
        self._rate = Rate()
        self._running = 0
        self._turn_since = clock()
        self._quiet = asyncio.Event()
        self._quiet.set()
        sandboxes.connect(self._needed, lambda: self._dispatch(warm=False))

    async def run(self, ticket: Ticket, on_admitted: Callable[[], None] = lambda: None) -> dict[str, object]:
        """Run a task and return the answer's fields; `on_admitted` is called once it is taken.

        Raises GatewayError where it was not run.
        """
        self._admit(ticket)
        on_admitted()
        counted = self.statistics
        counted.queued += 1
        self._quiet.clear()
        try:
            with self.sandboxes.expecting(ticket.request.language):
                return await self._carry_out(ticket)
        except asyncio.CancelledError:
            self._withdraw()
            raise
        except (QueueTimeout, SandboxLost) as error:
            counted.failed += 1
            self._refused(error)
            raise
        finally:
            counted.queued -= 1
            if counted.queued + counted.running == 0:
                self._quiet.set()

    async def drain(self, grace_seconds: float) -> None:
        """Take no new tasks and wait for the ones there are, at most `grace_seconds`."""
        self.draining = True
        try:
            async with asyncio.timeout(grace_seconds):
                await self._quiet.wait()
        except TimeoutError:
            return

    def retry_seconds(self) -> int:
        """When another try may succeed: the time that what waits now takes at the measured rate."""
        wait = self._rate.wait_seconds(len(self.queue) + 1, clock())
        return 1 if wait is None else min(max(math.ceil(wait), 1), LONGEST_RETRY_SECONDS)

    def _admit(self, ticket: Ticket) -> None:
        """Raises GatewayError where a task is not taken."""
        try:
            self._check(ticket)
        except (QueueFull, ShuttingDown) as error:
            self._refused(error)
            raise

    def _check(self, ticket: Ticket) -> None:
        if self.draining:
            raise ShuttingDown("no new tasks are taken", 1)
        if self._has_turn() and not len(self.queue):
            return
        if self._running + len(self.queue) >= self.limits.workers + self.limits.queue_size:
            raise QueueFull(f"{self.limits.queue_size} tasks are waiting already", self.retry_seconds())
        wait = self._rate.wait_seconds(self.queue.ahead(self._place(ticket).priority), clock())
        longest = self.limits.queue_timeout_seconds
        if wait is not None and wait > longest:
            text = f"it would wait for about {wait:.0f} s, and tasks may wait for {longest:g} s"
            raise WaitTooLong(text, self.retry_seconds())

    def _place(self, ticket: Ticket) -> Place:
        request = ticket.request
        if self._prioritised:
            return Place(language=request.language, priority=request.priority, caller=ticket.caller)
        return Place(language=request.language, priority=Priority.NORMAL, caller="")

    async def _carry_out(self, ticket: Ticket) -> dict[str, object]:
        request = ticket.request
        deadline = asyncio.get_running_loop().time() + self.limits.queue_timeout_seconds
        limit_ms = request.time_limit_ms(self.limits.request)
        task = Task(
            language=request.language,
            code=request.code.encode(),
            stdin=request.input.encode(),
            time_limit_seconds=limit_ms / 1000,
        )
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                granted = await self._sandbox(ticket, deadline, again=attempt > 1)
                with self._lent(ticket, granted):
                    outcome = await granted.sandbox.run(task, ticket.sink)
                    ended = clock()
                break
            except Cancelled as error:
                self._withdraw()
                return not_run(ticket.task_id, request.language, self.mode, str(error))
            except SandboxLost:
                if attempt == MAX_ATTEMPTS:
                    raise
        phases = Phases(
            queued=granted.turn - ticket.arrived,
            started=granted.at - granted.turn,
            ran=ended - granted.at,
            total=clock() - ticket.arrived,
        )
        self._count(ticket, outcome, phases, warm=granted.warm)
        run = Run(
            task_id=ticket.task_id,
            language=request.language,
            mode=self.mode,
            attempts=attempt,
            limit_ms=limit_ms,
            phases=phases,
            instance=granted.sandbox.name,
            census=self.sandboxes.census() if self.mode is Mode.ENHANCED else None,
        )
        return answer(run, outcome)

    def _count(self, ticket: Ticket, outcome: Outcome, phases: Phases, *, warm: bool) -> None:
        if outcome.ending is Ending.CANCELLED:
            self._withdraw()
            return
        self.statistics.complete(phases.ran)
        for watcher in self._watchers:
            watcher.ended(
                TaskEnded(
                    task_id=ticket.task_id,
                    language=ticket.request.language,
                    priority=ticket.request.priority,
                    status=status_of(outcome),
                    phases=phases,
                    warm=warm,
                )
            )

    def _withdraw(self) -> None:
        self.statistics.cancelled += 1
        for watcher in self._watchers:
            watcher.cancelled()

    def _refused(self, error: QueueFull | QueueTimeout | ShuttingDown | SandboxLost) -> None:
        for watcher in self._watchers:
            watcher.refused(error.reason)

    @contextmanager
    def _lent(self, ticket: Ticket, granted: Granted) -> Iterator[None]:
        """Hold a turn and a sandbox."""
        ticket.sandbox = granted.sandbox
        self.statistics.queued -= 1
        self.statistics.running += 1
        try:
            yield
        finally:
            ticket.sandbox = None
            self.statistics.running -= 1
            self.statistics.queued += 1
            self._release(ticket, granted.sandbox, used=True)

    async def _sandbox(self, ticket: Ticket, deadline: float, *, again: bool) -> Granted:
        """Wait for a turn and a sandbox. Raises QueueTimeout at the deadline (loop time), or Cancelled."""
        place = self._place(ticket)
        if not again and self._has_turn() and not len(self.queue) and self.sandboxes.ready(place.language):
            self._running += 1
            self.queue.begin(place.caller)
            return Granted(self.sandboxes.take(place.language), ticket.arrived, clock(), warm=True)
        ticket.granted = asyncio.get_running_loop().create_future()
        self.queue.add(ticket, place, ticket.arrived, first=again)
        if self._has_turn():
            self._dispatch(warm=True)
            self.sandboxes.hurry()
        try:
            async with asyncio.timeout_at(deadline):
                return await ticket.granted
        except (TimeoutError, Cancelled, asyncio.CancelledError) as error:
            self._leave(ticket)
            if isinstance(error, TimeoutError):
                self._late(place)
            raise

    def _late(self, place: Place) -> NoReturn:
        waited = f"{self.limits.queue_timeout_seconds:g} s"
        reason = f"no {place.language} sandbox" if self._has_turn() else "no turn"
        raise QueueTimeout(f"{reason} within {waited}", self.retry_seconds()) from None

    def _leave(self, ticket: Ticket) -> None:
        """Stop waiting; what was granted in the very tick in which the wait ended goes back."""
        granted = ticket.granted
        if ticket in self.queue:
            self.queue.remove(ticket)
        elif granted is not None and granted.done() and not granted.cancelled() and granted.exception() is None:
            self._release(ticket, granted.result().sandbox, used=False)

    def _release(self, ticket: Ticket, sandbox: Sandbox, *, used: bool) -> None:
        if not self._has_turn():
            self._turn_since = clock()
        self._running -= 1
        self.queue.end(self._place(ticket).caller)
        self.sandboxes.give_back(sandbox, used=used)
        self._dispatch(warm=True)

    def _has_turn(self) -> bool:
        return self._running < self.limits.workers

    def _needed(self) -> list[Language]:
        """The languages of the tasks that have a turn and no sandbox."""
        free = self.limits.workers - self._running
        return self.queue.upcoming(free, clock()) if free and len(self.queue) else []

    def _dispatch(self, *, warm: bool) -> None:
        """Give turns and sandboxes to the tasks that are next."""
        while len(self.queue) and self._has_turn():
            languages = [language for language in Language if self.sandboxes.ready(language)]
            now = clock()
            ticket = self.queue.take(languages, now) if languages else None
            if ticket is None:
                break
            self._running += 1
            self._rate.turn(now, waiting=len(self.queue) > 0)
            sandbox = self.sandboxes.take(ticket.request.language)
            if ticket.granted is None or ticket.granted.done():
                self._release(ticket, sandbox, used=False)  # Cancelled, and not yet out of the queue.
            else:
                turn = min(max(ticket.arrived, self._turn_since), now)
                ticket.granted.set_result(Granted(sandbox, turn, now, warm=warm))
        if len(self.queue) and self._has_turn():
            self.sandboxes.hurry()
