"""Runs the probe under parts of the belt. `python -m tests.security.belt.escape` prints what stopped what."""

import ctypes
import json
import os
import select
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from faaspool_executor.core.layers import Layer
from faaspool_executor.sandbox.belt import PYTHON_LAUNCHER, Belt, Bounds
from faaspool_executor.sandbox.runtime import find_deno

PROBE = Path(__file__).with_name("probe.js")
LANDLOCK = (Layer.LANDLOCK, Layer.LANDLOCK_NETWORK, Layer.LANDLOCK_SCOPE)
COLUMNS: dict[str, tuple[Layer, ...]] = {
    "nothing": (),
    "limits": (Layer.LIMITS,),
    "Landlock": LANDLOCK,
    "seccomp": (Layer.SECCOMP,),
    "the belt": tuple(Layer),
}
BOUNDS = Bounds(task_bytes=256 << 20, cpu_seconds=300)


@dataclass
class Found:
    """What became of the attempts."""

    attempts: dict[str, str]
    reached: set[str] = field(default_factory=set)
    """Listeners of the service that were reached, and signals that came."""

    def stopped(self) -> set[str]:
        """Attempts that failed."""
        return {name for name, result in self.attempts.items() if result != "open"}


@contextmanager
def _targets() -> Iterator[tuple[dict[str, object], dict[str, socket.socket], set[str]]]:
    """What there is to be reached: files, listeners and this very process."""
    signalled: set[str] = set()
    memory = ctypes.create_string_buffer(b"memory of the service")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="faaspool-belt-")))
        folder.chmod(0o777)
        (folder / "secret").write_text("a secret")
        (folder / "removable").write_text("")
        listeners = {
            "tcp": socket.create_server(("127.0.0.1", 0)),
            "udp": socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
            "unix": socket.socket(socket.AF_UNIX),
            "abstract": socket.socket(socket.AF_UNIX),
        }
        for listener in listeners.values():
            stack.enter_context(listener)
        listeners["udp"].bind(("127.0.0.1", 0))
        listeners["unix"].bind(str(folder / "socket"))
        listeners["abstract"].bind(f"\0faaspool-{os.getpid()}")
        for name in ("unix", "abstract"):
            listeners[name].listen()
        before = signal.signal(signal.SIGUSR1, lambda *_: signalled.add("signal"))
        stack.callback(signal.signal, signal.SIGUSR1, before)
        there: dict[str, object] = {
            "pid": os.getpid(),
            "folder": str(folder),
            "secret": str(folder / "secret"),
            "unix": str(folder / "socket"),
            "abstract": f"faaspool-{os.getpid()}",
            "tcp": listeners["tcp"].getsockname()[1],
            "udp": listeners["udp"].getsockname()[1],
            "deno": find_deno(),
            "address": ctypes.addressof(memory),
        }
        yield there, listeners, signalled


def probe(layers: tuple[Layer, ...], launcher: tuple[str, ...] = PYTHON_LAUNCHER) -> Found:
    """Run the probe under some layers."""
    deno = find_deno()
    belt = Belt(deno, (PROBE.parent,), BOUNDS, layers=layers, launcher=launcher)
    environment = {"DENO_DIR": "/nonexistent", "DENO_NO_UPDATE_CHECK": "1", "HOME": "/nonexistent", "NO_COLOR": "1"}
    try:
        with _targets() as (there, listeners, signalled):
            arguments = (
                "deno",
                "run",
                "--allow-all",
                "--unstable-net",
                "--quiet",
                "--no-config",
                "--no-lock",
                str(PROBE),
            )
            with belt.start((*arguments, json.dumps(there)), environment) as process:
                out, errors = process.communicate(timeout=120)
            assert process.returncode == 0, errors.decode()
            readable, _, _ = select.select(list(listeners.values()), [], [], 0)
            reached = {name for name, listener in listeners.items() if listener in readable} | signalled
            return Found(json.loads(out), reached)
    finally:
        belt.close()


def table() -> str:
    """Attempts by layers, as Markdown."""
    found = {name: probe(layers) for name, layers in COLUMNS.items()}
    lines = ["| attempt | " + " | ".join(COLUMNS) + " |", "| --- |" + " --- |" * len(COLUMNS)]
    for attempt in found["nothing"].attempts:
        cells = (one.attempts[attempt] for one in found.values())
        shown = ("**open**" if cell == "open" else cell for cell in cells)
        lines.append(f"| {attempt} | " + " | ".join(shown) + " |")
    reached = (", ".join(sorted(one.reached)) or "none" for one in found.values())
    lines.append("| *listeners and signals that got something* | " + " | ".join(reached) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")
