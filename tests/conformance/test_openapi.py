"""The OpenAPI document, run against the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok

if TYPE_CHECKING:
    from schemathesis import Case
    from schemathesis.schemas import APIOperation

SETTINGS = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
TIMEOUT_MS = 500
"""Keeps programs that were made up from running for long."""


def check(operation: APIOperation[Any, Any, Any, Any]) -> None:
    """Send made-up requests to one operation, and compare the answers with the document."""

    @SETTINGS
    @given(case=operation.as_strategy())
    def as_documented(case: Case[Any]) -> None:
        if isinstance(case.body, dict) and isinstance(case.body.get("timeout"), int):
            case.body["timeout"] = TIMEOUT_MS
        case.call_and_validate()

    as_documented()


def test_the_server_does_as_its_document_says(url: str) -> None:
    """No server error; statuses, content types and bodies as documented, for every operation."""
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) >= 5
    for operation in operations:
        check(operation)
