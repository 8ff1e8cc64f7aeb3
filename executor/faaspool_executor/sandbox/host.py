"""What the machine or container gives this process: processors, memory, and the kernel's ways to confine."""

import ctypes
import os
import platform
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

CGROUPS = Path("/sys/fs/cgroup")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
_PR_SET_DUMPABLE = 4


def cores() -> int:
    """Processors that this process may use at once, by affinity and by its cgroup's quota; at least 1."""
    allowed = len(os.sched_getaffinity(0))
    for folder in _cgroup_folders():
        quota, _, period = _read(folder / "cpu.max").partition(" ")
        if quota.isdigit() and period.isdigit():
            allowed = min(allowed, max(1, int(quota) // int(period)))
    return allowed


def memory_limit_bytes() -> int:
    """Memory that this process and its sandboxes may use together: the machine's, or its cgroup's limit."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limits = [_read(folder / "memory.max") for folder in _cgroup_folders()]
    limits.append(_read(CGROUPS / "memory" / "memory.limit_in_bytes"))  # cgroup v1, as seen inside a container
    return min([total, *(int(limit) for limit in limits if limit.isdigit())])


class OomKills:
    """Tells deaths by the kernel's out-of-memory killer from others: its count, against what was seen of it."""

    def __init__(self) -> None:
        self._seen = self._count()
        self._unclaimed = 0

    def claim(self) -> bool:
        """Whether a process that was just found killed died for want of memory."""
        now = self._count()
        self._unclaimed += now - self._seen
        self._seen = now
        if self._unclaimed <= 0:
            return False
        self._unclaimed -= 1
        return True

    @staticmethod
    def _count() -> int:
        folders = _cgroup_folders()
        texts = [_read(folder / "memory.events") for folder in folders[:1]]
        texts.append(_read(CGROUPS / "memory" / "memory.oom_control"))  # cgroup v1, as seen inside a container
        lines = [line.split() for text in texts for line in text.splitlines()]
        return sum(int(words[1]) for words in lines if words[0] == "oom_kill")


def prefer_as_victim(pid: int) -> None:
    """Have the out-of-memory killer choose a sandbox before the service."""
    with suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000", encoding="ascii")


def has_seccomp() -> bool:
    """Whether processes may be given filters of system calls."""
    return "kill_process" in _read(Path("/proc/sys/kernel/seccomp/actions_avail")).split()


def kernel() -> str:
    """The kernel's release and the processor's architecture."""
    return f"{platform.release()} {platform.machine()}"


def hide_from_sandboxes() -> None:
    """Keep other processes of the same user from reading this one's memory and environment, whatever else fails."""
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _cgroup_folders() -> list[Path]:
    """The process's own cgroup (v2) and those above it."""
    for line in _read(Path("/proc/self/cgroup")).splitlines():
        if line.startswith("0::"):
            own = CGROUPS / line.removeprefix("0::").lstrip("/")
            return [own, *(folder for folder in own.parents if folder.is_relative_to(CGROUPS))]
    return []


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""  # Not there on this machine: no limit.


class ProcessState(NamedTuple):
    """What a process does and has done."""

    running: bool
    """Its main thread computes, or waits for a processor to."""
    cpu_seconds: float


def process_state(pid: int) -> ProcessState:
    """State of a process, idle and without use where it is gone (man 5 proc_pid_stat)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ProcessState(running=False, cpu_seconds=0.0)
    return ProcessState(running=fields[0] == "R", cpu_seconds=(int(fields[11]) + int(fields[12])) / CLOCK_TICKS)


def process_bytes(pid: int) -> int:
    """Anonymous memory of a process: what nothing else shares; 0 where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return (int(fields[1]) - int(fields[2])) * PAGE_BYTES
