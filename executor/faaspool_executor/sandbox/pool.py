"""The sandboxes of one machine: warm ones by language, made ahead of what was asked for lately."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog

from faaspool_contract.names import Language
from faaspool_executor.core.plan import Budget, Demand, View, plan
from faaspool_executor.errors import ExecutorError
from faaspool_executor.sandbox.host import OomKills
from faaspool_executor.sandbox.process import Command, SandboxProcess
from faaspool_gateway.errors import QueueTimeout
from faaspool_gateway.ports import Ending

START_TIMEOUT_SECONDS = 60.0
TICK_SECONDS = 5.0
WATCH_SECONDS = 0.01
FIRST_BACKOFF_SECONDS = 0.5
MAX_BACKOFF_SECONDS = 10.0
REFILL_SECONDS = 0.02
"""A sandbox that was lent is replaced this much later: starting a process holds up the loop and its core,
and most tasks are over by then."""

log = structlog.get_logger()


class Pool:
    """Implements the gateway's `Sandboxes`."""

    def __init__(
        self, commands: Callable[[Language], Command], budget: Budget, workers: int, isolation: tuple[str, ...]
    ) -> None:
        self.isolation = isolation
        self._commands = commands
        self._budget = budget
        self._demand = Demand(workers)
        self._idle: dict[Language, deque[SandboxProcess]] = {language: deque() for language in Language}
        self._starting = dict.fromkeys(Language, 0)
        self._waiters: dict[Language, deque[asyncio.Future[SandboxProcess]]] = {
            language: deque() for language in Language
        }
        self._running: set[SandboxProcess] = set()
        self._ending: set[SandboxProcess] = set()
        self._wake = asyncio.Event()
        self._active = asyncio.Event()
        self._oom_kills = OomKills()
        self._failures = 0
        self._retry_at = 0.0
        self.notice: str | None = None
        """A reason, known to others, why tasks are served more slowly than they should be."""

    async def run(self) -> None:
        """Keep sandboxes ready until cancelled; then end them all."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch(), name="memory-watch")
                while True:
                    self._wake.clear()
                    decision = plan(self._view(loop.time()), self._budget)
                    for language in decision.stop:
                        self._retire(self._idle[language].popleft())
                    for language in decision.start:
                        self._starting[language] += 1
                        group.create_task(self._start(language), name=f"start-{language}")
                    try:
                        async with asyncio.timeout(TICK_SECONDS):
                            await self._wake.wait()
                    except TimeoutError:
                        continue
        finally:
            await self._end_all()

    @contextmanager
    def expecting(self, language: Language) -> Iterator[None]:
        """Count a task that is queued or runs."""
        self._demand.arrive(language, asyncio.get_running_loop().time())
        try:
            yield
        finally:
            self._demand.leave(language)

    @asynccontextmanager
    async def lease(self, language: Language, deadline: float) -> AsyncIterator[SandboxProcess]:
        """Lend a sandbox; it is killed and replaced afterwards."""
        sandbox = await self._acquire(language, deadline)
        self._running.add(sandbox)
        self._active.set()
        try:
            yield sandbox
        finally:
            self._running.discard(sandbox)
            self._retire(sandbox)

    def problems(self) -> list[str]:
        """Why tasks are served more slowly than they should be."""
        failing = [f"sandboxes fail to start ({self._failures} in a row)"] if self._failures else []
        return failing + ([self.notice] if self.notice else [])

    def usable(self) -> bool:
        """Whether a sandbox is there or the last start went well."""
        return any(self._idle.values()) or bool(self._running) or self._failures < 3  # noqa: PLR2004 -- chance is ruled out

    async def _acquire(self, language: Language, deadline: float) -> SandboxProcess:
        idle = self._idle[language]
        while idle:
            sandbox = idle.pop()
            if not sandbox.gone.is_set():
                asyncio.get_running_loop().call_later(REFILL_SECONDS, self._wake.set)
                return sandbox
        waiter: asyncio.Future[SandboxProcess] = asyncio.get_running_loop().create_future()
        self._waiters[language].append(waiter)
        self._wake.set()
        try:
            async with asyncio.timeout_at(deadline):
                return await waiter
        except (TimeoutError, asyncio.CancelledError) as error:
            if waiter.done() and not waiter.cancelled():
                self._offer(waiter.result())  # Assigned in the very tick in which the wait ended.
            elif waiter in self._waiters[language]:
                self._waiters[language].remove(waiter)
            if isinstance(error, TimeoutError):
                raise QueueTimeout(f"no {language} sandbox could be had in time") from None
            raise

    def _offer(self, sandbox: SandboxProcess) -> None:
        waiters = self._waiters[sandbox.language]
        while waiters:
            waiter = waiters.popleft()
            if not waiter.done():
                waiter.set_result(sandbox)
                return
        self._idle[sandbox.language].append(sandbox)

    async def _start(self, language: Language) -> None:
        sandbox = None
        try:
            sandbox = SandboxProcess(self._commands(language), self._oom_kills, self._on_gone)
            await sandbox.ready(START_TIMEOUT_SECONDS)
        except (ExecutorError, OSError) as error:
            self._failed(language, error)
            if sandbox is not None:
                self._retire(sandbox)
        except asyncio.CancelledError:
            if sandbox is not None:
                self._retire(sandbox)
            raise
        else:
            self._failures = 0
            self._budget.learn(language, sandbox.baseline_bytes)
            self._offer(sandbox)
        finally:
            self._starting[language] -= 1
            self._wake.set()

    def _failed(self, language: Language, error: Exception) -> None:
        backoff = min(FIRST_BACKOFF_SECONDS * 2**self._failures, MAX_BACKOFF_SECONDS)
        self._failures = min(self._failures + 1, 30)
        loop = asyncio.get_running_loop()
        self._retry_at = loop.time() + backoff
        loop.call_later(backoff, self._wake.set)
        log.error("sandbox_start_failed", language=language, reason=str(error), retry_seconds=backoff)

    def _retire(self, sandbox: SandboxProcess) -> None:
        if not sandbox.gone.is_set():
            self._ending.add(sandbox)
            sandbox.kill()

    def _on_gone(self) -> None:
        """Memory came free: whoever waits for it need not wait for the next tick."""
        if any(self._waiters.values()):
            self._wake.set()

    def _view(self, now: float) -> View:
        for idle in self._idle.values():
            for sandbox in [one for one in idle if one.gone.is_set()]:
                idle.remove(sandbox)
        self._ending = {sandbox for sandbox in self._ending if not sandbox.gone.is_set()}
        return View(
            idle={language: len(idle) for language, idle in self._idle.items()},
            starting=dict(self._starting),
            waiting={language: len(waiters) for language, waiters in self._waiters.items()},
            wanted=self._demand.wanted(now),
            running_bytes=sum(sandbox.memory_bytes() for sandbox in self._running | self._ending),
            may_start=now >= self._retry_at,
        )

    async def _watch(self) -> None:
        """End tasks that outgrow their memory, and the largest one when all together outgrow the service's."""
        while True:
            if not self._running:
                self._active.clear()
            await self._active.wait()
            used = {sandbox: sandbox.memory_bytes() for sandbox in self._running}
            for sandbox, size in used.items():
                if size - sandbox.baseline_bytes > self._budget.task_bytes:
                    sandbox.end(Ending.OUT_OF_MEMORY)
            idle = sum(len(idle) * self._budget.estimate(language) for language, idle in self._idle.items())
            if used and sum(used.values()) + idle > self._budget.sandboxes_bytes:
                self._make_room(used)
            await asyncio.sleep(WATCH_SECONDS)

    def _make_room(self, used: dict[SandboxProcess, int]) -> None:
        for idle in self._idle.values():
            if idle:
                self._retire(idle.popleft())
                return
        max(used, key=lambda sandbox: used[sandbox]).end(Ending.OUT_OF_MEMORY)

    async def _end_all(self) -> None:
        sandboxes = {one for idle in self._idle.values() for one in idle} | self._running | self._ending
        for sandbox in sandboxes:
            sandbox.kill()
        for sandbox in sandboxes:
            await sandbox.gone.wait()
