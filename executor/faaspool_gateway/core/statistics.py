"""Tasks counted: total = completed + failed + queued + running, at every instant."""

from dataclasses import dataclass

MILLISECONDS = 1000


@dataclass(slots=True)
class Statistics:
    """Where tasks are, and what became of them.

    A task that was refused at the door never entered; one whose client has gone, or that was cancelled,
    leaves the total.
    """

    queued: int = 0
    running: int = 0
    completed: int = 0
    """Ran to an answer, whatever their code did."""
    failed: int = 0
    """Not carried out by the platform: no sandbox in time, or lost twice."""
    cancelled: int = 0
    _ran_seconds: float = 0.0

    @property
    def total(self) -> int:
        """All tasks but those withdrawn."""
        return self.completed + self.failed + self.queued + self.running

    def complete(self, ran_seconds: float) -> None:
        """Count a task that ran to an answer."""
        self.completed += 1
        self._ran_seconds += ran_seconds

    def average_ms(self) -> float:
        """Mean run time of the completed ones."""
        return round(self._ran_seconds / self.completed * MILLISECONDS, 3) if self.completed else 0.0
