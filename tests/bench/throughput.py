"""How many tasks a second the service sustains, against what its sandboxes' CPU allows."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from faaspool_contract.names import Language
from tests.bench.figures import Figure, quantile
from tests.bench.load import Client, cpu_ticks
from tests.bench.sandboxes import _sandbox_cpu, core_count
from tests.integration.service import Service

CLIENTS = 8
SECONDS = {"python": 20.0, "javascript": 10.0}


def sustained() -> Iterator[Figure]:
    """Closed loop: every client sends its next task when the last is answered."""
    cores = core_count()
    for language, seconds in SECONDS.items():
        alone = quantile([asyncio.run(_sandbox_cpu(Language(language))) for _ in range(10)], 0.5) / 1000
        with Service(FAAS_CPU_LIMIT=str(cores)) as service, ThreadPoolExecutor(CLIENTS) as threads:
            clients = [Client(service) for _ in range(CLIENTS)]
            end = time.perf_counter() + seconds

            def loop(client: Client, language: str = language, end: float = end) -> int:
                count = 0
                while time.perf_counter() < end:
                    client.run(language, "1+1")
                    count += 1
                return count

            ticks = cpu_ticks(service)
            begun = time.perf_counter()
            tasks = sum(threads.map(loop, clients))
            rate = tasks / (time.perf_counter() - begun) / cores
            used = (cpu_ticks(service) - ticks) / 100 / tasks
        share = rate * alone
        text = (
            f"{rate:.1f} a core second, {share:.0%} of what {alone * 1000:.0f} ms each allows; "
            f"{used * 1000:.0f} ms CPU a task in all"
        )
        yield Figure(f"sustained `1+1`, {language}, {CLIENTS} clients", text, "80 %")
