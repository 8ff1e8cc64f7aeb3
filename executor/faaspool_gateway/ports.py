"""What the gateway needs of the place where sandboxes live, and of those who watch it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from faaspool_contract.names import Language, Priority, Status


class Ending(StrEnum):
    """How a run ended."""

    FINISHED = "finished"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"
    CANCELLED = "cancelled"


class Stream(StrEnum):
    """Where a program writes to."""

    STDOUT = "stdout"
    STDERR = "stderr"


Sink = Callable[[Stream, bytes], None]
"""Is told what a program writes as it writes it, without any limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessKey:
    """What tells whose task it is."""

    header: bool
    """A header of the request; else a key of its `ext`."""
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One program to run."""

    language: Language
    code: bytes
    stdin: bytes
    time_limit_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """What a program wrote to one stream, up to the limit."""

    text: str
    truncated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a task that ran."""

    ending: Ending
    stdout: Captured
    stderr: Captured
    exit_code: int | None = None
    ret_val: str = ""
    own_return_val: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """The sandboxes that there are."""

    idle: int
    active: int
    starting: int
    held_back: int = 0
    """Sandboxes short of the target that do not fit."""

    @property
    def total(self) -> int:
        """All of them."""
        return self.idle + self.active + self.starting


class Sandbox(Protocol):
    """A sandbox on loan."""

    @property
    def name(self) -> str:
        """Unlike that of any other."""

    async def run(self, task: Task, sink: Sink | None = None) -> Outcome:
        """Run the one task of this sandbox. Raises SandboxLost where the platform failed it."""

    def cancel(self) -> None:
        """End the run; its outcome says so."""


class Sandboxes(Protocol):
    """Where sandboxes come from."""

    @property
    def isolation(self) -> tuple[str, ...]:
        """The kernel's layers that sandboxes live under."""

    def connect(self, needed: Callable[[], Sequence[Language]], on_ready: Callable[[], None]) -> None:
        """Take the gateway's side.

        `needed` tells the languages of the tasks that have a turn and no sandbox, most urgent first; `on_ready`
        is called when a sandbox may be taken that was not there before.
        """

    def expecting(self, language: Language) -> AbstractContextManager[None]:
        """Count a task of `language` that is queued or runs, as long as the context is open."""

    def ready(self, language: Language) -> bool:
        """Whether a sandbox can be taken now."""

    def take(self, language: Language) -> Sandbox:
        """Lend a sandbox that is ready."""

    def give_back(self, sandbox: Sandbox, *, used: bool) -> None:
        """End a loan; `used` where a task was begun on it."""

    def hurry(self) -> None:
        """Hear that a task waits for a sandbox now."""

    def census(self) -> Census:
        """Count the sandboxes."""

    def problems(self) -> list[str]:
        """Why tasks are served more slowly than they should be; empty when all is well."""

    def usable(self) -> bool:
        """Whether sandboxes can be had at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """Where a task's time went, in seconds."""

    queued: float
    """Waiting for a turn."""
    started: float
    """Waiting for a sandbox after that."""
    ran: float
    total: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEnded:
    """A task that has left the gateway."""

    task_id: str
    language: Language
    priority: Priority
    status: Status
    phases: Phases
    warm: bool
    """A sandbox was ready when the task had its turn."""


class Refusal(StrEnum):
    """Why a task was not carried out, or not taken at all."""

    QUEUE_FULL = "queue_full"
    WAIT_TOO_LONG = "wait_too_long"
    QUEUE_TIMEOUT = "queue_timeout"
    SHUTTING_DOWN = "shutting_down"
    SANDBOX_LOST = "sandbox_lost"


class Watcher(Protocol):
    """Is told what becomes of tasks."""

    def ended(self, task: TaskEnded) -> None:
        """Hear of a task that was answered."""

    def refused(self, reason: Refusal) -> None:
        """Hear of a task that was not carried out."""

    def cancelled(self) -> None:
        """Hear of a task that its client gave up."""
