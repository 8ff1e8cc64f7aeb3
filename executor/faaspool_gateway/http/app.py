"""The routes."""

from dataclasses import dataclass
from importlib.resources import files

from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException

from faaspool_contract.answer import ErrorAnswer, Health, RunAnswer, TaskAnswer
from faaspool_contract.request import RunRequest
from faaspool_gateway.http.door import Door, unauthorized
from faaspool_gateway.http.health import health, readiness
from faaspool_gateway.http.responses import HEADERS, answer, problem
from faaspool_gateway.metrics import Metrics
from faaspool_gateway.ports import FairnessKey
from faaspool_gateway.recent import Recent
from faaspool_gateway.tasks import Tasks

PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
PAGE = {"": "index.html", "page.js": "page.js", "page.css": "page.css"}
TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css"}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": RunRequest.model_json_schema()}},
    },
    "parameters": [
        {
            "name": "wait",
            "in": "query",
            "schema": {"type": "string", "enum": ["true", "false"], "default": "true"},
            "description": "false: answer 202 with the task's id at once.",
        },
        {
            "name": "Idempotency-Key",
            "in": "header",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
            "description": "A request that is sent again with the same key gets the first one's answer.",
        },
    ],
}
_TEXTS = {
    400: "The request is not valid.",
    401: "The credentials are missing or wrong.",
    404: "Unknown, or no longer kept.",
    408: "The body did not come in time.",
    409: "The task has ended, or the idempotency key was another request's.",
    413: "The body is too large.",
    429: "The queue is full.",
    503: "Not now; try again.",
}


def _errors(*codes: int) -> dict[int | str, dict[str, object]]:
    return {code: {"model": ErrorAnswer, "description": _TEXTS[code]} for code in codes}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the application is made of; metrics and the page only where they are switched on."""

    tasks: Tasks
    tokens: tuple[str, ...]
    version: str
    fairness: FairnessKey | None = None
    metrics: Metrics | None = None
    recent: Recent | None = None


def build_app(parts: Parts) -> FastAPI:
    """Make the application."""
    app = FastAPI(
        title="FaaSPool",
        version=parts.version,
        description="Runs other people's code, safely and at once.",
        redirect_slashes=False,
    )
    door = Door(parts.tasks, parts.tokens, parts.fairness)
    _task_routes(app, door)
    _probe_routes(app, parts)
    if parts.recent is not None:
        _page_routes(app, door, parts.recent)

    @app.exception_handler(HTTPException)
    async def _http_problem(_request: Request, error: HTTPException) -> Response:
        return problem(error.status_code, str(error.detail), **(dict(error.headers) if error.headers else {}))

    return app


def _task_routes(app: FastAPI, door: Door) -> None:
    responses = _errors(400, 401, 408, 409, 413, 429, 503) | {
        202: {"model": TaskAnswer, "description": "Taken, with `wait=false`."},
        200: {
            "model": RunAnswer,
            "description": "The program was run.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
    }

    @app.post("/run_code", responses=responses, openapi_extra=_BODY)
    async def _run_code(request: Request) -> Response:
        """Run a program and answer with its output and return value."""
        return await door.run_code(request)

    @app.get("/tasks/{task_id}", response_model=TaskAnswer, responses=_errors(401, 404))
    async def _get_task(task_id: str, request: Request) -> Response:
        """Tell a task's state and, for ten minutes, its answer."""
        return await door.get_task(task_id, request)

    @app.delete("/tasks/{task_id}", response_model=TaskAnswer, responses=_errors(401, 404, 409))
    async def _delete_task(task_id: str, request: Request) -> Response:
        """End a task that waits or runs."""
        return await door.delete_task(task_id, request)


def _probe_routes(app: FastAPI, parts: Parts) -> None:
    gateway, metrics = parts.tasks.gateway, parts.metrics

    @app.get("/health", response_model=Health, responses={503: {"model": Health, "description": "No code can be run."}})
    async def _health() -> Response:
        """Tell how the service is."""
        return health(gateway)

    @app.get("/livez")
    async def _livez() -> Response:
        """Tell that the process answers."""
        return answer(200, {"status": "ok"})

    @app.get("/readyz", responses=_errors(503))
    async def _readyz() -> Response:
        """Tell whether tasks are taken."""
        return readiness(gateway)

    @app.get(
        "/metrics",
        responses={
            200: {"description": "Prometheus text.", "content": {"text/plain": {"schema": {"type": "string"}}}},
            404: {"model": ErrorAnswer, "description": "Not in this mode."},
        },
    )
    async def _metrics() -> Response:
        """Tell what Prometheus wants to know."""
        if metrics is None:
            return problem(404, "Metrics disabled in current mode")
        return Response(metrics.text(), headers=HEADERS, media_type=CONTENT_TYPE_LATEST)


def _page_routes(app: FastAPI, door: Door, recent: Recent) -> None:
    folder = files("faaspool_gateway.http") / "page"
    contents = {path: (folder / name).read_bytes() for path, name in PAGE.items()}

    def page(path: str) -> Response:
        kind = TYPES[PAGE[path].rpartition(".")[2]]
        return Response(contents[path], headers=HEADERS | PAGE_HEADERS, media_type=kind)

    for path in PAGE:
        app.add_api_route(f"/{path}", lambda path=path: page(path), include_in_schema=False)

    @app.get("/stats", include_in_schema=False)
    async def _stats(request: Request) -> Response:
        """Tell what the page shows."""
        return unauthorized() if door.owner(request) is None else answer(200, recent.snapshot(door.tasks.gateway))
