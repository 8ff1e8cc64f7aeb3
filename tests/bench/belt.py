"""What the belt costs a process: CPU from start to end, by launcher."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from faaspool_executor.sandbox import belt
from faaspool_executor.sandbox.runtime import find_deno
from tests.bench.figures import Figure, quantile, spread

SOURCE = Path(__file__).parents[2] / "executor" / "launcher" / "launcher.c"
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
        script, native = Path(folder) / "empty.js", Path(folder) / belt.NATIVE_LAUNCHER
        script.touch()
        arguments = ("deno", "run", "--quiet", "--no-config", "--no-lock", str(script))
        one = belt.Belt(deno, (Path(folder),), BOUNDS)
        compiler = shutil.which("cc")
        if compiler is not None:
            subprocess.run([compiler, "-static", "-Os", "-o", native, SOURCE], check=True)
        commands: dict[str, tuple[str, ...]] = {"standard library": one.launcher, "native": (str(native),)}
        seen: dict[str, list[float]] = {name: [] for name in LAUNCHERS if name != "native" or compiler}
        for _ in range(samples):
            for name, figures in seen.items():
                if name == "none":
                    figures.append(_cpu(lambda: subprocess.Popen(arguments, executable=deno, env=ENVIRONMENT)))
                else:
                    one.launcher = commands[name]
                    figures.append(_cpu(lambda: one.start(arguments, ENVIRONMENT)))
        one.close()
    for name, figures in seen.items():
        more = quantile(figures, 0.5) - quantile(seen["none"], 0.5)
        text = spread(figures, "ms", 1) + (f"; {more:+.1f} ms" if name != "none" else "")
        yield Figure(f"CPU of an empty `deno run` under the belt, launcher: {name}", text, LAUNCHERS[name])
