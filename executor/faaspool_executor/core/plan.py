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
    _peaks: dict[Language, tuple[float, float]] = field(default_factory=lambda: dict.fromkeys(Language, (1.0, 0.0)))

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
        return peak * math.exp2((since - now) / HALF_LIFE_SECONDS)


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


class _Draft:
    """A decision in the making, with what it would lead to."""

    def __init__(self, view: View, budget: Budget) -> None:
        self._view = view
        self._budget = budget
        self.idle = dict(view.idle)
        self.starting = dict(view.starting)
        self.start: list[Language] = []
        self.stop: list[Language] = []

    def fits(self, language: Language) -> bool:
        """Whether one more sandbox leaves the reserve free."""
        estimate = self._budget.estimate
        warm = sum((self.idle[one] + self.starting[one]) * estimate(one) for one in Language)
        used = warm + self._view.running_bytes + self._budget.reserve
        return used + estimate(language) <= self._budget.sandboxes_bytes

    def may_begin(self) -> bool:
        """Whether one more may start now."""
        return self._view.may_start and sum(self.starting.values()) < self._budget.cores

    def begin(self, language: Language) -> None:
        self.starting[language] += 1
        self.start.append(language)

    def end(self, language: Language) -> None:
        self.idle[language] -= 1
        self.stop.append(language)

    def is_alone(self) -> bool:
        """Whether nothing runs or starts: then a task's sandbox starts even where the plan says it does not fit."""
        return self._view.running_bytes == 0 and not any(self.starting.values())


def plan(view: View, budget: Budget) -> Decision:
    """Decide which sandboxes to start and which idle ones to stop.

    Tasks that wait come first and may push idle sandboxes of other languages out; warming ahead
    uses only what is free.
    """
    draft = _Draft(view, budget)
    for language in Language:
        while draft.idle[language] > view.wanted[language] + view.waiting[language]:
            draft.end(language)
    for language in Language:
        _serve_waiting(draft, language, view.waiting[language])
    for depth in range(1, max(view.wanted.values(), default=0) + 1):
        for language in Language:
            there = draft.idle[language] + draft.starting[language]
            if view.wanted[language] >= depth > there and draft.may_begin() and draft.fits(language):
                draft.begin(language)
    return Decision(tuple(draft.start), tuple(draft.stop))


def _serve_waiting(draft: _Draft, language: Language, waiting: int) -> None:
    while draft.may_begin() and draft.starting[language] < waiting:
        while not draft.fits(language) and (other := next((one for one in Language if draft.idle[one]), None)):
            draft.end(other)
        if not draft.fits(language) and not draft.is_alone():
            return
        draft.begin(language)
