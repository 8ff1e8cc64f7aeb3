"""How many sandboxes to keep warm, for which languages, within how much memory."""

import math
from dataclasses import dataclass, field

from faaspool_contract.names import Language

MIB = 1 << 20
HALF_LIFE_SECONDS = 120.0
FORGOTTEN = 0.25
"""A decayed peak below this keeps no sandbox warm."""


@dataclass(slots=True)
class Demand:
    """How many tasks of each language were there at once, lately: a peak that halves every two minutes."""

    workers: int
    _now: dict[Language, int] = field(default_factory=lambda: dict.fromkeys(Language, 0))
    _peaks: dict[Language, tuple[float, float]] = field(
        default_factory=lambda: {language: (1.0, 0.0) for language in Language}
    )

    def arrive(self, language: Language, now: float) -> None:
        """Count a task in."""
        self._now[language] += 1
        peak = max(self._decayed(language, now), float(self._now[language]))
        self._peaks[language] = (peak, now)

    def leave(self, language: Language) -> None:
        """Count a task out."""
        self._now[language] -= 1

    def wanted(self, now: float) -> dict[Language, int]:
        """Warm sandboxes to aim for; Python is never without one."""
        wanted = {language: self._target(self._decayed(language, now)) for language in Language}
        if not any(wanted.values()):
            wanted[Language.PYTHON] = 1
        return wanted

    def _target(self, peak: float) -> int:
        return 0 if peak < FORGOTTEN else min(math.ceil(peak - 1e-9), self.workers)

    def _decayed(self, language: Language, now: float) -> float:
        peak, since = self._peaks[language]
        if since == 0.0:
            self._peaks[language] = (peak, now)
            return peak
        return peak * 0.5 ** ((now - since) / HALF_LIFE_SECONDS)


@dataclass(slots=True, kw_only=True)
class Budget:
    """Memory, in bytes."""

    sandboxes_bytes: int
    """What all sandboxes together may take."""
    task_bytes: int
    """How much a sandbox may grow by its task."""
    cores: int
    """Sandboxes that start at once."""
    _idle: dict[Language, int] = field(
        default_factory=lambda: {
            Language.PYTHON: 80 * MIB,
            Language.JAVASCRIPT: 14 * MIB,
            Language.TYPESCRIPT: 50 * MIB,
        }
    )

    def estimate(self, language: Language) -> int:
        """Memory of an idle sandbox."""
        return self._idle[language]

    def learn(self, language: Language, measured: int) -> None:
        """Take a measurement in: half of the difference."""
        self._idle[language] += (measured - self._idle[language]) // 2

    @property
    def reserve(self) -> int:
        """Kept free for what running tasks allocate."""
        return min(self.task_bytes, self.sandboxes_bytes // 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the pool sees."""

    idle: dict[Language, int]
    starting: dict[Language, int]
    waiting: dict[Language, int]
    wanted: dict[Language, int]
    running_bytes: int
    may_start: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now."""

    start: tuple[Language, ...]
    stop: tuple[Language, ...]


def plan(view: View, budget: Budget) -> Decision:
    """Decide which sandboxes to start and which idle ones to stop.

    Tasks that wait come first and may push idle sandboxes of other languages out; warming ahead
    uses only what is free.
    """
    idle, starting = dict(view.idle), dict(view.starting)
    start: list[Language] = []
    stop: list[Language] = []

    def used() -> int:
        both = sum((idle[language] + starting[language]) * budget.estimate(language) for language in Language)
        return both + view.running_bytes + budget.reserve

    def fits(language: Language) -> bool:
        return used() + budget.estimate(language) <= budget.sandboxes_bytes

    def begin(language: Language) -> None:
        starting[language] += 1
        start.append(language)

    def room() -> bool:
        return view.may_start and sum(starting.values()) < budget.cores

    for language in Language:
        while idle[language] > max(view.wanted[language], 0) + view.waiting[language]:
            idle[language] -= 1
            stop.append(language)
    for language in Language:
        while room() and starting[language] < view.waiting[language]:
            while not fits(language) and (other := next((one for one in Language if idle[one]), None)):
                idle[other] -= 1
                stop.append(other)
            alone = view.running_bytes == 0 and not any(starting.values())
            if not fits(language) and not alone:
                break
            begin(language)
    for depth in range(1, max(view.wanted.values(), default=0) + 1):
        for language in Language:
            if room() and view.wanted[language] >= depth > idle[language] + starting[language] and fits(language):
                begin(language)
    return Decision(tuple(start), tuple(stop))
