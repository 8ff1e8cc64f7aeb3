"""How many sandboxes are kept warm."""

from hypothesis import given
from hypothesis import strategies as st

from faaspool_contract.names import Language
from faaspool_executor.core.plan import MIB, Budget, Demand, View, plan

COUNTS = st.fixed_dictionaries({language: st.integers(0, 12) for language in Language})


def a_budget(megabytes: int) -> Budget:
    """A budget on a machine of two cores."""
    return Budget(sandboxes_bytes=megabytes * MIB, task_bytes=320 * MIB, cores=2)


@given(COUNTS, COUNTS, st.integers(0, 2), st.integers(100, 4000))
def test_warming_ahead_never_outgrows_the_memory(
    idle: dict[Language, int], wanted: dict[Language, int], starting: int, megabytes: int
) -> None:
    """With nobody waiting, what is idle, starts and is started stays inside the budget, or nothing starts."""
    budget = a_budget(megabytes)
    nobody = dict.fromkeys(Language, 0)
    view = View(
        idle=idle,
        starting={**nobody, Language.PYTHON: starting},
        waiting=nobody,
        wanted=wanted,
        running_bytes=0,
        may_start=True,
    )

    decision = plan(view, budget)

    left = {language: idle[language] - decision.stop.count(language) for language in Language}
    total = starting * budget.estimate(Language.PYTHON) + sum(
        (left[language] + decision.start.count(language)) * budget.estimate(language) for language in Language
    )
    assert not decision.start or total + budget.reserve <= budget.sandboxes_bytes
    assert len(decision.start) + starting <= max(2, starting)
    assert all(count >= 0 for count in left.values())


def test_a_task_that_waits_gets_a_sandbox_even_where_memory_is_short() -> None:
    """With nothing running, the task that waits is served; idle sandboxes make room."""
    nobody = dict.fromkeys(Language, 0)
    view = View(
        idle={**nobody, Language.PYTHON: 1},
        starting=nobody,
        waiting={**nobody, Language.TYPESCRIPT: 1},
        wanted={**nobody, Language.PYTHON: 1},
        running_bytes=0,
        may_start=True,
    )

    decision = plan(view, a_budget(100))

    assert Language.TYPESCRIPT in decision.start
    assert Language.PYTHON in decision.stop


def test_demand_follows_the_peak_and_forgets_it() -> None:
    """Ten at once keep ten warm at first, and none long after."""
    demand = Demand(workers=10)
    for _ in range(12):
        demand.arrive(Language.JAVASCRIPT, 1000.0)
    for _ in range(12):
        demand.leave(Language.JAVASCRIPT)

    assert demand.wanted(1000.0)[Language.JAVASCRIPT] == 10
    assert demand.wanted(100_000.0)[Language.JAVASCRIPT] == 0
    assert demand.wanted(100_000.0)[Language.PYTHON] == 1
