"""The filter of system calls that sandboxes live under, as a program of the kernel's (classic) BPF.

What Deno, V8 and Pyodide use is allowed; where an argument decides, the argument is looked at. All else fails:
with EPERM where the call has been there for long, with ENOSYS where it is new, so that libc falls back to an older
one. A process of another architecture is killed. (linux/seccomp.h, linux/bpf_common.h, man 2 seccomp)
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

MACHINE = "x86_64"
"""The only machine whose numbers are known here."""
EXEC_DESCRIPTOR = 777
"""The launcher opens Deno here, above the limit of descriptors that it then sets: once Deno runs, the number
cannot be had again, so the one exec that is allowed cannot happen twice."""

_ARCHITECTURE = 0xC000003E
_X32 = 0x40000000
_NEW_CALLS = 424
"""From here on numbers are the same on all machines, and libc expects ENOSYS from older kernels."""

_ALLOWED = {
    "read": 0, "write": 1, "close": 3, "stat": 4, "fstat": 5, "lstat": 6, "poll": 7, "lseek": 8, "mprotect": 10,
    "munmap": 11, "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "pread64": 17,
    "pwrite64": 18, "readv": 19, "writev": 20, "access": 21, "select": 23, "sched_yield": 24, "mremap": 25,
    "mincore": 27, "madvise": 28, "dup": 32, "dup2": 33, "nanosleep": 35, "getpid": 39, "recvfrom": 45,
    "shutdown": 48, "getsockname": 51, "getpeername": 52, "getsockopt": 55, "exit": 60, "wait4": 61, "uname": 63,
    "fsync": 74, "fdatasync": 75, "getcwd": 79, "readlink": 89, "umask": 95, "gettimeofday": 96, "getrlimit": 97,
    "getrusage": 98, "sysinfo": 99, "times": 100, "getuid": 102, "getgid": 104, "geteuid": 107, "getegid": 108,
    "getppid": 110, "getpgrp": 111, "getresuid": 118, "getresgid": 120, "getpgid": 121, "getsid": 124,
    "rt_sigpending": 127, "rt_sigtimedwait": 128, "rt_sigsuspend": 130, "sigaltstack": 131, "sched_getparam": 143,
    "sched_getscheduler": 145, "sched_get_priority_max": 146, "sched_get_priority_min": 147, "arch_prctl": 158,
    "gettid": 186, "time": 201, "futex": 202, "sched_getaffinity": 204, "getdents64": 217, "set_tid_address": 218,
    "restart_syscall": 219, "fadvise64": 221, "clock_gettime": 228, "clock_getres": 229, "clock_nanosleep": 230,
    "exit_group": 231, "epoll_wait": 232, "epoll_ctl": 233, "newfstatat": 262, "readlinkat": 267, "faccessat": 269,
    "pselect6": 270, "ppoll": 271, "set_robust_list": 273, "get_robust_list": 274, "epoll_pwait": 281,
    "eventfd2": 290, "epoll_create1": 291, "dup3": 292, "pipe2": 293, "preadv": 295, "pwritev": 296, "getcpu": 309,
    "getrandom": 318, "membarrier": 324, "pkey_mprotect": 329, "pkey_alloc": 330, "pkey_free": 331, "statx": 332,
    "rseq": 334, "close_range": 436, "faccessat2": 439, "epoll_pwait2": 441, "futex_waitv": 449,
    "map_shadow_stack": 453, "futex_wake": 454, "futex_wait": 455, "futex_requeue": 456, "mseal": 462,
}  # fmt: skip
_HOT = ("futex", "madvise", "mprotect", "munmap", "read", "write", "epoll_wait", "close")
"""Looked at first: the kernel walks the program from its start where it has no cache of verdicts."""

_EPERM, _EACCES, _ENOTTY, _ENOSYS = 1, 13, 25, 38
_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_ERRNO = 0x00050000
_LOAD, _AND, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_ANY_BIT, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16

_Instruction = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Filter:
    """A program, and where in it the sandbox's own process number belongs."""

    program: bytes
    """8 bytes for each instruction."""
    pid_slots: tuple[int, ...]
    """Instructions whose operand the launcher sets to its own process number."""


_OWN_PID = -1


def _returns(action: int) -> _Instruction:
    return (_RETURN, 0, 0, action)


def _errno(number: int) -> _Instruction:
    return _returns(_ERRNO | number)


def _load_argument(index: int, *, high: bool = False) -> _Instruction:
    return (_LOAD, 0, 0, _ARGUMENTS + 8 * index + (4 if high else 0))


def _one_of(index: int, values: Sequence[int], otherwise: int) -> list[_Instruction]:
    """Allow where the low word of an argument is one of `values`."""
    tests = [instruction for value in values for instruction in ((_JUMP_EQUAL, 0, 1, value), _returns(_ALLOW))]
    return [_load_argument(index), *tests, _errno(otherwise)]


def _no_bit(index: int, bits: int, otherwise: int) -> list[_Instruction]:
    """Allow where the low word of an argument has none of `bits`."""
    return [_load_argument(index), (_JUMP_ANY_BIT, 0, 1, bits), _errno(otherwise), _returns(_ALLOW)]


def _all_equal(*expected: tuple[int, int], mask: tuple[int, int] | None = None) -> list[_Instruction]:
    """Allow where each `(argument, value)` holds, in both words; `mask` is `(argument, bits)` that count."""
    block: list[_Instruction] = []
    for index, value in expected:
        block.append(_load_argument(index))
        if mask is not None and mask[0] == index:
            block.append((_AND, 0, 0, mask[1]))
        block += [(_JUMP_EQUAL, 1, 0, value), _errno(_EPERM)]
        if value == 0:
            block += [_load_argument(index, high=True), (_JUMP_EQUAL, 1, 0, 0), _errno(_EPERM)]
    return [*block, _returns(_ALLOW)]


_MAP_SHARED, _MAP_GROWSDOWN, _MAP_HUGETLB = 0x01, 0x0100, 0x40000
_OPEN_TO_WRITE = 0x1 | 0x2 | 0x40 | 0x200 | 0x400 | 0x400000
"""O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND, O_TMPFILE."""
_THREAD_FLAGS = (0x3D0F00, 0x7D0F00)
"""What libc's pthread_create gives to clone, with and without CLONE_CHILD_SETTID."""

_CHECKED: dict[int, list[_Instruction]] = {
    9: _no_bit(3, _MAP_SHARED | _MAP_GROWSDOWN | _MAP_HUGETLB, _EPERM),  # mmap: private memory only
    2: _no_bit(1, _OPEN_TO_WRITE, _EACCES),  # open: to read
    257: _no_bit(2, _OPEN_TO_WRITE, _EACCES),  # openat: to read
    56: _one_of(0, _THREAD_FLAGS, _EPERM),  # clone: threads, no processes
    72: _one_of(1, (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1034), _EPERM),  # fcntl: flags, copies, locks
    16: _one_of(1, (0x5401, 0x541B, 0x5421, 0x5450, 0x5451, 0x5413), _ENOTTY),  # ioctl: what is it, flags
    157: _one_of(0, (15, 16, 3, 0x53564D41), _EPERM),  # prctl: names
    322: _all_equal((0, EXEC_DESCRIPTOR), (4, 0x1000)),  # execveat: Deno, once
    234: _all_equal((0, _OWN_PID)),  # tgkill: abort() ends oneself
    53: _all_equal((0, 1), (1, 1), mask=(1, 0xF)),  # socketpair: streams between one's own threads
    44: _all_equal((4, 0)),  # sendto: over what is connected
    302: _all_equal((0, 0), (2, 0)),  # prlimit64: read one's own
}


def sandbox_filter() -> Filter:
    """Make the program."""
    code: list[_Instruction] = [
        (_LOAD, 0, 0, _ARCH),
        (_JUMP_EQUAL, 1, 0, _ARCHITECTURE),
        _returns(_KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_JUMP_GREATER_EQUAL, 0, 1, _X32),
        _returns(_KILL),
    ]
    hot = [_ALLOWED[name] for name in _HOT]
    for number in [*hot, *(number for number in _ALLOWED.values() if number not in hot)]:
        code += [(_JUMP_EQUAL, 0, 1, number), _returns(_ALLOW)]
    for number, block in _CHECKED.items():
        code += [(_JUMP_EQUAL, 0, len(block), number), *block]
    code += [(_JUMP_GREATER_EQUAL, 0, 1, _NEW_CALLS), _errno(_ENOSYS), _errno(_EPERM)]
    slots = tuple(index for index, instruction in enumerate(code) if instruction[3] == _OWN_PID)
    packed = b"".join(struct.pack("=HBBI", op, yes, no, max(operand, 0)) for op, yes, no, operand in code)
    return Filter(packed, slots)
