"""Why a task was not carried out.

GatewayError
├── QueueFull          all places in the line are taken (429)
└── Unavailable        another try may succeed (503)
    ├── QueueTimeout   no turn or no sandbox within the limit
    ├── ShuttingDown   the service takes no new tasks
    └── SandboxLost    the platform lost the sandbox, not the code
"""


class GatewayError(Exception):
    """A task that was not carried out."""

    title = "Service unavailable"


class QueueFull(GatewayError):
    """All places in the line are taken."""

    title = "Queue is full"


class Unavailable(GatewayError):
    """Another try may succeed."""


class QueueTimeout(Unavailable):
    """No turn or no sandbox within the limit."""

    title = "No sandbox became free in time"


class ShuttingDown(Unavailable):
    """The service takes no new tasks."""

    title = "Service is shutting down"


class SandboxLost(Unavailable):
    """The sandbox is gone and its code is not to blame."""

    title = "The sandbox was lost"
