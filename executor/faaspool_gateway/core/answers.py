"""The answer's fields, from what became of a task."""

from dataclasses import dataclass

from faaspool_contract.names import Language, Mode, Status
from faaspool_gateway.core.return_value import extract
from faaspool_gateway.ports import Captured, Census, Ending, Outcome, Phases

MILLISECONDS = 1000
_ENDED = {
    Ending.TIMED_OUT: (Status.TIMEOUT, "Execution timed out"),
    Ending.OUT_OF_MEMORY: (Status.MEMORY_LIMIT, "Memory limit exceeded"),
    Ending.CRASHED: (Status.CRASHED, "The sandbox crashed"),
    Ending.CANCELLED: (Status.CANCELLED, "Cancelled"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The circumstances of a run."""

    task_id: str
    language: Language
    mode: Mode
    attempts: int
    limit_ms: int
    phases: Phases
    instance: str
    census: Census | None
    """The pool's numbers, where the mode tells them."""


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


def not_run(task_id: str, language: Language, mode: Mode, reason: str) -> dict[str, object]:
    """The fields of the answer to a task that was cancelled before it ran."""
    nothing = Captured(text="", truncated=False)
    run = Run(
        task_id=task_id,
        language=language,
        mode=mode,
        attempts=1,
        limit_ms=0,
        phases=Phases(queued=0, started=0, ran=0, total=0),
        instance="none",
        census=Census(idle=0, active=0, starting=0) if mode is Mode.ENHANCED else None,
    )
    return answer(run, Outcome(ending=Ending.CANCELLED, stdout=nothing, stderr=nothing, detail=reason))


def pool_stats(census: Census) -> dict[str, object]:
    """The pool's numbers, as answers and `/health` give them."""
    return {
        "mode": Mode.ENHANCED,
        "totalInstances": census.total,
        "idleInstances": census.idle,
        "activeInstances": census.active,
        "startingInstances": census.starting,
        "heldBackInstances": census.held_back,
    }


def status_of(outcome: Outcome) -> Status:
    """What an outcome is called in answers."""
    if outcome.ending is Ending.FINISHED:
        return Status.OK if outcome.exit_code == 0 else Status.ERROR
    return _ENDED[outcome.ending][0]


def _milliseconds(seconds: float) -> float:
    return round(seconds * MILLISECONDS, 3)


def _metadata(run: Run, outcome: Outcome) -> dict[str, object]:
    phases = run.phases
    pool = {"instance_id": run.instance, "pool_stats": pool_stats(run.census)} if run.census is not None else {}
    return {
        "task_id": run.task_id,
        "status": status_of(outcome),
        "exit_code": outcome.exit_code,
        "language": run.language,
        "duration": round(phases.ran * MILLISECONDS),
        "timings": {
            "queued_ms": _milliseconds(phases.queued),
            "started_ms": _milliseconds(phases.started),
            "ran_ms": _milliseconds(phases.ran),
            "total_ms": _milliseconds(phases.total),
        },
        "attempts": run.attempts,
        "truncated": {
            "stdout": outcome.stdout.truncated,
            "stderr": outcome.stderr.truncated,
            "ret_val": False,
        },
        "mode": run.mode,
        **pool,
    }
