"""Puts the belt on and becomes Deno. A program of its own: `python -I -S launcher.py`, nothing but ctypes.

Everything was decided by the service; this applies it, in an order in which nothing undoes what came before, and
ends with a message and 126 where a step fails: no sandbox runs with less than was promised.
`executor/launcher/launcher.c` is the same in C, and starts faster.

    launcher PLAN EXECUTABLE PARENT ARGUMENT...

PLAN and EXECUTABLE are descriptors, PARENT is the service's process number. The plan is made of 64-bit words, five
lists that each begin with their length: limits (resource, soft, hard); slots in the filter for the own process
number; what Landlock gives up (one structure); what it keeps (access, descriptor) and after them the access to the
process's own folder in /proc; instructions of the filter.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
LANDLOCK_CREATE_RULESET = 444
LANDLOCK_ADD_RULE = 445
LANDLOCK_RESTRICT_SELF = 446
RULE_PATH_BENEATH = 1
CLOSE_RANGE = 436
CLOSE_RANGE_CLOEXEC = 4
EXECVEAT = {"x86_64": 322, "aarch64": 281}
"""By machine: those that Deno is built for. The other numbers are the same on both."""
AT_EMPTY_PATH = 0x1000
EXEC_DESCRIPTOR = 777
SIGKILL = 9
EXIT_CANNOT = 126


class Program(ctypes.Structure):
    """The kernel's `struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def main(arguments: list[str]) -> None:  # noqa: C901 -- one step after another, as in C
    """Never return."""
    libc = ctypes.CDLL(None, use_errno=True)
    long = ctypes.c_long

    def step(name: str, answer: int) -> None:
        if answer != 0:
            os.write(2, f"belt: {name}: {os.strerror(ctypes.get_errno())}\n".encode())
            os._exit(EXIT_CANNOT)

    plan_descriptor, executable, parent = (int(text) for text in arguments[:3])
    words = memoryview(bytearray(os.pread(plan_descriptor, 1 << 20, 0))).cast("Q")

    def take(size: int) -> list[memoryview]:
        """The next list, of entries of so many words."""
        nonlocal words
        count = words[0]
        entries = [words[1 + size * n : 1 + size * (n + 1)] for n in range(count)]
        words = words[1 + size * count :]
        return entries

    limits, slots, given_up, kept = take(3), take(1), take(1), take(2)
    own_process, words = words[0], words[1:]
    count, instructions = words[0], words[1:].cast("B")
    for slot in slots:
        instructions[8 * slot[0] + 4 : 8 * slot[0] + 8] = os.getpid().to_bytes(4, "little")
    argv = (ctypes.c_char_p * (len(arguments) - 2))(*(os.fsencode(text) for text in arguments[3:]))
    environment = (ctypes.c_char_p * (len(os.environ) + 1))(
        *(os.fsencode(f"{name}={value}") for name, value in os.environ.items())
    )

    step("die with the service", libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
    if os.getppid() != parent:
        os._exit(EXIT_CANNOT)
    ruleset = -1
    if given_up:
        attributes = (ctypes.c_uint64 * len(given_up))(*(word[0] for word in given_up))
        ruleset = libc.syscall(LANDLOCK_CREATE_RULESET, attributes, long(ctypes.sizeof(attributes)), long(0))
        step("landlock", min(ruleset, 0))
        for access, descriptor in [*kept, (own_process, os.open("/proc/self", os.O_PATH))]:
            rule = access.to_bytes(8, "little") + descriptor.to_bytes(4, "little")
            step("landlock", libc.syscall(LANDLOCK_ADD_RULE, long(ruleset), long(RULE_PATH_BENEATH), rule, long(0)))
    os.dup2(executable, EXEC_DESCRIPTOR)  # After the rules: one of them may have had the number.
    step("descriptors", libc.syscall(CLOSE_RANGE, long(3), long(0xFFFFFFFF), long(CLOSE_RANGE_CLOEXEC)))
    for resource, soft, hard in limits:
        pair = (ctypes.c_uint64 * 2)(soft, hard)
        step("limits", libc.prlimit(0, resource, pair, None))
    step("no new privileges", libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    if given_up:
        step("landlock", libc.syscall(LANDLOCK_RESTRICT_SELF, long(ruleset), long(0)))
    if count:
        buffer = (ctypes.c_char * len(instructions)).from_buffer(instructions)
        program = Program(count, ctypes.addressof(buffer))
        step("seccomp", libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0))
    step(
        "exec",
        libc.syscall(EXECVEAT[os.uname().machine], long(EXEC_DESCRIPTOR), b"", argv, environment, long(AT_EMPTY_PATH)),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
