"""Round trips of single tasks, bursts, and large texts."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.bench.figures import Figure, percentiles, spread
from tests.bench.load import Client, wait_until_quiet
from tests.integration.service import Service

MIB = 1 << 20
REACH = {"python": "4 / 12 ms", "javascript": "4 / 12 ms", "typescript": "10 / 20 ms"}
BURST = 10


def single(samples: int) -> Iterator[Figure]:
    """Warm `1+1`, one client, the service idle between."""
    with Service() as service:
        client = Client(service)
        for language, reach in REACH.items():
            for _ in range(3):
                client.run(language, "1+1")
            times = []
            for _ in range(samples):
                wait_until_quiet(service, sandboxes=3)
                took, answer = client.run(language, "1+1")
                assert answer["output"]["ret_val"] == "2"
                times.append(took)
            yield Figure(f"warm `1+1`, {language}: round trip", percentiles(times, "ms"), reach)


def bursts(samples: int) -> Iterator[Figure]:
    """Ten tasks at once on ten warm sandboxes."""
    for language in ("python", "javascript"):
        with Service(FAAS_CPU_LIMIT="2") as service, ThreadPoolExecutor(BURST) as threads:
            clients = [Client(service) for _ in range(BURST)]

            def one(client: Client, language: str = language) -> None:
                client.run(language, "1+1")

            list(threads.map(one, clients))
            times = []
            for _ in range(samples):
                wait_until_quiet(service, sandboxes=BURST)
                begun = time.perf_counter()
                list(threads.map(one, clients))
                times.append((time.perf_counter() - begun) * 1000)
            yield Figure(
                f"burst of {BURST} on {BURST} warm sandboxes, {language}: last answer", spread(times, "ms"), "40 ms"
            )


def large_texts(samples: int) -> Iterator[Figure]:
    """What one MiB of output, and of input, adds."""
    programs = {
        "python": ("print('x' * (2**20 - 1))", "import sys\nlen(sys.stdin.read())"),
        "javascript": ("console.log('x'.repeat(2**20 - 1))", "(await new Response(Deno.stdin.readable).text()).length"),
    }
    with Service() as service:
        client = Client(service)
        for language, (writing, reading) in programs.items():
            cases = {
                "nothing": ("0", ""),
                "output": (writing, ""),
                "input": (reading, "y" * MIB),
                "no input": (reading, ""),
            }
            times: dict[str, list[float]] = {name: [] for name in cases}
            for _ in range(samples):
                for name, (code, text) in cases.items():
                    wait_until_quiet(service, sandboxes=2)
                    took, answer = client.run(language, code, input=text)
                    assert answer["metadata"]["status"] == "ok", answer
                    times[name].append(took)
            for name, without in (("output", "nothing"), ("input", "no input")):
                more = [a - b for a, b in zip(times[name], times[without], strict=True)]
                yield Figure(f"1 MiB of {name}, {language}: added", spread(more, "ms"), "30 ms")
