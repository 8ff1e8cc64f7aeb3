"""Tasks by their id: what they do now, and for ten minutes what came of them.

A task belongs to the token that it came with: nobody else finds it.
"""

import asyncio
import hashlib
import sys
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import structlog

from faaspool_contract.errors import KeyReused
from faaspool_contract.names import Status
from faaspool_gateway.errors import GatewayError, ShuttingDown
from faaspool_gateway.service import Gateway
from faaspool_gateway.ticket import Ticket

KEPT_SECONDS = 600.0
KEPT_TASKS = 10_000
KEPT_BYTES = 16 << 20
"""Of output; the oldest answers make room first."""
SWEEP_SECONDS = 15.0
_FIXED_BYTES = 2048

log = structlog.get_logger()


class State(StrEnum):
    """Where a task is."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(slots=True, kw_only=True)
class Sender:
    """Who sent a task, and what of it has to be the same when it is sent again."""

    owner: bytes = b""
    """A digest of the token."""
    idempotency_key: str | None = None
    body_digest: bytes = b""


@dataclass(slots=True, eq=False)
class Record:
    """A task that was taken."""

    ticket: Ticket
    sender: Sender
    detached: bool
    """It goes on when its client hangs up."""
    done: asyncio.Event = field(default_factory=asyncio.Event)
    admitted: asyncio.Event = field(default_factory=asyncio.Event)
    """It was taken, or refused: `error` tells."""
    answer: dict[str, object] | None = None
    error: Exception | None = None
    ended_at: float = 0.0
    task: asyncio.Task[None] | None = None

    @property
    def state(self) -> State:
        """Where the task is."""
        if not self.done.is_set():
            return State.QUEUED if self.ticket.sandbox is None else State.RUNNING
        if self.answer is None:
            return State.FAILED
        metadata = self.answer["metadata"]
        cancelled = isinstance(metadata, dict) and metadata["status"] is Status.CANCELLED
        return State.CANCELLED if cancelled else State.COMPLETED

    def result(self) -> dict[str, object]:
        """The answer of a task that is done. Raises what kept it from one."""
        if self.answer is None:
            raise self.error or ShuttingDown("the task was withdrawn", 1)
        return self.answer

    def size(self) -> int:
        """Bytes of memory that its answer takes, about."""
        output = self.answer["output"] if self.answer is not None else None
        return _FIXED_BYTES + (sum(map(sys.getsizeof, output.values())) if isinstance(output, dict) else 0)

    def abandon(self) -> None:
        """Hear that its client has gone."""
        if not self.detached and self.task is not None:
            self.task.cancel()


class Tasks:
    """All tasks that were taken lately."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self._open: dict[str, Record] = {}
        self._kept: OrderedDict[str, Record] = OrderedDict()
        self._kept_bytes = 0
        self._keys: dict[tuple[bytes, str], Record] = {}
        self._group = asyncio.TaskGroup()

    async def run(self) -> None:
        """Own the tasks until cancelled."""
        async with self._group:
            while True:
                await asyncio.sleep(SWEEP_SECONDS)
                self._sweep(asyncio.get_running_loop().time())

    def submit(self, ticket: Ticket, sender: Sender, *, detached: bool = False) -> Record:
        """Begin a task."""
        record = Record(ticket, sender, detached or sender.idempotency_key is not None)
        self._open[ticket.task_id] = record
        if sender.idempotency_key is not None:
            self._keys[sender.owner, sender.idempotency_key] = record
        record.task = self._group.create_task(self._carry_out(record))
        record.task.add_done_callback(lambda _: self._end(record))
        return record

    def again(self, sender: Sender) -> Record | None:
        """The task that was sent before with the same key. Raises KeyReused where it was another one."""
        if sender.idempotency_key is None:
            return None
        record = self._keys.get((sender.owner, sender.idempotency_key))
        if record is not None and record.sender.body_digest != sender.body_digest:
            raise KeyReused
        return record

    def find(self, task_id: str, owner: bytes) -> Record | None:
        """A task by its id, if it is that owner's."""
        record = self._open.get(task_id) or self._kept.get(task_id)
        return record if record is not None and record.sender.owner == owner else None

    def open_tasks(self) -> Iterator[Record]:
        """Those that wait or run."""
        return iter(self._open.values())

    async def _carry_out(self, record: Record) -> None:
        try:
            record.answer = await self.gateway.run(record.ticket, record.admitted.set)
        except GatewayError as error:
            record.error = error
        except Exception as error:  # one task's fault is not the end of all others
            log.exception("task_broke", task_id=record.ticket.task_id)
            record.error = error

    def _end(self, record: Record) -> None:
        """Keep a task's answer; forget a task that has none, so that it may be sent again."""
        del self._open[record.ticket.task_id]
        record.ended_at = asyncio.get_running_loop().time()
        record.admitted.set()
        record.done.set()
        if record.answer is None and not record.detached:
            return
        if record.answer is None:
            self._forget_key(record)
        self._kept[record.ticket.task_id] = record
        self._kept_bytes += record.size()
        while len(self._kept) > KEPT_TASKS or self._kept_bytes > KEPT_BYTES:
            self._drop_oldest()

    def _sweep(self, now: float) -> None:
        while self._kept and now - next(iter(self._kept.values())).ended_at > KEPT_SECONDS:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        _, record = self._kept.popitem(last=False)
        self._kept_bytes -= record.size()
        self._forget_key(record)

    def _forget_key(self, record: Record) -> None:
        sender = record.sender
        if sender.idempotency_key is not None and self._keys.get((sender.owner, sender.idempotency_key)) is record:
            del self._keys[sender.owner, sender.idempotency_key]


def digest(data: bytes) -> bytes:
    """A digest that tells two texts apart without keeping them."""
    return hashlib.sha256(data).digest()
