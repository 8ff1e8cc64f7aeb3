"""`python -m tests.bench`: measures, and prints one table."""

import argparse
import sys
from collections.abc import Callable, Iterator

from tests.bench import belt, gateway, latency, sandboxes, throughput
from tests.bench.figures import Figure, machine, table


def _parts(samples: int) -> dict[str, Callable[[], Iterator[Figure]]]:
    few = max(samples // 5, 3)
    return {
        "single": lambda: latency.single(samples),
        "cpu": lambda: sandboxes.cpu(few),
        "belt": lambda: belt.launchers(max(samples // 2, 20)),
        "memory": lambda: sandboxes.memory(max(few // 4, 3)),
        "bursts": lambda: latency.bursts(few),
        "texts": lambda: latency.large_texts(few),
        "sustained": throughput.sustained,
        "queue": gateway.queue,
        "gateway": gateway.alone,
        "enhanced": lambda: gateway.added(samples),
    }


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--samples", type=int, default=100, help="single tasks to time (default: 100)")
    parser.add_argument(
        "part",
        nargs="*",
        help="single, cpu, belt, memory, bursts, texts, sustained, queue, gateway, enhanced (default: all)",
    )
    arguments = parser.parse_args()
    parts = _parts(arguments.samples)
    figures = []
    for name in arguments.part or parts:
        for figure in parts[name]():
            print(f"{figure.what}: {figure.seen}", file=sys.stderr, flush=True)
            figures.append(figure)
    print(f"{machine()}\n\n{table(figures)}")


if __name__ == "__main__":
    main()
