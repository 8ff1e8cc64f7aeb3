"""The routes of the contract."""

import asyncio
import hmac
import json
from datetime import UTC, datetime

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from faaspool_contract.answer import ErrorAnswer, Health, RunAnswer
from faaspool_contract.errors import BodyTooLarge, BodyTooSlow, ContractError, InvalidRequest
from faaspool_contract.names import VERSION
from faaspool_contract.request import RunRequest, parse_request
from faaspool_gateway.errors import GatewayError, QueueFull
from faaspool_gateway.http.protocol import BODY_SECONDS
from faaspool_gateway.service import Gateway

RETRY_AFTER_SECONDS = 1
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
CLIENT_GONE = 499
"""Never seen by anyone: the client that would read it has hung up."""

_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": RunRequest.model_json_schema()}},
    }
}
_ERRORS: dict[int | str, dict[str, object]] = {
    code: {"model": ErrorAnswer, "description": text}
    for code, text in {
        400: "The request is not valid.",
        401: "The credentials are missing or wrong.",
        408: "The body did not come in time.",
        413: "The body is too large.",
        429: "The queue is full.",
        503: "Not now; try again.",
    }.items()
}


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


async def read_body(request: Request, limit: int) -> bytes:
    """The body, at most `limit` bytes of it. Raises BodyTooLarge or BodyTooSlow."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > limit:
        raise BodyTooLarge(limit)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise BodyTooLarge(limit)
    except TimeoutError:
        raise BodyTooSlow(BODY_SECONDS) from None
    return bytes(body)


async def hung_up(request: Request) -> None:
    """Return when the client has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        continue


async def run_while_connected(gateway: Gateway, parsed: RunRequest, request: Request) -> Response:
    """Run a task; cancel it when its client hangs up."""
    run = asyncio.ensure_future(gateway.run(parsed))
    gone = asyncio.ensure_future(hung_up(request))
    try:
        await asyncio.wait((run, gone), return_when=asyncio.FIRST_COMPLETED)
        return answer(200, run.result()) if run.done() else Response(status_code=CLIENT_GONE)
    finally:
        run.cancel()
        gone.cancel()
        await asyncio.gather(run, gone, return_exceptions=True)


def authorized(request: Request, tokens: tuple[str, ...]) -> bool:
    """Whether the request carries one of the tokens, compared in constant time."""
    given = request.headers.get("authorization", "").encode()
    return not tokens or sum(hmac.compare_digest(given, f"Bearer {token}".encode()) for token in tokens) > 0


def refusal(error: ContractError | GatewayError) -> Response:
    """The answer to a task that was not carried out."""
    match error:
        case InvalidRequest():
            return problem(400, "Invalid request", str(error))
        case BodyTooLarge():
            return problem(413, "Request body too large", str(error))
        case BodyTooSlow():
            return problem(408, "Request body too slow", str(error), Connection="close")
        case GatewayError():
            status = 429 if isinstance(error, QueueFull) else 503
            return problem(status, error.title, str(error), **{"Retry-After": str(RETRY_AFTER_SECONDS)})
        case _:
            raise error


async def run_code(gateway: Gateway, tokens: tuple[str, ...], request: Request) -> Response:
    """Carry out `POST /run_code`."""
    if not authorized(request, tokens):
        return problem(401, "Missing or wrong credentials")
    try:
        parsed = parse_request(await read_body(request, gateway.limits.body_bytes), gateway.limits.request)
        return await run_while_connected(gateway, parsed, request)
    except (ContractError, GatewayError) as error:
        return refusal(error)
    except ClientDisconnect:
        return Response(status_code=CLIENT_GONE)


def health(gateway: Gateway) -> Response:
    """Answer `GET /health`."""
    usable, reasons = gateway.sandboxes.usable(), gateway.sandboxes.problems()
    status = "unhealthy" if not usable else "degraded" if reasons else "healthy"
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body: dict[str, object] = {
        "status": status,
        "timestamp": now,
        "mode": gateway.mode,
        "version": VERSION,
        "isolation": list(gateway.sandboxes.isolation),
    }
    return answer(200 if usable else 503, body | ({"reasons": reasons} if reasons else {}))


def readiness(gateway: Gateway) -> Response:
    """Answer `GET /readyz`."""
    if gateway.draining:
        return problem(503, "Service is shutting down")
    return answer(200, {"status": "ok"}) if gateway.sandboxes.usable() else problem(503, "No sandbox can be started")


def build_app(gateway: Gateway, tokens: tuple[str, ...], version: str) -> FastAPI:
    """Make the application."""
    app = FastAPI(
        title="FaaSPool",
        version=version,
        description="Runs other people's code, safely and at once.",
        redirect_slashes=False,
    )

    @app.post("/run_code", response_model=RunAnswer, responses=_ERRORS, openapi_extra=_BODY)
    async def _run_code(request: Request) -> Response:
        """Run a program and answer with its output and return value."""
        return await run_code(gateway, tokens, request)

    @app.get("/health", response_model=Health, responses={503: {"model": Health, "description": "No code can be run."}})
    async def _health() -> Response:
        """Tell how the service is."""
        return health(gateway)

    @app.get("/livez")
    async def _livez() -> Response:
        """Tell that the process answers."""
        return answer(200, {"status": "ok"})

    @app.get("/readyz", responses={503: {"model": ErrorAnswer, "description": "No tasks are taken."}})
    async def _readyz() -> Response:
        """Tell whether tasks are taken."""
        return readiness(gateway)

    @app.get("/metrics", responses={404: {"model": ErrorAnswer, "description": "Not in this mode."}})
    async def _metrics() -> Response:
        """Say that basic mode has no metrics."""
        return problem(404, "Metrics disabled in current mode")

    @app.exception_handler(HTTPException)
    async def _http_problem(_request: Request, error: HTTPException) -> Response:
        return problem(error.status_code, str(error.detail), **(dict(error.headers) if error.headers else {}))

    return app
