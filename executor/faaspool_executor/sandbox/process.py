"""One sandbox: a process of its own group, its three pipes, and the one task it runs."""

import asyncio
import os
import secrets
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from faaspool_contract.names import Language
from faaspool_executor.core.capture import Capture, Hider
from faaspool_executor.core.frames import (
    SECRET_BYTES,
    FrameError,
    MessageReader,
    Ready,
    Result,
    hello_frame,
    task_frame,
)
from faaspool_executor.errors import StartFailed
from faaspool_executor.sandbox.belt import Belt
from faaspool_executor.sandbox.host import OomKills, prefer_as_victim, process_bytes, process_state
from faaspool_gateway.errors import SandboxLost
from faaspool_gateway.ports import Captured, Ending, Outcome, Sink, Stream, Task

READ_BYTES = 1 << 18
RUNTIME_NAME = b"/faaspool"
"""What programs' output shows instead of the runtime folder: traces of one that has spoilt its engine may tell."""
_OUT_OF_HEAP = (b"Last few GCs", b"JavaScript heap out of memory", b"Fatal JavaScript out of memory")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How to start a sandbox of one language."""

    language: Language
    argv: tuple[str, ...]
    environment: dict[str, str]
    belt: Belt
    hides: str
    """A path of this host that no output shows: that of the runtime folder."""
    heap_bytes: int
    max_output_bytes: int


class SandboxProcess:
    """A running sandbox. Everything happens on one event loop."""

    def __init__(
        self, command: Command, oom_kills: OomKills, on_gone: Callable[["SandboxProcess"], None] = lambda _: None
    ) -> None:
        self.language = command.language
        self._loop = asyncio.get_running_loop()
        self._secret = secrets.token_bytes(SECRET_BYTES)
        self._messages = MessageReader(self._secret, max_body_bytes=command.max_output_bytes)
        self._kept = {stream: Capture(command.max_output_bytes) for stream in Stream}
        self._hiders = {stream: Hider(command.hides.encode(), RUNTIME_NAME) for stream in Stream}
        self._tail = b""
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._done: asyncio.Future[Result | None] = self._loop.create_future()
        self.ran = False
        """A task was sent to it."""
        self.gone = asyncio.Event()
        self._on_gone = on_gone
        self._oom_kills = oom_kills
        self._killed_here = False
        self._out_of_memory = False
        self._ending: Ending | None = None
        self._sending = b""
        self._close_after_sending = False
        self._sink: Sink | None = None
        self._hides = command.hides
        self.begun_at = self._loop.time()
        self.baseline_bytes = 0
        self.cpu_seconds = 0.0
        """By the task alone, once the process is gone."""
        self.peak_bytes = 0
        self._start_cpu_seconds = 0.0
        self._wait_status = 0
        # Programs can read their first argument; where Deno is on this host is not theirs to know.
        self._process = command.belt.start(("deno", *command.argv[1:]), command.environment)
        self.pid = self._process.pid
        self.name = f"sandbox-{self.pid}-{time.time_ns() // 1_000_000}"
        prefer_as_victim(self.pid)
        self._pidfd = os.pidfd_open(self.pid)
        self._pipes = {name: getattr(self._process, name).fileno() for name in ("stdin", "stdout", "stderr")}
        for descriptor in self._pipes.values():
            os.set_blocking(descriptor, False)
        self._loop.add_reader(self._pidfd, self._on_exit)
        self._loop.add_reader(self._pipes["stdout"], self._on_stdout)
        self._loop.add_reader(self._pipes["stderr"], self._on_stderr)
        self._send(hello_frame(self._secret, heap_bytes=command.heap_bytes, max_return_bytes=command.max_output_bytes))

    async def ready(self, timeout_seconds: float) -> None:
        """Wait until a task can come. Raises StartFailed."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._ready
        except TimeoutError:
            raise StartFailed(f"no {self.language} sandbox within {timeout_seconds:g} s") from None
        self.baseline_bytes = self.memory_bytes()
        self._start_cpu_seconds = process_state(self.pid).cpu_seconds

    async def run(self, task: Task, sink: Sink | None = None) -> Outcome:
        """Run the one task of this sandbox. Raises SandboxLost."""
        self._sink = sink
        if self.gone.is_set():
            raise SandboxLost("the sandbox died while it was idle")
        self.ran = self._close_after_sending = True
        self._send(task_frame(task.code) + task.stdin)
        timer = self._loop.call_later(task.time_limit_seconds, self.end, Ending.TIMED_OUT)
        try:
            result = await self._done
        finally:
            timer.cancel()
        if self._ending is None and result is None:
            return self._ended_by_itself()
        return self._outcome(self._ending or Ending.FINISHED, result)

    def end(self, ending: Ending) -> None:
        """End the run from outside; the first reason counts."""
        if self._ending is None and not self._done.done():
            self._ending = ending
            self.kill()

    def cancel(self) -> None:
        """End the run because nobody wants it any more."""
        self.end(Ending.CANCELLED)

    def kill(self) -> None:
        """Kill the process and whatever is in its group."""
        if not self.gone.is_set():
            self._killed_here = True
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def memory_bytes(self) -> int:
        """Anonymous memory of the process: what nothing else shares."""
        return process_bytes(self.pid)

    def computes(self) -> bool:
        """Whether its main thread runs right now."""
        return process_state(self.pid).running

    def _ended_by_itself(self) -> Outcome:
        status = os.waitstatus_to_exitcode(self._wait_status)
        if self._out_of_memory:
            return self._outcome(Ending.OUT_OF_MEMORY, None)
        if status == -signal.SIGKILL:
            raise SandboxLost("the sandbox was killed from outside")
        if status < 0 and any(sign in self._tail for sign in _OUT_OF_HEAP):
            return self._outcome(Ending.OUT_OF_MEMORY, None)
        if status < 0 or self.language is Language.PYTHON:
            return self._outcome(Ending.CRASHED, None, detail="the interpreter ended without a result")
        return self._outcome(Ending.FINISHED, Result(exit_code=status, own_return_val=False, ret_val=""))

    def _outcome(self, ending: Ending, result: Result | None, detail: str = "") -> Outcome:
        details = {
            Ending.OUT_OF_MEMORY: "the task used more memory than it may",
            Ending.CANCELLED: "it was cancelled while it ran",
        }
        for stream, hider in self._hiders.items():
            self._pass(stream, hider.rest())
        stdout, stderr = self._kept[Stream.STDOUT], self._kept[Stream.STDERR]
        return Outcome(
            ending=ending,
            stdout=Captured(text=stdout.text(), truncated=stdout.truncated),
            stderr=Captured(text=_without_engine_dump(stderr.text()), truncated=stderr.truncated),
            exit_code=result.exit_code if result else None,
            ret_val=result.ret_val.replace(self._hides, RUNTIME_NAME.decode()) if result else "",
            own_return_val=result.own_return_val if result else False,
            detail=detail or details.get(ending, ""),
        )

    def _send(self, data: bytes) -> None:
        self._sending += data
        self._on_writable()

    def _on_writable(self) -> None:
        descriptor = self._pipes.get("stdin")
        if descriptor is None:
            return
        try:
            while self._sending:
                self._sending = self._sending[os.write(descriptor, self._sending[:READ_BYTES]) :]
        except BlockingIOError:
            self._loop.add_writer(descriptor, self._on_writable)
            return
        except BrokenPipeError:
            self._sending = b""
        self._loop.remove_writer(descriptor)
        if self._close_after_sending:
            self._close("stdin")

    def _on_stdout(self) -> None:
        self._keep(Stream.STDOUT, self._read("stdout"))

    def _on_stderr(self) -> None:
        chunk = self._read("stderr")
        if not chunk or self._done.done():
            return
        try:
            text, message = self._messages.feed(chunk)
        except FrameError:
            self.end(Ending.CRASHED)
            return
        self._keep(Stream.STDERR, text)
        if isinstance(message, Ready) and not self._ready.done():
            self._ready.set_result(None)
        elif isinstance(message, Result) and self._ready.done() and self._ending is None:
            self._drain_stdout()
            self._done.set_result(message)
        elif message is not None:
            self.end(Ending.CRASHED)

    def _keep(self, stream: Stream, text: bytes) -> None:
        if not self._done.done():  # What comes after the result is nobody's.
            self._pass(stream, self._hiders[stream].feed(text))

    def _pass(self, stream: Stream, text: bytes) -> None:
        self._kept[stream].feed(text)
        if self._sink is not None and text:
            self._sink(stream, text)
        if stream is Stream.STDERR:
            self._tail = (self._tail + text)[-8192:]

    def _drain_stdout(self) -> None:
        """Read what was written before the result: it is in the pipe already."""
        while chunk := self._read("stdout"):
            self._keep(Stream.STDOUT, chunk)

    def _read(self, name: str) -> bytes:
        descriptor = self._pipes.get(name)
        if descriptor is None:
            return b""
        try:
            chunk = os.read(descriptor, READ_BYTES)
        except BlockingIOError:
            return b""
        if not chunk:
            self._close(name)
        return chunk

    def _close(self, name: str) -> None:
        descriptor = self._pipes.pop(name, None)
        if descriptor is None:
            return
        self._loop.remove_reader(descriptor)
        self._loop.remove_writer(descriptor)
        getattr(self._process, name).close()

    def _on_exit(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        _, self._wait_status, usage = os.wait4(self.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(self._wait_status)
        self.cpu_seconds = max(usage.ru_utime + usage.ru_stime - self._start_cpu_seconds, 0.0)
        self.peak_bytes = usage.ru_maxrss * 1024
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)  # The group may outlive its leader.
        if self._process.returncode == -signal.SIGKILL and not self._killed_here:
            self._out_of_memory = self._oom_kills.claim()
        self._drain_stdout()
        while "stderr" in self._pipes and not self._done.done():
            before = len(self._pipes)
            self._on_stderr()
            if before == len(self._pipes) and not self._readable("stderr"):
                break
        self._keep(Stream.STDERR, self._messages.rest())
        for name in tuple(self._pipes):
            self._close(name)
        self.gone.set()
        self._on_gone(self)
        if not self._ready.done():
            self._ready.set_exception(
                StartFailed(f"the sandbox ended with {self._process.returncode}: {self._reason()}")
            )
            self._ready.exception()
        if not self._done.done():
            self._done.set_result(None)

    def _readable(self, name: str) -> bool:
        return bool(select.select([self._pipes[name]], [], [], 0)[0])

    def _reason(self) -> str:
        return self._tail.decode("utf-8", "replace").strip()[-300:] or "it said nothing"


def _without_engine_dump(text: str) -> str:
    """Cut what V8 prints as it dies: addresses and frames of the engine, nothing of the program."""
    for sign in ("\n<--- Last few GCs --->", "\n#\n# Fatal"):
        text = text.split(sign, 1)[0]
    return text
