"""The routes beside `/run_code`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .client import Client

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_health(client: Client, mode: str) -> None:
    """Status, time, mode and version of the contract."""
    response = client.get("/health")
    assert response.status == 200
    body = response.body
    assert body["status"] in {"healthy", "degraded"}
    assert TIMESTAMP.fullmatch(body["timestamp"])
    assert (body["mode"], body["version"]) == (mode, "unified-v1.0.0")
    assert ("pool" in body, "scheduler" in body) == (mode == "enhanced", mode == "enhanced")


def test_probes(client: Client) -> None:
    """A service that serves is alive and ready."""
    assert client.get("/livez").status == 200
    assert client.get("/readyz").status == 200


def test_metrics(client: Client, mode: str) -> None:
    """Basic mode has none, and says so."""
    response = client.get("/metrics")
    if mode == "basic":
        assert (response.status, response.body) == (404, {"error": "Metrics disabled in current mode"})
    else:
        assert (response.status, response.headers["content-type"].split(";")[0]) == (200, "text/plain")


def test_the_document_and_its_page(client: Client) -> None:
    """OpenAPI's document names the routes; the page shows it."""
    document = client.get("/openapi.json").body
    assert document["openapi"].startswith("3.")
    assert {"/run_code", "/health", "/livez", "/readyz", "/metrics"} <= document["paths"].keys()
    page = client.get("/docs")
    assert page.status == 200
    assert "/openapi.json" in page.text


def test_there_are_no_cross_origin_headers(client: Client) -> None:
    """No page of another site reads answers."""
    response = client.request(
        "OPTIONS", "/run_code", headers={"Origin": "https://a.b", "Access-Control-Request-Method": "POST"}
    )
    assert not [name for name in response.headers if name.startswith("access-control")]


def test_a_client_that_hangs_up_harms_nobody(client: Client) -> None:
    """Its task is given up; the next ones are served."""
    for _ in range(12):
        client.hang_up_on({"language": "python", "code": "while True: pass", "timeout": 60_000})
    assert client.run_code("1 + 1").body["output"]["ret_val"] == "2"
    assert client.get("/health").status == 200
