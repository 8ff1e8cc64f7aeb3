"""The routes beside `/run_code`, as HTTP: methods, headers, and paths that do not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .shape import check_refusal

if TYPE_CHECKING:
    from .client import Client

ROUTES = ["/health", "/livez", "/readyz", "/metrics", "/openapi.json", "/docs"]
JSON_ROUTES = ["/health", "/livez", "/readyz", "/openapi.json"]
NO_ROUTES = [
    "/healthz",
    "/health/",
    "/HEALTH",
    "/health/x",
    "/docs/x",
    "/.env",
    "/../etc/passwd",
    "/%2e%2e/",
    "/a?b=c",
]
TASK = b'{"language": "python", "code": "1"}'


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_the_other_routes_are_for_reading(client: Client, method: str, path: str) -> None:
    """Any method that would change something is a 405 with an error, which says what is allowed."""
    response = client.request(method, path, TASK)
    check_refusal(response, 405)
    assert "GET" in response.headers["allow"]


@pytest.mark.parametrize("path", NO_ROUTES)
def test_a_path_that_does_not_exist_is_not_found(client: Client, path: str) -> None:
    """As JSON, with an error, and without a redirection or a file."""
    check_refusal(client.get(path), 404)


def test_the_page_is_enhanced_modes(client: Client, mode: str) -> None:
    """Basic mode has none; the page loads nothing from elsewhere and runs nothing that is written into it."""
    response = client.get("/")
    if mode == "basic":
        check_refusal(response, 404)
        return
    assert response.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert "unsafe" not in response.headers["content-security-policy"]
    assert "http" not in response.text


@pytest.mark.parametrize("path", JSON_ROUTES)
def test_answers_are_json(client: Client, path: str) -> None:
    """The content type says so, and the length is right."""
    response = client.get(path)
    assert response.status == 200
    assert response.headers["content-type"] == "application/json"
    assert int(response.headers["content-length"]) == len(response.raw)
    assert response.body


def test_the_state_of_the_service_is_not_cached(client: Client) -> None:
    """Each of these answers is about now."""
    for path in ("/health", "/livez", "/readyz", "/metrics"):
        assert client.get(path).headers["cache-control"] == "no-store"


def test_the_page_is_html(client: Client) -> None:
    """People read it."""
    response = client.get("/docs")
    assert response.headers["content-type"].startswith("text/html")
    assert response.text.lstrip().lower().startswith("<!doctype html>")


def test_queries_are_ignored(client: Client) -> None:
    """A query changes nothing, on any route."""
    for path in ("/health", "/livez", "/readyz"):
        assert client.get(f"{path}?status=unhealthy").status == 200
    response = client.request("POST", "/run_code?language=ruby&code=2", TASK)
    assert response.body["output"]["ret_val"] == "1"


def test_a_refused_method_is_named_for_tasks_too(client: Client) -> None:
    """`/run_code` takes POST only, and says so."""
    response = client.get("/run_code")
    check_refusal(response, 405)
    assert response.headers["allow"] == "POST"


def test_the_metrics_of_enhanced_mode_are_prometheus_text(client: Client, mode: str) -> None:
    """Lines of names and numbers; in basic mode exactly one error."""
    response = client.get("/metrics")
    if mode == "basic":
        assert (response.status, response.raw) == (404, b'{"error":"Metrics disabled in current mode"}')
        return
    lines = [line for line in response.text.splitlines() if line and not line.startswith("#")]
    assert lines
    for line in lines:
        assert isinstance(float(line.rpartition(" ")[2]), float)


def test_the_scheduler_of_enhanced_mode_adds_up(client: Client, mode: str) -> None:
    """Counters are counts, and the parts are not more than the whole; basic mode has neither part."""
    body = client.get("/health").body
    if mode == "basic":
        assert body.keys() <= {"status", "timestamp", "mode", "version", "isolation", "reasons"}
        return
    scheduler = body["scheduler"]
    parts = [scheduler[name] for name in ("completedTasks", "failedTasks", "queuedTasks")]
    assert all(isinstance(part, int) and part >= 0 for part in parts)
    assert sum(parts) <= scheduler["totalTasks"]
    assert scheduler["averageExecutionTime"] >= 0
    pool = body["pool"]
    assert pool["idleInstances"] + pool["activeInstances"] <= pool["totalInstances"]
