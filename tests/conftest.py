"""Where the suite finds its service: at `--url`, or in a process that it starts itself."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.conformance.client import Client
from tests.conformance.shape import MODES, parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conformance.client import Answer, Run

START_DEADLINE_SECONDS = 120.0
STOP_DEADLINE_SECONDS = 60.0
POLL_SECONDS = 0.1


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that points the suite at a running service."""
    parser.addoption("--url", default=None, help="the service to test; without it, one is started")


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert isinstance(port, int)
    return port


def is_ready(client: Client) -> bool:
    """Tell whether the service says that it can run code."""
    try:
        return client.get("/readyz").status == 200
    except OSError:
        return False


def tail(log: Path) -> str:
    """Return the end of what the service wrote, for the message of a failure."""
    return log.read_text(errors="replace")[-4000:]


def wait_until_ready(process: subprocess.Popen[bytes], client: Client, log: Path) -> None:
    """Poll the readiness probe until it answers, the process ends, or the deadline passes."""
    deadline = time.monotonic() + START_DEADLINE_SECONDS
    pause = threading.Event()
    while not is_ready(client):
        assert process.poll() is None, f"the service ended at its start:\n{tail(log)}"
        assert time.monotonic() < deadline, f"the service is not ready in time:\n{tail(log)}"
        pause.wait(POLL_SECONDS)


def started_service(folder: Path) -> Iterator[str]:
    """Run the executor for the length of the session; SIGTERM has to end it with exit code 0."""
    port = free_port()
    log = folder / "service.log"
    environment = {**os.environ, "COZE_LOOP_FAAS_PORT": str(port)}
    command = [sys.executable, "-m", "faaspool_executor", "serve"]
    url = f"http://127.0.0.1:{port}"
    with (
        log.open("wb") as sink,
        subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink) as process,
    ):
        try:
            wait_until_ready(process, Client(url), log)
            yield url
            process.send_signal(signal.SIGTERM)
            code = process.wait(STOP_DEADLINE_SECONDS)
            assert code == 0, f"exit code {code} after SIGTERM:\n{tail(log)}"
        finally:
            process.kill()


@pytest.fixture(scope="session")
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of the service under test."""
    given = request.config.getoption("--url")
    if given is None:
        yield from started_service(tmp_path_factory.mktemp("service"))
    else:
        yield str(given)


@pytest.fixture(scope="session")
def client(url: str) -> Client:
    """Return a client of the service under test."""
    return Client(url)


@pytest.fixture(scope="session")
def mode(client: Client) -> str:
    """Return the mode that the service reports."""
    reported = client.get("/health").body["mode"]
    assert reported in MODES
    return str(reported)


@pytest.fixture(scope="session")
def run(client: Client, mode: str) -> Run:
    """Return the function that runs one task and checks the shape of its answer."""

    def run_task(code: str, language: str = "python", **fields: object) -> Answer:
        answer = parse(client.run_code(code, language, **fields))
        assert answer.metadata["mode"] == mode
        return answer

    return run_task
