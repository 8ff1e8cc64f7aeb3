"""The answer's fields, from what became of a task."""

from dataclasses import dataclass

from faaspool_contract.names import Language, Mode, Status
from faaspool_gateway.core.return_value import extract
from faaspool_gateway.ports import Ending, Outcome

MILLISECONDS = 1000
_ENDED = {
    Ending.TIMED_OUT: (Status.TIMEOUT, "Execution timed out"),
    Ending.OUT_OF_MEMORY: (Status.MEMORY_LIMIT, "Memory limit exceeded"),
    Ending.CRASHED: (Status.CRASHED, "The sandbox crashed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The circumstances of a run; times in seconds."""

    task_id: str
    language: Language
    mode: Mode
    attempts: int
    limit_ms: int
    queued: float
    started: float
    ran: float
    total: float


def answer(run: Run, outcome: Outcome) -> dict[str, object]:
    """The fields of a 200."""
    stdout, ret_val = outcome.stdout.text, outcome.ret_val
    if outcome.own_return_val:
        printed = extract(stdout, run.language)
        stdout, ret_val = printed.stdout, ret_val if printed.ret_val is None else printed.ret_val
    body: dict[str, object] = {
        "output": {"stdout": stdout, "stderr": outcome.stderr.text, "ret_val": ret_val},
        "metadata": _metadata(run, outcome),
    }
    if outcome.ending is not Ending.FINISHED:
        body["error"] = _ENDED[outcome.ending][1]
        body["details"] = outcome.detail or f"the time limit of {run.limit_ms} ms passed"
    return body


def _status(outcome: Outcome) -> Status:
    if outcome.ending is Ending.FINISHED:
        return Status.OK if outcome.exit_code == 0 else Status.ERROR
    return _ENDED[outcome.ending][0]


def _metadata(run: Run, outcome: Outcome) -> dict[str, object]:
    return {
        "task_id": run.task_id,
        "status": _status(outcome),
        "exit_code": outcome.exit_code,
        "language": run.language,
        "duration": round(run.ran * MILLISECONDS),
        "timings": {
            "queued_ms": round(run.queued * MILLISECONDS, 3),
            "started_ms": round(run.started * MILLISECONDS, 3),
            "ran_ms": round(run.ran * MILLISECONDS, 3),
            "total_ms": round(run.total * MILLISECONDS, 3),
        },
        "attempts": run.attempts,
        "truncated": {
            "stdout": outcome.stdout.truncated,
            "stderr": outcome.stderr.truncated,
            "ret_val": False,
        },
        "mode": run.mode,
    }
