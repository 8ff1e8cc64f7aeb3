"""What stops a program that has broken out of Deno: each layer on its own, and all together."""

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from faaspool_executor.core.layers import Layer
from faaspool_executor.core.seccomp import EXEC_DESCRIPTOR
from faaspool_executor.errors import IsolationMissing
from faaspool_executor.sandbox import belt
from tests.security.belt.escape import BOUNDS, COLUMNS, LANDLOCK, probe

STILL_OPEN = {"read /proc/self/environ", "stat a secret of the service", "load libc"}
"""The six harmless variables that sandboxes are given; whether a file exists; code that it has anyway."""
BY_LANDLOCK = {
    "read /etc/passwd",
    "read a secret of the service",
    "list /",
    "list /proc",
    "read /proc/<service>/environ",
    "read /proc/<service>/cmdline",
    "open /proc/<service>/mem",
    "write a file",
    "append to a file",
    "make a folder",
    "remove a file",
    "make a symbolic link",
    "connect by TCP",
    "listen by TCP",
    "start a shell",
    "signal the service",
    "kill the service",
    "tgkill the service",
    "connect to an abstract socket",
    "ptrace the service",
    "process_vm_readv the service",
}
NOT_BY_SECCOMP = STILL_OPEN | {
    "read /etc/passwd",
    "read a secret of the service",
    "list /",
    "list /proc",
    "read /proc/<service>/environ",
    "read /proc/<service>/cmdline",
    "open /proc/<service>/mem",
    "take that descriptor's number",
}
BY_LIMITS = {"write a file", "append to a file", "take that descriptor's number", "raise a limit"}
IN_VAIN_ANYWAY = {"execveat the descriptor that Deno was started from", "unshare a user namespace"}
"""The kernel itself refuses: the descriptor was closed by the exec, and a process of threads cannot leave."""

pytestmark = pytest.mark.skipif(
    any(belt.offered().values()), reason=f"this machine lacks {[one for one, why in belt.offered().items() if why]}"
)


@pytest.fixture(params=["standard library", "native"])
def launcher(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, ...]:
    """Both launchers."""
    if request.param == "standard library":
        return belt.PYTHON_LAUNCHER
    if not belt.build_launcher(tmp_path / "launcher"):
        pytest.skip("no C compiler: `faaspool prepare` would do without, too")
    return (str(tmp_path / "launcher"),)


def test_without_a_belt_all_is_open() -> None:
    """The probe does try: what it says to be stopped was stopped by something."""
    found = probe(COLUMNS["nothing"])

    assert found.stopped() - IN_VAIN_ANYWAY <= {"io_uring", "packet socket", "bpf", "perf_event_open", "fanotify"}
    assert found.reached == {"tcp", "udp", "unix", "abstract", "signal"}


def test_the_whole_belt(launcher: tuple[str, ...]) -> None:
    """Nothing is reached, and nothing succeeds but what is known to be harmless."""
    found = probe(tuple(Layer), launcher)

    assert found.attempts.keys() - found.stopped() == STILL_OPEN
    assert found.reached == set()


def test_landlock_alone(launcher: tuple[str, ...]) -> None:
    """Files, TCP, signals."""
    found = probe(LANDLOCK, launcher)

    assert found.stopped() >= BY_LANDLOCK
    assert found.reached <= {"udp", "unix"}


def test_seccomp_alone(launcher: tuple[str, ...]) -> None:
    """All but reading."""
    found = probe((Layer.SECCOMP,), launcher)

    assert found.attempts.keys() - found.stopped() == NOT_BY_SECCOMP
    assert found.reached == set()


def test_limits_alone(launcher: tuple[str, ...]) -> None:
    """Writing, descriptors."""
    assert probe((Layer.LIMITS,), launcher).stopped() >= BY_LIMITS


def test_a_sandbox_ends_with_the_service(launcher: tuple[str, ...], tmp_path: Path) -> None:
    """Even one that is killed without a chance to clean up."""
    program = tmp_path / "program.py"
    program.write_text(
        "import os, subprocess, sys, time\n"
        "from pathlib import Path\n"
        "from faaspool_executor.sandbox import belt\n"
        f"bounds = belt.Bounds(task_bytes={BOUNDS.task_bytes}, cpu_seconds={BOUNDS.cpu_seconds})\n"
        f"one = belt.Belt('/bin/cat', (), bounds, launcher={launcher!r})\n"
        "process = one.start(('cat',), {})\n"
        "process.stdin.write(b'x\\n'); process.stdin.flush(); process.stdout.readline()\n"
        "print(process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE) as service:
        assert service.stdout is not None
        sandbox = int(service.stdout.readline())
        descriptor = os.pidfd_open(sandbox)
        service.kill()
    poll = select.poll()
    poll.register(descriptor)
    assert poll.poll(30_000)


def test_a_service_with_many_descriptors_starts_sandboxes(launcher: tuple[str, ...]) -> None:
    """Whatever numbers the belt's own descriptors have, the one that the launcher uses among them."""
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(EXEC_DESCRIPTOR - 20)]
    one = belt.Belt("/bin/cat", (), BOUNDS, launcher=launcher)
    try:
        with one.start(("cat",), {}) as process:
            assert process.communicate(b"whole") == (b"whole", b"")
    finally:
        one.close()
        for descriptor in held:
            os.close(descriptor)


def test_a_layer_that_is_required_and_missing_stops_the_start() -> None:
    """The message names the layer."""
    weak = belt.Belt("/bin/cat", (), BOUNDS, layers=(Layer.LIMITS,))
    try:
        belt.require((Layer.LIMITS,), weak)
        with pytest.raises(IsolationMissing, match="FAAS_REQUIRE_ISOLATION names seccomp"):
            belt.require((Layer.SECCOMP,), weak)
    finally:
        weak.close()


def test_a_step_that_fails_starts_nothing(launcher: tuple[str, ...]) -> None:
    """One line that names the step, and 126: no sandbox runs with less than was promised."""
    one = belt.Belt("/etc/passwd", (), BOUNDS, layers=(Layer.LIMITS, Layer.SECCOMP), launcher=launcher)
    try:
        with one.start(("passwd",), {}) as process:
            out, errors = process.communicate()
        assert (process.returncode, out) == (126, b"")
        assert errors == b"belt: exec: Permission denied\n"
    finally:
        one.close()
