"""The sandboxes of one machine: warm ones by language, made ahead of what is asked for."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import structlog

from faaspool_contract.names import Language
from faaspool_executor.core.plan import Budget, Decision, Target, View, plan
from faaspool_executor.errors import ExecutorError
from faaspool_executor.sandbox.host import OomKills
from faaspool_executor.sandbox.process import Command, SandboxProcess
from faaspool_gateway.ports import Census, Ending, Sandbox

START_TIMEOUT_SECONDS = 60.0
TICK_SECONDS = 5.0
PACE_SECONDS = 0.05
"""How soon to look again whether running tasks have left a processor free."""
WATCH_SECONDS = 0.01
FIRST_BACKOFF_SECONDS = 0.5
MAX_BACKOFF_SECONDS = 10.0
MAX_IDLE_SECONDS = 3600.0
"""An idle sandbox that is older is renewed."""
REFILL_SECONDS = 0.02
"""A sandbox that was lent is replaced this much later: starting a process holds up the loop and its core,
and most tasks are over by then."""

log = structlog.get_logger()


class PoolWatcher(Protocol):
    """Is told what becomes of sandboxes."""

    def started(self, language: Language, seconds: float) -> None:
        """Hear of a sandbox that is ready."""

    def start_failed(self, language: Language) -> None:
        """Hear of a sandbox that did not start."""

    def spent(self, language: Language, cpu_seconds: float, peak_bytes: int) -> None:
        """Hear what a task used, once its sandbox is gone."""


class Pool:
    """Implements the gateway's `Sandboxes`."""

    def __init__(
        self,
        commands: Callable[[Language], Command],
        budget: Budget,
        target: Target,
        isolation: tuple[str, ...],
        watchers: Sequence[PoolWatcher] = (),
    ) -> None:
        self.isolation = isolation
        self._commands = commands
        self._budget = budget
        self._target = target
        self._watchers = watchers
        self._idle: dict[Language, deque[SandboxProcess]] = {language: deque() for language in Language}
        self._starting = dict.fromkeys(Language, 0)
        self._running: set[SandboxProcess] = set()
        self._ending: set[SandboxProcess] = set()
        self._wake = asyncio.Event()
        self._active = asyncio.Event()
        self._oom_kills = OomKills()
        self._failures = 0
        self._retry_at = 0.0
        self._held_back = 0
        self._needed: Callable[[], Sequence[Language]] = list
        self._on_ready: Callable[[], None] = lambda: None
        self.notice: str | None = None
        """A reason, known to others, why tasks are served more slowly than they should be."""

    def connect(self, needed: Callable[[], Sequence[Language]], on_ready: Callable[[], None]) -> None:
        """Take the gateway's side."""
        self._needed, self._on_ready = needed, on_ready

    async def run(self) -> None:
        """Keep sandboxes ready until cancelled; then end them all."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch(), name="memory-watch")
                while True:
                    self._wake.clear()
                    decision = plan(self._view(loop.time()), self._budget)
                    self._held_back = decision.held_back if self._target.promised else 0
                    for language in decision.stop:
                        self._retire(self._idle[language].popleft())
                    for language in decision.start:
                        self._starting[language] += 1
                        group.create_task(self._start(language), name=f"start-{language}")
                    if not decision.start and not decision.paced:
                        self._renew(loop.time())
                    await self._pause(decision)
        finally:
            await self._end_all()

    @contextmanager
    def expecting(self, language: Language) -> Iterator[None]:
        """Count a task that is queued or runs."""
        self._target.arrive(language, asyncio.get_running_loop().time())
        try:
            yield
        finally:
            self._target.leave(language)

    def ready(self, language: Language) -> bool:
        """Whether a sandbox can be taken now."""
        idle = self._idle[language]
        while idle and idle[-1].gone.is_set():
            idle.pop()
        return bool(idle)

    def take(self, language: Language) -> SandboxProcess:
        """Lend a sandbox that is ready."""
        sandbox = self._idle[language].pop()
        self._running.add(sandbox)
        self._active.set()
        asyncio.get_running_loop().call_later(REFILL_SECONDS, self._wake.set)
        return sandbox

    def give_back(self, sandbox: Sandbox, *, used: bool) -> None:
        """End a loan: a used sandbox is killed."""
        if not isinstance(sandbox, SandboxProcess):
            raise TypeError("not one of these sandboxes")
        self._running.discard(sandbox)
        if used:
            self._retire(sandbox)
        else:
            self._idle[sandbox.language].append(sandbox)

    def hurry(self) -> None:
        """Hear that a task waits for a sandbox now."""
        self._wake.set()

    def census(self) -> Census:
        """Count the sandboxes."""
        return Census(
            idle=sum(not sandbox.gone.is_set() for idle in self._idle.values() for sandbox in idle),
            active=len(self._running),
            starting=sum(self._starting.values()),
            held_back=self._held_back,
        )

    def memory_bytes(self) -> int:
        """Memory of all sandboxes: measured where they run, else as it was after their start."""
        idle = sum(sandbox.baseline_bytes for idle in self._idle.values() for sandbox in idle)
        return idle + sum(sandbox.memory_bytes() for sandbox in self._running | self._ending)

    def problems(self) -> list[str]:
        """Why tasks are served more slowly than they should be."""
        found = [f"sandboxes fail to start ({self._failures} in a row)"] if self._failures else []
        if self._held_back:
            found.append(f"warm sandboxes are held back: {self._held_back} do not fit the memory or their number")
        return found + ([self.notice] if self.notice else [])

    def usable(self) -> bool:
        """Whether a sandbox is there or the last start went well."""
        return any(self._idle.values()) or bool(self._running) or self._failures < 3  # noqa: PLR2004 -- chance is ruled out

    async def _pause(self, decision: Decision) -> None:
        """Wait for something to decide."""
        try:
            async with asyncio.timeout(PACE_SECONDS if decision.paced else TICK_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _start(self, language: Language) -> None:
        sandbox = None
        begun = asyncio.get_running_loop().time()
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
            self._idle[language].append(sandbox)
            for watcher in self._watchers:
                watcher.started(language, asyncio.get_running_loop().time() - begun)
        finally:
            self._starting[language] -= 1
            self._wake.set()
        self._on_ready()

    def _failed(self, language: Language, error: Exception) -> None:
        backoff = min(FIRST_BACKOFF_SECONDS * 2**self._failures, MAX_BACKOFF_SECONDS)
        self._failures = min(self._failures + 1, 30)
        loop = asyncio.get_running_loop()
        self._retry_at = loop.time() + backoff
        loop.call_later(backoff, self._wake.set)
        log.error("sandbox_start_failed", language=language, reason=str(error), retry_seconds=backoff)
        for watcher in self._watchers:
            watcher.start_failed(language)

    def _renew(self, now: float) -> None:
        """End the oldest idle sandbox if it is too old; the plan replaces it before the next one goes."""
        for idle in self._idle.values():
            if idle and now - idle[0].begun_at > MAX_IDLE_SECONDS:
                self._retire(idle.popleft())
                self._wake.set()
                return

    def _retire(self, sandbox: SandboxProcess) -> None:
        if not sandbox.gone.is_set():
            self._ending.add(sandbox)
            sandbox.kill()

    def _on_gone(self, sandbox: SandboxProcess) -> None:
        """Memory came free: whoever waits for it need not wait for the next tick."""
        if sandbox.ran:
            for watcher in self._watchers:
                watcher.spent(sandbox.language, sandbox.cpu_seconds, sandbox.peak_bytes)
        if self._needed():
            self._wake.set()

    def _view(self, now: float) -> View:
        for idle in self._idle.values():
            for sandbox in [one for one in idle if one.gone.is_set()]:
                idle.remove(sandbox)
        self._ending = {sandbox for sandbox in self._ending if not sandbox.gone.is_set()}
        return View(
            idle={language: len(idle) for language, idle in self._idle.items()},
            starting=dict(self._starting),
            waiting=self._needed(),
            wanted=self._target.wanted(now),
            active=len(self._running | self._ending),
            computing=sum(sandbox.computes() for sandbox in self._running),
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
