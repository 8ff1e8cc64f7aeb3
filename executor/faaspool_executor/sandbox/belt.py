"""The belt under Deno: what the kernel keeps a sandbox from, even one whose program has broken out of V8.

The service decides everything once, here; a small launcher puts it on in each new process before Deno starts in it.
No privilege is needed, so it works in a container without rights as on a laptop.
"""

import os
import platform
import re
import resource
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from faaspool_executor.core import seccomp
from faaspool_executor.core.layers import Layer
from faaspool_executor.errors import IsolationMissing
from faaspool_executor.sandbox import host, landlock

PYTHON_LAUNCHER = (os.path.realpath(sys.executable), "-I", "-S", "-B", str(Path(__file__).with_name("launcher.py")))
LAUNCHER_SOURCE = Path(__file__).with_name("launcher.c")
_ADDRESS_SPACE_BYTES = 2 << 30
"""Data segment of an idle sandbox with two workers: V8 reserves 512 MB for each isolate."""
_MAX_DESCRIPTORS = 256
_START_CPU_SECONDS = 60
_DEVICES = ("/dev/null", "/dev/urandom", "/dev/zero")
_LIBRARY = re.compile(r"(?:=> )?(/\S+) \(0x[0-9a-f]+\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one sandbox may use."""

    task_bytes: int
    cpu_seconds: int


def offered() -> dict[Layer, str]:
    """Each layer: empty where this machine gives it, otherwise what is missing."""
    version = landlock.version()
    reasons = dict.fromkeys(Layer, "")
    if platform.machine() != seccomp.MACHINE:
        reasons[Layer.SECCOMP] = f"the filter is for {seccomp.MACHINE}, this machine is {platform.machine()}"
    elif not host.has_seccomp():
        reasons[Layer.SECCOMP] = "a kernel with CONFIG_SECCOMP_FILTER"
    for layer, least in (
        (Layer.LANDLOCK, 1),
        (Layer.LANDLOCK_NETWORK, landlock.NETWORK_VERSION),
        (Layer.LANDLOCK_SCOPE, landlock.SCOPE_VERSION),
    ):
        if version < least:
            reasons[layer] = f"Landlock version {least} is needed, the kernel offers {version or 'none'}"
    return reasons


class Belt:
    """Starts programs with the belt on. Kept as long as sandboxes are started."""

    def __init__(
        self,
        executable: str,
        readable: tuple[Path, ...],
        bounds: Bounds,
        *,
        layers: tuple[Layer, ...] = tuple(Layer),
        launcher: tuple[str, ...] = PYTHON_LAUNCHER,
    ) -> None:
        """`readable` are folders that sandboxes may read, beside `executable` and its libraries.

        `layers` are those to put on where this machine gives them; those of Landlock come together.
        """
        missing = offered()
        self.layers = tuple(layer for layer in layers if not missing[layer])
        self._executable = os.open(os.path.realpath(executable), os.O_PATH | os.O_CLOEXEC)
        rules = landlock.Rules(b"", (), 0)
        if Layer.LANDLOCK in self.layers:
            programs = (Path(executable).resolve(), *_libraries(executable))
            files = tuple(path for path in map(Path, _DEVICES) if path.exists())
            allowed = landlock.Readable(programs=programs, files=files, folders=readable)
            rules = landlock.rules(allowed, landlock.version())
        filter_ = seccomp.sandbox_filter() if Layer.SECCOMP in self.layers else seccomp.Filter(b"", ())
        limits = _limits(bounds) if Layer.LIMITS in self.layers else []
        self._plan = _kept(_plan(limits, filter_, rules))
        self._launcher = launcher
        self._descriptors = [self._plan, self._executable, *(descriptor for _, descriptor in rules.allowed)]

    def close(self) -> None:
        """Give the descriptors back; nothing can be started any more."""
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors = []

    def start(self, arguments: tuple[str, ...], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        """Start the executable in a session of its own, with pipes for its standard streams.

        `arguments` are those that it sees, its own name among them. Raises OSError.
        """
        numbers = (self._plan, self._executable, os.getpid())
        return subprocess.Popen(  # noqa: S603 -- a fixed command, no shell
            (*self._launcher, *map(str, numbers), *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd="/",
            start_new_session=True,
            bufsize=0,
            pass_fds=self._descriptors,
        )


def build_launcher(target: Path) -> bool:
    """Compile the launcher in C, where there is a compiler: it starts ten times faster than the one in Python."""
    compiler = shutil.which("cc")
    for options in (["-static"], []) if compiler else ():
        command = [str(compiler), *options, "-O2", "-o", str(target), str(LAUNCHER_SOURCE)]
        built = subprocess.run(command, capture_output=True, check=False, timeout=60)  # noqa: S603 -- no shell
        if built.returncode == 0:
            return True
    return False


def require(layers: tuple[Layer, ...], belt: Belt) -> None:
    """Raise IsolationMissing where the belt has not all of the layers."""
    for layer in layers:
        if layer not in belt.layers:
            raise IsolationMissing(f"FAAS_REQUIRE_ISOLATION names {layer}, which is not to be had: {offered()[layer]}")


def _limits(bounds: Bounds) -> list[tuple[int, int, int]]:
    """Resource, soft and hard limit of each."""
    cpu = bounds.cpu_seconds + _START_CPU_SECONDS
    wanted = {
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_MEMLOCK: (0, 0),
        resource.RLIMIT_NOFILE: (_MAX_DESCRIPTORS, _MAX_DESCRIPTORS),
        resource.RLIMIT_DATA: (_ADDRESS_SPACE_BYTES + bounds.task_bytes,) * 2,
        # SIGXCPU first, which tells the reason; SIGKILL a second later.
        resource.RLIMIT_CPU: (cpu, cpu + 1),
    }
    most = {number: resource.getrlimit(number)[1] for number in wanted}
    return [(number, _lower(most[number], soft), _lower(most[number], hard)) for number, (soft, hard) in wanted.items()]


def _plan(limits: list[tuple[int, int, int]], filter_: seccomp.Filter, rules: landlock.Rules) -> bytes:
    """What the launcher reads: 64-bit words, as it explains."""
    words = [len(limits), *(word for limit in limits for word in limit)]
    words += [len(filter_.pid_slots), *filter_.pid_slots]
    words += [len(rules.attributes) // 8, *struct.unpack(f"={len(rules.attributes) // 8}Q", rules.attributes)]
    words += [len(rules.allowed), *(word for rule in rules.allowed for word in rule), rules.own_process]
    words += [len(filter_.program) // 8]
    return struct.pack(f"={len(words)}Q", *words) + filter_.program


def _lower(most: int, wanted: int) -> int:
    """A limit cannot be raised above the one that this process has."""
    return wanted if most == resource.RLIM_INFINITY else min(most, wanted)


def _kept(content: bytes) -> int:
    descriptor = os.memfd_create("faaspool-belt", os.MFD_CLOEXEC)
    os.write(descriptor, content)
    return descriptor


def _libraries(executable: str) -> tuple[Path, ...]:
    """The shared libraries of a program and its loader, as the loader itself lists them (man 8 ld.so)."""
    listed = subprocess.run(  # noqa: S603 -- the loader lists, the program does not run
        [executable], env={"LD_TRACE_LOADED_OBJECTS": "1"}, capture_output=True, text=True, check=True, timeout=60
    )
    cache = Path("/etc/ld.so.cache")
    found = [Path(path) for path in _LIBRARY.findall(listed.stdout)]
    return (*found, *([cache] if cache.exists() else []))
