"""A real executor in a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

START_SECONDS = 60
REQUEST_SECONDS = 90


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Client:
    """Speaks to a service on this machine."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        """Status and body of a GET; 0 while nobody listens."""
        return _open(urllib.request.Request(self.url + path))

    def run(self, code: str, language: str = "javascript", **fields: object) -> tuple[int, dict[str, Any]]:
        """Status and body of a task."""
        body = json.dumps({"language": language, "code": code, **fields}).encode()
        return _open(urllib.request.Request(self.url + "/run_code", body))


class Service(Client):
    """`faaspool serve` with settings of its own."""

    def __init__(self, **settings: str) -> None:
        super().__init__(free_port())
        environment = os.environ | {"COZE_LOOP_FAAS_PORT": str(self.port)} | settings
        self.process = subprocess.Popen([sys.executable, "-m", "faaspool_executor", "serve"], env=environment)

    def __enter__(self) -> Self:
        wait_until(lambda: self.get("/readyz")[0] == 200, START_SECONDS)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to stop, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=START_SECONDS)

    def children(self) -> list[int]:
        """The processes that it has started and that are there still."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]

    def sleeping_children(self) -> int:
        """How many of its sandboxes wait for something: a task, if none runs."""
        states = [Path(f"/proc/{pid}/stat") for pid in self.children()]
        return sum(state.exists() and state.read_text().rpartition(")")[2].split()[0] == "S" for state in states)

    def memory_bytes(self) -> int:
        """Its own resident memory."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def descriptors(self) -> int:
        """How many descriptors it holds."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))


def _open(request: urllib.request.Request) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(request, timeout=REQUEST_SECONDS) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    except (urllib.error.URLError, ConnectionError):
        return 0, {}


def wait_until(condition: Callable[[], bool], seconds: float = START_SECONDS) -> None:
    """Poll a condition until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        time.sleep(0.02)
