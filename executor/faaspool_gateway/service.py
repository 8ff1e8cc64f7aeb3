"""Carries one task from its arrival to its answer: a turn, a sandbox, the run, once more if it was lost."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from faaspool_contract.names import Mode
from faaspool_contract.request import RequestLimits, RunRequest
from faaspool_gateway.core.answers import Run, answer
from faaspool_gateway.core.line import Entry, Line
from faaspool_gateway.errors import QueueFull, QueueTimeout, SandboxLost, ShuttingDown
from faaspool_gateway.ports import Outcome, Sandboxes, Task

MAX_ATTEMPTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayLimits:
    """How much the gateway takes on."""

    request: RequestLimits
    body_bytes: int
    workers: int
    """Tasks that run at once."""
    queue_size: int
    """Tasks that wait beyond those."""
    queue_timeout_seconds: float


class Gateway:
    """The front door's logic."""

    def __init__(self, sandboxes: Sandboxes, limits: GatewayLimits, mode: Mode) -> None:
        self.limits = limits
        self.mode = mode
        self.sandboxes = sandboxes
        self._line: Line[asyncio.Future[None]] = Line(turns=limits.workers, places=limits.queue_size)
        self._open = 0
        self._quiet = asyncio.Event()
        self._quiet.set()
        self.draining = False

    async def run(self, request: RunRequest) -> dict[str, object]:
        """Run a program and return the answer's fields.

        Raises GatewayError where it was not run.
        """
        if self.draining:
            raise ShuttingDown("no new tasks are taken")
        self._open += 1
        self._quiet.clear()
        try:
            with self.sandboxes.expecting(request.language):
                return await self._run(request)
        finally:
            self._open -= 1
            if self._open == 0:
                self._quiet.set()

    async def drain(self, grace_seconds: float) -> None:
        """Take no new tasks and wait for the ones there are, at most `grace_seconds`."""
        self.draining = True
        try:
            async with asyncio.timeout(grace_seconds):
                await self._quiet.wait()
        except TimeoutError:
            return

    async def _run(self, request: RunRequest) -> dict[str, object]:
        clock = time.perf_counter  # The loop's own clock is cached, and counts whole milliseconds under uvloop.
        arrived = clock()
        deadline = asyncio.get_running_loop().time() + self.limits.queue_timeout_seconds
        limit_ms = request.time_limit_ms(self.limits.request)
        task = Task(
            language=request.language,
            code=request.code.encode(),
            stdin=request.input.encode(),
            time_limit_seconds=limit_ms / 1000,
        )
        async with self._turn(deadline):
            turn = clock()
            for attempt in range(1, MAX_ATTEMPTS + 1):
                try:
                    started, outcome, ended = await self._attempt(task, deadline)
                    break
                except SandboxLost:
                    if attempt == MAX_ATTEMPTS:
                        raise
        run = Run(
            task_id=f"task-{time.time_ns() // 1_000_000}-{secrets.token_hex(3)}",
            language=request.language,
            mode=self.mode,
            attempts=attempt,
            limit_ms=limit_ms,
            queued=turn - arrived,
            started=started - turn,
            ran=ended - started,
            total=clock() - arrived,
        )
        return answer(run, outcome)

    async def _attempt(self, task: Task, deadline: float) -> tuple[float, Outcome, float]:
        clock = time.perf_counter
        async with self.sandboxes.lease(task.language, deadline) as sandbox:
            started = clock()
            outcome = await sandbox.run(task)
            return started, outcome, clock()

    @asynccontextmanager
    async def _turn(self, deadline: float) -> AsyncIterator[None]:
        granted = asyncio.get_running_loop().create_future()
        entry = self._line.join(granted)
        if entry is Entry.REFUSED:
            raise QueueFull(f"{self.limits.queue_size} tasks are waiting already")
        if entry is Entry.WAITING:
            await self._wait(granted, deadline)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, granted: asyncio.Future[None], deadline: float) -> None:
        try:
            async with asyncio.timeout_at(deadline):
                await granted
        except (TimeoutError, asyncio.CancelledError) as error:
            if granted.done() and not granted.cancelled():
                self._pass_on()  # Granted in the very tick in which the wait ended.
            elif self._line.waits(granted):
                self._line.leave(granted)
            if isinstance(error, TimeoutError):
                raise QueueTimeout(f"no turn within {self.limits.queue_timeout_seconds:g} s") from None
            raise

    def _pass_on(self) -> None:
        following = self._line.release()
        if following is None:
            return
        if following.cancelled():
            self._pass_on()  # Cancelled and not yet out of the line.
        else:
            following.set_result(None)
