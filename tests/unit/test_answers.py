"""The answer's fields."""

import dataclasses

import pytest

from faaspool_contract.answer import RunAnswer
from faaspool_contract.names import Language, Mode
from faaspool_gateway.core.answers import Run, answer
from faaspool_gateway.core.return_value import END, START
from faaspool_gateway.ports import Captured, Ending, Outcome, Phases

RUN = Run(
    task_id="task-1-a",
    language=Language.PYTHON,
    mode=Mode.BASIC,
    attempts=1,
    limit_ms=100,
    phases=Phases(queued=0.001, started=0.002, ran=0.0306, total=0.035),
    instance="sandbox-1",
    census=None,
)
OUTCOME = Outcome(
    ending=Ending.FINISHED,
    stdout=Captured(text="out", truncated=False),
    stderr=Captured(text="err", truncated=True),
    exit_code=0,
    ret_val="1",
)


@pytest.mark.parametrize(
    ("ending", "exit_code", "status", "error"),
    [
        (Ending.FINISHED, 0, "ok", None),
        (Ending.FINISHED, 3, "error", None),
        (Ending.TIMED_OUT, None, "timeout", "Execution timed out"),
        (Ending.OUT_OF_MEMORY, None, "memory_limit", "Memory limit exceeded"),
        (Ending.CRASHED, None, "crashed", "The sandbox crashed"),
    ],
)
def test_every_ending(ending: Ending, exit_code: int | None, status: str, error: str | None) -> None:
    """Each ending has its status; those that are not the program's own have an error."""
    body = answer(RUN, dataclasses.replace(OUTCOME, ending=ending, exit_code=exit_code))
    parsed = RunAnswer.model_validate(body)

    assert parsed.metadata.status == status
    assert parsed.metadata.exit_code == exit_code
    assert parsed.error == error
    assert bool(parsed.details) == (error is not None)
    assert (parsed.output.stdout, parsed.output.stderr, parsed.output.ret_val) == ("out", "err", "1")


def test_times_and_truncation() -> None:
    """Milliseconds, the run itself as a whole number; what was cut is said."""
    metadata = RunAnswer.model_validate(answer(RUN, OUTCOME)).metadata

    assert metadata.duration == 31
    assert metadata.timings.model_dump() == {"queued_ms": 1, "started_ms": 2, "ran_ms": 30.6, "total_ms": 35}
    assert metadata.truncated.model_dump() == {"stdout": False, "stderr": True, "ret_val": False}


@pytest.mark.parametrize(("own", "expected"), [(True, ("", "x")), (False, (f"{START}\nx\n{END}\n", "1"))])
def test_output_is_searched_only_for_a_return_val_of_ones_own(own: bool, expected: tuple[str, str]) -> None:  # noqa: FBT001
    """A program that defines none may print the markers as it likes."""
    marked = Captured(text=f"{START}\nx\n{END}\n", truncated=False)
    output = RunAnswer.model_validate(
        answer(RUN, dataclasses.replace(OUTCOME, stdout=marked, own_return_val=own))
    ).output

    assert (output.stdout, output.ret_val) == expected
