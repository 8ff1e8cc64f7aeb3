"""What is kept of tasks, and for how long."""

import asyncio

from faaspool_contract.names import Language
from faaspool_contract.request import RunRequest
from faaspool_gateway import tasks as kept
from faaspool_gateway.core.rate import ENOUGH, Rate
from faaspool_gateway.http.events import Output
from faaspool_gateway.ports import Stream
from faaspool_gateway.tasks import Sender, Tasks
from faaspool_gateway.ticket import Ticket
from tests.unit.test_gateway import FakeSandboxes, gateway_of, in_loop, settle

REQUEST = RunRequest(language=Language.PYTHON, code="1")


@in_loop
async def test_answers_are_forgotten_after_their_time() -> None:
    """And their keys with them; a task that is not of the owner is not found."""
    sandboxes = FakeSandboxes()
    tasks = Tasks(gateway_of(sandboxes))
    running = asyncio.create_task(tasks.run())
    await settle()
    sender = Sender(owner=b"me", idempotency_key="k", body_digest=b"d")
    record = tasks.submit(Ticket(REQUEST), sender)
    await settle()
    sandboxes.lent[0].cancel()
    await settle()
    assert record.state is kept.State.CANCELLED
    assert tasks.find(record.ticket.task_id, b"me") is record
    assert tasks.find(record.ticket.task_id, b"other") is None
    assert tasks.again(sender) is record
    tasks._sweep(asyncio.get_running_loop().time() + kept.KEPT_SECONDS + 1)  # noqa: SLF001 -- time that has passed
    assert tasks.find(record.ticket.task_id, b"me") is None
    assert tasks.again(sender) is None
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def test_a_stream_holds_no_more_than_is_kept() -> None:
    """However slowly it is read, and whatever the characters."""
    output = Output(limit=5)
    for _ in range(1000):
        output(Stream.STDOUT, "éé".encode())
    output.end()
    assert output.take() == 'event: stdout\ndata: {"text":"éé"}\n\n'.encode()
    assert output.take() == b""


def test_a_wait_is_estimated_only_from_enough_turns() -> None:
    """And from turns that were waited for."""
    rate = Rate()
    for number in range(ENOUGH):
        rate.turn(number * 2.0, waiting=True)
        assert rate.wait_seconds(3, number * 2.0) is None
    rate.turn(ENOUGH * 2.0, waiting=False)
    assert rate.wait_seconds(3, 1000.0) == 6.0
