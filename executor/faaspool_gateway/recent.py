"""The last tasks and the last minutes, for people to look at. Never their code or output."""

import time
from collections import deque
from collections.abc import Sequence

from faaspool_contract.names import Priority
from faaspool_gateway.core.answers import pool_stats
from faaspool_gateway.core.percentiles import percentiles
from faaspool_gateway.ports import Refusal, TaskEnded
from faaspool_gateway.service import Gateway

WINDOW_SECONDS = 300
MAX_SAMPLES = 5000
SHOWN_TASKS = 30
BIN_SECONDS = 5


class Recent:
    """What became of tasks lately."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float]] = deque(maxlen=MAX_SAMPLES)
        self._tasks: deque[tuple[float, TaskEnded]] = deque(maxlen=SHOWN_TASKS)
        self._bins: deque[list[int]] = deque(maxlen=WINDOW_SECONDS // BIN_SECONDS + 1)
        self._begun = time.time()

    def ended(self, task: TaskEnded) -> None:
        """Keep a task that was answered."""
        now = time.time()
        self._samples.append((now, task.phases.total))
        self._tasks.append((now, task))
        self._bin(now)[1] += 1

    def refused(self, reason: Refusal) -> None:  # noqa: ARG002 -- counted, whatever the reason
        """Count a task that was not carried out."""
        self._bin(time.time())[2] += 1

    def cancelled(self) -> None:
        """Nothing is shown of it."""

    def snapshot(self, gateway: Gateway) -> dict[str, object]:
        """All that the page shows."""
        now = time.time()
        totals = [seconds for at, seconds in self._samples if now - at <= WINDOW_SECONDS]
        return {
            "mode": gateway.mode,
            "uptimeSeconds": round(now - self._begun),
            "pool": pool_stats(gateway.sandboxes.census()),
            "problems": gateway.sandboxes.problems(),
            "queue": {priority: gateway.queue.depth(priority) for priority in Priority},
            "running": gateway.statistics.running,
            "workers": gateway.limits.workers,
            "latencyMilliseconds": {name: round(1000 * value, 2) for name, value in percentiles(totals).items()},
            "latencySamples": len(totals),
            "binSeconds": BIN_SECONDS,
            "bins": _series(self._bins, now),
            "tasks": [_shown(at, task) for at, task in reversed(self._tasks)],
        }

    def _bin(self, now: float) -> list[int]:
        number = int(now // BIN_SECONDS)
        if not self._bins or self._bins[-1][0] != number:
            self._bins.append([number, 0, 0])
        return self._bins[-1]


def _series(bins: Sequence[list[int]], now: float) -> list[list[int]]:
    """Answered and refused tasks of each bin of the window, the oldest first."""
    found = {number: counts for number, *counts in bins}
    last = int(now // BIN_SECONDS)
    return [found.get(number, [0, 0]) for number in range(last - WINDOW_SECONDS // BIN_SECONDS + 1, last + 1)]


def _shown(at: float, task: TaskEnded) -> dict[str, object]:
    phases = task.phases
    return {
        "at": round(at * 1000),
        "language": task.language,
        "priority": task.priority,
        "status": task.status,
        "warm": task.warm,
        "phasesMilliseconds": [round(1000 * one, 2) for one in (phases.queued, phases.started, phases.ran)],
    }
