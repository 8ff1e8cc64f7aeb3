"""Why a task was not carried out.

GatewayError
├── QueueFull          all places in the queue are taken (429)
│   └── WaitTooLong    the wait would be longer than tasks may wait (429)
├── Unavailable        another try may succeed (503)
│   ├── QueueTimeout   no turn or no sandbox within the limit
│   ├── ShuttingDown   the service takes no new tasks
│   └── SandboxLost    the platform lost the sandbox, not the code
└── Cancelled          its client gave it up before it ran (200: another try would run it)
"""

from faaspool_gateway.ports import Refusal


class GatewayError(Exception):
    """A task that was not carried out.

    `retry_seconds` is how long to wait before another try, where it is known.
    """

    title = "Service unavailable"

    def __init__(self, details: str, retry_seconds: float | None = None) -> None:
        super().__init__(details)
        self.retry_seconds = retry_seconds


class QueueFull(GatewayError):
    """All places in the queue are taken."""

    title = "Queue is full"
    reason = Refusal.QUEUE_FULL


class WaitTooLong(QueueFull):
    """The wait would be longer than tasks may wait."""

    reason = Refusal.WAIT_TOO_LONG


class Unavailable(GatewayError):
    """Another try may succeed."""


class QueueTimeout(Unavailable):
    """No turn or no sandbox within the limit."""

    title = "No sandbox became free in time"
    reason = Refusal.QUEUE_TIMEOUT


class ShuttingDown(Unavailable):
    """The service takes no new tasks."""

    title = "Service is shutting down"
    reason = Refusal.SHUTTING_DOWN


class SandboxLost(Unavailable):
    """The sandbox is gone and its code is not to blame."""

    title = "The sandbox was lost"
    reason = Refusal.SANDBOX_LOST


class Cancelled(GatewayError):
    """Its client gave it up before it ran."""

    title = "Cancelled"
