"""What enhanced mode adds: the gateway alone, the queue alone, and one warm task against basic mode."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator

import uvloop

from faaspool_contract.names import Language, Priority
from faaspool_gateway.core.queue import Place, Queue
from tests.bench.figures import Figure, quantile
from tests.bench.load import Client, wait_until_quiet
from tests.integration.service import Client as Port
from tests.integration.service import Service, free_port, wait_until

CONNECTIONS = 64
SECONDS = 8.0
QUEUED = 10_000
BODY = json.dumps({"language": "python", "code": "1+1"}).encode()
REQUEST = b"POST /run_code HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


def queue() -> Iterator[Figure]:
    """Fill the queue and empty it, five times."""
    classes, languages = list(Priority), list(Language)
    places = [
        Place(language=languages[number % 3], priority=classes[number % 4], caller=str(number % 10))
        for number in range(QUEUED)
    ]
    added, taken = [], []
    for _ in range(5):
        tasks: Queue[int] = Queue()
        begun = time.perf_counter()
        for number, place in enumerate(places):
            tasks.add(number, place, 0.0)
        middle = time.perf_counter()
        while (ticket := tasks.take(languages, 1.0)) is not None:
            tasks.end(places[ticket].caller)
        ended = time.perf_counter()
        added.append((middle - begun) / QUEUED * 1e6)
        taken.append((ended - middle) / QUEUED * 1e6)
    text = f"enqueue {quantile(added, 0.5):.1f} µs, dequeue and end {quantile(taken, 0.5):.1f} µs"
    yield Figure(f"{QUEUED} queued tasks of ten callers, each", text, "20 µs each")


async def _loop(port: int, end: float, times: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < end:
        begun = time.perf_counter()
        writer.write(REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(size)
        times.append(time.perf_counter() - begun)
    writer.close()


async def _load(port: int) -> tuple[float, list[float]]:
    times: list[float] = []
    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(_loop(port, begun + SECONDS, times))
    return time.perf_counter() - begun, times


def alone() -> Iterator[Figure]:
    """The gateway over instant sandboxes, from a process of its own."""
    port = free_port()
    with subprocess.Popen([sys.executable, "-m", "tests.bench.instant", str(port)]) as process:
        try:
            wait_until(lambda: Port(port).get("/readyz")[0] == 200)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                seconds, times = runner.run(_load(port))
        finally:
            process.kill()
    text = f"{len(times) / seconds:.0f} a second, p99 {quantile(times, 0.99) * 1000:.0f} ms"
    yield Figure(f"gateway over instant sandboxes, {CONNECTIONS} connections", text, "3000 a second, p99 40 ms")


def added(samples: int) -> Iterator[Figure]:
    """One warm task in turn in each mode; both services idle while the other is measured."""
    with Service() as basic, Service(FAAS_MODE="enhanced", FAAS_POOL_SIZE="3") as enhanced:
        times: dict[Service, list[float]] = {basic: [], enhanced: []}
        clients = {service: Client(service) for service in times}
        for _ in range(samples):
            for service, client in clients.items():
                wait_until_quiet(service)
                times[service].append(client.run("javascript", "1+1")[0])
    low, high = (quantile(one, 0.5) for one in times.values())
    text = f"p50 {high - low:+.2f} ms (basic {low:.2f}, enhanced {high:.2f}, n={samples} each)"
    yield Figure("added by queue, lease and statistics to a warm task", text, "0.3 ms")
