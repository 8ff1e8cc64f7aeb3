"""What one sandbox costs: CPU from start to end, and memory while it waits."""

import asyncio
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from faaspool_contract.names import Language
from faaspool_executor.app import Commands, commands_of, installed_runtime
from faaspool_executor.sandbox.host import OomKills
from faaspool_executor.sandbox.process import SandboxProcess
from faaspool_executor.sandbox.runtime import runner_source
from faaspool_executor.settings import load_settings
from faaspool_gateway.ports import Task
from tests.bench.figures import Figure, quantile, spread
from tests.bench.load import entry_of, pss_megabytes, wait_until_quiet
from tests.integration.service import Service

UPSTREAM = Path(__file__).parent / "upstream"


@cache
def _commands() -> Commands:
    settings = load_settings()
    return commands_of(settings, installed_runtime(settings))


async def _sandbox_cpu(language: Language) -> float:
    """CPU milliseconds of a fresh sandbox: started, one task, ended."""
    sandbox = SandboxProcess(_commands()(language), OomKills())
    await sandbox.ready(60)
    await sandbox.run(Task(language=language, code=b"1+1", stdin=b"", time_limit_seconds=60))
    sandbox.kill()
    await sandbox.gone.wait()
    return sandbox.cpu_seconds * 1000


def _command_cpu(*arguments: str, folder: Path) -> float:
    """CPU milliseconds of a Deno process."""
    deno = installed_runtime(load_settings()).deno
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {"DENO_DIR": str(folder / "deno-dir"), "HOME": "/nonexistent", "DENO_NO_UPDATE_CHECK": "1"}
    subprocess.run([deno, *arguments], env=environment, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def cpu(samples: int) -> Iterator[Figure]:
    """CPU of fresh sandboxes against what they are made of, interleaved."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "empty.js").touch()
        (folder / "pyodide").symlink_to(runner_source() / "node_modules" / "pyodide")
        for script in UPSTREAM.iterdir():
            (folder / script.name).symlink_to(script)
        _command_cpu("run", "-A", "snapshot.mjs", folder=folder)
        seen: dict[str, list[float]] = {"python": [], "upstream": [], "javascript": [], "deno": [], "typescript": []}
        for _ in range(samples):
            for language in Language:
                seen[language].append(asyncio.run(_sandbox_cpu(language)))
            seen["upstream"].append(_command_cpu("run", "-A", "restored.mjs", folder=folder))
            seen["deno"].append(_command_cpu("run", "empty.js", folder=folder))
    for name_of, baseline, name, reach in (
        ("python", "upstream", "npm Pyodide restored from its own snapshot", "1.1"),
        ("javascript", "deno", "an empty `deno run`", "1.6"),
    ):
        ratio = quantile(seen[name_of], 0.5) / quantile(seen[baseline], 0.5)
        text = f"{spread(seen[name_of], 'ms', 0)}; {ratio:.2f} times {spread(seen[baseline], 'ms', 0)}"
        yield Figure(f"CPU of a fresh sandbox, {name_of}, against {name}", text, f"{reach} times")
    yield Figure("CPU of a fresh sandbox, typescript", spread(seen["typescript"], "ms", 0))


def memory(samples: int) -> Iterator[Figure]:
    """Memory of an idle service with one warm sandbox of each language."""
    seen: dict[str, list[float]] = {}
    for _ in range(samples):
        with Service() as service:
            wait_until_quiet(service, sandboxes=3)
            time.sleep(1)  # The engine's background threads give memory back after they have ended.
            parts = {entry_of(pid): pss_megabytes(pid) for pid in service.children()}
            own = pss_megabytes(service.process.pid)
        python = next(size for entry, size in parts.items() if entry.endswith("python.js"))
        seen.setdefault("python", []).append(python)
        for language in ("javascript", "typescript"):
            seen.setdefault(language, []).append(
                next(size for entry, size in parts.items() if f"/{language}/" in entry)
            )
        seen.setdefault("own", []).append(own)
        seen.setdefault("whole", []).append(own + python)
    yield Figure("PSS of an idle sandbox, python", spread(seen["python"], "MB", 0), "140 MB")
    yield Figure("PSS of an idle sandbox, javascript", spread(seen["javascript"], "MB", 0), "35 MB")
    yield Figure("PSS of an idle sandbox, typescript", spread(seen["typescript"], "MB", 0))
    yield Figure("PSS of the service's own process", spread(seen["own"], "MB", 0))
    yield Figure("the service and one warm Python sandbox", spread(seen["whole"], "MB", 0), "230 MB")


def core_count() -> int:
    """Processors of this process."""
    return len(os.sched_getaffinity(0))
