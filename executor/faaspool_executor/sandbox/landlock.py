"""Landlock: the kernel's way for a process without rights to give up files, sockets and signals.

(linux/landlock.h, https://docs.kernel.org/userspace-api/landlock.html; the numbers are those of all machines.)
"""

import ctypes
import os
import struct
from dataclasses import dataclass
from pathlib import Path

_CREATE_RULESET = 444
_ASK_VERSION = 1

_EXECUTE, _READ_FILE, _READ_DIR = 1, 4, 8
_FILES = ((1, (1 << 13) - 1), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
"""What can be given up since which version: all of the first, linking across folders, truncating, ioctl."""
_TCP = 0b11
_SCOPES = 0b11
"""Abstract sockets, signals."""
NETWORK_VERSION = 4
SCOPE_VERSION = 6


@dataclass(frozen=True, slots=True)
class Readable:
    """What a sandbox may open, to read only."""

    programs: tuple[Path, ...]
    """Files that may also be executed: Deno and its libraries."""
    files: tuple[Path, ...]
    folders: tuple[Path, ...]


def version() -> int:
    """The version of the interface that this kernel offers to this process; 0 for none."""
    answer = ctypes.CDLL(None, use_errno=True).syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)
    return max(int(answer), 0)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a launcher makes a ruleset of. Each process has one of its own, as it allows its own folder in /proc."""

    attributes: bytes
    """The kernel's `struct landlock_ruleset_attr`: all that is given up."""
    allowed: tuple[tuple[int, int], ...]
    """What is kept: access, and the descriptor of a file or folder, which stays open."""
    own_process: int
    """Access to the process's own folder in /proc, where libc looks up how large the stack is."""


def rules(readable: Readable, offered: int) -> Rules:
    """Allow to read what is `readable` and nothing else. Raises OSError."""
    files = sum(bits for since, bits in _FILES if offered >= since)
    attributes = struct.pack("=Q", files)
    if offered >= NETWORK_VERSION:
        attributes += struct.pack("=Q", _TCP)
    if offered >= SCOPE_VERSION:
        attributes += struct.pack("=Q", _SCOPES)
    kept = [(_READ_FILE | _EXECUTE, path) for path in readable.programs]
    kept += [(_READ_FILE, path) for path in readable.files]
    kept += [(_READ_FILE | _READ_DIR, path) for path in readable.folders]
    allowed = tuple((access, os.open(path, os.O_PATH | os.O_CLOEXEC)) for access, path in kept)
    return Rules(attributes=attributes, allowed=allowed, own_process=_READ_FILE)
