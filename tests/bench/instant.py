"""`python -m tests.bench.instant PORT`: the gateway over sandboxes that answer at once: it alone is measured."""

import argparse
import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import uvicorn
import uvloop

from faaspool_contract.names import Language, Mode
from faaspool_contract.request import RequestLimits
from faaspool_gateway.http.app import Parts, build_app
from faaspool_gateway.http.protocol import bounded_protocol
from faaspool_gateway.metrics import Metrics
from faaspool_gateway.ports import Captured, Census, Ending, Outcome, Sandbox, Sink, Task
from faaspool_gateway.recent import Recent
from faaspool_gateway.service import Gateway, GatewayLimits
from faaspool_gateway.tasks import Tasks

NOTHING = Captured(text="", truncated=False)
TWO = Outcome(ending=Ending.FINISHED, stdout=NOTHING, stderr=NOTHING, exit_code=0, ret_val="2")


class Instant:
    """Sandboxes, any number of them, whose tasks take no time."""

    isolation = ()
    name = "instant"

    def connect(self, needed: Callable[[], Sequence[Language]], on_ready: Callable[[], None]) -> None:
        """Nothing is ever missing."""

    @contextmanager
    def expecting(self, language: Language) -> Iterator[None]:  # noqa: ARG002 -- the port's
        """Count nothing."""
        yield

    def ready(self, language: Language) -> bool:  # noqa: ARG002 -- the port's
        """Always."""
        return True

    def take(self, language: Language) -> Sandbox:  # noqa: ARG002 -- the port's
        """Lend itself."""
        return self

    def give_back(self, sandbox: Sandbox, *, used: bool) -> None:
        """Nothing to do."""

    def hurry(self) -> None:
        """Nothing to do."""

    def census(self) -> Census:
        """Ten."""
        return Census(idle=10, active=0, starting=0)

    def problems(self) -> list[str]:
        """None."""
        return []

    def usable(self) -> bool:
        """Always."""
        return True

    async def run(self, task: Task, sink: Sink | None = None) -> Outcome:  # noqa: ARG002 -- the port's
        """Answer at once."""
        return TWO

    def cancel(self) -> None:
        """Too late."""


async def serve(port: int) -> None:
    """Serve until killed."""
    limits = GatewayLimits(
        request=RequestLimits(code_bytes=1 << 20, default_timeout_ms=1000, max_timeout_ms=1000),
        body_bytes=1 << 22,
        output_bytes=1 << 20,
        workers=10,
        queue_size=1000,
        queue_timeout_seconds=30,
    )
    metrics, recent = Metrics("bench", 1 << 31), Recent()
    gateway = Gateway(Instant(), limits, Mode.ENHANCED, prioritised=True, watchers=[metrics, recent])
    tasks = Tasks(gateway)
    app = build_app(Parts(tasks=tasks, tokens=(), version="bench", metrics=metrics, recent=recent))
    config = uvicorn.Config(
        app, port=port, http=bounded_protocol(1024), ws="none", log_level="error", access_log=False, lifespan="off"
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(tasks.run())
        group.create_task(uvicorn.Server(config).serve())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(parser.parse_args().port))
