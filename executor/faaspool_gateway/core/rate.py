"""How fast waiting tasks get their turns: what a wait is estimated from."""

WEIGHT = 1 / 16
ENOUGH = 8
"""Measurements before an estimate counts."""


class Rate:
    """The mean time between turns while tasks wait: an exponentially weighted average of the intervals."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._count = 0
        self._last: float | None = None

    def turn(self, now: float, *, waiting: bool) -> None:
        """Count a turn; `waiting` where another task waits for the next one."""
        if self._last is not None:
            self._count += 1
            weight = max(WEIGHT, 1 / self._count)
            self._seconds += (now - self._last - self._seconds) * weight
        self._last = now if waiting else None

    def wait_seconds(self, ahead: int, now: float) -> float | None:
        """How long a task waits that has so many before it; nothing where too little was measured."""
        if self._count < ENOUGH:
            return None
        going = 0.0 if self._last is None else now - self._last
        return max(self._seconds, going) * ahead
