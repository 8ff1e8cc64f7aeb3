"""How many sandboxes to keep warm, for which languages, within how much memory."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from faaspool_contract.names import Language

MIB = 1 << 20
HALF_LIFE_SECONDS = 120.0
LEAST_COUNT = 0.01
FORGOTTEN = 0.25
"""A decayed peak below this keeps no sandbox warm."""


@dataclass(slots=True)
class Demand:
    """How many tasks of each language were there at once, lately: a peak that halves every two minutes."""

    workers: int
    promised: bool = field(default=False, init=False)
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


class Target(Protocol):
    """How many sandboxes of each language to keep warm."""

    promised: bool
    """The operator asked for that many: fewer are a shortage."""

    def arrive(self, language: Language, now: float) -> None:
        """Count a task in."""

    def leave(self, language: Language) -> None:
        """Count a task out."""

    def wanted(self, now: float) -> dict[Language, int]:
        """Warm sandboxes to aim for."""


class Mix:
    """A fixed number of sandboxes, shared out as the languages are asked for: counts that halve every two minutes."""

    def __init__(self, size: int) -> None:
        self.promised = True
        self._size = size
        self._counts: dict[Language, tuple[float, float]] = {
            Language.PYTHON: (3.0, 0.0),
            Language.JAVASCRIPT: (1.0, 0.0),
            Language.TYPESCRIPT: (1.0, 0.0),
        }

    def arrive(self, language: Language, now: float) -> None:
        """Count a task in."""
        count, since = self._counts[language]
        self._counts[language] = (self._decayed(count, since, now) + 1, now)

    def leave(self, language: Language) -> None:
        """Count a task out: what was asked for stays asked for."""

    def wanted(self, now: float) -> dict[Language, int]:
        """The share of each language by largest remainders (Hamilton's method); none goes without while they last."""
        wanted = dict.fromkeys(Language, 1 if self._size >= len(Language) else 0)
        left = self._size - sum(wanted.values())
        weights = {language: self._decayed(*count, now) for language, count in self._counts.items()}
        quotas = {language: left * weight / sum(weights.values()) for language, weight in weights.items()}
        for language, quota in quotas.items():
            wanted[language] += int(quota)
        most = sorted(Language, key=lambda language: int(quotas[language]) - quotas[language])
        for language in most[: self._size - sum(wanted.values())]:
            wanted[language] += 1
        return wanted

    def _decayed(self, count: float, since: float, now: float) -> float:
        return max(count * math.exp2((since - now) / HALF_LIFE_SECONDS) if since else count, LEAST_COUNT)


class NoneWarm:
    """No sandbox is kept: each task starts its own."""

    promised = False

    def arrive(self, language: Language, now: float) -> None:
        """Nothing follows from it."""

    def leave(self, language: Language) -> None:
        """Nothing follows from it."""

    def wanted(self, now: float) -> dict[Language, int]:  # noqa: ARG002 -- as the others
        """None of any."""
        return dict.fromkeys(Language, 0)


@dataclass(slots=True, kw_only=True)
class Budget:
    """Memory, in bytes."""

    sandboxes_bytes: int
    """What all sandboxes together may take."""
    task_bytes: int
    """How much a sandbox may grow by its task."""
    cores: int
    """Sandboxes that start at once."""
    instances: int = 10_000
    """Sandboxes at most."""
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
    waiting: Sequence[Language]
    """The languages of the tasks that wait for a sandbox, the next one first."""
    wanted: dict[Language, int]
    active: int
    """Sandboxes that are lent or still ending."""
    computing: int
    """Processors that running tasks keep busy."""
    running_bytes: int
    may_start: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now."""

    start: tuple[Language, ...]
    stop: tuple[Language, ...]
    held_back: int = 0
    """Warm sandboxes that are wanted and do not fit."""
    paced: bool = False
    """More are to be started once running tasks leave a processor free."""


class _Draft:
    """A decision in the making, with what it would lead to."""

    def __init__(self, view: View, budget: Budget) -> None:
        self._view = view
        self._budget = budget
        self.idle = dict(view.idle)
        self.starting = dict(view.starting)
        self.later = dict.fromkeys(Language, 0)
        self.start: list[Language] = []
        self.stop: list[Language] = []

    def there(self, language: Language) -> int:
        """Sandboxes that are ready, start, or will start."""
        return self.idle[language] + self.starting[language] + self.later[language]

    def fits(self, language: Language) -> bool:
        """Whether one more sandbox leaves the reserve free."""
        estimate = self._budget.estimate
        warm = sum(self.there(one) * estimate(one) for one in Language)
        used = warm + self._view.running_bytes + self._budget.reserve
        return self._counted() < self._budget.instances and used + estimate(language) <= self._budget.sandboxes_bytes

    def may_begin(self) -> bool:
        """Whether one more may start now for a task that waits."""
        return self._view.may_start and sum(self.starting.values()) < self._budget.cores

    def may_warm(self) -> bool:
        """Whether one more may start ahead: running tasks keep their processors."""
        return self.may_begin() and sum(self.starting.values()) + self._view.computing < self._budget.cores

    def _counted(self) -> int:
        return sum(map(self.there, Language)) + self._view.active

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
    waiting = {language: view.waiting.count(language) for language in Language}
    for language in Language:
        while draft.idle[language] > view.wanted[language] + waiting[language]:
            draft.end(language)
    _serve_waiting(draft, view.waiting)
    held_back = 0
    for depth in range(1, max(view.wanted.values(), default=0) + 1):
        for language in Language:
            if not view.wanted[language] >= depth > draft.there(language):
                continue
            if not draft.fits(language):
                held_back += 1
            elif draft.may_warm():
                draft.begin(language)
            else:
                draft.later[language] += 1
    return Decision(tuple(draft.start), tuple(draft.stop), held_back, any(draft.later.values()))


def _serve_waiting(draft: _Draft, waiting: Sequence[Language]) -> None:
    """Start sandboxes for tasks that wait, in their order; those that start already are theirs."""
    served = dict(draft.starting)
    for language in waiting:
        if served[language]:
            served[language] -= 1
            continue
        if not draft.may_begin():
            return
        while not draft.fits(language) and (other := next((one for one in Language if draft.idle[one]), None)):
            draft.end(other)
        if not draft.fits(language) and not draft.is_alone():
            return
        draft.begin(language)
