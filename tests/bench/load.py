"""A service under measurement: requests over one connection, and what its processes use."""

import http.client
import json
import os
import time
from pathlib import Path
from typing import Any

from tests.integration.service import Service, wait_until

QUIET_SECONDS = 0.15
TICKS = os.sysconf("SC_CLK_TCK")


class Client:
    """One connection, kept."""

    def __init__(self, service: Service) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=120)
        self._connection.connect()

    def run(self, language: str, code: str, **fields: object) -> tuple[float, dict[str, Any]]:
        """Run a task; returns the round trip in milliseconds, and the answer."""
        body = json.dumps({"language": language, "code": code, **fields})
        begun = time.perf_counter()
        self._connection.request("POST", "/run_code", body, {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        content = response.read()
        took = (time.perf_counter() - begun) * 1000
        assert response.status == 200, content[:500]
        return took, json.loads(content)


def family(service: Service) -> list[int]:
    """The service's process and its sandboxes."""
    return [service.process.pid, *service.children()]


def cpu_ticks(service: Service) -> int:
    """Clock ticks that the service and its sandboxes, those that are gone too, have used."""
    total = 0
    for pid in family(service):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(int(field) for field in fields[11:15])
    return total


def wait_until_quiet(service: Service, sandboxes: int = 1) -> None:
    """Wait until so many sandboxes are there and nothing has used the processor for a while."""
    wait_until(lambda: len(service.children()) >= sandboxes)
    seen, since = cpu_ticks(service), time.perf_counter()
    while time.perf_counter() - since < QUIET_SECONDS:
        time.sleep(0.02)
        now = cpu_ticks(service)
        if now != seen:
            seen, since = now, time.perf_counter()


def pss_megabytes(pid: int) -> float:
    """Memory of a process, shared pages by their share."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise ValueError(pid)


def entry_of(pid: int) -> str:
    """The last argument of a process: a sandbox's entry module."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").rpartition(b"\0")[2].decode()
