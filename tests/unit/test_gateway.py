"""The gateway over sandboxes that are none: turns, attempts, and what cancelling leaves behind."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faaspool_contract.names import Language, Mode
from faaspool_contract.request import RequestLimits, RunRequest
from faaspool_gateway.errors import QueueFull, QueueTimeout, SandboxLost, ShuttingDown
from faaspool_gateway.ports import Captured, Ending, Outcome, Task
from faaspool_gateway.service import Gateway, GatewayLimits

WORKERS, PLACES = 2, 3
REQUEST = RunRequest(language=Language.PYTHON, code="1")
NOTHING = Captured(text="", truncated=False)
DONE = Outcome(ending=Ending.FINISHED, stdout=NOTHING, stderr=NOTHING, exit_code=0, ret_val="1")


class FakeSandboxes:
    """Sandboxes whose tasks end when the test says so."""

    isolation = ()

    def __init__(self) -> None:
        self.expected = 0
        self.lent = 0
        self.most = 0
        self.runs: list[asyncio.Future[Outcome]] = []

    @contextmanager
    def expecting(self, language: Language) -> Iterator[None]:
        """Count."""
        assert language is Language.PYTHON
        self.expected += 1
        try:
            yield
        finally:
            self.expected -= 1

    @asynccontextmanager
    async def lease(self, language: Language, deadline: float) -> AsyncIterator["FakeSandboxes"]:
        """Lend itself."""
        assert language is Language.PYTHON
        assert deadline > 0
        self.lent += 1
        self.most = max(self.most, self.lent)
        try:
            yield self
        finally:
            self.lent -= 1

    async def run(self, task: Task) -> Outcome:
        """Wait for the test."""
        assert task.code == b"1"
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.runs.append(future)
        return await future

    def problems(self) -> list[str]:
        """None."""
        return []

    def usable(self) -> bool:
        """Always."""
        return True

    def going(self) -> list[asyncio.Future[Outcome]]:
        """Runs that have not ended."""
        return [run for run in self.runs if not run.done()]


def gateway_of(sandboxes: FakeSandboxes, queue_timeout_seconds: float = 60) -> Gateway:
    """A gateway of two workers and three places."""
    limits = GatewayLimits(
        request=RequestLimits(code_bytes=10, default_timeout_ms=1000, max_timeout_ms=1000),
        body_bytes=1000,
        workers=WORKERS,
        queue_size=PLACES,
        queue_timeout_seconds=queue_timeout_seconds,
    )
    return Gateway(sandboxes, limits, Mode.BASIC)


async def settle() -> None:
    """Let every task go as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


def in_loop(test: Callable[[], Coroutine[None, None, None]]) -> Callable[[], None]:
    """Run an async test."""

    def run() -> None:
        asyncio.run(test())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


@given(st.lists(st.tuples(st.sampled_from(["come", "end", "lose", "cancel"]), st.integers(0, 99)), max_size=40))
def test_whatever_happens_in_whatever_order(steps: list[tuple[str, int]]) -> None:
    """Never more than the workers run, none idles beside a task that waits, and nothing is left in the end."""

    async def scenario() -> None:
        sandboxes = FakeSandboxes()
        gateway = gateway_of(sandboxes)
        tasks: list[asyncio.Task[dict[str, object]]] = []
        for step, number in steps:
            open_tasks, going = [task for task in tasks if not task.done()], sandboxes.going()
            if step == "come":
                tasks.append(asyncio.create_task(gateway.run(REQUEST)))
            elif step == "cancel" and open_tasks:
                open_tasks[number % len(open_tasks)].cancel()
            elif step == "end" and going:
                going[number % len(going)].set_result(DONE)
            elif step == "lose" and going:
                going[number % len(going)].set_exception(SandboxLost("gone"))
            await settle()
            there = sum(not task.done() for task in tasks)
            assert sandboxes.expected == there
            assert sandboxes.lent == len(sandboxes.going()) == min(there, WORKERS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (sandboxes.expected, sandboxes.lent) == (0, 0)
        assert sandboxes.most <= WORKERS
        await gateway.drain(60)

    asyncio.run(scenario())


@in_loop
async def test_a_lost_sandbox_is_tried_once_more() -> None:
    """The second try is counted in the answer; a second loss is told."""
    for losses in (1, 2):
        sandboxes = FakeSandboxes()
        task = asyncio.create_task(gateway_of(sandboxes).run(REQUEST))
        for _ in range(losses):
            await settle()
            sandboxes.going()[0].set_exception(SandboxLost("gone"))
        await settle()
        if losses == 1:
            sandboxes.going()[0].set_result(DONE)
            metadata = (await task)["metadata"]
            assert isinstance(metadata, dict)
            assert metadata["attempts"] == 2
        else:
            with pytest.raises(SandboxLost):
                await task


@in_loop
async def test_the_line_is_bounded_and_keeps_its_order() -> None:
    """First come, first served; who finds no place is told so at once."""
    sandboxes = FakeSandboxes()
    gateway = gateway_of(sandboxes)
    tasks = [asyncio.create_task(gateway.run(REQUEST)) for _ in range(WORKERS + PLACES)]
    await settle()
    with pytest.raises(QueueFull):
        await gateway.run(REQUEST)
    for task in tasks:
        sandboxes.going()[0].set_result(DONE)
        await settle()
        assert task.done()


@in_loop
async def test_waiting_has_an_end() -> None:
    """Who waits too long leaves the line, and his place is free."""
    sandboxes = FakeSandboxes()
    gateway = gateway_of(sandboxes, queue_timeout_seconds=0.01)
    tasks = [asyncio.create_task(gateway.run(REQUEST)) for _ in range(WORKERS + PLACES)]
    for waiting in tasks[WORKERS:]:
        with pytest.raises(QueueTimeout):
            await waiting
    assert sandboxes.expected == WORKERS
    for run in sandboxes.going():
        run.set_result(DONE)
    assert len(await asyncio.gather(*tasks[:WORKERS])) == WORKERS


@in_loop
async def test_draining_waits_for_what_runs_and_takes_nothing_new() -> None:
    """It ends with the last task, or with its time."""
    sandboxes = FakeSandboxes()
    gateway = gateway_of(sandboxes)
    task = asyncio.create_task(gateway.run(REQUEST))
    await settle()
    await gateway.drain(0.01)
    assert not task.done()
    with pytest.raises(ShuttingDown):
        await gateway.run(REQUEST)
    drained = asyncio.create_task(gateway.drain(60))
    await settle()
    assert not drained.done()
    sandboxes.going()[0].set_result(DONE)
    await drained
    assert (await task)["output"] == {"stdout": "", "stderr": "", "ret_val": "1"}
