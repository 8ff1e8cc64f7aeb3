"""Answers as bytes."""

import json
import math

from fastapi import Response

from faaspool_contract.errors import BodyTooLarge, BodyTooSlow, ContractError, InvalidRequest, KeyReused
from faaspool_gateway.errors import GatewayError, QueueFull

RETRY_AFTER_SECONDS = 1
"""Where nothing better is known."""
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def answer(status: int, body: dict[str, object], **headers: str) -> Response:
    """A JSON answer; lone surrogates, which UTF-8 cannot carry, become U+FFFD."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    try:
        content = text.encode()
    except UnicodeEncodeError:
        content = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
    return Response(content, status, HEADERS | headers, "application/json")


def problem(status: int, error: str, details: str | None = None, **headers: str) -> Response:
    """An answer to a request that was not carried out."""
    body: dict[str, object] = {"error": error}
    return answer(status, body if details is None else body | {"details": details}, **headers)


def refusal(error: ContractError | GatewayError) -> Response:
    """The answer to a task that was not carried out."""
    match error:
        case InvalidRequest():
            return problem(400, "Invalid request", str(error))
        case KeyReused():
            return problem(409, "Idempotency key used before", str(error))
        case BodyTooLarge():
            return problem(413, "Request body too large", str(error))
        case BodyTooSlow():
            return problem(408, "Request body too slow", str(error), Connection="close")
        case GatewayError():
            status = 429 if isinstance(error, QueueFull) else 503
            retry = RETRY_AFTER_SECONDS if error.retry_seconds is None else max(math.ceil(error.retry_seconds), 1)
            return problem(status, error.title, str(error), **{"Retry-After": str(retry)})
        case _:
            raise error
