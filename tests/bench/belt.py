"""What the belt costs a process: CPU from start to end, by launcher."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from faaspool_executor.sandbox import belt
from faaspool_executor.sandbox.runtime import find_deno
from tests.bench.figures import Figure, quantile, spread

BOUNDS = belt.Bounds(task_bytes=256 << 20, cpu_seconds=300)
ENVIRONMENT = {"DENO_DIR": "/nonexistent", "DENO_NO_UPDATE_CHECK": "1", "HOME": "/nonexistent"}
LAUNCHERS = {"none": "", "native": "5 ms more", "standard library": "25 ms more"}


def _cpu(start: Callable[[], subprocess.Popen[bytes]]) -> float:
    """CPU milliseconds of a process from its start to its end."""
    process = start()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
    if process.returncode != 0:
        raise RuntimeError(f"the process ended with {process.returncode}")
    return (usage.ru_utime + usage.ru_stime) * 1000


def launchers(samples: int) -> Iterator[Figure]:
    """An empty `deno run` without a belt and with it, interleaved."""
    deno = find_deno()
    with tempfile.TemporaryDirectory() as folder:
        script, native = Path(folder) / "empty.js", Path(folder) / "launcher"
        script.touch()
        arguments = ("deno", "run", "--quiet", "--no-config", "--no-lock", str(script))
        commands: dict[str, tuple[str, ...]] = {"standard library": belt.PYTHON_LAUNCHER}
        if belt.build_launcher(native):
            commands["native"] = (str(native),)
        belts = {name: belt.Belt(deno, (Path(folder),), BOUNDS, launcher=one) for name, one in commands.items()}
        starts: dict[str, Callable[[], subprocess.Popen[bytes]]] = {
            "none": lambda: subprocess.Popen(arguments, executable=deno, env=ENVIRONMENT)
        }
        starts |= {name: partial(one.start, arguments, ENVIRONMENT) for name, one in belts.items()}
        seen: dict[str, list[float]] = {name: [] for name in starts}
        for _ in range(samples):
            for name, start in starts.items():
                seen[name].append(_cpu(start))
        for one in belts.values():
            one.close()
    for name, figures in seen.items():
        more = quantile(figures, 0.5) - quantile(seen["none"], 0.5)
        text = spread(figures, "ms", 1) + (f"; {more:+.1f} ms" if name != "none" else "")
        yield Figure(f"CPU of an empty `deno run` under the belt, launcher: {name}", text, LAUNCHERS[name])
