"""What the service says of itself."""

from datetime import UTC, datetime

from fastapi import Response

from faaspool_contract.names import VERSION, Mode
from faaspool_gateway.core.answers import pool_stats
from faaspool_gateway.core.statistics import Statistics
from faaspool_gateway.http.responses import answer, problem
from faaspool_gateway.service import Gateway


def status_of(gateway: Gateway) -> str:
    """`healthy`, `degraded` or `unhealthy`."""
    if not gateway.sandboxes.usable():
        return "unhealthy"
    return "degraded" if gateway.sandboxes.problems() else "healthy"


def health(gateway: Gateway) -> Response:
    """Answer `GET /health`."""
    status, reasons = status_of(gateway), gateway.sandboxes.problems()
    body: dict[str, object] = {
        "status": status,
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "mode": gateway.mode,
        "version": VERSION,
        "isolation": list(gateway.sandboxes.isolation),
    }
    if gateway.mode is Mode.ENHANCED:
        body |= {"pool": pool_stats(gateway.sandboxes.census()), "scheduler": scheduler_stats(gateway.statistics)}
    if reasons:
        body["reasons"] = reasons
    return answer(503 if status == "unhealthy" else 200, body)


def scheduler_stats(counted: Statistics) -> dict[str, object]:
    """The tasks' numbers, as `/health` gives them."""
    return {
        "totalTasks": counted.total,
        "completedTasks": counted.completed,
        "failedTasks": counted.failed,
        "queuedTasks": counted.queued,
        "runningTasks": counted.running,
        "cancelledTasks": counted.cancelled,
        "averageExecutionTime": counted.average_ms(),
    }


def readiness(gateway: Gateway) -> Response:
    """Answer `GET /readyz`."""
    if gateway.draining:
        return problem(503, "Service is shutting down")
    return answer(200, {"status": "ok"}) if gateway.sandboxes.usable() else problem(503, "No sandbox can be started")
