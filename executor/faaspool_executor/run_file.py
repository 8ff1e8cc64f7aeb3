"""`faaspool run FILE`: one file through the same sandbox that the service uses."""

import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from faaspool_contract.names import LANGUAGE_NAMES, Language
from faaspool_executor.app import commands_of, installed_runtime
from faaspool_executor.errors import UsageError
from faaspool_executor.sandbox.host import OomKills
from faaspool_executor.sandbox.process import SandboxProcess
from faaspool_executor.settings import Settings
from faaspool_gateway.errors import SandboxLost
from faaspool_gateway.ports import Ending, Outcome, Stream, Task

START_SECONDS = 60.0
ENDINGS = {
    Ending.TIMED_OUT: (124, "the time limit passed"),
    Ending.OUT_OF_MEMORY: (137, "the memory limit was exceeded"),
    Ending.CRASHED: (70, "the sandbox crashed"),
}
"""Exit codes of runs that were ended: those of timeout(1), of the kernel's OOM killer, of sysexits.h."""
EXIT_PIPE = 141
"""As a shell reports SIGPIPE."""
_SUFFIXES = {".mjs": Language.JAVASCRIPT, ".mts": Language.TYPESCRIPT, ".tsx": Language.TYPESCRIPT}
_DESCRIPTORS = {Stream.STDOUT: 1, Stream.STDERR: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks for."""

    file: Path
    language: str | None
    input: str | None
    """A file that holds the program's standard input; `-` for this command's own."""
    timeout_ms: int | None
    show_ret_val: bool


def language_of(request: Request) -> Language:
    """The language: as named, or by the file's ending. Raises UsageError."""
    if request.language is not None:
        return LANGUAGE_NAMES[request.language]
    suffix = request.file.suffix.lower()
    language = _SUFFIXES.get(suffix) or LANGUAGE_NAMES.get(suffix.removeprefix("."))
    if language is None:
        raise UsageError(
            f"{request.file}: the ending names no language; say --language python, javascript or typescript"
        )
    return language


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def _stdin(request: Request) -> bytes:
    if request.input is None:
        return b""
    return sys.stdin.buffer.read() if request.input == "-" else _read(Path(request.input))


def _task(request: Request, settings: Settings) -> Task:
    code = _read(request.file)
    try:
        code.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{request.file}: not UTF-8 at byte {error.start}") from error
    return Task(
        language=language_of(request),
        code=code,
        stdin=_stdin(request),
        time_limit_seconds=min(request.timeout_ms or settings.timeout_ms, settings.max_timeout_ms) / 1000,
    )


class _Passing:
    """Passes output on; `interrupt` is called once nobody reads it any more."""

    def __init__(self, interrupt: Callable[[], None]) -> None:
        self._interrupt = interrupt
        self.broken = False

    def __call__(self, stream: Stream, text: bytes) -> None:
        written = 0
        try:
            while written < len(text) and not self.broken:
                written += os.write(_DESCRIPTORS[stream], text[written:])
        except BrokenPipeError:
            self.broken = True
            self._interrupt()


async def run_file(request: Request, settings: Settings) -> int:
    """Run a file; its output is passed on as it comes.

    Returns the program's exit code, or one of ENDINGS. Raises ExecutorError or SandboxLost.
    """
    task = _task(request, settings)
    sandbox = SandboxProcess(commands_of(settings, installed_runtime(settings))(task.language), OomKills())
    passing = _Passing(sandbox.kill)
    try:
        await sandbox.ready(START_SECONDS)
        outcome = await sandbox.run(task, passing)
    except SandboxLost:
        if passing.broken:
            return EXIT_PIPE
        raise
    finally:
        sandbox.kill()
        await asyncio.shield(sandbox.gone.wait())
    return _report(outcome, request)


def _report(outcome: Outcome, request: Request) -> int:
    if outcome.ending is not Ending.FINISHED:
        exit_code, reason = ENDINGS[outcome.ending]
        print(f"faaspool: {outcome.detail or reason}", file=sys.stderr)
        return exit_code
    if request.show_ret_val:
        print(outcome.ret_val)
    return outcome.exit_code or 0
