"""How many sandboxes are kept warm."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faaspool_contract.names import Language
from faaspool_executor.core.plan import MIB, Budget, Demand, Mix, View, plan

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
        waiting=(),
        wanted=wanted,
        active=0,
        computing=0,
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
        waiting=(Language.TYPESCRIPT,),
        wanted={**nobody, Language.PYTHON: 1},
        active=0,
        computing=0,
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


def a_view(**fields: Any) -> View:  # noqa: ANN401 -- any field of a view
    """An empty pool that wants ten Pythons."""
    nobody = dict.fromkeys(Language, 0)
    view = View(
        idle=nobody,
        starting=nobody,
        waiting=(),
        wanted={**nobody, Language.PYTHON: 10},
        active=0,
        computing=0,
        running_bytes=0,
        may_start=True,
    )
    return replace(view, **fields)


@pytest.mark.parametrize(("megabytes", "held_back"), [(440 - 16, 7), (2048 - 88, 0)])
def test_what_does_not_fit_is_held_back_and_counted(megabytes: int, held_back: int) -> None:
    """Three of ten sandboxes inside 512 MiB, all inside 2 GiB, whatever has been started so far."""
    budget = Budget(sandboxes_bytes=megabytes * MIB, task_bytes=320 * MIB, cores=2)
    nobody = dict.fromkeys(Language, 0)
    for there in range(10 - held_back + 1):
        decision = plan(a_view(idle={**nobody, Language.PYTHON: there}), budget)
        assert decision.held_back == held_back
        assert bool(decision.start) == (there < 10 - held_back)


def test_refill_leaves_running_tasks_their_processors() -> None:
    """Nothing is warmed while tasks keep all processors busy; what a task waits for starts all the same."""
    decision = plan(a_view(active=2, computing=2), a_budget(4000))
    assert (decision.start, decision.paced) == ((), True)
    assert plan(a_view(active=2, computing=1), a_budget(4000)).start == (Language.PYTHON,)
    assert plan(a_view(active=2, computing=2, waiting=(Language.TYPESCRIPT,)), a_budget(4000)).start == (
        Language.TYPESCRIPT,
    )


def test_there_are_never_more_than_the_most() -> None:
    """Idle, starting, lent and ending ones all count."""
    budget = replace(a_budget(4000), instances=4)
    nobody = dict.fromkeys(Language, 0)
    view = a_view(idle={**nobody, Language.PYTHON: 2}, active=1)
    assert plan(view, budget).start == (Language.PYTHON,)
    assert plan(replace(view, active=2), budget).start == ()


def test_tasks_that_wait_are_served_in_their_order_whatever_their_language() -> None:
    """Many of one language do not keep another's waiting."""
    waiting = (Language.TYPESCRIPT, Language.PYTHON, Language.PYTHON)
    assert plan(a_view(waiting=waiting), a_budget(4000)).start == (Language.TYPESCRIPT, Language.PYTHON)


@given(st.integers(0, 50), st.lists(st.sampled_from(list(Language)), max_size=60))
def test_the_mix_is_shared_out_whole(size: int, tasks: list[Language]) -> None:
    """As many as were asked for, none without where there are enough, and the most to what is asked for most."""
    mix = Mix(size)
    for language in tasks:
        mix.arrive(language, 1000.0)
    wanted = mix.wanted(1000.0)
    assert sum(wanted.values()) == size
    assert all(wanted.values()) or size < len(Language)


def test_the_mix_follows_what_is_asked_for() -> None:
    """And forgets it."""
    mix = Mix(10)
    assert mix.wanted(0.0)[Language.PYTHON] == 5
    for _ in range(100):
        mix.arrive(Language.JAVASCRIPT, 1000.0)
    assert mix.wanted(1000.0)[Language.JAVASCRIPT] == 8
    assert mix.wanted(1e6) == mix.wanted(2e6)
