"""`faaspool doctor`: what this machine offers, what is missing, and what to do about it."""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version

from faaspool_contract.names import Language
from faaspool_executor.app import commands_of, runtime_of
from faaspool_executor.core.plan import MIB
from faaspool_executor.errors import ExecutorError
from faaspool_executor.sandbox import host
from faaspool_executor.sandbox.belt import offered
from faaspool_executor.sandbox.process import Command, SandboxProcess
from faaspool_executor.sandbox.runtime import Runtime
from faaspool_executor.settings import Settings
from faaspool_gateway.ports import Ending, Task

START_SECONDS = 60.0
PREPARE = "run `faaspool prepare` with the same FAAS_WORKSPACE"
SMALLEST_BYTES = 256 * MIB


class Verdict(StrEnum):
    """What a finding means."""

    OK = "ok"
    NOTE = "note"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    verdict: Verdict
    subject: str
    text: str
    advice: str = ""


async def doctor(settings: Settings) -> int:
    """Print what this machine offers; returns 0 where tasks can be run, 1 otherwise."""
    missing = False
    for finding in _look(settings):
        missing = _show(finding) or missing
    if missing:
        return 1
    commands = commands_of(settings, runtime_of(settings))
    for language in Language:
        missing = _show(await _try(commands(language))) or missing
    return 1 if missing else 0


def _show(finding: Finding) -> bool:
    mark = f"{finding.verdict:8}"
    if sys.stdout.isatty():
        mark = f"\033[{ {Verdict.OK: 32, Verdict.NOTE: 33, Verdict.MISSING: 31}[finding.verdict] }m{mark}\033[0m"
    print(f"{mark} {finding.subject:14} {finding.text}")
    if finding.advice:
        print(f"{'':8} {'':14} -> {finding.advice}")
    return finding.verdict is Verdict.MISSING


def _look(settings: Settings) -> Iterator[Finding]:
    yield Finding(Verdict.OK, "faaspool", f"{version('faaspool')} on Python {sys.version.split()[0]}")
    yield Finding(Verdict.OK, "kernel", host.kernel())
    yield from _runtime(settings)
    yield from _resources(settings)
    yield from _layers(settings)


def _runtime(settings: Settings) -> Iterator[Finding]:
    try:
        runtime = runtime_of(settings)
        folder = runtime.folder
    except ExecutorError as error:
        yield Finding(Verdict.MISSING, "deno", str(error))
        return
    yield Finding(Verdict.OK, "deno", runtime.deno)
    if not runtime.is_installed():
        yield Finding(Verdict.MISSING, "runtime", f"not in {settings.workspace}", PREPARE)
        return
    yield Finding(Verdict.OK, "runtime", str(folder))
    if runtime.image_is_valid():
        yield Finding(Verdict.OK, "python image", f"{runtime.image.stat().st_size // MIB} MB, sealed")
    else:
        yield Finding(Verdict.NOTE, "python image", "missing or damaged: Python starts slowly", PREPARE)
    yield _launcher(runtime)
    if runtime.code_cache_is_filled():
        yield Finding(Verdict.OK, "code cache", "filled and closed")
    else:
        yield Finding(Verdict.NOTE, "code cache", "missing: every sandbox compiles anew", PREPARE)


def _launcher(runtime: Runtime) -> Finding:
    if runtime.native_launcher.is_file():
        return Finding(Verdict.OK, "launcher", "compiled")
    advice = "install a C compiler and run `faaspool prepare` in an empty FAAS_WORKSPACE: 8 ms of CPU less a task"
    return Finding(Verdict.NOTE, "launcher", "in Python, as there was no C compiler", advice)


def _resources(settings: Settings) -> Iterator[Finding]:
    there, wanted = host.memory_limit_bytes(), settings.memory_bytes
    text = f"{there // MIB} MB here, FAAS_MEMORY_LIMIT is {wanted // MIB} MB"
    if min(there, wanted) < SMALLEST_BYTES:
        yield Finding(Verdict.MISSING, "memory", text, f"Python needs {SMALLEST_BYTES // MIB} MB")
    elif there < wanted:
        yield Finding(Verdict.NOTE, "memory", text, f"the service plans with {there // MIB} MB")
    else:
        yield Finding(Verdict.OK, "memory", text)
    cores = host.cores()
    if cores < settings.cpus:
        yield Finding(Verdict.NOTE, "processors", f"{cores} here, FAAS_CPU_LIMIT is {settings.cpus:g}")
    else:
        yield Finding(Verdict.OK, "processors", f"{cores} here, FAAS_CPU_LIMIT is {settings.cpus:g}")


def _layers(settings: Settings) -> Iterator[Finding]:
    for layer, missing in offered().items():
        if not missing:
            yield Finding(Verdict.OK, layer, "put on every sandbox")
            continue
        verdict = Verdict.MISSING if layer in settings.require_isolation else Verdict.NOTE
        yield Finding(verdict, layer, "not to be had on this machine", missing)
    if os.getuid() == 0:
        yield Finding(Verdict.NOTE, "user", "root", "run the service as an ordinary user where that can be had")
    else:
        yield Finding(Verdict.OK, "user", f"uid {os.getuid()}")


async def _try(command: Command) -> Finding:
    """Run a program for real."""
    language = command.language
    begun = time.perf_counter()
    sandbox = SandboxProcess(command, host.OomKills())
    try:
        await sandbox.ready(START_SECONDS)
        ready = time.perf_counter()
        task = Task(language=language, code=b"1 + 1", stdin=b"", time_limit_seconds=START_SECONDS)
        outcome = await sandbox.run(task)
        ran = time.perf_counter()
    except ExecutorError as error:
        return Finding(Verdict.MISSING, language, str(error))
    finally:
        sandbox.kill()
        await sandbox.gone.wait()
    if outcome.ending is not Ending.FINISHED or outcome.ret_val != "2":
        return Finding(Verdict.MISSING, language, f"1 + 1 gave {outcome.ret_val!r}: {outcome.stderr.text[:200]}")
    return Finding(
        Verdict.OK,
        language,
        f"1 + 1 = 2, started in {(ready - begun) * 1000:.0f} ms, ran in {(ran - ready) * 1000:.1f} ms",
    )
