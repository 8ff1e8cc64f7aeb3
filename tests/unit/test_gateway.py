"""The gateway over sandboxes that are none: turns, attempts, and what cancelling leaves behind."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faaspool_contract.names import Language, Mode
from faaspool_contract.request import RequestLimits, RunRequest
from faaspool_gateway.errors import QueueFull, QueueTimeout, SandboxLost, ShuttingDown, WaitTooLong
from faaspool_gateway.ports import Captured, Census, Ending, Outcome, Sandbox, Sink, Task
from faaspool_gateway.service import Gateway, GatewayLimits
from faaspool_gateway.ticket import Ticket, clock

WORKERS, PLACES = 2, 3
REQUEST = RunRequest(language=Language.PYTHON, code="1")
NOTHING = Captured(text="", truncated=False)
DONE = Outcome(ending=Ending.FINISHED, stdout=NOTHING, stderr=NOTHING, exit_code=0, ret_val="1")


class FakeSandbox:
    """A sandbox whose task ends when the test says so."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    async def run(self, task: Task, sink: Sink | None = None) -> Outcome:
        """Wait for the test."""
        assert task.code == b"1"
        assert sink is None
        return await self.outcome

    def cancel(self) -> None:
        """End."""
        self.outcome.set_result(replace(DONE, ending=Ending.CANCELLED, exit_code=None))


class FakeSandboxes:
    """A sandbox is there whenever one is wanted, unless `short`."""

    isolation = ()

    def __init__(self, *, short: bool = False) -> None:
        self.expected = 0
        self.lent: list[FakeSandbox] = []
        self.names = 0
        self.most = 0
        self.spent = 0
        self.short = short
        self.needed: Callable[[], Sequence[Language]] = list
        self.on_ready: Callable[[], None] = lambda: None

    def connect(self, needed: Callable[[], Sequence[Language]], on_ready: Callable[[], None]) -> None:
        """Remember."""
        self.needed, self.on_ready = needed, on_ready

    @contextmanager
    def expecting(self, language: Language) -> Iterator[None]:
        """Count."""
        assert language is Language.PYTHON
        self.expected += 1
        try:
            yield
        finally:
            self.expected -= 1

    def ready(self, language: Language) -> bool:
        """Python only."""
        return language is Language.PYTHON and not self.short

    def take(self, language: Language) -> FakeSandbox:
        """Lend a new one."""
        assert self.ready(language)
        self.names += 1
        self.lent.append(FakeSandbox(str(self.names)))
        self.most = max(self.most, len(self.lent))
        return self.lent[-1]

    def give_back(self, sandbox: Sandbox, *, used: bool) -> None:
        """Take it back, once."""
        assert isinstance(sandbox, FakeSandbox)
        self.lent.remove(sandbox)
        self.spent += used

    def hurry(self) -> None:
        """Nothing can be hurried."""

    def census(self) -> Census:
        """Those that are lent."""
        return Census(idle=0, active=len(self.lent), starting=0)

    def problems(self) -> list[str]:
        """None."""
        return []

    def usable(self) -> bool:
        """Always."""
        return True

    def going(self) -> list[asyncio.Future[Outcome]]:
        """Runs that have not ended."""
        return [sandbox.outcome for sandbox in self.lent if not sandbox.outcome.done()]


def gateway_of(sandboxes: FakeSandboxes, queue_timeout_seconds: float = 60) -> Gateway:
    """A gateway of two workers and three places."""
    limits = GatewayLimits(
        request=RequestLimits(code_bytes=10, default_timeout_ms=1000, max_timeout_ms=1000),
        body_bytes=1000,
        output_bytes=1000,
        workers=WORKERS,
        queue_size=PLACES,
        queue_timeout_seconds=queue_timeout_seconds,
    )
    return Gateway(sandboxes, limits, Mode.ENHANCED, prioritised=True)


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


STEPS = st.sampled_from(["come", "end", "lose", "hang up", "cancel"])


@given(st.lists(st.tuples(STEPS, st.integers(0, 99)), max_size=40))
def test_whatever_happens_in_whatever_order(steps: list[tuple[str, int]]) -> None:
    """Each task ends once, none waits beside a free worker, the numbers add up, and nothing is left in the end."""

    async def scenario() -> None:
        sandboxes = FakeSandboxes()
        gateway = gateway_of(sandboxes)
        tickets: dict[asyncio.Task[dict[str, object]], Ticket] = {}
        for step, number in steps:
            open_tasks, going = [task for task in tickets if not task.done()], sandboxes.going()
            if step == "come":
                ticket = Ticket(REQUEST)
                tickets[asyncio.create_task(gateway.run(ticket))] = ticket
            elif step == "hang up" and open_tasks:
                open_tasks[number % len(open_tasks)].cancel()
            elif step == "cancel" and open_tasks:
                tickets[open_tasks[number % len(open_tasks)]].cancel()
            elif step == "end" and going:
                going[number % len(going)].set_result(DONE)
            elif step == "lose" and going:
                going[number % len(going)].set_exception(SandboxLost("gone"))
            await settle()
            there = sum(not task.done() for task in tickets)
            counted = gateway.statistics
            assert sandboxes.expected == there
            assert len(sandboxes.lent) == len(sandboxes.going()) == min(there, WORKERS) == counted.running
            assert counted.queued == there - counted.running == len(gateway.queue)
            refused = sum(task.done() and not task.cancelled() and is_refusal(task.exception()) for task in tickets)
            assert counted.total + counted.cancelled + refused == len(tickets)
        for task in tickets:
            task.cancel()
        await asyncio.gather(*tickets, return_exceptions=True)
        assert (sandboxes.expected, sandboxes.lent, len(gateway.queue)) == (0, [], 0)
        assert sandboxes.most <= WORKERS
        await gateway.drain(60)

    asyncio.run(scenario())


def is_refusal(error: BaseException | None) -> bool:
    """Whether a task was not taken at all."""
    return isinstance(error, QueueFull)


@in_loop
async def test_a_sandbox_granted_in_the_tick_of_a_hang_up_goes_back() -> None:
    """It was not used, and is not lost."""
    sandboxes = FakeSandboxes(short=True)
    gateway = gateway_of(sandboxes)
    task = asyncio.create_task(gateway.run(Ticket(REQUEST)))
    await settle()
    assert sandboxes.needed() == [Language.PYTHON]
    sandboxes.short = False
    sandboxes.on_ready()
    assert len(sandboxes.lent) == 1
    task.cancel()
    await settle()
    assert task.cancelled()
    assert (sandboxes.lent, sandboxes.spent, gateway.statistics.running) == ([], 0, 0)


@in_loop
async def test_the_answer_tells_the_pool_and_the_task() -> None:
    """Enhanced mode names the sandbox and counts them."""
    sandboxes = FakeSandboxes()
    task = asyncio.create_task(gateway_of(sandboxes).run(Ticket(REQUEST)))
    await settle()
    sandboxes.going()[0].set_result(DONE)
    metadata = (await task)["metadata"]
    assert isinstance(metadata, dict)
    assert metadata["instance_id"] == "1"
    assert metadata["pool_stats"]["mode"] == "enhanced"


@in_loop
async def test_a_task_that_would_wait_too_long_is_refused_at_the_door() -> None:
    """The wait is estimated from the turns that were measured; the answer says when to try again."""
    sandboxes = FakeSandboxes()
    gateway = gateway_of(sandboxes, queue_timeout_seconds=0.05)
    for _ in range(12):
        gateway._rate.turn(clock(), waiting=True)  # noqa: SLF001 -- a rate as if measured
        await asyncio.sleep(0.04)
    tasks = [asyncio.create_task(gateway.run(Ticket(REQUEST))) for _ in range(WORKERS + PLACES - 1)]
    await settle()
    with pytest.raises(WaitTooLong) as refusal:
        await gateway.run(Ticket(REQUEST))
    assert refusal.value.retry_seconds == 1
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@in_loop
async def test_a_lost_sandbox_is_tried_once_more() -> None:
    """The second try is counted in the answer; a second loss is told."""
    for losses in (1, 2):
        sandboxes = FakeSandboxes()
        task = asyncio.create_task(gateway_of(sandboxes).run(Ticket(REQUEST)))
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
    tasks = [asyncio.create_task(gateway.run(Ticket(REQUEST))) for _ in range(WORKERS + PLACES)]
    await settle()
    with pytest.raises(QueueFull):
        await gateway.run(Ticket(REQUEST))
    for task in tasks:
        sandboxes.going()[0].set_result(DONE)
        await settle()
        assert task.done()


@in_loop
async def test_the_bound_holds_where_no_sandbox_is_ready() -> None:
    """Tasks that have a turn and wait for their sandbox take places too."""
    sandboxes = FakeSandboxes(short=True)
    gateway = gateway_of(sandboxes)
    tasks = [asyncio.create_task(gateway.run(Ticket(REQUEST))) for _ in range(WORKERS + PLACES)]
    await settle()
    with pytest.raises(QueueFull):
        await gateway.run(Ticket(REQUEST))
    assert len(sandboxes.needed()) == WORKERS
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@in_loop
async def test_waiting_has_an_end() -> None:
    """Who waits too long leaves the line, and his place is free."""
    sandboxes = FakeSandboxes()
    gateway = gateway_of(sandboxes, queue_timeout_seconds=0.01)
    tasks = [asyncio.create_task(gateway.run(Ticket(REQUEST))) for _ in range(WORKERS + PLACES)]
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
    task = asyncio.create_task(gateway.run(Ticket(REQUEST)))
    await settle()
    await gateway.drain(0.01)
    assert not task.done()
    with pytest.raises(ShuttingDown):
        await gateway.run(Ticket(REQUEST))
    drained = asyncio.create_task(gateway.drain(60))
    await settle()
    assert not drained.done()
    sandboxes.going()[0].set_result(DONE)
    await drained
    assert (await task)["output"] == {"stdout": "", "stderr": "", "ret_val": "1"}
