"""Puts the belt on and becomes Deno. A program of its own: `python -I -S launcher.py`, nothing but ctypes.

Everything was decided by the service; this applies it, in an order in which nothing undoes what came before, and
ends with a message and 126 where a step fails: no sandbox runs with less than was promised.
`executor/launcher/launcher.c` is the same in C, and starts faster.

    launcher PLAN RULESET EXECUTABLE PARENT ARGUMENT...

PLAN, RULESET (or -1) and EXECUTABLE are descriptors, PARENT is the service's process number. The plan is made of
64-bit words: number of limits, then resource, soft, hard of each; number of slots, then each; number of
instructions, then each.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
LANDLOCK_RESTRICT_SELF = 446
EXECVEAT = 322
PRLIMIT64 = 302
AT_EMPTY_PATH = 0x1000
EXEC_DESCRIPTOR = 777
SIGKILL = 9
EXIT_CANNOT = 126


class Program(ctypes.Structure):
    """The kernel's `struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def main(arguments: list[str]) -> None:
    """Never return."""
    libc = ctypes.CDLL(None, use_errno=True)
    long = ctypes.c_long

    def step(name: str, answer: int) -> None:
        if answer != 0:
            os.write(2, f"belt: {name}: {os.strerror(ctypes.get_errno())}\n".encode())
            os._exit(EXIT_CANNOT)

    plan_descriptor, ruleset, executable, parent = (int(text) for text in arguments[:4])
    plan = os.pread(plan_descriptor, 1 << 20, 0)
    os.close(plan_descriptor)
    words = memoryview(bytearray(plan)).cast("Q")
    limits = [words[1 + 3 * n : 4 + 3 * n] for n in range(words[0])]
    slots = words[1 + 3 * len(limits) :]
    program = slots[1 + slots[0] :]
    instructions = program[1:].cast("B")
    for slot in slots[1 : 1 + slots[0]]:
        instructions[8 * slot + 4 : 8 * slot + 8] = os.getpid().to_bytes(4, "little")
    argv = (ctypes.c_char_p * (len(arguments) - 3))(*(os.fsencode(text) for text in arguments[4:]))
    environment = (ctypes.c_char_p * (len(os.environ) + 1))(
        *(os.fsencode(f"{name}={value}") for name, value in os.environ.items())
    )

    step("die with the service", libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
    if os.getppid() != parent:
        os._exit(EXIT_CANNOT)
    os.dup2(executable, EXEC_DESCRIPTOR, inheritable=False)
    os.close(executable)
    for resource, soft, hard in limits:
        pair = (ctypes.c_uint64 * 2)(soft, hard)
        step("limits", libc.syscall(PRLIMIT64, long(0), long(resource), pair, None))
    step("no new privileges", libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    if ruleset >= 0:
        step("landlock", libc.syscall(LANDLOCK_RESTRICT_SELF, long(ruleset), long(0)))
        os.close(ruleset)
    if program[0]:
        buffer = (ctypes.c_char * len(instructions)).from_buffer(instructions)
        filter_program = Program(program[0], ctypes.addressof(buffer))
        step("seccomp", libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filter_program), 0, 0))
    step("exec", libc.syscall(EXECVEAT, long(EXEC_DESCRIPTOR), b"", argv, environment, long(AT_EMPTY_PATH)))


if __name__ == "__main__":
    main(sys.argv[1:])
