"""The shape that every answer of the contract has, checked wherever a test gets one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .client import Answer

if TYPE_CHECKING:
    from .client import Response

STATUSES = frozenset({"ok", "error", "timeout", "memory_limit", "crashed", "cancelled"})
ENDED_STATUSES = frozenset({"timeout", "memory_limit", "crashed", "cancelled"})
LANGUAGES = frozenset({"python", "javascript", "typescript"})
MODES = frozenset({"basic", "enhanced"})
STREAMS = frozenset({"stdout", "stderr", "ret_val"})
TASK_ID = re.compile(r"task-\d+-[0-9a-f]+")
TIMINGS = frozenset({"queued_ms", "started_ms", "ran_ms", "total_ms"})
POOL_STATS = frozenset({"totalInstances", "idleInstances", "activeInstances"})


def is_count(value: object) -> bool:
    """Tell whether a value is a JSON integer that is not negative."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_number(value: object) -> bool:
    """Tell whether a value is a JSON number that is not negative."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def check_pool_stats(stats: object) -> None:
    """Check the numbers of the pool."""
    assert isinstance(stats, dict)
    assert stats["mode"] == "enhanced"
    for name in POOL_STATS:
        assert is_count(stats[name]), (name, stats)


def check_metadata(metadata: object) -> dict[str, Any]:
    """Check the metadata of an answer: every field of the contract, with its type."""
    assert isinstance(metadata, dict)
    assert TASK_ID.fullmatch(metadata["task_id"])
    assert metadata["status"] in STATUSES
    exit_code = metadata["exit_code"]
    assert exit_code is None or (isinstance(exit_code, int) and not isinstance(exit_code, bool))
    assert metadata["language"] in LANGUAGES
    assert is_count(metadata["duration"])
    timings = metadata["timings"]
    assert timings.keys() >= TIMINGS
    assert all(is_number(timings[name]) for name in TIMINGS), timings
    assert is_count(metadata["attempts"])
    assert metadata["attempts"] >= 1
    truncated = metadata["truncated"]
    assert truncated.keys() >= STREAMS
    assert all(isinstance(truncated[name], bool) for name in STREAMS), truncated
    assert metadata["mode"] in MODES
    if metadata["mode"] == "enhanced":
        assert isinstance(metadata["instance_id"], str)
        assert metadata["instance_id"]
        check_pool_stats(metadata["pool_stats"])
    else:
        assert "instance_id" not in metadata
        assert "pool_stats" not in metadata
    return metadata


def check_error(body: dict[str, Any], status: str) -> str | None:
    """Check that an answer has a top-level error exactly where its status calls for one."""
    if status not in ENDED_STATUSES:
        assert "error" not in body or body["error"] is None
        return None
    assert isinstance(body["error"], str)
    assert body["error"]
    assert isinstance(body["details"], str)
    assert body["details"]
    return body["error"]


def parse(response: Response) -> Answer:
    """Check the answer to a valid task and take it apart."""
    assert response.status == 200, response.text[:2000]
    assert response.headers["content-type"].startswith("application/json")
    body = response.body
    output = body["output"]
    assert isinstance(output, dict)
    assert output.keys() >= STREAMS
    assert all(isinstance(output[name], str) for name in STREAMS)
    metadata = check_metadata(body["metadata"])
    return Answer(
        stdout=output["stdout"],
        stderr=output["stderr"],
        ret_val=output["ret_val"],
        status=metadata["status"],
        exit_code=metadata["exit_code"],
        error=check_error(body, metadata["status"]),
        metadata=metadata,
        raw=body,
    )


def check_refusal(response: Response, status: int, *, field: str | None = None) -> None:
    """Check that a request was refused with this status, and that the answer names the field."""
    assert response.status == status, response.text[:2000]
    assert response.headers["content-type"].startswith("application/json")
    body = response.body
    assert isinstance(body["error"], str)
    assert body["error"]
    if status == 400:
        assert "details" in body
    if field is not None:
        assert field in str(body["details"]), body
