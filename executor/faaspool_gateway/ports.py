"""What the gateway needs of the place where sandboxes live."""

from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from faaspool_contract.names import Language


class Ending(StrEnum):
    """How a run ended."""

    FINISHED = "finished"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"


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


class Sandbox(Protocol):
    """A sandbox on loan."""

    async def run(self, task: Task) -> Outcome:
        """Run the one task of this sandbox. Raises SandboxLost where the platform failed it."""


class Sandboxes(Protocol):
    """Where sandboxes come from."""

    @property
    def isolation(self) -> tuple[str, ...]:
        """The kernel's layers that sandboxes live under."""

    def expecting(self, language: Language) -> AbstractContextManager[None]:
        """Count a task of `language` that is queued or runs, as long as the context is open."""

    def lease(self, language: Language, deadline: float) -> AbstractAsyncContextManager[Sandbox]:
        """Lend a sandbox, until the context closes. Raises QueueTimeout at `deadline` (loop time)."""

    def problems(self) -> list[str]:
        """Why tasks are served more slowly than they should be; empty when all is well."""

    def usable(self) -> bool:
        """Whether sandboxes can be had at all."""
