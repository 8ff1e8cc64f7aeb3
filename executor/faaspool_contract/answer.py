"""What the service answers, as models for the OpenAPI document and for those who read answers."""

from pydantic import BaseModel, Field

from faaspool_contract.names import Language, Mode, Status


class Output(BaseModel):
    """What the program wrote and returned."""

    stdout: str
    stderr: str
    ret_val: str = Field(description="The return value: text as it is, anything else as JSON; empty for none.")


class Timings(BaseModel):
    """Where the time went, in milliseconds."""

    queued_ms: float = Field(description="Waiting for a turn.")
    started_ms: float = Field(description="Waiting for a sandbox after that.")
    ran_ms: float = Field(description="Running the program.")
    total_ms: float = Field(description="From the request's arrival to its answer.")


class Truncated(BaseModel):
    """Which parts of the output were cut at their limit."""

    stdout: bool
    stderr: bool
    ret_val: bool


class PoolStats(BaseModel):
    """The sandboxes: `totalInstances` is the sum of idle, active and starting ones."""

    mode: Mode
    totalInstances: int  # noqa: N815 -- the contract's names
    idleInstances: int  # noqa: N815
    activeInstances: int  # noqa: N815
    startingInstances: int  # noqa: N815
    heldBackInstances: int = Field(  # noqa: N815
        description="Warm ones that are wanted and do not fit the memory or their number."
    )


class SchedulerStats(BaseModel):
    """The tasks: `totalTasks` is the sum of completed, failed, queued and running ones."""

    totalTasks: int  # noqa: N815
    completedTasks: int = Field(description="Ran to an answer, whatever their code did.")  # noqa: N815
    failedTasks: int = Field(description="Not carried out by the platform.")  # noqa: N815
    queuedTasks: int  # noqa: N815
    runningTasks: int  # noqa: N815
    cancelledTasks: int = Field(description="Given up by their clients; not in the total.")  # noqa: N815
    averageExecutionTime: float = Field(description="Of completed tasks, milliseconds.")  # noqa: N815


class Metadata(BaseModel):
    """How the task went."""

    task_id: str = Field(pattern=r"^task-\d+-[0-9a-f]+$")
    status: Status
    exit_code: int | None = Field(description="The program's own; null where it did not come to an end.")
    language: Language
    duration: int = Field(description="Whole milliseconds of the run itself.")
    timings: Timings
    attempts: int = Field(ge=1, le=2, description="2 where the first sandbox was lost through no fault of the code.")
    truncated: Truncated
    mode: Mode
    instance_id: str | None = Field(default=None, description="The sandbox; enhanced mode.")
    pool_stats: PoolStats | None = Field(default=None, description="Enhanced mode.")


class RunAnswer(BaseModel):
    """The answer to a program that was run. `error` and `details` are there where it was ended."""

    output: Output
    metadata: Metadata
    error: str | None = None
    details: str | None = None


class ErrorAnswer(BaseModel):
    """The answer to a request that was not carried out."""

    error: str
    details: str | None = None


class TaskAnswer(BaseModel):
    """A task by its id."""

    task_id: str
    state: str = Field(description="queued, running, completed, failed or cancelled.")
    answer: RunAnswer | None = Field(default=None, description="What `/run_code` answers, once it is there.")
    error: str | None = None
    details: str | None = None


class Health(BaseModel):
    """What `/health` says."""

    status: str = Field(description="healthy, degraded or unhealthy.")
    timestamp: str
    mode: Mode
    version: str
    isolation: list[str] = Field(description="The kernel's layers that sandboxes live under, beside their own.")
    pool: PoolStats | None = Field(default=None, description="Enhanced mode.")
    scheduler: SchedulerStats | None = Field(default=None, description="Enhanced mode.")
    reasons: list[str] = Field(default_factory=list, description="Why it is not healthy.")
