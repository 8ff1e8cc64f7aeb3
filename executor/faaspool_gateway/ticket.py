"""One task on its way through the gateway."""

import asyncio
import secrets
import time
from dataclasses import dataclass

from faaspool_contract.request import RunRequest
from faaspool_gateway.errors import Cancelled
from faaspool_gateway.ports import Sandbox, Sink

clock = time.perf_counter
"""The loop's own clock is cached, and counts whole milliseconds under uvloop."""


@dataclass(frozen=True, slots=True)
class Granted:
    """A sandbox for a task, and when it got its turn and its sandbox."""

    sandbox: Sandbox
    turn: float
    at: float
    warm: bool


class Ticket:
    """One task's way through the gateway."""

    def __init__(self, request: RunRequest, caller: str = "", sink: Sink | None = None) -> None:
        self.task_id = f"task-{time.time_ns() // 1_000_000}-{secrets.token_hex(16)}"
        self.request = request
        self.caller = caller
        self.sink = sink
        self.arrived = clock()
        self.granted: asyncio.Future[Granted] | None = None
        self.sandbox: Sandbox | None = None
        self.cancelled = False

    def cancel(self) -> None:
        """Give the task up, wherever it is; the one who waits for it gets an answer that says so."""
        self.cancelled = True
        if self.sandbox is not None:
            self.sandbox.cancel()
        elif self.granted is not None and not self.granted.done():
            self.granted.set_exception(Cancelled("it was cancelled while it waited"))
